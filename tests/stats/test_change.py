"""Change of the same persons: against R, on degenerate tables, and what must not change anything."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from paired_references import PAIRED, SCALES, STUDIES, complete, paired_data, sai_pairs, synthetic_scores

from impact.errors import StatisticsError
from impact.stats.change import adjusted_change, difference_of_changes, pair_moments, paired_change, pairs
from impact.stats.moments import MOMENTS, first_moments, merge_moments
from tests.reference_values import load, read_data

CLOSED_FORM = 1e-10  # closed formulas: two programs agree to rounding
ROOT = 1e-8  # root finding on the noncentral t
EXACT = 1e-12  # the same sums in another order


def row(results: pd.DataFrame, statistic: str, association: str | None = None) -> pd.Series:
    kept = results[results["statistic"] == statistic]
    if association is not None:
        kept = kept[kept["association"] == association]
    assert len(kept) == 1
    return kept.iloc[0]


def made(before: list[float], after: list[float], association: str = "A") -> pd.DataFrame:
    return pd.DataFrame({"association": association, "before": before, "after": after}, dtype=object).astype(
        {"before": float, "after": float}
    )


@pytest.mark.parametrize("identifier", PAIRED)
def test_paired_change_is_that_of_r(identifier):
    expected = load(identifier)["results"]
    results = paired_change(pair_moments(complete(identifier), by=()))
    change = row(results, "change")
    t_test = expected["t_test"]
    assert (results["n"] == expected["n"]).all()
    found = [change[name] for name in ("estimate", "std_error", "df", "p_value", "ci_low", "ci_high")]
    wanted = [expected["mean_diff"], t_test["se"], t_test["df"], t_test["p"], *t_test["ci"]]
    np.testing.assert_allclose(found, wanted, rtol=CLOSED_FORM)
    np.testing.assert_allclose(change["estimate"] / change["std_error"], t_test["t"], rtol=CLOSED_FORM)
    for statistic, mean, sd in (("mean_before", "mean_pre", "sd_pre"), ("mean_after", "mean_post", "sd_post")):
        found = row(results, statistic)
        wanted = [expected[mean], expected[sd] / np.sqrt(expected["n"])]
        np.testing.assert_allclose([found["estimate"], found["std_error"]], wanted, rtol=CLOSED_FORM)
    np.testing.assert_allclose(change["effect_size"], expected["d_av"]["g_nu"], rtol=CLOSED_FORM)
    interval = [change["effect_low"], change["effect_high"]]
    np.testing.assert_allclose(interval, expected["d_av"]["ci_algina_keselman"], rtol=ROOT)


@pytest.mark.parametrize("scale", SCALES)
def test_pairs_are_those_of_r(scale):
    found = pairs(synthetic_scores(scale), scale, "pre", "post")
    expected = load(f"synth7_paired_{scale}")["results"]
    assert list(found) == ["association", "participant", "before", "after"]
    assert len(found) == expected["n"]
    np.testing.assert_allclose(found["after"].mean(), expected["mean_post"], rtol=CLOSED_FORM)


@pytest.mark.parametrize(
    ("identifier", "scale"), [("between_sai7", None)] + [(f"synth7_between_{s}", s) for s in SCALES]
)
def test_change_by_association_is_that_of_r(identifier, scale):
    table = pairs(synthetic_scores(scale), scale, "pre", "post") if scale else sai_pairs()
    expected = pd.DataFrame(load(identifier)["results"]["per_group"]).set_index("g")
    results = paired_change(pair_moments(table)).query("statistic == 'change'").set_index("association")
    for ours, theirs in (("n", "n"), ("estimate", "mean"), ("ci_low", "lo"), ("ci_high", "hi"), ("p_value", "p")):
        np.testing.assert_allclose(results[ours].loc[expected.index], expected[theirs], rtol=CLOSED_FORM)


def test_adjusted_change_is_the_analysis_of_covariance_of_r():
    """At a first score fixed at 0 for all, the adjusted change is the intercept, plus the study's coefficient."""
    expected = load("ancova_sai7")["results"]
    fixed = pd.DataFrame({"association": STUDIES, "n": 1000, "mean_before": 0.0, "var_before": 0.0})
    results = adjusted_change(pair_moments(sai_pairs()), fixed)
    coefficients = expected["coef"]
    wanted = [coefficients["(Intercept)"] + coefficients.get(f"study{study}", 0.0) for study in STUDIES]
    np.testing.assert_allclose(results["estimate"], wanted, rtol=CLOSED_FORM)
    first = row(results, "adjusted_change", "SHED")
    found = [first[name] for name in ("std_error", "df", "p_value", "ci_low", "ci_high")]
    wanted = [expected[name] for name in ("se", "df", "p", "lower", "upper")]
    np.testing.assert_allclose(found, [value if np.isscalar(value) else value[0] for value in wanted], rtol=CLOSED_FORM)


