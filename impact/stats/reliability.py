"""Reliability of a scale from its items' moments: Cronbach's alpha, McDonald's omega total, measurement error."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from impact.results import as_results
from impact.stats.items import (
    ItemMoments,
    NotComputable,
    check_level,
    correlation,
    not_computable,
    require_independent,
    require_spread,
)
from impact.stats.one_factor import omega_and_error

ALPHAS = ("alpha", "alpha_feldt", "alpha_duhachek", "alpha_standardised", "sem")
OMEGAS = ("omega_total", "omega_total_wald")


def alpha(moments: ItemMoments, *, level: float = 0.95) -> pd.DataFrame:
    """Return Cronbach's alpha with its intervals, what each item brings, and the error of measurement.

    Parameters
    ----------
    moments : moments of k items over n complete rows, k >= 2, n >= 3.
    level : level of the intervals, in (0, 1).

    Returns
    -------
    Rows `statistic, category, n, estimate, std_error, ci_low, ci_high, method`; n = complete rows.
        alpha : raw alpha, Bonett's interval (the default one).
        alpha_feldt : raw alpha, Feldt's interval.
        alpha_duhachek : raw alpha, its asymptotic standard error and normal interval.
        alpha_standardised : alpha of the correlation matrix.
        sem : standard error of measurement of the score; `category` is `sum` or `mean` of the items.
        alpha_if_dropped : raw alpha without the item named in `category`.
        item_rest_correlation : correlation of that item with the sum of the others.
        Too few items or rows, or an item that does not vary: NaN, and `method` says why.

    Raises
    ------
    StatisticsError for a level outside (0, 1).

    Notes
    -----
    V the covariance matrix, s = 1'V1: alpha = k / (k - 1) (1 - tr V / s).
    sem = sqrt(s (1 - alpha)) for the sum, divided by k for the mean.
    Bonett (2002): 1 - (1 - alpha) exp(+- z sqrt(2k / ((k - 1)(n - 2)))).
    Feldt, Woodruff & Salih (1987): 1 - (1 - alpha) F, with n - 1 and (n - 1)(k - 1) degrees of freedom.
    Duhachek & Iacobucci (2004): ase = sqrt(Q / n), Q = 2k^2 (s (tr V^2 + (tr V)^2) - 2 tr V 1'V^2 1) / ((k - 1)^2 s^3).
    Checked against R psych::alpha and psych::alpha.ci (alpha_*.json).
    """
    check_level(level)
    try:
        require_spread(moments)
        value = raw_alpha(moments.covariance)
    except NotComputable as reason:
        return as_results(not_computable(ALPHAS, moments.n, reason))
    rows = [*_interval_rows(moments, value, level), *_sem_rows(moments, value), *_item_rows(moments)]
    return as_results([{"n": moments.n, **row} for row in rows])


def omega_total(moments: ItemMoments, *, level: float = 0.95) -> pd.DataFrame:
    """Return McDonald's omega total of one factor, with its logit (default) and Wald intervals.

    Parameters
    ----------
    moments : moments of k items over n complete rows, k >= 3, n > k.
    level : level of the intervals, in (0, 1).

    Returns
    -------
    Rows `statistic, n, estimate, std_error, ci_low, ci_high, method`: `omega_total` (logit) and `omega_total_wald`.
        One factor not identified, a singular covariance matrix, a negative residual variance: NaN and the reason.

    Raises
    ------
    StatisticsError for a level outside (0, 1).

    Notes
    -----
    Loadings l and residual variances t by maximum likelihood: omega = (sum l)^2 / ((sum l)^2 + sum t); its standard
    error by the delta method from the expected information. The logit interval stays within (0, 1).
    Source: McDonald (1999); Raykov (2002). Checked against lavaan (omega_*.json, lavaan_ML). psych::omega gives
    1 - sum(u2) / sum(R), another coefficient.
    """
    check_level(level)
    try:
        require_spread(moments, items=3)
        require_independent(moments.covariance)
        value, error = omega_and_error(moments)
    except NotComputable as reason:
        return as_results(not_computable(OMEGAS, moments.n, reason))
    z = stats.norm.ppf((1 + level) / 2)
    centre, half = np.log(value / (1 - value)), z * error / (value * (1 - value))
    logit = 1 / (1 + np.exp(-(centre + np.array([-half, half]))))
    wald = value + np.array([-1, 1]) * z * error
    common = {"n": moments.n, "estimate": value, "std_error": error}
    found = zip(OMEGAS, (logit, wald), ("intervalle logit", "intervalle de Wald"), strict=True)
    return as_results(
        {"statistic": name, **common, "ci_low": low, "ci_high": high, "method": f"oméga total à un facteur, {words}"}
        for name, (low, high), words in found
    )


def raw_alpha(covariance: np.ndarray) -> float:
    """Return k / (k - 1) (1 - trace / sum) of a covariance matrix, NaN for one item; NotComputable if the sum is 0."""
    k, total = len(covariance), covariance.sum()
    if k < 2:
        return np.nan
    if total <= 1e-12 * np.trace(covariance):
        raise NotComputable("les items s’annulent\u00a0: vérifiez lesquels sont à inverser")
    return k / (k - 1) * (1 - np.trace(covariance) / total)


def _interval_rows(moments: ItemMoments, value: float, level: float) -> list[dict[str, object]]:
    n, k, tails = moments.n, len(moments.names), np.array([(1 - level) / 2, (1 + level) / 2])
    z = stats.norm.ppf(tails)
    error = _duhachek_error(moments)
    bonett = 1 - (1 - value) * np.exp(-z * np.sqrt(2 * k / ((k - 1) * (n - 2))))
    feldt = 1 - (1 - value) * stats.f.ppf(tails[::-1], n - 1, (n - 1) * (k - 1))
    duhachek = value + z * error
    found = zip(ALPHAS, (bonett, feldt, duhachek), ("Bonett", "Feldt", "Duhachek et Iacobucci"), strict=False)
    rows = [
        {"statistic": name, "estimate": value, "ci_low": low, "ci_high": high, "method": f"intervalle de {author}"}
        for name, (low, high), author in found
    ]
    rows[2]["std_error"] = error
    standardised = raw_alpha(correlation(moments.covariance))
    return [*rows, {"statistic": "alpha_standardised", "estimate": standardised, "method": "matrice de corrélations"}]


def _duhachek_error(moments: ItemMoments) -> float:
    v, k = moments.covariance, len(moments.names)
    total, trace, square = v.sum(), np.trace(v), v @ v
    spread = total * (np.trace(square) + trace**2) - 2 * trace * square.sum()
    return np.sqrt(max(spread, 0) * 2 * k**2 / ((k - 1) ** 2 * total**3) / moments.n)


def _sem_rows(moments: ItemMoments, value: float) -> list[dict[str, object]]:
    error = np.sqrt(moments.covariance.sum() * max(1 - value, 0))
    found = {"sum": error, "mean": error / len(moments.names)}
    words = "erreur type de mesure, d’après l’alpha"
    return [{"statistic": "sem", "category": c, "estimate": e, "method": words} for c, e in found.items()]


def _item_rows(moments: ItemMoments) -> list[dict[str, object]]:
    rows = []
    for i, name in enumerate(moments.names):
        rest = np.delete(np.delete(moments.covariance, i, 0), i, 1)
        with_rest = moments.covariance[i].sum() - moments.covariance[i, i]
        scale = np.sqrt(moments.covariance[i, i] * max(rest.sum(), 0))
        dropped, why_not = _alpha_or_reason(rest)
        rest_words = "item et somme des autres" if scale > 0 else "non calculable\u00a0: somme des autres constante"
        rest_value = with_rest / scale if scale > 0 else np.nan
        rows += [
            {"statistic": "alpha_if_dropped", "category": name, "estimate": dropped, "method": why_not},
            {"statistic": "item_rest_correlation", "category": name, "estimate": rest_value, "method": rest_words},
        ]
    return rows


def _alpha_or_reason(rest: np.ndarray) -> tuple[float, str]:
    if len(rest) < 2:
        return np.nan, "non calculable\u00a0: il ne resterait qu’un item"
    try:
        return raw_alpha(rest), "alpha sans cet item"
    except NotComputable as reason:
        return np.nan, f"non calculable\u00a0: {reason}"
