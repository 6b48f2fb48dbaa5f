"""Polychoric correlations: those of the continuous traits that answers in a few ordered categories cut into steps."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import optimize, special

from impact.errors import StatisticsError
from impact.results import as_results
from impact.stats.items import NotComputable, item_values, not_computable
from impact.stats.reliability import raw_alpha

MOST_CATEGORIES = 12
LARGEST = 0.9999  # beyond, the likelihood has no maximum inside (-1, 1): the answers agree or disagree perfectly
ANGLES, WEIGHTS = np.polynomial.legendre.leggauss(64)  # 1e-10 on the bivariate normal up to LARGEST


@dataclass(frozen=True, eq=False)
class OrdinalTables:
    """Counts of every pair of categories of k ordinal items over complete rows.

    n : rows with every item answered; n_total : all rows. names : k items.
    tables : for items i < j, the counts (categories of i, categories of j), categories in increasing order.
    """

    n: int
    names: tuple[str, ...]
    tables: dict[tuple[int, int], np.ndarray]
    n_total: int


def ordinal_tables(items: pd.DataFrame) -> OrdinalTables:
    """Return the contingency tables of every pair of items (first pass over the answers).

    Parameters
    ----------
    items : one row per person, one column of ordered codes per item, at most 12 different ones;
        a row with any missing item is left out, and `n` counts those kept.

    Raises
    ------
    StatisticsError when an item has more than 12 different codes, or codes that are not numbers.
    """
    values = item_values(items)
    complete = values[~np.isnan(values).any(axis=1)]
    names = tuple(map(str, items.columns))
    coded = [np.unique(column, return_inverse=True) for column in complete.T]
    many = [name for name, (codes, _) in zip(names, coded, strict=True) if len(codes) > MOST_CATEGORIES]
    if many:
        raise StatisticsError(
            f"Plus de {MOST_CATEGORIES} valeurs différentes\u00a0: {', '.join(many)}.",
            remedy="La corrélation polychorique est faite pour des réponses en quelques modalités ordonnées.",
        )
    tables = {}
    for i, j in combinations(range(len(names)), 2):
        counts = np.zeros((len(coded[i][0]), len(coded[j][0])))
        np.add.at(counts, (coded[i][1], coded[j][1]), 1)
        tables[i, j] = counts
    return OrdinalTables(len(complete), names, tables, len(items))


def polychoric_correlations(tables: OrdinalTables) -> pd.DataFrame:
    """Return the polychoric correlation of every pair of items.

    Parameters
    ----------
    tables : counts of k >= 2 items over n >= 3 complete rows.

    Returns
    -------
    Rows `scale, category, statistic, n, estimate, method`: `polychoric_correlation` of the items named in `scale`
        and `category`; NaN and the reason where an item does not vary or the answers agree perfectly.

    Notes
    -----
    Two steps: thresholds a, b from each item's cumulative shares; then the correlation r that maximises
    sum n_ij log P_ij(r), P_ij the bivariate normal probability of the cell. Empty cells are left empty.
    Source: Olsson (1979). Checked against R polycor::polychor and psych::polychoric (polychoric_bfi_agree).
    """
    rows = []
    for (i, j), counts in tables.tables.items():
        row = {"scale": tables.names[i], "category": tables.names[j], "statistic": "polychoric_correlation"}
        try:
            found = {"estimate": polychoric(counts), "method": "corrélation polychorique en deux étapes"}
        except NotComputable as reason:
            found = not_computable(["polychoric_correlation"], tables.n, reason)[0]
        rows.append({"n": tables.n, **row, **found})
    return as_results(rows)


def ordinal_alpha(tables: OrdinalTables) -> pd.DataFrame:
    """Return the ordinal alpha, the standardised alpha of the polychoric correlations.

    Parameters
    ----------
    tables : counts of k >= 2 items over n >= 3 complete rows.

    Returns
    -------
    One row `statistic` (ordinal_alpha), `n, estimate, method`; NaN and the reason where a correlation is missing.

    Notes
    -----
    k / (k - 1) (1 - k / sum R), R the polychoric correlations. It says how reliable the continuous traits would be,
    not the score that is used: never publish it in place of alpha.
    Source: Zumbo, Gadermann & Zeisser (2007). Checked against psych::alpha of psych::polychoric.
    """
    k = len(tables.names)
    try:
        if k < 2:
            raise NotComputable("il faut au moins 2 items")
        correlations = np.eye(k)
        for (i, j), counts in tables.tables.items():
            correlations[i, j] = correlations[j, i] = polychoric(counts)
        value = raw_alpha(correlations)
    except NotComputable as reason:
        return as_results(not_computable(["ordinal_alpha"], tables.n, reason))
    words = "alpha standardisé des corrélations polychoriques"
    return as_results([{"statistic": "ordinal_alpha", "n": tables.n, "estimate": value, "method": words}])


def polychoric(counts: np.ndarray) -> float:
    """Return the two-step polychoric correlation of a table of counts, or raise NotComputable."""
    if counts.sum() < 3:
        raise NotComputable(f"il faut au moins 3 réponses complètes (il y en a {int(counts.sum())})")
    if min(counts.shape) < 2:
        raise NotComputable("réponses toutes identiques à un item")
    cuts = thresholds(counts.sum(axis=1)), thresholds(counts.sum(axis=0))

    def slope(correlation: float) -> float:
        cells, slopes = _cells(cuts, correlation)
        return float((counts / np.maximum(cells, 1e-300) * slopes)[counts > 0].sum())

    if slope(-LARGEST) <= 0 or slope(LARGEST) >= 0:
        raise NotComputable("les réponses à deux items s’accordent ou s’opposent parfaitement")
    return optimize.brentq(slope, -LARGEST, LARGEST, xtol=1e-12)


def thresholds(counts: np.ndarray) -> np.ndarray:
    """Return the normal quantiles of the cumulative shares of c categories, without the last (c - 1,)."""
    return special.ndtri(np.cumsum(counts)[:-1] / counts.sum())


def _cells(cuts: tuple[np.ndarray, np.ndarray], correlation: float) -> tuple[np.ndarray, np.ndarray]:
    """Return each cell's bivariate normal probability, and its derivative by the correlation."""
    a, b = cuts[0][:, None], cuts[1][None, :]
    shape = (len(cuts[0]) + 2, len(cuts[1]) + 2)
    cumulated, density = np.zeros(shape), np.zeros(shape)
    cumulated[1:-1, -1], cumulated[-1, 1:-1], cumulated[-1, -1] = special.ndtr(cuts[0]), special.ndtr(cuts[1]), 1
    cumulated[1:-1, 1:-1] = bivariate_normal(a, b, correlation)
    rest = 1 - correlation**2
    density[1:-1, 1:-1] = np.exp(-(a**2 - 2 * correlation * a * b + b**2) / (2 * rest)) / (2 * np.pi * np.sqrt(rest))
    return tuple(np.diff(np.diff(corners, axis=0), axis=1) for corners in (cumulated, density))


def bivariate_normal(a: np.ndarray, b: np.ndarray, correlation: float) -> np.ndarray:
    """Return P(X < a, Y < b) for standard normals, by Gauss-Legendre over the angle (Drezner & Wesolowsky 1990)."""
    half = np.arcsin(correlation) / 2
    sine = np.sin(half * (ANGLES + 1))
    a, b = np.broadcast_arrays(a, b)
    exponent = (a[..., None] ** 2 + b[..., None] ** 2 - 2 * a[..., None] * b[..., None] * sine) / (2 * (1 - sine**2))
    return special.ndtr(a) * special.ndtr(b) + half * (np.exp(-exponent) @ WEIGHTS) / (2 * np.pi)
