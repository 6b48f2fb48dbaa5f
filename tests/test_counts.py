"""Counts: workbooks written for each association, read back, every fault told at once; people follow the threshold."""

from datetime import date
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from impact.collect.counts import read_counts, write_count_sheets
from impact.errors import QuestionnaireError, ResponsesError, french
from impact.evidence import keep_counts, kept_counts
from impact.simulation import simulate_counts
from tests.test_cli import impact


@pytest.fixture(scope="module")
def sheets(campaign, tmp_path_factory):
    return write_count_sheets(campaign, tmp_path_factory.mktemp("comptages"))


def filled(path: Path, *rows, sheet="asso_a", copy="rempli.xlsx") -> Path:
    """A copy of a workbook with rows (period, workshops, persons) under its two headers."""
    book = openpyxl.load_workbook(path)
    for number, cells in enumerate(rows, start=3):
        for column, cell in enumerate(cells, start=1):
            book[sheet].cell(number, column).value = cell
    book.save(path.with_name(copy))
    return path.with_name(copy)


def test_one_workbook_an_association_with_validated_cells(campaign, sheets):
    assert [path.name.rpartition("comptages_")[2] for path in sheets] == [
        f"{one.code}.xlsx" for one in campaign.associations
    ]
    sheet = openpyxl.load_workbook(sheets[0])["asso_a"]
    assert [cell.value for cell in sheet[1]] == [
        "Période",
        "Ateliers à son rythme (ateliers)",
        "Personnes venues (personnes)",
    ]
    assert [cell.value for cell in sheet[2]] == ["periode", "a_ateliers", "a_personnes"]
    rules = {
        str(rule.sqref): (rule.type, rule.operator, rule.formula1) for rule in sheet.data_validations.dataValidation
    }
    assert rules == {f"{letter}3:{letter}62": ("whole", "greaterThanOrEqual", "0") for letter in "BC"}
    assert openpyxl.load_workbook(sheets[1])["asso_b"].data_validations.dataValidation[0].type == "decimal", "hours"
    assert sheet["A3"].number_format == "@", "a month must not become a date"


def test_what_is_filled_comes_back(campaign, sheets):
    first = filled(sheets[0], ["2026-01", 4, 12], [date(2026, 2, 1), 0, None], ["2026-03", "5", 7.0], copy="un.xlsx")
    other = filled(sheets[1], [2026, 10.5, 3], sheet="asso_b", copy="deux.xlsx")
    assert read_counts([first, other], campaign).to_numpy().tolist() == [
        ["asso_a", "2026-01", "a_ateliers", 4.0], ["asso_a", "2026-01", "a_personnes", 12.0],
        ["asso_a", "2026-02", "a_ateliers", 0.0], ["asso_a", "2026-03", "a_ateliers", 5.0],
        ["asso_a", "2026-03", "a_personnes", 7.0],
        ["asso_b", "2026", "b_heures", 10.5], ["asso_b", "2026", "b_passages", 3.0],
    ]  # fmt: skip


def test_every_fault_is_told_at_once(campaign, sheets):
    path = filled(
        sheets[0], ["2026-01", 4, -2], ["2026-01", "douze", 1], ["hier", 1, 1], ["2026", 2.5, 1], copy="faux.xlsx"
    )
    with pytest.raises(QuestionnaireError) as caught:
        read_counts([path], campaign)
    said = str(caught.value)
    for words in (
        "ligne 3, colonne « a_personnes » : un nombre négatif ne compte rien (trouvé : « -2 »). Écrire 0 ou plus.",
        "ligne 4, colonne « a_ateliers » : ce n’est pas un nombre (trouvé : « douze »).",
        "ligne 4, colonne « periode » : période en double (trouvé : « 2026-01 »). Elle est déjà dans faux.xlsx, ligne 3 : n’en garder qu’une.",
        "ligne 5, colonne « periode » : période non comprise (trouvé : « hier »). Écrire une année (2026), un trimestre (2026-T1) ou un mois (2026-03).",
        "ligne 6, colonne « a_ateliers » : seules les heures peuvent avoir des décimales (trouvé : « 2.5 »).",
        "ligne 6, colonne « periode » : périodes de sortes différentes (trouvé : « 2026 »).",
    ):
        assert french(words) in said
    assert len(caught.value.problems) == 6


def test_the_same_period_in_two_workbooks(campaign, sheets):
    files = [filled(sheets[0], ["2026-01", 4, 12], copy=name) for name in ("une.xlsx", "autre.xlsx")]
    with pytest.raises(QuestionnaireError, match="déjà dans une"):
        read_counts(files, campaign)


def test_what_is_not_such_a_workbook(campaign, sheets, tmp_path):
    (tmp_path / "x.xlsx").write_text("bonjour", "utf-8")
    with pytest.raises(ResponsesError, match="pas un classeur lisible"):
        read_counts([tmp_path / "x.xlsx"], campaign)
    book = openpyxl.load_workbook(sheets[0])
    book["asso_a"]["B2"] = "a_atelier"
    book["asso_a"]["A2"] = "mois"
    book["asso_a"].title, book["mode d’emploi"].title = "asso_z", "asso_a"
    book.save(tmp_path / "y.xlsx")
    with pytest.raises(QuestionnaireError) as caught:
        read_counts([tmp_path / "y.xlsx"], campaign)
    assert "feuille d’une association inconnue" in str(caught.value)
    assert french("Vouliez-vous dire « asso_") in str(caught.value)
    assert "la ligne des codes manque" in str(caught.value)


def test_nothing_to_count(small, tmp_path):
    from impact.campaign import read_campaign

    with pytest.raises(ResponsesError, match="rien n’est à compter"):
        write_count_sheets(read_campaign(small()), tmp_path)


def test_kept_outside_the_repository(campaign, tmp_path, monkeypatch):
    monkeypatch.setenv("IMPACT_CLES", str(tmp_path))
    assert kept_counts("essai").empty
    counts = simulate_counts(campaign)
    keep_counts(counts, "essai")
    pd.testing.assert_frame_equal(kept_counts("essai"), counts)
    assert (tmp_path / "essai.comptages.csv").stat().st_mode & 0o077 == 0


def test_the_command_writes_then_checks_and_keeps(sheets, tmp_path, monkeypatch):
    monkeypatch.setenv("IMPACT_CLES", str(tmp_path / "cles"))
    code, said = impact("comptages", "demonstration", "--dossier", tmp_path)
    assert (code, "demonstration_comptages_asso_g.xlsx" in said) == (0, True)
    code, said = impact("comptages", "demonstration", filled(sheets[0], ["2026-01", 4, -2], copy="neg.xlsx"))
    assert (code, "un nombre négatif ne compte rien" in said) == (1, True)
    assert kept_counts("demonstration").empty, "nothing is kept of a faulty file"
    code, said = impact("comptages", "demonstration", filled(sheets[0], ["2026-01", 4, 12], copy="bon.xlsx"))
    assert code == 0
    assert french("2 nombres vérifiés et gardés (Association A), à la place des précédents.") in said