def test_adjusted_change_uses_all_who_began():
    """Definition in three lines: fit within associations, predict at everyone's first score."""
    scores = synthetic_scores("cap")
    table, first = pairs(scores, "cap", "pre", "post"), first_moments(scores, "cap", "pre")
    change, mean = table["after"] - table["before"], table.groupby("association")[["before", "after"]].mean()
    x = table["before"] - table.groupby("association")["before"].transform("mean")
    slope = (x * change).sum() / (x**2).sum()
    gap = first.set_index("association")["mean_before"] - mean["before"]
    results = adjusted_change(pair_moments(table), first).set_index("association")
    np.testing.assert_allclose(results["estimate"], mean["after"] - mean["before"] + slope * gap, rtol=CLOSED_FORM)
    assert results["n"].sum() == len(table)
    assert (first["n"] > results["n"].to_numpy()).any()


def test_adjusted_change_without_loss_is_the_raw_change():
    moments = pair_moments(sai_pairs())
    raw = paired_change(moments).query("statistic == 'change'")
    np.testing.assert_allclose(adjusted_change(moments, moments)["estimate"], raw["estimate"], rtol=EXACT)


def test_adjusted_change_pools_within_one_scale_only():
    moments = pair_moments(sai_pairs())
    stacked = pd.concat([moments.assign(scale="s1"), moments.assign(scale="s2", var_after=moments["var_after"] * 3)])
    alone = adjusted_change(moments, moments)
    both = adjusted_change(stacked, stacked)
    kept = both[both["scale"] == "s1"].drop(columns="scale").reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, alone)


def test_difference_of_changes_is_the_analysis_of_covariance_of_r():
    expected = load("ancova_sai7")["results"]
    results = difference_of_changes(pair_moments(sai_pairs()), "SHED").set_index("association")
    order = [name for name in STUDIES if name != "SHED"]
    for ours, theirs in (("std_error", "se"), ("p_value", "p"), ("ci_low", "lower"), ("ci_high", "upper")):
        np.testing.assert_allclose(results[ours].loc[order], expected[theirs][2:], rtol=CLOSED_FORM)
    wanted = [expected["coef"][f"study{name}"] for name in order]
    np.testing.assert_allclose(results["estimate"].loc[order], wanted, rtol=CLOSED_FORM)
    assert results.loc["PAT", "n"] == 20


def test_real_data_lose_one_person():
    assert len(read_data("sai7_change.csv")) == len(sai_pairs()) + 1 == len(paired_data("paired_sai7_all"))


# Degenerate tables -----------------------------------------------------------------------------------------------

BAD = {
    "nobody": ([], [], "moins de deux paires"),
    "one": ([2.0], [3.0], "moins de deux paires"),
    "same changes": ([1.0, 2.1, 3.3], [1.5, 2.6, 3.8], "toutes les évolutions sont identiques"),
    "constant": ([2.0] * 4, [2.0] * 4, "toutes les évolutions sont identiques"),
}


