"""One answer from several completed data sets: Rubin's rules."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from impact.errors import StatisticsError
from impact.results import as_results
from impact.stats.estimates import student


def combine_imputations(estimates: np.ndarray, variances: np.ndarray, *, n: int, parameters: int = 1) -> pd.DataFrame:
    """Return the estimate that several completed data sets give together.

    Parameters
    ----------
    estimates, variances : one per completed data set (two or more), variances above 0.
    n : persons. parameters : of the model estimated (1 for a mean).

    Returns
    -------
    Results, one row: statistic combined, n, estimate, std_error, ci_low, ci_high, df (Barnard-Rubin), p_value, method.

    Raises
    ------
    StatisticsError for fewer than two data sets, lengths that differ, or impossible variances or counts.

    Formula
    -------
    t = u + (1 + 1/m) b; lambda = (1 + 1/m) b / t; 1/df = 1/df_old + 1/df_obs, df_old = (m - 1) / lambda^2, df_obs =
    (c + 1)/(c + 3) c (1 - lambda), c = n - parameters. Source: Rubin (1987), Barnard, Rubin (1999). Referee: R
    mice::pool.scalar, pool_rubin.json.
    """
    q, u = np.asarray(estimates, float), np.asarray(variances, float)
    m, complete = len(q), n - parameters
    if m < 2 or len(u) != m or not (u > 0).all() or not np.isfinite(q).all() or complete < 1:
        raise StatisticsError(
            "Ces estimations ne se combinent pas.", remedy="Il faut deux imputations, variances positives."
        )
    between = (1 + 1 / m) * q.var(ddof=1)
    total = u.mean() + between
    share = between / total
    observed = (complete + 1) / (complete + 3) * complete * (1 - share)
    df = 1 / (share**2 / (m - 1) + 1 / observed)
    method = {"method": "règles de Rubin, degrés de liberté de Barnard et Rubin"}
    return as_results([{"statistic": "combined", "n": n} | student(float(q.mean()), math.sqrt(total), df) | method])
