"""What is counted (réalisations): one workbook an association, one row a period; checked when it comes back."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from impact.campaign import Association, Campaign
from impact.collect.responses import check_file_there
from impact.errors import Problem, QuestionnaireError, ResponsesError, french, nearest, system_reason
from impact.framework import Indicator

PERIOD = "periode"
PERIODS = re.compile(r"20\d\d(?:-(?:0[1-9]|1[0-2])|(-T)[1-4])?")
ROWS = 60
HEADERS = 2  # the words, then the codes that are read back
HELP_SHEET = "mode d’emploi"
HELP = (
    "Une ligne par période : une année (2026), ou un trimestre (2026-T1), ou un mois (2026-03) ; garder la même sorte.",
    "Compter ce qui a été fait pendant cette période. Rien n’a eu lieu : écrire 0. On ne sait pas : laisser vide.",
    "« personnes » : chaque personne compte une fois dans la période. « participations » : elle compte à chaque venue.",
    "Aucun nom ici : seulement des nombres.",
    "Les nombres de personnes suivent le secret statistique : rien n’est montré sous le seuil de la campagne.",
)
COLUMNS = ("association", "period", "indicator", "value")


def write_count_sheets(campaign: Campaign, folder: Path) -> list[Path]:
    """Write one workbook for each association that counts something: validated cells, words above the codes.

    Raises
    ------
    ResponsesError when nothing is counted in this campaign, or a file cannot be written.
    """
    counting = [one for one in campaign.associations if campaign.framework.counts(one.code)]
    if not counting:
        advice = "Déclarer dans referentiel.csv des indicateurs dont la collecte est « comptage »."
        raise ResponsesError("rien n’est à compter dans cette campagne.", where=campaign.name, remedy=advice)
    return [_write(campaign, one, folder / f"{campaign.name}_comptages_{one.code}.xlsx") for one in counting]


def _write(campaign: Campaign, association: Association, path: Path) -> Path:
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font

    book = Workbook()
    sheet, help_ = book.active, book.create_sheet(HELP_SHEET)
    sheet.title, sheet.freeze_panes = association.code, "B3"
    counted = campaign.framework.counts(association.code)
    sheet.append(["Période", *(french(f"{one.label} ({one.unit})") for one in counted)])
    sheet.append([PERIOD, *(one.code for one in counted)])
    for column, cells in enumerate(sheet.iter_cols(max_row=HEADERS), start=1):
        cells[0].font, cells[0].alignment = Font(bold=True), Alignment(wrap_text=True, vertical="top")
        cells[1].font = Font(color="757575", size=9)
        sheet.column_dimensions[cells[0].column_letter].width = 14 if column == 1 else 26
        _limit(sheet, cells[0].column_letter, decimal=column > 1 and counted[column - 2].unit == "heures")
    notice = " (exemple, fictif)" if campaign.fictif else ""
    for line in (f"{campaign.title} : ce que compte « {association.label} »{notice}", *HELP):
        help_.append([french(line)])
    help_.column_dimensions["A"].width = 120
    try:
        book.save(path)
    except OSError as error:
        raise ResponsesError(f"impossible d’écrire ({system_reason(error)}).", where=path) from None
    return path


def _limit(sheet, letter: str, *, decimal: bool) -> None:
    """Allow only what can be counted; the column of periods stays text, else a spreadsheet would make dates of them."""
    from openpyxl.worksheet.datavalidation import DataValidation

    cells = f"{letter}{HEADERS + 1}:{letter}{HEADERS + ROWS}"
    if letter == "A":
        for row in sheet[cells]:
            row[0].number_format = "@"
        return
    kind = "decimal" if decimal else "whole"
    rule = DataValidation(type=kind, operator="greaterThanOrEqual", formula1="0", allow_blank=True)
    rule.errorTitle, rule.error = "Nombre impossible", french(f"Lire la feuille « {HELP_SHEET} ».")
    sheet.add_data_validation(rule)
    rule.add(cells)


def read_counts(files: Sequence[Path], campaign: Campaign) -> pd.DataFrame:
    """Read workbooks of counts back: one sheet an association, named by its code.

    Returns
    -------
    DataFrame: association, period, indicator (code), value (0 or more); one row per count; empty cells left out.

    Raises
    ------
    ResponsesError for a file that is not a workbook; QuestionnaireError listing every fault of every file at once.
    """
    problems: list[Problem] = []
    lines = [line for file in files for line in _read(Path(file), campaign, problems)]
    _check_periods(lines, problems)
    if problems:
        raise QuestionnaireError(problems)
    rows = [(line.association, line.period, code, value) for line in lines for code, value in line.values.items()]
    return pd.DataFrame(rows, columns=COLUMNS)


@dataclass(frozen=True)
class _Line:
    """One filled line: where it stands, and the numbers by indicator."""

    file: str
    row: int
    association: str
    period: str
    values: dict[str, float]


def _check_periods(lines: Iterable[_Line], problems: list[Problem]) -> None:
    """A period serves once for an association, and all of hers are years, or quarters, or months."""
    seen: dict[tuple, _Line] = {}
    kinds: dict[str, tuple] = {}
    for line in lines:
        place = {"sheet": line.association, "row": line.row, "column": PERIOD, "value": line.period}
        first = seen.setdefault((line.association, line.period), line)
        if first is not line:
            advice = f"Elle est déjà dans {first.file}, ligne {first.row} : n’en garder qu’une."
            problems.append(Problem(line.file, "période en double", advice, **place))
        if kinds.setdefault(line.association, _kind(line.period)) != _kind(line.period):
            advice = "Garder des années, ou des trimestres, ou des mois : sinon la même chose compte deux fois."
            problems.append(Problem(line.file, "périodes de sortes différentes", advice, **place))


def _kind(period: str) -> tuple:
    """Year, quarter or month."""
    return len(period), PERIODS.fullmatch(period)[1]


def _read(path: Path, campaign: Campaign, problems: list[Problem]) -> list[_Line]:
    """The filled lines of one workbook; faults are added to `problems`."""
    from python_calamine import CalamineError, CalamineWorkbook

    check_file_there(path)
    try:
        book = CalamineWorkbook.from_path(path)
    except CalamineError:
        advice = "Remplir le classeur qu’écrit « impact comptages », et l’enregistrer en .xlsx ou .ods."
        raise ResponsesError("ce n’est pas un classeur lisible.", where=path, remedy=advice) from None
    known = {one.code: {i.code: i for i in campaign.framework.counts(one.code)} for one in campaign.associations}
    lines = []
    for name in book.sheet_names:
        if name == HELP_SHEET:
            continue
        if name not in known:
            problems.append(Problem(path.name, "feuille d’une association inconnue", nearest(name, known), name))
            continue
        table = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
        lines += _SheetReader(path.name, name, known[name], problems).lines(table)
    return lines


class _SheetReader:
    """Walks the cells of one association's sheet; its only state is the list of problems it is given."""

    def __init__(self, file: str, association: str, indicators: dict[str, Indicator], problems: list[Problem]):
        self.file, self.association, self.indicators, self.problems = file, association, indicators, problems

    def fault(self, rule: str, advice: str, line: int, column: str, value: object) -> None:
        """Record one fault."""
        self.problems.append(Problem(self.file, rule, advice, self.association, line, column, str(value)))

    def lines(self, table: list[list[object]]) -> list[_Line]:
        """Return the filled lines under the line of codes."""
        codes = [str(cell).strip() for cell in table[HEADERS - 1]] if len(table) >= HEADERS else []
        for code in codes:
            if code and code not in (PERIOD, *self.indicators):
                self.fault("comptage inconnu", nearest(code, self.indicators), HEADERS, code, "")
        if PERIOD not in codes:
            advice = "Remplir le classeur qu’écrit « impact comptages », sans changer ses deux premières lignes."
            self.fault("la ligne des codes manque", advice, HEADERS, PERIOD, "")
            return []
        filled = [
            (row, cells) for row, cells in enumerate(table[HEADERS:], HEADERS + 1) if any(str(cell) for cell in cells)
        ]
        found = (self._line(row, dict(zip(codes, cells, strict=False))) for row, cells in filled)
        return [line for line in found if line]

    def _line(self, row: int, cells: dict[str, object]) -> _Line | None:
        period = _period(cells[PERIOD])
        values = {code: self._value(row, code, cells[code]) for code in cells if code in self.indicators}
        if not PERIODS.fullmatch(period):
            advice = "Écrire une année (2026), un trimestre (2026-T1) ou un mois (2026-03)."
            self.fault("période non comprise", advice, row, PERIOD, period)
            return None
        counted = {code: value for code, value in values.items() if value is not None}
        return _Line(self.file, row, self.association, period, counted)

    def _value(self, line: int, code: str, cell: object) -> float | None:
        """Return the number of a cell, None when it is empty or faulty."""
        cell = int(cell) if isinstance(cell, float) and cell.is_integer() else cell
        text = str(cell).strip().replace(",", ".")
        if text == "":
            return None
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value) or isinstance(cell, bool):
            self.fault("ce n’est pas un nombre", "Écrire un nombre ; rien si l’on ne sait pas.", line, code, cell)
        elif value < 0:
            self.fault("un nombre négatif ne compte rien", "Écrire 0 ou plus.", line, code, cell)
        elif not value.is_integer() and self.indicators[code].unit != "heures":
            self.fault("seules les heures peuvent avoir des décimales", "Écrire un nombre entier.", line, code, cell)
        else:
            return value
        return None


def _period(cell: object) -> str:
    """Return a period as it is written, also when the spreadsheet made a number or a date of it."""
    if isinstance(cell, date):
        return f"{cell:%Y-%m}"
    return str(int(cell) if isinstance(cell, float) and cell.is_integer() else cell).strip()
