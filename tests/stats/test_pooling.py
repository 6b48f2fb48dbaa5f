"""From the associations to the whole: against R metafor and aov, on degenerate tables, and invariances."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from paired_references import SCALES, synthetic_scores

from impact.errors import StatisticsError
from impact.stats.change import pair_moments, paired_change, pairs
from impact.stats.heterogeneity import TAU2_METHODS, icc1
from impact.stats.pooling import pool
from tests.reference_values import load, read_data

ITERATIVE = 1e-8  # both programs stop an iteration close to the root
CLOSED_FORM = 1e-10  # closed formulas
TRUNCATED = 1e-12  # a variance truncated at zero, in one program or the other
META = ("meta_bcg", "meta_homog7", "meta_sai7", *(f"synth7_meta_{scale}" for scale in SCALES))


def table(y, v, labels=None) -> pd.DataFrame:
    labels = labels or [f"A{i}" for i in range(len(y))]
    return pd.DataFrame({"association": labels, "estimate": y, "std_error": np.sqrt(v), "n": 10})


@pytest.fixture(scope="module", params=[(identifier, method) for identifier in META for method in TAU2_METHODS])
def case(request):
    identifier, method = request.param
    expected = load(identifier)["results"]
    results = pool(table(expected["yi"], expected["vi"], expected["lab"]), method)
    whole = results[results["statistic"] != "shrunken_change"].set_index("statistic")
    return expected, expected[f"{method}_knha"], whole, results[results["statistic"] == "shrunken_change"]


def close(found, wanted):
    np.testing.assert_allclose(np.array(found, float), np.array(wanted, float), rtol=ITERATIVE, atol=TRUNCATED)


def test_average(case):
    _, wanted, whole, _ = case
    row = whole.loc["pooled_change", ["estimate", "std_error", "p_value", "ci_low", "ci_high", "df"]]
    close(row, [wanted["est"], wanted["se"], wanted["p"], *wanted["ci"], wanted["df"]])


def test_prediction(case):
    _, wanted, whole, _ = case
    close(whole.loc["prediction_interval", ["ci_low", "ci_high"]], wanted["pi"])


def test_heterogeneity(case):
    expected, wanted, whole, _ = case
    close(whole.loc["tau2", "estimate"], wanted["tau2"])
    close(whole.loc["i2", "estimate"], wanted["I2"] / 100)
    close(whole.loc["q", ["estimate", "p_value"]], [expected["FE_z"]["Q"], expected["FE_z"]["Qp"]])


def test_q_profile(case):
    _, wanted, whole, _ = case
    limits = ["ci_low", "ci_high"]
    close(whole.loc["tau2", limits], wanted["confint"]["tau2"])
    close(whole.loc["tau", limits], wanted["confint"]["tau"])
    close(whole.loc["i2", limits], np.array(wanted["confint"]["I2"]) / 100)


def test_shrunken(case):
    expected, wanted, _, shrunken = case
    assert shrunken["association"].tolist() == expected["lab"]
    close(shrunken["estimate"], wanted["blup"]["pred"])
    close(shrunken["std_error"], wanted["blup"]["se"])


@pytest.mark.parametrize("scale", SCALES)
def test_from_the_scores_to_the_average(scale):
    changes = paired_change(pair_moments(pairs(synthetic_scores(scale), scale, "pre", "post")))
    found = pool(changes[changes["statistic"] == "change"]).iloc[0]
    wanted = load(f"synth7_meta_{scale}")["results"]["REML_knha"]
    close(found[["estimate", "ci_low", "ci_high"]], [wanted["est"], *wanted["ci"]])
    assert found["n"] == load(f"synth7_paired_{scale}")["results"]["n"]


def test_icc1():
    expected = load("icc_sai7_score_pre")["results"]
    groups = read_data("sai7_change.csv").groupby("study")["score_pre"].agg(n="count", mean="mean", variance="var")
    found = icc1(groups).iloc[0]
    wanted = [
        expected["N"],
        expected["icc1_n0"],
        *expected["ci_searle_n0"],
        expected["p"],
        expected["N"] - expected["k"],
    ]
    names = ["n", "estimate", "ci_low", "ci_high", "p_value", "df"]
    np.testing.assert_allclose(found[names].astype(float), wanted, rtol=CLOSED_FORM)


# Degenerate tables -----------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("error")
def test_one_association_has_no_average():
    results = pool(table([0.3], [0.01]))
    assert results["estimate"].isna().all()
    assert set(results["method"]) == {"non calculable : une seule association"}
    results = pool(table([np.nan, np.nan], [0.01, 0.01]))
    assert set(results["method"]) == {"non calculable : aucune association n’a d’estimation"}
    assert results["n"].tolist() == [0, 10, 10]


@pytest.mark.filterwarnings("error")
def test_a_bad_association_is_left_out_and_named():
    results = pool(table([0.3, np.nan, 0.1, 0.2, 0.5], [0.01, 0.02, 0.03, 0.0, np.nan]))
    assert results.iloc[0]["n"] == 20
    shrunken = results[results["statistic"] == "shrunken_change"]
    assert shrunken["estimate"].notna().tolist() == [True, False, True, False, False]
    assert shrunken["method"].iloc[1] == "non calculable : pas d’estimation pour cette association"


@pytest.mark.filterwarnings("error")
def test_identical_estimates():
    results = pool(table([0.2, 0.2, 0.2], [0.01, 0.02, 0.03])).set_index("statistic")
    assert "exactement la même estimation" in results.loc["pooled_change", "method"]
    assert np.isnan(results.loc["prediction_interval", "estimate"])
    assert results.loc["tau2", "estimate"] == 0


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("n", "variance", "reason"),
    [
        ([5], [1.0], "il faut deux associations et plus d’une personne par association"),
        ([1, 1], [np.nan, np.nan], "il faut deux associations et plus d’une personne par association"),
        ([3, 3], [0.0, 0.0], "les scores ne varient pas dans les associations"),
    ],
)
def test_an_icc_without_meaning_says_why(n, variance, reason):
    found = icc1(pd.DataFrame({"n": n, "mean": range(len(n)), "variance": variance})).iloc[0]
    assert found["method"] == f"non calculable : {reason}"


def test_faults_are_told():
    good = table([0.3, 0.2], [0.01, 0.01])
    with pytest.raises(StatisticsError, match=r"«.reml.» n’est pas une valeur de «.method.»"):
        pool(good, "reml")
    with pytest.raises(StatisticsError, match=r"de nature différente \(«.scale.».: cap, est\)\. Appeler la fonction"):
        pool(good.assign(scale=["cap", "est"]))
    with pytest.raises(StatisticsError, match=r"Une association figure deux fois\."):
        pool(good.assign(association="A"))
    with pytest.raises(StatisticsError, match="la table est vide"):
        pool(good.iloc[:0])


# Properties ------------------------------------------------------------------------------------------------------

PROPERTY = 1e-7  # tau2 found by an iteration on sums taken in another order
estimates = st.lists(
    st.tuples(st.integers(-20, 20).map(lambda x: x / 10), st.integers(1, 50).map(lambda x: x / 100)),
    min_size=2,
    max_size=9,
).filter(lambda rows: len({y for y, _ in rows}) > 1)


@settings(max_examples=50)
@given(estimates, st.randoms(use_true_random=False))
def test_order_and_names_change_nothing(rows, random):
    plain = table(*zip(*rows, strict=True))
    shuffled = plain.sample(frac=1, random_state=random.randrange(2**31)).assign(
        association=lambda t: "x" + t["association"]
    )
    found, wanted = (pool(t).iloc[:6].drop(columns="association", errors="ignore") for t in (shuffled, plain))
    pd.testing.assert_frame_equal(found, wanted, rtol=PROPERTY, atol=PROPERTY)


@settings(max_examples=50)
@given(estimates, st.integers(-5, 5))
def test_a_constant_moves_the_average_and_nothing_else(rows, constant):
    y, v = map(np.array, zip(*rows, strict=True))
    found, wanted = pool(table(y + constant, v)), pool(table(y, v))
    moved = wanted["statistic"].isin(["pooled_change", "prediction_interval", "shrunken_change"])
    np.testing.assert_allclose(found["estimate"], wanted["estimate"] + constant * moved, rtol=PROPERTY, atol=PROPERTY)
    np.testing.assert_allclose(found["std_error"], wanted["std_error"], rtol=PROPERTY, atol=PROPERTY)
