"""From the rows of an XLSForm to a Questionnaire: every fault is collected, then told at once."""

from __future__ import annotations

import math
import re
from pathlib import Path

from pyxform.errors import PyXFormError
from pyxform.xls2xform import convert

from impact.errors import ImpactError, Problem, QuestionnaireError, nearest
from impact.questionnaire import ILLEGIBLE, KEY_COLUMNS, Choice, Item, Questionnaire, Scale
from impact.questionnaire.sheets import SCALE_COLUMNS, Row, read_sheets

KINDS = ("select_one", "select_multiple", "integer", "decimal", "text", "date", "note", "calculate", "start", "end")
NOT_ANSWERS = ("note", "calculate", "start", "end")
ALLOWED = {
    "score": ("sum", "mean"),
    "direction": ("higher_is_better", "lower_is_better"),
    "redistribution": ("oui", "non", ""),
}
YES, NO = ("oui", "yes", "true", "1"), ("", "non", "no", "false", "0")
IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
BREAKDOWN_SIZE = range(2, 5)
BOUND = re.compile(r"\s*\.\s*(>=|<=)\s*(-?\d+(?:\.\d+)?)\s*")


def read_questionnaire(path: str | Path) -> Questionnaire:
    """Read an XLSForm, in Markdown or .xlsx, with the extra columns that declare scales.

    Parameters
    ----------
    path : the file. Extra columns: on `begin_group` rows `score`, `min_answered`, `dimension`, `direction`, `source`,
        `licence`, `usage`, `redistribution`; on questions `reverse`, `breakdown`; on choices `points`, `missing`,
        `merge`. A group with a score is a scale.

    Raises
    ------
    QuestionnaireError listing every fault at once (file, sheet, row, column, value, rule, advice).
    ImpactError when there is no such file.
    """
    path = Path(path)
    if not path.is_file():
        raise ImpactError("le questionnaire est introuvable.", where=path, remedy="Vérifier le nom du dossier.")
    reader = _Reader(path)
    questionnaire = reader.questionnaire()
    if not reader.problems:
        reader.check_with_pyxform()
    if reader.problems:
        raise QuestionnaireError(reader.problems)
    return questionnaire


