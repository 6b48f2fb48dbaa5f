"""From files of answers to frozen cubes: check, score, analyse, release, audit, draw, sign."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from impact import __version__
from impact.bilan import bilan_files
from impact.campaign import Campaign
from impact.charts import figures
from impact.clearance import protected
from impact.coding_grid.log import log_file
from impact.collect.validation import check_files
from impact.cube import cube_inputs, write_cube
from impact.disclosure import LEAD, PUBLIC
from impact.errors import ImpactError
from impact.evidence import counts_file, with_evidence
from impact.joining import DECISIONS, Joined
from impact.journal import JOURNAL, write_journal
from impact.keys import private_file, secret_key
from impact.landmark import landmark_file, with_landmark
from impact.layout import lay_out
from impact.linking import link
from impact.simulation import is_example
from impact.vintages import past_groups, remember

Progress = Callable[[str], None]


def fingerprint(campaign: Campaign, files: Sequence[Path]) -> str:
    """Return the hash of all that decides the results: answers, what was kept of them, declarations, code version."""
    digest = hashlib.sha256(__version__.encode())
    files_of = (counts_file, log_file, landmark_file)
    private = (private_file(campaign.name, DECISIONS), *(path(campaign.name) for path in files_of))
    kept = [path for path in private if path.is_file()]
    for path in [*files, *kept, *sorted(campaign.folder.glob("*.*")), *sorted(Path(__file__).parent.rglob("*.py"))]:
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def publish(
    campaign: Campaign,
    files: Sequence[str | Path],
    outputs: Path,
    *,
    format: str | None = None,
    progress: Progress = lambda step: None,
    matched: Callable[[Joined], None] = lambda joined: None,
) -> list[Path]:
    """Check files of answers and write under `outputs` the cubes, signed, with the journal of decisions.

    One cube an association, one for the public, one for the evaluation lead; the bilan in each, but the lead's.
    Nothing is done again when neither the
    answers, the declarations nor the code changed. Nothing is written when the audit of differencing finds anybody, or
    when too few persons came since the last publication (invented persons are not remembered).

    Parameters
    ----------
    format : of the exports, see `read_export`. progress : told each step. matched : told who was found again.

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
    if all(cube_inputs(folder, key) == inputs for folder in [*folders, outputs / PUBLIC, outputs / LEAD]):
        progress("Rien n’a changé : les résultats déjà publiés restent valables.")
        return folders
    progress("Vérification des réponses")
    checked = check_files(files, campaign, format=format)
    joined = link([one.accepted for one in checked], campaign)
    matched(joined)
    progress("Scores, analyse, secret statistique et audit")
    invented = is_example(campaign, files)
    cleared, groups = protected(joined.responses, campaign, [] if invented else past_groups(campaign.name))
    cleared, written = list(with_landmark(with_evidence(cleared, campaign, joined.responses), campaign)), []
    for one in cleared:
        progress(f"Figures, bilan et résultats : {one.context['association']}")
        drawn = figures(one)
        documents = {} if one.audience == LEAD else bilan_files(one, drawn, date.today())
        documents |= lay_out(one, drawn).file()
        folder = outputs / one.audience
        written.append(write_cube(one, drawn.values(), folder, inputs=inputs, key=key, documents=documents))
    if not invented:
        remember(campaign.name, groups)
    write_journal(cleared, outputs / JOURNAL)
    return [folder for folder in written if folder.name not in (PUBLIC, LEAD)]
