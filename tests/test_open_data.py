"""The open data package: valid for Frictionless, without anybody in it, made again identically."""

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import impact
from impact.errors import DisclosureError, french
from impact.open_data.crate import CRATE
from impact.open_data.documents import Grid, Heading, Paragraph, to_markdown, write_pdf
from impact.open_data.package import PACKAGE, write_open_data
from impact.open_data.risks import _require_safe

ROOT = Path(__file__).parents[1]
PUBLIC_STORY = "publication/public/recit.md"
COMMITTED = ROOT / "donnees_anonymisees" / "demonstration"


@pytest.fixture(scope="module")
def package(campaign, answers_file, tmp_path_factory):
    """The package made again where the committed one is: same data, so same date."""
    folder = shutil.copytree(COMMITTED, tmp_path_factory.mktemp("ouvertes") / "demonstration")
    return write_open_data(campaign, [answers_file], folder)


def test_the_committed_package_is_made_again_identically(package):
    folder, _ = package
    made, committed = (
        {path.relative_to(place).as_posix(): path.read_bytes() for path in place.rglob("*.*")}
        for place in (folder, COMMITTED)
    )
    assert set(made) == set(committed)
    of_this_machine = {CRATE}  # the versions of Python and of the libraries
    assert [name for name in made if made[name] != committed[name] and name not in of_this_machine] == []


def test_frictionless_finds_it_valid(package):
    frictionless = pytest.importorskip("frictionless")
    report = frictionless.validate(str(package[0] / PACKAGE))
    assert report.valid, report.flatten(["rowNumber", "fieldName", "message"])
    declared = json.loads((package[0] / PACKAGE).read_text("utf-8"))
    files = {path.relative_to(package[0]).as_posix() for path in package[0].rglob("*.*")}
    assert {one["path"] for one in declared["resources"]} == files - {PACKAGE, CRATE}


def test_each_indicator_of_the_common_framework_says_what_evidence_the_public_has(package, campaign):
    """Scores are told; counts and words stay with the association that holds them."""
    declared = [one for criterion in campaign.framework.of("") for one in criterion.indicators]
    wanted = {one.code: "score" if one.how == "echelle" else "pas encore mesuré" for one in declared}
    described = json.loads((package[0] / PACKAGE).read_text("utf-8"))["indicators"]
    assert {one["name"]: one["evidence"] for one in described} == wanted
    dictionary, told = ((package[0] / name).read_text("utf-8") for name in ("dictionnaire.md", PUBLIC_STORY))
    for one in declared:
        assert f"({one.code}) | {wanted[one.code]} |" in dictionary
        assert french(f"{one.label} : ") in told


def test_nobody_is_in_it(package, checked, campaign):
    codes = set(checked.accepted["participant"])
    for path in package[0].rglob("*.*"):
        if path.name != "synthetique.csv" and path.suffix not in (".pdf", ".png"):
            text = path.read_text("utf-8")
            assert not [code for code in codes if code in text], path.name
    respondents = (package[0] / "repondants.csv").read_text("utf-8")
    assert not [one.code for one in campaign.associations if one.code in respondents]
    assert "fictif" not in respondents, "no verbatim"


def test_results_are_rounded(package):
    shown = pd.read_csv(package[0] / "resultats.csv").query("status == 'shown'")
    assert (shown["n"] % 5 == 0).all()
    assert shown["association"].isna().all(), "everybody together, and nobody else"


def test_the_report_says_every_figure(package):
    folder, risk = package
    text = (folder / "rapport_de_risque.md").read_text("utf-8")
    attack = risk.attacks["après"]
    for said in ("Uniques", "Classe < 5", "Risque max.", "Attendus", "Valeurs effacées", "l publié", "tailles d’effet", "corrélations",
                 "alpha de Cronbach", "Peut-on isoler", "Peut-on relier", "Peut-on déduire", "Version du logiciel", "Graine", "signature",
                 "Il ne fait pas mieux que le hasard.", f"k = {risk.k['k']}", "Exemple, données fictives."):  # fmt: skip
        assert said in text, said
    assert attack.no_better_than_chance
    assert risk.exposed == risk.unique == 0
    assert risk.attacks["avant"].successes > 2 * risk.attacks["avant"].by_chance
    assert (folder / "rapport_de_risque.pdf").read_bytes().startswith(b"%PDF")


def test_a_risky_file_is_not_published(package):
    risk = package[1]
    better = replace(risk.attacks["après"], successes=risk.attacks["après"].persons / 2.0)
    for worse in (
        replace(risk, k=risk.k | {"k": 9}),
        replace(risk, exposed=1),
        replace(risk, attacks=risk.attacks | {"après": better}),
    ):
        with pytest.raises(DisclosureError, match="le fichier ouvert laisse encore un risque"):
            _require_safe(worse)


def test_too_few_people_have_no_open_file(small, tmp_path):
    campaign = impact.read_campaign(small())
    from impact.collect.responses import write_csv
    from impact.simulation import Truth, simulate

    answers = write_csv(simulate(campaign, truth=Truth((3,), (0.0,), 0.0), mistakes=False), tmp_path / "peu.csv")
    with pytest.raises(DisclosureError):
        write_open_data(campaign, [answers], tmp_path / "ouvertes")
    assert not (tmp_path / "ouvertes").exists()


def test_documents_take_nothing_for_a_command(tmp_path):
    blocks = [
        Heading('Titre #1 "x" \\', 1),
        Paragraph("#panic() $x$ *gras* @cite <a>"),
        Grid(("a|b", "c"), [("#1", "[x]")]),
    ]
    assert write_pdf(blocks, tmp_path / "x.pdf").stat().st_size > 1000
    assert "| a/b | c |" in to_markdown(blocks)


# --- the repository -------------------------------------------------------------------------------------------------


def tracked():
    done = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True, cwd=ROOT)
    if done.returncode:
        pytest.skip("pas un dépôt git : la liste des fichiers suivis est inconnue")
    return [ROOT / name for name in done.stdout.splitlines() if (ROOT / name).is_file()]


def test_no_raw_or_personal_data_in_the_repository(checked):
    """No key, no pseudonym state, no code of the example's answers, no address, in any file git follows or would add."""
    codes = set(checked.accepted["participant"].head(40))
    for path in tracked():
        assert path.suffix not in {".cle", ".sav", ".ods"}, path
        assert not path.name.endswith(("millesimes.json", "liens_detruits", ".lie.csv", "quarantaine.csv")), path
        if path.suffix in {".csv", ".json", ".md", ".ipynb", ".toml"} and path.name != "synthetique.csv":
            text = path.read_text("utf-8", errors="replace")
            assert not [code for code in codes if code in text], path
    synthetic = (COMMITTED / PACKAGE).read_text("utf-8")
    assert "non destiné à l’inférence" in synthetic
