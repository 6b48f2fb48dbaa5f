"""The commands on accesses: who may open which results, with which secret or link."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from impact.campaign import Campaign, read_campaign
from impact.cli.french import FrenchCommand, FrenchGroup
from impact.cli.shared import CampaignName, Outputs, console, writable
from impact.errors import ImpactError, french

access = typer.Typer(
    cls=FrenchGroup,
    no_args_is_help=True,
    subcommand_metavar="COMMANDE [OPTIONS]",
    help="Donner, renouveler ou retirer les accès aux pages ; tout vaut aussitôt, sans rouvrir les pages.",
)

LEAD_LABEL = "Responsable de l’évaluation"
HERE = "http://127.0.0.1:8866/"
OUTPUTS = Path("sorties")

Some = Annotated[
    list[str] | None,
    typer.Argument(metavar="ASSOCIATION", help="Identifiants ; sans eux : tous ceux qui n’ont pas d’accès."),
]
Named = Annotated[
    list[str], typer.Argument(metavar="ASSOCIATION", help="Identifiants : « impact acces lister » les donne.")
]
One = Annotated[str, typer.Argument(metavar="ASSOCIATION", help="Identifiant : « impact acces lister » le donne.")]
Slips = Annotated[
    Path | None,
    typer.Option("--fiches", metavar="DOSSIER", help="Écrire là une fiche à imprimer par accès (PDF accessible)."),
]
Address = Annotated[
    str, typer.Option("--adresse", metavar="URL", help="Adresse des pages, telle que les associations l’ouvrent.")
]
Days = Annotated[int, typer.Option("--jours", metavar="NOMBRE", help="Durée du lien, 31 jours au plus.")]
Cancel = Annotated[
    bool,
    typer.Option("--annuler", metavar="", help="Annuler tous ses liens, et fermer ses pages ouvertes."),
]


@access.command(cls=FrenchCommand, help="Créer les accès qui manquent ; les codes secrets sont montrés une seule fois.")
def creer(
    campaign: CampaignName, codes: Some = None, outputs: Outputs = OUTPUTS, slips: Slips = None, address: Address = HERE
) -> None:
    """Create accounts, for those whose results are published."""
    declared, slips, address = read_campaign(campaign), _slips(slips), _checked(address)
    if not create_missing(declared, outputs, codes or None, slips=slips, address=address):
        console.print(french("Tous ont déjà un accès. Pour changer un code secret : impact acces renouveler"))


@access.command(cls=FrenchCommand, help="Changer un code secret : l’ancien, ses liens et ses pages ouvertes finissent.")
def renouveler(
    campaign: CampaignName, codes: Named, outputs: Outputs = OUTPUTS, slips: Slips = None, address: Address = HERE
) -> None:
    """Renew accounts."""
    from impact.serving import read_account, renew_account

    declared, slips, address = read_campaign(campaign), _slips(slips), _checked(address)
    path = _accounts(declared, outputs)
    for code in codes:
        read_account(path, code)  # one that does not exist stops everything before anything is changed
    hand_over(declared, {code: renew_account(path, code) for code in codes}, slips=slips, address=address)


@access.command(cls=FrenchCommand, help="Retirer un accès : ses pages ouvertes se ferment aussitôt.")
def retirer(campaign: CampaignName, codes: Named, outputs: Outputs = OUTPUTS) -> None:
    """Remove accounts."""
    from impact.serving import remove_account

    path = _accounts(read_campaign(campaign), outputs)
    for code in codes:
        remove_account(path, code)
        console.print(french(f"Accès retiré : {code}."))


@access.command(cls=FrenchCommand, help="Montrer qui a un accès, et qui a des résultats publiés.")
def lister(campaign: CampaignName, outputs: Outputs = OUTPUTS) -> None:
    """List accounts, without any secret."""
    from impact.serving import list_accounts

    declared = read_campaign(campaign)
    path = _accounts(declared, outputs)
    known, published = list_accounts(path) if path.exists() else [], _published(declared, outputs)
    labels = _labels(declared)
    table = _table("Pour qui", "Identifiant", "Accès", "Résultats publiés")
    for code in dict.fromkeys([*labels, *known]):
        yes_no = ["oui" if code in codes else "non" for codes in (known, published)]
        table.add_row(labels.get(code, "(pas dans la campagne)"), code, *yes_no)
    console.print(table)


@access.command(cls=FrenchCommand, help="Faire un lien qui ouvre les résultats sans code secret, ou annuler les liens.")
def lien(
    campaign: CampaignName,
    code: One,
    days: Days = 7,
    cancel: Cancel = False,
    outputs: Outputs = OUTPUTS,
    address: Address = HERE,
) -> None:
    """Print a link, or cancel them all."""
    from impact.serving import cancel_links, read_account
    from impact.serving.links import make_token

    path = _accounts(read_campaign(campaign), outputs)
    if cancel:
        cancel_links(path, code)
        console.print(french(f"Les liens de {code} ne valent plus rien ; ses pages ouvertes sont fermées."))
        return
    token, end = make_token(code, read_account(path, code), days)
    day = datetime.fromtimestamp(end).strftime("%d/%m/%Y à %H h %M")
    console.print(french(f"Lien de {code}, valable jusqu’au {day} :"), style="bold")
    console.print(f"{_checked(address)}lien#{token}", markup=False, soft_wrap=True)
    console.print(
        french("Qui l’a peut entrer, autant de fois qu’il veut : l’envoyer à l’association seule. Pour l’annuler :")
    )
    console.print(f"impact acces lien {campaign} {code} --annuler", markup=False)


def create_missing(
    campaign: Campaign,
    outputs: Path,
    codes: list[str] | None = None,
    *,
    slips: Path | None = None,
    address: str = HERE,
) -> dict[str, str]:
    """Create the accounts that are missing among `codes`, by default all that have results; hand the secrets over."""
    from impact.serving import create_accounts

    published = _published(campaign, outputs)
    unpublished = [code for code in codes or () if code not in published]
    if unpublished or not published:
        what = f"pas de résultats publiés pour {', '.join(unpublished)}." if unpublished else "rien n’est publié."
        advice = f"Publier d’abord : impact publier {campaign.name} FICHIER"
        raise ImpactError(what, where=outputs / campaign.name, remedy=advice)
    secrets = create_accounts(_accounts(campaign, outputs), codes or published)
    hand_over(campaign, secrets, slips=slips, address=address)
    return secrets


def hand_over(campaign: Campaign, secrets: Mapping[str, str], *, slips: Path | None, address: str) -> None:
    """Show secrets, once; write their slips."""
    from impact.cli.slips import Slip, write_slip

    if not secrets:
        return
    labels = _labels(campaign)
    table = _table("Pour qui", "Identifiant", "Code secret", title="Accès, montrés une seule fois")
    for code, secret in secrets.items():
        table.add_row(labels.get(code, code), code, secret)
    console.print(table)
    if slips is None:
        return
    for code, secret in secrets.items():
        path = write_slip(Slip(campaign.title, labels.get(code, code), address, code, secret, campaign.fictif), slips)
        console.print(french(f"Écrit : {path}"))
    console.print(french("Imprimer ces fiches, les remettre en main propre, puis effacer les fichiers."))


def _labels(campaign: Campaign) -> dict[str, str]:
    """Who each account belongs to: the associations, then the evaluation lead."""
    from impact.disclosure import LEAD

    return {one.code: one.label for one in campaign.associations} | {LEAD: LEAD_LABEL}


def _published(campaign: Campaign, outputs: Path) -> list[str]:
    from impact.seal import MANIFEST

    return [code for code in _labels(campaign) if (outputs / campaign.name / code / MANIFEST).is_file()]


def _accounts(campaign: Campaign, outputs: Path) -> Path:
    from impact.serving import ACCOUNTS_FILE

    return outputs / campaign.name / ACCOUNTS_FILE


def _slips(folder: Path | None) -> Path | None:
    """Return the slips' folder, made; refuse it before any secret is drawn."""
    from impact.cli.slips import refuse_repository

    if folder is not None:
        refuse_repository(folder)
        writable(folder, option="--fiches")
    return folder


def _checked(address: str) -> str:
    """Return the address with its last slash; refuse what a browser would not open."""
    if not address.startswith(("https://", "http://127.0.0.1", "http://localhost")) or set(address) & set(' "#?<>'):
        advice = "Écrire par exemple https://resultats.exemple.fr/ : sans HTTPS, les codes passeraient en clair."
        raise ImpactError("cette adresse ne convient pas.", where=address, remedy=advice)
    return address.rstrip("/") + "/"


def _table(*columns: str, title: str = "") -> Table:
    table = Table(title=title or None, title_justify="left")
    for column in columns:
        table.add_column(column)
    return table
