"""Missing answers: their patterns, means and covariances by maximum likelihood (EM), Little's test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from impact.results import as_results
from impact.stats.items import NotComputable, item_values, not_computable, require_independent
from impact.stats.maximum_likelihood import Block, item_margins

MAX_STEPS = 5000
SETTLED = 1e-13  # largest change of a mean or covariance, on items scaled to variance 1
TESTS = ("little_mcar", "little_mcar_adjusted")


@dataclass(frozen=True, eq=False)
class PatternMoments:
    """Moments of k items by pattern of missing answers: what every likelihood with missing answers needs.

    names : k items; n : rows with at least one answer; n_total : all rows.
    blocks : one per pattern, with the indices of the answered items, n, mean and covariance (divisor n).
    """

    n: int
    names: tuple[str, ...]
    blocks: tuple[Block, ...]
    n_total: int


def pattern_moments(items: pd.DataFrame) -> PatternMoments:
    """Return the moments of the items by pattern of missing answers (first pass over the answers).

    Parameters
    ----------
    items : one row per person, one numeric column per item; missing as NaN, None or pd.NA.
        A row without any answer is left out.

    Returns
    -------
    PatternMoments.

    Raises
    ------
    StatisticsError without columns, with repeated names, or with values that are not finite numbers.
    """
    values = item_values(items)
    answered = ~np.isnan(values)
    values, answered = values[answered.any(axis=1)], answered[answered.any(axis=1)]
    kinds, which = np.unique(answered, axis=0, return_inverse=True)
    blocks = []
    for i, pattern in enumerate(kinds):
        rows = values[which.ravel() == i][:, pattern]
        gaps = rows - rows.mean(axis=0)
        blocks.append(Block(0, len(rows), rows.mean(axis=0), gaps.T @ gaps / len(rows), np.flatnonzero(pattern)))
    return PatternMoments(len(values), tuple(map(str, items.columns)), tuple(blocks), len(items))


def em_moments(patterns: PatternMoments) -> tuple[np.ndarray, np.ndarray]:
    """Return the maximum likelihood mean (k,) and covariance (k, k) of normal items missing at random, by EM.

    Raises
    ------
    NotComputable with under 3 rows, an item never answered or constant, a singular covariance, or no convergence.

    Notes
    -----
    Dempster, Laird & Rubin (1977): unanswered items are replaced by their regression on the answered ones, the
    residual covariance added. Checked against an independent EM in R (little_*.json).
    """
    mean, scale = _answered_moments(patterns)
    blocks = [b._replace(mean=(b.mean - mean[b.observed]) / scale[b.observed],
                         covariance=b.covariance / np.outer(scale[b.observed], scale[b.observed]))
              for b in patterns.blocks]  # fmt: skip
    now = np.zeros(len(mean)), np.eye(len(mean))
    for _ in range(MAX_STEPS):
        then = _em_step(now, blocks, patterns.n)
        require_independent(then[1])
        moved = max(np.abs(then[0] - now[0]).max(), np.abs(then[1] - now[1]).max())
        now = then
        if moved < SETTLED:
            return mean + scale * now[0], now[1] * np.outer(scale, scale)
    raise NotComputable("l’estimation avec réponses manquantes ne converge pas")


def little_mcar(patterns: PatternMoments) -> pd.DataFrame:
    """Return Little's test that answers are missing completely at random.

    Parameters
    ----------
    patterns : moments by pattern of k items, at least two patterns.

    Returns
    -------
    Rows `statistic, n, estimate, df, p_value, method`; n = persons with at least one answer.
        little_mcar : with the maximum likelihood covariance, as R naniar::mcar_test.
        little_mcar_adjusted : with the covariance multiplied by n / (n - 1), a little smaller.
        No missing answer, or moments that cannot be estimated: NaN, and `method` says why.

    Notes
    -----
    d2 = sum over patterns of n_j (m_j - mu_j)' S_j^-1 (m_j - mu_j), chi-square with sum k_j - k degrees of freedom;
    mu, S by EM, restricted to the k_j items answered in pattern j. A small p-value says that who did not answer
    differs; a large one, with few persons, says little.
    Source: Little (1988). Checked against R (little_*.json).
    """
    df = sum(len(block.observed) for block in patterns.blocks) - len(patterns.names)
    try:
        mean, covariance = em_moments(patterns)
        if len(patterns.blocks) < 2 or df < 1:
            raise NotComputable("aucune réponse ne manque, ou toutes manquent ensemble")
    except NotComputable as reason:
        return as_results(not_computable(TESTS, patterns.n, reason))
    distance = sum(_distance((mean, covariance), block) for block in patterns.blocks)
    found = zip(TESTS, (distance, distance * (patterns.n - 1) / patterns.n), ("n", "n − 1"), strict=True)
    return as_results(
        {
            "statistic": name, "n": patterns.n, "estimate": d2, "df": df, "p_value": stats.chi2.sf(d2, df),
            "method": f"test de Little, covariance divisée par {divisor}",
        }
        for name, d2, divisor in found
    )  # fmt: skip


def _answered_moments(patterns: PatternMoments) -> tuple[np.ndarray, np.ndarray]:
    if patterns.n < 3:
        raise NotComputable(f"il faut au moins 3 personnes ayant répondu (il y en a {patterns.n})")
    n, mean, variance = item_margins(patterns.blocks, len(patterns.names))
    if never := [name for name, count in zip(patterns.names, n, strict=True) if not count]:
        raise NotComputable(f"aucune réponse à {', '.join(never)}")
    scale = np.sqrt(variance)
    constant = [name for name, s, m in zip(patterns.names, scale, mean, strict=True) if not s > 1e-10 * (1 + abs(m))]
    if constant:
        raise NotComputable(f"réponses toutes identiques à {', '.join(constant)}")
    return mean, scale


def _em_step(now: tuple[np.ndarray, np.ndarray], blocks: list[Block], n: int) -> tuple[np.ndarray, np.ndarray]:
    mean, covariance = now
    k = len(mean)
    first, second = np.zeros(k), np.zeros((k, k))
    for block in blocks:
        o = block.observed
        fill = covariance[:, o] @ np.linalg.inv(covariance[np.ix_(o, o)])
        expected = mean + fill @ (block.mean - mean[o])
        spread = fill @ block.covariance @ fill.T + covariance - fill @ covariance[o]
        first += block.n * expected
        second += block.n * (spread + np.outer(expected, expected))
    first /= n
    second = second / n - np.outer(first, first)
    return first, (second + second.T) / 2


def _distance(moments: tuple[np.ndarray, np.ndarray], block: Block) -> float:
    mean, covariance = moments
    gap = block.mean - mean[block.observed]
    return block.n * gap @ np.linalg.solve(covariance[np.ix_(block.observed, block.observed)], gap)
