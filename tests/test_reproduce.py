"""What was published is made again: identical, equal within a stated tolerance, or different and named."""

import io
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import impact
from impact.clearance import protected
from impact.collect.responses import write_csv
from impact.open_data.told import FOLDER
from impact.reproduce import ALTERED, DIFFERENT, EQUAL, FAITHFUL, IDENTICAL, PIXELS, compare, reproduce

PUBLISHED = Path(__file__).parents[1] / "donnees_anonymisees" / "demonstration"


@pytest.fixture
def package(tmp_path):
    return shutil.copytree(PUBLISHED, tmp_path / "demonstration")


def test_everything_is_made_again_from_the_answers(campaign, answers_file):
    found = reproduce(campaign, PUBLISHED, [answers_file])
    assert {one.verdict for one in found} <= set(FAITHFUL), [one for one in found if one.verdict not in FAITHFUL]
    assert {one.verdict for one in found if one.file.endswith(".csv")} == {IDENTICAL}
    audiences = {one.code for one in campaign.associations} | {"public", "responsable"}
    assert {one.file.split("/")[1] for one in found if one.file.startswith(FOLDER)} == audiences


def test_another_day_is_no_difference():
    published = (PUBLISHED / "ddi.xml").read_bytes()
    [day] = set(re.findall(rb"\d{4}-\d\d-\d\d", published))
    later = published.replace(day, b"2031-02-03")
    assert compare("ddi.xml", published, later).verdict == EQUAL
    assert compare("ddi.xml", published, later.replace(b"liens", b"lien")).verdict == DIFFERENT


def test_what_the_public_was_told_is_made_again_from_the_numbers(campaign):
    found = reproduce(campaign, PUBLISHED)
    assert {one.verdict for one in found} <= set(FAITHFUL)
    assert {one.file.rpartition(".")[2] for one in found} == {"json", "md", "csv", "png"}


def test_one_changed_answer_moves_the_tables_it_should(campaign, answers_file, tmp_path):
    """The lowest answer to one item of somebody who gave the highest: the tables that truly differ are named, no other."""
    table = pd.read_csv(answers_file, sep=None, engine="python", dtype=str, keep_default_na=False, encoding="utf-8-sig")
    chosen = table.index[(table["association"] == "asso_b") & (table["vague"] == "apres") & (table["est01"] == "4")][0]
    changed = write_csv(table.assign(est01=table["est01"].mask(table.index == chosen, "1")), tmp_path / "changees.csv")
    before, after = (
        {one.audience: one.table for one in protected(impact.check_file(file, campaign).accepted, campaign, [])[0]}
        for file in (answers_file, changed)
    )
    truly = {audience for audience, shown in before.items() if not shown.equals(after[audience])}
    found = reproduce(campaign, PUBLISHED, [changed])
    moved = {one.file: one.detail for one in found if one.verdict == DIFFERENT}
    tables = {name.split("/")[1] for name in moved if name.startswith(FOLDER) and name.endswith("resultats.csv")}
    assert tables == truly
    assert {"asso_b", "responsable"} <= tables
    assert moved[f"{FOLDER}/asso_b/resultats.csv"].endswith("\u00a0: est01, estime"), "the question, and its scale"
    assert "synthetique.csv" not in moved


def test_an_altered_file_is_told(campaign, package):
    file = package / "repondants.csv"
    file.write_text(file.read_text("utf-8").replace("a18_29", "a30_49", 1), "utf-8")
    (package / "synthetique.csv").unlink()
    told = {one.file: one.detail for one in reproduce(campaign, package) if one.verdict == ALTERED}
    assert list(told) == ["repondants.csv", "synthetique.csv"]
    assert told["synthetique.csv"] == "le fichier manque"


def test_nothing_published(campaign, tmp_path):
    with pytest.raises(impact.ImpactError, match="il n’y a pas de données publiées ici"):
        reproduce(campaign, tmp_path)


@pytest.mark.parametrize(
    ("remade", "verdict"),
    [("scale,n\nestime,1.00000000001\n", EQUAL), ("scale,n\nestime,1.1\n", DIFFERENT), ("scale\n", DIFFERENT)],
)
def test_tables_cell_by_cell(remade, verdict):
    assert compare("t.csv", b"scale,n\nestime,1.0\n", remade.encode()).verdict == verdict


@pytest.mark.parametrize(("share", "verdict"), [(PIXELS / 2, EQUAL), (PIXELS * 2, DIFFERENT)])
def test_figures_pixel_by_pixel(share, verdict):
    from matplotlib.image import imsave

    drawings = []
    for black in (0, int(share * 10_000)):
        picture = np.ones((100, 100, 3))
        picture.reshape(-1, 3)[:black] = 0
        imsave(file := io.BytesIO(), picture, format="png")
        drawings.append(file.getvalue())
    assert compare("f.png", *drawings).verdict == verdict


def test_pages_and_bilans_are_made_again_too(campaign, answers_file, tmp_path):
    outputs = tmp_path / "sorties"
    impact.publish(campaign, [answers_file], outputs)
    kept = outputs / "asso_c"
    for cube in outputs.iterdir():
        if cube.is_dir() and cube != kept:
            shutil.rmtree(cube)
    table = kept / "moyennes-estime.csv"
    table.write_bytes(table.read_bytes().splitlines(keepends=True)[0])
    found = {one.file: one for one in reproduce(campaign, PUBLISHED, [answers_file], outputs)}
    assert found["asso_c/bilan.docx"].verdict in FAITHFUL
    assert [name for name, one in found.items() if one.verdict not in FAITHFUL] == ["asso_c/moyennes-estime.csv"]


def test_the_crate_says_where_it_comes_from():
    rocrate = pytest.importorskip("rocrate.rocrate")
    crate = rocrate.ROCrate(str(PUBLISHED))
    action = crate.get("#publication")
    files = {path.relative_to(PUBLISHED).as_posix() for path in PUBLISHED.rglob("*.*")} - {"ro-crate-metadata.json"}
    assert {one.id for one in action["result"]} == files
    assert {one.id for one in action["object"]} >= {"#reponses-1", "#questionnaire", "#campagne"}
    assert {"#impact", "#python", "#scipy"} <= {one.id for one in action["instrument"]}
    text = json.dumps([one.properties() for one in crate.contextual_entities])
    assert "reponses_fictives" not in text, "the name and place of the answers are nobody's business"