class _Reader:
    """Walks the rows of one file once; its only state is the list of problems."""

    def __init__(self, path: Path):
        self.path = path
        self.sheets, self.problems = read_sheets(path)

    def check_with_pyxform(self) -> None:
        """Let the reference reader judge the file as KoboToolbox and ODK will."""
        try:
            convert(self.path)
        except (PyXFormError, TypeError) as error:
            rule = f"KoboToolbox et ODK refuseraient ce fichier ({error})"
            self.problems.append(Problem(self.path.name, rule, "Corriger, puis recommencer."))

    def questionnaire(self) -> Questionnaire | None:
        """Return the questionnaire as far as it could be read (complete when there is no problem)."""
        settings = self.sheets["settings"][0].cells if self.sheets["settings"] else {}
        choices = self._choices()
        questions, scales = self._walk(choices)
        if not self.problems and not scales:
            advice = "Donner un « score » (sum ou mean) à au moins un groupe."
            self.problems.append(Problem(self.path.name, "aucune échelle", advice, "survey", column="score"))
        title, version = settings.get("form_title", self.path.parent.name), settings.get("version", "1")
        return Questionnaire(title, version, tuple(questions), tuple(scales), self.path)

    def _choices(self) -> dict[str, tuple[Choice, ...]]:
        lists: dict[str, dict[str, Choice]] = {}
        for row in self.sheets["choices"]:
            name, list_name = row.get("name"), row.get("list_name")
            known = lists.setdefault(list_name, {})
            for column in ("list_name", "name", "label"):
                if not row.get(column):
                    self._fault(row, "cellule vide", "La remplir.", column)
            if name in known:
                advice = f"Chaque code ne sert qu’une fois dans la liste « {list_name} »."
                self._fault(row, "modalité en double", advice, "name")
            missing = self._flag(row, "missing")
            value = None if missing else self._value(row)
            known[name] = Choice(name, row.get("label", name), value, missing, row.get("merge"))
        return {name: tuple(known.values()) for name, known in lists.items()}

    def _fault(self, row: Row, *said: str) -> None:
        self.problems.append(row.fault(*said))

    def _value(self, row: Row) -> float | None:
        try:
            return float(row.get("points", row.get("name")).replace(",", "."))
        except ValueError:
            if row.get("points"):
                self._fault(row, "ce n’est pas un nombre", "Écrire par exemple 3.", "points")
            return None

    def _flag(self, row: Row, column: str) -> bool:
        text = row.get(column).lower()
        if text not in (*YES, *NO):
            self._fault(row, "ce n’est ni oui ni non", "Écrire « oui », ou laisser vide.", column)
        return text in YES

    def _walk(self, choices: dict[str, tuple[Choice, ...]]) -> tuple[list[Item], list[Scale]]:
        """Follow the survey sheet from top to bottom, keeping the open groups, with their items, on a stack."""
        questions: list[Item] = []
        scales: list[Scale] = []
        names: dict[str, int] = {}
        groups: list[tuple[Row, list[Item]]] = []
        for row in self.sheets["survey"]:
            kind, _, list_name = row.get("type").replace("begin ", "begin_").replace("end ", "end_").partition(" ")
            if kind in ("end_group", "end_repeat"):
                if not groups:
                    self._fault(row, "fin de groupe sans début", "Retirer cette ligne.", "type")
                elif scale := self._scale(*groups.pop()):
                    scales.append(scale)
                continue
            self._check_name(row, names)
            if kind in ("begin_group", "begin_repeat"):
                groups.append((row, []))
            elif self._is_question(row, kind, list_name, choices):
                item = self._item(row, kind, choices.get(list_name.strip(), ()), [group for group, _ in groups])
                for items in (questions, *(items for _, items in groups)):
                    items.append(item)
        for row, _ in groups:
            advice = "Ajouter une ligne end_group après sa dernière question."
            self._fault(row, "groupe sans fin", advice, "type", row.get("name"))
        return questions, scales

    def _check_name(self, row: Row, names: dict[str, int]) -> None:
        name = row.get("name")
        if not IDENTIFIER.fullmatch(name):
            self._fault(row, "nom refusé", "Commencer par une lettre ; ni espace, ni accent, ni tiret.", "name")
        elif name in (*KEY_COLUMNS, ILLEGIBLE):
            self._fault(row, "nom réservé", "En choisir un autre.", "name")
        elif name in names:
            self._fault(row, "nom en double", f"Il sert déjà à la ligne {names[name]} : en choisir un autre.", "name")
        names.setdefault(name, row.number)

    def _is_question(self, row: Row, kind: str, list_name: str, choices: dict[str, tuple[Choice, ...]]) -> bool:
        """Whether a row asks for an answer; its type and its list of choices must be known."""
        if kind not in KINDS:
            self._fault(row, "type inconnu", nearest(kind, KINDS), "type", kind)
        elif kind.startswith("select") and list_name.strip() not in choices:
            self._fault(row, "liste de modalités inconnue", nearest(list_name, choices), "type", list_name)
        return kind in KINDS and kind not in NOT_ANSWERS

    def _item(self, row: Row, kind: str, choices: tuple[Choice, ...], groups: list[Row]) -> Item:
        texts = {column: row.get(column) for column in ("name", "label", "hint")}
        flags = {column: self._flag(row, column) for column in ("reverse", "breakdown", "required")}
        section = groups[-1].get("label") if groups else ""
        bounds = self._bounds(row)
        item = Item(kind=kind, choices=choices, bounds=bounds, section=section, **texts, **flags)
        if not item.label:
            self._fault(row, "question sans texte", "Écrire la question.", "label", item.name)
        if item.reverse and not any("score" in group.cells for group in groups):
            self._fault(row, "item inversé hors d’une échelle", "Retirer « reverse ».", "reverse", item.name)
        if item.breakdown:
            self._check_breakdown(row, item)
        return item

    def _check_breakdown(self, row: Row, item: Item) -> None:
        if item.kind != "select_one" or len(item.categories) not in BREAKDOWN_SIZE:
            rule = "cette question ne peut pas détailler les résultats"
            advice = "Une question « breakdown » est un select_one de deux à quatre modalités."
            self._fault(row, rule, advice, "breakdown", item.name)
        if len({wider.name for wider in item.merged.values()}) == 1:
            advice = "Laisser au moins deux modalités différentes une fois regroupées."
            self._fault(row, "« merge » regroupe toutes les modalités", advice, "breakdown", item.name)

    def _bounds(self, row: Row) -> tuple[float, float]:
        """Read a constraint such as `. >= 0 and . <= 110`; another one would not be checked, so it is refused."""
        bounds = {">=": -math.inf, "<=": math.inf}
        for part in row.get("constraint").split(" and ") if row.get("constraint") else []:
            if match := BOUND.fullmatch(part):
                bounds[match[1]] = float(match[2])
            else:
                advice = "Écrire des bornes, par exemple : . >= 0 and . <= 110"
                self._fault(row, "contrainte non comprise", advice, "constraint")
        return bounds[">="], bounds["<="]

    def _scale(self, row: Row, items: list[Item]) -> Scale | None:
        """Return the scale a closed group declares, None for an ordinary group."""
        if "score" not in row.cells:
            for column in set(SCALE_COLUMNS) & set(row.cells):
                advice = "Ajouter « score » (sum ou mean), ou vider cette cellule."
                self._fault(row, "ce groupe n’est pas une échelle", advice, column)
            return None
        for column, allowed in ALLOWED.items():
            if row.get(column) not in allowed:
                self._fault(row, "valeur inconnue", nearest(row.get(column), allowed), column)
        for column in ("dimension", "source", "licence"):
            if not row.get(column):
                self._fault(row, "cellule vide : toute échelle la déclare", "La remplir.", column)
        for item in items:
            if (item.choices and len(item.values) < 2) or item.kind != "select_one":
                advice = "Un item d’échelle est un select_one dont les modalités sont des nombres."
                self._fault(row, "item sans valeur numérique", advice, "type", item.name)
        least = row.get("min_answered")
        if not (least.isdigit() and 1 <= int(least) <= len(items)):
            advice = f"Écrire un nombre entier de 1 à {len(items)}."
            self._fault(row, "nombre de réponses impossible", advice, "min_answered")
            return None
        declared = {column: row.get(column) for column in SCALE_COLUMNS if column != "min_answered"}
        name, label = row.get("name"), row.get("label", row.get("name"))
        return Scale(name, label, tuple(items), min_answered=int(least), **declared)
