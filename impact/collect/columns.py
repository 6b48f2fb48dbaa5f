"""From the headers of a file to the questions of a campaign: a name or a label is recognised, nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pandas as pd

from impact.campaign import Campaign
from impact.collect.coding import codes_of, plain
from impact.errors import ResponsesError
from impact.questionnaire import KEY_COLUMNS, KEY_LABELS, Item

Target = tuple[str, str]  # a column of the contract, and one of its choices ("" for the whole question)
TICKED = {"1", "1.0", "y", "yes", "oui", "o", "x", "true", "vrai", "checked"}
NOT_TICKED = {"", "0", "0.0", "n", "no", "non", "false", "faux", "n/a"}
BRACKETS = re.compile(r"\[([^\[\]]*)\]")


def names_of(campaign: Campaign) -> dict[str, str]:
    """Plain text -> column of the contract, for names and labels; a label that several questions share is left out."""
    keys = {key: campaign.columns.get(key, key) for key in KEY_COLUMNS}
    labels = [(keys[key], KEY_LABELS[key]) for key in KEY_COLUMNS]
    labels += [(question.name, question.label) for question in campaign.questionnaire.questions]
    shared = [plain(label) for _, label in labels]
    unique = [(name, label) for name, label in labels if shared.count(plain(label)) == 1]
    return codes_of(unique) | {plain(name): name for name, _ in labels} | {plain(key): keys[key] for key in KEY_COLUMNS}


def choices_of(campaign: Campaign) -> dict[str, dict[str, str]]:
    """Question with several answers -> plain text of a choice, by code or label -> its code."""
    several = [question for question in campaign.questionnaire.questions if question.kind == "select_multiple"]
    return {one.name: codes_of((choice.name, choice.label) for choice in one.choices) for one in several}


def rename_columns(table: pd.DataFrame, targets: dict[str, Target], campaign: Campaign) -> pd.DataFrame:
    """Return the table with the columns of the contract; the ticked columns of one question become one column.

    Raises
    ------
    ResponsesError when two columns answer the same question.
    """
    whole = {column: name for column, (name, choice) in targets.items() if not choice}
    split: dict[str, dict[str, str]] = {}
    for column, (name, choice) in targets.items():
        if choice:
            split.setdefault(name, {})[column] = choice
    twice = {name: [column for column in whole if whole[column] == name] for name in whole.values()}
    for name, columns in twice.items():
        if len(columns) > 1:
            shown = " et ".join(f"« {column} »" for column in columns)
            advice = "N’en garder qu’une, ou dire laquelle dans la correspondance des colonnes."
            raise ResponsesError(f"deux colonnes répondent à « {name} » : {shown}.", remedy=advice)
    renamed = table.drop(columns=[column for columns in split.values() for column in columns]).rename(columns=whole)
    ticked = {
        name: _gather(table, columns, campaign.questionnaire.question(name))
        for name, columns in split.items()
        if name not in renamed
    }
    return renamed.assign(**ticked)


def _gather(table: pd.DataFrame, columns: dict[str, str], question: Item) -> pd.Series:
    """Write the ticked choices as codes with spaces; a cell that is neither ticked nor not is kept, to be told."""
    labels = {choice.name: plain(choice.label) for choice in question.choices}

    def word(cell: str, choice: str) -> str:
        text = plain(cell)
        if text in NOT_TICKED:
            return ""
        return choice if text in TICKED or text in (plain(choice), labels.get(choice)) else cell

    words = [table[column].map(lambda cell, choice=choice: word(cell, choice)) for column, choice in columns.items()]
    return pd.concat(words, axis="columns").apply(lambda row: " ".join(filter(None, row)), axis="columns")


def find(cell: str, names: dict[str, str], choices: dict[str, dict[str, str]], shapes: Iterable[str]) -> Target | None:
    """Return what a header means, None when it means nothing here.

    `names` and `choices` are what `names_of` and `choices_of` give. `shapes` are those of the exporter: "path" for
    `groupe/question/choix`, "brackets" for `question[choix]` or `tableau [question]`, "dotted" for `code. Énoncé`.
    """
    if plain(cell) in names:
        return names[plain(cell)], ""
    for outer, inner in _parts(cell, shapes):
        name = names.get(plain(outer), "")
        if plain(inner) in choices.get(name, {}):
            return name, choices[name][plain(inner)]
        if plain(inner) in names:
            return names[plain(inner)], ""
    return None


def _parts(cell: str, shapes: Iterable[str]) -> list[tuple[str, str]]:
    parts = []
    if "path" in shapes:
        for separator in ("/", "-", "."):
            steps = cell.split(separator)
            if len(steps) > 1:
                parts += [(steps[-2], steps[-1])]
    if "brackets" in shapes:
        parts += [(cell[: inside.start()], inside[1]) for inside in BRACKETS.finditer(cell)]
    if "dotted" in shapes and "." in cell:
        code, _, text = cell.partition(".")
        parts += [("", code), ("", text)]
    return parts
