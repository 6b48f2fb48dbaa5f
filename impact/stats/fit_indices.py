"""How well a factor model fits: chi-square, CFI, TLI, RMSEA and SRMR."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import optimize, special, stats

from impact.stats.factor_model import Moments
from impact.stats.maximum_likelihood import Block, Estimate, deviance, item_margins

RMSEA_LEVEL = 0.90
CLOSE_FIT = 0.05
INDICES = ("chi2", "cfi", "tli", "rmsea", "srmr")


class Data(NamedTuple):
    """What a model is fitted to: blocks of answers, each group's unrestricted moments, and its size."""

    blocks: tuple[Block, ...]
    moments: Moments
    sizes: tuple[int, ...]


class ChiSquare(NamedTuple):
    """A likelihood-ratio statistic against the unrestricted moments."""

    value: float
    df: int


def model_chi2(fit: Estimate, data: Data) -> ChiSquare:
    """Return the model's chi-square, its deviance beyond that of the unrestricted moments (N times F)."""
    p, groups = fit.model.n_items, fit.model.n_groups
    df = groups * (p * (p + 1) // 2 + p) - len(fit.parameters)
    return ChiSquare(max(fit.deviance - deviance(data.moments, data.blocks), 0.0), df)


def baseline_chi2(data: Data) -> ChiSquare:
    """Return the chi-square of items unrelated to one another, means and variances free in every group."""
    p = len(data.moments[0][0])
    independent = []
    for group in range(len(data.moments)):
        _, mean, variance = item_margins([block for block in data.blocks if block.group == group], p)
        independent.append((mean, np.diag(variance)))
    value = deviance(independent, data.blocks) - deviance(data.moments, data.blocks)
    return ChiSquare(value, len(data.moments) * p * (p - 1) // 2)


def fit_rows(fit: Estimate, data: Data, *, with_means: bool) -> list[dict[str, object]]:
    """Return one row per fit index.

    Parameters
    ----------
    fit, data : the fitted model and what it was fitted to.
    with_means : whether the means are part of the model, hence of the SRMR.

    Returns
    -------
    Rows `statistic, n, estimate, ci_low, ci_high, df, p_value, method` for chi2, cfi, tli, rmsea (90 % interval,
    p_value of RMSEA <= 0.05) and srmr; without degrees of freedom only chi2 and srmr are estimated.

    Notes
    -----
    c, d the model's chi-square and df, c0, d0 the baseline's: CFI = 1 - max(c - d, 0) / max(c0 - d0, c - d, 0);
    TLI = (c0/d0 - c/d) / (c0/d0 - 1); RMSEA = sqrt(G max(c - d, 0) / (N d)), N persons in G groups.
    Source: Bentler (1990); Steiger & Lind (1980). Checked against lavaan::fitMeasures (cfa*.json).
    """
    chi2, base, n, groups = model_chi2(fit, data), baseline_chi2(data), sum(data.sizes), len(data.sizes)
    rows = [{"statistic": "chi2", "estimate": chi2.value, "df": chi2.df, "method": "maximum de vraisemblance"}]
    if chi2.df > 0:
        rows[0]["p_value"] = stats.chi2.sf(*chi2)
        excess = max(chi2.value - chi2.df, 0.0)
        worst = max(excess, base.value - base.df)
        ratio = base.value / base.df
        rows += [
            {"statistic": "cfi", "estimate": 1 - excess / worst if worst > 0 else 1.0, "method": "CFI"},
            {"statistic": "tli", "estimate": (ratio - chi2.value / chi2.df) / (ratio - 1), "method": "TLI"},
            {"statistic": "rmsea", **rmsea(chi2, n, groups), "method": "intervalle à 90\u00a0% par décentrement"},
        ]
    else:
        words = "non calculable\u00a0: modèle juste identifié, sans degré de liberté"
        rows += [{"statistic": name, "estimate": np.nan, "method": words} for name in ("cfi", "tli", "rmsea")]
    rows.append({"statistic": "srmr", "estimate": srmr(fit, data, with_means=with_means), "method": "SRMR de Bentler"})
    return [{"n": n, **row} for row in rows]


def rmsea(chi2: ChiSquare, n: int, groups: int) -> dict[str, float]:
    """Return the RMSEA, its 90 % interval by inversion of the noncentral chi-square, and the test of close fit."""
    scale = groups / (n * chi2.df)
    low, high = (_noncentrality(chi2, p) for p in ((1 + RMSEA_LEVEL) / 2, (1 - RMSEA_LEVEL) / 2))
    return {
        "estimate": np.sqrt(max(chi2.value - chi2.df, 0.0) * scale),
        "ci_low": np.sqrt(low * scale),
        "ci_high": np.sqrt(high * scale),
        "p_value": 1 - special.chndtr(chi2.value, chi2.df, CLOSE_FIT**2 / scale),
    }


def srmr(fit: Estimate, data: Data, *, with_means: bool) -> float:
    """Return the root mean square of residuals over observed standard deviations, averaged over groups by n."""
    implied = fit.model.implied(fit.parameters)
    found = []
    for (mean, covariance), (its_mean, its_covariance) in zip(data.moments, implied, strict=True):
        scale = np.sqrt(np.diag(covariance))
        gaps = ((covariance - its_covariance) / np.outer(scale, scale))[np.tril_indices(len(scale))]
        if with_means:
            gaps = np.append(gaps, (mean - its_mean) / scale)
        found.append(np.sqrt(np.mean(gaps**2)))
    return float(np.average(found, weights=data.sizes))


def _noncentrality(chi2: ChiSquare, probability: float) -> float:
    def excess(noncentrality: float) -> float:
        return special.chndtr(chi2.value, chi2.df, noncentrality) - probability

    if excess(0.0) <= 0:
        return 0.0
    ceiling = chi2.value + 10 * np.sqrt(chi2.value) + 50
    return optimize.brentq(excess, 0.0, ceiling, xtol=1e-12, rtol=1e-14)
