"""How much the associations truly differ: between-association variance, its interval, Q, I2; and ICC(1)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy import optimize, stats

from impact.errors import check_option
from impact.results import as_results
from impact.stats.estimates import LEVEL, not_computable, require_columns

TAU2_METHODS = ("REML", "PM", "DL")


def weighted_mean(y: np.ndarray, v: np.ndarray, tau2: float) -> tuple[np.ndarray, float]:
    """Return the weights 1 / (v + tau2) and the mean of y that they give."""
    weights = 1 / (v + tau2)
    return weights, float(weights @ y / weights.sum())


def generalised_q(y: np.ndarray, v: np.ndarray, tau2: float = 0.0) -> float:
    """Return the sum of (y - mean)^2 / (v + tau2): Cochran's Q when tau2 is 0."""
    weights, mean = weighted_mean(y, v, tau2)
    return float(weights @ (y - mean) ** 2)


def between_variance(y: np.ndarray, v: np.ndarray, method: str = "REML") -> float:
    """Return tau2, the variance of the true values between associations, 0 or more.

    Parameters
    ----------
    y, v : estimates and their sampling variances (above 0), two associations or more.
    method : REML, PM (Paule, Mandel 1982: Q(tau2) = k - 1) or DL (DerSimonian, Laird 1986).

    REML: root of sum w^2 (y - mean)^2 - (sum w - sum w^2 / sum w), Viechtbauer (2005). Referee: R
    metafor::rma, meta_*.json.
    """
    check_option("method", method, TAU2_METHODS)
    if method == "DL":
        weights = 1 / v
        scale = weights.sum() - (weights**2).sum() / weights.sum()
        return max(0.0, (generalised_q(y, v) - (len(y) - 1)) / scale)
    return _root(
        lambda tau2: _restricted_score(y, v, tau2) if method == "REML" else generalised_q(y, v, tau2) - len(y) + 1, v
    )


def _restricted_score(y: np.ndarray, v: np.ndarray, tau2: float) -> float:
    weights, mean = weighted_mean(y, v, tau2)
    squares = weights**2
    return float(squares @ (y - mean) ** 2 - (weights.sum() - squares.sum() / weights.sum()))


def _root(score: Callable[[float], float], v: np.ndarray) -> float:
    """Return where a score that ends below zero crosses it, 0 if it starts below."""
    if score(0.0) <= 0:
        return 0.0
    high = float(v.mean())
    while score(high) > 0:
        high *= 2
    return float(optimize.brentq(score, 0.0, high, xtol=1e-15 * high, rtol=1e-14))


def between_interval(y: np.ndarray, v: np.ndarray) -> tuple[float, float]:
    """Return the Q-profile interval of tau2: where Q(tau2) is the 97.5 % and 2.5 % quantile of chi2 on k - 1 df.

    Source: Viechtbauer (2007). Referee: R metafor::confint, meta_*.json.
    """
    quantiles = stats.chi2.ppf([(1 + LEVEL) / 2, (1 - LEVEL) / 2], len(y) - 1)
    low, high = (_root(lambda tau2, q=q: generalised_q(y, v, tau2) - q, v) for q in quantiles)
    return low, high


def inconsistency(tau2: float, v: np.ndarray) -> float:
    """Return I2 (0-1): tau2 / (tau2 + typical sampling variance), Higgins, Thompson (2002)."""
    weights = 1 / v
    typical = (len(v) - 1) / (weights.sum() - (weights**2).sum() / weights.sum())
    return tau2 / (tau2 + typical)


def icc1(groups: pd.DataFrame) -> pd.DataFrame:
    """Return the share of the variance of scores that lies between associations.

    Parameters
    ----------
    groups : one row per association, columns n (persons), mean, variance (divisor n - 1; any value for one person).
        Rows without anybody are left out.

    Returns
    -------
    Results, one row, statistic icc1: n (persons), estimate (can be negative), ci_low, ci_high, df (within), p_value,
    method; NaN and the reason if it cannot be computed.

    Raises
    ------
    StatisticsError for a missing column.

    Formula
    -------
    (MSB - MSW) / (MSB + (n0 - 1) MSW), n0 = (N - sum n^2 / N) / (k - 1). Interval: Searle (1971), with n0 in place of
    the common n. Referee: R aov, multilevel::ICC1 (icc_sai7_score_pre.json, icc1_n0 and ci_searle_n0).
    """
    require_columns(groups, ("n", "mean", "variance"))
    used = groups[groups["n"] > 0]
    n, mean = used["n"].to_numpy(float), used["mean"].to_numpy(float)
    total, k = n.sum(), len(n)
    row = {"statistic": "icc1", "n": int(total)}
    if k < 2 or total <= k:
        return as_results([row | not_computable("il faut deux associations et plus d’une personne par association")])
    squares = np.where(n > 1, (n - 1) * used["variance"].to_numpy(float), 0.0).sum()
    if squares <= 0:
        return as_results([row | not_computable("les scores ne varient pas dans les associations")])
    within = squares / (total - k)
    f = float(n @ (mean - n @ mean / total) ** 2 / (k - 1) / within)
    n0 = (total - n @ n / total) / (k - 1)
    high, low = (f / stats.f.ppf(p, k - 1, total - k) for p in ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    values = {name: (x - 1) / (x + n0 - 1) for name, x in (("estimate", f), ("ci_low", low), ("ci_high", high))}
    p_value = float(stats.f.sf(f, k - 1, total - k))
    return as_results([row | values | {"df": total - k, "p_value": p_value, "method": "ICC(1), intervalle de Searle"}])
