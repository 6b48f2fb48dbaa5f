"""The sheets of an XLSForm as rows that know where they stand, so that a fault can say it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pyxform.errors import PyXFormError
from pyxform.xls2json_backends import get_xlsform

from impact.errors import Problem, QuestionnaireError, nearest

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
OTHER_COLUMNS = ("media", "image", "audio", "video", "bind", "body", "instance")  # of XLSForm, with their languages


@dataclass(frozen=True)
class Row:
    """One row of a sheet: the file's name, the row's number in it, and its cells that hold something."""

    file: str
    sheet: str
    number: int
    cells: Mapping[str, str]

    def get(self, column: str, default: str = "") -> str:
        """Return one cell."""
        return self.cells.get(column, default)

    def fault(self, rule: str, advice: str, column: str, value: str | None = None) -> Problem:
        """Return the problem of one cell; `value` is what it holds, when that is not what to show."""
        shown = self.get(column) if value is None else value
        return Problem(self.file, rule, advice, self.sheet, self.number, column, shown)


def read_sheets(path: Path) -> tuple[dict[str, list[Row]], list[Problem]]:
    """Return the rows of each sheet, and the faults of the sheets themselves: missing ones, unknown columns.

    Label columns in a language are read as `label`.

    Raises
    ------
    QuestionnaireError when the file is no XLSForm at all.
    """
    try:
        form = get_xlsform(path)
        lines = _markdown_lines(path.read_text("utf-8")) if path.suffix == ".md" else {}
    except (PyXFormError, ValueError, AttributeError):
        advice = "Enregistrer le questionnaire en .xlsx ou en Markdown (.md), d’après celui de « demonstration »."
        raise QuestionnaireError([Problem(path.name, "ce fichier n’est pas un XLSForm lisible", advice)]) from None
    sheets, problems = {}, []
    for sheet in COLUMNS:
        cells = getattr(form, sheet) or []
        numbers = lines.get(sheet, range(2, len(cells) + 2))
        problems += _unknown_columns(path.name, sheet, (getattr(form, f"{sheet}_header") or [{}])[0])
        sheets[sheet] = [
            Row(path.name, sheet, number, {key.split("::")[0]: str(cell).strip() for key, cell in row.items()})
            for number, row in zip(numbers, cells, strict=False)
            if row
        ]
    for sheet in ("survey", "choices"):
        if not sheets[sheet]:
            problems.append(Problem(path.name, f"la feuille « {sheet} » manque ou est vide", "L’ajouter.", sheet))
    return sheets, problems


def _unknown_columns(file: str, sheet: str, header: Iterable[str | None]) -> Iterator[Problem]:
    for column in header:
        known = column is None or column.split("::")[0] in COLUMNS[sheet]
        if not known and not column.startswith(OTHER_COLUMNS):
            yield Problem(file, "colonne inconnue", nearest(column, COLUMNS[sheet]), sheet, column=column)


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
