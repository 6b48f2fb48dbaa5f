"""Persons rather than means: how many rose, stayed or fell, beyond what the scale can tell apart."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar as contingency_mcnemar
from statsmodels.stats.proportion import proportion_confint

from impact.errors import StatisticsError, check_option
from impact.results import as_results
from impact.stats.estimates import LEVEL, NOISE, not_computable, persons, require_columns, require_rows

INTERVALS = {"wilson": ("wilson", "Wilson"), "clopper_pearson": ("beta", "Clopper-Pearson")}


def people(pairs: pd.DataFrame, threshold: float = 0.0, *, by: tuple[str, ...] = ("association",)) -> pd.DataFrame:
    """Return the shares of persons whose score rose, stayed or fell by more than a threshold.

    Parameters
    ----------
    pairs : columns before, after (floats, no missing value) and those of `by`, persons if counted; see `pair_moments`.
    threshold : smallest change that counts, in the scale's metric, 0 or more; see `reliable_change`. A change equal
        to the threshold is stable.
    by : grouping columns; `()` for everybody together.

    Returns
    -------
    Results, three rows per group, statistic risen, stable, fallen: n (pairs), estimate (proportion, 0-1), ci_low,
    ci_high (Wilson), method.

    Raises
    ------
    StatisticsError for a missing column, no pair, or a threshold that is not a number of 0 or more.

    Source: Jacobson, Truax (1991); Wilson (1927). Referee: R, rci_*.json (counts) and prop.test, props.json.
    """
    require_columns(pairs, ("before", "after", *by))
    require_rows(pairs, "Personnes en hausse ou en baisse")
    if not 0 <= threshold < math.inf:
        raise StatisticsError(f"Le seuil vaut {threshold}.", remedy="Donner un nombre positif ou nul.")
    groups = pairs.groupby(list(by), dropna=False, observed=True) if by else [((), pairs)]
    return as_results(
        dict(zip(by, key, strict=True)) | row for key, group in groups for row in _directions(group, threshold)
    )


def _directions(group: pd.DataFrame, threshold: float) -> list[dict[str, object]]:
    change, weight = (group["after"] - group["before"]).to_numpy(float), persons(group)
    margin = threshold + NOISE
    counts = {
        "risen": weight[change > margin].sum(),
        "stable": weight[abs(change) <= margin].sum(),
        "fallen": weight[change < -margin].sum(),
    }
    return [{"statistic": name} | proportion(int(count), int(weight.sum())) for name, count in counts.items()]


def proportion(count: int, n: int, *, interval: str = "wilson") -> dict[str, object]:
    """Return a proportion and its interval, as part of a result row.

    Parameters
    ----------
    count, n : persons concerned, persons in all; 0 <= count <= n.
    interval : wilson (default) or clopper_pearson (exact, wider).

    Returns
    -------
    dict n, estimate (0-1), ci_low, ci_high, method; NaN and the reason when n is 0.

    Raises
    ------
    StatisticsError for impossible counts or an unknown interval. Referee: R prop.test, binom.test (props.json).
    """
    check_option("interval", interval, INTERVALS)
    if not 0 <= count <= n:
        raise StatisticsError(f"{count} personnes sur {n} : effectifs impossibles.", remedy="Vérifier les effectifs.")
    if n == 0:
        return {"n": 0} | not_computable("aucune personne")
    method, label = INTERVALS[interval]
    low, high = proportion_confint(count, n, alpha=1 - LEVEL, method=method)
    return {"n": n, "estimate": count / n, "ci_low": float(low), "ci_high": float(high), "method": label}


def reliable_change(sd: float, reliability: float) -> float:
    """Return the smallest change of one person that the scale can tell from its own measurement error.

    Parameters
    ----------
    sd : standard deviation of first scores, above 0, in the scale's metric.
    reliability : of the scale, from 0 to 1, 1 excluded.

    Returns
    -------
    1.96 sd sqrt(2 (1 - reliability)), in the scale's metric: a threshold for `people`.

    Raises
    ------
    StatisticsError outside these ranges.

    Source: Jacobson, Truax (1991). Referee: R, rci_*.json (mdc).
    """
    if not 0 < sd < math.inf:
        raise StatisticsError(f"L’écart-type vaut {sd}.", remedy="Il faut des premiers scores qui varient.")
    if not 0 <= reliability < 1:
        raise StatisticsError(f"La fidélité vaut {reliability}.", remedy="Donner un nombre de 0 à 1 (1 exclu).")
    return float(stats.norm.ppf((1 + LEVEL) / 2) * sd * math.sqrt(2 * (1 - reliability)))


def mcnemar(before: pd.Series, after: pd.Series) -> pd.DataFrame:
    """Return by how much the share of « yes » changed among the same persons.

    Parameters
    ----------
    before, after : yes/no answers (booleans, or 0 and 1) of the same persons, same length and order; a person with
        a missing answer is left out.

    Returns
    -------
    Results, one row, statistic change_in_proportion: n (persons), estimate (share after minus share before, -1 to
    1), p_value (exact McNemar test), method; NaN and the reason if nobody changed.

    Raises
    ------
    StatisticsError for lengths that differ or answers other than yes and no.

    Formula: binomial test of the yes-to-no among those who changed. Referee: R binom.test, mcnemar.json (p_exact).
    """
    if len(before) != len(after):
        raise StatisticsError("Les réponses avant et après n’ont pas la même longueur.", remedy="Apparier d’abord.")
    answers = np.column_stack(
        [pd.to_numeric(pd.Series(column)).to_numpy(float, na_value=np.nan) for column in (before, after)]
    )
    answers = answers[~np.isnan(answers).any(axis=1)]
    if not np.isin(answers, (0, 1)).all():
        raise StatisticsError(
            "Les réponses doivent être oui (1) ou non (0).", remedy="Recoder la question en deux modalités."
        )
    table = np.array([[np.sum((answers == (i, j)).all(axis=1)) for j in (1, 0)] for i in (1, 0)])
    row = {"statistic": "change_in_proportion", "n": int(table.sum())}
    if table[0, 1] + table[1, 0] == 0:
        return as_results([row | not_computable("personne n’a changé de réponse")])
    estimate = (table[1, 0] - table[0, 1]) / table.sum()
    p_value = contingency_mcnemar(table, exact=True).pvalue
    return as_results([row | {"estimate": estimate, "p_value": p_value, "method": "McNemar exact"}])
