"""Differencing: vectors, then an attacker who reads the released files of seeded campaigns."""

import re
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import impact
from impact.campaign.rules import Rules
from impact.clearance import protected
from impact.clearance.audit import culprit, exposures, recoverable, refusal
from impact.clearance.groups import Group, visible_groups
from impact.clearance.vintages import require_enough_newcomers
from impact.cube import write_cube
from impact.disclosure import SHOWN_COLUMNS, Release
from impact.errors import DisclosureError
from impact.linking import pseudonymise
from impact.simulation import Truth
from tests.attacker import coalitions, groups_seen, victims

QUESTIONS = ("sexe", "age", "situation")
CAMPAIGNS = Path(__file__).parent / "campaigns"


@pytest.fixture(scope="session")
def seven():
    return impact.read_campaign(CAMPAIGNS / "sept")


@pytest.fixture(scope="session")
def four(seven):
    """The same with four associations, to be quicker."""
    return replace(seven, associations=seven.associations[:4])


# --- vectors --------------------------------------------------------------------------------------------------------


def matrix(*groups, size):
    return np.array([[place in group for place in range(size)] for group in groups], dtype=float)


def test_marital_status_by_sex():
    """38,17 / 7,4 / 3,1 with known margins: the 1 hidden alone, or with one more cell of its row or column, comes back."""
    cells = {"mh": 38, "mf": 17, "dh": 7, "df": 4, "vh": 3, "vf": 1}
    starts = dict(zip(cells, np.cumsum([0, *cells.values()]), strict=False))
    sets = {name: set(range(starts[name], starts[name] + n)) for name, n in cells.items()}
    margins = [sets[row + "h"] | sets[row + "f"] for row in "mdv"]
    margins += [set().union(*(sets[row + sex] for row in "mdv")) for sex in "hf"]
    widow = [starts["vf"]]

    def exposed(*hidden):
        shown = [members for name, members in sets.items() if name not in hidden]
        return widow in recoverable(matrix(*margins, *shown, size=70))

    assert exposed("vf")
    assert exposed("vf", "vh")
    assert exposed("vf", "df")
    assert exposed("vf", "vh", "df")
    assert not exposed("vf", "vh", "df", "dh")


def test_what_is_in_the_row_space_is_found():
    assert (
        recoverable(matrix({0, 1, 2}, {0, 1}, size=3)) == [[2], [0, 1]]
        or len(recoverable(matrix({0, 1, 2}, {0, 1}, size=3))) == 2
    )
    assert recoverable(matrix({0, 1, 2}, size=3)) == [[0, 1, 2]]
    assert recoverable(matrix(set(range(5)), size=5)) == []
    assert [0] in recoverable(matrix({0, 1}, {1, 2}, {0, 2}, size=3)), "no nested groups, yet everyone is solved"


@settings(max_examples=60)
@given(st.integers(0, 100_000))
def test_every_small_set_is_found(seed):
    """Against trying all sets of 1 to 4 persons, one by one, by least squares."""
    rng = np.random.default_rng(seed)
    seen = (rng.random((int(rng.integers(2, 8)), 9)) < 0.5).astype(float)
    seen = seen[:, seen.any(axis=0)]
    if not seen.size:
        return
    found = set()
    for size in range(1, 5):
        for some in combinations(range(seen.shape[1]), size):
            target = np.isin(np.arange(seen.shape[1]), some).astype(float)
            answer = np.linalg.lstsq(seen.T, target, rcond=None)[0]
            if np.abs(seen.T @ answer - target).max() < 1e-9:
                found |= set(some)
    assert {place for some in recoverable(seen) for place in some} == found


def people(*numbers):
    return frozenset(f"p{number}" for number in numbers)


def group(viewer, breakdown, members, variable="change"):
    return Group(viewer, ("liens", variable), breakdown, frozenset(members))


def test_two_questions_whose_groups_are_nested(seven):
    """20 women among 21 persons under 50: the whole and both groups pass every threshold, and one man is alone."""
    everyone, women, young = people(*range(40)), people(*range(20)), people(*range(21))
    groups = [group("a", "", everyone), group("a", "sexe", women), group("a", "age", young)]
    (found,) = [one for one in exposures(groups) if one.viewers == ("a",)]
    assert found.persons == people(20)
    said = str(refusal([found], culprit(groups, [found]), seven))
    assert "audit (a)\u00a0: rien n’est publié\u00a0: 1 personne pourrait être isolée" in said
    assert "Regrouper des modalités de «\u00a0Age\u00a0»" in said
    assert not exposures(groups[:2])


