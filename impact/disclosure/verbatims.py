"""Verbatims: each one approved by a person, names masked, never from a small group, never crossed with anything."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from impact.campaign.rules import Rules
from impact.errors import DisclosureError

TELLING = re.compile(r"@|\d[\d .-]{5,}\d|\b\d{1,2}/\d{1,2}\b|\bwww\.|\b(?:M|Mme|Mlle|Dr)\.? [A-ZÉ]")


@dataclass(frozen=True)
class Verbatim:
    """One text as it may be shown, names and places masked, with who approved it and when.

    It holds no participant, no wave and no answer to another question: nothing it could be crossed with. `criteria`:
    what it speaks of, as the person who coded it said.
    """

    association: str
    question: str
    text: str
    approved_by: str
    approved_on: date
    criteria: tuple[str, ...] = ()

    def __post_init__(self):
        if not (self.text.strip() and self.approved_by.strip() and isinstance(self.approved_on, date)):
            advice = "Dire qui a relu ce texte, et quand."
            raise DisclosureError("un verbatim n’a pas été approuvé par une personne.", remedy=advice)
        if found := TELLING.search(self.text):
            advice = "Remplacer le nom, l’adresse, la date ou le numéro par […]."
            what = f"un verbatim peut faire reconnaître une personne (« {found[0]} »)."
            raise DisclosureError(what, remedy=advice)


def showable(
    verbatims: Sequence[Verbatim], respondents: Mapping[tuple[str, str], int], rules: Rules, *, audience: str
) -> dict[str, list[str]]:
    """Return the texts one association may see, by question, in alphabetical order, each once.

    Parameters
    ----------
    respondents : (association, question) -> how many persons answered that open question.

    Returns
    -------
    Question -> texts. Nothing for a question that fewer persons than the threshold answered.

    Raises
    ------
    DisclosureError when it is not known how many persons answered a question.
    """
    shown: dict[str, set[str]] = {}
    for one in (one for one in verbatims if one.association == audience):
        n = respondents.get((audience, one.question))
        if not isinstance(n, int) or isinstance(n, bool):
            raise DisclosureError(f"rien n’est diffusé : combien ont répondu à « {one.question} » n’est pas connu.")
        if n >= rules.threshold:
            shown.setdefault(one.question, set()).add(one.text)
    return {question: sorted(texts) for question, texts in shown.items()}
