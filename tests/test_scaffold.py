"""A new campaign: passes the check at once, says that its answers are invented, and its notebooks know its name."""

import json
import os
import subprocess
import sys
from pathlib import Path

import nbclient
import nbformat
import pytest

import impact
from impact.campaign.scaffold import new_campaign
from impact.errors import CampaignError

ROOT = Path(__file__).parents[1]


@pytest.fixture
def started(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return new_campaign("ma_campagne", title="Ateliers de quartier")


def test_it_can_be_read_and_simulated_at_once(started, tmp_path):
    campaign = impact.read_campaign("ma_campagne")
    example = impact.read_campaign("demonstration")
    assert (campaign.title, campaign.fictif) == ("Ateliers de quartier", True)
    assert campaign.questionnaire.title == "Ateliers de quartier"
    assert campaign.questionnaire.scales == example.questionnaire.scales
    assert not {one.label for one in campaign.associations} & {one.label for one in example.associations}
    assert impact.check_file(impact.example_file(campaign, tmp_path), campaign).accepted["association"].nunique() == 3


def test_its_notebooks_are_its_own(started):
    notebooks = [path for path in started if path.suffix == ".ipynb"]
    assert len(notebooks) == len(list((ROOT / "carnets").glob("[0-9][0-9]_*.ipynb")))
    for path in notebooks:
        sources = ["".join(cell["source"]) for cell in json.loads(path.read_text("utf-8"))["cells"]]
        assert sum('campagne = "ma_campagne"' in source for source in sources) == 1
        assert not [source for source in sources if '"../sorties' in source]


def test_the_command_says_what_to_do_next(tmp_path):
    words = ["nouvelle-campagne", "essai"], ["verifier", "essai"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    for command in words:
        run = [sys.executable, "-c", "from impact.cli import main; main()", *command]
        done = subprocess.run(run, capture_output=True, encoding="utf-8", cwd=tmp_path, env=environment)
        assert done.returncode == 0, done.stderr
    assert "peut être imprimé" in done.stdout.replace("\n", " ")


@pytest.mark.parametrize("name", ["Ma campagne", "é", "", "../ailleurs"])
def test_a_name_that_cannot_be_one_is_refused(name, tmp_path):
    with pytest.raises(CampaignError, match="Employer des lettres minuscules sans accent"):
        new_campaign(name, root=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(started):
    with pytest.raises(CampaignError, match="existe déjà, rien n’y est changé"):
        new_campaign("ma_campagne")


def test_real_answers_are_never_invented(started, tmp_path):
    declared = tmp_path / "questionnaires" / "ma_campagne" / "campagne.toml"
    declared.write_text(declared.read_text("utf-8").replace("fictif = true", "fictif = false"), "utf-8")
    with pytest.raises(CampaignError, match="ses réponses sont réelles"):
        impact.example_file(impact.read_campaign("ma_campagne"), tmp_path)


def run(notebook: Path, parameters: str = "") -> None:
    """Execute a notebook where it stands, with parameters after its tagged cell, as papermill does."""
    page = nbformat.read(notebook, as_version=4)
    tagged = next(i for i, cell in enumerate(page.cells) if "parameters" in cell.metadata.get("tags", []))
    page.cells.insert(tagged + 1, nbformat.v4.new_code_cell(parameters))
    nbclient.NotebookClient(page, timeout=300, resources={"metadata": {"path": str(notebook.parent)}}).execute()


NOTEBOOKS = sorted(path.name for path in (ROOT / "carnets").glob("[0-9][0-9]_*.ipynb"))
QUICK = ("00_prise_en_main.ipynb", "03_avant_apres.ipynb")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in NOTEBOOKS]
)
def test_every_notebook_runs_on_another_campaign(name, started, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    run(tmp_path / "carnets" / "ma_campagne" / name)


def test_parameters_can_be_given_from_outside(started, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    new_campaign("autre", root=tmp_path)
    run(tmp_path / "carnets" / "ma_campagne" / "03_avant_apres.ipynb", 'campagne = "autre"')
    assert [path.name for path in (tmp_path / "sorties").iterdir()] == ["autre"]
