"""Pseudonyms: a keyed digest takes the place of the code, links the waves, and its key can be destroyed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pandas as pd

from impact.collect.responses import write_csv
from impact.errors import ImpactError
from impact.keys import keyed_digest, private_file, read_private, secret_key, write_private

KEY, DESTROYED = "liens.cle", "liens_detruits"
LENGTH = 16
PSEUDONYM = f"[0-9a-f]{{{LENGTH}}}"


class LinkError(ImpactError):
    """The links between codes and pseudonyms were destroyed, or cannot be."""


def pseudonymise(responses: pd.DataFrame, campaign: str) -> pd.DataFrame:
    """Return the responses with a pseudonym in place of each participant's code.

    Parameters
    ----------
    responses : columns association, participant and others.
    campaign : its name; the key is the campaign's own, so that two campaigns cannot be linked.

    Returns
    -------
    The same rows; participant is 16 hexadecimal digits, the same for the same association and code (so that waves stay
    linked). Once the links are destroyed, pseudonyms are left as they are.

    Raises
    ------
    LinkError for codes brought after the links were destroyed.

    Formula: the first 64 bits of HMAC-SHA-256(key, association, code); two of 10,000 persons collide with odds 3e-12.
    """
    gone = read_private(private_file(campaign, DESTROYED)).decode()
    if not gone:
        key = secret_key(campaign, KEY)
        pairs = zip(responses["association"], responses["participant"].astype(str), strict=True)
        return responses.assign(participant=[keyed_digest(key, *pair)[:LENGTH] for pair in pairs])
    if not responses["participant"].astype(str).str.fullmatch(PSEUDONYM).all():
        raise LinkError(
            f"les liens de cette campagne ont été détruits le {gone} : un code ne peut plus être reconnu.",
            where=campaign,
            remedy="Donner le fichier lié écrit ce jour-là, et rien d’autre.",
        )
    return responses.copy()


def write_linked(accepted: Sequence[pd.DataFrame], campaign: str, beside: Path) -> Path:
    """Write accepted responses under pseudonyms, waves linked, beside the file they came from.

    The rows are sorted by pseudonym: the order of the former file, which a colleague may know, is not kept.
    """
    linked = pseudonymise(pd.concat(accepted, ignore_index=True), campaign)
    linked = linked.sort_values(["participant", "wave"], kind="stable")
    return write_csv(linked, Path(beside).with_suffix(".lie.csv"))


def destroy_links(campaign: str) -> None:
    """Destroy the key of the pseudonyms, for good; and keep the date, so that no new key can be drawn.

    Raises
    ------
    LinkError when they already are.
    """
    mark = private_file(campaign, DESTROYED)
    if gone := read_private(mark).decode():
        raise LinkError(f"les liens de cette campagne ont déjà été détruits le {gone}.", where=campaign)
    path = private_file(campaign, KEY)
    if path.exists():
        path.write_bytes(b"\0" * path.stat().st_size)
        path.unlink()
    write_private(mark, date.today().isoformat().encode())
