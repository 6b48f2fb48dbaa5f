"""The référentiel as frozen declarations: registre -> critère -> indicateur; `framework_file` reads it from a file.

One transversal référentiel (association ""), one per association; a criterion of an association may name the
transversal one it is close to, and the criteria it leads to: from what is done to what it changes.
"""

from __future__ import annotations

from dataclasses import dataclass

TRANSVERSAL = ""
NATURES = ("réalisation", "résultat", "impact")
SCALE, QUESTION, COUNT, OBSERVATION, VERBATIM = COLLECTIONS = (
    "echelle", "question", "comptage", "observation", "verbatim",
)  # fmt: skip
THINGS = ("ateliers", "heures", "contenus", "lieux")
PEOPLE = ("personnes", "participations")  # disclosure control decides what is shown of a count of these
UNITS = (*THINGS, *PEOPLE)


@dataclass(frozen=True)
class Edition:
    """The title and version of one référentiel."""

    association: str
    title: str
    version: str


@dataclass(frozen=True)
class Register:
    """A family of criteria, common to every référentiel."""

    code: str
    label: str


@dataclass(frozen=True)
class Indicator:
    """What is looked at: its nature, whether it was expected and is wished for, and how, when and by whom it is
    collected; `source` is the scale or the question, `unit` that of a count."""

    code: str
    label: str
    nature: str
    expected: bool
    positive: bool
    quantitative: bool
    how: str
    source: str
    unit: str
    when: str
    by: str


@dataclass(frozen=True)
class Criterion:
    """What an action changes, and for whom; `transversal`: the common criterion it is close to; `leads_to`: codes."""

    code: str
    label: str
    register: str
    association: str
    for_whom: str
    transversal: str
    leads_to: tuple[str, ...]
    indicators: tuple[Indicator, ...]


@dataclass(frozen=True)
class Framework:
    """Every référentiel of a campaign; empty when it has none."""

    editions: tuple[Edition, ...] = ()
    registers: tuple[Register, ...] = ()
    criteria: tuple[Criterion, ...] = ()

    def of(self, association: str) -> tuple[Criterion, ...]:
        """Return the criteria of one association, of the transversal référentiel when it has none of its own."""
        own = tuple(one for one in self.criteria if one.association == association)
        return own or tuple(one for one in self.criteria if one.association == TRANSVERSAL)

    def edition(self, association: str) -> Edition:
        """Return the title and version of the référentiel that `of` gives."""
        owner = next((one.association for one in self.of(association)), TRANSVERSAL)
        return next(one for one in self.editions if one.association == owner)

    def summary(self) -> str:
        """Say in French how much is declared."""
        common = len(self.of(TRANSVERSAL))
        indicators = sum(len(one.indicators) for one in self.criteria)
        return (
            f"Référentiel : {common} critères transversaux, {len(self.criteria) - common} propres aux associations, "
            f"{indicators} indicateurs."
        )

    def criterion(self, code: str) -> Criterion:
        """Return the criterion called `code`."""
        return next(one for one in self.criteria if one.code == code)

    def counts(self, association: str) -> tuple[Indicator, ...]:
        """Return what one association counts."""
        return tuple(one for criterion in self.of(association) for one in criterion.indicators if one.how == COUNT)

    def for_coding(self, association: str) -> tuple[Criterion, ...]:
        """Return the criteria an answer may be coded with: those of the association, then the transversal ones."""
        return tuple(dict.fromkeys((*self.of(association), *self.of(TRANSVERSAL))))

    def sharing(self) -> dict[str, tuple[str, ...]]:
        """Return, for each transversal criterion, the associations that have a criterion close to it."""
        links = {(one.transversal, one.association) for one in self.criteria if one.transversal}
        order = dict.fromkeys(one.association for one in self.criteria)
        return {
            common.code: tuple(code for code in order if (common.code, code) in links)
            for common in self.of(TRANSVERSAL)
        }
