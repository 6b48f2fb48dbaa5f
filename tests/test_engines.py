"""The same tables on every engine, and partitioned answers that are checked where they are."""

import json
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import impact
from impact import engines
from impact.analysis import releasable
from impact.clearance import protected
from impact.clearance.partitions import merge
from impact.clearance.vintages import past_groups, remember
from impact.cli import app
from impact.collect.source import read_source
from impact.engines import ENGINES, open_source, source_files
from impact.errors import DisclosureError, ImpactError, ResponsesError, StatisticsError
from impact.first_pass import summarise
from impact.linking import pseudonymise

SAME = 1e-9  # scores are single divisions of whole numbers and sums are counted: engines differ by nothing at all
LOCAL = "--master local[2] --conf spark.ui.enabled=false --conf spark.sql.shuffle.partitions=2 pyspark-shell"
INSTALLED = {
    engine: pytest.param(engine, marks=pytest.mark.skipif(not find_spec(module), reason=f"{module} n’est pas installé"))
    for engine, module in ENGINES.items()
}
needs_one = pytest.mark.skipif(not find_spec("duckdb"), reason="duckdb n’est pas installé")


@pytest.fixture(scope="module", autouse=True)
def local_spark():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_SUBMIT_ARGS", LOCAL)
        yield


def write(responses, folder):
    """Seven parquet files of the same answers, texts and nulls."""
    pytest.importorskip("pyarrow", reason="pyarrow n’est pas installé")
    folder.mkdir(parents=True)
    texts = responses.astype(object).where(responses.notna(), None)
    for place in range(7):
        texts.iloc[place::7].to_parquet(folder / f"{place}.parquet", index=False)
    return source_files(folder)


@pytest.fixture(scope="module")
def files(checked, tmp_path_factory):
    return write(checked.accepted, tmp_path_factory.mktemp("source") / "dossier")


@pytest.fixture(scope="module")
def in_memory(campaign, checked):
    return summarise(checked.accepted, campaign)


def assert_same(found, wanted):
    pd.testing.assert_frame_equal(
        found, wanted, check_dtype=False, check_column_type=False, check_index_type=False, rtol=SAME, atol=SAME
    )


@pytest.mark.parametrize("engine", INSTALLED.values())
def test_every_engine_gives_the_same_tables(campaign, checked, files, in_memory, engine):
    found = summarise(read_source(files, engine, campaign).responses, campaign)
    for name in ("answered", "counted", "cells"):
        assert_same(getattr(found, name), getattr(in_memory, name))
    for key, moments in in_memory.items.items():
        assert found.items[key].n == moments.n
        np.testing.assert_allclose(found.items[key].mean, moments.mean, rtol=SAME)
        np.testing.assert_allclose(found.items[key].covariance, moments.covariance, rtol=SAME, atol=SAME)
    assert_same(*(releasable(merge(one, campaign)[0], campaign) for one in (found, in_memory)))


@pytest.mark.parametrize("engine", [INSTALLED["polars"], INSTALLED["duckdb"]])
def test_scores_are_the_same_to_the_last_bit(campaign, checked, files, engine):
    keys = ["association", "wave", "participant"]
    lazy = open_source(files, engine)
    found = engines.collected(
        engines.nw.from_native(impact.score(lazy.to_native(), campaign.questionnaire)).lazy(), keys
    )
    wanted = impact.score(checked.accepted, campaign.questionnaire).sort_values(keys, ignore_index=True)
    for scale in campaign.questionnaire.scales:
        np.testing.assert_array_equal(found[scale.name], wanted[scale.name])


@needs_one
@pytest.mark.parametrize("design", ["after_only", "repeated_cross_sections"])
def test_every_design_on_an_engine(campaign, checked, files, design):
    shaped = replace(campaign, design=design)
    found, wanted = summarise(open_source(files, "duckdb"), shaped), summarise(checked.accepted, shaped)
    for name in ("answered", "counted", "cells"):
        assert_same(getattr(found, name), getattr(wanted, name))


@needs_one
def test_cells_and_persons_are_audited_alike(campaign, checked, files):
    """Groups of cells with their sizes, or of persons: the same numbers leave, on the same number of persons."""
    by_name, groups = protected(pseudonymise(checked.accepted, campaign.name), campaign, [])
    by_cell, cells = protected(open_source(files, "duckdb"), campaign, [], named=False)
    for one, other in zip(by_name, by_cell, strict=True):
        assert_same(one.table, other.table)

    def sizes(found):
        return sorted((one.viewer, one.variable, one.breakdown, one.persons()) for one in found)

    assert sizes(groups) == sizes(cells)
    codes = set(checked.accepted["participant"])
    assert not any(code in codes for one in cells for code in one.members)


# --- what a source may hold -------------------------------------------------------------------------------------------


