"""Weighted means of a survey, and weights raked to known shares of its population."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from impact.errors import StatisticsError
from impact.stats.estimates import NOISE, not_computable, require_columns, require_rows, student

CLOSE, ROUNDS = 1e-10, 1000  # raking stops when every share is met to 1e-10, or says that it cannot be


def weighted_mean(values: np.ndarray, weights: np.ndarray) -> dict[str, object]:
    """Return the weighted mean of a survey, as the part of a result row that says how sure it is.

    Parameters
    ----------
    values : one a person, NaN where there is none: the person is left out. weights : above 0, same order.

    Returns
    -------
    n (persons used), estimate, std_error, ci_low, ci_high, df, method; NaN and the reason under two persons or without
    variation. Weights are taken as given: raking makes the true error a little smaller.

    Raises
    ------
    StatisticsError for lengths that differ or weights that are not above 0.

    Formula
    -------
    m = sum w y / sum w, SE^2 = n/(n - 1) sum (w (y - m))^2 / (sum w)^2, Student on n - 1 df. Source: Lumley (2004).
    Referee: R survey::svymean, enquete_ponderee.json and synth7_attrition_cap.json.
    """
    values, weights = np.asarray(values, float), np.asarray(weights, float)
    if values.shape != weights.shape or not (weights > 0).all():
        raise StatisticsError("Les poids sont impossibles.", remedy="Un poids par personne, au-dessus de 0.")
    used = ~np.isnan(values)
    y, w, n = values[used], weights[used], int(used.sum())
    if n < 2 or np.ptp(y) <= NOISE:
        reason = "moins de deux personnes" if n < 2 else "toutes les valeurs sont identiques"
        return {"n": n} | not_computable(reason)
    mean = np.average(y, weights=w)
    error = np.sqrt(n / (n - 1) * ((w * (y - mean)) ** 2).sum()) / w.sum()
    return {"n": n} | student(mean, error, n - 1) | {"method": "moyenne pondérée, intervalle de Student"}


def rake(
    table: pd.DataFrame, margins: Mapping[str, Mapping[str, float]], weights: np.ndarray | None = None
) -> np.ndarray:
    """Return weights whose shares in each margin are those of the population.

    Parameters
    ----------
    table : one row a person. margins : column -> category -> share of the population; the shares add up to 1.
    weights : to start from, above 0; by default everybody the same.

    Returns
    -------
    Weights in the order of the rows, their mean 1.

    Raises
    ------
    StatisticsError for shares that do not add up to 1, a person in no declared category, an empty category, or
    margins that contradict one another.

    Formula: iterative proportional fitting, Deming, Stephan (1940). Referee: R survey::rake, enquete_ponderee.json.
    """
    require_columns(table, margins)
    require_rows(table, "Calage sur marges")
    weights = np.ones(len(table)) if weights is None else np.asarray(weights, float)
    groups = [(table[column].map(dict(shares)), column) for column, shares in margins.items()]
    for (wanted, column), shares in zip(groups, margins.values(), strict=True):
        _check_margin(table[column], wanted, shares)
    for _ in range(ROUNDS):
        furthest = 0.0
        for wanted, column in groups:
            shares = pd.Series(weights, table.index).groupby(table[column]).transform("sum") / weights.sum()
            furthest = max(furthest, float((wanted / shares - 1).abs().max()))
            weights = weights * (wanted / shares).to_numpy()
        if furthest <= CLOSE:
            return weights / weights.mean()
    raise StatisticsError("Les marges se contredisent : aucun poids ne les respecte toutes.", remedy="En retirer une.")


def _check_margin(answers: pd.Series, wanted: pd.Series, shares: Mapping[str, float]) -> None:
    name = answers.name
    if abs(sum(shares.values()) - 1) > 1e-6:
        raise StatisticsError(f"Les parts de « {name} » ne font pas 1.", remedy="Les donner de 0 à 1.")
    if wanted.isna().any():
        strange = ", ".join(sorted(answers[wanted.isna()].astype(str).unique()))
        raise StatisticsError(
            f"« {name} » a des réponses sans part déclarée ({strange}).",
            remedy="Les déclarer, ou écarter ces personnes.",
        )
    if empty := set(shares) - set(answers):
        raise StatisticsError(
            f"« {name} » : personne dans {', '.join(sorted(map(str, empty)))}.", remedy="Regrouper des modalités."
        )
