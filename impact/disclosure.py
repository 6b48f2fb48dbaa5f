"""The one door: what may be shown of results, for one audience. Doubt, unknown names or a missing n: nothing leaves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from impact.errors import DisclosureError
from impact.results import COLUMNS
from impact.rounding import NUMBERS, is_rounded, rounded
from impact.rules import Rules

WHOLE = ""
PUBLIC, LEAD = "public", "responsable"
KEYS = ["association", "wave", "scale", "breakdown", "category", "statistic"]
GROUP = ["association", "scale", "breakdown", "category"]
SHOWN_COLUMNS = [*KEYS, "n", "estimate", "ci_low", "ci_high", "bound", "status", "reason"]
STATISTICS = {
    "responded": "count", "returned": "count", "counted": "count",
    "mean_before": "mean", "mean_after": "mean", "mean": "mean",
    "change": "mean", "adjusted_change": "mean", "pooled_change": "mean", "prediction_interval": "mean",
    "reliable_change": "mean", "independent_change": "mean", "difference_of_changes": "mean",
    "then_change_same_sheet": "mean", "then_change_separate_sheet": "mean",
    "response_shift_same_sheet": "mean", "response_shift_separate_sheet": "mean",
    "risen": "share", "stable": "share", "fallen": "share",
    "alpha": "coefficient",
    "item_change": "mean", "class_share": "share",
}  # fmt: skip
ABOUT_THE_SCALE = ("alpha", "reliable_change")  # of the instrument, everyone together: they say nothing of a group
FINE = ("item_change", "class_share")  # many numbers on the same persons: each needs twice as many of them
LEVELS = ("mean", "mean_before", "mean_after")  # on the scale's own range: at its end, everybody answered the same
NOT_DISPLAYED = "sans_reponse"
DOMINANCE = 0.15  # p % rule: who knows the second contribution must not guess the first within 15 %


@dataclass(frozen=True)
class Release:
    """Results cleared for one audience; only a table such as `release` writes can be one.

    `table`: one row per estimate; `status` is "shown" or "suppressed" (then no number, and `reason` says why);
    `bound` is "<" or ">" where only « moins de 10 % » or « plus de 90 % » may be said. `context`: titles and labels.
    """

    audience: str
    table: pd.DataFrame
    context: Mapping[str, object]
    rules: Rules

    def __post_init__(self):
        for row in self.table[SHOWN_COLUMNS].to_dict("records"):
            if not _may_be_shown(row, self.rules):
                what = " ".join(filter(None, (row[key] for key in KEYS)))
                raise DisclosureError(f"rien n’est diffusé : un nombre n’est pas arrondi ou n’est pas masqué ({what}).")

    @property
    def own(self) -> str:
        """The association whose results these are: everybody's, for the public and the evaluation lead."""
        return WHOLE if self.audience in (PUBLIC, LEAD) else self.audience

    def row(self, statistic: str, **where: str) -> pd.Series | None:
        """Return the row of `statistic` with these keys, None if absent; by default of the audience's own results."""
        wanted = {"association": self.own, **dict.fromkeys(KEYS[1:5], ""), **where, "statistic": statistic}
        place = self._places.get(tuple(wanted[key] for key in KEYS))
        return None if place is None else self.table.iloc[place]

    @cached_property
    def _places(self) -> dict[tuple[str, ...], int]:
        return {keys: place for place, keys in enumerate(self.table[KEYS].itertuples(index=False, name=None))}


def release(
    results: pd.DataFrame,
    rules: Rules,
    *,
    audience: str,
    context: Mapping[str, object],
    contributions: pd.DataFrame | None = None,
) -> Release:
    """Clear results for one audience, under the rules.

    Parameters
    ----------
    results : the results vocabulary, one row per estimate, rows of every association (the others' n are needed to judge
        the pooled ones). Pooled rows have association "". Rows of a breakdown hold every category, those who did not
        answer it included (category "sans_reponse", never shown).
    audience : an association of the results (its own rows and the pooled ones leave), "public" (the pooled ones and the
        counts of everybody) or "responsable" (everything, under the same rules).
    context : what is said around the numbers; it declares the breakdowns and their categories, the ranges of the
        scales, and must not name another association.
    contributions : for magnitudes only, one row per contributor: the keys of results and `value`, 0 or more.

    Returns
    -------
    Release. Decisions, in order: threshold on n, doubled for FINE statistics; nobody all alike; each category and its
    complement; the pooled rows need enough others; no magnitude dominated by one contributor; then rounding (counts to
    the base, means to 1 decimal, shares to 5 points under 50 persons, intervals outwards).

    Raises
    ------
    DisclosureError for an unknown column, statistic, category or audience, a missing, negative or fractional n, a
    repeated row, a magnitude without its contributions.

    Source: design rules of confidentiality (threshold, complement, rounding, class disclosure, "the others", p %).
    """
    table = _checked(results, audience)
    mine = _visible(table, audience)
    _check_declared(mine, context)
    reasons = (
        _too_few(mine, rules)
        | _hidden_groups(mine, rules, _alike(mine, context))
        | _too_few_others(mine, table[table["association"] != audience], rules)
        | _dominated(mine, contributions)
    )
    kept = mine[mine["category"] != NOT_DISPLAYED]
    rows = [_cleared(row, rules, reasons.get(row["index"], "")) for row in kept.reset_index().to_dict("records")]
    return Release(audience, pd.DataFrame(rows, columns=SHOWN_COLUMNS), dict(context), rules)