def test_two_associations_collude_through_the_whole():
    others = people(80, 81, 82)
    whole = group("public", "", people(*range(80)) | others)
    groups = [whole, group("a", "", people(*range(40))), group("b", "", people(*range(40, 80)))]
    assert [one.viewers for one in exposures(groups)] == [("a", "b")]
    assert not exposures(groups[:2])


def test_each_statistic_has_its_own_group():
    """Means on everybody, changes on pairs: different variables are never subtracted from each other."""
    groups = [group("a", "", people(*range(30)), "mean"), group("a", "", people(*range(28)), "change")]
    assert not exposures(groups)
    assert exposures([groups[0], group("a", "", people(*range(28)), "mean")])


def shown(campaign, audience, *rows):
    """A release of these (association, statistic, n), all about « liens »."""
    keys = dict.fromkeys(SHOWN_COLUMNS, "") | {"scale": "liens", "estimate": 1.0, "status": "shown"}
    table = pd.DataFrame([keys | {"association": a, "statistic": s, "n": n} for a, s, n in rows])
    table[["ci_low", "ci_high"]] = np.nan
    return Release(audience, table, {}, campaign.rules)


def used(population, **sizes):
    """Persons a0, a1, ... of each association."""
    names = [(code, f"{code}{place}") for code, size in sizes.items() for place in range(size)]
    return pd.DataFrame(names, columns=["association", "participant"]).assign(scale="liens", population=population)


def test_a_difference_with_the_comparison_group_shows_that_group(four):
    """D and C are one comparison group of 18: who works in C knows its 15, so the 3 of D come out of the difference."""
    apart = tuple(replace(one, comparison=one.code in "cd") for one in four.associations)
    campaign, persons = replace(four, associations=apart), used("", a=20, b=30, c=15, d=3)
    rows = {"a": [("a", "change", 20), ("a", "difference_of_changes", 20)], "c": [("c", "change", 15)]}
    groups = {who: visible_groups([shown(campaign, who, *lines)], persons, campaign) for who, lines in rows.items()}
    assert {len(one.members) for one in groups["a"]} == {20, 18}
    (found,) = exposures([*groups["a"], *groups["c"]])
    assert found.viewers == ("a", "c")
    assert found.persons == {"d0", "d1", "d2"}
    assert not exposures(groups["a"])
    with pytest.raises(DisclosureError, match="on ne sait pas sur qui porte un résultat"):
        visible_groups([shown(campaign, "a", ("a", "difference_of_changes", 30))], persons, campaign)


@pytest.mark.parametrize(
    ("association", "statistic", "sizes"), [("a", "independent_change", {20, 40}), ("", "pooled_change", {50, 70})]
)
def test_a_change_between_two_surveys_shows_both(four, association, statistic, sizes):
    campaign = replace(four, design="repeated_cross_sections")
    persons = pd.concat([used("avant", a=20, b=30), used("apres", a=40, b=30)])
    groups = visible_groups([shown(campaign, "a", (association, statistic, min(sizes)))], persons, campaign)
    assert {(one.variable[1], len(one.members)) for one in groups} == {
        ("mean_before", min(sizes)),
        ("mean_after", max(sizes)),
    }


@pytest.mark.parametrize(
    ("new", "lost", "refused"), [(0, 0, False), (1, 0, True), (9, 0, True), (10, 0, False), (0, 1, True), (12, 3, True)]
)
def test_a_vintage_needs_ten_newcomers_or_none(new, lost, refused):
    old, now = people(*range(40)), people(*range(lost, 40 + new))
    if not refused:
        return require_enough_newcomers([group("a", "", now)], [group("a", "", old)], Rules())
    with pytest.raises(DisclosureError, match="trop peu de personnes ont changé"):
        require_enough_newcomers([group("a", "", now)], [group("a", "", old)], Rules())


def test_newcomers_are_also_watched_in_each_category(seven):
    """Twelve newcomers, one of them a man: the two vintages of « men » differ by one person."""
    men, women = people(*range(20)), people(*range(20, 40))
    past = [group("a", "", men | women), group("a", "sexe", men), group("a", "sexe", women)]
    comers = people(*range(100, 112))
    alone = people(100)
    now = [
        group("a", "", men | women | comers),
        group("a", "sexe", men | alone),
        group("a", "sexe", women | comers - alone),
    ]
    require_enough_newcomers(now, past, Rules())
    assert any(one.persons == alone for one in exposures([*past, *now]))


