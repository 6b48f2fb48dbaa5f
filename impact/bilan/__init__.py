"""The bilan: two to four pages to hand to partners and funders, and the same as a document to edit."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from impact.bilan.contents import bilan
from impact.bilan.pdf import to_pdf
from impact.bilan.word import to_docx
from impact.campaign import Campaign
from impact.cube import Figure, read_cube
from impact.disclosure import PUBLIC, Release
from impact.errors import CampaignError, ImpactError, nearest, system_reason
from impact.seal import MANIFEST

FOLDER = "bilans"
FILES = ("bilan.pdf", "bilan.docx")
TRANSVERSAL = "toutes_les_associations"


def bilan_files(release: Release, figures: Mapping[str, Figure], made: date) -> dict[str, bytes]:
    """Return the bilan of one audience as files: `bilan.pdf` (PDF/UA-1) and `bilan.docx`. See `contents.bilan`."""
    composed = bilan(release, figures, made)
    return dict(zip(FILES, (to_pdf(composed), to_docx(composed)), strict=True))


def published(campaign: Campaign, outputs: Path, association: str = "") -> list[Path]:
    """Return the cubes that hold a bilan: one association's, or all of them, then the public's.

    The whole campaign is told from what is released to the public, never from what the evaluation lead reads: a bilan
    leaves the service, and must not set an association beside another.

    Raises
    ------
    CampaignError for an association the campaign does not declare.
    """
    codes = [one.code for one in campaign.associations]
    if association:
        if association not in codes:
            advice = nearest(association, codes)
            raise CampaignError(f"l’association « {association} » est inconnue.", where=campaign.name, remedy=advice)
        return [outputs / association]
    return [*(outputs / code for code in codes if (outputs / code / MANIFEST).is_file()), outputs / PUBLIC]


def hand_over(cube: Path, folder: Path, key: bytes) -> None:
    """Copy the bilan of one cube into `folder`, after checking that the campaign signed it and nothing was altered.

    It was made at publication: what the service hands over is, to the byte, what the association downloads.

    Raises
    ------
    CubeError when nothing is published there, or it was altered; ImpactError when one cannot write.
    """
    release, _ = read_cube(cube, key)
    name = TRANSVERSAL if release.audience == PUBLIC else release.audience
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in FILES:
            shutil.copyfile(cube / file, folder / f"{name}{Path(file).suffix}")
    except OSError as error:
        advice = "Fermer le document s’il est ouvert, ou choisir un autre dossier avec --sorties."
        raise ImpactError(f"impossible d’écrire ({system_reason(error)}).", where=folder, remedy=advice) from None
