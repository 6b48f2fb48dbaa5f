"""The commands that open the pages."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from impact.campaign import Campaign, example_folder, read_campaign
from impact.cli.accounts import create_missing
from impact.cli.french import FrenchCommand, FrenchGroup
from impact.cli.publish import publish_results
from impact.cli.shared import CampaignName, Outputs, console, writable
from impact.errors import french

served = typer.Typer(cls=FrenchGroup)

PORT = 8866
Port = Annotated[int, typer.Option("--port", metavar="NOMBRE", min=1, max=65535, help="Port du serveur des pages.")]
Prefix = Annotated[
    str, typer.Option("--chemin", metavar="/CHEMIN/", help="Chemin des pages, derrière un autre serveur.")
]
Strict = Annotated[
    bool, typer.Option("--strict", metavar="", help="Refuser d’ouvrir si le système ne peut pas enfermer chaque page.")
]
Verify = Annotated[bool, typer.Option("--verifier", metavar="", help="Essayer toute la chaîne à part, puis finir.")]
NoBrowser = Annotated[bool, typer.Option("--sans-navigateur", metavar="", help="Ne pas ouvrir le navigateur.")]


@served.command(cls=FrenchCommand, help="Préparer et ouvrir la campagne d’exemple : sept associations fictives.")
def demo(outputs: Outputs = Path("sorties"), port: Port = PORT, no_browser: NoBrowser = False) -> None:
    """Simulate, check, score, analyse, release and serve the fictitious campaign."""
    from impact.serving.start import ACCOUNTS_FILE, bind
    from impact.simulation import example_file
    from impact.simulation.example import example_evidence

    for held in bind(port, "127.0.0.1"):
        held.close()
    campaign = read_campaign("demonstration")
    writable(outputs / campaign.name, option="--sorties")
    example_evidence(campaign)
    publish_results(campaign, [example_file(campaign, outputs)], outputs)
    console.print(french("Données fictives : tout ce qui suit est inventé, pour essayer."), style="bold yellow")
    (outputs / campaign.name / ACCOUNTS_FILE).unlink(missing_ok=True)
    create_missing(campaign, outputs)
    _serve(campaign, outputs, port=port, open_browser=not no_browser)


@served.command(cls=FrenchCommand, help="Ouvrir les pages : chaque association voit ses résultats, et eux seuls.")
def servir(
    campaign: CampaignName,
    outputs: Outputs = Path("sorties"),
    port: Port = PORT,
    prefix: Prefix = "/",
    strict: Strict = False,
    verify: Verify = False,
    no_browser: NoBrowser = False,
) -> None:
    """Serve what was published, or only try."""
    declared = read_campaign(campaign)
    if verify:
        _verify(declared, outputs, strict)
    else:
        _serve(declared, outputs, port=port, prefix=prefix, strict=strict, open_browser=not no_browser)


def _serve(campaign: Campaign, outputs: Path, *, open_browser: bool, **options: object) -> None:
    from impact.activity.served import write_activity
    from impact.keys import secret_key
    from impact.serving import serve

    check_published(campaign, outputs)
    with console.status("Mise en page de l’activité du service"):
        write_activity(outputs / campaign.name, secret_key(campaign.name, "cle"))
    serve(outputs / campaign.name, _notebook(), open_browser=open_browser and _has_screen(), **options)


def _verify(campaign: Campaign, outputs: Path, strict: bool) -> None:
    """Print what each step gave; exit 1 when one failed."""
    from impact.serving.trial import try_chain

    check_published(campaign, outputs)
    table = Table(title="Essai de toute la chaîne", title_justify="left")
    for column in ("", "Essai", "Temps", "Trouvé"):
        table.add_column(column, justify="right" if column == "Temps" else "left")
    with console.status("Essai sur un serveur à part"):
        steps = list(try_chain(outputs / campaign.name, _notebook(), strict=strict))
    for step in steps:
        seconds = f"{step.seconds:.2f} s".replace(".", ",")
        table.add_row("✓" if step.passed else "✗", french(step.label), seconds, escape(step.found))
    console.print(table)
    failed = sum(not step.passed for step in steps)
    console.print(french("Tout fonctionne." if not failed else f"Essais en échec : {failed}."), style="bold")
    if failed:
        raise typer.Exit(1)


def _notebook() -> Path:
    return example_folder("carnets") / "tableau_de_bord.ipynb"


def check_published(campaign: Campaign, outputs: Path) -> None:
    """Refuse to serve cubes that this campaign's key did not sign, or that come from several publications."""
    from impact.cube import check_together
    from impact.disclosure import LEAD
    from impact.keys import secret_key
    from impact.seal import MANIFEST

    folders = [outputs / campaign.name / code for code in (*(one.code for one in campaign.associations), LEAD)]
    check_together([folder for folder in folders if (folder / MANIFEST).is_file()], secret_key(campaign.name, "cle"))


def _has_screen() -> bool:
    return sys.platform in ("win32", "darwin") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
