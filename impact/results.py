"""The vocabulary of results: one row = one estimate, its `n` compulsory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from impact.errors import StatisticsError

COLUMNS = (
    "association", "wave", "scale", "breakdown", "category", "statistic",
    "n", "estimate", "std_error", "ci_low", "ci_high", "df", "p_value", "p_adjusted",
    "effect_size", "effect_low", "effect_high", "effect_name", "method",
)  # fmt: skip


def as_results(rows: Iterable[Mapping[str, object]]) -> pd.DataFrame:
    """Return rows of estimates as a DataFrame in the results vocabulary.

    Parameters
    ----------
    rows : mappings whose keys are all in COLUMNS; each must give `statistic` and `n`
        (the count of persons used, after deletions). NaN estimate = not computable, `method` then says why.

    Returns
    -------
    DataFrame with the columns given, in the order of COLUMNS.

    Raises
    ------
    StatisticsError for a name outside the vocabulary, or a row without `statistic` or `n`.
    """
    table = pd.DataFrame(list(rows))
    unknown = [name for name in table.columns if name not in COLUMNS]
    if unknown:
        raise StatisticsError(f"Colonnes de résultats inconnues : {', '.join(unknown)}.")
    for name in ("statistic", "n"):
        if len(table) and (name not in table or table[name].isna().any()):
            raise StatisticsError(f"Chaque résultat doit porter « {name} ».")
    return table[[name for name in COLUMNS if name in table]]
