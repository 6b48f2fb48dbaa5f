"""Before the survey: how many persons, how many associations, and which change could be read."""

from __future__ import annotations

import math

from scipy import optimize, stats

from impact.errors import StatisticsError

ALPHA = 0.05
POWER = 0.80


def _check(**positive: float) -> None:
    for name, value in positive.items():
        if not 0 < value < math.inf:
            raise StatisticsError(f"« {name} » vaut {value}.", remedy="Donner un nombre positif.")


def paired_power(n: float, change: float, sd: float, *, alpha: float = ALPHA) -> float:
    """Return the probability that the paired t test of n persons sees a true change.

    Parameters
    ----------
    n : pairs, 2 or more. change : true mean change. sd : standard deviation of the changes, same metric, above 0.

    Returns
    -------
    Power, 0-1, both tails counted. Referee: R power.t.test(strict = TRUE), power_paired.json.

    Raises
    ------
    StatisticsError outside these ranges.
    """
    _check(n=n - 1, sd=sd, alpha=alpha)
    return _seen(math.sqrt(n) * abs(change) / sd, n - 1, alpha)


def persons_needed(change: float, sd: float, *, power: float = POWER, alpha: float = ALPHA) -> float:
    """Return how many pairs the paired t test needs (not rounded; round up). Parameters: see `paired_power`."""
    _check(change=abs(change), sd=sd)
    _check_power(power, alpha)
    return _increasing(lambda n: paired_power(n, change, sd, alpha=alpha) - power, 1 + 1e-6, 4.0)


def readable_change(n: float, sd: float, *, power: float = POWER, alpha: float = ALPHA) -> float:
    """Return the smallest true change that n pairs would see with this power. Parameters: see `paired_power`."""
    _check(n=n - 1, sd=sd)
    _check_power(power, alpha)
    return _increasing(lambda change: paired_power(n, change, sd, alpha=alpha) - power, 0.0, sd)


def _check_power(power: float, alpha: float) -> None:
    if not 0 < alpha < power < 1:
        raise StatisticsError(f"Puissance {power}, seuil {alpha}.", remedy="Il faut 0 < seuil < puissance < 1.")


def _increasing(excess: object, low: float, high: float) -> float:
    """Return the root of an increasing function, starting from a bracket that may be too short."""
    while excess(high) < 0:
        low, high = high, 2 * high
    return float(optimize.brentq(excess, low, high, xtol=1e-12, rtol=1e-14)) if excess(low) < 0 else low


def pooled_power(associations: int, n: float, change: float, *, sd: float, tau: float) -> float:
    """Return the probability that the average change of several associations is seen (Hartung-Knapp t test).

    Parameters
    ----------
    associations : how many, 2 or more. n : pairs in each (their harmonic mean if they differ). change : true average
        change. sd : standard deviation of the changes of persons, above 0. tau : standard deviation of the true
        changes of associations, 0 or more.

    Returns
    -------
    Power at 5 %, 0-1: noncentral t on k - 1 df, noncentrality change / sqrt((tau^2 + sd^2 / n) / k). Exact for equal n
    and normal scores. Checked: equals `paired_power` on k pairs of standard deviation sqrt(tau^2 + sd^2 / n).

    Raises
    ------
    StatisticsError outside these ranges.
    """
    _check(associations=associations - 1, n=n, sd=sd)
    if not 0 <= tau < math.inf:
        raise StatisticsError(f"« tau » vaut {tau}.", remedy="Donner un nombre positif ou nul.")
    noncentrality = abs(change) / math.sqrt((tau**2 + sd**2 / n) / associations)
    return _seen(noncentrality, associations - 1, ALPHA)


def _seen(noncentrality: float, df: float, alpha: float) -> float:
    """Return the power of the two-sided t test.

    The far tail is taken as the upper tail of the mirrored distribution: its lower one is NaN when it is tiny.
    """
    limit = stats.t.ppf(1 - alpha / 2, df)
    return float(stats.nct.sf(limit, df, noncentrality) + stats.nct.sf(limit, df, -noncentrality))
