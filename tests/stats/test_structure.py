"""Confirmatory factor analysis against lavaan, with complete and missing answers, and on degenerate answers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impact.errors import StatisticsError
from impact.stats.items import item_moments
from impact.stats.missing import pattern_moments
from impact.stats.one_factor import one_factor
from impact.stats.structure import cfa
from tests.reference_values import load, read_data

OPTIMISER = 1e-6  # lavaan stops its optimiser at about this distance
OPTIMISER_SINGLE = 1e-5  # the same, on SRMR, single loadings and standard errors
R_EFA = 1e-4  # psych::fa stops its optimiser early
BOUND_RTOL = 1e-6  # lavaan finds the bounds of RMSEA with uniroot's default tolerance
NAN = float("nan")

HOLZINGER = {"visual": ["x1", "x2", "x3"], "textual": ["x4", "x5", "x6"], "speed": ["x7", "x8", "x9"]}
SYNTH = {name: [f"q{i:02}" for i in range(a, a + 8)] for name, a in (("cap", 1), ("est", 9), ("soc", 17))}
ALL_X, ALL_Q = [f"x{i}" for i in range(1, 10)], [f"q{i:02}" for i in range(1, 25)]
MODELS = {
    "cfa1_holzinger": {"g": ALL_X},
    "cfa3_holzinger": HOLZINGER,
    "cfa3_holzinger_mlr": HOLZINGER,
    "synth7_cfa1": {"g": ALL_Q},
    "synth7_cfa3": SYNTH,
    "synth7_cfa3_fiml": SYNTH,
}
INDICES = {
    ("chi2", "estimate"): "chisq", ("chi2", "df"): "df", ("chi2", "p_value"): "pvalue", ("cfi", "estimate"): "cfi",
    ("tli", "estimate"): "tli", ("rmsea", "estimate"): "rmsea", ("rmsea", "p_value"): "rmsea.pvalue",
}  # fmt: skip


def answers(name: str) -> pd.DataFrame:
    if "holzinger" in name:
        return read_data("holzinger.csv")[ALL_X]
    items = read_data("synth7.csv").query("wave == 'pre'")[ALL_Q].astype(float)
    return items.assign(**{item: 6 - items[item] for item in ("q03", "q06", "q10", "q13", "q15", "q19")})


def fitted(name: str) -> pd.DataFrame:
    summary = pattern_moments if name.endswith("fiml") else item_moments
    return cfa(summary(answers(name)), MODELS[name])


@pytest.mark.parametrize("name", MODELS)
def test_fit_as_in_lavaan(name):
    found, results = fitted(name), load(name)["results"]
    expected, rows = results["fit"], found.set_index("statistic")
    assert (found["n"] == results["n"]).all()
    for (statistic, column), key in INDICES.items():
        assert rows.loc[statistic, column] == pytest.approx(expected[key], rel=OPTIMISER, abs=1e-12), key
    assert rows.loc["srmr", "estimate"] == pytest.approx(expected["srmr"], rel=OPTIMISER_SINGLE)
    bounds = [expected["rmsea.ci.lower"], expected["rmsea.ci.upper"]]
    assert list(rows.loc["rmsea", ["ci_low", "ci_high"]]) == pytest.approx(bounds, rel=BOUND_RTOL)


def lavaan_rows(name: str, kind: str) -> pd.DataFrame:
    """Return lavaan's free loadings, variances and covariances under this project's names."""
    table = pd.DataFrame({k: v for k, v in load(name)["results"][kind].items() if isinstance(v, list)})
    rows = []
    for row in table[table["se"] > 0].itertuples():
        factor, same = row.lhs in MODELS[name], row.lhs == row.rhs
        suffix = "_standardised" if kind == "std" else ""
        match row.op:
            case "=~":
                key = (f"loading{suffix}", row.lhs, row.rhs)
            case "~~" if factor and not same:
                key = ("factor_correlation" if suffix else "factor_covariance", row.lhs, row.rhs)
            case "~~" if not suffix:
                key = ("factor_variance", row.lhs, "") if factor else ("residual_variance", "", row.lhs)
            case _:
                continue
        rows.append((*key, row.est, row.se))
    return pd.DataFrame(rows, columns=["statistic", "scale", "category", "est", "se"])


@pytest.mark.parametrize("kind", ["estimates", "std"])
@pytest.mark.parametrize("name", [name for name in MODELS if not name.endswith("mlr")])
def test_estimates_as_in_lavaan(name, kind):
    found, expected = fitted(name), lavaan_rows(name, kind)
    both = expected.merge(found, on=["statistic", "scale", "category"])
    assert len(both) == len(expected) > 0
    # lavaan stops a little before the maximum: the chi-square it leaves bounds how far any parameter may be from the
    # maximum, in standard errors
    left = load(name)["results"]["fit"]["chisq"] - found.set_index("statistic").loc["chi2", "estimate"]
    assert -1e-8 < left < 1e-7
    far = np.sqrt(max(left, 0))
    assert (np.abs(both["estimate"] - both["est"]) <= OPTIMISER_SINGLE * np.abs(both["est"]) + far * both["se"]).all()
    assert (np.abs(both["std_error"] / both["se"] - 1) <= OPTIMISER_SINGLE + far).all()


def test_robust_estimates_are_those_of_maximum_likelihood():
    both = lavaan_rows("cfa3_holzinger_mlr", "estimates").merge(fitted("cfa3_holzinger_mlr"))
    assert list(both["estimate"]) == pytest.approx(list(both["est"]), rel=OPTIMISER_SINGLE)


@pytest.mark.parametrize(("name", "file"), [("efa_bfi_agree", "bfi_agree.csv"), ("efa_holzinger", "holzinger.csv")])
def test_one_factor_uniquenesses_as_in_exploratory_analysis(name, file):
    columns = ALL_X if "holzinger" in name else [f"A{i}" for i in range(1, 6)]
    items = read_data(file)[columns].dropna()
    fit = one_factor(item_moments((items - items.mean()) / items.std(ddof=0)))
    found = np.diag(fit.model.matrices(fit.parameters)[0].residual)
    assert found == pytest.approx(np.array(load(name)["results"]["ml1"]["uniq"]), rel=R_EFA)


def simulated(seed: int, persons: int = 150) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    factors = rng.multivariate_normal([0, 0], [[1, 0.4], [0.4, 1]], size=persons)
    values = np.repeat(factors, 3, axis=1) * 0.8 + rng.normal(scale=0.6, size=(persons, 6))
    return pd.DataFrame(values, columns=list("abcdef"))


TWO = {"one": ["a", "b", "c"], "two": ["d", "e", "f"]}


@settings(max_examples=15)
@given(seed=st.integers(0, 10_000))
def test_fit_depends_on_neither_orders_nor_units(seed):
    items, rng = simulated(seed), np.random.default_rng(seed)
    changed = 3 - 2 * items.iloc[rng.permutation(150), rng.permutation(6)]
    here = cfa(item_moments(items), TWO).head(5)
    there = cfa(item_moments(changed), {"two": ["f", "d", "e"], "one": ["b", "c", "a"]}).head(5)
    assert list(here["estimate"]) == pytest.approx(list(there["estimate"]), rel=1e-5, abs=1e-7)


def test_patterns_without_missing_answers_are_complete_answers():
    here = cfa(item_moments(simulated(1)), TWO).set_index("statistic")
    there = cfa(pattern_moments(simulated(1)), TWO).set_index("statistic")
    for statistic in ("chi2", "cfi", "tli", "rmsea", "loading", "factor_correlation"):
        pd.testing.assert_frame_equal(here.loc[[statistic]], there.loc[[statistic]], rtol=1e-7)


@pytest.mark.filterwarnings("error")
def test_just_identified_model_has_loadings_but_no_fit():
    found = cfa(item_moments(simulated(1)[["a", "b", "c"]]), {"one": ["a", "b", "c"]}).set_index("statistic")
    assert found.loc["chi2", "estimate"] == pytest.approx(0, abs=1e-8)
    assert found.loc[["cfi", "tli", "rmsea"], "estimate"].isna().all()
    assert found.loc["cfi", "method"] == "non calculable\u00a0: modèle juste identifié, sans degré de liberté"
    assert found.loc["loading_standardised", "estimate"].notna().all()


likert = simulated(1)
DEGENERATE = {
    "nobody": (likert.iloc[:0], "il y en a 0"),
    "one person": (likert.iloc[:1], "il y en a 1"),
    "two persons": (likert.iloc[:2], "il y en a 2"),
    "fewer persons than items": (likert.iloc[:6], "trop peu nombreuses"),
    "all missing": (likert * NAN, "il y en a 0"),
    "a constant item": (likert.assign(c=2.0), "réponses toutes identiques à c"),
    "a repeated item": (likert.assign(c=likert["a"]), "se déduisent exactement"),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("summary", [item_moments, pattern_moments])
@pytest.mark.parametrize("case", DEGENERATE)
def test_degenerate_answers_say_why(case, summary):
    items, reason = DEGENERATE[case]
    found = cfa(summary(items), TWO)
    assert list(found["statistic"]) == ["chi2", "cfi", "tli", "rmsea", "srmr"]
    assert found["estimate"].isna().all()
    assert found["method"].str.startswith("non calculable\u00a0: ").all()
    assert found["method"].str.contains(reason, regex=False).all()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("items", "reason"),
    [(["a"], "il faut au moins 2 items"), (["a", "b"], "le modèle n’est pas identifié par ces réponses")],
)
def test_too_few_items_for_a_factor(items, reason):
    found = cfa(item_moments(likert[items]), {"one": items})
    assert set(found["method"]) == {f"non calculable\u00a0: {reason}"}


@pytest.mark.parametrize(
    ("factors", "faulty"),
    [
        ({"one": ["a", "b", "c"], "two": ["d", "e", "z"]}, "f, z"),
        ({"one": ["a", "b", "c"], "two": ["c", "d", "e", "f"]}, "c"),
        ({"one": ["a", "b", "c"]}, "d, e, f"),
    ],
)
def test_a_model_shares_out_the_items(factors, faulty):
    with pytest.raises(StatisticsError) as error:
        cfa(item_moments(likert), factors)
    assert error.value.what == f"Les items du modèle ne sont pas ceux des réponses\u00a0: {faulty}."
    assert error.value.remedy == "Placez chaque item dans un facteur, et un seul."
