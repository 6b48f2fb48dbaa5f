"""The `impact` command: French verbs, one clear message for each mistake, never a traceback."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.console import Console

from impact import __version__
from impact.cli.accounts import access
from impact.cli.check import check
from impact.cli.collect import collect
from impact.cli.declare import declare
from impact.cli.french import FrenchGroup, usage_error
from impact.cli.publish import published
from impact.cli.report import report
from impact.cli.serve import served
from impact.cli.shared import console
from impact.errors import ImpactError, QuestionnaireError, french

app = typer.Typer(
    cls=FrenchGroup,
    add_completion=False,
    no_args_is_help=True,
    subcommand_metavar="COMMANDE [OPTIONS]",
    help="Évaluer l’utilité sociale : vérifier des réponses, publier et montrer les résultats.",
)
for part in (served, declare, collect, check, published, report):
    app.add_typer(part)
app.add_typer(access, name="acces")


def _version(asked: bool) -> None:
    if asked:
        console.print(f"impact {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", metavar="", callback=_version, is_eager=True, help="Montrer la version.")
    ] = False,
) -> None:
    """Hold the options of the whole command."""


def main() -> None:
    """Run the command; what a user can cause ends in one French message on stderr and a non-zero exit code."""
    complaints = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        code = app(prog_name="impact", standalone_mode=False)
    except QuestionnaireError as error:
        many = f"{len(error.problems)} faute{'s' if error.problems[1:] else ''} à corriger :"
        complaints.print(french(many), style="bold red", markup=False)
        complaints.print(str(error), markup=False)
        code = 1
    except ImpactError as error:
        complaints.print(str(error), style="red", markup=False)
        code = 1
    except KeyboardInterrupt:
        code = 130
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        if said := usage_error(error):
            complaints.print(said, style="red", markup=False)
        code = 2
    sys.exit(code or 0)
