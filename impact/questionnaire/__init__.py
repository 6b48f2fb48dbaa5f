"""Questionnaires as frozen declarations: Questionnaire, Scale, Item, Choice; `xlsform` reads them from a file."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path

KEY_COLUMNS = ("association", "wave", "participant")
KEY_LABELS = {
    "association": "Votre association",
    "wave": "Quand remplissez-vous ce questionnaire ?",
    "participant": "Votre code personnel",
}
CODE_RULE = (
    "Les deux premières lettres du prénom de votre mère, puis votre jour et votre mois de naissance. "
    "Exemple : Léa, née le 9 juillet d’une mère qui s’appelle Anne, écrit AN0907."
)
ILLEGIBLE = "illisible"


@dataclass(frozen=True)
class Choice:
    """One answer that may be ticked; `value` is what it counts for, None when it has no number or is not an answer.

    `merge`: label of the wider category that takes its place, with the others of the same `merge`, in small groups.
    """

    name: str
    label: str
    value: float | None = None
    missing: bool = False
    merge: str = ""


@dataclass(frozen=True)
class Item:
    """One question; `choices` is empty for open questions and numbers; `bounds` holds for numbers.

    `section` is the label of the group it stands in, "" when it stands alone.
    """

    name: str
    label: str
    kind: str
    choices: tuple[Choice, ...] = ()
    reverse: bool = False
    breakdown: bool = False
    bounds: tuple[float, float] = (-math.inf, math.inf)
    required: bool = False
    hint: str = ""
    section: str = ""

    @property
    def values(self) -> dict[str, float]:
        """Code -> number it counts for, reversed if the item is; codes that are not answers are absent."""
        values = {choice.name: choice.value for choice in self.choices if choice.value is not None}
        if not self.reverse:
            return values
        turn = min(values.values()) + max(values.values())
        return {code: turn - value for code, value in values.items()}

    @property
    def categories(self) -> tuple[Choice, ...]:
        """The choices that are answers."""
        return tuple(choice for choice in self.choices if not choice.missing)

    @property
    def merged(self) -> dict[str, Choice]:
        """Code of each choice that is an answer -> the wider category declared for small groups, or itself."""
        groups: dict[str, list[str]] = {}
        for choice in self.categories:
            groups.setdefault(choice.merge or choice.name, []).append(choice.name)
        wider = {choice.name: "+".join(groups[choice.merge or choice.name]) for choice in self.categories}
        return {one.name: Choice(wider[one.name], one.merge or one.label) for one in self.categories}


@dataclass(frozen=True)
class Scale:
    """Items scored together: `score` is "sum" or "mean", computed when at least `min_answered` items are answered.

    `source`, `licence`, `usage` (who may use it) and `redistribution` ("oui", "non", "" when nobody said) are the
    instrument's register.
    """

    name: str
    label: str
    items: tuple[Item, ...]
    score: str
    min_answered: int
    dimension: str
    direction: str
    source: str
    licence: str
    usage: str = ""
    redistribution: str = ""

    @property
    def range(self) -> tuple[float, float]:
        """Lowest and highest possible score."""
        lowest = sum(min(item.values.values()) for item in self.items)
        highest = sum(max(item.values.values()) for item in self.items)
        count = len(self.items) if self.score == "mean" else 1
        return lowest / count, highest / count

    @property
    def higher_is_better(self) -> bool:
        """Whether a rise is an improvement."""
        return self.direction == "higher_is_better"


@dataclass(frozen=True)
class Questionnaire:
    """A questionnaire: every question in order, and the scales among them."""

    title: str
    version: str
    questions: tuple[Item, ...]
    scales: tuple[Scale, ...]
    path: Path = field(compare=False)

    @property
    def breakdowns(self) -> tuple[Item, ...]:
        """The questions by which results may be broken down."""
        return tuple(question for question in self.questions if question.breakdown)

    def scale(self, name: str) -> Scale:
        """Return the scale called `name`."""
        return next(scale for scale in self.scales if scale.name == name)

    def question(self, name: str) -> Item:
        """Return the question called `name`."""
        return next(question for question in self.questions if question.name == name)


def is_number(code: str) -> bool:
    """Whether the code of a choice is written as a number, as files that hold numbers give it back."""
    return code.lstrip("-").replace(".", "", 1).isdecimal()
