"""The commands that hand over the bilans, and make again all that was published."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import track
from rich.table import Table
from rich.text import Text

from impact.campaign import read_campaign
from impact.cli.french import FrenchCommand, FrenchGroup
from impact.cli.shared import CampaignName, OpenFolder, Outputs, console
from impact.errors import french

report = typer.Typer(cls=FrenchGroup)

AssociationCode = Annotated[
    str, typer.Argument(metavar="ASSOCIATION", help="Son code ; sans lui, toutes, et l’ensemble.", show_default=False)
]

OwnAnswers = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[FICHIER...]", help="Les réponses, pour qui les détient.", show_default=False),
]


@report.command(cls=FrenchCommand, help="Écrire les bilans à remettre aux partenaires : PDF accessible et .docx.")
def bilan(campaign: CampaignName, association: AssociationCode = "", outputs: Outputs = Path("sorties")) -> None:
    """Hand over the bilan of one association, or of all of them and of the whole campaign, as they were published."""
    from impact.bilan import FOLDER, hand_over, published
    from impact.keys import secret_key

    declared = read_campaign(campaign)
    cubes, key = published(declared, outputs / declared.name, association), secret_key(declared.name, "cle")
    folder = outputs / declared.name / FOLDER
    for cube in track(cubes, "Bilans", console=console, transient=True):
        hand_over(cube, folder, key)
    many = f"{len(cubes)} bilans écrits" if len(cubes) > 1 else "Bilan écrit"
    console.print(french(f"{many} dans {folder}, en PDF et en .docx."), style="bold green")


@report.command(cls=FrenchCommand, help="Refaire tout ce qui est publié, et dire ce qui est identique ou différent.")
def reproduire(
    campaign: CampaignName,
    files: OwnAnswers = None,
    folder: OpenFolder = Path("donnees_anonymisees"),
    outputs: Outputs = Path("sorties"),
) -> None:
    """Compare what is published with the same made again; exit 1 when something differs."""
    from impact.reproduce import FAITHFUL, IDENTICAL, reproduce
    from impact.simulation import example_file

    declared = read_campaign(campaign)
    given = [*(files or ())] or ([example_file(declared, outputs)] if declared.fictif else [])
    with console.status(french("Refaire ce qui est publié")) as status:
        found = reproduce(
            declared, folder / declared.name, given, outputs / declared.name,
            progress=lambda step: status.update(french(step)),
        )  # fmt: skip
    table = Table(title_justify="left")
    for column in ("Fichier", "Verdict", "Ce qui bouge"):
        table.add_column(column, overflow="fold")
    for one in found:
        style = {True: "green", False: "bold red"}[one.verdict in FAITHFUL]
        table.add_row(one.file, Text(one.verdict, style), Text(french(one.detail)))
    console.print(table)
    moved = [one for one in found if one.verdict not in FAITHFUL]
    same = sum(one.verdict == IDENTICAL for one in found)
    console.print(french(f"{len(found)} fichiers refaits : {same} identiques, {len(moved)} différents."), style="bold")
    if not given:
        console.print(french("Sans les réponses, seuls les mots et les figures du public ont été refaits."))
    if moved:
        raise typer.Exit(1)
