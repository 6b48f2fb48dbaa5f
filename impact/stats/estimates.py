"""What every estimate shares: its Student or normal interval, and how one says that it cannot be computed."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cache

import numpy as np
import pandas as pd
from scipy import stats

from impact.errors import StatisticsError, nearest

LEVEL = 0.95
NOISE = 1e-10  # scores are means of a few items: what is smaller than this is binary noise, not a difference


def not_computable(reason: str) -> dict[str, object]:
    """Return the part of a result row which says that there is no estimate, and why."""
    return {"estimate": math.nan, "method": f"non calculable : {reason}"}


def student(estimate: float, std_error: float, df: float, *, test: bool = True) -> dict[str, object]:
    """Return estimate, std_error, ci_low, ci_high, df and, if `test`, the two-sided p-value against zero."""
    half = _quantile(df) * std_error
    row = {
        "estimate": estimate,
        "std_error": std_error,
        "ci_low": estimate - half,
        "ci_high": estimate + half,
        "df": df,
    }
    return row | {"p_value": 2 * stats.t.sf(abs(estimate) / std_error, df)} if test else row


@cache
def _quantile(df: float) -> float:
    """Student's quantile of the interval: hundreds of results have the same degrees of freedom."""
    return stats.t.ppf((1 + LEVEL) / 2, df)


def mean_row(n: float, mean: float, variance: float) -> dict[str, object]:
    """Return a mean with its Student interval, from the count, the mean and the variance (n - 1)."""
    if n < 2:
        return not_computable("moins de deux personnes")
    if variance <= (NOISE * max(1.0, abs(mean))) ** 2:
        return not_computable("toutes les valeurs sont identiques")
    return student(mean, math.sqrt(variance / n), n - 1, test=False) | {"method": "moyenne, intervalle de Student"}


def persons(table: pd.DataFrame) -> np.ndarray:
    """Return how many persons share each row: the column `persons`, or one each."""
    return table["persons"].to_numpy(float) if "persons" in table else np.ones(len(table))


def require_columns(table: pd.DataFrame, names: Iterable[str]) -> None:
    """Raise StatisticsError, naming the nearest column, unless the table has all these columns."""
    for name in names:
        if name not in table.columns:
            raise StatisticsError(f"La colonne « {name} » manque.", remedy=nearest(name, map(str, table.columns)))


def require_rows(table: pd.DataFrame, what: str) -> None:
    """Raise StatisticsError if the table is empty."""
    if table.empty:
        raise StatisticsError(f"{what} : la table est vide.", remedy="Vérifier l’échelle, les vagues et les filtres.")
