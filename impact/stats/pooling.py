"""From the associations to the whole: average change, its interval, and each association among the others."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from scipy import stats

from impact.errors import StatisticsError, check_option
from impact.results import as_results
from impact.stats.estimates import LEVEL, NOISE, not_computable, require_columns, require_rows, student
from impact.stats.heterogeneity import (
    TAU2_METHODS,
    between_interval,
    between_variance,
    generalised_q,
    inconsistency,
    weighted_mean,
)

ONE_KIND = ("statistic", "scale", "wave", "breakdown", "category")


def pool(estimates: pd.DataFrame, method: str = "REML") -> pd.DataFrame:
    """Return the average of the associations' estimates, each association counting as one draw among possible ones.

    Parameters
    ----------
    estimates : one row per association: association, estimate, std_error, n (persons), of one scale and statistic
        (for the default, the rows of `adjusted_change`). Rows without estimate, or whose std_error is not above 0,
        are left out of the average.
    method : of the between-association variance tau2: REML (default), PM or DL.

    Returns
    -------
    Results. Statistic pooled_change (estimate, std_error, Hartung-Knapp ci_low, ci_high, df, p_value),
    prediction_interval (of a new association's true value), tau2 and tau (Q-profile interval), q (df, p_value),
    i2 (0-1), all with n = persons of the associations used; then one shrunken_change per association (estimate,
    std_error, n), NaN and the reason where it was left out. No interval for shrunken_change: it covers 89 % at n = 8.

    Raises
    ------
    StatisticsError for a missing column, an empty table, several scales or statistics at once, an unknown method.

    Formula
    -------
    w = 1 / (v + tau2), mean = sum w y / sum w, SE^2 = sum w (y - mean)^2 / ((k - 1) sum w), Student on k - 1 df,
    Hartung, Knapp (2001). Prediction: mean +/- t sqrt(tau2 + SE^2). Shrunken: l y + (1 - l) mean, l = tau2 /
    (tau2 + v), variance l v + (1 - l)^2 SE^2. Referee: R metafor::rma(test = "knha"), meta_*.json.
    """
    check_option("method", method, TAU2_METHODS)
    require_columns(estimates, ("association", "estimate", "std_error", "n"))
    require_rows(estimates, "Ensemble des associations")
    _refuse_mixtures(estimates)
    usable = estimates["estimate"].notna() & (estimates["std_error"] > 0)
    used = estimates[usable]
    common = {name: estimates[name].iloc[0] for name in ("scale", "breakdown", "category") if name in estimates}
    total = common | {"n": int(used["n"].sum())}
    if len(used) < 2:
        why = "une seule association" if len(used) else "aucune association n’a d’estimation"
        row = total | {"statistic": "pooled_change"} | not_computable(why)
        return as_results([row, *_shrunken(estimates, usable, None, why)])
    y, v = used["estimate"].to_numpy(float), used["std_error"].to_numpy(float) ** 2
    tau2 = between_variance(y, v, method)
    mean = _hartung_knapp(y, v, tau2)
    rows = [*_mean_rows(mean, tau2, y, method), *_heterogeneity_rows(y, v, tau2, method)]
    shrunken = _shrunken(estimates, usable, (*mean, tau2), "pas d’estimation pour cette association")
    return as_results([*(total | row for row in rows), *(common | row for row in shrunken)])


def _refuse_mixtures(estimates: pd.DataFrame) -> None:
    for name in ONE_KIND:
        values = estimates[name].dropna().unique() if name in estimates else []
        if len(values) > 1:
            raise StatisticsError(
                f"On ne réunit pas des estimations de nature différente (« {name} » : {', '.join(map(str, values))}).",
                remedy="Appeler la fonction une fois par échelle et par statistique.",
            )
    if estimates["association"].duplicated().any():
        raise StatisticsError("Une association figure deux fois.", remedy="Garder une ligne par association.")


def _hartung_knapp(y: np.ndarray, v: np.ndarray, tau2: float) -> tuple[float, float]:
    weights, mean = weighted_mean(y, v, tau2)
    return mean, math.sqrt(generalised_q(y, v, tau2) / ((len(y) - 1) * weights.sum()))


def _mean_rows(mean: tuple[float, float], tau2: float, y: np.ndarray, method: str) -> list[dict[str, object]]:
    row, prediction = {"statistic": "pooled_change"}, {"statistic": "prediction_interval"}
    if np.ptp(y) <= NOISE * max(1.0, abs(mean[0])):
        same = not_computable("toutes les associations ont exactement la même estimation")
        return [row | same, prediction | same]
    row |= student(*mean, len(y) - 1) | {"method": f"effets aléatoires ({method}), intervalle de Hartung-Knapp"}
    half = stats.t.ppf((1 + LEVEL) / 2, len(y) - 1) * math.sqrt(tau2 + mean[1] ** 2)
    limits = {"estimate": mean[0], "ci_low": mean[0] - half, "ci_high": mean[0] + half, "df": len(y) - 1}
    return [row, prediction | limits | {"method": "intervalle de prédiction d’une autre association"}]


def _heterogeneity_rows(y: np.ndarray, v: np.ndarray, tau2: float, method: str) -> list[dict[str, object]]:
    low, high = between_interval(y, v)
    q, df = generalised_q(y, v), len(y) - 1
    profile = f"{method}, intervalle du profil de Q"
    quantities = {
        "tau2": (tau2, low, high),
        "tau": tuple(map(math.sqrt, (tau2, low, high))),
        "i2": tuple(inconsistency(value, v) for value in (tau2, low, high)),
    }
    rows = [
        {"statistic": name, "estimate": value, "ci_low": first, "ci_high": last, "method": profile}
        for name, (value, first, last) in quantities.items()
    ]
    test = {"estimate": q, "df": df, "p_value": float(stats.chi2.sf(q, df)), "method": "Q de Cochran"}
    return [*rows, {"statistic": "q"} | test]


def _shrunken(
    estimates: pd.DataFrame, usable: pd.Series, mean: tuple[float, float, float] | None, why: str
) -> list[dict[str, object]]:
    rows = []
    for row, used in zip(estimates.itertuples(index=False), usable, strict=True):
        common = {"association": row.association, "statistic": "shrunken_change", "n": int(row.n)}
        rows.append(common | (_shrunken_row(row, *mean) if used and mean else not_computable(why)))
    return rows


def _shrunken_row(row: object, mean: float, std_error: float, tau2: float) -> dict[str, object]:
    variance = row.std_error**2
    own = tau2 / (tau2 + variance)
    return {
        "estimate": own * row.estimate + (1 - own) * mean,
        "std_error": math.sqrt(own * variance + (1 - own) ** 2 * std_error**2),
        "method": "en tenant compte des autres associations",
    }
