"""The one door: what may be shown of results, for one audience. Doubt, unknown names or a missing n: nothing leaves."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from impact.errors import DisclosureError
from impact.results import COLUMNS
from impact.rules import Rules

WHOLE = ""
KEYS = ["association", "wave", "scale", "breakdown", "category", "statistic"]
SHOWN_COLUMNS = [*KEYS, "n", "estimate", "ci_low", "ci_high", "bound", "status", "reason"]
STATISTICS = {
    "responded": "count", "returned": "count",
    "mean_before": "mean", "mean_after": "mean", "mean": "mean",
    "change": "mean", "adjusted_change": "mean", "pooled_change": "mean", "prediction_interval": "mean",
    "reliable_change": "mean",
    "risen": "share", "stable": "share", "fallen": "share",
    "alpha": "coefficient",
}  # fmt: skip
ABOUT_THE_SCALE = ("alpha", "reliable_change")  # of the instrument, everyone together: they say nothing of a group
NOT_DISPLAYED = "sans_reponse"
FEW = 50
LEAST_SHARE, MOST_SHARE = 0.10, 0.90


@dataclass(frozen=True)
class Release:
    """Results cleared for one audience.

    `table`: one row per estimate; `status` is "shown" or "suppressed" (then no number at all, and `reason` says why);
    `bound` is "<" or ">" where only « moins de 10 % » or « plus de 90 % » may be said. `context`: titles and labels.
    """

    audience: str
    table: pd.DataFrame
    context: Mapping[str, object]
    rules: Rules

    def row(self, statistic: str, **where: str) -> pd.Series | None:
        """Return the one row of `statistic` with these keys (association, by default the audience), None if absent."""
        wanted = {"association": self.audience, "breakdown": "", "category": "", **where}
        rows = self.table[self.table["statistic"] == statistic]
        for key, value in wanted.items():
            rows = rows[rows[key] == value]
        return rows.iloc[0] if len(rows) == 1 else None


def release(results: pd.DataFrame, rules: Rules, *, audience: str, context: Mapping[str, object]) -> Release:
    """Clear results for one association: its own rows and the pooled ones, under the rules.

    Parameters
    ----------
    results : the results vocabulary, one row per estimate, rows of every association (the others' n are needed to judge
        the pooled ones; the others' rows never leave). Pooled rows have association "". Rows of a breakdown hold every
        category, those who did not answer it included (category "sans_reponse", never shown).
    audience : an association present in the results.
    context : what is said around the numbers; it must not name another association.

    Returns
    -------
    Release. Decisions, in order: threshold on n; each category and its complement; the pooled rows need enough others;
    then rounding (counts to the base, means to 1 decimal, shares to 5 points under 50 persons, intervals outwards).

    Raises
    ------
    DisclosureError for an unknown column, statistic or audience, a missing, negative or fractional n, a repeated row.

    Source: design rules of confidentiality (threshold, complement, rounding, "the others").
    """
    table = _checked(results, audience)
    reasons = (
        _under_threshold(table, rules) | _hidden_categories(table, rules) | _too_few_others(table, rules, audience)
    )
    mine = table[table["association"].isin([audience, WHOLE]) & (table["category"] != NOT_DISPLAYED)]
    rows = [_cleared(row, rules, reasons.get(index, "")) for index, row in mine.iterrows()]
    return Release(audience, pd.DataFrame(rows, columns=SHOWN_COLUMNS), dict(context), rules)


def _checked(results: pd.DataFrame, audience: str) -> pd.DataFrame:
    unknown = [name for name in results.columns if name not in COLUMNS]
    if unknown or not {"association", "statistic", "n", "estimate"} <= set(results.columns):
        raise DisclosureError(f"rien n’est diffusé : colonnes inattendues ou absentes ({', '.join(unknown) or 'n'}).")
    table = results.reset_index(drop=True).reindex(columns=list(COLUMNS))
    table[KEYS] = table[KEYS].astype(object).where(table[KEYS].notna(), "")
    kinds = set(table["statistic"]) - set(STATISTICS)
    if kinds:
        raise DisclosureError(f"rien n’est diffusé : statistiques sans règle ({', '.join(sorted(kinds))}).")
    n = pd.to_numeric(table["n"], errors="coerce")
    if n.isna().any() or (n < 0).any() or (n % 1 != 0).any():
        raise DisclosureError("rien n’est diffusé : un effectif manque ou n’est pas un nombre entier.")
    if table.duplicated(KEYS).any():
        raise DisclosureError("rien n’est diffusé : le même résultat est donné deux fois.")
    if audience == WHOLE or audience not in set(table["association"]):
        raise DisclosureError(f"rien n’est diffusé : destinataire inconnu (« {audience} »).")
    return table.assign(n=n.astype(int))


def _under_threshold(table: pd.DataFrame, rules: Rules) -> dict[int, str]:
    few = table.index[(table["n"] < rules.threshold)]
    return dict.fromkeys(few, f"moins de {rules.threshold} personnes")


def _hidden_categories(table: pd.DataFrame, rules: Rules) -> dict[int, str]:
    """Hide the smallest categories until what is hidden, and the complement of what is shown, reach the threshold."""
    reasons: dict[int, str] = {}
    parts = table[table["breakdown"] != ""]
    for _, part in parts.groupby(["association", "wave", "scale", "breakdown", "statistic"], sort=False):
        sizes = part.set_index("category")["n"].sort_values(kind="stable")
        hidden = {name for name, n in sizes.items() if n < rules.threshold or name == NOT_DISPLAYED}
        for name in sizes.index:
            if 0 < sizes[list(hidden)].sum() < rules.threshold or sizes.sum() - sizes[name] < rules.threshold:
                hidden.add(name)
        for index, row in part.iterrows():
            if row["category"] in hidden and row["n"] >= rules.threshold:
                reasons[index] = "masqué pour protéger un groupe voisin trop petit"
    return reasons


def _too_few_others(table: pd.DataFrame, rules: Rules, audience: str) -> dict[int, str]:
    """The pooled rows of a scale need enough other associations, none of them weighing more than its share."""
    reasons = {}
    pooled = table[(table["association"] == WHOLE) & ~table["statistic"].isin(ABOUT_THE_SCALE)]
    for index, row in pooled.iterrows():
        same = table[(table["scale"] == row["scale"]) & (table["statistic"] == "change") & (table["breakdown"] == "")]
        others = same[~same["association"].isin([audience, WHOLE])]["n"]
        enough = others[others >= rules.others_pairs]
        if len(enough) < rules.others_least or enough.max() > rules.others_share * enough.sum():
            reasons[index] = "trop peu d’autres associations"
    return reasons


def _cleared(row: pd.Series, rules: Rules, reason: str) -> dict[str, object]:
    """Return the row as it may be shown: rounded, or without any number."""
    cleared = {key: row[key] for key in KEYS} | {"bound": "", "status": "shown", "reason": ""}
    if not reason and not math.isfinite(row["estimate"]):
        reason = "non calculable"
    if reason:
        return (
            cleared | dict.fromkeys(("n", "estimate", "ci_low", "ci_high")) | {"status": "suppressed", "reason": reason}
        )
    return cleared | {"n": shown_count(row["n"], rules)} | _rounded(row, rules)


def shown_count(n: int, rules: Rules) -> int:
    """Round a count to the base, never under the threshold."""
    base = rules.count_base
    return max(base * math.floor(n / base + 0.5), base * math.ceil(rules.threshold / base))


def _rounded(row: pd.Series, rules: Rules) -> dict[str, object]:
    kind = STATISTICS[row["statistic"]]
    if kind == "count":
        return {"estimate": shown_count(row["n"], rules), "ci_low": None, "ci_high": None}
    if kind == "share":
        if not LEAST_SHARE <= row["estimate"] <= MOST_SHARE:
            low = row["estimate"] < LEAST_SHARE
            return {"estimate": LEAST_SHARE if low else MOST_SHARE, "bound": "<" if low else ">"}
        step = 0.05 if row["n"] < FEW else 0.01
    else:
        step = 0.1 if kind == "mean" else 0.01
    low, high = _outwards(row["ci_low"], step, math.floor), _outwards(row["ci_high"], step, math.ceil)
    if kind == "share" and low is not None:
        low, high = max(low, 0.0), min(high, 1.0)
    return {"estimate": round(step * round(row["estimate"] / step), 2) + 0.0, "ci_low": low, "ci_high": high}


def _outwards(value: float, step: float, rounding) -> float | None:
    """Round one bound away from the estimate; 1e-9 forgives binary noise such as 0.30000000000000004."""
    if not math.isfinite(value):
        return None
    slack = 1e-9 if rounding is math.floor else -1e-9
    return round(step * rounding(value / step + slack), 2) + 0.0
