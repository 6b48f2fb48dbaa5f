"""What must be hidden of results, and why: too few persons, a small neighbour, all alike, too few others, dominance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Set

import pandas as pd

from impact.campaign.rules import Rules
from impact.errors import DisclosureError

WHOLE = ""
KEYS = ["association", "wave", "scale", "breakdown", "category", "statistic"]
GROUP = ["association", "scale", "breakdown", "category"]
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
    "reference_mean": "mean",
}  # fmt: skip
ABOUT_THE_SCALE = ("alpha", "reliable_change")  # of the instrument, everyone together: they say nothing of a group
FINE = ("item_change", "class_share")  # many numbers on the same persons: each needs twice as many of them
COMPARED = "difference_of_changes"  # with the comparison group
LEVELS = ("mean", "mean_before", "mean_after", "reference_mean")  # on the scale's own range: at its end, all alike
NOT_DISPLAYED = "sans_reponse"
DOMINANCE = 0.15  # p % rule: who knows the second contribution must not guess the first within 15 %


def reasons_to_hide(
    mine: pd.DataFrame,
    others: Mapping[str, pd.Series],
    rules: Rules,
    context: Mapping[str, object],
    contributions: pd.DataFrame | None,
) -> dict[int, str]:
    """Return why each row to hide is hidden: row label of `mine` -> reason, in French.

    Parameters
    ----------
    mine : checked results that one audience is concerned with. others : see `other_sizes`, the audience left out.
    context, contributions : see `disclosure.release`.

    Raises
    ------
    DisclosureError for a magnitude without its contributions.
    """
    return (
        _too_few(mine, rules)
        | _hidden_groups(mine, rules, _alike(mine, context))
        | _too_few_others(mine, others, rules)
        | _dominated(mine, contributions)
    )


def least_persons(statistic: str, rules: Rules) -> int:
    """Return how many persons a statistic needs to be shown."""
    return rules.threshold * (2 if statistic in FINE else 1)


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


def other_sizes(table: pd.DataFrame) -> dict[str, pd.Series]:
    """Return, for each scale, how many persons at least each association brings to what is pooled.

    Where there is a comparison group, it is not pooled: the others are those compared with it.
    """
    kinds = table["statistic"].map(STATISTICS)
    own = table[(table["breakdown"] == "") & (table["association"] != WHOLE) & kinds.isin(["mean", "count"])]
    sizes = {}
    for scale, same in own.groupby("scale", sort=False):
        compared = same.loc[same["statistic"] == COMPARED, "association"]
        sizes[scale] = same[same["association"].isin(compared) | compared.empty].groupby("association")["n"].min()
    return sizes


def _too_few_others(mine: pd.DataFrame, others: Mapping[str, pd.Series], rules: Rules) -> dict[int, str]:
    """The pooled rows of a scale need enough other associations, none of them weighing more than its share."""
    reasons, nobody = {}, pd.Series(dtype=int)
    pooled = mine[(mine["association"] == WHOLE) & ~mine["statistic"].isin(ABOUT_THE_SCALE)]
    for scale, rows in pooled.groupby("scale", sort=False):
        sizes = others.get(scale, nobody)
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
