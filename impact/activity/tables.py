"""What the service does, from a data package of published figures: each one with the sentence it was read in."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from impact.errors import ImpactError, Problem, french, nearest

TABLES = {"figures": "chiffres", "actions": "actions", "criteria": "criteres", "documents": "documents",
          "contradictions": "contradictions"}  # fmt: skip
COLUMNS = {
    "chiffres": ["action", "indicateur", "annee", "periode", "valeur", "ecriture", "unite", "nature", "document",
                 "phrase", "contradiction"],
    "actions": ["code", "intitule", "axe", "criteres", "non_compte"],
    "criteres": ["code", "intitule"],
    "documents": ["code", "court", "titre", "auteur", "date", "licence"],
    "contradictions": ["code", "question", "explication"],
}  # fmt: skip
NATURES = ("repère", "moyen", "réalisation", "fréquentation", "résultat", "effet")
LANDMARK = "repère"
DATE = "date"  # the unit of a figure that is a year
INDICATOR = ["action", "indicateur"]


@dataclass(frozen=True)
class Activity:
    """The five tables of the package; `figures` has one row a figure, `valeur` empty where nothing was counted.

    `figures` : the columns of chiffres.csv, `annee` an integer, `valeur` a float or NaN, the others text ("" if empty).
    `actions`, `criteria`, `documents`, `contradictions` : indexed by their code.
    """

    figures: pd.DataFrame
    actions: pd.DataFrame
    criteria: pd.DataFrame
    documents: pd.DataFrame
    contradictions: pd.DataFrame


def read_activity(folder: str | Path) -> Activity:
    """Read the data package of an activity; `folder` holds the five CSV files named in COLUMNS.

    Raises
    ------
    ImpactError : a file or a column is missing; or every line that cannot be used, all at once.
    """
    tables = {name: _read(Path(folder) / f"{stem}.csv") for name, stem in TABLES.items()}
    figures = tables.pop("figures")
    tables = {name: table.set_index("code") for name, table in tables.items()}
    if problems := _faults(figures, tables):
        raise ImpactError("\n".join(str(problem) for problem in problems))
    numbers = {"annee": figures["annee"].astype(int), "valeur": pd.to_numeric(figures["valeur"])}
    return Activity(figures.assign(**numbers), **tables)


def evolutions(activity: Activity) -> pd.DataFrame:
    """Return the figures of the indicators counted in two years or more, dates and ranks left out."""
    counted = activity.figures[activity.figures["valeur"].notna() & (activity.figures["nature"] != LANDMARK)]
    return counted[counted.groupby(INDICATOR)["annee"].transform("nunique") > 1]


def natures(activity: Activity) -> pd.DataFrame:
    """Return, for each nature, how many rows are counted (`chiffres`) and how many only said (`sans_chiffre`)."""
    counted = activity.figures["valeur"].notna().groupby(activity.figures["nature"])
    table = pd.DataFrame({"chiffres": counted.sum(), "sans_chiffre": counted.count() - counted.sum()})
    return table.reindex(NATURES, fill_value=0)


def criteria_served(activity: Activity) -> pd.DataFrame:
    """Return, for each criterion, how many actions may serve it (`actions`), by its label."""
    codes = activity.actions["criteres"].str.split().explode()
    return activity.criteria.assign(actions=codes.value_counts()).set_index("intitule")[["actions"]]


def together(text: str) -> str:
    """Return the text with the digits of each number held on one line."""
    return re.sub(r"(?<=\d) (?=\d)", "\u00a0", text)


def as_written(row: tuple) -> str:
    """Return the value of a row (of `itertuples`) as its document writes it: « plus de 800 », « 1,10 € »."""
    return together(row.ecriture) + {"%": "\u00a0%", "euros": "\u00a0€"}.get(row.unite, "")


def evolution_sentence(rows: pd.DataFrame) -> str:
    """Say one indicator over the years, each value as it is written: « Articles publiés : 276 (2011), 373 (2015). »"""
    name = rows["indicateur"].iloc[0]
    told = ", ".join(f"{as_written(row)} ({row.annee})" for row in rows.sort_values("annee").itertuples())
    return french(f"{name[0].upper()}{name[1:]} : {told}.")


def doubtful(rows: pd.DataFrame) -> bool:
    """Say whether one of these figures stands in a contradiction."""
    return bool((rows["contradiction"] != "").any())


def sources(activity: Activity, rows: pd.DataFrame) -> str:
    """Name the documents of these rows: « Sources : rapport 2011, rapport 2014. »"""
    names = list(dict.fromkeys(activity.documents.loc[rows["document"], "court"]))
    return french(f"{'Sources' if len(names) > 1 else 'Source'} : {', '.join(names)}.")


def _read(path: Path) -> pd.DataFrame:
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError):
        advice = "Reprendre le dossier d’origine, en UTF-8, virgule entre les colonnes."
        raise ImpactError("fichier absent ou illisible.", where=path, remedy=advice) from None
    missing = [name for name in COLUMNS[path.stem] if name not in table]
    if missing:
        advice = "Remettre cette ligne de titres."
        raise ImpactError(f"colonnes absentes : {', '.join(missing)}.", where=path, remedy=advice)
    return table


def _faults(figures: pd.DataFrame, tables: dict[str, pd.DataFrame]) -> list[Problem]:
    """Every line that names something unknown, is not a number, or stands twice."""
    allowed = {name: tables[f"{name}s"].index for name in ("action", "document")} | {"nature": NATURES}
    allowed["contradiction"] = ["", *tables["contradictions"].index]
    found = [one for column, known in allowed.items() for one in _unknown("chiffres.csv", figures[column], known)]
    served = tables["actions"]["criteres"].reset_index(drop=True).str.split().explode()
    found += _unknown("actions.csv", served.fillna(""), tables["criteria"].index)
    year, value = figures["annee"].str.fullmatch(r"\d{4}"), pd.to_numeric(figures["valeur"], errors="coerce").notna()
    found += _wrong(figures["annee"][~year], "ce n’est pas une année", "Écrire par exemple 2011.")
    number = value | (figures["valeur"] == "")
    found += _wrong(figures["valeur"][~number], "ce n’est pas un nombre", "Écrire par exemple 1.10, ou laisser vide.")
    twice = figures.duplicated([*INDICATOR, "annee", "document"])
    return found + _wrong(figures["indicateur"][twice], "chiffre déjà donné plus haut", "Garder une seule ligne.")


def _unknown(file: str, cells: pd.Series, known: Iterable[str]) -> list[Problem]:
    wrong = cells[~cells.isin(list(known))]
    return [
        Problem(file, "code inconnu", nearest(value, known), row=row + 2, column=cells.name, value=value)
        for row, value in wrong.items()
    ]


def _wrong(cells: pd.Series, rule: str, advice: str) -> list[Problem]:
    return [
        Problem("chiffres.csv", rule, advice, row=row + 2, column=cells.name, value=value)
        for row, value in cells.items()
    ]
