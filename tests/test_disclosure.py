"""The one door: thresholds, complements, rounding; and it fails closed."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impact.disclosure import NOT_DISPLAYED, SHOWN_COLUMNS, release, shown_count
from impact.errors import DisclosureError
from impact.rules import Rules

RULES = Rules()
NUMBERS = ["n", "estimate", "ci_low", "ci_high"]


def row(association="a", statistic="change", n=30, estimate=0.5, **more):
    return {"association": association, "scale": "s", "statistic": statistic, "n": n, "estimate": estimate, **more}


def others(n=20):
    return [row(code, n=n) for code in ("b", "c", "d")]


def clear(*rows, rules=RULES, audience="a"):
    return release(pd.DataFrame(rows), rules, audience=audience, context={}).table


def categories(*sizes, names="uvwxyz"):
    return [row(breakdown="q", category=name, n=n) for name, n in zip(names, sizes, strict=False)]


def shown_categories(*sizes, missing=0):
    rows = categories(*sizes)
    if missing:
        rows.append(row(breakdown="q", category=NOT_DISPLAYED, n=missing))
    table = clear(*rows)
    assert NOT_DISPLAYED not in set(table["category"])
    return set(table.loc[table["status"] == "shown", "category"])


@pytest.mark.parametrize(("n", "status"), [(0, "suppressed"), (9, "suppressed"), (10, "shown"), (11, "shown")])
def test_threshold(n, status):
    (line,) = clear(row(n=n)).to_dict("records")
    assert line["status"] == status
    assert (line["reason"] == "moins de 10 personnes") == (status == "suppressed")
    assert all(line[name] is None or math.isnan(line[name]) for name in NUMBERS) == (status == "suppressed")


def test_only_the_audience_and_the_whole_leave():
    table = clear(row("a"), *others(), row("", "pooled_change", n=90))
    assert table["association"].tolist() == ["a", ""]


@pytest.mark.parametrize(
    ("sizes", "missing", "shown"),
    [
        ((20, 20), 0, {"u", "v"}),
        ((20, 9), 0, set()),  # the total is known: showing 20 would give the 9
        ((20, 20, 4), 0, {"v"}),  # a second category is masked, then what is hidden holds 24
        ((30, 5, 6), 0, {"u"}),  # hidden: 11, and the complement of what is shown is 11
        ((20, 20), 3, {"v"}),  # three who did not answer are a group too
        ((20, 20), 12, {"u", "v"}),
        ((8, 7, 6, 5), 0, set()),
        ((10, 10, 10), 0, {"u", "v", "w"}),
    ],
)
def test_categories_and_their_complements(sizes, missing, shown):
    assert shown_categories(*sizes, missing=missing) == shown


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 60), min_size=1, max_size=5), st.integers(0, 20))
def test_nobody_is_left_alone_in_a_breakdown(sizes, missing):
    """Whatever the sizes: each shown group, and what an attacker gets by subtracting shown groups, has 10 or nobody."""
    shown = shown_categories(*sizes, missing=missing)
    named = dict(zip("uvwxyz", sizes, strict=False))
    hidden = sum(sizes) + missing - sum(named[name] for name in shown)
    assert all(named[name] >= 10 for name in shown)
    if shown:
        assert hidden == 0 or hidden >= 10
        assert all(
            sum(sizes) + missing - named[name] in {0} or sum(sizes) + missing - named[name] >= 10 for name in shown
        )


@pytest.mark.parametrize(
    ("n", "threshold", "said"), [(10, 10, 10), (12, 10, 10), (13, 10, 15), (7, 7, 10), (48, 10, 50)]
)
def test_counts_are_rounded_but_never_under_the_threshold(n, threshold, said):
    assert shown_count(n, Rules(threshold=threshold, reason="essai")) == said


@given(st.integers(10, 10_000))
def test_a_shown_count_is_never_under_the_threshold(n):
    assert shown_count(n, RULES) >= RULES.threshold
    assert abs(shown_count(n, RULES) - n) <= 2.5


def test_means_and_intervals_are_rounded_outwards():
    (line,) = clear(row(estimate=0.34, ci_low=0.1499, ci_high=0.5301)).to_dict("records")
    assert [line[name] for name in NUMBERS] == [30, 0.3, 0.1, 0.6]
    (exact,) = clear(row(estimate=0.3, ci_low=0.1 + 0.2, ci_high=0.7)).to_dict("records")
    assert [exact["ci_low"], exact["ci_high"]] == [0.3, 0.7]


@given(st.floats(-30, 30), st.floats(0, 5))
def test_an_interval_never_shrinks(middle, half):
    (line,) = clear(row(estimate=middle, ci_low=middle - half, ci_high=middle + half)).to_dict("records")
    noise = 1e-8  # the rounding forgives 1e-9 of a step
    assert line["ci_low"] <= middle - half + noise
    assert line["ci_high"] >= middle + half - noise
    assert line["ci_high"] - line["ci_low"] <= 2 * half + 0.2 + noise


@pytest.mark.parametrize(
    ("share", "n", "estimate", "bound"),
    [(0.0, 30, 0.10, "<"), (1.0, 30, 0.90, ">"), (0.03, 200, 0.10, "<"), (0.52, 30, 0.50, ""), (0.52, 200, 0.52, "")],
)
def test_shares_never_say_nobody_or_everybody(share, n, estimate, bound):
    (line,) = clear(row(statistic="risen", n=n, estimate=share, ci_low=0.0, ci_high=1.0)).to_dict("records")
    assert (line["estimate"], line["bound"]) == (estimate, bound)
    assert bound == "" or "ci_low" not in line or line["ci_low"] is None or math.isnan(line["ci_low"])


@pytest.mark.parametrize(
    ("sizes", "status"), [((20, 20, 20), "shown"), ((20, 20), "suppressed"), ((20, 20, 4), "suppressed"), ((90, 20, 20), "suppressed")]
)  # fmt: skip
def test_the_whole_needs_enough_others(sizes, status):
    rows = [row("a"), *(row(code, n=n) for code, n in zip("bcd", sizes, strict=False)), row("", "pooled_change", n=100)]
    table = clear(*rows)
    assert table.loc[table["association"] == "", "status"].tolist() == [status]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([row(n=None)], "un effectif manque"),
        ([row(n=math.nan)], "un effectif manque"),
        ([row(n=-3)], "un effectif manque"),
        ([row(n=12.5)], "un effectif manque"),
        ([row(statistic="maximum")], "statistiques sans règle (maximum)"),
        ([row(verbatim="x")], "colonnes inattendues ou absentes (verbatim)"),
        ([row(), row()], "deux fois"),
        ([row("b")], "destinataire inconnu"),
    ],
)
def test_doubt_lets_nothing_out(rows, said):
    with pytest.raises(DisclosureError, match="rien n’est diffusé") as caught:
        clear(*rows)
    assert said in str(caught.value).replace("\u00a0", " ")


def test_not_computable_says_so():
    (line,) = clear(row(estimate=math.nan)).to_dict("records")
    assert (line["status"], line["reason"]) == ("suppressed", "non calculable")


# --- the fictitious campaign ----------------------------------------------------------------------------------------


def test_nothing_under_the_threshold_shows_a_number(cleared, results):
    exact = results.fillna({"wave": "", "scale": "", "breakdown": "", "category": ""})
    keys = ["association", "wave", "scale", "breakdown", "category", "statistic"]
    for one in cleared.values():
        joined = one.table.merge(exact[[*keys, "n"]], on=keys, suffixes=("", "_true"), validate="one_to_one")
        few = joined[joined["n_true"] < 10]
        assert len(joined) == len(one.table)
        assert few[NUMBERS].isna().all(axis=None)
        assert (few["status"] == "suppressed").all()


def test_the_smallest_association_shows_nothing_of_its_own(cleared):
    table = cleared["asso_g"].table
    assert (table.loc[table["association"] == "asso_g", "status"] == "suppressed").all()


def test_a_release_names_no_other_association(cleared, campaign):
    for code, one in cleared.items():
        text = one.table.to_csv() + repr(one.context)
        for other in campaign.associations:
            assert (other.code in text) == (other.code == code)
            assert (other.label in text) == (other.code == code)


def test_permuting_people_changes_nothing(campaign, checked, cleared):
    import impact

    shuffled = checked.accepted.sample(frac=1, random_state=3)
    results = impact.analyse(shuffled, impact.score(shuffled, campaign.questionnaire), campaign)
    one = cleared["asso_b"]
    again = release(results, campaign.rules, audience="asso_b", context=one.context).table
    order = SHOWN_COLUMNS[:6]
    pd.testing.assert_frame_equal(
        one.table.sort_values(order, ignore_index=True), again.sort_values(order, ignore_index=True), check_dtype=False
    )
    assert np.isfinite(one.table.loc[one.table["status"] == "shown", "estimate"].astype(float)).all()
