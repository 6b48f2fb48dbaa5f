"""The commands that make what answers are collected with: paper, KoboToolbox, LimeSurvey, keying."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from impact.campaign import Campaign, read_campaign
from impact.cli.french import FrenchCommand, FrenchGroup
from impact.cli.shared import CampaignName, Folder, console, writable
from impact.errors import french, nearest
from impact.wording import number

collect = typer.Typer(cls=FrenchGroup)

AnswersFile = Annotated[Path, typer.Argument(metavar="FICHIER", help="Réponses reçues.")]
FirstEntry = Annotated[Path, typer.Argument(metavar="SAISIE_1", help="Le classeur de la première personne.")]
SecondEntry = Annotated[Path, typer.Argument(metavar="SAISIE_2", help="Celui de la seconde.")]
CountFiles = Annotated[
    list[Path] | None,
    typer.Argument(metavar="CLASSEUR...", help="Tous les classeurs remplis ; sans eux : les écrire, à remplir."),
]
SurveyFile = Annotated[Path, typer.Argument(metavar="ENQUETE", help="Le fichier de l’enquête, gardé hors d’ici.")]
HERE = Path(".")


@collect.command(cls=FrenchCommand, help="Écrire les feuilles à imprimer (PDF accessibles) que demande le dispositif.")
def papier(campaign: CampaignName, folder: Folder = HERE) -> None:
    """Write the PDF sheets."""
    from impact.collect.paper import write_paper

    for path in write_paper(read_campaign(campaign), writable(folder, option="--dossier")):
        console.print(french(f"Écrit : {path}"))


@collect.command(cls=FrenchCommand, help="Écrire le questionnaire pour KoboToolbox ou ODK (.xlsx).")
def xlsform(campaign: CampaignName, folder: Folder = HERE) -> None:
    """Write the XLSForm."""
    from impact.collect.kobo import write_xlsform

    _write(campaign, folder, "xlsform.xlsx", write_xlsform)


@collect.command(cls=FrenchCommand, help="Écrire le questionnaire pour LimeSurvey (structure .txt à importer).")
def limesurvey(campaign: CampaignName, folder: Folder = HERE) -> None:
    """Write the survey structure."""
    from impact.collect.limesurvey import write_structure

    _write(campaign, folder, "limesurvey.txt", write_structure)


@collect.command(cls=FrenchCommand, help="Écrire le classeur où saisir les réponses sur papier (.xlsx).")
def saisie(campaign: CampaignName, folder: Folder = HERE) -> None:
    """Write the keying sheet."""
    from impact.collect.entry import write_entry_sheet

    _write(campaign, folder, "saisie.xlsx", write_entry_sheet)


@collect.command(
    cls=FrenchCommand, help="Écrire les classeurs où les associations comptent ; remplis, les vérifier et les garder."
)
def comptages(campaign: CampaignName, files: CountFiles = None, folder: Folder = HERE) -> None:
    """Write one workbook an association or, when some are given, check them all and keep what they count."""
    from impact.collect.counts import read_counts, write_count_sheets
    from impact.evidence import keep_counts

    declared = read_campaign(campaign)
    if not files:
        for path in write_count_sheets(declared, writable(folder, option="--dossier")):
            console.print(french(f"Écrit : {path}"))
        return
    counts = read_counts(files, declared)
    keep_counts(counts, declared.name)
    found = ", ".join(dict.fromkeys(declared.association(code).label for code in counts["association"]))
    kept = f"{len(counts)} nombres vérifiés et gardés ({found}), à la place des précédents."
    console.print(french(f"{kept} Ils seront montrés par « impact publier »."), style="bold green")


@collect.command(
    cls=FrenchCommand, help="Calculer le repère d’une enquête plus large ; seule la personne responsable le lira."
)
def repere(campaign: CampaignName, survey_file: SurveyFile) -> None:
    """Compute the weighted means that repere.toml declares, show them and keep them for the lead's page."""
    from impact.reference_survey import read_reference_survey, reference_values
    from impact.reference_survey.landmark import DECLARED, keep_landmark

    declared = read_campaign(campaign)
    survey = read_reference_survey(declared.folder / DECLARED)
    values = reference_values(survey_file, survey, declared)
    keep_landmark(survey, values, declared.name)
    console.print(french(f"{survey.title}. Population : {survey.population}."))
    for row in values.to_dict("records"):
        label = next(scale.label for scale in declared.questionnaire.scales if scale.name == row["scale"])
        interval = f"entre {number(row['ci_low'], 2)} et {number(row['ci_high'], 2)}"
        console.print(french(f"{label} : {number(row['estimate'], 2)} ({interval}), {row['n']} personnes."))
    console.print(french("Gardé. Un repère, pas une norme : « impact publier » le montre à la personne responsable."))


@collect.command(cls=FrenchCommand, help="Comparer deux saisies des mêmes feuilles, cellule par cellule.")
def comparer(campaign: CampaignName, first: FirstEntry, second: SecondEntry) -> None:
    """Print the differences; exit 1 when there are some."""
    from impact.collect.entry import compare_entries
    from impact.collect.exports import read_export

    declared = read_campaign(campaign)
    found = compare_entries(read_export(first, declared), read_export(second, declared), declared)
    if not len(found):
        console.print(french("Les deux saisies sont identiques."), style="bold green")
        return
    console.print(french(f"{len(found)} différences : revenir au papier, puis corriger."), style="bold")
    console.print(found.fillna("").to_string(index=False), markup=False, soft_wrap=True)
    raise typer.Exit(1)


@collect.command(cls=FrenchCommand, help="Dire une fois à quelles questions répondent les colonnes d’un fichier.")
def correspondance(campaign: CampaignName, file: AnswersFile) -> None:
    """Ask, column by column, and keep the answers beside the questionnaire."""
    from impact.collect.correspondence import guess, targets_of, write_correspondence
    from impact.collect.exports import read_export

    declared = read_campaign(campaign)
    allowed, columns = targets_of(declared), {}
    for column in [one for one in read_export(file, declared).table if one not in allowed]:
        said = _ask(column, guess(column, declared), allowed)
        if said:
            columns[column] = said
    console.print(french(f"Gardé dans {write_correspondence(columns, declared)}"), style="bold green")


def _ask(column: str, proposal: str, allowed: list[str]) -> str:
    """Ask for one column until the word is known; nothing typed keeps the proposal, « - » leaves the column out."""
    shown = f" [{proposal}]" if proposal else ""
    while True:
        said = typer.prompt(
            french(f"Colonne « {column} » : quelle question ?{shown}"), default=proposal or "-", show_default=False
        )
        if said == "-" or said in allowed:
            return said.strip("-")
        console.print(french(nearest(said, allowed)))


def _write(campaign: str, folder: Path, name: str, write: Callable[[Campaign, Path], Path]) -> None:
    declared = read_campaign(campaign)
    console.print(
        french(f"Écrit : {write(declared, writable(folder, option='--dossier') / f'{declared.name}_{name}')}")
    )
