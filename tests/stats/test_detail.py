"""Question by question, and low to high scores: scipy and statsmodels at the same level, definitions, refusals."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from impact.errors import StatisticsError
from impact.stats.detail import class_shares, item_change

SAME = 1e-12  # the same formula in another order of operations
SEED = 11


@pytest.fixture
def pairs():
    draw = np.random.default_rng(SEED)
    table = pd.DataFrame({"association": ["a"] * 30 + ["b"] * 12, "before": draw.integers(1, 5, 42).astype(float)})
    return table.assign(after=np.clip(table["before"] + draw.integers(-1, 3, 42), 1, 4).astype(float))


@pytest.mark.parametrize("among", [1, 6, 10])
def test_item_change_is_the_paired_t_interval_at_the_level_of_bonferroni(pairs, among):
    rows = item_change(pairs, among=among).set_index("association")
    for code, own in pairs.groupby("association"):
        test = stats.ttest_rel(own["after"], own["before"])
        low, high = test.confidence_interval(1 - 0.05 / among)
        row = rows.loc[code]
        assert row["n"] == len(own)
        assert row["estimate"] == pytest.approx((own["after"] - own["before"]).mean(), rel=SAME)
        assert (row["ci_low"], row["ci_high"]) == pytest.approx((low, high), rel=SAME)


def test_all_the_intervals_hold_together():
    """Nothing happens to ten questions: at least one interval of the ten misses in 5 % of 2,000 surveys at most."""
    draw, surveys, items = np.random.default_rng(SEED), 2000, 10
    after = draw.standard_normal((surveys * items, 25))
    group = np.repeat(np.arange(surveys * items), 25)
    table = pd.DataFrame({"association": group, "before": 0.0, "after": after.ravel()})
    rows = item_change(table, among=items)
    missed = ((rows["ci_low"] > 0) | (rows["ci_high"] < 0)).to_numpy().reshape(surveys, items).any(axis=1).mean()
    three_errors = 3 * np.sqrt(0.05 * 0.95 / surveys)
    assert 0.049 - three_errors < missed < 0.05 + three_errors  # 1 - (1 - 0.005)^10 = 0.0489 for independent questions


def test_a_change_that_is_the_same_for_everybody_is_not_computed():
    table = pd.DataFrame({"association": "a", "before": [1.0, 2.0, 3.0], "after": [2.0, 3.0, 4.0]})
    (row,) = item_change(table, among=3).to_dict("records")
    assert np.isnan(row["estimate"])
    assert "identiques" in row["method"]


def test_classes_are_counted_and_their_intervals_are_wilson(pairs):
    table = pairs.rename(columns={"after": "score"})
    rows = class_shares(table, (2, 3)).set_index(["association", "category"])
    for code, own in table.groupby("association"):
        counts = {
            "low": (own["score"] < 2).sum(),
            "middle": ((own["score"] >= 2) & (own["score"] < 3)).sum(),
            "high": (own["score"] >= 3).sum(),
        }
        for name, count in counts.items():
            row, n = rows.loc[(code, name)], len(own)
            assert (row["n"], row["estimate"]) == (n, pytest.approx(count / n, rel=SAME))
            bounds = proportion_confint(count, n, method="wilson")
            assert (row["ci_low"], row["ci_high"]) == pytest.approx(bounds, rel=SAME)


def test_a_mean_equal_to_a_bound_up_to_binary_noise_is_above_it():
    table = pd.DataFrame({"association": "a", "score": [0.1 + 0.2, 0.3 - 1e-16, 0.29]})
    rows = class_shares(table, (0.3, 0.6)).set_index("category")["estimate"]
    assert rows["middle"] == pytest.approx(2 / 3)


@pytest.mark.parametrize("bounds", [(2,), (3, 2), (2, 2)])
def test_bounds_that_are_not_two_growing_numbers(bounds):
    with pytest.raises(StatisticsError, match="deux bornes"):
        class_shares(pd.DataFrame({"association": ["a"], "score": [1.0]}), bounds)


def test_no_question_read():
    with pytest.raises(StatisticsError, match="0 question lue"):
        item_change(pd.DataFrame({"association": ["a"], "before": [1.0], "after": [2.0]}), among=0)
