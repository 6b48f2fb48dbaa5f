"""Signed ranks against R coin and effectsize, and a brute force enumeration."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from paired_references import PAIRED, complete
from scipy.stats import rankdata

from impact.errors import StatisticsError
from impact.stats.ranks import (
    difference_table,
    rank_biserial,
    rank_biserial_interval,
    signed_rank,
    signed_rank_test,
)
from tests.reference_values import load

CLOSED_FORM = 1e-10  # sums of ranks, exact probabilities
COIN_TAIL = 1e-15  # absolute: coin takes small p-values as 1 minus a probability near 1; base R does not


def arrays(identifier: str) -> tuple[np.ndarray, np.ndarray]:
    table = difference_table(complete(identifier), by=())
    return table["value"].to_numpy(), table["count"].to_numpy()


@pytest.mark.parametrize("identifier", PAIRED)
def test_tests_of_coin_and_base_r(identifier):
    expected = load(identifier)["results"]["wilcoxon"]
    values, counts = arrays(identifier)
    assert counts[values == 0].sum() == expected["n_zero"]
    for zeros, name in (("drop", "coin_Wilcoxon"), ("pratt", "coin_Pratt")):
        if name not in expected:
            continue
        exact = signed_rank_test(values, counts, zeros=zeros)
        normal = signed_rank_test(values, counts, zeros=zeros, exact=False)
        np.testing.assert_allclose(exact["p_value"], expected[name]["p_exact"], rtol=CLOSED_FORM, atol=COIN_TAIL)
        np.testing.assert_allclose(normal["p_value"], expected[name]["p_asym"], rtol=CLOSED_FORM, atol=COIN_TAIL)
        np.testing.assert_allclose(normal["z"], expected[name]["z"], rtol=CLOSED_FORM)
    without_ties = signed_rank_test(values, counts, exact=False)
    np.testing.assert_allclose(without_ties["v"], expected["default"]["V"], rtol=CLOSED_FORM)
    np.testing.assert_allclose(without_ties["p_value"], expected["normal_nocc"]["p"], rtol=CLOSED_FORM)


@pytest.mark.parametrize("identifier", PAIRED)
def test_rank_biserial_of_effectsize(identifier):
    expected = load(identifier)["results"]["rank_biserial"]
    values, counts = arrays(identifier)
    np.testing.assert_allclose(rank_biserial(values, counts), expected["r_drop_zeros"], rtol=CLOSED_FORM)
    np.testing.assert_allclose(rank_biserial(values, counts, zeros="pratt"), expected["r_pratt"], rtol=CLOSED_FORM)
    if abs(expected["r"]) < 1:
        interval = rank_biserial_interval(values, counts, interval="fisher")
        np.testing.assert_allclose(interval, expected["ci_effectsize"], rtol=CLOSED_FORM)


@pytest.mark.parametrize("identifier", ["paired_sai7_AGES", "synth7_paired_cap"])
def test_row(identifier):
    expected = load(identifier)["results"]
    row = signed_rank(difference_table(complete(identifier), by=()), by=()).iloc[0]
    assert row["n"] == expected["n"]
    assert row["ci_low"] < row["estimate"] < row["ci_high"]
    wanted = expected["wilcoxon"]["coin_Wilcoxon"]["p_exact"]
    np.testing.assert_allclose(row["p_value"], wanted, rtol=CLOSED_FORM, atol=COIN_TAIL)


small = st.lists(st.integers(-4, 4), min_size=3, max_size=9).filter(lambda d: any(d))


@settings(max_examples=40)
@given(small)
def test_exact_p_is_that_of_all_the_signs(differences):
    d = np.array(differences)
    d = d[d != 0]
    ranks = rankdata(abs(d))
    observed = abs(ranks @ np.sign(d))
    signs = np.array(list(product((-1, 1), repeat=len(d))))
    wanted = np.mean(abs(signs @ ranks) >= observed - CLOSED_FORM)
    values, counts = np.unique(differences, return_counts=True)
    np.testing.assert_allclose(signed_rank_test(values, counts)["p_value"], wanted, rtol=CLOSED_FORM)


@settings(max_examples=40)
@given(small, st.integers(1, 3), st.randoms(use_true_random=False))
def test_order_split_and_origin_change_nothing(differences, parts, random):
    table = pd.DataFrame({"before": 1.0, "after": 1.0 + np.array(differences) / 8})
    whole = signed_rank(difference_table(table, by=()), by=())
    shuffled = table.sample(frac=1, random_state=random.randrange(2**31)) + 3
    pieces = [difference_table(shuffled.iloc[part::parts], by=()) for part in range(parts)]
    pd.testing.assert_frame_equal(signed_rank(pd.concat(pieces), by=()), whole, rtol=CLOSED_FORM)


@pytest.mark.filterwarnings("error")
def test_cases_without_meaning_say_why():
    table = pd.DataFrame({"association": list("AABBBCCC"), "before": 1.0, "after": [1, 1, 2, 3, 4, 2, 0, 5.0]})
    found = signed_rank(difference_table(table)).set_index("association")
    assert found.loc["A", "method"] == "non calculable : personne n’a changé"
    assert found.loc["B", "method"].endswith("tous les changements vont dans le même sens")
    assert found.loc["B", "estimate"] == 1
    assert np.isfinite(found.loc["C", "ci_low"])
    assert found.loc["A", "n"] == 2
    with pytest.raises(StatisticsError, match="la table est vide"):
        signed_rank(difference_table(table.iloc[:0]))
    with pytest.raises(StatisticsError, match=r"«.wilcox.» n’est pas une valeur de «.zeros.»"):
        signed_rank_test(np.array([1.0]), np.array([1]), zeros="wilcox")


def test_the_projection_interval_covers():
    """Seeded simulation, 20 persons, moderate change, scores in eighths: 1,000 runs, one standard error is 0.7 %."""
    rng = np.random.default_rng(11)

    def differences(n):
        return np.unique(np.round(8 * rng.normal(0.25, 0.9, n)) / 8, return_counts=True)

    truth = rank_biserial(*differences(10**6))
    runs = [rank_biserial_interval(*differences(20)) for _ in range(1000)]
    assert 0.93 < np.mean([low <= truth <= high for low, high in runs]) < 0.97


def test_many_persons_use_the_normal_distribution():
    found = signed_rank(pd.DataFrame({"value": [-1.0, 0.0, 1.0], "count": [4000, 9000, 4500]}), by=()).iloc[0]
    assert found["method"].startswith("Wilcoxon asymptotique")
    assert found["n"] == 17500
