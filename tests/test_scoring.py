"""Scoring against R (psych), closed forms and properties."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import impact
from impact.questionnaire import Choice, Item, Questionnaire, Scale
from tests.reference_values import load, read_data

EXACT = 1e-12  # sums and means of small integers: only binary noise


def scale(names, score, least, *, top=6, reverse=(), low=1):
    choices = tuple(Choice(str(value), str(value), float(value)) for value in range(low, top + 1))
    choices += (Choice("nsp", "Ne sait pas", None, True),)
    items = tuple(Item(name, name, "select_one", choices, name in reverse) for name in names)
    return Scale("s", "S", items, score, least, "D", "higher_is_better", "essai", "essai")


def questionnaire(*scales):
    items = tuple(item for one in scales for item in one.items)
    return Questionnaire("Essai", "1", items, scales, None)


def responses(table: pd.DataFrame) -> pd.DataFrame:
    codes = table.astype(object).where(table.notna(), pd.NA).map(lambda value: f"{value:.0f}", na_action="ignore")
    return codes.assign(association="a", wave="w", participant=[str(row) for row in table.index])


@pytest.mark.parametrize(("score", "column"), [("mean", "mean_rule"), ("sum", "sum_rule")])
def test_scores_agree_with_psych(score, column):
    reference, names = load("scores_bfi_agree"), ["A1", "A2", "A3", "A4", "A5"]
    declared = questionnaire(scale(names, score, reference["results"]["need"], reverse=("A1",)))
    ours = impact.score(responses(read_data("bfi_agree.csv")[names]), declared)["s"]
    theirs = read_data("bfi_agree_scores_expected.csv")[column]
    np.testing.assert_allclose(ours, theirs, rtol=EXACT)
    assert ours.notna().sum() == reference["results"]["n_scored"]


def test_scores_agree_with_the_fictitious_reference():
    data, expected = read_data("synth7.csv"), read_data("synth7_scores_expected.csv")
    for number, name in enumerate(("cap", "est", "soc")):
        reverse = np.atleast_1d(load(f"synth7_alpha_{name}")["results"]["reversed"])
        names = [f"q{item:02d}" for item in range(8 * number + 1, 8 * number + 9)]
        declared = questionnaire(scale(names, "mean", 4, top=5, reverse=reverse))
        ours = impact.score(responses(data[names]), declared)
        np.testing.assert_allclose(ours["s"], expected[name], rtol=EXACT)
        assert (ours["s_n_answered"] == expected[f"{name}_n"]).all()


def test_missing_rule_counts():
    declared = questionnaire(scale(["x", "y", "z"], "sum", 2, top=3))
    table = pd.DataFrame({"x": [1, 1, np.nan, np.nan], "y": [2, 3, 3, np.nan], "z": [3, np.nan, np.nan, np.nan]})
    scores = impact.score(responses(table), declared)
    assert scores["s"].tolist()[:2] == [6.0, 6.0]  # (1 + 3) / 2 x 3
    assert scores["s"].isna().tolist() == [False, False, True, True]
    summary = impact.scoring_summary(scores, declared).iloc[0]
    assert summary[["n", "complete", "prorated", "dropped", "empty"]].tolist() == [4, 1, 1, 1, 1]


def test_codes_that_are_not_answers():
    declared = questionnaire(scale(["x", "y"], "sum", 1, top=3))
    table = pd.DataFrame({"x": ["nsp", "illisible", "2"], "y": ["3", "1", pd.NA]})
    scores = impact.score(table.assign(association="a", wave="w", participant=["1", "2", "3"]), declared)
    assert scores["s"].tolist() == [6.0, 2.0, 4.0]
    assert scores["s_n_answered"].tolist() == [1, 1, 1]


def test_items_of_different_ranges():
    wide, narrow = scale(["x"], "sum", 1, top=5, low=0).items, scale(["y"], "sum", 1, top=3).items
    mixed = Scale("s", "S", wide + narrow, "sum", 1, "D", "higher_is_better", "essai", "essai")
    table = pd.DataFrame({"x": [5.0, np.nan, 0.0], "y": [3.0, 3.0, np.nan]})
    scores = impact.score(responses(table), questionnaire(mixed))["s"]
    assert mixed.range == (1.0, 8.0)
    assert scores.tolist() == [8.0, 8.0, 1.0], "a missing item never drags a person off the ends of the scale"


@settings(max_examples=50)
@given(st.lists(st.lists(st.integers(1, 5), min_size=4, max_size=4), min_size=1, max_size=8))
def test_reversing_every_item_turns_the_scale(rows):
    names = ["a1", "a2", "a3", "a4"]
    table = responses(pd.DataFrame(rows, columns=names))
    right = impact.score(table, questionnaire(scale(names, "sum", 2, top=5)))["s"]
    turned = impact.score(table, questionnaire(scale(names, "sum", 2, top=5, reverse=names)))["s"]
    assert (right + turned == 24).all()


def test_responses_are_not_changed(checked, campaign):
    before = checked.accepted.copy()
    impact.score(checked.accepted, campaign.questionnaire)
    pd.testing.assert_frame_equal(before, checked.accepted)
