"""Change of the same persons between two waves, group by group, from the small table of `pair_moments`."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from impact.errors import StatisticsError, nearest
from impact.results import as_results
from impact.stats.effect_sizes import change_variance, g_av, paired
from impact.stats.estimates import NOISE, mean_row, not_computable, require_columns, require_rows, student
from impact.stats.moments import KEYS, MOMENTS, pair_moments, pairs

__all__ = ["adjusted_change", "difference_of_changes", "pair_moments", "paired_change", "pairs"]

FIRST = ("n", "mean_before", "var_before")


def paired_change(moments: pd.DataFrame) -> pd.DataFrame:
    """Return the mean before, the mean after and the mean change of each group.

    Parameters
    ----------
    moments : table of `pair_moments`: keys (association, scale...), n pairs, means, variances, covariance.

    Returns
    -------
    Results, three rows per group, statistic mean_before, mean_after (estimate, std_error, ci_low, ci_high, df)
    and change (after minus before; with p_value of the paired t test, effect_size g_av, effect_low, effect_high,
    effect_name); n = pairs. A group where a row has no meaning gives a NaN estimate and the reason in `method`.

    Raises
    ------
    StatisticsError for a missing column or an empty table.

    Formula
    -------
    change / sqrt(s_d^2 / n) on n - 1 df, s_d^2 = s1^2 + s2^2 - 2 cov. Effect: see `effect_sizes.g_av`.
    Referee: R t.test(paired = TRUE), paired_*.json.
    """
    require_columns(moments, MOMENTS)
    require_rows(moments, "Évolution")
    rows = []
    for group in moments.itertuples(index=False):
        common = _common(moments, group)
        rows += [
            common | {"statistic": "mean_before"} | mean_row(group.n, group.mean_before, group.var_before),
            common | {"statistic": "mean_after"} | mean_row(group.n, group.mean_after, group.var_after),
            common | {"statistic": "change"} | _change_row(group),
        ]
    return as_results(rows)


def _common(moments: pd.DataFrame, group: object) -> dict[str, object]:
    return {key: getattr(group, key) for key in KEYS if key in moments} | {"n": int(group.n)}


def _change_row(group: object) -> dict[str, object]:
    reason = _unusable(group)
    if reason:
        return not_computable(reason)
    change = group.mean_after - group.mean_before
    row = student(change, math.sqrt(change_variance(group) / group.n), group.n - 1)
    try:
        effect = g_av(paired(group))
    except StatisticsError as error:
        return row | {"method": f"Student apparié ; taille d’effet non calculable : {error.what}"}
    sizes = {
        "effect_size": effect.size,
        "effect_low": effect.low,
        "effect_high": effect.high,
        "effect_name": effect.name,
    }
    return row | sizes | {"method": f"Student apparié ; g_av, intervalle d’{effect.interval}"}


def _unusable(group: object) -> str:
    if group.n < 2:
        return "moins de deux paires"
    return "" if change_variance(group) else "toutes les évolutions sont identiques"


@dataclass(frozen=True)
class Slope:
    """The regression of change on the first score within groups: slope, residual variance, df, products of x."""

    slope: float
    residual: float
    df: int
    products: float


def within_slope(moments: pd.DataFrame) -> Slope:
    """Return the pooled within-group regression of change on the first score.

    Raises StatisticsError when first scores do not vary within groups, or too few pairs are left.
    """
    used = moments[moments["n"] >= 2]
    weight = used["n"] - 1
    products = float((weight * used["var_before"]).sum())
    cross = float((weight * (used["covariance"] - used["var_before"])).sum())
    total = float((weight * [change_variance(group) for group in used.itertuples()]).sum())
    df = int(weight.sum()) - 1
    if df < 1:
        raise StatisticsError("trop peu de paires pour ajuster sur le premier score")
    if products <= NOISE**2 * df:
        raise StatisticsError("les premiers scores ne varient pas dans les groupes")
    residual = (total - cross**2 / products) / df
    if residual <= NOISE * products / df:
        raise StatisticsError("le premier score détermine exactement l’évolution")
    return Slope(cross / products, residual, df, products)


def adjusted_change(moments: pd.DataFrame, first: pd.DataFrame) -> pd.DataFrame:
    """Return each association's change adjusted for the first score: what everyone who began would have shown.

    Parameters
    ----------
    moments : table of `pair_moments` by association (and scale, breakdown, category if present: the variance is
        pooled over the associations of one scale and category, never across them).
    first : table of `first_moments`: n, mean_before, var_before of everyone who answered first, same keys. Where
        nobody can be lost between the waves (a single sheet), pass `moments` itself.

    Returns
    -------
    Results, one row per association of `first`: statistic adjusted_change, n (pairs), estimate, std_error, ci_low,
    ci_high, df, p_value, method; NaN and the reason where it cannot be computed.

    Raises
    ------
    StatisticsError for a missing column, an empty table, or first scores that do not include all the pairs.

    Formula
    -------
    d_j + b (X_j - x_j): d_j mean change, x_j mean first score of the pairs, X_j mean first score of all who began,
    b slope pooled within associations. Variance s2 (1/n_j + (X_j - x_j)^2 / Sxx) + b^2 V / N_j: s2 residual
    variance and Sxx sum of squares pooled within associations, V pooled variance of the N_j first scores. Student
    on N - k - 1 df. Source: analysis of covariance, Fisher (1932), plus the sampling of X_j. Referee: R lm
    (ancova_sai7.json) for fixed X; its coverage is simulated in tests/stats/test_coverage.py.
    """
    require_columns(moments, ("association", *MOMENTS))
    require_columns(first, ("association", *FIRST))
    require_rows(first, "Évolution ajustée")
    keys = [key for key in KEYS if key in moments or key in first]
    require_columns(moments, keys)
    require_columns(first, keys)
    table = first[[*keys, *FIRST]].merge(moments[[*keys, *MOMENTS]], on=keys, how="left", suffixes=("_first", ""))
    table["n"] = table["n"].fillna(0).astype(int)
    matched = table["n"].sum() == moments["n"].sum() and not table.duplicated(keys).any()
    if not matched or (table["n_first"] < table["n"]).any():
        raise StatisticsError(
            "Les premiers scores ne sont pas ceux des mêmes associations.",
            remedy="Calculer les deux tables sur les mêmes réponses.",
        )
    blocks = [key for key in keys if key != "association"]  # the residual variance is common to one scale only
    groups = table.groupby(blocks, dropna=False, sort=False, observed=True) if blocks else [((), table)]
    return as_results(row for _, block in groups for row in _adjusted_rows(block))


def _adjusted_rows(block: pd.DataFrame) -> list[dict[str, object]]:
    try:
        slope, reason = within_slope(block), ""
    except StatisticsError as error:
        slope, reason = None, error.what
    weight = (block["n_first"] - 1).clip(lower=0)
    variance = (weight * block["var_before_first"]).sum() / max(weight.sum(), 1)
    rows = []
    for group in block.itertuples(index=False):
        common = _common(block, group) | {"statistic": "adjusted_change"}
        why = "moins de deux paires" if group.n < 2 else reason
        rows.append(common | (not_computable(why) if why else _adjusted_row(group, slope, variance)))
    return rows


def _adjusted_row(group: object, slope: Slope, first_variance: float) -> dict[str, object]:
    gap = group.mean_before_first - group.mean_before
    estimate = group.mean_after - group.mean_before + slope.slope * gap
    regression = slope.residual * (1 / group.n + gap**2 / slope.products)
    std_error = math.sqrt(regression + slope.slope**2 * first_variance / group.n_first)
    method = "ajustée sur le premier score, variance intra-association commune, intervalle de Student"
    return student(estimate, std_error, slope.df) | {"method": method}


def difference_of_changes(moments: pd.DataFrame, comparison: str, *, group: str = "association") -> pd.DataFrame:
    """Return how much more each group changed than the comparison group, at equal first score.

    Parameters
    ----------
    moments : table of `pair_moments` by `group`, the comparison group among its rows, one scale.
    comparison : the comparison group's code.
    group : the column of groups (a key of the results).

    Returns
    -------
    Results, one row per other group: statistic difference_of_changes, n (pairs of both groups), estimate,
    std_error, ci_low, ci_high, df, p_value, method; NaN and the reason where it cannot be computed.

    Raises
    ------
    StatisticsError for a missing column, an unknown comparison group or a comparison group under two pairs.

    Formula
    -------
    (d_g - d_c) - b (x_g - x_c), variance s2 (1/n_g + 1/n_c + (x_g - x_c)^2 / Sxx), Student on N - k - 1 df (see
    `adjusted_change`). Source: analysis of covariance. Referee: R lm(after ~ before + group), ancova_sai7.json.
    """
    require_columns(moments, (group, *MOMENTS))
    found = moments[moments[group] == comparison]
    if found.empty:
        codes = map(str, moments[group].dropna())
        raise StatisticsError(f"Le groupe de comparaison « {comparison} » manque.", remedy=nearest(comparison, codes))
    control = next(found.itertuples(index=False))
    if control.n < 2:
        raise StatisticsError(
            f"Le groupe de comparaison « {comparison} » a moins de deux paires.",
            remedy="Parler d’évolution, sans comparer.",
        )
    others = moments[moments[group] != comparison]
    return as_results(_difference_row(other, control, moments) for other in others.itertuples(index=False))


def _difference_row(other: object, control: object, moments: pd.DataFrame) -> dict[str, object]:
    common = _common(moments, other) | {"statistic": "difference_of_changes", "n": int(other.n + control.n)}
    if other.n < 2:
        return common | not_computable("moins de deux paires")
    try:
        slope = within_slope(moments)
    except StatisticsError as error:
        return common | not_computable(error.what)
    gap = other.mean_before - control.mean_before
    raw = (other.mean_after - other.mean_before) - (control.mean_after - control.mean_before)
    variance = slope.residual * (1 / other.n + 1 / control.n + gap**2 / slope.products)
    method = "différence des évolutions ajustée sur le premier score, intervalle de Student"
    return common | student(raw - slope.slope * gap, math.sqrt(variance), slope.df) | {"method": method}
