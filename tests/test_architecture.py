"""The shape of the project: who may import whom, what importing costs, what may be in the repository."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "impact"

# A module imports only what stands above it. A folder stands for all its modules, which may import one another.
ORDER = [
    "errors", "pixels", "provenance", "results", "wording", "stats", "questionnaire", "framework", "campaign", "engines",
    "collect", "scoring", "keys", "seal", "page", "disclosure", "first_pass", "analysis", "coding_grid", "linking",
    "clearance", "reference_survey", "evidence", "simulation", "cube", "sentences", "charts", "story", "bilan", "layout",
    "publication", "open_data", "reproduce", "dashboard", "activity", "serving", "cli", "hub",
]  # fmt: skip
ONLY = {
    "stats": {"errors", "results"},
    "seal": {"errors", "keys"},
    "page": {"errors", "seal"},
    "dashboard": {"errors", "page"},
    "serving": {"errors", "pixels", "seal", "page"},
}
VIEWING = ("wording", "sentences", "charts", "story", "bilan", "cube", "layout", "dashboard", "serving")
FORBIDDEN_FOR_VIEWING = {"collect", "scoring", "simulation", "stats", "analysis"}


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Parts of the package that a module imports, at its top or inside its functions."""
    parts = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "impact":
            names = node.module.split(".")[1:2] or [alias.name for alias in node.names]
            parts |= {name for name in names if name != "__version__"}
        elif isinstance(node, ast.Import):
            parts |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("impact.")}
    return parts


MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE or path.name != "__init__.py")


def test_every_module_has_its_place():
    assert {part_of(path) for path in MODULES} == set(ORDER)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_import_order(path):
    part, found = part_of(path), imported(path)
    above = ONLY.get(part, set(ORDER[: ORDER.index(part)])) | {part}
    assert found <= above, f"{part} may not import {sorted(found - above)}"
    if part in VIEWING:
        assert not found & FORBIDDEN_FOR_VIEWING


HEAVY = ("scipy", "statsmodels", "matplotlib", "seaborn", "pyxform", "pandas", "voila")


def loaded_after(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stdout.split())


@pytest.mark.parametrize("statement", ["import impact", "import impact.cli"])
def test_importing_is_light(statement):
    assert not loaded_after(statement) & set(HEAVY)


def test_the_page_reads_json_and_makes_widgets():
    """No numbers are handled at view time: a reader costs what ipywidgets costs."""
    assert not loaded_after("import impact.dashboard") & {*HEAVY, "numpy"}


def test_the_contents_page_is_true():
    import impact

    for name in impact.__all__:
        assert getattr(impact, name).__doc__, name
    with pytest.raises(AttributeError):
        impact.nothing_of_the_kind  # noqa: B018


def tracked() -> list[Path]:
    done = subprocess.run(["git", "ls-files"], capture_output=True, text=True, cwd=ROOT)
    if done.returncode:
        pytest.skip("pas un dépôt git : la liste des fichiers suivis est inconnue")
    return [ROOT / name for name in done.stdout.splitlines()]


def test_no_answers_in_the_repository():
    """Only declarations, the open data package and fictitious reference data may be tracked."""
    allowed = (ROOT / "donnees_anonymisees", ROOT / "tests" / "reference")
    kinds = {".csv", ".xlsx", ".ods", ".sav", ".tsv", ".parquet", ".json", ".gz"}
    data = [path for path in tracked() if path.suffix in kinds and not any(place in path.parents for place in allowed)]
    assert [path for path in data if path.name != "referentiel.csv"] == []


NOTEBOOKS = sorted((ROOT / "carnets").rglob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebook_is_prose_and_calls(path):
    cells = json.loads(path.read_text("utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in code), "no outputs in git"
    assert sum("parameters" in cell["metadata"].get("tags", []) for cell in code) == 1
    for cell in code:
        source = "".join(cell["source"])
        assert len(source.splitlines()) <= 8, source
        tree = ast.parse(source)
        assert not [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)], source


@pytest.mark.parametrize(
    "path", [one for one in NOTEBOOKS if one.stem != "tableau_de_bord"], ids=lambda path: path.name
)
def test_notebook_says_what_one_will_know_and_each_cell_what_it_does(path):
    cells = json.loads(path.read_text("utf-8"))["cells"]
    assert "**À la fin, vous saurez**" in "".join(cells[0]["source"])
    kinds = [cell["cell_type"] for cell in cells]
    lonely = ["".join(cells[i]["source"]) for i in range(1, len(cells)) if kinds[i - 1] == kinds[i] == "code"]
    assert not lonely


def test_served_notebook_is_three_cells():
    cells = json.loads((ROOT / "carnets" / "tableau_de_bord.ipynb").read_text("utf-8"))["cells"]
    assert len(cells) == 3


def test_the_lock_names_no_address_and_hashes_everything():
    lock = (ROOT / "requirements.lock").read_text()
    assert "://" not in lock
    pins = [line for line in lock.splitlines() if "==" in line and not line.startswith((" ", "#"))]
    assert len(pins) > 100
    assert all(line.endswith("\\") for line in pins), "every pin is followed by its hashes"
