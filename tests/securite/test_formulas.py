"""A text that a spreadsheet would run, wherever somebody may type one: no file of ours holds it as a formula."""

import pandas as pd
import pytest
from openpyxl import load_workbook

from impact.campaign import read_campaign
from impact.collect.entry import write_entry_sheet
from impact.collect.kobo import write_xlsform
from impact.collect.validation import check_file
from impact.disclosure.journal import write_journal
from tests.conftest import SMALL_CAMPAIGN, SMALL_QUESTIONNAIRE

ATTACK = "=HYPERLINK(0;0)"
STARTS = ("=", "+", "-", "@", "\t")


@pytest.fixture
def poisoned(small):
    questionnaire = SMALL_QUESTIONNAIRE.replace("Votre genre", ATTACK).replace("Une femme", f"{ATTACK}1")
    campaign = SMALL_CAMPAIGN.replace('title = "Essai"', f'title = "{ATTACK}2"').replace("Asso A", f"{ATTACK}3")
    questionnaire = questionnaire.replace("licence |", "licence | redistribution |").replace("1.2 |", "1.2 | oui |")
    folder = small(questionnaire.replace("| Essai |", f"| {ATTACK}4 |"), campaign)
    return read_campaign(folder)


@pytest.mark.parametrize("write", [write_entry_sheet, write_xlsform])
def test_labels_in_a_workbook_are_texts(poisoned, tmp_path, write):
    cells = [
        cell
        for sheet in load_workbook(write(poisoned, tmp_path / "classeur.xlsx"))
        for row in sheet.iter_rows()
        for cell in row
    ]
    assert any(str(cell.value).startswith(ATTACK) for cell in cells)
    assert not [cell for cell in cells if cell.data_type == "f"]


def test_what_is_set_aside_is_not_run(poisoned, tmp_path):
    rows = [
        "association;wave;participant;genre;lie1;lie2;lie3",
        f"a;avant;P1;f;{ATTACK};2;3",
        f"{ATTACK};avant;P2;f;1;2;3",
    ]
    (tmp_path / "reponses.csv").write_text("\n".join(rows).replace(ATTACK, f'"{ATTACK}"'), "utf-8")
    check_file(tmp_path / "reponses.csv", poisoned)
    kept = pd.read_csv(tmp_path / "reponses.quarantaine.csv", sep=";", dtype=str, keep_default_na=False)
    cells = kept.to_numpy().ravel().tolist()
    assert f"'{ATTACK}" in cells
    assert not [cell for cell in cells if cell.startswith(STARTS)]


def test_the_journal_of_decisions_is_not_run(cleared, tmp_path):
    one = cleared["asso_a"]
    waves = [wave | {"label": ATTACK} for wave in one.context["waves"]]
    told = type(one)(one.audience, one.table, dict(one.context) | {"waves": waves}, one.rules)
    path = write_journal(told, tmp_path / "journal.csv")
    cells = pd.read_csv(path, sep=";", dtype=str, keep_default_na=False).to_numpy().ravel().tolist()
    assert f"'{ATTACK}" in cells
    assert not [cell for cell in cells if cell.startswith(STARTS)]
