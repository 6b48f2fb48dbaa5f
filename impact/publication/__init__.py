"""From files of answers to frozen cubes: check, score, analyse, release, audit, then disseminate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from impact.campaign import Campaign
from impact.clearance import protected
from impact.clearance.vintages import past_groups, remember
from impact.coding_grid.log import log_file
from impact.collect.source import Source, read_source
from impact.collect.validation import check_files
from impact.cube import DRAFT, cube_inputs
from impact.disclosure import LEAD, PUBLIC
from impact.errors import ImpactError
from impact.evidence import counts_file, with_evidence
from impact.keys import private_file, secret_key
from impact.linking import link
from impact.linking.joining import DECISIONS, Joined
from impact.provenance import code_files, files_digest
from impact.publication.dissemination import edition, only_one
from impact.reference_survey.landmark import landmark_file, with_landmark
from impact.simulation import is_example

if TYPE_CHECKING:
    import narwhals as nw
    import pandas as pd

Progress = Callable[[str], None]


def fingerprint(campaign: Campaign, files: Sequence[Path]) -> str:
    """Return the hash of all that decides the results: answers, what was kept of them, declarations, code version."""
    files_of = (counts_file, log_file, landmark_file)
    private = (private_file(campaign.name, DECISIONS), *(path(campaign.name) for path in files_of))
    kept = [path for path in private if path.is_file()]
    return files_digest([*files, *kept, *sorted(campaign.folder.glob("*.*")), *code_files()])


def publish(
    campaign: Campaign,
    files: Sequence[str | Path],
    outputs: Path,
    *,
    format: str | None = None,
    engine: str | None = None,
    progress: Progress = lambda step: None,
    matched: Callable[[Joined], None] = lambda joined: None,
    read: Callable[[Source], None] = lambda source: None,
) -> list[Path]:
    """Check files of answers and write under `outputs` the cubes, signed, with the journal of decisions.

    One cube an association, one for the public, one for the evaluation lead; the bilan in each, but the lead's. What is
    read is replaced once everything is written; stopped before, the same call goes on where it was. No cube is made
    again when neither the answers, the declarations nor the code changed. Nothing is written when the audit of
    differencing finds anybody, or when too few persons came since the last publication (invented persons are not
    remembered).

    Parameters
    ----------
    format : of the exports, see `read_export`.
    engine : `files` are then parquet files, linked and coded, that this engine reads; see `collect.source`.
    progress : told each step. matched : told who was found again. read : told what a source holds and sets aside.

    Returns
    -------
    The folders of the associations' cubes, in the order the campaign declares.

    Raises
    ------
    ImpactError for whatever a user can cause (unreadable answers, nothing accepted, unwritable folder, somebody
    exposed).
    """
    files = [Path(file) for file in files]
    for file in files:
        if not file.is_file():
            raise ImpactError("le fichier de réponses est introuvable.", where=file, remedy="Vérifier son chemin.")
    inputs, key = fingerprint(campaign, files), secret_key(campaign.name, "cle")
    folders = [outputs / association.code for association in campaign.associations]
    same = all(cube_inputs(folder, key) == inputs for folder in [*folders, outputs / PUBLIC, outputs / LEAD])
    if same and not (outputs / DRAFT).exists():
        progress("Rien n’a changé : les résultats déjà publiés restent valables.")
        return folders
    progress("Vérification des réponses")
    shown = [path for path in sorted(campaign.folder.glob("*.*")) if path.stem in ("campagne", "questionnaire")]
    source = files_digest([*files, *shown]) if engine else ""
    invented = not engine and is_example(campaign, files)
    past = [] if invented else past_groups(campaign.name, source)
    responses = _sourced(campaign, files, engine, read) if engine else _collected(campaign, files, format, matched)
    progress("Scores, analyse, secret statistique et audit")
    cleared, groups = protected(responses, campaign, past, named=not engine)
    if engine:
        groups = []  # of nobody named: only the source is remembered
    told = with_landmark(with_evidence(cleared, campaign, responses), campaign)
    codes = [one.code for one in campaign.associations]
    with only_one(outputs):
        current = edition(outputs, inputs, key)
        audiences = current.write(told, len(cleared), progress)
        if not invented:
            remember(campaign.name, groups, source)
        written = current.put_in_place(audiences, codes)
    return [folder for folder in written if folder.name in codes]


def _collected(
    campaign: Campaign, files: Sequence[Path], format: str | None, matched: Callable[[Joined], None]
) -> pd.DataFrame:
    """Answers collected by hand: checked row by row, joined from wave to wave, under pseudonyms."""
    joined = link([one.accepted for one in check_files(files, campaign, format=format)], campaign)
    matched(joined)
    return joined.responses


def _sourced(campaign: Campaign, files: Sequence[Path], engine: str, read: Callable[[Source], None]) -> nw.LazyFrame:
    """Partitioned answers, already linked: checked where they are."""
    source = read_source(files, engine, campaign)
    read(source)
    return source.responses
