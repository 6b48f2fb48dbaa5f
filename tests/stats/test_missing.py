"""Little's test and the EM moments against R, closed forms and degenerate answers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impact.stats.missing import em_moments, little_mcar, pattern_moments
from tests.reference_values import load, read_data

SETTLED = 1e-10  # both EM run until nothing moves beyond 1e-13
NAN = float("nan")
NAMES = ("little_bfi_agree", "synth7_little_cap")


def answers(name: str) -> pd.DataFrame:
    if name == "little_bfi_agree":
        return read_data("bfi_agree.csv")[[f"A{i}" for i in range(1, 6)]]
    return read_data("synth7.csv").query("wave == 'pre'")[[f"q{i:02}" for i in range(1, 9)]]


@pytest.mark.parametrize("name", NAMES)
def test_little_as_in_r(name):
    expected, patterns = load(name)["results"], pattern_moments(answers(name))
    found = little_mcar(patterns)
    assert len(patterns.blocks) == expected["n_patterns"]
    assert (found["n"] == expected["n"]).all()
    assert (found["df"] == expected["df"]).all()
    assert list(found["estimate"]) == pytest.approx([expected["d2_ml"], expected["d2_unbiased"]], rel=SETTLED)
    assert list(found["p_value"]) == pytest.approx([expected["p_ml"], expected["p_unbiased"]], rel=SETTLED)


@pytest.mark.parametrize("name", NAMES)
def test_em_moments_as_in_r(name):
    expected = load(name)["results"]
    mean, covariance = em_moments(pattern_moments(answers(name)))
    assert mean == pytest.approx(np.array(expected["em_mean"]), rel=SETTLED)
    assert covariance == pytest.approx(np.array(expected["em_cov_ml"]), rel=SETTLED)


def test_monotone_pattern_has_a_closed_form():
    """With x complete and y missing for some, the mean of y is that of its regression on x (Anderson 1957)."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=50)
    y = np.where(np.arange(50) < 30, 2 + x + rng.normal(size=50), np.nan)
    mean, covariance = em_moments(pattern_moments(pd.DataFrame({"x": x, "y": y})))
    slope, intercept = np.polyfit(x[:30], y[:30], 1)
    assert mean == pytest.approx(np.array([x.mean(), intercept + slope * x.mean()]), rel=1e-8)
    assert covariance[0, 1] == pytest.approx(slope * x.var(), rel=1e-8)


def holes(seed: int, persons: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(persons, 1)) + rng.normal(size=(persons, 4))
    return pd.DataFrame(np.where(rng.random((persons, 4)) < 0.15, np.nan, values), columns=list("abcd"))


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000))
def test_orders_and_units_do_not_matter(seed):
    items, rng = holes(seed), np.random.default_rng(seed)
    changed = 7 - 3 * items.iloc[rng.permutation(60), rng.permutation(4)]
    here, there = little_mcar(pattern_moments(items)), little_mcar(pattern_moments(changed))
    assert list(here["estimate"]) == pytest.approx(list(there["estimate"]), rel=1e-6)


@pytest.mark.slow
def test_little_keeps_its_level():
    p_values = [little_mcar(pattern_moments(holes(seed, 200)))["p_value"][0] for seed in range(400)]
    assert np.mean(np.array(p_values) < 0.05) == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / 400))


def test_rows_without_any_answer_are_left_out():
    items = holes(1)
    patterns = pattern_moments(pd.concat([items, items.iloc[:4] * NAN], ignore_index=True))
    assert (patterns.n, patterns.n_total) == (items.notna().any(axis=1).sum(), 64)


full = holes(1).fillna(0.0)
DEGENERATE = {
    "nobody": (full.iloc[:0], "il y en a 0"),
    "one person": (full.iloc[:1], "il y en a 1"),
    "two persons": (full.iloc[:2], "il y en a 2"),
    "all missing": (full * NAN, "il y en a 0"),
    "an item without answers": (holes(1).assign(b=NAN), "aucune réponse à b"),
    "no spread": (holes(1).assign(b=2.0), "réponses toutes identiques à b"),
    "nothing missing": (full, "aucune réponse ne manque"),
    "one item": (holes(1)[["a"]], "aucune réponse ne manque"),
    "perfect correlation": (holes(1).assign(b=holes(1)["a"]), "se déduisent exactement"),
    "fewer persons than items": (holes(1).dropna().iloc[:4], "se déduisent exactement"),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("case", DEGENERATE)
def test_degenerate_answers_say_why(case):
    items, reason = DEGENERATE[case]
    found = little_mcar(pattern_moments(items))
    assert found["estimate"].isna().all()
    assert found["method"].str.startswith("non calculable\u00a0: ").all()
    assert found["method"].str.contains(reason, regex=False).all()
