"""Who did not come back: shares, first scores, a model of coming back, and the change weighted accordingly."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_linear_model import GLM, GLMResults
from statsmodels.tools.sm_exceptions import PerfectSeparationWarning
from statsmodels.tools.tools import add_constant

from impact.errors import StatisticsError
from impact.results import as_results
from impact.stats.estimates import LEVEL, NOISE, mean_row, not_computable, require_columns, require_rows
from impact.stats.moments import first_scores
from impact.stats.people import proportion
from impact.stats.weighting import weighted_mean


def returned(scores: pd.DataFrame, scale: str, before: str, after: str) -> pd.DataFrame:
    """Return everyone who has a first score, and whether they have a second one.

    Parameters and errors: as `change.pairs`. Returns association, participant, before (first score), returned (0, 1).
    """
    first, second = (first_scores(scores, scale, wave) for wave in (before, after))
    keys = ["association", "participant"]
    marked = first.merge(second[keys].assign(returned=1), on=keys, how="left").rename(columns={"score": "before"})
    return marked.assign(returned=marked["returned"].fillna(0).astype(int))


def attrition(returned: pd.DataFrame, *, by: tuple[str, ...] = ("association",)) -> pd.DataFrame:
    """Return who came back and how the first scores of the others differ.

    Parameters
    ----------
    returned : table of `returned`: before (float, no missing value), returned (0 or 1), and the columns of `by`.
    by : grouping columns; `()` for everybody together.

    Returns
    -------
    Results, four rows per group: statistic returned_share (n = all who began, estimate = share 0-1, Wilson interval),
    first_score_returned and first_score_lost (mean first scores, Student intervals) and returned_minus_lost
    (standardised difference of first scores, with its interval; see `standardised_difference`). NaN and the reason
    where one has no meaning.

    Raises
    ------
    StatisticsError for a missing column or an empty table.
    """
    require_columns(returned, ("before", "returned", *by))
    require_rows(returned, "Départs")
    groups = returned.groupby(list(by), dropna=False, observed=True) if by else [((), returned)]
    return as_results(dict(zip(by, key, strict=True)) | row for key, group in groups for row in _group_rows(group))


def _group_rows(group: pd.DataFrame) -> list[dict[str, object]]:
    came = group["returned"] == 1
    stayed, lost = group.loc[came, "before"].to_numpy(float), group.loc[~came, "before"].to_numpy(float)
    rows = [{"statistic": "returned_share"} | proportion(len(stayed), len(group))]
    for name, x in (("first_score_returned", stayed), ("first_score_lost", lost)):
        mean, variance = (x.mean(), x.var(ddof=1)) if len(x) > 1 else (math.nan, math.nan)
        rows.append({"statistic": name, "n": len(x)} | mean_row(len(x), mean, variance))
    return [*rows, {"statistic": "returned_minus_lost", "n": len(group)} | standardised_difference(stayed, lost)]


def standardised_difference(x: np.ndarray, y: np.ndarray) -> dict[str, object]:
    """Return the difference of two groups' means over their root mean variance, as part of a result row.

    d = (mean x - mean y) / s, s^2 = (v_x + v_y) / 2; variance d^2 (v_x^2/(n_x - 1) + v_y^2/(n_y - 1)) / (8 s^4)
    + (v_x/(n_x - 1) + v_y/(n_y - 1)) / s^2, normal interval. Source: Bonett (2008). Referee for d: R,
    synth7_attrition_cap.json (smd_resp_vs_drop).
    """
    if min(len(x), len(y)) < 2:
        return not_computable("moins de deux personnes dans l’un des groupes")
    variances, df = np.array([x.var(ddof=1), y.var(ddof=1)]), np.array([len(x) - 1, len(y) - 1])
    average = variances.mean()
    if average <= NOISE**2:
        return not_computable("toutes les valeurs sont identiques")
    d = (x.mean() - y.mean()) / math.sqrt(average)
    error = math.sqrt(d**2 * (variances**2 / df).sum() / (8 * average**2) + (variances / df).sum() / average)
    half = stats.norm.ppf((1 + LEVEL) / 2) * error
    limits = {"ci_low": d - half, "ci_high": d + half}
    return {"estimate": d, "std_error": error} | limits | {"method": "différence standardisée, intervalle de Bonett"}


def return_model(data: pd.DataFrame, predictors: tuple[str, ...], *, returned: str = "returned") -> GLMResults:
    """Return the fitted logistic regression of coming back on what was known at the beginning.

    Parameters
    ----------
    data : one row per person who began: `returned` (0 or 1) and numeric predictors, none missing.
    predictors : columns known at the beginning (first scores, age...).

    Returns
    -------
    statsmodels GLM results: params, bse, pvalues, deviance, fittedvalues (probabilities of coming back).

    Raises
    ------
    StatisticsError for a missing column or value, when all or none came back, or when predictors separate them.

    Referee: R glm(family = binomial), synth7_attrition_cap.json.
    """
    require_columns(data, (returned, *predictors))
    require_rows(data, "Modèle des départs")
    used = data[[returned, *predictors]].astype(float)
    if used.isna().to_numpy().any():
        raise StatisticsError(
            "Il manque des valeurs pour le modèle des départs.", remedy="Écarter ces personnes d’abord."
        )
    if used[returned].nunique() < 2:
        raise StatisticsError("Toutes les personnes sont revenues, ou aucune.", remedy="Il n’y a rien à modéliser.")
    x = add_constant(used[list(predictors)], has_constant="add")
    if np.linalg.matrix_rank(x) < x.shape[1]:
        raise StatisticsError("Les variables explicatives sont redondantes ou constantes.", remedy="En retirer une.")
    separated = "Ces variables séparent exactement les personnes revenues des autres."
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("error", PerfectSeparationWarning)
        try:
            fit = GLM(used[returned], x, family=Binomial()).fit(tol=1e-14, maxiter=100)
        except PerfectSeparationWarning as error:
            raise StatisticsError(separated, remedy="Retirer une variable.") from error
    if not (fit.fittedvalues.between(NOISE, 1 - NOISE)).all():
        raise StatisticsError(separated, remedy="Retirer une variable.")
    return fit


def weighted_change(change: np.ndarray, probability: np.ndarray) -> pd.DataFrame:
    """Return the mean change with each person weighted by the inverse of their probability of coming back.

    Parameters
    ----------
    change : after minus before of everyone who began; NaN = did not come back, or no second score: left out.
    probability : their probabilities of coming back (above 0, at most 1), same order; see `return_model`.

    Returns
    -------
    Results, one row: statistic weighted_change, n (persons used), estimate, std_error, ci_low, ci_high, df, p_value,
    method; NaN and the reason under two persons or without variation. A sensitivity analysis.

    Raises
    ------
    StatisticsError for lengths that differ or impossible probabilities.

    Formula
    -------
    m = sum w d / sum w, SE^2 = n/(n - 1) sum (w (d - m))^2 / (sum w)^2, Student on n - 1 df. Source: Lumley
    (2004). Referee: R survey::svymean, synth7_attrition_cap.json.
    """
    change, probability = np.asarray(change, float), np.asarray(probability, float)
    if change.shape != probability.shape or not ((probability > 0) & (probability <= 1)).all():
        raise StatisticsError("Les probabilités de retour sont impossibles.", remedy="Reprendre le modèle des départs.")
    row = weighted_mean(change, 1 / probability)
    if "df" in row:
        row["method"] = "pondérée par l’inverse de la probabilité de retour, intervalle de Student"
    return as_results([{"statistic": "weighted_change"} | row])