@pytest.mark.parametrize("case", BAD)
@pytest.mark.filterwarnings("error")
def test_a_change_without_meaning_says_why(case):
    before, after, reason = BAD[case]
    change = row(paired_change(pair_moments(made(before, after), by=())), "change")
    assert np.isnan(change["estimate"])
    assert change["method"] == f"non calculable : {reason}"
    assert change["n"] == len(before)


@pytest.mark.filterwarnings("error")
def test_two_pairs_and_perfect_correlation_have_a_change():
    change = row(paired_change(pair_moments(made([1, 2], [2, 5]), by=())), "change")
    assert change["df"] == 1
    assert "effect_size" not in change
    assert "taille d’effet non calculable : moins de trois paires" in change["method"]
    change = row(paired_change(pair_moments(made([1, 2, 3], [2, 4, 6]), by=())), "change")
    assert change["estimate"] == pytest.approx(2)
    assert np.isfinite(change["effect_low"])


@pytest.mark.filterwarnings("error")
def test_a_bad_association_does_not_stop_the_others():
    table = pd.concat([made([1, 2, 3, 5], [2, 4, 3, 7]), made([1], [2], "B"), made([2, 1, 3], [2, 5, 4], "C")])
    moments = pair_moments(table)
    first = pd.concat([moments[["association", "n", "mean_before", "var_before"]]])
    first.loc[len(first)] = ["D", 1, 2.0, np.nan]
    for results in (paired_change(moments), adjusted_change(moments, first)):
        by_association = results.groupby("association")["estimate"].apply(lambda x: x.notna().all())
        assert by_association["A"]
        assert by_association["C"]
        assert not by_association["B"]
        assert results.loc[results["estimate"].isna(), "method"].str.startswith("non calculable : ").all()
    assert row(adjusted_change(moments, first), "adjusted_change", "D")["n"] == 0
    assert difference_of_changes(moments, "A")["estimate"].isna().tolist() == [True, False]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ([1, 1, 1, 1], [1, 2, 3, 4], "les premiers scores ne varient pas dans les groupes"),
        ([1, 2, 3, 4], [2, 4, 6, 8], "le premier score détermine exactement l’évolution"),
        ([1, 2], [2, 5], "trop peu de paires pour ajuster sur le premier score"),
    ],
)
def test_an_adjustment_without_meaning_says_why(before, after, reason):
    moments = pair_moments(made(before, after))
    found = row(adjusted_change(moments, moments), "adjusted_change")
    assert np.isnan(found["estimate"])
    assert found["method"] == f"non calculable : {reason}"
    other = pd.concat([moments, moments.assign(association="B")])
    if reason.startswith("trop"):
        other = other.assign(n=2, var_before=0.0)
    assert difference_of_changes(other, "B")["estimate"].isna().all()


def scores_table() -> pd.DataFrame:
    return pd.DataFrame({"association": "A", "wave": ["pre", "post"], "participant": "p1", "cap": [1.0, 2.0]})


def test_faults_are_told():
    scores = scores_table()
    with pytest.raises(StatisticsError, match=r"La vague « avant » n’existe pas\. Valeurs admises"):
        pairs(scores, "cap", "avant", "post")
    with pytest.raises(StatisticsError, match=r"La colonne « capp » manque\. Vouliez-vous dire «.cap.»"):
        pairs(scores, "capp", "pre", "post")
    with pytest.raises(StatisticsError, match=r"plusieurs scores à la vague « pre »\. Traiter d’abord les doublons"):
        pairs(pd.concat([scores, scores]), "cap", "pre", "post")
    with pytest.raises(StatisticsError, match="scores infinis"):
        pairs(scores.assign(cap=np.inf), "cap", "pre", "post")
    with pytest.raises(StatisticsError, match=r"Évolution : la table est vide\."):
        paired_change(pair_moments(pairs(scores.assign(cap=np.nan), "cap", "pre", "post")))
    moments = pair_moments(sai_pairs())
    with pytest.raises(StatisticsError, match=r"Le groupe de comparaison « Fats » manque\. Vouliez-vous dire «.Fast.»"):
        difference_of_changes(moments, "Fats")
    for first in (moments.iloc[1:], moments.assign(n=3), pd.concat([moments, moments])):
        with pytest.raises(StatisticsError, match=r"premiers scores ne sont pas ceux des mêmes associations"):
            adjusted_change(moments, first)
    with pytest.raises(StatisticsError, match=r"La colonne « scale » manque"):
        adjusted_change(moments.assign(scale="cap"), moments)
    with pytest.raises(StatisticsError, match=r"moins de deux paires\. Parler d’évolution"):
        difference_of_changes(moments.assign(n=1), "Fast")


