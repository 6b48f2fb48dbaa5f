"""The commands that let results and data out, and the one that destroys the links to people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from impact.campaign import Campaign, read_campaign
from impact.cli.accounts import create_missing
from impact.cli.french import FrenchCommand, FrenchGroup
from impact.cli.matching import show_rates
from impact.cli.shared import AnswersFiles, CampaignName, Format, OpenFolder, Outputs, console, writable
from impact.errors import ImpactError, french

if TYPE_CHECKING:
    from impact.collect.source import Source

published = typer.Typer(cls=FrenchGroup)

OTHER_STEPS = 4  # checks, analysis, the public, the evaluation lead
STOPPED = (
    "Publication arrêtée : les pages montrent toujours les résultats d’avant. "
    "La même commande la reprendra où elle en était."
)

OptionalFiles = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[FICHIER]", help="Un ou plusieurs fichiers, quarantaines corrigées comprises."),
]
SOURCE = "Fichiers parquet de réponses déjà liées et codées, par exemple 'dossier/*.parquet' ; avec --moteur."
SourcePattern = Annotated[str, typer.Option("--source", metavar="MOTIF", help=SOURCE)]
ENGINE = "Qui lit la source : duckdb, polars, dask ou spark."
Engine = Annotated[str, typer.Option("--moteur", metavar="MOTEUR", help=ENGINE)]
Sure = Annotated[bool, typer.Option("--oui", metavar="", help="Confirmer : c’est définitif.")]


@published.command(
    cls=FrenchCommand, help="Vérifier, calculer, protéger et publier les résultats de chaque association."
)
def publier(
    campaign: CampaignName,
    files: OptionalFiles = None,
    outputs: Outputs = Path("sorties"),
    format: Format = None,
    source: SourcePattern = "",
    engine: Engine = "",
) -> None:
    """Write one frozen cube an association, and the accesses that are missing."""
    declared = read_campaign(campaign)
    if bool(source) != bool(engine) or bool(source) == bool(files):
        what = "il faut des fichiers de réponses, ou bien --moteur avec --source, et pas les deux."
        raise ImpactError(what, where="publier", remedy="impact publier --help montre les deux façons.")
    if source:
        from impact.engines import source_files

        files = source_files(source)
    publish_results(declared, files, outputs, format, engine or None)
    create_missing(declared, outputs)
    console.print(french(f"Pour ouvrir les pages : impact servir {campaign}"))


@published.command("donnees-ouvertes", cls=FrenchCommand, help="Écrire les données ouvertes et leur rapport de risque.")
def donnees_ouvertes(
    campaign: CampaignName,
    files: AnswersFiles,
    folder: OpenFolder = Path("donnees_anonymisees"),
    format: Format = None,
) -> None:
    """Write the open data package, and say what the attacks gave."""
    from impact.open_data.package import write_open_data

    declared = read_campaign(campaign)
    writable(folder, option="--dossier")
    with console.status(french("Données ouvertes : vérification, protection, attaques")):
        written, risk = write_open_data(declared, files, folder / declared.name, format=format)
    attack = risk.attacks["après"]
    said = (
        f"k = {risk.k['k']} ; rapprochement : {attack.successes:.0f} personnes retrouvées sur {attack.persons}, "
        f"{attack.by_chance:.0f} attendues par hasard."
    )
    console.print(french(f"Données ouvertes écrites dans {written}."), style="bold green")
    console.print(french(f"{said} Lire rapport_de_risque.pdf et le signer avant de publier."))


@published.command(
    "detruire-les-liens", cls=FrenchCommand, help="Rendre les codes des personnes impossibles à retrouver."
)
def detruire_les_liens(campaign: CampaignName, files: AnswersFiles, sure: Sure = False, format: Format = None) -> None:
    """Write the answers under pseudonyms, waves linked, then destroy the key that made them and the words."""
    import pandas as pd

    from impact.coding_grid.model import CodingGrid, open_answers
    from impact.collect.validation import check_files
    from impact.linking import destroy_links, write_linked

    declared = read_campaign(campaign)
    accepted = [one.accepted for one in check_files(files, declared, format=format)]
    if not sure:
        coding = CodingGrid(open_answers(pd.concat(accepted), declared), declared).progress()
        raise ImpactError(
            "seront détruits, sans retour possible : la clé des codes, les codes rapprochés, et tout ce que les "
            f"personnes ont écrit, sauf les citations approuvées, telles qu’elles sont montrées. Codage : {coding}",
            where=campaign,
            remedy="Finir d’abord le codage, si les paroles doivent servir. Relancer avec --oui pour le faire.",
        )
    linked = write_linked(accepted, declared, files[0])
    destroy_links(declared.name)
    console.print(french(f"Réponses liées, sous pseudonymes et sans les paroles : {linked}."), style="bold green")
    console.print(
        french(
            "La clé est détruite, les paroles non approuvées sont effacées. Effacer maintenant les fichiers qui "
            "portent des codes ou des paroles, copies et papiers compris."
        )
    )


def publish_results(
    campaign: Campaign, files: list[Path], outputs: Path, format: str | None = None, engine: str | None = None
) -> None:
    """Check, match, score, analyse, protect and write one cube an association, with progress."""
    from impact.publication import publish

    folder = writable(outputs / campaign.name, option="--sorties")
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("Lecture", total=len(campaign.associations) + OTHER_STEPS)
        try:
            written = publish(
                campaign,
                files,
                folder,
                format=format,
                engine=engine,
                progress=lambda step: progress.update(task, description=step, advance=1),
                matched=lambda joined: show_rates(joined, campaign),
                read=_show_source,
            )
        except KeyboardInterrupt:
            console.print(french(STOPPED), style="bold yellow")
            raise
    console.print(french(f"Résultats publiés pour {len(written)} associations dans {folder}."), style="bold green")


def _show_source(source: Source) -> None:
    """Say how many rows of a source are used, and which are set aside."""
    console.print(french(f"{source.n} lignes prises dans la source."))
    for problem in source.problems:
        console.print(str(problem), style="yellow")
    if source.quarantine:
        console.print(french(f"Lignes mises de côté, telles quelles : {source.quarantine}"))
