"""The `impact` command: French verbs, one clear message for each mistake, never a traceback."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from impact import __version__
from impact.campaign import Campaign, read_campaign
from impact.cli_collect import collect
from impact.cli_french import FrenchCommand, FrenchGroup, usage_error
from impact.errors import ImpactError, QuestionnaireError, french, system_reason

if TYPE_CHECKING:
    from impact.collect.validation import Checked

console = Console(highlight=False)
SHOWN_PROBLEMS = 20
PORT = 8866

app = typer.Typer(
    cls=FrenchGroup,
    add_completion=False,
    no_args_is_help=True,
    subcommand_metavar="COMMANDE [OPTIONS]",
    help="Évaluer l’utilité sociale : vérifier des réponses, publier et montrer les résultats.",
)

app.add_typer(collect)

CampaignName = Annotated[str, typer.Argument(metavar="CAMPAGNE", help="Nom d’un dossier de questionnaires/.")]
AnswersFile = Annotated[
    Path | None,
    typer.Argument(
        metavar="FICHIER", help="Réponses (.csv, .xlsx, .ods, .sav) ; sans fichier : le questionnaire seul."
    ),
]
Format = Annotated[
    str | None,
    typer.Option("--format", metavar="FORMAT", help="Forcer le format du fichier, au lieu de le reconnaître."),
]
AnswersFiles = Annotated[
    list[Path],
    typer.Argument(metavar="FICHIER...", help="Un ou plusieurs fichiers, quarantaines corrigées comprises."),
]
Outputs = Annotated[Path, typer.Option("--sorties", metavar="DOSSIER", help="Où vont les résultats publiés.")]
Port = Annotated[int, typer.Option("--port", metavar="NOMBRE", min=1, max=65535, help="Port du serveur des pages.")]
OpenFolder = Annotated[Path, typer.Option("--dossier", metavar="DOSSIER", help="Où vont les données ouvertes.")]
Sure = Annotated[bool, typer.Option("--oui", metavar="", help="Confirmer : c’est définitif.")]
NoBrowser = Annotated[bool, typer.Option("--sans-navigateur", metavar="", help="Ne pas ouvrir le navigateur.")]


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


@app.command(cls=FrenchCommand, help="Préparer et ouvrir la campagne d’exemple : sept associations fictives.")
def demo(outputs: Outputs = Path("sorties"), port: Port = PORT, no_browser: NoBrowser = False) -> None:
    """Simulate, check, score, analyse, release and serve the fictitious campaign."""
    from impact.serving.start import bind
    from impact.simulation import example_file
    from impact.vintages import forget

    for held in bind(port, "127.0.0.1"):
        held.close()
    campaign = read_campaign("demonstration")
    _folder(outputs / campaign.name)
    forget(campaign.name)
    _publish(campaign, [example_file(campaign, outputs)], outputs)
    console.print(french("Données fictives : tout ce qui suit est inventé, pour essayer."), style="bold yellow")
    _accesses(campaign, outputs, renew=True)
    _serve(campaign, outputs, port, no_browser)


@app.command(cls=FrenchCommand, help="Vérifier un questionnaire, ou des réponses ligne par ligne, sans rien publier.")
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
    console.print(french("Ce questionnaire peut être imprimé et mis en ligne."), style="bold green")


@app.command(cls=FrenchCommand, help="Vérifier, calculer, protéger et publier les résultats de chaque association.")
def publier(campaign: CampaignName, files: AnswersFiles, outputs: Outputs = Path("sorties")) -> None:
    """Write one frozen cube an association, and the accesses that are missing."""
    declared = read_campaign(campaign)
    _publish(declared, files, outputs)
    _accesses(declared, outputs)
    console.print(french(f"Pour ouvrir les pages : impact servir {campaign}"))


@app.command(cls=FrenchCommand, help="Ouvrir les pages : chaque association voit ses résultats, et eux seuls.")
def servir(
    campaign: CampaignName, outputs: Outputs = Path("sorties"), port: Port = PORT, no_browser: NoBrowser = False
) -> None:
    """Serve what was published."""
    _serve(read_campaign(campaign), outputs, port, no_browser)


@app.command("donnees-ouvertes", cls=FrenchCommand, help="Écrire les données ouvertes et leur rapport de risque.")
def donnees_ouvertes(
    campaign: CampaignName, files: AnswersFiles, folder: OpenFolder = Path("donnees_anonymisees")
) -> None:
    """Write the open data package, and say what the attacks gave."""
    from impact.open_data.package import write_open_data

    declared = read_campaign(campaign)
    _folder(folder)
    with console.status(french("Données ouvertes : vérification, protection, attaques")):
        written, risk = write_open_data(declared, files, folder / declared.name)
    attack = risk.attacks["après"]
    said = (
        f"k = {risk.k['k']} ; rapprochement : {attack.successes:.0f} personnes retrouvées sur {attack.persons}, "
        f"{attack.by_chance:.0f} attendues par hasard."
    )
    console.print(french(f"Données ouvertes écrites dans {written}."), style="bold green")
    console.print(french(f"{said} Lire rapport_de_risque.pdf et le signer avant de publier."))


@app.command("detruire-les-liens", cls=FrenchCommand, help="Rendre les codes des personnes impossibles à retrouver.")
def detruire_les_liens(campaign: CampaignName, files: AnswersFiles, sure: Sure = False) -> None:
    """Write the answers under pseudonyms, waves linked, then destroy the key that made them."""
    from impact.collect.validation import check_files
    from impact.linking import destroy_links, write_linked

    declared = read_campaign(campaign)
    if not sure:
        advice = "Relancer avec --oui pour le faire : c’est définitif."
        raise ImpactError("les liens vont être détruits, sans retour possible.", where=campaign, remedy=advice)
    linked = write_linked([one.accepted for one in check_files(files, declared)], declared.name, files[0])
    destroy_links(declared.name)
    console.print(french(f"Réponses liées, sous pseudonymes : {linked}."), style="bold green")
    console.print(
        french("La clé est détruite. Effacer maintenant les fichiers qui portent des codes, copies et papiers compris.")
    )


def _folder(path: Path) -> Path:
    try:
        path.mkdir(parents=True, exist_ok=True)
        if not os.access(path, os.W_OK):
            raise PermissionError(13, "écriture refusée")
    except OSError as error:
        advice = "Choisir avec --sorties un dossier où l’on peut écrire."
        raise ImpactError(f"impossible d’écrire ({system_reason(error)}).", where=path, remedy=advice) from None
    return path


def _publish(campaign: Campaign, files: list[Path], outputs: Path) -> None:
    from impact.publication import publish

    folder = _folder(outputs / campaign.name)
    steps = len(campaign.associations) + 2
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("Lecture", total=steps)
        written = publish(
            campaign, files, folder, progress=lambda step: progress.update(task, description=step, advance=1)
        )  # fmt: skip
    console.print(french(f"Résultats publiés pour {len(written)} associations dans {folder}."), style="bold green")


def _accesses(campaign: Campaign, outputs: Path, *, renew: bool = False) -> None:
    """Create the accesses that are missing (all of them again with `renew`) and show their secrets, once."""
    from impact.serving import ACCOUNTS_FILE, create_accounts, list_accounts

    path = outputs / campaign.name / ACCOUNTS_FILE
    if renew:
        path.unlink(missing_ok=True)
    known = list_accounts(path) if path.exists() else []
    published = [one for one in campaign.associations if (outputs / campaign.name / one.code).is_dir()]
    secrets = create_accounts(path, [one.code for one in published if one.code not in known])
    if not secrets:
        return
    table = Table(title="Accès, montrés une seule fois", title_justify="left")
    for column in ("Association", "Identifiant", "Code secret"):
        table.add_column(column)
    for code, secret in secrets.items():
        table.add_row(campaign.association(code).label, code, secret)
    console.print(table)


def _serve(campaign: Campaign, outputs: Path, port: int, no_browser: bool) -> None:
    from impact.serving import serve

    package = Path(__file__).resolve().parent
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


def main() -> None:
    """Run the command; what a user can cause ends in one French message on stderr and a non-zero exit code."""
    complaints = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        code = app(prog_name="impact", standalone_mode=False)
    except QuestionnaireError as error:
        complaints.print(french(f"{len(error.problems)} fautes à corriger :"), style="bold red", markup=False)
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
        complaints.print(usage_error(error), style="red", markup=False)
        code = 2
    sys.exit(code or 0)