# --- the attacker ---------------------------------------------------------------------------------------------------


def withdraw(campaign, question):
    questions = tuple(
        replace(one, breakdown=one.breakdown and one.name != question) for one in campaign.questionnaire.questions
    )
    return replace(campaign, questionnaire=replace(campaign.questionnaire, questions=questions))


def released(campaign, responses, past):
    """Follow what publication says: withdraw the question it names; (None, past) when it asks to wait."""
    labels = {one.label: one.name for one in campaign.questionnaire.questions}
    while True:
        try:
            return *protected(pseudonymise(responses, campaign.name), campaign, past), campaign
        except DisclosureError as error:
            named = re.search(r"modalités de «\u00a0(.*?)\u00a0»", str(error))
            if not named:
                return None, past, campaign
            campaign = withdraw(campaign, labels[named[1]])


def known(responses, scale="liens"):
    """What the attacker knows: for each person, association, categories, and whether both scores exist."""
    scores = impact.score(responses, known.campaign.questionnaire).dropna(subset=[scale])
    both = scores.groupby(["association", "participant"])["wave"].nunique() == 2
    first = responses.drop_duplicates(["association", "participant"]).set_index(["association", "participant"])
    return {
        f"{code}/{person}": {"association": code, "pairs": {scale} if both.get((code, person), False) else set()}
        | {question: first.loc[(code, person), question] for question in QUESTIONS}
        for code, person in first.index
    }


def one_campaign(campaign, seed, folder):
    """Publish two vintages of a simulated campaign, attack the files; return what was counted."""
    rng, codes = np.random.default_rng(seed), [association.code for association in campaign.associations]
    sizes = tuple(int(size) for size in rng.integers(8, 101, size=len(codes)))
    responses = impact.simulate(campaign, truth=Truth(sizes, (0.4, 0.0, -0.3), 0.1), seed=seed, mistakes=False)
    responses = responses.replace("", pd.NA)
    came = responses[responses["wave"] == "apres"]
    late = [came[came["association"] == code].sample(int(min(late, (came["association"] == code).sum())), random_state=seed).index
            for code, late in zip(codes, rng.choice([0, 0, 12, 20], size=len(codes)), strict=True)]  # fmt: skip
    past, sees, counts = [], {}, {"withdrawn": 0, "waited": 0, "shown": 0}
    for vintage, rows in (("v1", responses.drop(index=np.concatenate(late))), ("v2", responses)):
        cleared, groups, used = released(campaign, rows, past)
        if cleared is None:
            counts["waited"] += 1
            continue
        past = [*past, *groups]
        counts["withdrawn"] += len(campaign.questionnaire.breakdowns) - len(used.questionnaire.breakdowns)
        knowledge = known(rows)
        for one in cleared:
            write_cube(one, {}, folder / vintage / one.audience, inputs="", key=b"")
            counts["shown"] += int((one.table["breakdown"] != "").mul(one.table["status"] == "shown").sum())
            sees.setdefault(one.audience, []).append(groups_seen(folder / vintage, one.audience, knowledge))
    alone, few = set(), set()
    for together in coalitions([code for code in codes if code in sees]):
        found = victims([seen for audience in together for seen in sees[audience]])
        alone, few = alone | found[0], few | found[1]
    return counts | {"persons": sum(sizes), "alone": len(alone), "few": len(few)}


def attack(campaign, seeds, folder):
    known.campaign = campaign
    return pd.DataFrame([one_campaign(campaign, seed, folder / str(seed)) for seed in seeds])


def test_the_attacker_is_able():
    """Against files that only hide what is under ten, the same attacker succeeds."""
    everyone, women, young = people(*range(21)), people(*range(10)), people(*range(11))
    alone, few = victims([{"liens": {everyone, women, young}}])
    assert alone == few == people(10)


def test_nobody_is_found_in_twenty_campaigns(four, tmp_path):
    counts = attack(four, range(20), tmp_path)
    assert counts[["alone", "few"]].sum().sum() == 0
    assert counts["shown"].sum() > 500, "the files do show breakdowns"


@pytest.mark.slow
def test_nobody_is_found_in_two_hundred_campaigns(seven, tmp_path):
    counts = attack(seven, range(200), tmp_path)
    print(counts.sum().to_dict())
    assert counts[["alone", "few"]].sum().sum() == 0
