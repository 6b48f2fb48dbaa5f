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
from impact.cli.matching import show_codes, show_rates
from impact.cli.shared import CampaignName, Format, console
from impact.errors import french

if TYPE_CHECKING:
    from impact.collect.validation import Checked

check = typer.Typer(cls=FrenchGroup)

SHOWN_PROBLEMS = 20
AnswersFiles = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="FICHIER",
        help="Réponses (.csv, .xlsx, .ods, .sav) ; sans fichier : le questionnaire et son référentiel.",
    ),
]


@check.command(
    cls=FrenchCommand,
    help="Vérifier un questionnaire et son référentiel, ou des réponses ligne par ligne, sans rien publier.",
)
def verifier(campaign: CampaignName, files: AnswersFiles = None, format: Format = None) -> None:
    """Check files, print a readable summary, write the quarantines; exit 1 when rows were rejected."""
    import pandas as pd

    from impact.linking.joining import join_waves

    declared = read_campaign(campaign)
    if not files:
        return _register(declared)
    checked = _check(declared, files, format)
    for one in checked:
        _show(one, forced=format is not None)
    joined = join_waves(pd.concat([one.accepted for one in checked], ignore_index=True), declared)
    show_rates(joined, declared)
    show_codes(joined, declared)
    if kept := [path for one in checked if (path := one.write_quarantine())]:
        words, where = " ".join(map(str, [*files, *kept])), " et ".join(map(str, kept))
        advice = f"Les corriger là, puis donner tous les fichiers : impact publier {campaign} {words}"
        console.print(french(f"Rien n’est perdu : les lignes mises de côté sont dans {where}. {advice}"))
        raise typer.Exit(1)


def _check(campaign: Campaign, files: list[Path], format: str | None) -> list[Checked]:
    from impact.collect.validation import check_files

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("Lecture", total=None)
        return check_files(
            files, campaign, format=format, progress=lambda step: progress.update(task, description=step)
        )


def _show(checked: Checked, *, forced: bool) -> None:
    from impact.collect.exports import FORMATS

    read = f"{checked.path.name}, format {'demandé' if forced else 'reconnu'} : {FORMATS[checked.format]}."
    console.print(french(read), markup=False)
    counts = (
        f"{checked.n_read} lignes lues : {len(checked.accepted)} acceptées, {len(checked.quarantined)} mises de côté."
    )
    console.print(french(counts), style="bold")
    if checked.problems:
        console.print(_problems(checked.problems))


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
