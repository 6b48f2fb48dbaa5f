"""The command that begins a new campaign."""

from __future__ import annotations

from typing import Annotated

import typer

from impact.cli.french import FrenchCommand, FrenchGroup
from impact.cli.shared import console
from impact.errors import french

declare = typer.Typer(cls=FrenchGroup)

Name = Annotated[str, typer.Argument(metavar="NOM", help="Lettres sans accent, chiffres et _ : nommera les dossiers.")]
Title = Annotated[str, typer.Option("--titre", metavar="TEXTE", help="Ce que les gens liront.")]


@declare.command(
    "nouvelle-campagne", cls=FrenchCommand, help="Commencer une campagne : questionnaire et carnets à compléter."
)
def nouvelle_campagne(name: Name, title: Title = "") -> None:
    """Write the files of a new campaign and say what to do next."""
    from impact.campaign.scaffold import new_campaign

    for path in new_campaign(name, title=title):
        console.print(french(f"Écrit : {path}"))
    console.print(french(f"Compléter questionnaires/{name}/, puis : impact verifier {name}"), style="bold green")
