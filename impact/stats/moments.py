"""Pairs of scores, person by person or counted, and the small tables of counts, means and variances that follow."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from impact.errors import StatisticsError, nearest
from impact.stats.estimates import persons, require_columns

KEYS = ("association", "scale", "breakdown", "category")
MOMENTS = ("n", "mean_before", "mean_after", "var_before", "var_after", "covariance")


def pairs(scores: pd.DataFrame, scale: str, before: str, after: str) -> pd.DataFrame:
    """Return the persons who have a score of one scale at both waves.

    Parameters
    ----------
    scores : one row per person x wave, columns association, wave, participant and `scale` (number, in the
        author's own metric; missing = no score). Rows without participant cannot be matched and are left out.
    scale : name of the column of scores.
    before, after : names of the two waves.

    Returns
    -------
    DataFrame association, participant, before, after (floats, never missing), sorted; possibly empty.

    Raises
    ------
    StatisticsError for a missing column, an unknown wave, an infinite score, or a person twice in one wave.
    """
    first = first_scores(scores, scale, before)
    second = first_scores(scores, scale, after)
    keys = ["association", "participant"]
    return first.merge(second, on=keys, suffixes=("_before", "_after")).rename(
        columns={"score_before": "before", "score_after": "after"}
    )


def first_scores(scores: pd.DataFrame, scale: str, wave: str) -> pd.DataFrame:
    """Return association, participant, score of everyone who has a score of this scale at this wave.

    Same parameters, missing rule and errors as `pairs`.
    """
    require_columns(scores, ("association", "wave", "participant", scale))
    waves = scores["wave"].dropna().unique()
    if wave not in waves:
        raise StatisticsError(f"La vague « {wave} » n’existe pas.", remedy=nearest(wave, map(str, waves)))
    kept = scores.loc[scores["wave"] == wave, ["association", "participant", scale]].rename(columns={scale: "score"})
    kept["score"] = pd.to_numeric(kept["score"]).astype(float)
    kept = kept.dropna(subset=["participant", "score"])
    if np.isinf(kept["score"]).any():
        raise StatisticsError(
            f"L’échelle « {scale} » contient des scores infinis.", remedy="Refaire le calcul des scores."
        )
    if kept.duplicated(["association", "participant"]).any():
        raise StatisticsError(
            f"Des personnes ont plusieurs scores à la vague « {wave} ».",
            remedy="Traiter d’abord les doublons (rapprochement des réponses).",
        )
    return kept.sort_values(["association", "participant"], ignore_index=True)


def pair_moments(pairs: pd.DataFrame, *, by: tuple[str, ...] = ("association",)) -> pd.DataFrame:
    """Return the counts, means, variances and covariance of the pairs, by group: all that the change needs.

    Parameters
    ----------
    pairs : columns before, after (floats, no missing value) and those named in `by`; see `pairs`. A column `persons`
        says how many persons share the row; without it, one.
    by : grouping columns; `()` for everybody together. A missing group counts as a group.

    Returns
    -------
    DataFrame, one row per group: the columns of `by`, then n (pairs), mean_before, mean_after, var_before,
    var_after, covariance (divisor n - 1; NaN under two pairs). With `by=()`, one row, even without any pair.
    """
    require_columns(pairs, ("before", "after", *by))
    return group_moments(pairs, ("before", "after"), by=by)[[*by, *MOMENTS]]


def group_moments(table: pd.DataFrame, columns: tuple[str, ...], *, by: tuple[str, ...]) -> pd.DataFrame:
    """Return, by group, n, `mean_` and `var_` of each column and, of two columns, their covariance.

    Parameters
    ----------
    table : numbers, none missing, and the columns of `by`; `persons` as in `pair_moments`.
    columns : one or two columns.

    Returns
    -------
    DataFrame, one row per group, in order; with `by=()`, one row, even of an empty table.
    """
    weight, keys = persons(table), table[list(by)]
    place = keys.groupby(list(by), dropna=False, observed=True).ngroup().to_numpy() if by else np.zeros(len(table), int)
    groups = place.max(initial=-1 if by else 0) + 1
    n = np.bincount(place, weight, groups)
    found: dict[str, np.ndarray] = {"n": n.astype(int)}
    apart, some, rest = {}, np.where(n > 0, n, np.nan), np.where(n > 1, n - 1, np.nan)
    for name in columns:
        values = table[name].to_numpy(float)
        origin = np.zeros(groups)
        origin[place] = values  # differences from one person: of a group all alike, the variance is exactly zero
        shifted = values - origin[place]
        shift = np.bincount(place, weight * shifted, groups) / some
        apart[name] = shifted - shift[place]
        found[f"mean_{name}"] = origin + shift
    for name, values in apart.items():
        found[f"var_{name}"] = np.bincount(place, weight * values**2, groups) / rest
    if len(columns) == 2:
        found["covariance"] = np.bincount(place, weight * apart[columns[0]] * apart[columns[1]], groups) / rest
    first = np.zeros(groups, int)
    first[place[::-1]] = np.arange(len(table))[::-1]
    heads = keys.iloc[first].reset_index(drop=True) if by else pd.DataFrame(index=range(groups))
    return pd.concat([heads, pd.DataFrame(found)], axis="columns")


def first_moments(scores: pd.DataFrame, scale: str, before: str) -> pd.DataFrame:
    """Return, by association, the first scores of everyone who answered first, come back or not.

    Same parameters, missing rule and errors as `pairs`.

    Returns
    -------
    DataFrame association, n (persons), mean_before, var_before (divisor n - 1; NaN for one person).
    """
    first = first_scores(scores, scale, before).rename(columns={"score": "before"})
    return group_moments(first, ("before",), by=("association",))


def merge_moments(tables: Iterable[pd.DataFrame], *, by: tuple[str, ...] = ("association",)) -> pd.DataFrame:
    """Return the moments of the groups of `by` from the moments of their parts (files, machines, smaller groups).

    Parameters
    ----------
    tables : tables made by `pair_moments`, on distinct persons, all with the columns of `by`.
    by : grouping columns to keep; `()` for everybody together.

    Returns
    -------
    DataFrame with the same columns as `pair_moments`.

    Formula
    -------
    Sum of products about the common mean = sum of (n_i - 1) cov_i + n_i (x_i - x)(y_i - y), x and y being the
    means weighted by n_i. Source: Chan, Golub, LeVeque (1983). Checked: equals `pair_moments` of all the pairs.
    """
    parts = pd.concat(list(tables), ignore_index=True)
    require_columns(parts, (*by, *MOMENTS))
    if not by:
        return pd.DataFrame([_merged(parts)])
    groups = parts.groupby(list(by), dropna=False, observed=True)
    rows = [dict(zip(by, key, strict=True)) | _merged(group) for key, group in groups]
    return pd.DataFrame(rows, columns=[*by, *MOMENTS])


def _merged(parts: pd.DataFrame) -> dict[str, float]:
    parts = parts[parts["n"] > 0]
    n = parts["n"].to_numpy(float)
    if n.sum() < 1:
        return dict.fromkeys(MOMENTS, np.nan) | {"n": 0}
    x, y = (parts[name].to_numpy(float) for name in ("mean_before", "mean_after"))
    mean_x, mean_y = np.average(x, weights=n), np.average(y, weights=n)

    def pooled(name: str, between: np.ndarray) -> float:
        within = np.where(n > 1, (n - 1) * parts[name].to_numpy(float), 0.0)
        return float(np.sum(within + n * between) / (n.sum() - 1)) if n.sum() > 1 else np.nan

    products = {
        "var_before": (x - mean_x) ** 2,
        "var_after": (y - mean_y) ** 2,
        "covariance": (x - mean_x) * (y - mean_y),
    }
    merged = {name: pooled(name, between) for name, between in products.items()}
    return {"n": int(n.sum()), "mean_before": mean_x, "mean_after": mean_y} | merged
