"""Alpha, omega total and the error of measurement against R (psych, lavaan), and on degenerate answers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impact.errors import StatisticsError
from impact.stats.items import ItemMoments, item_moments, judgeable
from impact.stats.maximum_likelihood import complete_block, deviance
from impact.stats.one_factor import one_factor
from impact.stats.reliability import alpha, omega_total
from tests.reference_values import load, read_data

CLOSED_FORM = 1e-10  # same formula, double precision
OPTIMISER = 1e-6  # lavaan stops its optimiser at about this distance
OPTIMISER_LOADINGS = 1e-5  # the same, on single loadings and standard errors
NAN = float("nan")

DATA = {
    "alpha_bfi_agree": ("bfi_agree.csv", None, [f"A{i}" for i in range(1, 6)]),
    "alpha_sai7_time1": ("sai7.csv", "time == 1", None),
    "omega_holzinger_textual": ("holzinger.csv", None, ["x4", "x5", "x6"]),
    "synth7_alpha_cap": ("synth7.csv", "wave == 'pre'", [f"q{i:02}" for i in range(1, 9)]),
    "synth7_alpha_est": ("synth7.csv", "wave == 'pre'", [f"q{i:02}" for i in range(9, 17)]),
    "synth7_alpha_soc": ("synth7.csv", "wave == 'pre'", [f"q{i:02}" for i in range(17, 25)]),
}
ALPHAS = ("alpha_bfi_agree", "alpha_bfi_agree_first300", "alpha_sai7_time1",
          "synth7_alpha_cap", "synth7_alpha_est", "synth7_alpha_soc")  # fmt: skip
OMEGAS = {
    "omega_bfi_agree": "alpha_bfi_agree",
    "omega_sai7_time1": "alpha_sai7_time1",
    "omega_holzinger_textual": "omega_holzinger_textual",
    "synth7_omega_cap": "synth7_alpha_cap",
    "synth7_omega_est": "synth7_alpha_est",
    "synth7_omega_soc": "synth7_alpha_soc",
}


def keyed_items(name: str) -> pd.DataFrame:
    """Return the items of an alpha reference, reversed as its JSON says."""
    file, rows, columns = DATA[name.removesuffix("_first300")]
    table = read_data(file)
    table = table.query(rows) if rows else table
    items = table[columns] if columns else table.drop(columns=["study", "id", "time"])
    if name.startswith("omega"):
        return items
    expected = load(name)["results"]
    items = items.head(300) if name.endswith("_first300") else items
    reverse = np.atleast_1d(expected["reversed"])
    return items.assign(**{item: expected["lo"] + expected["hi"] - items[item] for item in reverse})


@pytest.mark.parametrize("name", ALPHAS)
def test_alpha_as_in_r(name):
    found = alpha(item_moments(keyed_items(name)), level=load(name)["results"]["level"])
    expected = load(name)["results"]["complete_cases"]
    rows = found.set_index("statistic")
    assert (found["n"] == expected["n"]).all()
    for statistic, interval in (("alpha", "ci_bonett"), ("alpha_feldt", "ci_feldt"), ("alpha_duhachek", "ci_duhachek")):
        row = rows.loc[statistic]
        assert row["estimate"] == pytest.approx(expected["raw_alpha"], rel=CLOSED_FORM)
        assert [row["ci_low"], row["ci_high"]] == pytest.approx(expected[interval], rel=CLOSED_FORM)
    assert rows.loc["alpha_duhachek", "std_error"] == pytest.approx(expected["ase_duhachek"], rel=CLOSED_FORM)
    assert rows.loc["alpha_standardised", "estimate"] == pytest.approx(expected["std_alpha"], rel=CLOSED_FORM)
    for statistic, values in (("alpha_if_dropped", expected["if_dropped"]["raw_alpha"]),
                              ("item_rest_correlation", expected["items"]["r_drop"])):  # fmt: skip
        assert list(rows.loc[statistic, "category"]) == expected["items"]["name"]
        assert list(rows.loc[statistic, "estimate"]) == pytest.approx(values, rel=CLOSED_FORM)


@pytest.mark.parametrize("name", ALPHAS)
def test_standardised_alpha_of_the_items_left(name):
    items = keyed_items(name).dropna()
    for dropped, expected in zip(
        items, load(name)["results"]["complete_cases"]["if_dropped"]["std_alpha"], strict=True
    ):
        found = alpha(item_moments(items.drop(columns=dropped))).set_index("statistic")
        assert found.loc["alpha_standardised", "estimate"] == pytest.approx(expected, rel=CLOSED_FORM)


@pytest.mark.parametrize("name", ALPHAS)
def test_error_of_measurement_is_the_spread_not_explained(name):
    expected = load(name)["results"]["complete_cases"]
    sem = expected["scale_sd"] * np.sqrt(1 - expected["raw_alpha"])
    found = alpha(item_moments(keyed_items(name))).query("statistic == 'sem'").set_index("category")["estimate"]
    assert found["mean"] == pytest.approx(sem, rel=CLOSED_FORM)
    assert found["sum"] == pytest.approx(sem * expected["k"], rel=CLOSED_FORM)


@pytest.mark.parametrize("name", ALPHAS)
def test_moments_as_in_r(name):
    moments, expected = item_moments(keyed_items(name)), load(name)["results"]["complete_cases"]["items"]
    assert moments.n_total >= moments.n == expected["n"][0]
    assert moments.mean == pytest.approx(np.array(expected["mean"]), rel=CLOSED_FORM)
    assert np.sqrt(np.diag(moments.covariance)) == pytest.approx(np.array(expected["sd"]), rel=CLOSED_FORM)


@pytest.mark.parametrize("name", OMEGAS)
def test_omega_total_as_in_lavaan(name):
    results = load(name)["results"]
    expected, found = results["lavaan_ML"], omega_total(item_moments(keyed_items(OMEGAS[name])))
    assert (found["n"] == results["n"]).all()
    for row, interval in zip(found.itertuples(), ("ci_logit", "ci_wald"), strict=True):
        assert row.estimate == pytest.approx(expected["omega"], rel=OPTIMISER)
        assert row.std_error == pytest.approx(expected["se"], rel=OPTIMISER_LOADINGS)
        assert [row.ci_low, row.ci_high] == pytest.approx(expected[interval], rel=OPTIMISER)


@pytest.mark.parametrize("name", OMEGAS)
def test_one_factor_loadings_as_in_lavaan(name):
    moments, expected = item_moments(keyed_items(OMEGAS[name])), load(name)["results"]["lavaan_ML"]
    fit = one_factor(moments)
    theirs = lavaan_parameters(fit, expected)
    # lavaan stops a little before the maximum: what it leaves bounds how far its parameters may be, in standard errors
    left = deviance(fit.model.implied(theirs), [complete_block(moments)]) - fit.deviance
    assert -1e-9 <= left < OPTIMISER
    distance = np.sqrt(max(left, 0)) * np.sqrt(np.diag(fit.covariance))
    assert (np.abs(fit.parameters - theirs) <= OPTIMISER_LOADINGS * np.abs(theirs) + distance).all()


def lavaan_parameters(fit, expected: dict) -> np.ndarray:
    """Return lavaan's loadings and residual variances in the order of the fit, its saturated means added."""
    values = {"loading": iter(expected["loadings"]), "residual_variance": iter(expected["resid_var"])}
    found = [next(values[kind]) if kind in values else fit.value((kind, item)) for kind, item in fit.model.labels]
    return np.array(found)


