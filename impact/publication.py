"""From a file of answers to one frozen cube an association: check, score, analyse, release, draw."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from impact import __version__
from impact.analysis import analyse
from impact.campaign import Association, Campaign
from impact.charts import figures
from impact.cube import cube_inputs, write_cube
from impact.disclosure import Release, release
from impact.errors import ImpactError
from impact.scoring import score
from impact.validation import check_files

JOURNAL = "journal_de_diffusion.csv"
Progress = Callable[[str], None]


def context(campaign: Campaign, association: Association) -> dict[str, object]:
    """Return what is said around one association's numbers: titles, labels, ranges; nothing about the others."""
    return {
        "title": campaign.title,
        "campaign": campaign.name,
        "campaign_version": campaign.version,
        "questionnaire_version": campaign.questionnaire.version,
        "fictif": campaign.fictif,
        "design": campaign.design,
        "paired": campaign.paired,
        "association": association.label,
        "sector": association.sector,
        "waves": [{"code": wave.code, "label": wave.label} for wave in campaign.waves],
        "scales": [
            {
                "name": scale.name,
                "label": scale.label,
                "dimension": scale.dimension,
                "higher_is_better": scale.higher_is_better,
                "low": scale.range[0],
                "high": scale.range[1],
                "source": scale.source,
            }
            for scale in campaign.questionnaire.scales
        ],
        "breakdowns": [
            {
                "name": question.name,
                "label": question.label,
                "categories": [{"name": choice.name, "label": choice.label} for choice in question.categories],
            }
            for question in campaign.questionnaire.breakdowns
        ],
    }


def fingerprint(campaign: Campaign, files: Sequence[Path]) -> str:
    """Return the hash of all that decides the results: answers, declarations, code version."""
    digest = hashlib.sha256(__version__.encode())
    for path in [*files, *sorted(campaign.folder.glob("*.*")), *sorted(Path(__file__).parent.rglob("*.py"))]:
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def releases(responses: pd.DataFrame, campaign: Campaign) -> list[Release]:
    """Score, analyse and clear accepted responses: one release for each association that has answers."""
    scores = score(responses, campaign.questionnaire)
    results = analyse(responses, scores, campaign)
    present = set(results["association"])
    return [
        release(results, campaign.rules, audience=association.code, context=context(campaign, association))
        for association in campaign.associations
        if association.code in present
    ]


def publish(
    campaign: Campaign, files: Sequence[str | Path], outputs: Path, *, progress: Progress = lambda step: None
) -> list[Path]:
    """Check files of answers and write the cube of each association under `outputs`, with the journal of decisions.

    Nothing is done again when neither the answers, the declarations nor the code changed.

    Returns
    -------
    The folders of the cubes, in the order the campaign declares.

    Raises
    ------
    ImpactError for whatever a user can cause (unreadable answers, nothing accepted, unwritable folder).
    """
    files = [Path(file) for file in files]
    for file in files:
        if not file.is_file():
            raise ImpactError("le fichier de réponses est introuvable.", where=file, remedy="Vérifier son chemin.")
    inputs = fingerprint(campaign, files)
    folders = [outputs / association.code for association in campaign.associations]
    if all(cube_inputs(folder) == inputs for folder in folders):
        progress("Rien n’a changé : les résultats déjà publiés restent valables.")
        return folders
    progress("Vérification des réponses")
    responses = pd.concat([one.accepted for one in check_files(files, campaign)], ignore_index=True)
    progress("Scores, analyse et secret statistique")
    cleared = releases(responses, campaign)
    written = []
    for one in cleared:
        progress(f"Figures et résultats : {one.context['association']}")
        written.append(write_cube(one, figures(one), outputs / one.audience, inputs=inputs))
    write_journal(cleared, outputs / JOURNAL)
    return written


def write_journal(cleared: list[Release], path: Path) -> Path:
    """Write every decision of disclosure control, one line each, without any number."""
    columns = ["association", "wave", "scale", "breakdown", "category", "statistic", "status", "reason"]
    journal = pd.concat([one.table[columns].assign(audience=one.audience) for one in cleared], ignore_index=True)
    journal.replace({"status": {"shown": "montré", "suppressed": "masqué"}}).to_csv(path, sep=";", index=False)
    return path
