"""From the rows of an XLSForm to a Questionnaire: every fault is collected, then told at once."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from pathlib import Path

from pyxform.errors import PyXFormError
from pyxform.xls2json_backends import get_xlsform
from pyxform.xls2xform import convert

from impact.errors import ImpactError, Problem, QuestionnaireError, nearest
from impact.questionnaire import ILLEGIBLE, KEY_COLUMNS, Choice, Item, Questionnaire, Scale

SCALE_COLUMNS = ("score", "min_answered", "dimension", "direction", "source", "licence", "usage", "redistribution")
COLUMNS = {
    "survey": (
        "type", "name", "label", "hint", "guidance_hint", "required", "required_message", "relevant", "constraint",
        "constraint_message", "appearance", "default", "calculation", "readonly", "read_only", "choice_filter",
        "parameters", "repeat_count", "note", "reverse", "breakdown", *SCALE_COLUMNS,
    ),
    "choices": ("list_name", "name", "label", "points", "missing", "merge", "order"),
    "settings": (
        "form_title", "form_id", "version", "default_language", "style", "instance_name",
        "public_key", "submission_url", "allow_choice_duplicates", "name",
    ),
}  # fmt: skip
KINDS = ("select_one", "select_multiple", "integer", "decimal", "text", "date", "note", "calculate", "start", "end")
NOT_ANSWERS = ("note", "calculate", "start", "end")
SHIPPING = ("oui", "non", "")
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


def _markdown_lines(text: str) -> dict[str, list[int]]:
    """Sheet -> line in the file of each of its rows, the header left out."""
    lines: dict[str, list[int]] = {}
    sheet = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.lstrip().startswith("|"):
            continue
        first, *cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        sheet = first.lower() or sheet
        if any(cells) and not set("".join(cells)) <= set("-: "):
            lines.setdefault(sheet, []).append(number)
    return {sheet: rows[1:] for sheet, rows in lines.items()}


class _Reader:
    """Walks the rows of one file once; its only state is the list of problems."""

    def __init__(self, path: Path):
        self.path = path
        self.problems: list[Problem] = []
        self.sheets = self._read()

    def fault(self, rule: str, advice: str, sheet: str = "", row: int | None = None, column: str = "", value: str = ""):
        """Record one fault."""
        self.problems.append(Problem(self.path.name, rule, advice, sheet, row, column, value))

    def _read(self) -> dict[str, list[tuple[int, dict[str, str]]]]:
        """Sheet -> (row number in the file, cells); label columns in a language are read as `label`."""
        try:
            form = get_xlsform(self.path)
            lines = _markdown_lines(self.path.read_text("utf-8")) if self.path.suffix == ".md" else {}
        except (PyXFormError, ValueError, AttributeError):
            advice = "Enregistrer le questionnaire en .xlsx ou en Markdown (.md), d’après celui de « demonstration »."
            self.fault("ce fichier n’est pas un XLSForm lisible", advice)
            raise QuestionnaireError(self.problems) from None
        sheets = {}
        for sheet in COLUMNS:
            rows = getattr(form, sheet) or []
            numbers = lines.get(sheet, range(2, len(rows) + 2))
            self._check_columns(sheet, (getattr(form, f"{sheet}_header") or [{}])[0])
            sheets[sheet] = [
                (number, {key.split("::")[0]: str(cell).strip() for key, cell in row.items()})
                for number, row in zip(numbers, rows, strict=False)
                if row
            ]
        for sheet in ("survey", "choices"):
            if not sheets[sheet]:
                self.fault(f"la feuille « {sheet} » manque ou est vide", "L’ajouter.", sheet)
        return sheets

    def _check_columns(self, sheet: str, header: Iterable[str]) -> None:
        for column in header:
            known = column is None or column.split("::")[0] in COLUMNS[sheet]
            if not known and not column.startswith(("media", "image", "audio", "video", "bind", "body", "instance")):
                self.fault("colonne inconnue", nearest(column, COLUMNS[sheet]), sheet, column=column)

    def check_with_pyxform(self) -> None:
        """Let the reference reader judge the file as KoboToolbox and ODK will."""
        try:
            convert(self.path)
        except (PyXFormError, TypeError) as error:
            self.fault(f"KoboToolbox et ODK refuseraient ce fichier ({error})", "Corriger, puis recommencer.")

    def questionnaire(self) -> Questionnaire | None:
        """Return the questionnaire as far as it could be read (complete when there is no problem)."""
        settings = self.sheets["settings"][0][1] if self.sheets["settings"] else {}
        choices = self._choices()
        questions, scales = self._walk(choices)
        if not self.problems and not scales:
            advice = "Donner un « score » (sum ou mean) à au moins un groupe."
            self.fault("aucune échelle", advice, "survey", column="score")
        title, version = settings.get("form_title", self.path.parent.name), settings.get("version", "1")
        return Questionnaire(title, version, tuple(questions), tuple(scales), self.path)

    def _choices(self) -> dict[str, tuple[Choice, ...]]:
        lists: dict[str, dict[str, Choice]] = {}
        for row, cells in self.sheets["choices"]:
            name, list_name = cells.get("name", ""), cells.get("list_name", "")
            known = lists.setdefault(list_name, {})
            for column in ("list_name", "name", "label"):
                if not cells.get(column):
                    self.fault("cellule vide", "La remplir.", "choices", row, column)
            if name in known:
                advice = f"Chaque code ne sert qu’une fois dans la liste « {list_name} »."
                self.fault("modalité en double", advice, "choices", row, "name", name)
            missing = self._flag("choices", row, cells, "missing")
            value = None if missing else self._value(row, cells)
            known[name] = Choice(name, cells.get("label", name), value, missing, cells.get("merge", ""))
        return {name: tuple(known.values()) for name, known in lists.items()}

    def _value(self, row: int, cells: dict[str, str]) -> float | None:
        text = cells.get("points", cells.get("name", "")).replace(",", ".")
        try:
            return float(text)
        except ValueError:
            if "points" in cells:
                self.fault("ce n’est pas un nombre", "Écrire par exemple 3.", "choices", row, "points", text)
            return None

    def _flag(self, sheet: str, row: int, cells: dict[str, str], column: str) -> bool:
        text = cells.get(column, "").lower()
        if text not in (*YES, *NO):
            self.fault("ce n’est ni oui ni non", "Écrire « oui », ou laisser vide.", sheet, row, column, text)
        return text in YES

    def _walk(self, choices: dict[str, tuple[Choice, ...]]) -> tuple[list[Item], list[Scale]]:
        """Follow the survey sheet from top to bottom, keeping the open groups on a stack."""
        questions: list[Item] = []
        scales: list[Scale] = []
        names: dict[str, int] = {}
        groups: list[tuple[int, dict[str, str], list[Item]]] = []
        for row, cells in self.sheets["survey"]:
            kind, _, list_name = (
                cells.get("type", "").replace("begin ", "begin_").replace("end ", "end_").partition(" ")
            )
            if kind in ("end_group", "end_repeat"):
                if not groups:
                    self.fault("fin de groupe sans début", "Retirer cette ligne.", "survey", row, "type", kind)
                elif scale := self._scale(*groups.pop()):
                    scales.append(scale)
                continue
            self._check_name(row, cells.get("name", ""), names)
            if kind in ("begin_group", "begin_repeat"):
                groups.append((row, cells, []))
                continue
            in_scale = any("score" in group for _, group, _ in groups)
            section = groups[-1][1].get("label", "") if groups else ""
            type_ = (kind, choices.get(list_name.strip()), list_name, tuple(choices))
            item = self._item(row, cells | {"section": section}, type_, in_scale)
            if item:
                questions.append(item)
                for _, _, items in groups:
                    items.append(item)
        for row, cells, _ in groups:
            advice = "Ajouter une ligne end_group après sa dernière question."
            self.fault("groupe sans fin", advice, "survey", row, "type", cells.get("name", ""))
        return questions, scales

    def _check_name(self, row: int, name: str, names: dict[str, int]) -> None:
        where = ("survey", row, "name", name)
        if not IDENTIFIER.fullmatch(name):
            self.fault("nom refusé", "Commencer par une lettre ; ni espace, ni accent, ni tiret.", *where)
        elif name in (*KEY_COLUMNS, ILLEGIBLE):
            self.fault("nom réservé", "En choisir un autre.", *where)
        elif name in names:
            self.fault("nom en double", f"Il sert déjà à la ligne {names[name]} : en choisir un autre.", *where)
        names.setdefault(name, row)

    def _item(self, row: int, cells: dict[str, str], type_: tuple, in_scale: bool) -> Item | None:
        kind, choices, list_name, known_lists = type_
        if kind not in KINDS:
            self.fault("type inconnu", nearest(kind, KINDS), "survey", row, "type", kind)
            return None
        if kind.startswith("select") and choices is None:
            self.fault("liste de modalités inconnue", nearest(list_name, known_lists), "survey", row, "type", list_name)
        if kind in NOT_ANSWERS:
            return None
        texts = {column: cells.get(column, "") for column in ("name", "label", "hint", "section")}
        bounds = self._bounds(row, cells.get("constraint", ""))
        flags = {column: self._flag("survey", row, cells, column) for column in ("reverse", "breakdown", "required")}
        item = Item(kind=kind, choices=choices or (), bounds=bounds, **texts, **flags)
        if not item.label:
            self.fault("question sans texte", "Écrire la question.", "survey", row, "label", item.name)
        if item.reverse and not in_scale:
            self.fault("item inversé hors d’une échelle", "Retirer « reverse ».", "survey", row, "reverse", item.name)
        if item.breakdown and (kind != "select_one" or len(item.categories) not in BREAKDOWN_SIZE):
            advice = "Une question « breakdown » est un select_one de deux à quatre modalités."
            self.fault(
                "cette question ne peut pas détailler les résultats", advice, "survey", row, "breakdown", item.name
            )
        if item.breakdown and len({wider.name for wider in item.merged.values()}) == 1:
            advice = "Laisser au moins deux modalités différentes une fois regroupées."
            self.fault("« merge » regroupe toutes les modalités", advice, "survey", row, "breakdown", item.name)
        return item

    def _bounds(self, row: int, constraint: str) -> tuple[float, float]:
        """Read a constraint such as `. >= 0 and . <= 110`; another one would not be checked, so it is refused."""
        bounds = {">=": -math.inf, "<=": math.inf}
        for part in constraint.split(" and ") if constraint else []:
            if match := BOUND.fullmatch(part):
                bounds[match[1]] = float(match[2])
            else:
                advice = "Écrire des bornes, par exemple : . >= 0 and . <= 110"
                self.fault("contrainte non comprise", advice, "survey", row, "constraint", constraint)
        return bounds[">="], bounds["<="]

    def _scale(self, row: int, cells: dict[str, str], items: list[Item]) -> Scale | None:
        """Return the scale a closed group declares, None for an ordinary group."""
        if "score" not in cells:
            for column in set(SCALE_COLUMNS) & set(cells):
                advice = "Ajouter « score » (sum ou mean), ou vider cette cellule."
                self.fault("ce groupe n’est pas une échelle", advice, "survey", row, column, cells[column])
            return None
        directions = ("higher_is_better", "lower_is_better")
        for column, allowed in (("score", ("sum", "mean")), ("direction", directions), ("redistribution", SHIPPING)):
            found = cells.get(column, "")
            if found not in allowed:
                self.fault("valeur inconnue", nearest(found, allowed), "survey", row, column, found)
        for column in ("dimension", "source", "licence"):
            if not cells.get(column):
                self.fault("cellule vide : toute échelle la déclare", "La remplir.", "survey", row, column)
        for item in items:
            if (item.choices and len(item.values) < 2) or item.kind != "select_one":
                advice = "Un item d’échelle est un select_one dont les modalités sont des nombres."
                self.fault("item sans valeur numérique", advice, "survey", row, "type", item.name)
        least = cells.get("min_answered", "")
        if not (least.isdigit() and 1 <= int(least) <= len(items)):
            advice = f"Écrire un nombre entier de 1 à {len(items)}."
            self.fault("nombre de réponses impossible", advice, "survey", row, "min_answered", least)
            return None
        columns = {column: cells.get(column, "") for column in SCALE_COLUMNS if column != "min_answered"}
        return Scale(cells["name"], cells.get("label", cells["name"]), tuple(items), min_answered=int(least), **columns)