@needs_one
def test_rows_the_questionnaire_does_not_allow_are_set_aside(campaign, checked, tmp_path):
    rows = checked.accepted.reset_index(drop=True).copy()
    rows.loc[0, "association"], rows.loc[1, "wave"], rows.loc[2, "participant"] = "asso_z", "plus_tard", pd.NA
    rows.loc[3, "ags1"], rows.loc[3, "ags2"], rows.loc[4, "age"] = "9", "9", "vieux"
    read = read_source(write(rows, tmp_path / "dossier"), "duckdb", campaign)
    assert read.n == len(rows) - 5
    said = [str(problem) for problem in read.problems]
    assert said[0].startswith(
        "dossier, colonne «\u00a0association\u00a0»\u00a0: code inconnu ou vide, 1 ligne. Mis de côté."
    )
    assert [problem.column for problem in read.problems] == [
        "association",
        "wave",
        "participant",
        "age",
        "ags1",
        "ags2",
    ]
    aside = pd.read_parquet(read.quarantine)
    assert read.quarantine.parent == tmp_path
    assert len(aside) == 5
    assert set(aside.columns) == set(rows.columns)
    again = summarise(read.responses, campaign)
    assert_same(again.counted, summarise(rows.drop(index=range(5)), campaign).counted)


@needs_one
def test_one_person_twice_at_one_wave_is_refused(campaign, checked, tmp_path):
    rows = pd.concat([checked.accepted, checked.accepted.iloc[:3]])
    read = read_source(write(rows, tmp_path / "dossier"), "duckdb", campaign)
    with pytest.raises(StatisticsError, match="3 personnes ont plusieurs lignes à la vague «\u00a0avant\u00a0»"):
        summarise(read.responses, campaign)


@needs_one
def test_numbers_in_place_of_texts_are_the_same_codes(campaign, checked, files, tmp_path, in_memory):
    items = [item.name for scale in campaign.questionnaire.scales for item in scale.items]
    numbers = checked.accepted.assign(
        **{name: pd.to_numeric(checked.accepted[name], errors="coerce").astype("Int64") for name in items}
    )
    folder = tmp_path / "nombres"
    folder.mkdir()
    numbers.to_parquet(folder / "a.parquet", index=False)
    assert_same(summarise(open_source(source_files(folder), "duckdb"), campaign).counted, in_memory.counted)


@needs_one
def test_faults_of_a_source_are_told(campaign, checked, tmp_path, monkeypatch):
    files = write(checked.accepted.drop(columns="ags1"), tmp_path / "dossier")
    with pytest.raises(ResponsesError, match="il manque la colonne «\u00a0ags1\u00a0»"):
        read_source(files, "duckdb", campaign)
    with pytest.raises(ImpactError, match="Vouliez-vous dire «\u00a0duckdb\u00a0»"):
        open_source(files, "duckbd")
    with pytest.raises(ImpactError, match="aucun fichier parquet n’est trouvé"):
        source_files(tmp_path / "rien*.parquet")
    strangers = write(checked.accepted.assign(association="ailleurs"), tmp_path / "autres")
    with pytest.raises(ResponsesError, match="aucune des 568 lignes ne peut être prise"):
        read_source(strangers, "duckdb", campaign)
    monkeypatch.setattr(engines, "find_spec", lambda name: None)
    with pytest.raises(ImpactError, match=r"pip install 'impact-utilite-sociale\[spark\]'"):
        open_source(files, "spark")


@needs_one
def test_a_source_is_published_once_or_again_the_same(campaign, files, tmp_path):
    """Its persons are not known: another source, or the same persons by name, cannot be compared with it."""
    mine = replace(campaign, name="partitionnee")
    folders = impact.publish(mine, files, tmp_path / "sorties", engine="duckdb")
    assert [folder.name for folder in folders] == [one.code for one in campaign.associations]
    manifest = json.loads((folders[0] / "manifeste.json").read_text("utf-8"))
    assert manifest["inputs"]
    [kept] = json.loads(_memory(mine.name))
    assert list(kept) == ["source"]
    assert past_groups(mine.name, kept["source"]) == []
    with pytest.raises(DisclosureError, match="a déjà été publiée d’une autre façon"):
        past_groups(mine.name)
    with pytest.raises(DisclosureError, match="a déjà été publiée d’une autre façon"):
        remember(mine.name, [], "autre")


def _memory(name):
    from impact.keys import private_file, read_private

    return read_private(private_file(name, "millesimes.json"))


def test_the_command_wants_files_or_a_source():
    for words in (
        ["--moteur", "duckdb"],
        ["--source", "x/*.parquet"],
        ["a.csv", "--moteur", "duckdb", "--source", "x"],
        [],
    ):
        done = CliRunner().invoke(app, ["publier", "demonstration", *words])
        assert done.exit_code != 0
        assert "il faut des fichiers de réponses, ou bien --moteur avec --source" in f"{done.output}{done.exception}"
