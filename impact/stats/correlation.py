"""How two scores go together: Pearson, Spearman, Kendall."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from impact.results import as_results
from impact.stats.estimates import LEVEL, NOISE, not_computable, require_columns


def correlations(data: pd.DataFrame, x: str, y: str) -> pd.DataFrame:
    """Return the three usual correlations of two columns of scores.

    Parameters
    ----------
    data : one row per person; numeric columns `x` and `y`; a person with a missing value is left out.
    x, y : names of the columns.

    Returns
    -------
    Results, three rows, statistic pearson, spearman, kendall_tau_b: n (persons), estimate (-1 to 1), ci_low, ci_high
    (Pearson only: Fisher's z), p_value, method; NaN and the reason under four persons or without variation.

    Raises
    ------
    StatisticsError for a missing column. Referee: R cor.test, cor_sai7.json.
    """
    require_columns(data, (x, y))
    used = data[[x, y]].astype(float).dropna().to_numpy()
    n = {"n": len(used)}
    why = "moins de quatre personnes" if len(used) < 4 else ""
    if not why and (np.ptp(used, axis=0) <= NOISE).any():
        why = "l’un des scores ne varie pas"
    if why:
        names = ("pearson", "spearman", "kendall_tau_b")
        return as_results({"statistic": name} | n | not_computable(why) for name in names)
    a, b = used.T
    pearson, spearman, kendall = stats.pearsonr(a, b), stats.spearmanr(a, b), stats.kendalltau(a, b)
    low, high = pearson.confidence_interval(LEVEL)
    tests = {
        "pearson": (pearson, "Pearson, intervalle de Fisher"),
        "spearman": (spearman, "Spearman"),
        "kendall_tau_b": (kendall, "Kendall, tau b"),
    }
    rows = [
        {"statistic": name} | n | {"estimate": test.statistic, "p_value": test.pvalue, "method": method}
        for name, (test, method) in tests.items()
    ]
    return as_results([rows[0] | {"ci_low": low, "ci_high": high}, *rows[1:]])
