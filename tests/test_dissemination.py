"""Dissemination: stopped anywhere and taken up again, a publication gives the same bytes; what is read is never mixed."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

import impact
import impact.publication.dissemination
from impact.clearance.vintages import KIND, past_groups
from impact.collect.responses import write_csv
from impact.cube import DRAFT, check_together
from impact.disclosure import LEAD, PUBLIC
from impact.disclosure.journal import JOURNAL
from impact.errors import CubeError, french
from impact.keys import private_file, secret_key
from impact.publication.dissemination import STATE, Edition, edition, only_one
from impact.seal import MANIFEST
from tests.conftest import SMALL_CAMPAIGN

SEVEN = [f"asso_{letter}" for letter in "abcdefg"]
ONE = '{{ code = "{0}", label = "Association {0}" }}'
KILLED = """
import os, sys
from pathlib import Path
import impact
campaign = impact.read_campaign(sys.argv[1])
kill = lambda step: os.kill(os.getpid(), 9) if f"({sys.argv[4]} sur" in step else None
impact.publish(campaign, [sys.argv[2]], Path(sys.argv[3]), progress=kill)
"""


@pytest.fixture
def seven(small, tmp_path):
    """A one-scale campaign of seven associations, and two files of answers."""
    lines = [line for line in SMALL_CAMPAIGN.splitlines() if not line.startswith("associations")]
    declared = f"associations = [{', '.join(map(ONE.format, SEVEN))}]"
    place = lines.index("[disclosure]")
    folder = small(campaign="\n".join([*lines[:place], declared, *lines[place:]]))
    campaign = impact.read_campaign(folder)
    files = [write_csv(impact.simulate(campaign, seed=seed), tmp_path / f"reponses_{seed}.csv") for seed in (1, 2)]
    return campaign, *files


@pytest.fixture
def read(seven, tmp_path):
    """A folder where the first answers are published."""
    campaign, first, _ = seven
    impact.publish(campaign, [first], tmp_path / "sorties")
    private_file(campaign.name, KIND).unlink()  # the second answers are of other persons
    return tmp_path / "sorties"


def held(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def stopped(campaign, file, folder, number):
    """Publish, and be killed when the cube of this number is begun."""
    given = [sys.executable, "-c", KILLED, campaign.folder, file, folder, str(number)]
    assert subprocess.run(given, capture_output=True).returncode == -9


def test_killed_and_resumed_gives_the_same_bytes(seven, read, tmp_path):
    """What is read stays until all is written; whole cubes of the draft are not made again, a half one is."""
    campaign, _, answers = seven
    before = held(read)
    stopped(campaign, answers, read, number=5)
    draft = read / DRAFT
    assert {name: content for name, content in held(read).items() if not name.startswith(DRAFT)} == before
    assert {path.parent.name for path in draft.glob(f"*/{MANIFEST}")} == set(SEVEN[:4])
    assert past_groups(campaign.name) == [], "nothing is remembered before all is written"
    check_together([read / code for code in SEVEN], secret_key(campaign.name, "cle"))
    kept = (draft / "asso_b" / MANIFEST).stat().st_mtime_ns
    (draft / "asso_c" / "resultats.csv").write_text("à moitié")
    folders = impact.publish(campaign, [answers], read)
    assert folders == [read / code for code in SEVEN]
    assert (read / "asso_b" / MANIFEST).stat().st_mtime_ns == kept
    assert past_groups(campaign.name)
    impact.publish(campaign, [answers], whole := tmp_path / "sans_arret")
    assert held(read) == held(whole)
    assert {path.name for path in read.iterdir()} == {*SEVEN, PUBLIC, LEAD, JOURNAL}


@pytest.mark.skipif(os.name != "posix", reason="ce système ne sait pas tenir un dossier")
def test_two_publications_at_once_are_refused(seven, read):
    """The second one says so, in French, and undoes nothing."""
    campaign, _, answers = seven
    before = held(read)
    with only_one(read):
        told = held(read)
        with pytest.raises(CubeError, match=french("une autre publication de cette campagne")):
            impact.publish(campaign, [answers], read)
        assert held(read) == told
    assert {name: content for name, content in held(read).items() if DRAFT not in name} == before


def test_stopped_while_cubes_take_their_places(seven, read, monkeypatch):
    """Served then, the cubes of two publications are refused, with what to do; the same call finishes."""
    campaign, _, answers = seven
    whole = Edition._replace

    def replace(self, audience, **given):
        if audience == "asso_c":
            raise KeyboardInterrupt
        return whole(self, audience, **given)

    monkeypatch.setattr(Edition, "_replace", replace)
    with pytest.raises(KeyboardInterrupt):
        impact.publish(campaign, [answers], read)
    monkeypatch.setattr(Edition, "_replace", whole)
    cubes, key = [read / code for code in SEVEN], secret_key(campaign.name, "cle")
    with pytest.raises(CubeError, match=french("relancer « impact publier » pour la finir")):
        check_together(cubes, key)
    impact.publish(campaign, [answers], read)
    check_together(cubes, key)
    assert not (read / DRAFT).exists()


def test_an_edition_keeps_its_day_and_leaves_other_inputs(tmp_path):
    first = edition(tmp_path, "v1", b"cle")
    (first.draft / STATE).write_text(json.dumps({"inputs": "v1", "made": "2026-01-31"}))
    (first.draft / "asso_a").mkdir()
    assert edition(tmp_path, "v1", b"cle").made == date(2026, 1, 31)
    assert (first.draft / "asso_a").is_dir()
    assert edition(tmp_path, "v2", b"cle").made == date.today()
    assert not (first.draft / "asso_a").exists()


def test_an_association_without_answers_any_more_is_no_longer_read(seven, read):
    campaign, _, answers = seven
    fewer = answers.with_name("moins.csv")
    fewer.write_text(
        "\n".join(line for line in answers.read_text("utf-8").splitlines() if "asso_g" not in line), "utf-8"
    )
    assert impact.publish(campaign, [fewer], read) == [read / code for code in SEVEN[:-1]]
    assert not (read / "asso_g").exists()
    check_together([read / code for code in [*SEVEN[:-1], LEAD]], secret_key(campaign.name, "cle"))


def test_several_processes_write_the_same_bytes(seven, tmp_path, monkeypatch):
    campaign, answers, _ = seven
    impact.publish(campaign, [answers], alone := tmp_path / "un")
    monkeypatch.setattr(impact.publication.dissemination, "FEW", 1)
    monkeypatch.setattr(impact.publication.dissemination.os, "cpu_count", lambda: 2)
    impact.publish(campaign, [answers], together := tmp_path / "deux")
    assert held(alone) == held(together)


def test_a_fault_in_another_process_is_told(cleared, tmp_path, monkeypatch):
    monkeypatch.setattr(impact.publication.dissemination, "FEW", 1)
    current = edition(tmp_path, "v1", b"cle")
    wrong = replace(cleared["asso_a"], context={**cleared["asso_a"].context, "association": None})
    with pytest.raises(Exception, match="None"):
        current.write([wrong, cleared["asso_b"]], 2)


@pytest.mark.slow
def test_two_thousand_cubes_are_written_in_the_memory_of_two_hundred():
    """Drawn, written, signed, forgotten: several minutes on two processors (`-s` shows what was measured)."""
    bench = Path(impact.__file__).parents[1] / "benchmarks" / "publication.py"
    memory = []
    for cubes in (200, 2000):
        given = [sys.executable, bench, "--seule", str(cubes), "--diffusion"]
        found = json.loads(subprocess.run(given, capture_output=True, text=True, check=True).stdout)
        print(cubes, found)
        memory.append(found["Mio"])
    assert memory[1] < 1.15 * memory[0]
