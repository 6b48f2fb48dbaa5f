"""Keys outside the repository, pseudonyms that link waves, links destroyed for good."""

import os
import stat
from dataclasses import replace

import pandas as pd
import pytest

from impact.clearance.vintages import past_groups, remember
from impact.coding_grid.log import CodingError, log_file
from impact.coding_grid.model import CodingGrid, approved, open_answers
from impact.evidence import respondents
from impact.keys import KeyFileError, private_file, secret_key
from impact.linking import LinkError, destroy_links, pseudonymise, write_linked
from tests.test_audit import group, people

ROWS = pd.DataFrame(
    {"association": ["a", "a", "b"], "wave": ["avant", "apres", "avant"], "participant": ["AB0102", "AB0102", "AB0102"]}
)


@pytest.fixture(autouse=True)
def keys(tmp_path, monkeypatch):
    monkeypatch.setenv("IMPACT_CLES", str(tmp_path / "cles"))
    return tmp_path / "cles"


def test_a_pseudonym_links_waves_and_nothing_else(keys):
    one = pseudonymise(ROWS, "c")["participant"]
    assert one[0] == one[1] != one[2]
    assert one.str.fullmatch("[0-9a-f]{16}").all()
    assert pseudonymise(ROWS, "c")["participant"].equals(one), "the same key, the same pseudonym"
    assert not pseudonymise(ROWS, "d")["participant"].isin(one).any(), "two campaigns cannot be linked"
    assert ROWS["participant"].tolist() == ["AB0102"] * 3


@pytest.mark.skipif(os.name != "posix", reason="droits de fichiers POSIX")
def test_a_key_is_private(keys):
    secret_key("c", "cle")
    path = keys / "c.cle"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    with pytest.raises(KeyFileError, match="chmod 600"):
        secret_key("c", "cle")


def test_a_key_is_never_in_a_repository(tmp_path, monkeypatch):
    (tmp_path / "depot" / ".git").mkdir(parents=True)
    monkeypatch.setenv("IMPACT_CLES", str(tmp_path / "depot" / "cles"))
    with pytest.raises(KeyFileError, match="dans un dépôt"):
        secret_key("c", "cle")


def test_a_damaged_key_is_refused(keys):
    secret_key("c", "cle")
    (keys / "c.cle").write_bytes(b"court")
    with pytest.raises(KeyFileError, match="n’est pas une clé"):
        secret_key("c", "cle")


def test_links_are_destroyed_for_good(keys, campaign, tmp_path):
    linked = write_linked([ROWS], replace(campaign, name="c"), tmp_path / "envoi.xlsx")
    assert linked.name == "envoi.lie.csv"
    assert "AB0102" not in linked.read_text("utf-8-sig")
    destroy_links("c")
    assert not (keys / "c.liens.cle").exists()
    with pytest.raises(LinkError, match="ne peut plus être reconnu"):
        pseudonymise(ROWS, "c")
    again = pd.read_csv(linked, sep=";")
    assert pseudonymise(again, "c").equals(again), "the linked file is taken as it is"
    with pytest.raises(LinkError, match="déjà été détruits"):
        destroy_links("c")


def test_no_word_stays_with_the_links_but_approved_ones(keys, campaign, checked, tmp_path):
    """What was masked, kept, undecided or replaced is nowhere; an approved quotation stays, joined to nobody."""
    mine = replace(campaign, name="c")
    grid = CodingGrid(open_answers(checked.accepted, mine), mine)
    told, private, undecided = grid.answers[:3]
    grid.mask(told, "Premier jet.", "C. L.")
    grid.mask(told, "J’ose, avec […].", "C. L.")
    grid.code(told, ["estime"], "C. L.")
    grid.publish(told, "C. L.")
    grid.keep(private, "C. L.")
    grid.code(undecided, ["estime"], "C. L.")
    before = approved(mine)
    linked = write_linked([checked.accepted], mine, tmp_path / "envoi.xlsx")
    destroy_links("c")
    left = "".join(path.read_text("utf-8-sig") for path in [linked, *keys.iterdir()])
    assert not [answer.text for answer in grid.answers if answer.text in left]
    assert "Premier jet" not in left
    assert approved(mine) == before, "who approved what, and when, is still known"
    again = pd.read_csv(linked, sep=";")
    assert respondents(again, mine) == respondents(checked.accepted, mine)
    assert open_answers(again, mine) == ()


def test_nothing_is_destroyed_when_the_log_cannot_be_read(keys):
    secret_key("c", "liens.cle")
    log_file("c").write_text("abîmé\n", "utf-8")
    with pytest.raises(CodingError, match="ligne 1"):
        destroy_links("c")
    assert (keys / "c.liens.cle").exists()


def test_what_was_published_is_remembered_apart(keys):
    groups = [group("a", "", people(1, 2)), group("a", "sexe", people(1)), group("a", "", people(1, 2), "risen")]
    remember("c", groups)
    remember("c", groups[:1])
    assert sorted(past_groups("c"), key=str) == sorted(groups, key=str)
    assert private_file("c", "millesimes.json").parent == keys.resolve()
    assert past_groups("d") == []
