"""One questionnaire file gives the forms, and each form gives the same items or the same answers back."""

import csv
import re
import shutil
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest

import impact
from impact.collect.instruments import with_wording
from impact.collect.limesurvey import answer_codes, question_codes
from impact.collect.validation import check
from impact.errors import CampaignError, QuestionnaireError, french
from tests.test_exports import FOLDER, RESPONSES, copied, questions_of

ROOT = Path(__file__).parents[1]
XFORM = {"f": "http://www.w3.org/2002/xforms", "h": "http://www.w3.org/1999/xhtml"}
TYPES = {"string": {"text", "select_one"}, "int": {"integer"}, "decimal": {"decimal"}, "date": {"date"}}


@pytest.fixture(scope="module", params=["toutes_questions", "demonstration"])
def declared(request):
    folders = {"toutes_questions": FOLDER, "demonstration": ROOT / "questionnaires" / "demonstration"}
    return impact.read_campaign(folders[request.param])


# --- XLSForm ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def converted(declared, tmp_path_factory):
    from pyxform.xls2xform import convert

    path = impact.write_xlsform(declared, tmp_path_factory.mktemp("xlsform") / "x.xlsx")
    return path, convert(path)


def test_pyxform_converts_without_warning(converted):
    assert converted[1].warnings == []


def test_the_xform_asks_the_same_items(declared, converted):
    tree = ElementTree.fromstring(converted[1].xform)
    lists = {
        one.get("id"): [(item.findtext("f:name", namespaces=XFORM), item.findtext("f:label", namespaces=XFORM)) for item in one.iter(f"{{{XFORM['f']}}}item")]
        for one in tree.iter(f"{{{XFORM['f']}}}instance") if one.get("id")
    }  # fmt: skip
    binds = {bind.get("nodeset").split("/")[-1]: bind for bind in tree.iter(f"{{{XFORM['f']}}}bind")}
    body = tree.find("h:body", XFORM).iter()
    controls = {
        one.get("ref").split("/")[-1]: one for one in body if one.tag.split("}")[1] in ("input", "select", "select1")
    }
    assert list(controls) == [question.name for question in questions_of(declared)]
    for question in questions_of(declared):
        control, bind = controls[question.name], binds[question.name]
        assert control.findtext("f:label", namespaces=XFORM).replace("’", "'") == question.label.replace("’", "'")
        assert (bind.get("required") == "true()") == question.required
        if question.choices:
            listed = lists[re.search(r"instance\('(\w+)'\)", control.find("f:itemset", XFORM).get("nodeset"))[1]]
            assert [(code, label.replace("’", "'")) for code, label in listed] == [
                (one.name, one.label.replace("’", "'")) for one in question.choices
            ]
            assert control.tag.endswith("select1" if question.kind == "select_one" else "select")
        else:
            assert question.kind in TYPES[bind.get("type")]


@pytest.mark.skipif(not shutil.which("java"), reason="java absent : ODK Validate ne peut pas être lancé")
@pytest.mark.slow
def test_odk_validate_accepts_the_xform(converted):
    from pyxform.xls2xform import convert

    assert convert(converted[0], validate=True).warnings == []


# --- LimeSurvey: rows of class S, SL, G, Q, SQ, A, as limesurvey.org/manual/Tab_Separated_Value_survey_structure says ----


def test_limesurvey_structure_parsed_back(declared, tmp_path):
    path = impact.write_structure(declared, tmp_path / "x.txt")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert {row["name"]: row["text"] for row in rows if row["class"] == "S"}["language"] == "fr"
    assert [row["text"] for row in rows if row["class"] == "SL"] == [declared.questionnaire.title]
    back, group = [], ""
    for row in rows:
        if row["class"] == "G":
            group = row["name"]
        elif row["class"] == "Q":
            back.append((group, row, []))
        elif row["class"] in ("A", "SQ"):
            back[-1][2].append(row)
    kinds = {"select_one": "L", "select_multiple": "M", "integer": "N", "decimal": "N", "text": "T", "date": "D"}
    names, asked = question_codes(declared), questions_of(declared)
    for question, (section, row, choices) in zip(asked, back, strict=True):
        assert section == (question.section or declared.questionnaire.title)
        assert (row["name"], row["text"], row["help"]) == (names[question.name], question.label, question.hint)
        assert (row["type/scale"], row["mandatory"]) == (kinds[question.kind], "Y" if question.required else "N")
        assert [(one["name"], one["text"]) for one in choices] == [
            (answer_codes(question)[c.name], c.label) for c in question.choices
        ]
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9]{0,19}", row["name"]) for _, row, _ in back)
    assert all(re.fullmatch(r"[A-Za-z0-9]{1,5}", one["name"]) for _, _, choices in back for one in choices)
    assert len({row["type/scale"] for row in rows if row["class"] == "G"}) == sum(row["class"] == "G" for row in rows)
    assert len({row["name"] for _, row, _ in back}) == len(back), "LimeSurvey refuses two questions of one code"


