"""Confirmatory factor analysis by maximum likelihood: does the questionnaire hold together as its author says?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd
from scipy import stats

from impact.errors import StatisticsError
from impact.results import as_results
from impact.stats.factor_design import Factor, factor, measurement, relations
from impact.stats.factor_model import Entry, FactorModel, Label, Moments
from impact.stats.fit_indices import INDICES, Data, fit_rows
from impact.stats.items import ItemMoments, NotComputable, not_computable, require_independent, require_spread
from impact.stats.maximum_likelihood import Estimate, complete_block, estimate
from impact.stats.missing import PatternMoments, em_moments

AnyMoments = ItemMoments | PatternMoments
Factors = Mapping[str, Sequence[str]]


def cfa(moments: AnyMoments, factors: Factors) -> pd.DataFrame:
    """Return the fit, loadings and factor correlations of a model in which each item measures one factor.

    Parameters
    ----------
    moments : of the p items of the model and no others; ItemMoments for complete rows, or PatternMoments so that rows
        with missing items count too (full information, answers missing at random). More rows than items.
    factors : items of each factor, at least 3 for a factor alone, every item in one factor.
        The first item of a factor sets its unit (loading 1).

    Returns
    -------
    Rows `scale, category, statistic, n, estimate, std_error, ci_low, ci_high, df, p_value, method`.
        chi2, cfi, tli, rmsea, srmr : see `fit_indices.fit_rows`.
        loading, loading_standardised : `scale` the factor, `category` the item.
        residual_variance : `category` the item. factor_variance : `scale` the factor.
        factor_covariance, factor_correlation : `scale` and `category` the two factors.
        p_value : of a zero value, normal. Where the model cannot be estimated: the fit indices NaN, with the reason.

    Raises
    ------
    StatisticsError when the items of the factors are not those of the moments, each once.

    Notes
    -----
    Source: Joreskog (1969). Checked against lavaan::cfa, estimator ML, and missing = "fiml"
    (cfa1_holzinger, cfa3_holzinger, synth7_cfa1, synth7_cfa3, synth7_cfa3_fiml).
    """
    check_factors(moments, factors)
    try:
        data = gather([moments])
        fit = estimate(factor_model([moments.names], factors, data.moments), data.blocks)
        require_proper(fit)
    except NotComputable as reason:
        return as_results(not_computable(INDICES, moments.n, reason))
    indices = fit_rows(fit, data, with_means=isinstance(moments, PatternMoments))
    found = [*_raw_rows(fit), *_standardised_rows(fit, moments.names, factors)]
    return as_results([*indices, *({"n": moments.n, **row} for row in found)])


def check_factors(moments: AnyMoments, factors: Factors) -> None:
    """Raise StatisticsError unless the factors share out exactly the items of the moments."""
    listed = [item for items in factors.values() for item in items]
    wrong = sorted(set(listed) ^ set(moments.names)) or sorted({item for item in listed if listed.count(item) > 1})
    if wrong:
        raise StatisticsError(
            f"Les items du modèle ne sont pas ceux des réponses\u00a0: {', '.join(wrong)}.",
            remedy="Placez chaque item dans un facteur, et un seul.",
        )


def gather(groups: Sequence[AnyMoments]) -> Data:
    """Return the groups' blocks, unrestricted moments and sizes; NotComputable where a covariance is singular."""
    blocks, found = [], []
    for number, moments in enumerate(groups):
        if isinstance(moments, PatternMoments):
            its_blocks, its_moments = moments.blocks, em_moments(moments)
        else:
            require_spread(moments)
            require_independent(moments.covariance)
            its_blocks = (complete_block(moments),)
            its_moments = its_blocks[0].mean, its_blocks[0].covariance
        blocks += [block._replace(group=number) for block in its_blocks]
        found.append(its_moments)
    return Data(tuple(blocks), found, tuple(moments.n for moments in groups))


