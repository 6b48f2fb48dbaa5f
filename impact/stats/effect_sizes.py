"""Standardised changes of one group seen twice, from its moments, each with its interval."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd
from scipy import optimize, special, stats

from impact.errors import StatisticsError, check_option
from impact.results import as_results
from impact.stats.estimates import LEVEL, NOISE, not_computable, require_columns, require_rows
from impact.stats.moments import KEYS, MOMENTS

CANCELLATION = 1e-12  # share of the two variances below which their difference with the covariance is rounding
D_AV_INTERVALS = {"algina_keselman": "Algina et Keselman", "bonett": "Bonett", "gpc": "Goulet-Pelletier et Cousineau"}


@dataclass(frozen=True)
class Effect:
    """One standardised change: name, size, interval and how it was made; `std_error` where there is one."""

    name: str
    size: float
    low: float
    high: float
    interval: str
    std_error: float = math.nan


@dataclass(frozen=True)
class Paired:
    """What the formulas need of one group: n, mean change, standard deviations before, after and of change, r."""

    n: int
    change: float
    sd_before: float
    sd_after: float
    sd_change: float
    r: float

    @property
    def sd_average(self) -> float:
        """Square root of the mean of the two variances."""
        return math.hypot(self.sd_before, self.sd_after) / math.sqrt(2)

    @property
    def nu(self) -> float:
        """Degrees of freedom of the mean of two correlated variances: 2 (n - 1) / (1 + r^2)."""
        return 2 * (self.n - 1) / (1 + self.r**2)


def change_variance(moments: object) -> float:
    """Return the variance of the change, 0 when it is mere binary noise, for one row of `pair_moments`."""
    total = moments.var_before + moments.var_after
    variance = total - 2 * moments.covariance
    return variance if variance > CANCELLATION * total else 0.0


def paired(moments: object) -> Paired:
    """Return the `Paired` of one row of `pair_moments` (`itertuples`).

    Raises
    ------
    StatisticsError under three pairs, or when scores or changes do not vary.
    """
    if moments.n < 3:
        raise StatisticsError("moins de trois paires")
    variance = change_variance(moments)
    if variance == 0:
        raise StatisticsError("toutes les évolutions sont identiques")
    if min(moments.var_before, moments.var_after) <= NOISE**2:
        raise StatisticsError("tous les scores d’une des vagues sont identiques")
    sds = math.sqrt(moments.var_before), math.sqrt(moments.var_after)
    r = min(1.0, max(-1.0, moments.covariance / (sds[0] * sds[1])))
    return Paired(int(moments.n), moments.mean_after - moments.mean_before, *sds, math.sqrt(variance), r)


def hedges(df: float) -> float:
    """Return the exact small-sample correction J(df) = G(df/2) / (sqrt(df/2) G((df-1)/2)), Hedges (1981)."""
    return math.exp(special.gammaln(df / 2) - special.gammaln((df - 1) / 2)) / math.sqrt(df / 2)


def noncentrality(t: float, df: float) -> tuple[float, float]:
    """Return the two noncentralities for which the observed t is the 97.5 % and the 2.5 % quantile."""

    def solve(probability: float) -> float:
        def excess(nc: float) -> float:
            below = special.nctdtr(df, nc, t)
            return (below if math.isfinite(below) else float(nc < t)) - probability  # NaN: a tail too far to compute

        low, high, step = t - 1, t + 1, 4 + abs(t) / 2
        while excess(low) < 0:
            low -= step
        while excess(high) > 0:
            high += step
        return optimize.brentq(excess, low, high, xtol=1e-13, rtol=1e-14)

    return solve((1 + LEVEL) / 2), solve((1 - LEVEL) / 2)


def d_z(p: Paired) -> Effect:
    """Mean change / its standard deviation; noncentral t interval (R: ci_nct)."""
    size = p.change / p.sd_change
    low, high = (nc / math.sqrt(p.n) for nc in noncentrality(size * math.sqrt(p.n), p.n - 1))
    return Effect("d_z", size, low, high, "t décentré")


def g_z(p: Paired) -> Effect:
    """d_z and its interval times J(n - 1) (R: ci_g_nct)."""
    effect, j = d_z(p), hedges(p.n - 1)
    return Effect("g_z", effect.size * j, effect.low * j, effect.high * j, effect.interval)


def d_av(p: Paired, *, interval: str = "algina_keselman") -> Effect:
    """Mean change / root mean variance of the two waves.

    Intervals: `algina_keselman`, noncentral t of the paired t times
    sqrt(2 sd_change^2 / (n (s1^2 + s2^2))), Algina, Keselman (2003); `bonett`, normal, Bonett (2008), with
    std_error; `gpc`, noncentral t on nu df at d sqrt(n / (2 (1 - r))), Goulet-Pelletier, Cousineau (2018).
    Referee: R (paired_*.json, d_av). Coverage: statistics of the project, 93.5-96 % from n = 8 for the first.
    """
    check_option("interval", interval, D_AV_INTERVALS)
    size, std_error = p.change / p.sd_average, math.nan
    if interval == "algina_keselman":
        factor = p.sd_change / (p.sd_average * math.sqrt(p.n))
        low, high = (nc * factor for nc in noncentrality(p.change / p.sd_change * math.sqrt(p.n), p.n - 1))
    elif interval == "gpc":
        if 1 - p.r < NOISE:
            raise StatisticsError("avant et après sont parfaitement corrélés", remedy="Prendre un autre intervalle.")
        factor = math.sqrt(p.n / (2 * (1 - p.r)))
        low, high = (nc / factor for nc in noncentrality(size * factor, p.nu))
    else:
        fourth = p.sd_before**4 + p.sd_after**4 + 2 * (p.r * p.sd_before * p.sd_after) ** 2
        variance = size**2 * fourth / (8 * (p.n - 1) * p.sd_average**4)
        std_error = math.sqrt(variance + p.sd_change**2 / ((p.n - 1) * p.sd_average**2))
        low, high = _normal(size, std_error)
    return Effect("d_av", size, low, high, D_AV_INTERVALS[interval], std_error)


def g_av(p: Paired) -> Effect:
    """d_av J(nu), with the Algina-Keselman interval of the population effect (not multiplied by J): the default."""
    effect = d_av(p)
    return Effect("g_av", effect.size * hedges(p.nu), effect.low, effect.high, effect.interval)


def d_rm(p: Paired) -> Effect:
    """d_z sqrt(2 (1 - r)), and the noncentral t interval of d_z likewise (R: ci_from_dz); Lakens (2013)."""
    effect, factor = d_z(p), math.sqrt(2 * (1 - p.r))
    return Effect("d_rm", effect.size * factor, effect.low * factor, effect.high * factor, effect.interval)


def smcc(p: Paired) -> Effect:
    """Standardised mean change on the change's own deviation, as metafor's SMCC: var = 1/n + g^2/(2n)."""
    size = p.change / p.sd_change * hedges(p.n - 1)
    return _with_error("smcc", size, 1 / p.n + size**2 / (2 * p.n))


def smcr(p: Paired) -> Effect:
    """Standardised mean change on the first deviation, as metafor's SMCR: var = 2 (1 - r)/n + g^2/(2n)."""
    size = p.change / p.sd_before * hedges(p.n - 1)
    return _with_error("smcr", size, 2 * (1 - p.r) / p.n + size**2 / (2 * p.n))