def hidden_categories(sizes: Mapping[str, int], rules: Rules, apart: Set[str] = frozenset()) -> set[str]:
    """Return the categories of one breakdown to hide, from their sizes.

    The smallest ones, until what is hidden, and the complement of what is shown, reach the threshold (or are nobody).
    `apart`: categories hidden for another reason; one of them never stands alone, else subtraction would give it.
    """
    total = sum(sizes.values())
    hidden = {name for name, n in sizes.items() if n < rules.threshold or name == NOT_DISPLAYED} | apart
    for name in sorted(sizes, key=sizes.get):
        few_hidden = 0 < sum(sizes[one] for one in hidden) < rules.threshold
        few_besides = total and total - sizes[name] < rules.threshold
        alone = apart and sum(sizes[one] > 0 for one in hidden) == 1
        if few_hidden or few_besides or alone:
            hidden.add(name)
    return hidden


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
    known = set(table["association"]) - {WHOLE}
    if known & {PUBLIC, LEAD}:
        raise DisclosureError(f"rien n’est diffusé : « {PUBLIC} » et « {LEAD} » ne sont pas des associations.")
    if audience not in known | {PUBLIC, LEAD}:
        raise DisclosureError(f"rien n’est diffusé : destinataire inconnu (« {audience} »).")
    return table.assign(n=n.astype(int))


def _visible(table: pd.DataFrame, audience: str) -> pd.DataFrame:
    """The rows one audience is concerned with; for the public and the lead, the counts of everybody too."""
    if audience not in (PUBLIC, LEAD):
        return table[table["association"].isin([audience, WHOLE])]
    counts = table[table["statistic"].map(STATISTICS) == "count"]
    sums = counts.groupby(KEYS[1:], as_index=False)[["n", "estimate"]].sum().assign(association=WHOLE)
    rows = table if audience == LEAD else table[table["association"] == WHOLE]
    return pd.concat([rows, sums.reindex(columns=list(COLUMNS))], ignore_index=True)


def _check_declared(table: pd.DataFrame, context: Mapping[str, object]) -> None:
    """Only declared partitions leave: every breakdown and category must be one of the context's."""
    declared = {
        (one["name"], category["name"]) for one in context.get("breakdowns", ()) for category in one["categories"]
    }
    found = set(table.loc[table["breakdown"] != "", ["breakdown", "category"]].itertuples(index=False, name=None))
    unknown = sorted(name for name in found - declared if name[1] != NOT_DISPLAYED)
    if unknown:
        words = ", ".join("/".join(name) for name in unknown)
        raise DisclosureError(f"rien n’est diffusé : modalités que rien ne déclare ({words}).")


def least_persons(statistic: str, rules: Rules) -> int:
    """Return how many persons a statistic needs to be shown."""
    return rules.threshold * (2 if statistic in FINE else 1)


def _too_few(table: pd.DataFrame, rules: Rules) -> dict[int, str]:
    least = table["statistic"].map(lambda name: least_persons(name, rules))
    return {index: f"moins de {least[index]} personnes" for index in table.index[table["n"] < least]}


def _alike(table: pd.DataFrame, context: Mapping[str, object]) -> set[tuple]:
    """The groups in which everybody answered (nearly) the same: a mean at the very end of its scale, or no spread."""
    ends = {scale["name"]: (scale["low"], scale["high"]) for scale in context.get("scales", ())}
    levels = table[table["statistic"].isin(LEVELS)]
    found = set()
    for row in levels.to_dict("records"):
        low, high = ends.get(row["scale"], (-math.inf, math.inf))
        if row["std_error"] == 0 or not low + 0.05 < row["estimate"] < high - 0.05:
            found.add(tuple(row[key] for key in GROUP))
    return found


