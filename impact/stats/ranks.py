"""Wilcoxon signed rank test and rank-biserial correlation, from the frequency table of the differences."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from scipy import stats

from impact.errors import StatisticsError, check_option
from impact.results import as_results
from impact.stats.estimates import LEVEL, not_computable, persons, require_columns, require_rows

DECIMALS = 10  # means of a few items: binary noise below this would break ties and zeros
EXACT_LIMIT = 300  # persons; beyond, the exact and the normal p-values agree and the exact one costs n^3
ZEROS = {"drop": "zéros écartés", "pratt": "zéros classés (Pratt)"}
INTERVALS = {"projection": "projection", "fisher": "Fisher"}


def difference_table(pairs: pd.DataFrame, *, by: tuple[str, ...] = ("association",)) -> pd.DataFrame:
    """Return how many persons had each change.

    Parameters
    ----------
    pairs : columns before, after (floats, no missing value) and those of `by`, persons if counted; see `pair_moments`.
    by : grouping columns; `()` for everybody together.

    Returns
    -------
    DataFrame: the columns of `by`, value (after minus before, rounded to 10 decimals), count.
    """
    require_columns(pairs, ("before", "after", *by))
    value = (pairs["after"] - pairs["before"]).round(DECIMALS)
    counted = pairs[list(by)].assign(value=value, count=persons(pairs).astype(int))
    return counted.groupby([*by, "value"], as_index=False, dropna=False, observed=True)["count"].sum()


def signed_rank(differences: pd.DataFrame, *, by: tuple[str, ...] = ("association",)) -> pd.DataFrame:
    """Return the rank-biserial correlation of the changes and the Wilcoxon signed rank test.

    Parameters
    ----------
    differences : table of `difference_table`; several rows of one value add up.
    by : grouping columns; `()` for everybody together.

    Returns
    -------
    Results, one row per group, statistic rank_biserial: n (pairs, unchanged ones included), estimate (-1 to 1),
    ci_low, ci_high, p_value, method. Unchanged persons are dropped, as in Wilcoxon. NaN and the reason if nobody
    changed; no interval, and the reason, if all changed the same way.

    Raises
    ------
    StatisticsError for a missing column or an empty table.

    Formula
    -------
    See `rank_biserial`, `rank_biserial_interval` and `signed_rank_test`. Referee: R effectsize::rank_biserial,
    coin::wilcoxsign_test (paired_*.json).
    """
    require_columns(differences, (*by, "value", "count"))
    require_rows(differences, "Test des rangs signés")
    groups = differences.groupby(list(by), dropna=False, observed=True) if by else [((), differences)]
    return as_results(dict(zip(by, key, strict=True)) | _row(group) for key, group in groups)


def _row(group: pd.DataFrame) -> dict[str, object]:
    summed = group.groupby("value")["count"].sum()
    values, counts = summed.index.to_numpy(float), summed.to_numpy()
    row = {"statistic": "rank_biserial", "n": int(counts.sum())}
    changed = int(counts[values != 0].sum())
    if changed == 0:
        return row | not_computable("personne n’a changé")
    exact = changed <= EXACT_LIMIT
    p_value = signed_rank_test(values, counts, exact=exact)["p_value"]
    row |= {"estimate": rank_biserial(values, counts), "p_value": p_value}
    test = f"Wilcoxon {'exact' if exact else 'asymptotique'}, {ZEROS['drop']}"
    try:
        low, high = rank_biserial_interval(values, counts)
    except StatisticsError as error:
        return row | {"method": f"{test} ; intervalle non calculable : {error.what}"}
    return row | {"ci_low": low, "ci_high": high, "method": f"{test} ; intervalle par projection"}


def signed_ranks(
    values: np.ndarray, counts: np.ndarray, zeros: str = "drop"
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return twice the midrank of |value| (integers), the sign, and the count of each value that is not zero.

    `zeros`: `drop` ranks without the zeros (Wilcoxon), `pratt` ranks with them.
    """
    check_option("zeros", zeros, ZEROS)
    kept = counts > 0 if zeros == "pratt" else (counts > 0) & (values != 0)
    values, counts = values[kept], counts[kept].astype(np.int64)
    sizes, place = np.unique(np.abs(values), return_inverse=True)
    tied = np.bincount(place, weights=counts, minlength=len(sizes)).astype(np.int64)
    doubled = 2 * (np.cumsum(tied) - tied) + tied + 1
    nonzero = values != 0
    return doubled[place][nonzero], np.sign(values)[nonzero], counts[nonzero]


