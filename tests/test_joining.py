"""Near codes that a person judged: kept beside the keys, followed by every command, destroyed with the links."""

import os
import stat

import pandas as pd
import pytest

import impact
from impact.clearance import clear
from impact.errors import ResponsesError
from impact.keys import private_file
from impact.linking import destroy_links, link
from impact.linking.joining import decide, decisions, join_waves
from impact.simulation import Truth, simulate


@pytest.fixture(autouse=True)
def keys(tmp_path, monkeypatch):
    monkeypatch.setenv("IMPACT_CLES", str(tmp_path / "cles"))


@pytest.fixture
def two(small):
    return impact.read_campaign(small())


def answers(*rows):
    return pd.DataFrame(rows, columns=["association", "wave", "participant"])


NEAR = answers(("a", "avant", "AB0102"), ("a", "apres", "AB0103"), ("b", "avant", "ed0203"), ("b", "apres", "ÉD O2/03"))


def test_codes_are_joined_as_people_type_them(two):
    joined = join_waves(NEAR, two)
    assert joined.responses["participant"].tolist() == ["AB0102", "AB0103 (ligne 1)", "ED0203", "ED0203"]
    assert (joined.judged("oui"), joined.judged("non"), joined.judged("")) == (0, 0, 1)
    assert joined.matchings["apres"].rates["n_joined"].tolist() == [0, 1]


def test_a_near_code_is_joined_once_a_person_said_so(two):
    decide(join_waves(NEAR, two).matchings["apres"], [0], two)
    exported_again = NEAR.iloc[::-1].set_axis([7, 8, 9, 11])
    joined = join_waves(exported_again, two)
    assert joined.responses["participant"].tolist() == ["ED0203", "ED0203", "AB0102", "AB0102"]
    assert joined.judged("oui") == 1
    assert joined.matchings["apres"].rates["rate"].tolist() == [1.0, 1.0]


def test_a_near_code_judged_wrong_waits_no_more(two):
    decide(join_waves(NEAR, two).matchings["apres"], [], two)
    joined = join_waves(NEAR, two)
    assert (joined.judged("non"), joined.judged("")) == (1, 0)
    assert joined.responses["participant"].nunique() == 3
    decide(joined.matchings["apres"], [0], two)
    assert decisions(two.name)["kept"].tolist() == ["oui"], "a person may change her mind"


@pytest.mark.parametrize("kept", [[3], [0, 1]])
def test_an_impossible_decision_is_not_kept(two, kept):
    rows = answers(("a", "avant", "AB0102"), ("a", "avant", "AB0103"), ("a", "apres", "AB0103"))
    with pytest.raises(ResponsesError):
        decide(join_waves(rows, two).matchings["apres"], kept, two)
    assert not len(decisions(two.name))


@pytest.mark.skipif(os.name != "posix", reason="droits de fichiers POSIX")
def test_decisions_hold_codes_so_they_are_private_and_destroyed(two):
    decide(join_waves(NEAR, two).matchings["apres"], [0], two)
    path = private_file(two.name, "rapprochements.csv")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    destroy_links(two.name)
    assert not path.exists()


def test_pseudonyms_are_not_matched_again(two):
    linked = link([NEAR], two).responses
    destroy_links(two.name)
    again = link([linked], two)
    assert again.matchings == {}
    assert again.responses["participant"].tolist() == linked["participant"].tolist()


def test_three_waves_are_joined_to_the_first(two):
    from dataclasses import replace

    from impact.campaign import Wave

    three = replace(two, waves=(*two.waves, Wave("plus_tard", "Plus tard")))
    rows = answers(
        ("a", "avant", "AB0102"), ("a", "apres", "AB0103"), ("a", "plus_tard", "ab01o2"), ("b", "plus_tard", "AB0102")
    )
    joined = join_waves(rows, three)
    assert joined.responses["participant"].tolist() == ["AB0102", "AB0103 (ligne 1)", "AB0102", "AB0102"]
    assert joined.judged("") == 1
    decide(joined.matchings["apres"], [0], three)
    assert join_waves(rows, three).responses["participant"].tolist() == ["AB0102"] * 4


def test_slips_of_the_keyboard_lose_nobody(campaign):
    """Codes typed otherwise the second time give the same results as codes typed the same."""
    right = simulate(campaign, truth=Truth((40,), (0.4,)), mistakes=False).rename(columns={"vague": "wave"})
    right = right.replace("", pd.NA)
    typed = right["participant"].str.lower().str[:2] + " " + right["participant"].str[2:].str.replace("0", "o")
    otherwise = right.assign(participant=right["participant"].where(right["wave"] == "avant", typed))
    tables = [clear(join_waves(rows, campaign).responses, campaign)[0][0].table for rows in (right, otherwise)]
    assert (right["participant"] != otherwise["participant"]).any()
    pd.testing.assert_frame_equal(*tables)
