"""Other designs: repeated cross-sections, after only, retrospective pretest."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from impact.errors import check_option
from impact.results import as_results
from impact.stats.change import paired_change
from impact.stats.estimates import NOISE, mean_row, not_computable, require_columns, require_rows, student
from impact.stats.moments import KEYS, group_moments

SHEETS = {"same_sheet": "même feuille", "separate_sheet": "feuilles séparées"}
WAVE_MOMENTS = ("n", "mean", "variance")


def wave_moments(scores: pd.DataFrame, scale: str, *, by: tuple[str, ...] = ("association", "wave")) -> pd.DataFrame:
    """Return the count, mean and variance of one scale's scores, by group.

    Parameters
    ----------
    scores : one row per person x wave: the columns of `by` and `scale` (number; missing = no score, left out); persons
        if counted.
    scale : name of the column of scores.
    by : grouping columns.

    Returns
    -------
    DataFrame: the columns of `by`, n, mean, variance (divisor n - 1; NaN for one person); groups without any score
    have n = 0.
    """
    require_columns(scores, (*by, scale))
    values = scores.assign(score=pd.to_numeric(scores[scale]).astype(float))
    table = group_moments(values.dropna(subset=["score"]), ("score",), by=by)
    table = table.rename(columns={"mean_score": "mean", "var_score": "variance"})
    every = scores[list(by)].drop_duplicates().sort_values(list(by))
    return every.merge(table, on=list(by), how="left").fillna({"n": 0}).astype({"n": int})


def mean_scores(moments: pd.DataFrame) -> pd.DataFrame:
    """Return the mean score of each group, for the after-only design and for descriptions.

    Parameters
    ----------
    moments : table of `wave_moments`.

    Returns
    -------
    Results, one row per group, statistic mean: n, estimate, std_error, ci_low, ci_high (Student), df, method; NaN and
    the reason where it has no meaning. Referee: R t.test.

    Raises
    ------
    StatisticsError for a missing column or an empty table.
    """
    require_columns(moments, WAVE_MOMENTS)
    require_rows(moments, "Moyennes")
    keys = [key for key in (*KEYS, "wave") if key in moments]
    return as_results(
        {key: getattr(group, key) for key in keys}
        | {"statistic": "mean", "n": int(group.n)}
        | mean_row(group.n, group.mean, group.variance)
        for group in moments.itertuples(index=False)
    )


def independent_change(moments: pd.DataFrame, before: str, after: str) -> pd.DataFrame:
    """Return the difference of two waves whose persons are not matched, with Welch's interval.

    Parameters
    ----------
    moments : table of `wave_moments`, columns wave, n, mean, variance and keys (association...).
    before, after : the two waves.

    Returns
    -------
    Results, one row per group, statistic independent_change: n (persons of both waves), estimate (after minus
    before), std_error, ci_low, ci_high, df, p_value, method; NaN and the reason where it has no meaning.

    Raises
    ------
    StatisticsError for a missing column, an empty table, or an unknown wave.

    Formula: difference / sqrt(v1/n1 + v2/n2), Welch-Satterthwaite df. Source: Welch (1947). Referee:
    scipy.stats.ttest_ind(equal_var=False). If many persons answered twice, the interval is too wide.
    """
    require_columns(moments, ("wave", *WAVE_MOMENTS))
    require_rows(moments, "Évolution entre deux enquêtes")
    for wave in (before, after):
        check_option("wave", wave, sorted(map(str, moments["wave"].dropna().unique())))
    keys = [key for key in KEYS if key in moments]
    groups = moments.groupby(keys, dropna=False, observed=True) if keys else [((), moments)]
    return as_results(dict(zip(keys, key, strict=True)) | _welch_row(group, before, after) for key, group in groups)


def _welch_row(group: pd.DataFrame, before: str, after: str) -> dict[str, object]:
    waves = [group.loc[group["wave"] == wave, list(WAVE_MOMENTS)].to_numpy(float) for wave in (before, after)]
    n, mean, variance = np.array([wave[0] if len(wave) else (0, 0, 0) for wave in waves]).T
    row = {"statistic": "independent_change", "n": int(n.sum())}
    if n.min() < 2:
        return row | not_computable("moins de deux personnes à l’une des vagues")
    parts = variance / n
    if parts.sum() <= (NOISE * max(1.0, abs(mean).max())) ** 2:
        return row | not_computable("toutes les valeurs sont identiques")
    df = parts.sum() ** 2 / (parts**2 / (n - 1)).sum()
    method = "deux enquêtes indépendantes, intervalle de Welch"
    return row | student(mean[1] - mean[0], math.sqrt(parts.sum()), df) | {"method": method}


def retrospective_change(then_moments: pd.DataFrame, sheet: str) -> pd.DataFrame:
    """Return the change from the situation remembered afterwards (then-test) to the present one.

    Parameters
    ----------
    then_moments : table of `pair_moments` of the pairs (then, after).
    sheet : same_sheet if then and now were asked on one sheet, separate_sheet otherwise.

    Returns
    -------
    Results as the change rows of `paired_change`, statistic then_change_same_sheet or then_change_separate_sheet: the
    names differ so that the two designs are never pooled.

    Raises
    ------
    StatisticsError as `paired_change`, or for an unknown sheet. Referee: R t.test, synth7_then_*.json.
    """
    return _renamed(then_moments, "then_change", sheet)


def response_shift(shift_moments: pd.DataFrame, sheet: str) -> pd.DataFrame:
    """Return by how much persons judge their starting point otherwise afterwards: then minus before.

    Same parameters and errors as `retrospective_change`, on the pairs (before, then); statistic
    response_shift_same_sheet or response_shift_separate_sheet. Referee: R t.test, synth7_respshift_*.json.
    """
    return _renamed(shift_moments, "response_shift", sheet)


def _renamed(moments: pd.DataFrame, statistic: str, sheet: str) -> pd.DataFrame:
    check_option("sheet", sheet, SHEETS)
    results = paired_change(moments)
    change = results[results["statistic"] == "change"].reset_index(drop=True)
    method = change["method"] + f" ; pré-test rétrospectif, {SHEETS[sheet]}"
    computed = change["estimate"].notna()
    return change.assign(statistic=f"{statistic}_{sheet}", method=method.where(computed, change["method"]))