@pytest.mark.parametrize("name", OMEGAS)
def test_omega_of_standardised_items_and_alpha_as_in_semtools(name):
    items, expected = keyed_items(OMEGAS[name]).dropna(), load(name)["results"]
    standardised = omega_total(item_moments((items - items.mean()) / items.std()))["estimate"][0]
    assert standardised == pytest.approx(expected["lavaan_ML_standardised_items_omega"], rel=OPTIMISER)
    assert alpha(item_moments(items))["estimate"][0] == pytest.approx(expected["semTools"]["alpha"], rel=CLOSED_FORM)


def answers(persons: int = 40, items: int = 5, seed: int = 1) -> pd.DataFrame:
    """Return Likert answers from one trait."""
    rng = np.random.default_rng(seed)
    latent = rng.normal(size=(persons, 1)) + rng.normal(size=(persons, items))
    return pd.DataFrame(np.clip(np.round(3 + latent), 1, 5), columns=[f"q{i}" for i in range(1, items + 1)])


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), items=st.integers(3, 8))
def test_orders_do_not_matter(seed, items):
    table, rng = answers(60, items, seed), np.random.default_rng(seed)
    shuffled = table.iloc[rng.permutation(60), rng.permutation(items)]
    for statistic in (alpha, omega_total):
        here, there = statistic(item_moments(table)), statistic(item_moments(shuffled))
        assert here["estimate"][0] == pytest.approx(there["estimate"][0], rel=1e-8, nan_ok=True)
        assert here["ci_low"][0] == pytest.approx(there["ci_low"][0], rel=1e-6, nan_ok=True)


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), column=st.integers(0, 4))
def test_reversing_twice_changes_nothing(seed, column):
    table = answers(seed=seed)
    twice = table.copy()
    twice.iloc[:, column] = 6 - (6 - twice.iloc[:, column])
    pd.testing.assert_frame_equal(alpha(item_moments(table)), alpha(item_moments(twice)))
    pd.testing.assert_frame_equal(omega_total(item_moments(table)), omega_total(item_moments(twice)))


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), scale=st.floats(0.1, 10), shift=st.floats(-100, 100))
def test_the_unit_of_the_answers_does_not_matter(seed, scale, shift):
    table = answers(seed=seed)
    here, there = alpha(item_moments(table)), alpha(item_moments(scale * table + shift))
    assert here["estimate"][0] == pytest.approx(there["estimate"][0], rel=1e-8)
    assert list(here["estimate"][4:6] * scale) == pytest.approx(list(there["estimate"][4:6]), rel=1e-8)


