"""Pseudonyms: a keyed digest takes the place of the joined code, links the waves, and its key can be destroyed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd

from impact.campaign import Campaign
from impact.coding_grid.log import forget_words, log_file
from impact.coding_grid.masking import MASK
from impact.collect.responses import write_csv
from impact.errors import ImpactError
from impact.keys import erase, keyed_digest, private_file, secret_key, write_private
from impact.linking.joining import DECISIONS, DESTROYED, Joined, destroyed_on, join_waves

KEY = "liens.cle"
LENGTH = 16
PSEUDONYM = f"[0-9a-f]{{{LENGTH}}}"


class LinkError(ImpactError):
    """The links between codes and pseudonyms were destroyed, or cannot be."""


def link(accepted: Sequence[pd.DataFrame], campaign: Campaign) -> Joined:
    """Join the waves of accepted responses, then put a pseudonym in place of each code.

    Raises
    ------
    As `joining.join_waves` and `pseudonymise`.
    """
    joined = join_waves(pd.concat(accepted, ignore_index=True), campaign)
    return replace(joined, responses=pseudonymise(joined.responses, campaign.name))


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
    gone = destroyed_on(campaign)
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


def write_linked(accepted: Sequence[pd.DataFrame], campaign: Campaign, beside: Path) -> Path:
    """Write accepted responses under pseudonyms, waves linked, beside the file they came from.

    The rows are sorted by pseudonym: the order of the former file, which a colleague may know, is not kept. « […] »
    takes the place of what was written at an open question: a text quoted on a page would tell whose row this is.
    """
    linked = link(accepted, campaign).responses.sort_values(["participant", "wave"], kind="stable")
    written = [one.name for one in campaign.questionnaire.questions if one.kind == "text" and one.name in linked]
    linked[written] = linked[written].mask(linked[written].notna(), MASK)
    return write_csv(linked, Path(beside).with_suffix(".lie.csv"))


def destroy_links(campaign: str) -> None:
    """Destroy the key of the pseudonyms, the codes judged near and the words nobody approved, for good.

    The date is kept: no new key can be drawn. Approved texts stay as they are shown (see `forget_words`).

    Raises
    ------
    LinkError when they already are; CodingError when the log of coding is not readable: nothing is destroyed.
    """
    if gone := destroyed_on(campaign):
        raise LinkError(f"les liens de cette campagne ont déjà été détruits le {gone}.", where=campaign)
    forget_words(log_file(campaign))
    for kind in (KEY, DECISIONS):
        erase(private_file(campaign, kind))
    write_private(private_file(campaign, DESTROYED), date.today().isoformat().encode())
