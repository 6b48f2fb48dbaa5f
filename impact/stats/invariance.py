"""Measurement invariance: do the items measure the same thing in every group, or at every wave?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd
from scipy import stats

from impact.errors import StatisticsError
from impact.results import as_results
from impact.stats.factor_design import Factor, factor, measurement, relations
from impact.stats.factor_model import Entry, FactorModel, Label, Moments
from impact.stats.fit_indices import INDICES, Data, fit_rows
from impact.stats.invariance_words import judge
from impact.stats.items import ItemMoments, NotComputable, not_computable
from impact.stats.maximum_likelihood import Estimate, estimate
from impact.stats.structure import Factors, check_factors, factor_model, gather, require_proper

HELD_EQUAL = {
    "configural": (),
    "metric": ("loading",),
    "scalar": ("loading", "intercept"),
    "strict": ("loading", "intercept", "residual_variance"),
}
DELTAS = ("delta_chi2", "delta_cfi", "delta_rmsea", "delta_srmr")
Rows = list[dict[str, object]]


def group_invariance(groups: Mapping[str, ItemMoments], factors: Factors) -> pd.DataFrame:
    """Return how well a factor model fits groups of different persons under more and more equalities.

    Parameters
    ----------
    groups : moments of the same p items in each of at least two groups, over complete rows.
    factors : items of each factor, every item in one factor.

    Returns
    -------
    Rows `category, statistic, n, estimate, ci_low, ci_high, df, p_value, method`; `category` is the level
        (configural, metric, scalar, strict), n the persons of all groups.
        chi2, cfi, tli, rmsea, srmr : see `fit_indices.fit_rows`, means included.
        delta_chi2, delta_cfi, delta_rmsea, delta_srmr : from the level before.
        invariance : 1 held, 0 not held, NaN undecided or not verifiable, `method` the sentence in French.

    Raises
    ------
    StatisticsError under two groups, or when the items are not those of the factors.

    Notes
    -----
    Equal loadings, then intercepts (factor means then free after the first group), then residual variances.
    Source: Meredith (1993). Checked against lavaan group.equal (invariance_holzinger_school).
    """
    if len(groups) < 2:
        raise StatisticsError("Il faut au moins deux groupes à comparer.", remedy="Donnez les réponses de chacun.")
    for moments in groups.values():
        check_factors(moments, factors)
    samples = list(groups.values())
    names, n = [moments.names for moments in samples], sum(moments.n for moments in samples)
    build = partial(_group_level, names, factors)
    rows, _ = _ladder(partial(gather, samples), build, n, min(moments.n for moments in samples))
    return as_results(rows)


def longitudinal_invariance(moments: ItemMoments, waves: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Return how well one factor per wave fits the same persons' answers under more and more equalities.

    Parameters
    ----------
    moments : moments of the items of all waves, one row per person who answered all of them.
    waves : at least two waves in order, each with its items in the same order (`{"pre": [...], "post": [...]}`).

    Returns
    -------
    The rows of `group_invariance`, n the persons; and, at the scalar level where it can be estimated,
        latent_mean_change : mean of the factor at the wave named in `category`, in standard deviations of the first
        wave's factor, with its standard error, normal interval and p_value.

    Raises
    ------
    StatisticsError under two waves, or when waves have not as many items, or not those of the moments.

    Notes
    -----
    One factor per wave, that of the first wave with mean 0 and variance 1; the first item's loading and intercept
    equal at all levels; an item's residuals correlate across waves. Source: Widaman, Ferrer & Conger (2010).
    Checked against lavaan (synth7_longinv_*).
    """
    if len(waves) < 2 or len({len(items) for items in waves.values()}) != 1:
        raise StatisticsError(
            "Il faut au moins deux temps, avec les mêmes items dans le même ordre.", remedy="Complétez les temps."
        )
    check_factors(moments, waves)
    build = partial(_wave_level, moments.names, waves)
    rows, fits = _ladder(partial(gather, [moments]), build, moments.n, moments.n)
    if "scalar" in fits:
        rows += [{"n": moments.n, **_mean_change(fits["scalar"], wave)} for wave in list(waves)[1:]]
    return as_results(rows)