def require_proper(fit: Estimate) -> None:
    """Raise NotComputable where a residual or factor variance is negative, which no population has."""
    for group in fit.model.matrices(fit.parameters):
        lowest = min(np.linalg.eigvalsh(group.residual)[0], np.linalg.eigvalsh(group.factor_covariance)[0])
        if lowest <= 0:
            raise NotComputable("une variance estimée est négative (cas de Heywood)")


def factor_model(
    names: Sequence[Sequence[str]], factors: Factors, moments: Moments, *, held_equal: Sequence[str] = ()
) -> FactorModel:
    """Return the model of each group, the parameters whose kind is in `held_equal` being common to all groups.

    `names` are each group's items in the order of its `moments`; kinds: loading, intercept, residual_variance.
    The first item of each factor has loading 1; factor means are 0, and free after the first group where
    intercepts are held equal.
    """
    entries: list[Entry] = []
    for group, its in enumerate(moments):
        row = {name: i for i, name in enumerate(names[group])}
        placed = [
            factor((group, column), name, {item: row[item] for item in items}, its[1], marker=True)
            for column, (name, items) in enumerate(factors.items())
        ]
        for one in placed:
            entries += measurement(one, its, partial(_label, one, held_equal))
            if group and "intercept" in held_equal:
                entries.append(Entry(group, "factor_mean", one.column, 0, ("factor_mean", one.name, "", str(group)), 0))
        entries += relations(placed, its[1])
    return FactorModel(len(moments[0][0]), len(factors), len(moments), tuple(entries))


def _label(one: Factor, held_equal: Sequence[str], kind: str, item: str, first: bool) -> Label:
    if kind == "loading" and first:
        return ()
    return (kind, one.name if kind == "loading" else "", item, "" if kind in held_equal else str(one.group))


def _raw_rows(fit: Estimate) -> list[dict[str, object]]:
    return [
        _row(label[0], label[1:3], value, fit.error(label), "maximum de vraisemblance, repère\u00a0: premier item")
        for label, value in zip(fit.model.labels, fit.parameters, strict=True)
        if label[0] != "intercept"
    ]


def _standardised_rows(fit: Estimate, names: Sequence[str], factors: Factors) -> list[dict[str, object]]:
    which = [(column, item) for column, items in enumerate(factors.values()) for item in items]
    columns, items = [column for column, _ in which], [item for _, item in which]
    rows, pairs = [names.index(item) for item in items], np.tril_indices(len(factors), -1)

    def standardised(parameters: np.ndarray) -> np.ndarray:
        at = fit.model.matrices(parameters)[0]
        spread, sd = np.sqrt(np.diag(at.covariance())), np.sqrt(np.diag(at.factor_covariance))
        loadings = at.loading * sd / spread[:, None]
        return np.concatenate([loadings[rows, columns], (at.factor_covariance / np.outer(sd, sd))[pairs]])

    values = standardised(fit.parameters)
    errors = _delta(standardised, fit)
    keys = [("loading_standardised", list(factors)[column], item) for column, item in which]
    keys += [("factor_correlation", list(factors)[b], list(factors)[a]) for a, b in zip(*pairs, strict=True)]
    words = "solution standardisée, erreur type par la méthode delta"
    return [_row(k[0], k[1:], v, e, words) for k, v, e in zip(keys, values, errors, strict=True)]


def _delta(function: Callable[[np.ndarray], np.ndarray], fit: Estimate) -> np.ndarray:
    """Return the standard errors of a function of the parameters, its slopes by complex steps (exact to 1e-15)."""
    steps = 1e-30j * np.eye(len(fit.parameters))
    slopes = np.array([function(fit.parameters + step).imag / 1e-30 for step in steps])
    return np.sqrt(np.einsum("ij,ik,kj->j", slopes, fit.covariance, slopes))


def _row(statistic: str, names: Sequence[str], value: float, error: float, method: str) -> dict[str, object]:
    scale, category = names
    z, half = value / error, stats.norm.ppf(0.975) * error
    return {
        "statistic": statistic, "scale": scale, "category": category, "estimate": value, "std_error": error,
        "ci_low": value - half, "ci_high": value + half, "p_value": 2 * stats.norm.sf(abs(z)), "method": method,
    }  # fmt: skip
