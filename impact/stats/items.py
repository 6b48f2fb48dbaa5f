"""Items summed up once: the small table from which reliability and structure are computed, and its flaws in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from impact.errors import StatisticsError

MIN_PERSONS, MIN_ITEMS = 30, 3
NUMBERS = ("estimate", "std_error", "ci_low", "ci_high", "df", "p_value")
SMALLEST_EIGENVALUE = 1e-10  # of a correlation matrix; below, an item repeats others exactly, up to binary noise


class NotComputable(StatisticsError):
    """The data do not allow this estimate: public functions turn it into a row that says why."""


@dataclass(frozen=True, eq=False)
class ItemMoments:
    """Mean and covariance of k items over complete rows.

    n : rows with every item answered; n_total : all rows.
    names : k item names; mean : (k,), covariance : (k, k), divisor n - 1, both in the items' unit.
    """

    n: int
    names: tuple[str, ...]
    mean: np.ndarray
    covariance: np.ndarray
    n_total: int


def judgeable(n: int, n_items: int) -> bool:
    """Tell whether reliability or structure may be judged: at least 3 items and 30 complete answers."""
    return n >= MIN_PERSONS and n_items >= MIN_ITEMS


def item_moments(items: pd.DataFrame) -> ItemMoments:
    """Return the moments of the items over complete rows (first pass over the answers).

    Parameters
    ----------
    items : one row per person, one numeric column per item, all keyed in the same direction;
        a row with any missing item (NaN, None or pd.NA) is left out, and `n` counts those kept.

    Returns
    -------
    ItemMoments; with no complete row, mean and covariance are NaN; with one, covariance is NaN.

    Raises
    ------
    StatisticsError without columns, with repeated names, or with values that are not finite numbers.

    Checked against R `cov(na.omit(x))`.
    """
    values = item_values(items)
    complete = values[~np.isnan(values).any(axis=1)]
    n, k = complete.shape
    mean, covariance = np.full(k, np.nan), np.full((k, k), np.nan)
    if n:
        origin = complete[0]
        mean = origin + (complete - origin).mean(axis=0)
    if n > 1:
        # differences from one row, so that a constant item has a variance of exactly zero
        covariance = np.atleast_2d(np.cov(complete - origin, rowvar=False))
    return ItemMoments(n, tuple(map(str, items.columns)), mean, covariance, len(items))


def item_values(items: pd.DataFrame) -> np.ndarray:
    """Return the answers as floats, NaN where missing, or raise a StatisticsError that names the faulty columns."""
    if items.shape[1] == 0:
        raise StatisticsError("Aucun item.", remedy="Donnez au moins une colonne de réponses.")
    names = list(map(str, items.columns))
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise StatisticsError(f"Items répétés\u00a0: {', '.join(repeated)}.", remedy="Donnez chaque item une fois.")
    columns = [_as_floats(items[name]) for name in items.columns]
    faulty = [name for name, column in zip(names, columns, strict=True) if column is None or np.isinf(column).any()]
    if faulty:
        raise StatisticsError(
            f"Valeurs qui ne sont pas des nombres\u00a0: {', '.join(faulty)}.",
            remedy="Donnez les codes des réponses, vides quand la réponse manque.",
        )
    return np.column_stack(columns)


def _as_floats(column: pd.Series) -> np.ndarray | None:
    try:
        return column.astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError):
        return None


def require_spread(moments: ItemMoments, *, n: int = 3, items: int = 2) -> None:
    """Raise NotComputable under `n` complete rows or `items` items, or where an item does not vary."""
    if len(moments.names) < items:
        raise NotComputable(f"il faut au moins {items} items")
    if moments.n < n:
        raise NotComputable(f"il faut au moins {n} réponses complètes (il y en a {moments.n})")
    constant = [name for name, v in zip(moments.names, np.diag(moments.covariance), strict=True) if not v > 0]
    if constant:
        raise NotComputable(f"réponses toutes identiques à {', '.join(constant)}")


def require_independent(covariance: np.ndarray) -> None:
    """Raise NotComputable where an item is an exact combination of others (too few rows, or repeated items)."""
    if np.linalg.eigvalsh(correlation(covariance))[0] < SMALLEST_EIGENVALUE:
        raise NotComputable(
            "des items se déduisent exactement les uns des autres, ou les réponses sont trop peu nombreuses"
        )


def check_level(level: float) -> None:
    """Raise StatisticsError unless the level of an interval lies in (0, 1)."""
    if not 0 < level < 1:
        raise StatisticsError(f"Niveau de confiance {level} impossible.", remedy="Donnez un nombre entre 0 et 1.")


def correlation(covariance: np.ndarray) -> np.ndarray:
    """Return the correlation matrix of a covariance matrix with positive variances."""
    scale = np.sqrt(np.diag(covariance))
    return covariance / np.outer(scale, scale)


def not_computable(statistics: Iterable[str], n: int, reason: object) -> list[dict[str, object]]:
    """Return one row per statistic, all its numbers NaN, its `method` saying why."""
    words = f"non calculable\u00a0: {reason}"
    return [{"statistic": name, "n": n, **dict.fromkeys(NUMBERS, np.nan), "method": words} for name in statistics]