# --- keying -------------------------------------------------------------------------------------------------------------


def keyed(campaign, path, table):
    """Fill the sheet as a person does: numbers as numbers, everything else as it is typed."""
    from openpyxl import load_workbook

    impact.write_entry_sheet(campaign, path)
    book = load_workbook(path)
    sheet = book["saisie"]
    columns = [cell.value for cell in sheet[1]]
    for number, row in enumerate(table.to_dict("records"), start=2):
        for place, column in enumerate(columns, start=1):
            cell = row[column]
            sheet.cell(number, place).value = float(cell) if cell.replace(".", "", 1).isdigit() else cell or None
    book.save(path)
    return path


def test_keyed_sheet_gives_the_same_responses(tmp_path):
    campaign = impact.read_campaign(FOLDER)
    path = keyed(campaign, tmp_path / "saisie.xlsx", RESPONSES.rename(columns={"wave": "vague"}))
    checked = check(impact.read_export(path, campaign), campaign)
    assert [str(problem) for problem in checked.problems] == []
    got = checked.accepted.fillna("").reset_index(drop=True)
    pd.testing.assert_frame_equal(got, RESPONSES.replace({"1.5": "1.5"}), check_dtype=False)


def test_a_simulated_campaign_is_keyed_whole(campaign, tmp_path):
    table = impact.simulate(campaign, mistakes=False).head(60)
    checked = check(impact.read_export(keyed(campaign, tmp_path / "s.xlsx", table), campaign), campaign)
    assert checked.problems == ()
    pd.testing.assert_frame_equal(
        checked.accepted.fillna("").reset_index(drop=True), table.rename(columns={"vague": "wave"}), check_dtype=False
    )


def test_the_sheet_has_lists_limits_and_frozen_headers(tmp_path):
    from openpyxl import load_workbook

    campaign = impact.read_campaign(FOLDER)
    book = load_workbook(impact.write_entry_sheet(campaign, tmp_path / "s.xlsx"))
    sheet, codes = book["saisie"], book["codes"]
    assert sheet.freeze_panes == "A2"
    rules = {str(rule.sqref).split("2:")[0]: rule for rule in sheet.data_validations.dataValidation}
    letter = {cell.value: cell.column_letter for cell in sheet[1]}
    first, last = re.findall(r"\$C\$(\d+)", rules[letter["lie1"]].formula1)
    listed = [codes[f"C{row}"].value for row in range(int(first), int(last) + 1)]
    assert listed == ["1", "2", "3", "nsp", "illisible"]
    assert (rules[letter["age"]].formula1, rules[letter["age"]].formula2) == ("0", "110")
    assert letter["mots"] not in rules


def test_double_entry(tmp_path):
    campaign = impact.read_campaign(FOLDER)
    other = RESPONSES.copy()
    other.loc[1, "lie1"] = "3"
    other.loc[3, "mots"] = ""
    files = [tmp_path / "un.csv", tmp_path / "deux.csv", tmp_path / "trois.csv"]
    for path, table in zip(files, (RESPONSES, other.iloc[::-1], RESPONSES.head(3)), strict=True):
        table.to_csv(path, index=False, sep=";")
    first, second, third = (impact.read_export(path, campaign) for path in files)
    assert len(impact.compare_entries(first, first, campaign)) == 0
    found = impact.compare_entries(first, second, campaign)
    assert found[["participant", "colonne", "première", "seconde", "ligne 1", "ligne 2"]].to_numpy().tolist() == [
        ["AN0907", "lie1", "2", "3", 3, 4], ["ZO3101", "mots", "Été ; « ici »", "", 5, 2],
    ]  # fmt: skip
    (once,) = impact.compare_entries(first, third, campaign)["colonne"]
    assert once == "feuille saisie une seule fois"


# --- paper --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("design", "files"),
    [
        ("before_after", ["lecture_a_voix_haute", "questionnaire"]),
        ("retrospective_same_sheet", ["lecture_a_voix_haute", "questionnaire"]),
        ("retrospective_separate", ["lecture_a_voix_haute", "questionnaire_apres", "questionnaire_avant"]),
    ],
)
def test_paper_is_accessible_pdf(tmp_path, design, files):
    """typst refuses to write PDF/UA-1 when a title, a language or an alternative text is missing."""
    campaign = replace(impact.read_campaign(FOLDER), design=design)
    written = impact.write_paper(campaign, tmp_path)
    assert sorted(path.name for path in written) == [f"toutes_questions_{name}.pdf" for name in files]
    for path in written:
        content = path.read_bytes()
        assert content.startswith(b"%PDF-")
        assert b"pdfuaid:part" in content
        assert b"/MarkInfo" in content


