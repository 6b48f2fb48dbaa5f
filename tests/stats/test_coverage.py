"""Seeded simulation: do the default intervals cover the truth as often as they say?

Seven associations, 10 to 100 persons at the beginning (8 to 80 pairs expected), scores that are means of eight items
rated 1 to 5. Associations differ in their true change (ICC of the changes); 20 % do not come back, at random or the
more so as their first score is low. The truth is the mean change of everyone who could have come.
"""

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

from impact.stats.change import adjusted_change
from impact.stats.moments import MOMENTS
from impact.stats.pooling import pool

RUNS = 4000  # one standard error of a coverage of 95 %: 0.35 %
STARTERS = np.array([10, 15, 24, 35, 50, 71, 100])
NAMES = np.array([f"A{i + 1}" for i in range(7)])
CHANGE = 0.3
SD_CHANGE = 0.52  # of persons within an association, on the scale's 1-5 metric
WHOLE = (0.925, 0.96)  # nominal 95 %, seven associations
ONE = (0.93, 0.97)  # nominal 95 %, the smallest and the largest association
CELLS = [(icc, depends) for icc in (0.0, 0.05, 0.10, 0.20) for depends in (False, True)]


def score(latent: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a mean of eight items: measurement error, then eighths of a point."""
    return np.round(8 * (3 + 0.5 * latent + 0.25 * rng.standard_normal(latent.shape))) / 8


def simulate(icc: float, depends: bool, seed: int) -> dict[str, np.ndarray]:
    """Return arrays (runs, 7 associations) of the moments of pairs and of first scores, and the true changes."""
    rng = np.random.default_rng(seed)
    persons = (RUNS, 7, STARTERS.max())
    exists = np.arange(persons[2]) < STARTERS[:, None]
    truth = CHANGE + SD_CHANGE * np.sqrt(icc / (1 - icc)) * rng.standard_normal((RUNS, 7))
    start = rng.standard_normal(persons)
    later = 0.7 * start + np.sqrt(1 - 0.7**2) * rng.standard_normal(persons)
    before, after = score(start, rng), score(later + truth[..., None] / 0.5, rng)
    odds = 1.56 + 1.6 * (before - 3) if depends else np.full(persons, special.logit(0.8))
    comes = exists & (rng.random(persons) < special.expit(odds))

    def mean(x, of):
        return (x * of).sum(-1) / np.maximum(of.sum(-1), 1)

    def covariance(x, y, of):
        return ((x - mean(x, of)[..., None]) * (y - mean(y, of)[..., None]) * of).sum(-1) / np.maximum(
            of.sum(-1) - 1, 1
        )

    return {
        "truth": truth,
        "n": comes.sum(-1),
        "mean_before": mean(before, comes),
        "mean_after": mean(after, comes),
        "var_before": covariance(before, before, comes),
        "var_after": covariance(after, after, comes),
        "covariance": covariance(before, after, comes),
        "mean_first": mean(before, exists),
        "var_first": covariance(before, before, np.broadcast_to(exists, persons)),
    }


def covered(table: pd.DataFrame, truth: np.ndarray | float) -> np.ndarray:
    return ((table["ci_low"] <= truth) & (truth <= table["ci_high"])).to_numpy()


@pytest.fixture(scope="module")
def coverage() -> pd.DataFrame:
    rows = []
    for seed, (icc, depends) in enumerate(CELLS):
        drawn = simulate(icc, depends, seed)
        whole, one, raw = [], [], []
        for run in range(RUNS):
            moments = pd.DataFrame({"association": NAMES} | {name: drawn[name][run] for name in MOMENTS})
            first = pd.DataFrame(
                {"association": NAMES, "n": STARTERS}
                | {"mean_before": drawn["mean_first"][run], "var_before": drawn["var_first"][run]}
            )
            changes = adjusted_change(moments, first)
            one.append(covered(changes, drawn["truth"][run]))
            whole.append(covered(pool(changes).iloc[:1], CHANGE)[0])
            raw.append(raw_covers(moments, drawn["truth"][run]))
        smallest, *_, largest = np.mean(one, axis=0)
        raw_smallest, *_, raw_largest = np.mean(raw, axis=0)
        rows.append(
            (
                icc,
                depends,
                drawn["n"].mean() / STARTERS.mean(),
                np.mean(whole),
                smallest,
                largest,
                raw_smallest,
                raw_largest,
            )
        )
    names = ["icc", "depends", "came_back", "whole", "smallest", "largest", "raw_t_smallest", "raw_t_largest"]
    return pd.DataFrame(rows, columns=names)


def raw_covers(m: pd.DataFrame, truth: np.ndarray) -> np.ndarray:
    """Return whether the plain paired t interval of each association covers: what the adjustment is compared with."""
    error = np.sqrt((m["var_before"] + m["var_after"] - 2 * m["covariance"]) / m["n"])
    distance = np.abs(m["mean_after"] - m["mean_before"] - truth)
    return (distance <= stats.t.ppf(0.975, m["n"] - 1) * error).to_numpy()


@pytest.mark.slow
def test_intervals_cover_what_they_say(coverage):
    print("\n" + coverage.round(3).to_string(index=False))
    assert coverage["came_back"].between(0.78, 0.82).all()
    assert coverage["whole"].between(*WHOLE).all()
    assert coverage["smallest"].between(*ONE).all()
    assert coverage["largest"].between(*ONE).all()
