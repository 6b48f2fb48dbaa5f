"""The command that writes what is handed to partners and funders."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import track

from impact.campaign import read_campaign
from impact.cli.french import FrenchCommand, FrenchGroup
from impact.cli.shared import CampaignName, Outputs, console
from impact.errors import french

report = typer.Typer(cls=FrenchGroup)

AssociationCode = Annotated[
    str, typer.Argument(metavar="ASSOCIATION", help="Son code ; sans lui, toutes, et l’ensemble.", show_default=False)
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
