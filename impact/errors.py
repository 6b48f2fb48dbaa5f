"""Errors a user can cause: where, what, why, and what to do, in French; and faults listed all at once."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


def french(text: str) -> str:
    """Return the text with the non-breaking spaces French typography asks for."""
    text = re.sub(r" ([:;?!»%])", "\u00a0\\1", text)
    return re.sub(r"« ", "«\u00a0", text)


class ImpactError(Exception):
    """Base of every error shown to a user; `where` names the file or step, `remedy` says what to do."""

    def __init__(self, what: str, *, where: object = "", remedy: str = ""):
        self.what, self.where, self.remedy = what, str(where), remedy
        parts = (f"{where} :" if self.where else "", what, remedy)
        super().__init__(french(" ".join(part for part in parts if part)))


class CampaignError(ImpactError):
    """The campaign folder or its campagne.toml cannot be used."""


class ResponsesError(ImpactError):
    """A file of answers cannot be read at all."""


class StatisticsError(ImpactError):
    """The statistic asked for has no meaning on these data."""


class DisclosureError(ImpactError):
    """Disclosure control refuses: nothing leaves."""


class CubeError(ImpactError):
    """A released cube is missing, altered, or of another version."""


class ServingError(ImpactError):
    """The pages cannot be served as asked."""


@dataclass(frozen=True)
class Problem:
    """One fault in a file: where it stands, the value found, the rule it breaks and what to do."""

    file: str
    rule: str
    advice: str
    sheet: str = ""
    row: int | None = None
    column: str = ""
    value: str = ""

    def __str__(self) -> str:
        row = f"ligne {self.row}" if self.row else ""
        sheet = f"feuille « {self.sheet} »" if self.sheet else ""
        column = f"colonne « {self.column} »" if self.column else ""
        place = ", ".join(part for part in (self.file, sheet, row, column) if part)
        found = f" (trouvé : « {self.value} »)" if self.value else ""
        return french(f"{place} : {self.rule}{found}. {self.advice}")


class QuestionnaireError(ImpactError):
    """A questionnaire or a référentiel has faults; `problems` lists all of them."""

    def __init__(self, problems: Iterable[Problem]):
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def system_reason(error: OSError) -> str:
    """Return why the system refused a file, in French."""
    reasons = {errno.ENOSPC: "le disque est plein", errno.EACCES: "écriture refusée", errno.EPERM: "écriture refusée"}
    return reasons.get(error.errno, "dossier ou fichier inaccessible")


def nearest(word: str, allowed: Iterable[str]) -> str:
    """Return a French « vouliez-vous dire » for the allowed word nearest to `word`, or the list of them."""
    allowed = list(allowed)
    close = get_close_matches(word, allowed, n=1, cutoff=0.6)
    if close:
        return f"Vouliez-vous dire « {close[0]} » ?"
    return f"Valeurs admises : {', '.join(allowed)}."


def check_option(name: str, value: str, allowed: Iterable[str], error: type[ImpactError] = StatisticsError) -> None:
    """Raise `error` unless `value` is one of `allowed`."""
    allowed = list(allowed)
    if value not in allowed:
        raise error(f"« {value} » n’est pas une valeur de « {name} ».", remedy=nearest(str(value), allowed))
