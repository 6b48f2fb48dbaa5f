"""Access slips on paper (PDF/UA): the address, the identifier, the secret, how to log in, and a receipt to cut off."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from impact.collect.paper import accessible_pdf, qr_code
from impact.errors import ImpactError, french, system_reason

TEMPLATE = Path(__file__).with_name("slips.typ")
STEPS = (
    "Ouvrez l’adresse dans un navigateur, sur un ordinateur, une tablette ou un téléphone.",
    "Recopiez l’identifiant, puis le code secret. Les majuscules et les tirets n’ont pas d’importance.",
    "Appuyez sur « Voir mes résultats ».",
    "En partant, appuyez sur « Se déconnecter », surtout sur un ordinateur partagé.",
)
CARE = (
    "Ce code n’est écrit nulle part ailleurs : rangez cette fiche, ne la photographiez pas, ne l’envoyez pas.",
    "Fiche perdue, ou vue par quelqu’un d’autre ? Demandez un nouveau code : l’ancien n’ouvrira plus rien.",
)


@dataclass(frozen=True)
class Slip:
    """One access to hand over: of which campaign, to whom, where it opens and with what."""

    campaign: str
    holder: str
    address: str
    code: str
    secret: str
    fictif: bool


def refuse_repository(folder: Path) -> None:
    """Raise ImpactError when the folder stands in a git repository, where a secret could be published by mistake."""
    if any((parent / ".git").exists() for parent in (folder.resolve(), *folder.resolve().parents)):
        advice = "Choisir avec --fiches un dossier hors de tout dépôt git."
        raise ImpactError("une fiche porte un code secret : elle ne va pas dans un dépôt.", where=folder, remedy=advice)


def write_slip(slip: Slip, folder: Path) -> Path:
    """Write the slip as a PDF that its owner alone can read, and return its path; ImpactError when that fails."""
    path, content = folder / f"acces_{slip.code}.pdf", accessible_pdf(TEMPLATE, _words(slip))
    try:
        path.unlink(missing_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
    except OSError as error:
        raise ImpactError(f"impossible d’écrire ({system_reason(error)}).", where=path) from None
    return path


def _words(slip: Slip) -> dict:
    return asdict(slip) | {
        "notice": "Exemple, données fictives" if slip.fictif else "",
        "qr": qr_code(slip.address),
        "qr_alt": french(f"Code à photographier pour ouvrir l’adresse : {slip.address}"),
        "steps": [french(step) for step in STEPS],
        "care": [french(sentence) for sentence in CARE],
        "day": date.today().strftime("%d/%m/%Y"),
    }
