"""From cells to codes: a code or a label is recognised, whatever the keyboard did to it; the rest is a fault."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches

import pandas as pd

from impact.errors import nearest
from impact.questionnaire import ILLEGIBLE, Item

Fault = tuple[int, str, str, str, str]  # row, column, value, rule, advice


def plain(text: str) -> str:
    """Return the text without case, accents, curly apostrophes, doubled or non-breaking spaces: what is compared."""
    text = unicodedata.normalize("NFKD", text.replace("’", "'").replace("\u00a0", " ").replace("\u202f", " "))
    return " ".join("".join(char for char in text if not unicodedata.combining(char)).casefold().split())


def codes_of(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Plain text -> code, for labels and codes, a code winning over another's label."""
    pairs = list(pairs)
    return {plain(label): code for code, label in pairs} | {plain(code): code for code, _ in pairs}


def code_column(
    column: pd.Series, allowed: dict[str, str] | None, *, required: bool = False
) -> tuple[pd.Series, list[Fault]]:
    """Return a column of texts as codes (pd.NA where empty or faulty), and its faults.

    `allowed` is what `codes_of` gives, None when any text will do; with `required`, an empty cell is a fault.
    """
    codes = {value: _code(value, allowed) for value in column.unique()}
    coded = column.map(codes).astype("object").where(column != "", pd.NA)
    bad = coded.isna() & ((column != "") | required)
    faults = [(row, column.name, value, *_say(value, allowed)) for row, value in column[bad].items()]
    return coded, faults


def _code(value: str, allowed: dict[str, str] | None) -> object:
    if value.startswith("="):
        return pd.NA
    if allowed is None:
        return value or pd.NA
    text = plain(value)
    return allowed.get(text, allowed.get(text.replace(",", ".").removesuffix(".0"), pd.NA))


def _say(value: str, allowed: dict[str, str] | None) -> tuple[str, str]:
    if not value:
        return "cellule vide", "La remplir : sans elle on ne sait ni qui, ni quand."
    if value.startswith("="):
        return "formule, jamais évaluée", "Remplacer la formule par sa valeur."
    allowed = allowed or {}
    codes = list(dict.fromkeys(allowed.values()))
    if value.replace(",", ".").replace(".", "", 1).isdigit():
        return "valeur hors des réponses possibles", f"Réponses possibles : {', '.join(codes)}."
    close = get_close_matches(plain(value), allowed, n=1, cutoff=0.7)
    if close:
        return "réponse inconnue", f"Vouliez-vous dire « {close[0]} » (code {allowed[close[0]]}) ?"
    return "réponse inconnue", f"Réponses possibles : {', '.join(codes)}."


def code_question(column: pd.Series, question: Item) -> tuple[pd.Series, list[Fault]]:
    """Return the answers to one question as codes, numbers or texts according to its kind, and its faults."""
    if question.kind == "select_one":
        allowed = codes_of((choice.name, choice.label) for choice in question.choices) | {ILLEGIBLE: ILLEGIBLE}
        return code_column(column, allowed)
    if question.kind == "select_multiple":
        allowed = {choice.name for choice in question.choices}
        good = column.map(lambda cell: set(cell.split()) <= allowed)
        rule = ("réponse inconnue", nearest("", sorted(allowed)))
    elif question.kind in ("integer", "decimal"):
        number = pd.to_numeric(column.str.replace(",", "."), errors="coerce")
        whole = (question.kind == "decimal") | (number % 1 == 0)
        good = (column == "") | (number.between(*question.bounds) & whole)
        rule = ("ce n’est pas un nombre possible", _say_bounds(*question.bounds))
    else:
        good = ~column.str.startswith("=")
        rule = ("formule, jamais évaluée", "Remplacer la formule par son texte.")
    return column.where(column != "", pd.NA), [(row, column.name, cell, *rule) for row, cell in column[~good].items()]


def _say_bounds(low: float, high: float) -> str:
    least = "" if math.isinf(low) else f" d’au moins {low:g}"
    most = "" if math.isinf(high) else f" d’au plus {high:g}"
    return f"Écrire un nombre{least}{' et' if least and most else ''}{most}, sans unité."
