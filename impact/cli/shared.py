"""What the commands share: the console, the words of their arguments, a folder one can write in."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from impact.errors import ImpactError, system_reason

console = Console(highlight=False)

CampaignName = Annotated[str, typer.Argument(metavar="CAMPAGNE", help="Nom d’un dossier de questionnaires/.")]
AnswersFiles = Annotated[
    list[Path],
    typer.Argument(metavar="FICHIER", help="Un ou plusieurs fichiers, quarantaines corrigées comprises."),
]
FORMATS = "Forcer le format, au lieu de le reconnaître : tableau, limesurvey, kobo, formulaire, qualtrics ou spss."
Format = Annotated[
    str | None,
    typer.Option("--format", metavar="FORMAT", help=FORMATS),
]
Outputs = Annotated[Path, typer.Option("--sorties", metavar="DOSSIER", help="Où vont les résultats publiés.")]
OpenFolder = Annotated[Path, typer.Option("--dossier", metavar="DOSSIER", help="Où sont les données ouvertes.")]
Folder = Annotated[Path, typer.Option("--dossier", metavar="DOSSIER", help="Où écrire les fichiers.")]


def writable(folder: Path, *, option: str) -> Path:
    """Return `folder`, made if need be; refuse, naming the option that chooses it, when one cannot write there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(13, "écriture refusée")
    except OSError as error:
        advice = f"Choisir avec {option} un dossier où l’on peut écrire."
        raise ImpactError(f"impossible d’écrire ({system_reason(error)}).", where=folder, remedy=advice) from None
    return folder