def smcrh(p: Paired) -> Effect:
    """As SMCR without assuming equal variances (metafor's SMCRH): var = J^2 (sd_change^2/s1^2 + g^2/2)/(n - 1)."""
    size, j = p.change / p.sd_before * hedges(p.n - 1), hedges(p.n - 1)
    return _with_error("smcrh", size, j**2 * (p.sd_change**2 / p.sd_before**2 + size**2 / 2) / (p.n - 1))


def _with_error(name: str, size: float, variance: float) -> Effect:
    return Effect(name, size, *_normal(size, math.sqrt(variance)), "normal", math.sqrt(variance))


def _normal(size: float, std_error: float) -> tuple[float, float]:
    half = stats.norm.ppf((1 + LEVEL) / 2) * std_error
    return size - half, size + half


EFFECTS = (g_av, d_av, d_z, g_z, d_rm, smcc, smcr, smcrh)


def effect_sizes(moments: pd.DataFrame) -> pd.DataFrame:
    """Return every standardised change of every group, one row each.

    Parameters
    ----------
    moments : table of `pair_moments` (scores in the author's own metric).

    Returns
    -------
    Results: the keys of the groups, statistic (g_av, d_av, d_z, g_z, d_rm, smcc, smcr, smcrh), n (pairs), estimate,
    std_error (where the interval has one), ci_low, ci_high, method (the interval); a group where they have
    no meaning gives NaN and the reason. Formulas: each function of this module. Referee: R metafor::escalc
    and the definitions in topics.R (paired_*.json).

    Raises
    ------
    StatisticsError for a missing column or an empty table.
    """
    require_columns(moments, MOMENTS)
    require_rows(moments, "Tailles d’effet")
    keys = [name for name in KEYS if name in moments]
    rows = []
    for group in moments.itertuples(index=False):
        common = {key: getattr(group, key) for key in keys} | {"n": int(group.n)}
        rows += [common | {"statistic": effect.__name__} | _row(effect, group) for effect in EFFECTS]
    return as_results(rows)


def _row(effect: object, group: object) -> dict[str, object]:
    try:
        e = effect(paired(group))
    except StatisticsError as error:
        return not_computable(error.what)
    return {"estimate": e.size, "std_error": e.std_error, "ci_low": e.low, "ci_high": e.high, "method": e.interval}
