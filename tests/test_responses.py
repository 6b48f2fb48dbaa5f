"""Reading and checking answers: formats, codes or labels, and counts that add up."""

import zipfile
from html import escape

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import impact
from impact.collect.coding import plain
from impact.collect.responses import Answers, read_rows, write_csv
from impact.collect.validation import check
from impact.errors import ResponsesError


@pytest.fixture(scope="session")
def reference(campaign):
    return impact.simulate(campaign, mistakes=False)


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_csv_dialects_give_the_same_responses(campaign, reference, tmp_path, delimiter, encoding):
    path = tmp_path / "envoi.csv"
    reference.to_csv(path, sep=delimiter, index=False, encoding=encoding)
    assert_same(path, campaign, reference)


def test_xlsx(campaign, reference, tmp_path):
    reference.map(as_number).to_excel(tmp_path / "envoi.xlsx", index=False)
    assert_same(tmp_path / "envoi.xlsx", campaign, reference)


def test_ods(campaign, reference, tmp_path):
    write_ods([list(reference.columns), *reference.to_numpy().tolist()], tmp_path / "envoi.ods")
    assert_same(tmp_path / "envoi.ods", campaign, reference)


def test_ods_formula_is_refused(tmp_path):
    path = write_ods([["association", "lie1"], ["a", "=1+1"]], tmp_path / "envoi.ods")
    with pytest.raises(ResponsesError, match="le classeur contient des formules, jamais évaluées"):
        impact.read_answers(path)


def write_ods(rows, path):
    """Write the least that makes an OpenDocument spreadsheet; a text that starts with = is written as a formula."""
    office = "urn:oasis:names:tc:opendocument:xmlns:"
    spaces = " ".join(f'xmlns:{name}="{office}{name}:1.0"' for name in ("office", "table", "text"))

    def cell(text):
        formula = f'table:formula="of:{escape(text)}"' if text.startswith("=") else ""
        return (
            f'<table:table-cell office:value-type="string" {formula}><text:p>{escape(text)}</text:p></table:table-cell>'
        )

    lines = "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in rows)
    body = f'<office:body><office:spreadsheet><table:table table:name="F1">{lines}</table:table></office:spreadsheet></office:body>'
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", f"<office:document-content {spaces}>{body}</office:document-content>")
        archive.writestr(
            "META-INF/manifest.xml", '<manifest xmlns="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
        )
    return path


def test_labels_are_read_like_codes(campaign, reference, tmp_path):
    labelled = reference.copy()
    for question in campaign.questionnaire.questions:
        labels = {choice.name: choice.label.upper().replace("’", "'") for choice in question.choices}
        labelled[question.name] = labelled[question.name].map(lambda code, labels=labels: labels.get(code, code))
    write_csv(labelled, tmp_path / "envoi.csv")
    assert_same(tmp_path / "envoi.csv", campaign, reference)


def as_number(cell: str) -> object:
    return int(cell) if cell.isdigit() else cell or None


def assert_same(path, campaign, reference):
    checked = check(impact.read_answers(path), campaign)
    assert checked.problems == ()
    expected = reference.rename(columns={"vague": "wave"})
    accepted = checked.accepted.reset_index(drop=True)
    got = accepted[expected.columns].astype(object).where(accepted[expected.columns].notna(), "")
    pd.testing.assert_frame_equal(got, expected, check_dtype=False)


def test_the_shipped_slips_are_found(checked):
    """The simulation adds twelve labels (harmless), eight impossible codes, an unknown wave, one row keyed twice."""
    assert checked.n_read == 578
    assert len(checked.quarantined) == 10
    assert len(checked.problems) == 10
    assert checked.table.columns.tolist() == ["ligne", "colonne", "valeur", "règle", "conseil"]
    assert set(checked.quarantined["ligne"]).isdisjoint(checked.accepted.index)


CELLS = st.sampled_from(["1", "3", "9", "", "nsp", "illisible", "d’accord", "D'ACCORD", "=A1", "x;y", "1,0", "’"])


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from("abz"), st.sampled_from(["avant", "Après", "?"]), CELLS, CELLS), max_size=12))
def test_counts_always_add_up(small_campaign, rows):
    table = pd.DataFrame(
        [(association, wave, "P1", "f", first, second, "2") for association, wave, first, second in rows],
        columns=["association", "wave", "participant", "genre", "lie1", "lie2", "lie3"],
        index=pd.RangeIndex(2, len(rows) + 2, name="row"),
        dtype=str,
    )
    checked = check(Answers(small_campaign.folder / "x.csv", table), small_campaign)
    assert len(checked.accepted) + len(checked.quarantined) == len(rows)
    assert not checked.accepted.duplicated(["association", "wave", "participant"]).any()
    assert all(row in set(checked.quarantined["ligne"]) for row in (p.row for p in checked.problems) if row)


@pytest.fixture(scope="module")
def small_campaign(tmp_path_factory):
    from tests.conftest import SMALL_CAMPAIGN, SMALL_QUESTIONNAIRE

    folder = tmp_path_factory.mktemp("petite")
    (folder / "questionnaire.md").write_text(SMALL_QUESTIONNAIRE, "utf-8")
    (folder / "campagne.toml").write_text(SMALL_CAMPAIGN, "utf-8")
    return impact.read_campaign(folder)


def test_plain_forgives_what_keyboards_do():
    assert plain("  D’ACCORD\u00a0 Été ") == plain("d'accord ete")


def test_excel_twin_of_the_questionnaire(campaign, tmp_path):
    """The same form saved as .xlsx declares the same questionnaire."""
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    for line in campaign.questionnaire.path.read_text("utf-8").splitlines():
        if line.startswith("|"):
            name, *cells = [cell.strip() for cell in line.strip("|").split("|")]
            sheet = book.create_sheet(name) if name else book.worksheets[-1]
            if any(cells):
                sheet.append(cells)
    book.save(tmp_path / "questionnaire.xlsx")
    assert impact.read_questionnaire(tmp_path / "questionnaire.xlsx") == campaign.questionnaire


def test_a_sheet_that_starts_far_from_its_corner_keeps_its_places(tmp_path):
    from openpyxl import Workbook

    book = Workbook()
    for place, value in {"C3": "a", "D3": "b", "C5": "1", "D5": "2"}.items():
        book.active[place] = value
    book.save(tmp_path / "x.xlsx")
    assert read_rows(tmp_path / "x.xlsx") == [(3, ["", "", "a", "b"]), (5, ["", "", "1", "2"])]
