"""How the documentation is built: French, offline, any warning stops it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import impact

HERE = Path(__file__).parent

project = "impact"
author = "Service Internet et expression multimédia, Ville de Brest"
release = impact.__version__
language = "fr"
extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "impact, atelier d’évaluation de l’utilité sociale"
html_show_sourcelink = False
myst_enable_extensions = ["deflist", "colon_fence"]
myst_heading_anchors = 3
autodoc_typehints = "none"
autodoc_member_order = "bysource"


def _command_page(_app) -> None:
    """Write reference/commande.md: the help of each command, as the command itself says it."""
    from typer.main import get_command

    from impact.cli import app

    def said(*words: str) -> str:
        command = [sys.executable, "-c", "from impact.cli import main; main()", *words, "--help"]
        environment = os.environ | {"COLUMNS": "90", "PYTHONIOENCODING": "utf-8", "TERM": "dumb", "NO_COLOR": "1"}
        help_text = subprocess.run(command, capture_output=True, encoding="utf-8", env=environment, check=True).stdout
        return f"```text\n{help_text.strip()}\n```\n"

    parts = ["# La commande `impact`\n", said()]
    for name, command in get_command(app).commands.items():
        parts += [f"## `impact {name}`\n", said(name)]
        parts += [said(name, inner) for inner in getattr(command, "commands", {})]
    (HERE / "reference" / "commande.md").write_text("\n".join(parts), "utf-8")


def _api_page(_app) -> None:
    """Write reference/api.md: the names of `import impact`, module by module, then the statistics."""
    modules = dict.fromkeys(impact.CONTENTS.values())
    names = {module: [name for name, home in impact.CONTENTS.items() if home == module] for module in modules}
    statistics = sorted(path.stem for path in (HERE.parent / "impact" / "stats").glob("[a-z]*.py"))
    parts = ["# L’API, en anglais\n", "Tout ce qui suit s’emploie par `import impact`, puis `impact.<nom>`.\n"]
    for module, held in names.items():
        kinds = [
            f"autoclass:: {module}.{one}" if one[0].isupper() else f"autofunction:: {module}.{one}" for one in held
        ]
        parts += [f"## `{module}`\n", *(f"```{{eval-rst}}\n.. {kind}\n```\n" for kind in kinds)]
    parts += ["## Les statistiques\n", "Des tableaux en entrée, des lignes de résultats en sortie ; R les vérifie.\n"]
    for name in statistics:
        parts += [
            f"### `impact.stats.{name}`\n",
            f"```{{eval-rst}}\n.. automodule:: impact.stats.{name}\n   :members:\n```\n",
        ]
    (HERE / "reference" / "api.md").write_text("\n".join(parts), "utf-8")


def _docstring(_app, _what, _name, _object, _options, lines: list[str]) -> None:
    """Lay out a docstring: underlined headings in bold, one bullet a parameter, everything else as it is written."""
    laid = []
    for line in (
        re.sub(r"(?<!`)`([^`]+)`(?!`)", r"``\1``", re.sub(r"([*|]|_(?!\w))", r"\\\1", line)) for line in lines
    ):
        if re.fullmatch(r"-{3,}", line):
            laid[-1:] = ["", f"**{laid[-1]}**", ""]
        elif parameter := re.match(r"(\w[\w, ]*) : (.*)", line):
            laid.append(f"* **{parameter[1]}** : {parameter[2]}")
        else:
            laid.append(re.sub(r"::$", ":", re.sub(r"^ {4}", "  ", line)))
    lines[:] = laid


def setup(app) -> None:
    """Register what is generated before the pages are read."""
    app.connect("builder-inited", _command_page)
    app.connect("builder-inited", _api_page)
    app.connect("autodoc-process-docstring", _docstring)
