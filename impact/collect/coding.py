"""From cells to codes: a code or a label is recognised, whatever the keyboard did to it; the rest is a fault."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import date
from difflib import get_close_matches

import pandas as pd

from impact.questionnaire import ILLEGIBLE, Item

MONTHS = (
    "janvier", "fevrier", "mars", "avril", "mai", "juin", "juillet", "aout", "septembre", "octobre",
    "novembre", "decembre",
)  # fmt: skip
DATES = (
    re.compile(r"(?P<year>\d{4})[-/](?P<month>\d{1,2})[-/](?P<day>\d{1,2})"),
    re.compile(r"(?P<day>\d{1,2})[-/.](?P<month>\d{1,2})[-/.](?P<year>\d{4})"),
    re.compile(r"(?P<day>\d{1,2})(?:er)? (?P<month>[a-z]+) (?P<year>\d{4})"),
)
TIME = re.compile(r"(t| |, ?)\d{1,2}[:h]\d{2}.*")
BETWEEN = ",;|"

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
        allowed = codes_of((choice.name, choice.label) for choice in question.choices)
        rule = ("réponse inconnue", f"Réponses possibles : {', '.join(choice.name for choice in question.choices)}.")
        return _each(column, lambda cell: several_codes(cell, allowed), rule)
    if question.kind == "date":
        return _each(column, iso_date, ("ce n’est pas une date", "Écrire par exemple 2024-03-05 ou 05/03/2024."))
    if question.kind in ("integer", "decimal"):
        number = pd.to_numeric(column.str.replace(",", "."), errors="coerce")
        whole = (question.kind == "decimal") | (number % 1 == 0)
        good = (column == "") | (number.between(*question.bounds) & number.abs().lt(math.inf) & whole)
        rule = ("ce n’est pas un nombre possible", _say_bounds(*question.bounds))
    else:
        good = ~column.str.startswith("=")
        rule = ("formule, jamais évaluée", "Remplacer la formule par son texte.")
    return column.where(column != "", pd.NA), [(row, column.name, cell, *rule) for row, cell in column[~good].items()]


def _each(column: pd.Series, code: Callable[[str], str | None], rule: tuple[str, str]) -> tuple[pd.Series, list[Fault]]:
    """Code each different cell once; where `code` gives None, the cell is a fault."""
    codes = {cell: code(cell) for cell in column.unique() if cell}
    bad = column.isin([cell for cell, coded in codes.items() if coded is None])
    coded = column.map(lambda cell: codes.get(cell) or pd.NA).astype("object")
    return coded, [(row, column.name, cell, *rule) for row, cell in column[bad].items()]


def several_codes(cell: str, allowed: dict[str, str]) -> str | None:
    """Return the codes ticked in one cell, with spaces: codes with spaces, or labels with commas that labels may hold.

    `allowed` is what `codes_of` gives; None when something in the cell is not one of them.
    """
    rest, found = plain(cell), []
    if all(word in allowed for word in rest.split()):
        return " ".join(dict.fromkeys(allowed[word] for word in rest.split()))
    while rest:
        known = [text for text in allowed if rest.startswith(text) and rest[len(text) :].lstrip()[:1] in ("", *BETWEEN)]
        if not known:
            return None
        longest = max(known, key=len)
        found.append(allowed[longest])
        rest = rest[len(longest) :].strip(BETWEEN + " ")
    return " ".join(dict.fromkeys(found))


def iso_date(cell: str) -> str | None:
    """Return a date in ISO form from 2024-03-05, 05/03/2024 or « 5 mars 2024 », its time left out; None otherwise."""
    text = TIME.sub("", plain(cell))
    match = next((match for form in DATES if (match := form.fullmatch(text))), None)
    if not match:
        return None
    month = match["month"]
    try:
        number = int(month) if month.isdigit() else MONTHS.index(month) + 1
        return date(int(match["year"]), number, int(match["day"])).isoformat()
    except ValueError:
        return None


def _say_bounds(low: float, high: float) -> str:
    least = "" if math.isinf(low) else f" d’au moins {low:g}"
    most = "" if math.isinf(high) else f" d’au plus {high:g}"
    return f"Écrire un nombre{least}{' et' if least and most else ''}{most}, sans unité."
