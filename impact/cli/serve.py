"""The commands that open the pages."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

import impact
from impact.campaign import Campaign, read_campaign
from impact.cli.french import FrenchCommand, FrenchGroup
from impact.cli.publish import give_accesses, publish_results
from impact.cli.shared import CampaignName, Outputs, console, writable
from impact.errors import french

served = typer.Typer(cls=FrenchGroup)

PORT = 8866
Port = Annotated[int, typer.Option("--port", metavar="NOMBRE", min=1, max=65535, help="Port du serveur des pages.")]
NoBrowser = Annotated[bool, typer.Option("--sans-navigateur", metavar="", help="Ne pas ouvrir le navigateur.")]


@served.command(cls=FrenchCommand, help="Préparer et ouvrir la campagne d’exemple : sept associations fictives.")
def demo(outputs: Outputs = Path("sorties"), port: Port = PORT, no_browser: NoBrowser = False) -> None:
    """Simulate, check, score, analyse, release and serve the fictitious campaign."""
    from impact.example import example_evidence
    from impact.serving.start import bind
    from impact.simulation import example_file
    from impact.vintages import forget

    for held in bind(port, "127.0.0.1"):
        held.close()
    campaign = read_campaign("demonstration")
    writable(outputs / campaign.name, option="--sorties")
    forget(campaign.name)
    example_evidence(campaign)
    publish_results(campaign, [example_file(campaign, outputs)], outputs)
    console.print(french("Données fictives : tout ce qui suit est inventé, pour essayer."), style="bold yellow")
    give_accesses(campaign, outputs, renew=True)
    _serve(campaign, outputs, port, no_browser)


@served.command(cls=FrenchCommand, help="Ouvrir les pages : chaque association voit ses résultats, et eux seuls.")
def servir(
    campaign: CampaignName, outputs: Outputs = Path("sorties"), port: Port = PORT, no_browser: NoBrowser = False
) -> None:
    """Serve what was published."""
    _serve(read_campaign(campaign), outputs, port, no_browser)


def _serve(campaign: Campaign, outputs: Path, port: int, no_browser: bool) -> None:
    from impact.serving import serve

    package = Path(impact.__file__).resolve().parent
    places = (package.parent / "carnets", package / "_partage" / "carnets")
    folder = next((place for place in places if place.is_dir()), places[0])
    notebook = folder / "tableau_de_bord.ipynb"
    _check_published(campaign, outputs)
    serve(outputs / campaign.name, notebook, port=port, open_browser=not no_browser and _has_screen())


def _check_published(campaign: Campaign, outputs: Path) -> None:
    """Refuse to serve cubes that this campaign's key did not sign, or that come from several publications."""
    from impact.cube import MANIFEST, check_together
    from impact.keys import secret_key

    folders = [outputs / campaign.name / association.code for association in campaign.associations]
    check_together([folder for folder in folders if (folder / MANIFEST).is_file()], secret_key(campaign.name, "cle"))


def _has_screen() -> bool:
    return sys.platform in ("win32", "darwin") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
