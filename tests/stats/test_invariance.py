"""Measurement invariance across groups and waves against lavaan, and its words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from impact.errors import StatisticsError
from impact.stats.invariance import group_invariance, longitudinal_invariance
from impact.stats.invariance_words import judge, verdict
from impact.stats.items import item_moments
from tests.reference_values import load, read_data

OPTIMISER = 1e-6  # lavaan stops its optimiser at about this distance
OPTIMISER_SINGLE = 1e-5  # the same, on SRMR and single estimates
REVERSED = ("q03", "q06", "q10", "q13", "q15", "q19")
HOLZINGER = {"visual": ["x1", "x2", "x3"], "textual": ["x4", "x5", "x6"], "speed": ["x7", "x8", "x9"]}
KEYS = {"chi2": "chisq", "cfi": "cfi", "tli": "tli", "rmsea": "rmsea", "srmr": "srmr"}
NAN = float("nan")


def assert_levels(found: pd.DataFrame, results: dict) -> None:
    rows = found.set_index(["category", "statistic"])
    for level, expected in results["fits"].items():
        assert rows.loc[(level, "chi2"), "df"] == expected["df"]
        assert rows.loc[(level, "chi2"), "p_value"] == pytest.approx(expected["pvalue"], rel=OPTIMISER)
        for statistic, key in KEYS.items():
            if key in expected:
                close = OPTIMISER_SINGLE if statistic == "srmr" else OPTIMISER
                assert rows.loc[(level, statistic), "estimate"] == pytest.approx(expected[key], rel=close)
    for level, expected in results["deltas"].items():
        change = rows.loc[(level, "delta_chi2")]
        assert change["df"] == expected["ddf"]
        assert change["estimate"] == pytest.approx(expected["dchisq"], rel=OPTIMISER)
        assert change["p_value"] == pytest.approx(expected["p"], rel=OPTIMISER)
        for statistic, close in (("cfi", OPTIMISER), ("rmsea", OPTIMISER), ("srmr", OPTIMISER_SINGLE)):
            if f"d{statistic}" in expected:
                # a difference of two indices keeps their absolute precision
                delta = rows.loc[(level, f"delta_{statistic}"), "estimate"]
                assert delta == pytest.approx(expected[f"d{statistic}"], abs=close)


def school_moments() -> dict:
    table, items = read_data("holzinger.csv"), [f"x{i}" for i in range(1, 10)]
    return {school: item_moments(rows[items]) for school, rows in table.groupby("school", sort=False)}


def test_groups_as_in_lavaan():
    found = group_invariance(school_moments(), HOLZINGER)
    assert_levels(found, load("invariance_holzinger_school")["results"])
    assert set(found["n"]) == {301}


def test_the_order_of_groups_changes_no_fit():
    groups = school_moments()
    here = group_invariance(groups, HOLZINGER)["estimate"]
    there = group_invariance(dict(reversed(groups.items())), HOLZINGER)["estimate"]
    assert list(here) == pytest.approx(list(there), rel=1e-5, abs=1e-6, nan_ok=True)


def wave_moments(items: list[str], waves: tuple[str, ...] = ("pre", "post")):
    table = read_data("synth7.csv").set_index("id")
    table = table.assign(**{item: 6 - table[item] for item in REVERSED})
    parts = [table.loc[table["wave"] == wave, items].add_suffix(f"_{wave}") for wave in waves]
    both = pd.concat(parts, axis=1, join="inner")
    return item_moments(both), {wave: [f"{item}_{wave}" for item in items] for wave in waves}


@pytest.mark.parametrize(("scale", "first"), [("cap", 1), ("est", 9), ("soc", 17)])
def test_waves_as_in_lavaan(scale, first):
    results = load(f"synth7_longinv_{scale}")["results"]
    moments, waves = wave_moments([f"q{i:02}" for i in range(first, first + 4)])
    found = longitudinal_invariance(moments, waves)
    assert_levels(found, results)
    assert set(found["n"]) == {results["n"]}
    change, expected = found.set_index("statistic").loc["latent_mean_change"], results["latent_mean_change"]
    assert change["category"] == "post"
    assert change["estimate"] == pytest.approx(expected["est"], rel=OPTIMISER_SINGLE)
    assert change["std_error"] == pytest.approx(expected["se"], rel=OPTIMISER_SINGLE)
    assert change["p_value"] == pytest.approx(expected["p"], rel=1e-4)  # what 1e-5 on z becomes in the tail


def test_three_waves_count_their_degrees_of_freedom():
    moments, waves = wave_moments(["q01", "q02", "q03", "q04"], ("pre", "post", "then"))
    found = longitudinal_invariance(moments, waves)
    df = found.query("statistic == 'chi2'").set_index("category")["df"]
    # 90 moments; loadings, intercepts, residuals 12 each, 2 of them shared by the first item twice, 12 residual
    # covariances, 2 variances, 3 covariances and 2 means of factors
    assert df["configural"] == 90 - (12 - 2 + 12 - 2 + 12 + 12 + 2 + 3 + 2)
    assert (df["metric"] - df["configural"], df["scalar"] - df["metric"], df["strict"] - df["scalar"]) == (6, 6, 8)
    assert list(found.query("statistic == 'latent_mean_change'")["category"]) == ["post", "then"]


def two_groups(persons: int, shift: float = 0.0, weight: float = 1.0) -> dict:
    """Return two groups of six items; in the second, one item is shifted, or weighs differently."""
    rng, groups = np.random.default_rng(5), {}
    for name in ("a", "b"):
        trait = rng.normal(size=(persons, 1))
        values = 0.8 * trait + rng.normal(scale=0.6, size=(persons, 6))
        if name == "b":
            values[:, 2] += shift + (weight - 1) * 0.8 * trait[:, 0]
        groups[name] = item_moments(pd.DataFrame(values, columns=list("uvwxyz")))
    return groups


ONE = {"trait": list("uvwxyz")}


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        (two_groups(400), "Les moyennes peuvent être comparées."),
        (two_groups(400, shift=0.8), "Des items changent de niveau indépendamment de ce qu’ils mesurent\u00a0: "
         "ne comparez pas les moyennes."),
        (two_groups(400, weight=-0.2), "Les items ne pèsent pas partout de la même façon\u00a0: "
         "la comparaison est fragile."),
        (two_groups(40), "Non vérifiable\u00a0: il faut au moins 100 personnes par groupe, le plus petit en a 40."),
        (two_groups(5), "Non vérifiable\u00a0: il faut au moins 100 personnes par groupe, le plus petit en a 5."),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("error")
def test_verdict_finds_what_differs(groups, expected):
    found = group_invariance(groups, ONE)
    assert verdict(found) == expected
    assert found.loc[found["estimate"].isna(), "method"].str.len().gt(0).all()


def test_a_level_above_one_that_fails_says_nothing():
    found = group_invariance(two_groups(400, shift=0.8), ONE).query("statistic == 'invariance'").set_index("category")
    assert found["estimate"].tolist()[:3] == [1, 1, 0]
    assert found.loc["strict", "method"] == "Sans objet\u00a0: le niveau précédent n’est pas établi."


@pytest.mark.parametrize(
    ("change", "expected"),
    [((0.0, 0.0, 0.0), 1.0), ((-0.02, 0.02, 0.0), 0.0), ((-0.02, 0.0, 0.04), 0.0), ((-0.02, 0.0, 0.0), NAN),
     ((0.0, 0.02, 0.0), NAN)],
)  # fmt: skip
def test_indices_must_agree(change, expected):
    names = ("delta_cfi", "delta_rmsea", "delta_srmr")
    rows = [{"statistic": name, "estimate": value} for name, value in zip(names, change, strict=True)]
    found = judge("metric", rows, 600, 300, established=True)
    assert found["estimate"] == pytest.approx(expected, nan_ok=True)
    assert found["method"].endswith(".")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("persons", [0, 1, 2, 5])
def test_too_few_persons_say_why(persons):
    rng = np.random.default_rng(1)
    items = pd.DataFrame(rng.normal(size=(persons, 8)), columns=[f"x{i}" for i in range(8)])
    waves = {"pre": [f"x{i}" for i in range(4)], "post": [f"x{i}" for i in range(4, 8)]}
    found = longitudinal_invariance(item_moments(items), waves)
    assert found["estimate"].isna().all()
    fits = found.query("statistic != 'invariance'")
    assert fits["method"].str.startswith("non calculable\u00a0: ").all()
    assert "latent_mean_change" not in set(found["statistic"])


def test_one_group_or_one_wave_is_not_a_comparison():
    groups = two_groups(40)
    with pytest.raises(StatisticsError, match="au moins deux groupes"):
        group_invariance({"a": groups["a"]}, ONE)
    with pytest.raises(StatisticsError, match="au moins deux temps"):
        longitudinal_invariance(groups["a"], {"pre": list("uvwxyz")})
    with pytest.raises(StatisticsError, match="mêmes items dans le même ordre"):
        longitudinal_invariance(groups["a"], {"pre": list("uvwx"), "post": list("yz")})
    with pytest.raises(StatisticsError, match="ne sont pas ceux des réponses"):
        group_invariance(groups, {"trait": list("uvwxy")})
