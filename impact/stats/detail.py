"""The finer results of a scale: each of its questions, and how many persons lie low, middle or high on it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from impact.errors import StatisticsError
from impact.results import as_results
from impact.stats.estimates import LEVEL, NOISE, not_computable, persons, require_columns
from impact.stats.moments import group_moments
from impact.stats.people import proportion

CLASSES = ("low", "middle", "high")


def item_change(pairs: pd.DataFrame, *, among: int, by: tuple[str, ...] = ("association",)) -> pd.DataFrame:
    """Return the mean change of one question, with an interval widened for the questions read beside it.

    Parameters
    ----------
    pairs : columns before, after (floats, no missing value) and those of `by`, persons if counted; see `pair_moments`.
    among : how many questions are read at once, 1 or more. by : grouping columns.

    Returns
    -------
    Results, one row a group, statistic item_change: n (pairs), estimate (in the question's own unit), std_error,
    ci_low, ci_high, df, method; NaN and the reason under two pairs or when everybody changed by the same amount.

    Raises
    ------
    StatisticsError for a missing column or `among` under 1.

    Formula: mean ± t(1 - 0.05 / (2 among), n - 1) sd / sqrt(n); all `among` intervals hold together with 95 %.
    Source: Bonferroni; Student. Referee: R t.test (paired_*.json), scipy.stats.ttest_rel at that level.
    """
    require_columns(pairs, ("before", "after", *by))
    if among < 1:
        raise StatisticsError(f"{among} question lue.", remedy="Donner le nombre de questions de l’échelle.")
    table = group_moments(pairs.assign(change=pairs["after"] - pairs["before"]), ("change",), by=by)
    return as_results({name: row[name] for name in by} | _mean(row, among) for row in table.to_dict("records"))


def _mean(group: Mapping[str, float], among: int) -> dict[str, object]:
    n, mean, spread = group["n"], group["mean_change"], math.sqrt(group["var_change"])
    row = {"statistic": "item_change", "n": n}
    if n < 2 or spread <= NOISE:
        return row | not_computable("moins de deux personnes, ou des évolutions toutes identiques")
    error = spread / math.sqrt(n)
    half = stats.t.ppf(1 - (1 - LEVEL) / (2 * among), n - 1) * error
    numbers = {"estimate": mean, "std_error": error, "ci_low": mean - half, "ci_high": mean + half, "df": n - 1}
    return row | numbers | {"method": f"moyenne, intervalle de Student, Bonferroni ({among} questions)"}


def class_shares(
    scores: pd.DataFrame, bounds: Sequence[float], *, by: tuple[str, ...] = ("association",)
) -> pd.DataFrame:
    """Return the shares of persons whose score is low, middle or high.

    Parameters
    ----------
    scores : columns score (floats, no missing value) and those of `by`, persons if counted.
    bounds : the two bounds, in the scale's metric, in order; a score equal to a bound is in the class above it.

    Returns
    -------
    Results, three rows a group, statistic class_share, category low, middle, high: n (persons of the group), estimate
    (proportion, 0-1), ci_low, ci_high (Wilson), method.

    Raises
    ------
    StatisticsError for a missing column or bounds that are not two growing numbers.

    Referee: counts by definition; R prop.test through `people.proportion`.
    """
    require_columns(scores, ("score", *by))
    if len(bounds) != 2 or not bounds[0] < bounds[1]:
        raise StatisticsError("Il faut deux bornes, dans l’ordre.", remedy="Par exemple : [2, 3].")
    place = np.searchsorted(np.asarray(bounds) - NOISE, scores["score"].to_numpy(float), side="right")
    weight = persons(scores)
    classes = scores[list(by)].assign(**{name: weight * (place == level) for level, name in enumerate(CLASSES)})
    table = classes.groupby(list(by), as_index=False, dropna=False, observed=True)[list(CLASSES)].sum()
    return as_results(
        {key: row[key] for key in by}
        | {"statistic": "class_share", "category": name}
        | proportion(int(row[name]), int(sum(row[one] for one in CLASSES)))
        for row in table.to_dict("records")
        for name in CLASSES
    )