def test_missing_answers_in_any_dress_leave_the_row_out():
    table = answers().astype("Int64")
    table.iloc[:3, 0] = pd.NA
    plain = table.astype(float)
    mixed = table.astype(object).where(table.notna(), None)
    expected = item_moments(plain.dropna())
    for items in (table, plain, mixed):
        moments = item_moments(items)
        assert (moments.n, moments.n_total) == (37, 40)
        assert moments.covariance == pytest.approx(expected.covariance)


def test_perfectly_repeated_item_gives_alpha_one_but_no_omega():
    table = pd.DataFrame({name: answers()["q1"] for name in "abc"})
    found = alpha(item_moments(table)).set_index("statistic")
    assert found.loc["alpha", ["estimate", "ci_low", "ci_high"]].tolist() == pytest.approx([1, 1, 1])
    omega = omega_total(item_moments(table))
    assert omega["estimate"].isna().all()
    assert omega["method"].str.contains("se déduisent exactement les uns des autres").all()


DEGENERATE = {
    "nobody": (answers().iloc[:0], "au moins 3 réponses complètes (il y en a 0)"),
    "one person": (answers().iloc[:1], "au moins 3 réponses complètes (il y en a 1)"),
    "two persons": (answers().iloc[:2], "au moins 3 réponses complètes (il y en a 2)"),
    "all missing": (answers() * NAN, "au moins 3 réponses complètes (il y en a 0)"),
    "one column missing": (answers().assign(q2=NAN), "au moins 3 réponses complètes (il y en a 0)"),
    "a constant item": (answers().assign(q2=0.1), "réponses toutes identiques à q2"),
    "no spread": (answers() * 0 + 4, "réponses toutes identiques à q1, q2, q3, q4, q5"),
    "one item": (answers()[["q1"]], "items"),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("case", DEGENERATE)
@pytest.mark.parametrize("statistic", [alpha, omega_total])
def test_degenerate_answers_say_why(statistic, case):
    items, reason = DEGENERATE[case]
    found = statistic(item_moments(items))
    assert found[["estimate", "std_error", "ci_low", "ci_high"]].isna().all(axis=None)
    assert found["method"].str.startswith("non calculable\u00a0: ").all()
    assert found["method"].str.contains(reason, regex=False).all()
    assert (found["n"] == len(items.dropna())).all()


@pytest.mark.filterwarnings("error")
def test_two_items_have_an_alpha_but_nothing_is_left_when_one_is_dropped():
    items = answers()[["q1", "q2"]]
    found = alpha(item_moments(items)).set_index("statistic")
    assert found.loc["alpha_if_dropped", "estimate"].isna().all()
    assert set(found.loc["alpha_if_dropped", "method"]) == {"non calculable\u00a0: il ne resterait qu’un item"}
    assert found.loc["item_rest_correlation", "estimate"].iloc[0] == pytest.approx(items.corr().iloc[0, 1])
    assert omega_total(item_moments(items))["method"][0] == "non calculable\u00a0: il faut au moins 3 items"


@pytest.mark.filterwarnings("error")
def test_items_that_cancel_out_say_so():
    first = answers()["q1"]
    found = alpha(item_moments(pd.DataFrame({"a": first, "b": 6 - first})))
    assert "les items s’annulent" in found["method"][0]


@pytest.mark.filterwarnings("error")
def test_three_persons_are_enough_to_compute_and_too_few_to_judge():
    found = alpha(item_moments(pd.DataFrame({"a": [1, 2, 4], "b": [2, 2, 5], "c": [1, 3, 4]})))
    assert found["estimate"].notna().all()
    assert not judgeable(3, 3)


@pytest.mark.filterwarnings("error")
def test_heywood_case_is_named():
    corr = np.array([[1, 0.7, 0.7], [0.7, 1, 0.4], [0.7, 0.4, 1]])
    values = np.linalg.cholesky(corr)
    rng = np.random.default_rng(0)
    white = rng.normal(size=(50, 3))
    white -= white.mean(axis=0)
    white = np.linalg.solve(np.linalg.cholesky(np.cov(white.T)), white.T).T
    found = omega_total(item_moments(pd.DataFrame(white @ values.T, columns=list("abc"))))
    assert found["method"][0] == "non calculable\u00a0: variance résiduelle négative pour a (cas de Heywood)"


@pytest.mark.filterwarnings("error")
def test_items_almost_unrelated_have_no_one_factor_solution():
    corr = np.array([[1, 0.3, 0.001], [0.3, 1, 0.3], [0.001, 0.3, 1]])
    found = omega_total(ItemMoments(31, tuple("abc"), np.zeros(3), corr, 31))
    assert found["estimate"].isna().all()
    assert found["method"].str.contains("Heywood|ne converge pas").all()


@pytest.mark.parametrize(("n", "items", "expected"), [(30, 3, True), (29, 3, False), (30, 2, False), (500, 20, True)])
def test_judgeable(n, items, expected):
    assert judgeable(n, items) is expected


@pytest.mark.parametrize(
    ("items", "message"),
    [
        (pd.DataFrame(), "Aucun item."),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "Items répétés\u00a0: a."),
        (pd.DataFrame({"a": [1, 2], "b": ["oui", "non"]}), "Valeurs qui ne sont pas des nombres\u00a0: b."),
        (pd.DataFrame({"a": [1, float("inf")]}), "Valeurs qui ne sont pas des nombres\u00a0: a."),
    ],
)
def test_unusable_tables_are_refused(items, message):
    with pytest.raises(StatisticsError) as error:
        item_moments(items)
    assert error.value.what == message
    assert error.value.remedy


@pytest.mark.parametrize("level", [0, 1, 95])
@pytest.mark.parametrize("statistic", [alpha, omega_total])
def test_a_level_is_a_share(statistic, level):
    with pytest.raises(StatisticsError, match="entre 0 et 1"):
        statistic(item_moments(answers()), level=level)
