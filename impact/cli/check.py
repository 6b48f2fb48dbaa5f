"""The command that checks a questionnaire, or answers row by row."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from impact.campaign import Campaign, read_campaign
from impact.cli.french import FrenchCommand, FrenchGroup
from impact.cli.shared import CampaignName, console
from impact.errors import french

if TYPE_CHECKING:
    from impact.collect.validation import Checked

check = typer.Typer(cls=FrenchGroup)

SHOWN_PROBLEMS = 20
AnswersFile = Annotated[
    Path | None,
    typer.Argument(
        metavar="FICHIER",
        help="Réponses (.csv, .xlsx, .ods, .sav) ; sans fichier : le questionnaire et son référentiel.",
    ),
]
Format = Annotated[
    str | None,
    typer.Option("--format", metavar="FORMAT", help="Forcer le format du fichier, au lieu de le reconnaître."),
]


@check.command(
    cls=FrenchCommand,
    help="Vérifier un questionnaire et son référentiel, ou des réponses ligne par ligne, sans rien publier.",
)
def verifier(campaign: CampaignName, file: AnswersFile = None, format: Format = None) -> None:
    """Check a file, print a readable summary, write the quarantine; exit 1 when rows were rejected."""
    if file is None:
        return _register(read_campaign(campaign))
    checked = _check(read_campaign(campaign), file, format)
    counts = (
        f"{checked.n_read} lignes lues : {len(checked.accepted)} acceptées, {len(checked.quarantined)} mises de côté."
    )
    console.print(french(counts), style="bold")
    if checked.problems:
        console.print(_problems(checked.problems))
    if kept := checked.write_quarantine():
        advice = f"Les corriger là, puis donner les deux fichiers : impact publier {campaign} {file} {kept}"
        console.print(french(f"Rien n’est perdu : les lignes mises de côté sont dans {kept}. {advice}"))
        raise typer.Exit(1)


def _check(campaign: Campaign, file: Path, format: str | None) -> Checked:
    from impact.collect.exports import FORMATS, read_export
    from impact.collect.validation import check

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("Lecture", total=None)
        answers = read_export(file, campaign, format=format)
        console.print(french(f"Format {'demandé' if format else 'reconnu'} : {FORMATS[answers.format]}."))
        progress.update(task, description=f"Vérification de {len(answers.table)} lignes")
        return check(answers, campaign)


def _register(campaign: Campaign) -> None:
    """Show the instruments, and refuse a questionnaire whose wording may not be shown to people."""
    from impact.collect.instruments import with_wording

    table = Table(title="Instruments du questionnaire", title_justify="left")
    for column in ("Échelle", "Source", "Licence", "Qui peut s’en servir", "Énoncés diffusables"):
        table.add_column(column)
    for scale in campaign.questionnaire.scales:
        cells = (scale.label, scale.source, scale.licence, scale.usage or "non dit", scale.redistribution or "non dit")
        table.add_row(*(Text(french(cell)) for cell in cells))
    console.print(table)
    with_wording(campaign)
    if campaign.framework.criteria:
        console.print(french(campaign.framework.summary()))
    console.print(french("Ce questionnaire peut être imprimé et mis en ligne."), style="bold green")


def _problems(problems: tuple) -> Table:
    table = Table(show_lines=False, title_justify="left")
    for column in ("Ligne", "Colonne", "Valeur", "Ce qui ne va pas", "Que faire"):
        table.add_column(column)
    for problem in problems[:SHOWN_PROBLEMS]:
        cells = (str(problem.row or ""), problem.column, problem.value, problem.rule, problem.advice)
        table.add_row(*(Text(french(cell)) for cell in cells))
    if len(problems) > SHOWN_PROBLEMS:
        table.caption = (
            f"… et {len(problems) - SHOWN_PROBLEMS} autres, avec leurs motifs, dans le fichier de quarantaine."
        )
    return table
