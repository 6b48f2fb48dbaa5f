"""The documentation: built offline without a warning; every command it shows is run, every address in it exists."""

import glob
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import openpyxl
import pytest

import impact
from impact.campaign.scaffold import new_campaign
from impact.cli.shared import writable
from impact.collect.counts import write_count_sheets
from impact.collect.responses import write_csv

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PAGES = sorted(path for path in (ROOT / "docs").rglob("*.md") if path.name not in ("commande.md", "api.md"))
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#]+)[^)]*\)")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    pytest.importorskip("sphinx")
    folder = tmp_path_factory.mktemp("docs")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "docs", str(folder)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return folder


def test_no_warning_and_every_page(site):
    assert {path.with_suffix(".html").relative_to(ROOT / "docs") for path in PAGES} <= {
        path.relative_to(site) for path in site.rglob("*.html")
    }


def test_the_site_calls_nobody(site):
    """No script, style, font or picture comes from another host."""
    loaded = re.compile(r"""<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)=["'](?:https?:)?//[^"']*""")
    found = {match[0] for page in site.rglob("*.html") for match in loaded.finditer(page.read_text("utf-8"))}
    assert not found


def test_every_internal_link_leads_somewhere(site):
    for page in site.rglob("*.html"):
        for address in re.findall(r'href="([^"]+)"', page.read_text("utf-8")):
            target = re.split("[?#]", address)[0]
            if target and ":" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {address}"


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_links_of_the_repository_lead_somewhere(name):
    for address in LINK.findall((ROOT / name).read_text("utf-8")):
        assert ":" in address or (ROOT / address).exists(), address


def shown(page: Path) -> list[str]:
    """The commands of the ```sh blocks, without their comments."""
    lines = "".join(BLOCK.findall(page.read_text("utf-8"))).splitlines()
    return [line.partition(" #")[0].strip() for line in lines if line.strip()]


COMMANDS = dict.fromkeys(command for page in (README, *PAGES) for command in shown(page))
COMMANDS = sorted(COMMANDS, key=lambda command: "detruire-les-liens" in command)  # last: nothing can be read after it


def test_make_targets_exist():
    wanted = {command.split()[1] for command in COMMANDS if command.startswith("make ")}
    declared = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert {"demo", "test"} <= wanted <= declared


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    """A folder in which somebody follows the documentation: a campaign begun, its answers received, keys of its own."""
    folder = tmp_path_factory.mktemp("atelier")
    shutil.copytree(ROOT / "donnees_anonymisees", folder / "donnees_anonymisees")
    new_campaign("ma_campagne", root=folder)
    campaign = impact.read_campaign(folder / "questionnaires" / "ma_campagne")
    for path in write_count_sheets(campaign, writable(folder / "recus", option="")):
        book = openpyxl.load_workbook(path)
        sheet = book[next(one.code for one in campaign.associations if one.code in book.sheetnames)]
        for column, value in enumerate(["2026-01", *[3] * (sheet.max_column - 1)], start=1):
            sheet.cell(3, column).value = value
        book.save(path)
    answers = impact.simulate(campaign)
    answers.to_excel(folder / "reponses.xlsx", index=False)
    write_csv(answers.rename(columns={"age": "Quel âge ?"}), folder / "autre_export.csv")
    new_campaign("programme_national", root=folder)
    if find_spec("pyarrow"):
        coded = impact.check(impact.read_answers(folder / "reponses.xlsx"), campaign).accepted
        writable(folder / "dossier", option="")
        coded.astype(object).where(coded.notna(), None).to_parquet(folder / "dossier" / "reponses.parquet", index=False)
    impact.example_survey(campaign, folder).rename(folder / "enquete.csv")
    for number in (1, 2):
        answers.drop_duplicates(["association", "vague", "participant"]).to_excel(
            folder / f"saisie_{number}.xlsx", index=False
        )
    return folder


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def run(command: str, folder: Path) -> subprocess.CompletedProcess:
    """Run a command as shown, with this Python in place of `.venv/bin/impact`; a server is asked to stop once open."""
    words = [path for word in shlex.split(command) for path in (sorted(glob.glob(word, root_dir=folder)) or [word])]
    assert words[0] == ".venv/bin/impact", f"not a command that can be tried: {command}"
    environment = os.environ | {"PYTHONPATH": str(ROOT), "IMPACT_CLES": str(folder / "cles"), "COLUMNS": "200"}
    program = [sys.executable, "-c", "from impact.cli import main; main()", *words[1:]]
    serves = words[1] in ("servir", "demo") and "--verifier" not in words
    process = subprocess.Popen(
        [*program, *(["--sans-navigateur", "--port", str(free_port())] if serves else [])],
        cwd=folder, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    said = ""
    if serves:
        for line in process.stdout:
            said += line
            if "Ctrl+C" in line:
                process.send_signal(signal.SIGINT)
                break
    out, err = process.communicate("\n" * 40, timeout=180)
    return subprocess.CompletedProcess(command, process.returncode, said + out, err)


EXPECTED = {"verifier": (0, 1), "nouvelle-campagne": (0, 1), "servir": (0, 130)}  # 1: rows put aside; already begun


@pytest.mark.parametrize("command", [one for one in COMMANDS if not one.startswith(("make ", ".venv/bin/jupyter"))])
def test_every_command_shown_works(command, workplace):
    if "--moteur duckdb" in command and not find_spec("duckdb"):
        pytest.skip("duckdb n’est pas installé")
    done = run(command, workplace)
    assert done.returncode in EXPECTED.get(command.split()[1], (0,)), done.stdout + done.stderr
    assert "Traceback" not in done.stderr