def test_the_sheet_is_black_only():
    """A one-bit printer turns grey into dots: the codes and the version could no longer be read."""
    from impact.collect.paper import TEMPLATE

    template = TEMPLATE.read_text("utf-8")
    assert not re.findall(r"luma\(|rgb\(|fill:", template)


def test_what_the_sheet_says(tmp_path):
    from impact.collect.paper import _form, _sheet, version_code

    campaign = impact.read_campaign(FOLDER)
    scaled = {item.name for item in campaign.questionnaire.scales[0].items}
    sheet = _sheet(campaign, [(one, _form(one, scaled, campaign)) for one in questions_of(campaign)], None, False)
    questions = [question for section in sheet["sections"] for question in section["questions"]]
    assert sheet["notice"] == "Exemple, données fictives"
    assert version_code(campaign) in sheet["footer"]
    assert [question["form"] for question in questions] == [
        "down", "down", "code", "number", "number", "date", "down", "down", "across", "across", "across", "lines",
    ]  # fmt: skip
    assert questions[2]["hint"].endswith("écrit AN0907.")
    assert [question["number"] for question in questions] == [f"{n}." for n in range(1, 13)]


def test_the_version_changes_with_the_questionnaire(tmp_path):
    from impact.collect.paper import version_code

    folder = copied(tmp_path)
    before = version_code(impact.read_campaign(folder))
    path = folder / "questionnaire.md"
    path.write_text(path.read_text("utf-8").replace("Je vois du monde.", "Je vois des gens."), "utf-8")
    assert version_code(impact.read_campaign(folder)) != before


# --- the register of instruments ----------------------------------------------------------------------------------------


def forbidden(tmp_path, word="non"):
    folder = copied(tmp_path)
    path = folder / "questionnaire.md"
    path.write_text(
        path.read_text("utf-8").replace("| tout le monde | oui |", f"| avec l’accord des auteurs | {word} |"), "utf-8"
    )
    return folder


def test_wording_that_may_not_be_spread_is_refused(tmp_path):
    campaign = impact.read_campaign(forbidden(tmp_path))
    for write in (impact.write_paper, impact.write_xlsform, impact.write_structure, impact.write_entry_sheet):
        with pytest.raises(QuestionnaireError) as caught:
            write(campaign, tmp_path / "sortie")
        assert french("la licence interdit de diffuser les énoncés de cette échelle (trouvé : « liens »).") in str(
            caught.value
        )
        assert french("puis écrire les énoncés dans « enonces.toml », à côté du questionnaire et hors de git ; "
                      "il y manque : lie1, lie2, lie3. Sinon, retirer l’échelle.") in str(caught.value)  # fmt: skip
    assert not (tmp_path / "sortie").exists()


def test_a_licence_nobody_read_is_refused(tmp_path):
    with pytest.raises(QuestionnaireError, match="rien ne dit si les énoncés de cette échelle peuvent être diffusés"):
        with_wording(impact.read_campaign(forbidden(tmp_path, "")))


def test_the_holder_loads_the_wording(tmp_path):
    folder = forbidden(tmp_path)
    (folder / "enonces.toml").write_text('lie1 = "Un"\nlie2 = "Deux"\nlie3 = "Trois"', "utf-8")
    questionnaire = with_wording(impact.read_campaign(folder))
    assert [item.label for item in questionnaire.scales[0].items] == ["Un", "Deux", "Trois"]
    impact.write_structure(impact.read_campaign(folder), tmp_path / "x.txt")
    assert "Deux" in (tmp_path / "x.txt").read_text("utf-8-sig")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("agee = 'x'", "Vouliez-vous dire « age » ?"),
        ("lie1 = 3", "n’est pas un texte"),
        ("lie1", "n’est pas du TOML lisible"),
    ],
)
def test_faulty_wording(tmp_path, text, said):
    folder = forbidden(tmp_path)
    (folder / "enonces.toml").write_text(text, "utf-8")
    with pytest.raises(CampaignError) as caught:
        with_wording(impact.read_campaign(folder))
    assert french(said) in str(caught.value)


def test_redistribution_is_oui_or_non(tmp_path):
    with pytest.raises(
        QuestionnaireError, match="colonne « redistribution »".replace("« ", "«\u00a0").replace(" »", "\u00a0»")
    ):
        impact.read_campaign(forbidden(tmp_path, "peut-être"))
