"""Keying paper answers: a spreadsheet with lists and limits, and two keyings of the same sheets compared."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from impact.campaign import Campaign
from impact.collect.instruments import with_wording
from impact.collect.responses import Answers, save_book
from impact.errors import french
from impact.questionnaire import ILLEGIBLE, KEY_COLUMNS, Item

ROWS = 500
CODES_SHEET, HELP_SHEET = "codes", "mode d’emploi"
HELP = (
    "Une ligne par feuille de papier : une personne, un moment.",
    "Dans la première feuille, choisir dans la liste le code coché sur le papier ; la feuille « codes » dit lequel.",
    "Case laissée vide sur le papier : laisser la cellule vide. Réponse illisible : écrire « illisible ».",
    "Plusieurs réponses à une question : écrire leurs codes séparés par une espace.",
    "Écrire le code personnel comme il est sur le papier, sans le corriger.",
    "Double saisie : une autre personne remplit un second fichier, puis « impact comparer » montre les différences.",
    "Ce fichier contient des réponses : il ne va jamais dans le dossier du projet.",
)


def write_entry_sheet(campaign: Campaign, path: Path) -> Path:
    """Write the spreadsheet in which paper answers are keyed, one row per person x wave.

    Drop-down lists, limits, frozen headers; a sheet tells the codes, another how to do.

    Raises
    ------
    QuestionnaireError when a scale's wording may not be redistributed; ResponsesError when the file cannot be written.
    """
    from openpyxl import Workbook
    from openpyxl.styles import Font

    asked = with_wording(campaign).questions
    book, questions = Workbook(), (*campaign.key_questions, *asked)
    entry, codes, help_ = book.active, book.create_sheet(CODES_SHEET), book.create_sheet(HELP_SHEET)
    entry.title, entry.freeze_panes = "saisie", "A2"
    entry.append([question.name for question in questions])
    codes.append(["question", "texte", "code", "réponse"])
    for row in _code_rows(questions, {question.name for question in asked if question.kind == "select_one"}):
        codes.append(row)
    for line in (f"{campaign.title} (version {campaign.version})", *HELP):
        help_.append([french(line)])
    for number, question in enumerate(questions, start=1):
        entry.cell(1, number).font = Font(bold=True)
        _limit(entry, question, entry.cell(1, number).column_letter)
    codes.freeze_panes, codes.column_dimensions["B"].width, codes.column_dimensions["D"].width = "A2", 60, 40
    help_.column_dimensions["A"].width = 120
    return save_book(book, path)


def _code_rows(questions: tuple[Item, ...], unreadable: set[str]) -> Iterator[list[str]]:
    for question in questions:
        for choice in question.choices:
            yield [question.name, question.label, choice.name, choice.label]
        if question.name in unreadable:
            yield [question.name, question.label, ILLEGIBLE, "réponse illisible sur le papier"]
        if not question.choices:
            yield [question.name, question.label, "", _free(question)]


def _free(question: Item) -> str:
    kinds = {"integer": "un nombre entier", "decimal": "un nombre", "date": "une date, par exemple 2024-03-05"}
    return kinds.get(question.kind, "un texte")


def _limit(sheet, question: Item, letter: str) -> None:
    """Put on a column the drop-down list, or the limits, that its question allows; text columns stay text."""
    from openpyxl.worksheet.datavalidation import DataValidation

    cells, rule = f"{letter}2:{letter}{ROWS + 1}", None
    for row in sheet[cells]:
        row[0].number_format = "@"
    if question.kind == "select_one":
        rule = DataValidation(type="list", formula1=_list_of(sheet.parent, question), allow_blank=True)
    elif question.kind in ("integer", "decimal"):
        low, high = (
            bound if math.isfinite(bound) else default
            for bound, default in zip(question.bounds, (-1e9, 1e9), strict=True)
        )
        kind = "whole" if question.kind == "integer" else "decimal"
        rule = DataValidation(
            type=kind, operator="between", formula1=f"{low:g}", formula2=f"{high:g}", allow_blank=True
        )
        for row in sheet[cells]:
            row[0].number_format = "General"
    if rule:
        rule.errorTitle, rule.error = "Réponse impossible", french("Voir la feuille « codes ».")
        sheet.add_data_validation(rule)
        rule.add(cells)


def _list_of(book, question: Item) -> str:
    """Where the allowed codes of a question stand in the sheet of codes."""
    rows = [row for row, cell in enumerate(book[CODES_SHEET]["A"], start=1) if cell.value == question.name]
    return f"'{CODES_SHEET}'!$C${rows[0]}:$C${rows[-1]}"


def compare_entries(first: Answers, second: Answers, campaign: Campaign) -> pd.DataFrame:
    """Compare two keyings of the same paper sheets, cell by cell.

    Parameters
    ----------
    first, second : from read_export. Sheets are paired by association, wave and code; those keyed once are told.

    Returns
    -------
    DataFrame: association, vague, participant, colonne, première, seconde, ligne 1, ligne 2; empty when both agree.
    """
    columns = {key: campaign.columns.get(key, key) for key in KEY_COLUMNS}
    keys = [name for name in columns.values() if name in first.table and name in second.table]
    halves = [_numbered(answers.table, keys) for answers in (first, second)]
    both = halves[0].add_suffix(" 1").join(halves[1].add_suffix(" 2"), how="outer")
    rows = []
    for question in campaign.questionnaire.questions:
        if f"{question.name} 1" in both and f"{question.name} 2" in both:
            pair = both[[f"{question.name} 1", f"{question.name} 2", "row 1", "row 2"]].set_axis(list("abcd"), axis=1)
            differ = pair[pair["c"].notna() & pair["d"].notna() & (pair["a"] != pair["b"])]
            rows += [(*key[:-1], question.name, *cells) for key, *cells in differ.itertuples(name=None)]
    once = both[both["row 1"].isna() | both["row 2"].isna()]
    rows += [
        (*key[:-1], "feuille saisie une seule fois", "", "", *cells)
        for key, *cells in once[["row 1", "row 2"]].itertuples(name=None)
    ]
    table = pd.DataFrame(rows, columns=[*keys, "colonne", "première", "seconde", "ligne 1", "ligne 2"])
    return table.astype({"ligne 1": "Int64", "ligne 2": "Int64"}).sort_values(["ligne 1", "ligne 2"], ignore_index=True)


def _numbered(table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Index by the keys and, for a sheet keyed twice in one file, by its turn."""
    turn = table.groupby(keys).cumcount() if keys else pd.Series(range(len(table)), table.index)
    return table.assign(row=table.index, turn=turn).set_index([*keys, "turn"])