def _hidden_groups(table: pd.DataFrame, rules: Rules, alike: set[tuple]) -> dict[int, str]:
    """Hide the groups where all answered alike, with every category if it is everyone; then small categories."""
    reasons: dict[int, str] = {}
    parts: dict[tuple, dict[str, tuple[int, int]]] = {}
    for index, row in zip(table.index, table.to_dict("records"), strict=True):
        group, whole = tuple(row[key] for key in GROUP), (row["association"], row["scale"], "", "")
        if {group, whole} & alike and row["association"] != WHOLE and STATISTICS[row["statistic"]] in ("mean", "share"):
            reasons[index] = "réponses presque toutes semblables"
        if row["breakdown"]:
            part = parts.setdefault((*group[:3], row["wave"], row["statistic"]), {})
            part[row["category"]] = (index, row["n"])
    for (*place, _, _), part in parts.items():
        apart = {name for name in part if (*place, name) in alike}
        hidden = hidden_categories({name: n for name, (_, n) in part.items()}, rules, apart)
        for index, n in (part[name] for name in hidden):
            if n >= rules.threshold:
                reasons.setdefault(index, "masqué pour protéger un groupe voisin trop petit")
    return reasons


def _too_few_others(mine: pd.DataFrame, others: pd.DataFrame, rules: Rules) -> dict[int, str]:
    """The pooled rows of a scale need enough other associations, none of them weighing more than its share.

    Where there is a comparison group, it is not pooled: the others are those compared with it.
    """
    reasons = {}
    kinds = others["statistic"].map(STATISTICS)
    own = others[(others["breakdown"] == "") & (others["association"] != WHOLE) & kinds.isin(["mean", "count"])]
    pooled = mine[(mine["association"] == WHOLE) & ~mine["statistic"].isin(ABOUT_THE_SCALE)]
    for scale, rows in pooled.groupby("scale", sort=False):
        same = own[own["scale"] == scale]
        compared = same.loc[same["statistic"] == "difference_of_changes", "association"]
        sizes = same[same["association"].isin(compared) | compared.empty].groupby("association")["n"].min()
        enough = sizes[sizes >= rules.others_pairs]
        if len(enough) < rules.others_least or enough.max() > rules.others_share * enough.sum():
            reasons |= dict.fromkeys(rows.index, "trop peu d’autres associations")
    return reasons


def _dominated(table: pd.DataFrame, contributions: pd.DataFrame | None) -> dict[int, str]:
    """Magnitudes that one contributor dominates (p % rule); their contributions must add up to what is to be shown."""
    reasons = {}
    for row in table[table["statistic"].map(STATISTICS) == "magnitude"].reset_index().to_dict("records"):
        values = pd.Series(dtype=float)
        if contributions is not None and {*KEYS, "value"} <= set(contributions):
            same = (contributions[KEYS] == pd.Series({key: row[key] for key in KEYS})).all(axis=1)
            values = pd.to_numeric(contributions.loc[same, "value"], errors="coerce").sort_values(ascending=False)
        sound = len(values) == row["n"] and values.ge(0).all() and math.isclose(values.sum(), row["estimate"])
        if not sound:
            raise DisclosureError(
                "rien n’est diffusé : les contributions d’un total manquent ou n’y correspondent pas."
            )
        if values[2:].sum() < DOMINANCE * values[:1].sum():
            reasons[row["index"]] = "une contribution domine le total"
    return reasons


def _cleared(row: Mapping[str, object], rules: Rules, reason: str) -> dict[str, object]:
    """Return the row as it may be shown: rounded, or without any number."""
    keys = {key: row[key] for key in KEYS}
    if not reason and not math.isfinite(row["estimate"]):
        reason = "non calculable"
    if reason:
        return keys | dict.fromkeys(NUMBERS) | {"bound": "", "status": "suppressed", "reason": reason}
    return keys | {"status": "shown", "reason": ""} | rounded(row, STATISTICS[row["statistic"]], rules)


def _may_be_shown(row: Mapping[str, object], rules: Rules) -> bool:
    if row["status"] == "shown":
        kind = STATISTICS.get(row["statistic"])
        return bool(kind) and is_rounded(row, kind, rules) and row["n"] >= least_persons(row["statistic"], rules)
    return row["status"] == "suppressed" and all(pd.isna(row[name]) for name in NUMBERS)
