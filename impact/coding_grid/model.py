"""The grid without widgets: open answers coded by a person with the criteria; every action is kept at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pandas as pd

from impact.campaign import Campaign
from impact.coding_grid.log import KEEP, PUBLISH, Answer, Coded, CodingError, append, log_file, read_log
from impact.coding_grid.masking import MASK
from impact.disclosure.verbatims import Verbatim
from impact.framework import Criterion


def open_answers(responses: pd.DataFrame, campaign: Campaign) -> tuple[Answer, ...]:
    """Return the texts written at the open questions, each once for an association and a question.

    Parameters
    ----------
    responses : accepted responses, one row per person x wave; what is empty, or erased with the links, is left out.

    Returns
    -------
    Answers in the order of associations, questions, texts; `persons` counts distinct participants.
    """
    questions = [question.name for question in campaign.questionnaire.questions if question.kind == "text"]
    order = [association.code for association in campaign.associations]
    found = []
    for association in order:
        rows = responses[responses["association"] == association]
        for question in questions:
            persons = rows.dropna(subset=question).groupby(question)["participant"].nunique()
            found += [
                Answer(association, question, str(text), int(n))
                for text, n in persons.items()
                if str(text).strip() not in ("", MASK)
            ]
    return tuple(found)


class CodingGrid:
    """The coding of some answers: what a person can do to each, and where all of it stands."""

    def __init__(self, answers: Sequence[Answer], campaign: Campaign, path: Path | None = None):
        self.answers, self.campaign = tuple(answers), campaign
        self.path = path or log_file(campaign.name)
        self._states = read_log(self.path)

    def state(self, answer: Answer) -> Coded:
        """Return where one answer stands."""
        return self._states.get(answer.key, Coded(answer.text))

    def criteria(self, answer: Answer) -> tuple[Criterion, ...]:
        """Return the criteria this answer may be coded with."""
        return self.campaign.framework.for_coding(answer.association)

    def code(self, answer: Answer, criteria: Sequence[str], who: str) -> None:
        """Say which criteria an answer speaks of."""
        self._keep(answer, replace(self.state(answer), criteria=tuple(criteria)), who)

    def mask(self, answer: Answer, shown: str, who: str) -> None:
        """Change the text that may be shown; a decision made on another text no longer holds."""
        if shown != self.state(answer).shown:
            self._keep(answer, replace(self.state(answer), shown=shown, decision="", by="", on=""), who)

    def publish(self, answer: Answer, who: str) -> None:
        """Approve the text as it now stands for publication.

        Raises
        ------
        DisclosureError when it still holds an address, a number or a name after a title.
        """
        self._decide(answer, PUBLISH, who)

    def keep(self, answer: Answer, who: str) -> None:
        """Decide that the text will not be published."""
        self._decide(answer, KEEP, who)

    def _decide(self, answer: Answer, decision: str, who: str) -> None:
        now = datetime.now().isoformat(timespec="seconds")
        decided = replace(self.state(answer), decision=decision, by=who.strip(), on=now)
        if decision == PUBLISH and who.strip():
            _verbatim(answer.association, answer.question, decided)
        self._keep(answer, decided, who)

    def _keep(self, answer: Answer, state: Coded, who: str) -> None:
        if not who.strip():
            raise CodingError("on ne sait pas qui décide.", remedy="Écrire d’abord son nom en haut de la grille.")
        append(self.path, answer, state, who.strip())
        self._states[answer.key] = state

    def progress(self) -> str:
        """Say how far the coding is."""
        states = [self.state(answer) for answer in self.answers]
        coded = sum(bool(state.criteria) for state in states)
        published = sum(state.decision == PUBLISH for state in states)
        kept = sum(state.decision == KEEP for state in states)
        left = len(states) - published - kept
        return (
            f"{len(states)} réponses : {coded} reliées à un critère, {published} à publier, {kept} à garder, "
            f"{left} à décider."
        )

    def by_criterion(self) -> pd.DataFrame:
        """Count, for the evaluation lead only, the persons and the approved quotations of each criterion."""
        rows = [
            (answer.association, code, answer.persons, self.state(answer).decision == PUBLISH)
            for answer in self.answers
            for code in self.state(answer).criteria
        ]
        table = pd.DataFrame(rows, columns=["association", "critère", "personnes", "citations à publier"])
        labels = {one.code: one.label for one in self.campaign.framework.criteria}
        return table.replace({"critère": labels}).groupby(["association", "critère"], as_index=False).sum()


def approved(campaign: Campaign, path: Path | None = None) -> list[Verbatim]:
    """Return the texts a person approved for publication, from the log; who wrote them is not known there.

    Raises
    ------
    DisclosureError when an approved text could tell somebody; CodingError when the log is not readable.
    """
    states = read_log(path or log_file(campaign.name))
    return [
        _verbatim(association, question, coded)
        for (association, question, _), coded in states.items()
        if coded.decision == PUBLISH
    ]


def _verbatim(association: str, question: str, coded: Coded) -> Verbatim:
    return Verbatim(association, question, coded.shown, coded.by, coded.decided_on, coded.criteria)
