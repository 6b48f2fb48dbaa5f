"""The activity's notebook as a page for the evaluation lead: run once, by whoever opens the pages, then only read."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from impact.campaign import example_folder
from impact.cube import cube_inputs
from impact.errors import french
from impact.page import ACTIVITY, Page
from impact.provenance import code_files, files_digest
from impact.seal import write_sealed

TITLE = "L’activité du service"
PARAMETERS, NOTEBOOK_ONLY = "parameters", "remove-cell"  # tags of cells that the page does without


def write_activity(outputs: Path, key: bytes) -> None:
    """Lay the activity's notebook out in a campaign's folder, signed with its key, unless it is there already.

    Nothing is done where the data package of the activity is not.

    Raises
    ------
    ImpactError for a package that cannot be read, CubeError when the folder cannot be written.
    """
    notebook = example_folder("carnets") / "activite_du_service.ipynb"
    data = example_folder("donnees_anonymisees") / "activite_du_service"
    if not (notebook.is_file() and data.is_dir()):
        return
    folder, inputs = outputs / ACTIVITY, files_digest([notebook, *sorted(data.iterdir()), *code_files()])
    if cube_inputs(folder, key) != inputs:
        write_sealed(folder, lay_out_notebook(notebook, data).file(), {"audience": ACTIVITY, "inputs": inputs}, key)


def lay_out_notebook(notebook: Path, data: Path) -> Page:
    """Run the notebook here, on the package in `data`, and return its prose and what its cells show, as a page."""
    from impact.activity.page import OWN_STYLE
    from impact.layout import contents

    titles: list[tuple[str, str]] = []

    def named(found: re.Match) -> str:
        titles.append((f"partie-{len(titles) + 1}", found[1]))
        return f'<h2 id="{titles[-1][0]}" tabindex="-1">{found[1]}</h2>'

    first, *others = [re.sub("<h2>(.*?)</h2>", named, cell) for cell in _cells(notebook, data)]
    whole = f'<div class="page">{first}{contents(titles)}{"".join(others)}</div>'
    return Page(TITLE, before=f"<style>{OWN_STYLE}</style>{whole}", after="")


def _cells(notebook: Path, data: Path) -> Iterator[str]:
    """Yield each cell as HTML: prose, or what a call gives."""
    import mistune
    import nbformat

    names = {"dossier": data}
    for cell in nbformat.read(notebook, as_version=4).cells:
        if {PARAMETERS, NOTEBOOK_ONLY}.isdisjoint(cell.metadata.get("tags", ())):
            prose = cell.cell_type == "markdown"
            yield french(mistune.html(cell.source)) if prose else _shown(_run(cell.source, names))


def _run(source: str, names: dict[str, Any]) -> Any:
    """Run a cell and return what its last line gives, as a notebook does."""
    steps = ast.parse(source).body
    last = steps.pop() if isinstance(steps[-1], ast.Expr) else None
    exec(compile(ast.Module(steps, []), "carnet", "exec"), names)
    return eval(compile(ast.Expression(last.value), "carnet", "eval"), names) if last else None


def _shown(value: Any) -> str:
    from impact.layout import table_html

    if value is None:
        return ""
    if hasattr(value, "columns"):
        return table_html(value.reset_index().astype(str))
    return re.sub("<style>.*?</style>", "", value.data, flags=re.DOTALL)