def signed_rank_test(
    values: np.ndarray, counts: np.ndarray, *, zeros: str = "drop", exact: bool = True
) -> dict[str, float]:
    """Return v (sum of the ranks of increases), z, and the two-sided p-value.

    Exact: distribution of the sum of the ranks, each with probability one half, ties and zeros as they are, by
    dynamic programming on doubled ranks. Otherwise normal, without continuity correction:
    z = (sum of signed ranks) / sqrt(sum of squared ranks).
    """
    doubled, sign, counts = signed_ranks(values, counts, zeros)
    total, risen = int(doubled @ counts), int(doubled[sign > 0] @ counts[sign > 0])
    z = (2 * risen - total) / math.sqrt(float(doubled.astype(float) ** 2 @ counts))
    p_value = 2 * stats.norm.sf(abs(z))
    if exact:
        sums = _rank_sums(np.repeat(doubled, counts))
        distance = np.abs(2 * np.arange(total + 1) - total)
        p_value = min(1.0, sums[distance >= abs(2 * risen - total)].sum())
    return {"v": risen / 2, "z": z, "p_value": float(p_value)}


def _rank_sums(doubled: np.ndarray) -> np.ndarray:
    """Return the probability of each sum of doubled ranks taken or not with probability one half."""
    sums, reached = np.zeros(int(doubled.sum()) + 1), 0
    sums[0] = 1.0
    for rank in doubled:
        shifted = sums[: reached + 1].copy()
        sums[: reached + 1] *= 0.5
        sums[rank : rank + reached + 1] += 0.5 * shifted
        reached += int(rank)
    return sums


def rank_biserial(values: np.ndarray, counts: np.ndarray, *, zeros: str = "drop") -> float:
    """Return (ranks of increases - ranks of decreases) / all ranks of those who changed, Kerby (2014)."""
    doubled, sign, counts = signed_ranks(values, counts, zeros)
    return float((doubled * sign) @ counts / (doubled @ counts))


def rank_biserial_interval(
    values: np.ndarray, counts: np.ndarray, *, interval: str = "projection"
) -> tuple[float, float]:
    """Return the interval of the rank-biserial correlation, zeros dropped, on Fisher's z scale.

    `projection`: r is an average of sign(d_i + d_j) over pairs of persons; its variance is 4/m times that of each
    person's own average (Hoeffding 1948), divided by (1 - r^2)^2, Student on m - 1 df. Simulated coverage at
    n = 8, 20, 80: 93-97 % for no or moderate change, 84-95 % for a very large one.
    `fisher`: normal, variance under no change, as R effectsize; simulated coverage 77-94 %.
    Raises StatisticsError under three changes, or when all are of one sign.
    """
    check_option("interval", interval, INTERVALS)
    values, counts = values[values != 0], counts[values != 0]
    m = counts.sum()
    if m < 3:
        raise StatisticsError("moins de trois changements")
    r = rank_biserial(values, counts)
    if abs(r) == 1:
        raise StatisticsError("tous les changements vont dans le même sens")
    if interval == "fisher":
        half = stats.norm.ppf((1 + LEVEL) / 2) * math.sqrt((2 * m**3 + 3 * m**2 + m) / 6) / (m * (m + 1) / 2)
    else:
        own = (np.sign(values[:, None] + values[None, :]) @ counts - np.sign(values)) / (m - 1)
        variance = 4 / m * float(counts @ (own - own @ counts / m) ** 2 / (m - 1))
        half = stats.t.ppf((1 + LEVEL) / 2, m - 1) * math.sqrt(variance) / (1 - r**2)
    return math.tanh(math.atanh(r) - half), math.tanh(math.atanh(r) + half)
