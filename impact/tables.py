"""French tables from a Release: what each figure shows, in text, for readers, screen readers and downloads."""

from __future__ import annotations

import pandas as pd

from impact.disclosure import WHOLE, Release
from impact.errors import french
from impact.reading import shown
from impact.wording import number

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
COLUMNS = ["", "Personnes (environ)", "Valeur", "Marge d’erreur"]
SUPPRESSED = "effectif insuffisant"


def scale_table(release: Release, scale: str) -> pd.DataFrame:
    """Return what is known of one scale, a line a result, all text; « effectif insuffisant » if nothing is shown."""
    found = release.table[(release.table["scale"] == scale) & (release.table["breakdown"] == "")]
    mine = found[found["association"] == release.audience]
    lines = [
        _line(row, label) for name, label in LABELS.items() for _, row in mine[mine["statistic"] == name].iterrows()
    ]
    whole = release.row("pooled_change", scale=scale, association=WHOLE)
    lines += [_line(whole, "Toutes associations : évolution")] if whole is not None else []
    return pd.DataFrame(lines, columns=COLUMNS).map(french)


def breakdown_table(release: Release, scale: str, breakdown: dict) -> pd.DataFrame:
    """Return the means before and after in each category of a breakdown, all text."""
    lines = []
    for category in breakdown["categories"]:
        where = {"scale": scale, "breakdown": breakdown["name"], "category": category["name"]}
        before, after = (release.row(statistic, **where) for statistic in ("mean_before", "mean_after"))
        change = next((row for name in CHANGES if (row := release.row(name, **where)) is not None), None)
        if shown(before) and shown(after) and shown(change):
            counts = f"{change['n']:.0f}"
            values = [counts, number(before["estimate"]), number(after["estimate"]), margin(change)]
        else:
            values = [SUPPRESSED, "", "", ""]
        lines.append([category["label"], *values])
    first, last = release.context["waves"][0]["label"], release.context["waves"][-1]["label"]
    columns = [breakdown["label"], COLUMNS[1], first, last, "Évolution"]
    return pd.DataFrame(lines, columns=columns).map(french)


def margin(row: pd.Series) -> str:
    """Return the interval of a change, in words."""
    return f"entre {number(row['ci_low'], sign=True)} et {number(row['ci_high'], sign=True)}"


def _line(row: pd.Series, label: str) -> list[str]:
    if not shown(row):
        return [label, SUPPRESSED, "", ""]
    if row["statistic"] in ("risen", "stable", "fallen"):
        words = {"<": "moins de ", ">": "plus de "}.get(row["bound"], "")
        between = "" if row["bound"] else f"entre {100 * row['ci_low']:.0f} et {100 * row['ci_high']:.0f} %"
        return [label, f"{row['n']:.0f}", f"{words}{100 * row['estimate']:.0f} %", between]
    signed = not row["statistic"].startswith("mean")
    between = margin(row) if signed else f"entre {number(row['ci_low'])} et {number(row['ci_high'])}"
    return [label, f"{row['n']:.0f}", number(row["estimate"], sign=signed), between]