def test_missing_scores_and_unnamed_persons_are_left_out():
    scores = pd.concat(
        [scores_table(), scores_table().assign(participant=None), scores_table().assign(participant="p2")]
    )
    scores["cap"] = scores["cap"].astype("Float64")
    scores.iloc[-1, -1] = pd.NA
    assert pairs(scores, "cap", "pre", "post")["participant"].tolist() == ["p1"]
    assert first_moments(scores, "cap", "pre")["n"].tolist() == [2]


# Properties ------------------------------------------------------------------------------------------------------

score = st.integers(8, 40).map(lambda total: total / 8)
people_of_associations = st.lists(st.tuples(st.sampled_from("ABC"), score, score), min_size=6, max_size=40).map(
    lambda rows: pd.DataFrame(rows, columns=["association", "before", "after"])
)
quick = settings(max_examples=40)
NUMBERS = ["n", "estimate", "std_error", "ci_low", "ci_high", "df", "p_value"]
PROPERTY = 1e-7  # sums taken in another order, then divided by differences of them


def numbers(results: pd.DataFrame) -> np.ndarray:
    ordered = results.sort_values(["association", "statistic"])
    return ordered.reindex(columns=NUMBERS).to_numpy(float)


def both(moments: pd.DataFrame) -> np.ndarray:
    return numbers(pd.concat([paired_change(moments), adjusted_change(moments, moments)]))


@quick
@given(people_of_associations, st.randoms(use_true_random=False))
def test_the_order_of_persons_changes_nothing(table, random):
    shuffled = table.sample(frac=1, random_state=random.randrange(2**31))
    np.testing.assert_allclose(both(pair_moments(shuffled)), both(pair_moments(table)), rtol=PROPERTY, atol=PROPERTY)


@quick
@given(people_of_associations)
def test_the_names_of_associations_change_nothing(table):
    renamed = table.assign(association=table["association"].map({"A": "x", "B": "y", "C": "z"}))
    np.testing.assert_allclose(both(pair_moments(renamed)), both(pair_moments(table)), rtol=EXACT)


@quick
@given(people_of_associations, st.integers(-50, 50))
def test_a_constant_added_to_both_waves_leaves_the_change(table, constant):
    moved = table.assign(before=table["before"] + constant, after=table["after"] + constant)
    moved, table = pair_moments(moved), pair_moments(table)
    changes = [paired_change(moments).query("statistic == 'change'") for moments in (moved, table)]
    np.testing.assert_allclose(*map(numbers, changes), rtol=PROPERTY, atol=PROPERTY)
    adjusted = [adjusted_change(moments, moments) for moments in (moved, table)]
    np.testing.assert_allclose(*map(numbers, adjusted), rtol=PROPERTY, atol=PROPERTY)


@quick
@given(people_of_associations, st.integers(1, 5))
def test_summaries_split_and_merged_are_those_of_all(table, parts):
    piece = np.arange(len(table)) % parts
    merged = merge_moments(pair_moments(table[piece == part]) for part in range(parts))
    pd.testing.assert_frame_equal(merged, pair_moments(table), rtol=CLOSED_FORM, atol=CLOSED_FORM, check_dtype=False)
    whole = merge_moments([merged], by=())
    pd.testing.assert_frame_equal(whole, pair_moments(table, by=()), rtol=CLOSED_FORM, atol=CLOSED_FORM)
    assert list(whole) == list(MOMENTS)
