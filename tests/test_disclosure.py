"""The one door: thresholds, complements, rounding; and it fails closed."""

import math
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impact import disclosure
from impact.analysis import releasable
from impact.campaign.rules import Rules
from impact.clearance import releases
from impact.clearance.partitions import merge
from impact.disclosure import NOT_DISPLAYED, SHOWN_COLUMNS, Release, release
from impact.disclosure.rounding import shown_count
from impact.disclosure.suppression import hidden_categories
from impact.disclosure.verbatims import Verbatim, showable
from impact.errors import DisclosureError
from impact.first_pass import summarise

RULES = Rules()
NUMBERS = ["n", "estimate", "ci_low", "ci_high"]
CONTEXT = {
    "breakdowns": [{"name": "q", "categories": [{"name": name} for name in "uvwxyz"]}],
    "scales": [{"name": "s", "low": -40, "high": 40}],
}


def row(association="a", statistic="change", n=30, estimate=0.5, **more):
    return {"association": association, "scale": "s", "statistic": statistic, "n": n, "estimate": estimate, **more}


def others(n=20):
    return [row(code, n=n) for code in ("b", "c", "d")]


def clear(*rows, rules=RULES, audience="a"):
    return release(pd.DataFrame(rows), rules, audience=audience, context=CONTEXT).table


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


@pytest.mark.parametrize("statistic", ["item_change", "class_share"])
@pytest.mark.parametrize(("n", "status"), [(0, "suppressed"), (10, "suppressed"), (19, "suppressed"), (20, "shown")])
def test_finer_results_need_twice_the_threshold(statistic, n, status):
    (line,) = clear(row(statistic=statistic, n=n, estimate=0.5, ci_low=0.2, ci_high=0.8)).to_dict("records")
    assert line["status"] == status
    assert (line["reason"] == "moins de 20 personnes") == (status == "suppressed")


def test_a_finer_result_on_too_few_cannot_be_made_up():
    table = clear(row(statistic="class_share", n=20, estimate=0.5, ci_low=0.2, ci_high=0.8)).assign(n=15)
    with pytest.raises(DisclosureError, match="rien n’est diffusé"):
        Release("a", table, CONTEXT, RULES)


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


@settings(max_examples=200)
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


@pytest.fixture(scope="module")
def exact(campaign, checked):
    """The results release() judged: categories merged, nothing rounded."""
    recoded, _ = merge(summarise(checked.accepted, campaign), campaign)
    return releasable(recoded, campaign)


def test_nothing_under_the_threshold_shows_a_number(cleared, exact):
    exact = exact.fillna({"wave": "", "scale": "", "breakdown": "", "category": ""})
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
    shuffled = checked.accepted.sample(frac=1, random_state=3)
    order = SHOWN_COLUMNS[:6]
    for again in releases(shuffled, campaign):
        one = cleared[again.audience]
        pd.testing.assert_frame_equal(
            one.table.sort_values(order, ignore_index=True), again.table.sort_values(order, ignore_index=True)
        )
        assert again.context == one.context
        assert np.isfinite(one.table.loc[one.table["status"] == "shown", "estimate"].astype(float)).all()


# --- merging, class disclosure, magnitudes, verbatims -----------------------------------------------------------------


def test_small_categories_are_merged_as_declared(cleared):
    """Where an association has too few persons of each age, two wider ages are shown, and only they."""
    labels, seen = {}, {}
    for code, one in cleared.items():
        ages = next(question for question in one.context["breakdowns"] if question["name"] == "age")["categories"]
        labels[code] = [age["label"] for age in ages]
        seen[code] = set(one.table.query("breakdown == 'age' and status == 'shown'")["category"])
    merged = [code for code, found in labels.items() if found == ["18 à 49 ans", "50 ans et plus"]]
    assert any(seen[code] == {"a18_29+a30_49", "a50_64+a65"} for code in merged)
    assert all(seen[code] <= {"a18_29+a30_49", "a50_64+a65"} for code in merged)


@settings(max_examples=60)
@given(st.lists(st.integers(0, 40), min_size=4, max_size=4))
def test_merging_never_shows_fewer_persons(sizes):
    """Whatever the sizes, the persons in shown categories are at least as many after merging, and k never falls."""
    fine = dict(zip("uvwx", sizes, strict=True))
    wide = {"uv": fine["u"] + fine["v"], "wx": fine["w"] + fine["x"]}
    shown = [sum(n for name, n in one.items() if name not in hidden_categories(one, RULES)) for one in (fine, wide)]
    assert min(wide.values()) >= min(fine.values())
    assert shown[1] >= shown[0] or (shown[1] == 0 and min(wide.values()) < RULES.threshold)


@pytest.mark.parametrize(
    ("name", "estimate", "error"), [("mean_before", 40.0, 0.1), ("mean_after", -39.97, 0.1), ("mean_before", 3.0, 0.0)]
)
def test_all_alike_is_not_said(name, estimate, error):
    rows = [row(statistic=name, estimate=estimate, std_error=error), row(estimate=1.0), *categories(20, 20)]
    table = clear(*rows)
    assert set(table["reason"]) == {"réponses presque toutes semblables"}
    assert table[NUMBERS].isna().all(axis=None)


