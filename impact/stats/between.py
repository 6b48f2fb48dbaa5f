"""Do associations differ in their change: Welch and Kruskal tests."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from impact.results import as_results
from impact.stats.effect_sizes import change_variance
from impact.stats.estimates import not_computable, require_columns, require_rows
from impact.stats.moments import MOMENTS

DECIMALS = 10  # binary noise of scale means would break ties


def welch_test(moments: pd.DataFrame) -> pd.DataFrame:
    """Return Welch's test that the mean change is the same in all associations.

    Parameters
    ----------
    moments : table of `pair_moments`, one scale. Associations under two pairs or without variation are left out.

    Returns
    -------
    Results, one row: statistic welch_f, n (pairs used), estimate (F), df (denominator), p_value, method; NaN and the
    reason with fewer than two associations.

    Raises
    ------
    StatisticsError for a missing column or an empty table.

    Formula
    -------
    w = n / s^2, F = sum w (d - d_w)^2 / (k - 1) / (1 + 2 (k - 2) L / (k^2 - 1)), df = (k^2 - 1) / (3 L), with
    L = sum (1 - w / sum w)^2 / (n - 1). Source: Welch (1951). Referee: R oneway.test, *between*.json.
    """
    require_columns(moments, MOMENTS)
    require_rows(moments, "Différences entre associations")
    variance = np.array([change_variance(group) for group in moments.itertuples()])
    used = (moments["n"].to_numpy() > 1) & (variance > 0)
    kept, k = moments[used], int(used.sum())
    n = kept["n"].to_numpy(float)
    row = {"statistic": "welch_f", "n": int(n.sum())}
    if k < 2:
        return as_results([row | not_computable("il faut deux associations dont les évolutions varient")])
    change, weight = (kept["mean_after"] - kept["mean_before"]).to_numpy(float), n / variance[used]
    spread = ((1 - weight / weight.sum()) ** 2 / (n - 1)).sum()
    f = weight @ (change - weight @ change / weight.sum()) ** 2 / (k - 1) / (1 + 2 * (k - 2) * spread / (k**2 - 1))
    df = (k**2 - 1) / (3 * spread)
    return as_results([row | {"estimate": f, "df": df, "p_value": stats.f.sf(f, k - 1, df), "method": "Welch"}])


def kruskal_test(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return the Kruskal-Wallis test that changes are distributed alike in all associations.

    Parameters
    ----------
    pairs : association, before, after; see `change.pairs`. Changes are rounded to 10 decimals.

    Returns
    -------
    Results, one row: statistic kruskal_h, n (pairs), estimate (H corrected for ties), df, p_value, method; NaN and the
    reason with one association or one single change. Referee: R kruskal.test, *between*.json.

    Raises
    ------
    StatisticsError for a missing column or an empty table.
    """
    require_columns(pairs, ("association", "before", "after"))
    require_rows(pairs, "Différences entre associations")
    change = (pairs["after"] - pairs["before"]).round(DECIMALS)
    samples = [group.to_numpy() for _, group in change.groupby(pairs["association"], observed=True)]
    row = {"statistic": "kruskal_h", "n": len(pairs)}
    if len(samples) < 2 or change.nunique() < 2:
        return as_results([row | not_computable("il faut deux associations dont les évolutions varient")])
    h, p_value = stats.kruskal(*samples)
    return as_results([row | {"estimate": h, "df": len(samples) - 1, "p_value": p_value, "method": "Kruskal-Wallis"}])