def _ladder(
    collect: Callable[[], Data], build: Callable[[Moments, str], FactorModel], n: int, smallest: int
) -> tuple[Rows, dict[str, Estimate]]:
    """Fit the four levels in turn; a level that cannot be estimated says why, and so does the next one's change."""
    rows, fits, before, established = [], {}, {}, True
    for level in HELD_EQUAL:
        try:
            data = collect()
            fits[level] = estimate(build(data.moments, level), data.blocks)
            require_proper(fits[level])
            found = fit_rows(fits[level], data, with_means=True)
        except NotComputable as reason:
            fits.pop(level, None)
            found = not_computable(INDICES, n, reason)
        here = {row["statistic"]: row for row in found}
        if level != "configural":
            found += _changes(before, here, n)
        found.append({"n": n, **judge(level, found, n, smallest, established=established)})
        established = found[-1]["estimate"] == 1
        rows += [{"category": level, **row} for row in found]
        before = here
    return rows, fits


def _changes(before: dict[str, dict], here: dict[str, dict], n: int) -> Rows:
    missing = next((row["method"] for row in (here["chi2"], before["chi2"]) if np.isnan(row["estimate"])), None)
    if missing:
        return [{"statistic": name, "n": n, "estimate": np.nan, "method": missing} for name in DELTAS]
    rows = []
    for name in DELTAS:
        index = name.removeprefix("delta_")
        change = here[index]["estimate"] - before[index]["estimate"]
        rows.append({"statistic": name, "n": n, "estimate": change, "method": "écart avec le niveau précédent"})
    rows[0]["df"] = here["chi2"]["df"] - before["chi2"]["df"]
    rows[0]["p_value"] = stats.chi2.sf(rows[0]["estimate"], rows[0]["df"])
    return rows


def _group_level(names: Sequence[Sequence[str]], factors: Factors, moments: Moments, level: str) -> FactorModel:
    return factor_model(names, factors, moments, held_equal=HELD_EQUAL[level])


def _wave_level(names: Sequence[str], waves: Mapping[str, Sequence[str]], moments: Moments, level: str) -> FactorModel:
    row = {name: i for i, name in enumerate(names)}
    mean, covariance = moments[0]
    placed = [
        factor((0, column), wave, {item: row[item] for item in items}, covariance, marker=False)
        for column, (wave, items) in enumerate(waves.items())
    ]
    entries = relations(placed, covariance, fixed=[placed[0].name])
    for one in placed:
        entries += measurement(one, (mean, covariance), partial(_wave_label, one, HELD_EQUAL[level]))
        if one.column:
            entries.append(Entry(0, "factor_mean", one.column, 0, ("factor_mean", one.name), 0.0))
        for other in placed[: one.column]:
            entries += [
                Entry(0, "residual", a, b, ("residual_covariance", names[a], names[b]), 0.0)
                for a, b in zip(one.rows, other.rows, strict=True)
            ]
    return FactorModel(len(names), len(waves), 1, tuple(entries))


def _wave_label(one: Factor, held_equal: Sequence[str], kind: str, item: str, first: bool) -> Label:
    common = kind in held_equal or (first and kind != "residual_variance")
    return (kind, str(one.items.index(item)), "" if common else one.name)


def _mean_change(fit: Estimate, wave: str) -> dict[str, object]:
    value, error = fit.value(("factor_mean", wave)), fit.error(("factor_mean", wave))
    half = stats.norm.ppf(0.975) * error
    return {
        "category": wave, "statistic": "latent_mean_change", "estimate": value, "std_error": error,
        "ci_low": value - half, "ci_high": value + half, "p_value": 2 * stats.norm.sf(abs(value / error)),
        "method": "moyenne latente, en écarts types du premier temps",
    }  # fmt: skip
