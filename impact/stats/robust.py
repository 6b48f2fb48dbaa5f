"""Regression on persons, with errors that allow for persons of one association being alike (CR2, Satterthwaite)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from impact.errors import StatisticsError
from impact.results import as_results
from impact.stats.estimates import require_columns, require_rows, student

FLAT = 1e-12  # eigenvalue of a residual-maker below which a cluster is fitted exactly


def cluster_robust(
    data: pd.DataFrame, outcome: str, predictors: tuple[str, ...] = (), *, cluster: str = "association"
) -> pd.DataFrame:
    """Return the coefficients of a linear regression with cluster-robust errors fit for few clusters.

    Parameters
    ----------
    data : one row per person; numeric `outcome` and `predictors`, `cluster` (two or more). Rows with a missing value
        among them are left out.
    outcome, predictors : columns; without predictors, the intercept is the mean of the outcome.
    cluster : column of the groups.

    Returns
    -------
    Results, one row per coefficient: category (intercept or the predictor's name), statistic coefficient, n (persons),
    estimate, std_error (CR2), ci_low, ci_high, df (Satterthwaite), p_value, method.

    Raises
    ------
    StatisticsError for a missing column, no row, one cluster, redundant predictors, or an exact fit.

    Formula
    -------
    V = M sum_j X_j' A_j e_j e_j' A_j X_j M, M = (X'X)^-1, A_j = (I - X_j M X_j')^(-1/2) (pseudo-inverse); df of
    c: (tr P)^2 / tr(P^2), P_ij = g_i' g_j, g_j = (I - H)_.j A_j X_j M c. Source: Bell, McCaffrey (2002);
    Pustejovsky, Tipton (2018). Referee: R clubSandwich, crobust_*.json.
    """
    require_columns(data, (outcome, *predictors, cluster))
    used = data[[outcome, *predictors, cluster]].dropna()
    require_rows(used, "Régression")
    names = ("intercept", *predictors)
    x = np.column_stack([np.ones(len(used)), *(used[name].to_numpy(float) for name in predictors)])
    y = used[outcome].to_numpy(float)
    _, place = np.unique(used[cluster].astype(str), return_inverse=True)
    if place.max() < 1:
        raise StatisticsError("Il n’y a qu’un groupe.", remedy="Utiliser l’évolution de cette association.")
    if np.linalg.matrix_rank(x) < x.shape[1]:
        raise StatisticsError("Les variables explicatives sont redondantes ou constantes.", remedy="En retirer une.")
    estimates, errors, dfs = _cr2(x, y, place)
    rows = zip(names, estimates, errors, dfs, strict=True)
    return as_results(
        {"category": name, "statistic": "coefficient", "n": len(used)}
        | student(estimate, error, df)
        | {"method": "régression, erreurs par groupe CR2, Satterthwaite"}
        for name, estimate, error, df in rows
    )


def _cr2(x: np.ndarray, y: np.ndarray, place: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    bread = np.linalg.inv(x.T @ x)
    estimates = bread @ x.T @ y
    residuals = y - x @ estimates
    if residuals @ residuals <= FLAT * max(1.0, y @ y):
        raise StatisticsError("Le modèle ajuste exactement les données.", remedy="Il faut des valeurs qui varient.")
    blocks = [np.flatnonzero(place == j) for j in range(place.max() + 1)]
    adjusted = [_adjusted(x[block], bread) for block in blocks]
    scores = np.array([a.T @ residuals[block] for a, block in zip(adjusted, blocks, strict=True)])
    variance = bread @ (scores.T @ scores) @ bread
    dfs = [_satterthwaite(x, bread, adjusted, blocks, contrast) for contrast in np.eye(x.shape[1])]
    return estimates, np.sqrt(np.diag(variance)), np.array(dfs)


def _adjusted(x: np.ndarray, bread: np.ndarray) -> np.ndarray:
    """Return A_j X_j, of shape (persons of the cluster, coefficients)."""
    values, vectors = np.linalg.eigh(np.eye(len(x)) - x @ bread @ x.T)
    inverse_root = np.where(values > FLAT, 1 / np.sqrt(np.where(values > FLAT, values, 1.0)), 0.0)
    return (vectors * inverse_root) @ vectors.T @ x


def _satterthwaite(
    x: np.ndarray, bread: np.ndarray, adjusted: list[np.ndarray], blocks: list[np.ndarray], contrast: np.ndarray
) -> float:
    columns = []
    for a, block in zip(adjusted, blocks, strict=True):
        own = a @ bread @ contrast
        column = -x @ (bread @ (x[block].T @ own))
        column[block] += own
        columns.append(column)
    products = np.array(columns) @ np.array(columns).T
    return float(np.trace(products) ** 2 / (products**2).sum())
