"""French tables from a Release: what each figure shows, in text, for readers, screen readers and downloads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from impact.disclosure import WHOLE, Release, Row
from impact.errors import french
from impact.sentences.reading import shown
from impact.wording import number, share

LABELS = {
    "mean": "Score moyen",
    "mean_before": "Score moyen, première fois",
    "mean_after": "Score moyen, dernière fois",
    "adjusted_change": "Évolution estimée",
    "independent_change": "Écart entre les deux enquêtes",
    "then_change_same_sheet": "Évolution depuis le souvenir du départ",
    "then_change_separate_sheet": "Évolution depuis le souvenir du départ",
    "response_shift_same_sheet": "Souvenir du départ moins départ mesuré",
    "response_shift_separate_sheet": "Souvenir du départ moins départ mesuré",
    "difference_of_changes": "Écart avec le groupe de comparaison",
    "risen": "Score plus haut",
    "stable": "À peu près le même",
    "fallen": "Score plus bas",
}
CHANGES = ("change", "independent_change", "then_change_same_sheet", "then_change_separate_sheet")
OUT_OF_TEN = {"<": "moins de 1 sur 10", ">": "plus de 9 sur 10"}
COLUMNS = ["", "Personnes (environ)", "Valeur", "Marge d’erreur"]
SUPPRESSED = "effectif insuffisant"


def scale_table(release: Release, scale: str) -> pd.DataFrame:
    """Return what is known of one scale, a line a result, all text; « effectif insuffisant » if nothing is shown."""
    table = release.table
    own = (table["scale"] == scale) & (table["breakdown"] == "") & (table["association"] == release.audience)
    found = table[own].to_dict("records")
    rows = [(label, row) for name, label in LABELS.items() for row in found if row["statistic"] == name]
    whole = release.row("pooled_change", scale=scale, association=WHOLE)
    rows += [("Toutes associations : évolution", whole)] if whole is not None else []
    return lines(rows)


def lines(rows: Iterable[tuple[str, Row | None]]) -> pd.DataFrame:
    """Return one line a result, all text: its label, how many persons, its value, its margin of error."""
    return _all_text((_line(row, label) for label, row in rows), COLUMNS)


def counts_table(rows: Iterable[tuple[str, Row]]) -> pd.DataFrame:
    """Return how many persons, a line a moment."""
    return pd.DataFrame([(label, f"{row['n']:.0f}") for label, row in rows], columns=COLUMNS[:2])


def people_table(rows: Iterable[tuple[str, Row]], tenths: Mapping[str, int]) -> pd.DataFrame:
    """Return the lines of risen, stable and fallen, with how many persons out of ten."""
    rows = list(rows)
    return lines(rows).assign(**{"Sur dix personnes": [out_of_ten(row, tenths[row["statistic"]]) for _, row in rows]})


def out_of_ten(row: Row, many: int) -> str:
    """Return how many persons out of ten, or the only bound that may be said."""
    return OUT_OF_TEN.get(row["bound"], f"{many} sur 10")


def classes_table(rows: Iterable[tuple[str, str, Row]]) -> pd.DataFrame:
    """Return the share of persons in each class of scores, a line a class and a column a moment."""
    cells = {(level, moment): share(row) for moment, level, row in rows}
    levels, moments = (list(dict.fromkeys(key[place] for key in cells)) for place in (0, 1))
    return _all_text(([level, *(cells[level, moment] for moment in moments)] for level in levels), ["", *moments])


def breakdown_table(release: Release, scale: str, breakdown: dict) -> pd.DataFrame:
    """Return the means before and after in each category of a breakdown, all text."""
    told = []
    for category in breakdown["categories"]:
        where = {"scale": scale, "breakdown": breakdown["name"], "category": category["name"]}
        before, after = (release.row(statistic, **where) for statistic in ("mean_before", "mean_after"))
        change = next((row for name in CHANGES if (row := release.row(name, **where)) is not None), None)
        if shown(before) and shown(after) and shown(change):
            counts = f"{change['n']:.0f}"
            values = [counts, number(before["estimate"]), number(after["estimate"]), margin(change)]
        else:
            values = [SUPPRESSED, "", "", ""]
        told.append([category["label"], *values])
    first, last = release.context["waves"][0]["label"], release.context["waves"][-1]["label"]
    columns = [breakdown["label"], COLUMNS[1], first, last, "Évolution"]
    return _all_text(told, columns)


def margin(row: Row) -> str:
    """Return the interval of a change, in words."""
    return f"entre {number(row['ci_low'], sign=True)} et {number(row['ci_high'], sign=True)}"


def _all_text(rows: Iterable[Sequence[str]], columns: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame([[french(cell) for cell in row] for row in rows], columns=columns)


def _line(row: Row, label: str) -> list[str]:
    if not shown(row):
        return [label, SUPPRESSED, "", ""]
    if row["statistic"] in ("risen", "stable", "fallen"):
        between = "" if row["bound"] else f"entre {100 * row['ci_low']:.0f} et {100 * row['ci_high']:.0f} %"
        return [label, f"{row['n']:.0f}", share(row), between]
    signed = not row["statistic"].startswith("mean")
    between = margin(row) if signed else f"entre {number(row['ci_low'])} et {number(row['ci_high'])}"
    return [label, f"{row['n']:.0f}", number(row["estimate"], sign=signed), between]