def test_a_category_all_alike_takes_another_one_with_it():
    alike = row(breakdown="q", category="u", statistic="mean_before", n=20, estimate=40.0, std_error=0.0)
    rows = [
        alike,
        *(row(breakdown="q", category=name, statistic="mean_before", n=n) for name, n in (("v", 15), ("w", 30))),
    ]
    table = clear(*rows).set_index("category")
    assert table["status"].to_dict() == {"u": "suppressed", "v": "suppressed", "w": "shown"}


def spent(*values, **more):
    key = {"association": "a", "wave": "", "scale": "", "breakdown": "", "category": "", "statistic": "hours"}
    return pd.DataFrame([key | {"value": value} | more for value in values])


def magnitude(values, contributions, monkeypatch):
    monkeypatch.setitem(disclosure.STATISTICS, "hours", "magnitude")
    results = pd.DataFrame([{"association": "a", "statistic": "hours", "n": len(values), "estimate": sum(values)}])
    return release(results, RULES, audience="a", context={}, contributions=contributions).table.iloc[0]


@pytest.mark.parametrize(
    ("values", "status"),
    [([12.0] * 12, "shown"), ([500.0, 60.0, *[1.0] * 12], "suppressed"), ([90.0, 80.0, *[2.0] * 12], "shown")],
)
def test_a_dominated_magnitude_is_not_shown(values, status, monkeypatch):
    line = magnitude(values, spent(*values), monkeypatch)
    assert line["status"] == status
    assert status == "suppressed" or line["estimate"] % 5 == 0


@pytest.mark.parametrize(
    "contributions",
    [
        None,
        spent(),
        spent(*[12.0] * 11),
        spent(*[13.0] * 12),
        spent(-12.0, *[12.0] * 11, 24.0),
        spent(*[12.0] * 12).drop(columns="value"),
    ],
)
def test_a_magnitude_without_its_contributions_is_refused(contributions, monkeypatch):
    with pytest.raises(DisclosureError, match="les contributions d’un total manquent"):
        magnitude([12.0] * 12, contributions, monkeypatch)


def test_means_trap():
    """Exact means beside rounded counts give the counts back: no such table can be a Release (SDC Handbook 5.7)."""
    counts, exact = (9, 14, 19), (11.25, 7.9167, 9.25)
    context = {"breakdowns": [{"name": "q", "categories": [{"name": name} for name in "uvw"]}]}
    table = clear(*categories(20, 20, 20))
    for column, values in (("n", counts), ("estimate", exact)):
        with pytest.raises(DisclosureError, match="un nombre n’est pas arrondi"):
            Release("a", table.assign(**{column: values}), context, RULES)
    hidden = clear(*categories(20, 9)).assign(n=9)
    with pytest.raises(DisclosureError, match="n’est pas masqué"):
        Release("a", hidden, context, RULES)


@pytest.mark.parametrize("audience", ["public", "responsable"])
def test_the_public_and_the_lead(audience):
    rows = [row("a", n=40), row("b", n=8), *(row(code, n=20) for code in "cd"), row("", "pooled_change", n=88)]
    rows += [
        row(code, "returned", n=n, estimate=n) | {"scale": ""}
        for code, n in (("a", 40), ("b", 8), ("c", 20), ("d", 20))
    ]
    table = clear(*rows, audience=audience)
    assert set(table["association"]) == ({""} if audience == "public" else {"", "a", "b", "c", "d"})
    assert table.query("association == '' and statistic == 'returned'")["estimate"].tolist() == [90]
    assert table.query("association == 'b'")[NUMBERS].isna().all(axis=None)


def test_undeclared_categories_do_not_leave():
    with pytest.raises(DisclosureError, match="modalités que rien ne déclare \\(q/nouveau\\)"):
        clear(row(), row(breakdown="q", category="nouveau"))


def verbatim(**more):
    return Verbatim(
        **{
            "association": "a",
            "question": "q",
            "text": "J’ose.",
            "approved_by": "C. L.",
            "approved_on": date(2026, 1, 5),
        }
        | more
    )


def test_verbatims_are_approved_one_by_one():
    texts = [verbatim(), verbatim(text="À deux, on ose."), verbatim(association="b", text="Ailleurs.")]
    assert showable(texts, {("a", "q"): 10}, RULES, audience="a") == {"q": ["J’ose.", "À deux, on ose."]}
    assert showable(texts, {("a", "q"): 9}, RULES, audience="a") == {}
    with pytest.raises(DisclosureError, match="n’est pas connu"):
        showable(texts, {}, RULES, audience="a")


@pytest.mark.parametrize(
    ("more", "said"),
    [({"approved_by": " "}, "approuvé"), ({"approved_on": "hier"}, "approuvé"), ({"text": ""}, "approuvé"),
     ({"text": "Mme Le Goff m’a aidée"}, "reconnaître"), ({"text": "mon mail est a@b.fr"}, "reconnaître"),
     ({"text": "au 02 98 00 00 00"}, "reconnaître")],
)  # fmt: skip
def test_a_telling_verbatim_is_refused(more, said):
    with pytest.raises(DisclosureError, match=said):
        verbatim(**more)
    assert "participant" not in Verbatim.__dataclass_fields__
