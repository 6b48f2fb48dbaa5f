"""Polychoric correlations and ordinal alpha against R (polycor, psych), closed forms and degenerate tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

from impact.errors import StatisticsError
from impact.stats.polychoric import (
    OrdinalTables,
    bivariate_normal,
    ordinal_alpha,
    ordinal_tables,
    polychoric,
    polychoric_correlations,
    thresholds,
)
from tests.reference_values import load, read_data

R_OPTIMIZE = 1e-4  # R's optimize() stops at its default tolerance, 1.2e-4
CLOSED_FORM = 1e-10  # same formula, double precision


def keyed_items() -> pd.DataFrame:
    items = read_data("bfi_agree.csv")[[f"A{i}" for i in range(1, 6)]]
    return items.assign(A1=7 - items["A1"])


@pytest.mark.parametrize("program", ["polycor_2step", "psych_rho_correct0", "psych_rho_default"])
def test_correlations_as_in_r(program):
    expected = np.array(load("polychoric_bfi_agree")["results"][program])
    found = polychoric_correlations(ordinal_tables(keyed_items()))
    assert (found["n"] == load("polychoric_bfi_agree")["results"]["n"]).all()
    assert list(found["estimate"]) == pytest.approx(list(expected[np.triu_indices(5, 1)]), rel=R_OPTIMIZE)


def test_ordinal_alpha_as_in_r():
    found, expected = ordinal_alpha(ordinal_tables(keyed_items())), load("polychoric_bfi_agree")["results"]
    assert found["estimate"][0] == pytest.approx(expected["ordinal_alpha"], rel=R_OPTIMIZE)
    assert found["n"][0] == expected["n"]


def test_thresholds_as_in_r():
    expected = load("polychoric_bfi_agree")["results"]["thresholds_first_item"]
    first = ordinal_tables(keyed_items()).tables[0, 1].sum(axis=1)
    assert list(thresholds(first)) == pytest.approx(expected, rel=CLOSED_FORM)


@pytest.mark.parametrize("correlation", [-0.95, -0.5, 0.0, 0.3, 0.8, 0.99])
@pytest.mark.parametrize("at", [(0, 0), (0.3, -1.2), (-2, 0.5), (1, 1)])
def test_bivariate_normal_as_in_scipy(at, correlation):
    expected = multivariate_normal.cdf(at, cov=[[1, correlation], [correlation, 1]])
    found = bivariate_normal(np.array(at[0]), np.array(at[1]), correlation)
    assert float(found) == pytest.approx(expected, abs=1e-8)  # scipy integrates to about 1e-9


@pytest.mark.parametrize("correlation", [-0.9, -0.3, 0.0, 0.4, 0.95])
def test_median_split_has_a_closed_form(correlation):
    agree = 0.25 + np.arcsin(correlation) / (2 * np.pi)
    counts = 1e6 * np.array([[agree, 0.5 - agree], [0.5 - agree, agree]])
    assert polychoric(counts) == pytest.approx(correlation, abs=CLOSED_FORM)


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000))
def test_orders_and_reversals(seed):
    rng = np.random.default_rng(seed)
    latent = rng.normal(size=(80, 1)) + rng.normal(size=(80, 4))
    items = pd.DataFrame(np.clip(np.round(3 + latent), 1, 5), columns=list("abcd"))
    here = ordinal_alpha(ordinal_tables(items))["estimate"][0]
    shuffled = items.iloc[rng.permutation(80), rng.permutation(4)]
    assert ordinal_alpha(ordinal_tables(shuffled))["estimate"][0] == pytest.approx(here, rel=1e-8, nan_ok=True)
    straight = polychoric_correlations(ordinal_tables(items))["estimate"][0]
    reversed_one = polychoric_correlations(ordinal_tables(items.assign(a=6 - items["a"])))["estimate"][0]
    assert reversed_one == pytest.approx(-straight, rel=1e-8, nan_ok=True)


COLUMN = [1, 2, 3, 4, 5, 2, 3, 4]
DEGENERATE = {
    "nobody": (pd.DataFrame({"a": [], "b": []}, dtype=float), "au moins 3 réponses complètes (il y en a 0)"),
    "two persons": (pd.DataFrame({"a": [1, 2], "b": [2, 1]}), "au moins 3 réponses complètes (il y en a 2)"),
    "all missing": (pd.DataFrame({"a": [np.nan] * 9, "b": [np.nan] * 9}), "il y en a 0"),
    "no spread": (pd.DataFrame({"a": COLUMN, "b": [3] * 8}), "réponses toutes identiques à un item"),
    "perfect": (pd.DataFrame({"a": COLUMN, "b": COLUMN}), "s’accordent ou s’opposent parfaitement"),
    "opposite": (pd.DataFrame({"a": COLUMN, "b": [6 - v for v in COLUMN]}), "s’accordent ou s’opposent parfaitement"),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("case", DEGENERATE)
@pytest.mark.parametrize("statistic", [polychoric_correlations, ordinal_alpha])
def test_degenerate_answers_say_why(statistic, case):
    items, reason = DEGENERATE[case]
    found = statistic(ordinal_tables(items))
    assert found["estimate"].isna().all()
    assert found["method"].str.startswith("non calculable\u00a0: ").all()
    assert found["method"].str.contains(reason, regex=False).all()


@pytest.mark.filterwarnings("error")
def test_one_item_has_no_ordinal_alpha():
    tables = ordinal_tables(pd.DataFrame({"a": COLUMN}))
    assert isinstance(tables, OrdinalTables)
    assert ordinal_alpha(tables)["method"][0] == "non calculable\u00a0: il faut au moins 2 items"


def test_a_measure_is_not_a_category():
    with pytest.raises(StatisticsError) as error:
        ordinal_tables(pd.DataFrame({"age": range(40), "b": [1, 2] * 20}))
    assert error.value.what == "Plus de 12 valeurs différentes\u00a0: age."
    assert "modalités ordonnées" in error.value.remedy
