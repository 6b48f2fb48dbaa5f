"""Several questions at once: p-values adjusted within each family of tests."""

from __future__ import annotations

import numpy as np
import pandas as pd
from statsmodels.stats.multitest import multipletests

from impact.errors import StatisticsError, check_option
from impact.stats.estimates import require_columns

METHODS = {"holm": "holm", "bh": "fdr_bh"}


def adjust(results: pd.DataFrame, *, method: str = "holm", family: tuple[str, ...] = ()) -> pd.DataFrame:
    """Return the results with p_adjusted, adjusted within each family.

    Parameters
    ----------
    results : rows with p_value (0-1; NaN = no test: it stays NaN and does not count).
    method : holm (default: no false alarm in the family) or bh (Benjamini-Hochberg: few among the alarms).
    family : columns whose values define the families; `()` = all the rows are one family.

    Returns
    -------
    A copy of `results` with the column p_adjusted.

    Raises
    ------
    StatisticsError for a missing column, an unknown method, or p-values outside 0-1.

    Referee: R p.adjust, padjust*.json.
    """
    check_option("method", method, METHODS)
    require_columns(results, ("p_value", *family))
    p = results["p_value"].astype(float)
    if not p.dropna().between(0, 1).all():
        raise StatisticsError("Des p-valeurs sortent de l’intervalle 0-1.", remedy="Vérifier les résultats donnés.")
    groups = p.groupby([results[name] for name in family], dropna=False) if family else [((), p)]
    adjusted = pd.concat([_adjusted(group, METHODS[method]) for _, group in groups]) if len(p) else p
    return results.assign(p_adjusted=adjusted)


def _adjusted(p: pd.Series, method: str) -> pd.Series:
    tested = p.dropna()
    values = multipletests(tested, method=method)[1] if len(tested) else np.array([])
    return pd.Series(values, index=tested.index).reindex(p.index)
