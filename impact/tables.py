"""French tables from a Release: what each figure shows, in text, for readers, screen readers and downloads."""

from __future__ import annotations

import pandas as pd

from impact.disclosure import WHOLE, Release
from impact.errors import french
from impact.sentences import number, shown

LABELS = {
    "mean_before": "Score moyen, première fois",
    "mean_after": "Score moyen, dernière fois",
    "adjusted_change": "Évolution estimée",
    "risen": "Score plus haut",
    "stable": "À peu près le même",
    "fallen": "Score plus bas",
}
COLUMNS = ["", "Personnes (environ)", "Valeur", "Marge d’erreur"]
SUPPRESSED = "effectif insuffisant"


def scale_table(release: Release, scale: str) -> pd.DataFrame:
    """Return what is known of one scale, a line a result, all text; « effectif insuffisant » if nothing is shown."""
    lines = [_line(release.row(statistic, scale=scale), label) for statistic, label in LABELS.items()]
    lines.append(_line(release.row("pooled_change", scale=scale, association=WHOLE), "Toutes associations : évolution"))
    return pd.DataFrame(lines, columns=COLUMNS).map(french)


def breakdown_table(release: Release, scale: str, breakdown: dict) -> pd.DataFrame:
    """Return the means before and after in each category of a breakdown, all text."""
    lines = []
    for category in breakdown["categories"]:
        where = {"scale": scale, "breakdown": breakdown["name"], "category": category["name"]}
        rows = [release.row(statistic, **where) for statistic in ("mean_before", "mean_after", "change")]
        if all(shown(row) for row in rows):
            values = [f"{rows[0]['n']:.0f}", *(number(row["estimate"]) for row in rows[:2]), margin(rows[2])]
        else:
            values = [SUPPRESSED, "", "", ""]
        lines.append([category["label"], *values])
    first, last = release.context["waves"][0]["label"], release.context["waves"][-1]["label"]
    columns = [breakdown["label"], COLUMNS[1], first, last, "Évolution"]
    return pd.DataFrame(lines, columns=columns).map(french)


def margin(row: pd.Series) -> str:
    """Return the interval of a change, in words."""
    return f"entre {number(row['ci_low'], sign=True)} et {number(row['ci_high'], sign=True)}"


def _line(row: pd.Series | None, label: str) -> list[str]:
    if not shown(row):
        return [label, SUPPRESSED, "", ""]
    if row["statistic"] in ("risen", "stable", "fallen"):
        words = {"<": "moins de ", ">": "plus de "}.get(row["bound"], "")
        between = "" if row["bound"] else f"entre {100 * row['ci_low']:.0f} et {100 * row['ci_high']:.0f} %"
        return [label, f"{row['n']:.0f}", f"{words}{100 * row['estimate']:.0f} %", between]
    signed = "change" in row["statistic"]
    between = margin(row) if signed else f"entre {number(row['ci_low'])} et {number(row['ci_high'])}"
    return [label, f"{row['n']:.0f}", number(row["estimate"], sign=signed), between]
