"""Raw answers: one file (csv, xlsx, ods), one row per person x wave, read as text; nothing is guessed."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from xml.parsers.expat import ParserCreate

import pandas as pd

from impact.errors import Problem, ResponsesError, system_reason

if TYPE_CHECKING:
    from openpyxl import Workbook

PIECE, OVERLAP = 1 << 20, 64
DELIMITERS = (";", ",", "\t")
RESAVE = "L’ouvrir dans un tableur et l’enregistrer en .xlsx, ou en CSV UTF-8."
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Answers:
    """What a file holds: `table`, all text, "" for an empty cell, indexed by the row number seen in a spreadsheet;
    `problems`, the rows that could not even be cut into cells."""

    path: Path
    table: pd.DataFrame
    problems: tuple[Problem, ...] = ()
    format: str = "tableau"


Rows = list[tuple[int, list[str]]]


def read_answers(path: str | Path) -> Answers:
    """Read a file of answers: CSV (`;`, `,` or tab; UTF-8 or Windows-1252), .xlsx or .ods, first sheet.

    Returns
    -------
    Answers. Empty lines are skipped; cells lose their outer spaces; formulas are kept as text, never evaluated.

    Raises
    ------
    ResponsesError when the file is missing, empty, of another kind, or its header has empty or repeated cells.
    """
    path = Path(path)
    numbered = read_rows(path)
    return cut(path, numbered[0][1], numbered[1:])


def read_rows(path: Path) -> Rows:
    """Return the rows of a file that hold something, as texts, each with the number a spreadsheet shows."""
    check_file_there(path)
    readers = {".xlsx": _xlsx_rows, ".ods": _ods_rows}
    rows = enumerate(readers.get(path.suffix.lower(), _csv_rows)(path), start=1)
    numbered = [(number, row) for number, row in rows if any(row)]
    if not numbered:
        raise ResponsesError("le fichier ne contient rien.", where=path, remedy="Vérifier la première feuille.")
    return numbered


def check_file_there(path: Path) -> None:
    """Refuse a file that is absent or empty."""
    if not path.is_file():
        raise ResponsesError("le fichier est introuvable.", where=path, remedy="Vérifier son nom et son dossier.")
    if path.stat().st_size == 0:
        raise ResponsesError(
            "le fichier est vide (0 octet).", where=path, remedy="Refaire l’export ou l’enregistrement."
        )


def _header(path: Path, cells: list[str]) -> list[str]:
    cells = cells[: max((place for place, cell in enumerate(cells, start=1) if cell), default=0)]
    if "" in cells:
        raise ResponsesError(
            f"la cellule {cells.index('') + 1} de la ligne d’en-tête est vide ou fusionnée.",
            where=path,
            remedy="Défusionner : une cellule par colonne, chacune avec le nom de la question.",
        )
    repeated = sorted(cell for cell, times in Counter(cells).items() if times > 1)
    if repeated:
        names = ", ".join(f"« {cell} »" for cell in repeated)
        raise ResponsesError(f"colonne en double : {names}.", where=path, remedy="N’en garder qu’une de chaque nom.")
    return cells


def cut(path: Path, header: list[str], numbered: Rows) -> Answers:
    """Make the table; a row longer than the header is a problem, its extra cells are kept in the last one."""
    header = _header(path, header)
    if not numbered:
        advice = "Vérifier que c’est le bon fichier."
        raise ResponsesError("il n’y a que la ligne d’en-tête, aucune réponse.", where=path, remedy=advice)
    width, problems, table = len(header), [], []
    for number, row in numbered:
        if any(row[width:]):
            advice = "Vérifier les séparateurs et les guillemets de cette ligne."
            problems.append(Problem(path.name, "plus de cellules que l’en-tête", advice, row=number))
            row = [*row[: width - 1], " | ".join(row[width - 1 :])]
        table.append((row + [""] * width)[:width])
    index = pd.Index([number for number, _ in numbered], name="row")
    return Answers(path, pd.DataFrame(table, index=index, columns=header, dtype=str), tuple(problems))


def _csv_rows(path: Path) -> Iterator[list[str]]:
    content = path.read_bytes()
    if b"\0" in content:
        raise ResponsesError("ce n’est ni du CSV UTF-8, ni un classeur connu.", where=path, remedy=RESAVE)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    first = text.lstrip().split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=first.count)
    if not first.count(delimiter):
        raise ResponsesError(
            "aucun séparateur de colonnes reconnu dans la première ligne.",
            where=path,
            remedy="Les colonnes doivent être séparées par « ; », par « , » ou par une tabulation. " + RESAVE,
        )
    csv.field_size_limit(10_000_000)
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            yield [_unguarded(cell.strip()) for cell in row]
    except csv.Error as error:
        raise ResponsesError(f"le CSV est abîmé ({error}).", where=path, remedy=RESAVE) from None


def _xlsx_rows(path: Path) -> Iterator[list[str]]:
    """Read without formulas with calamine, ten times faster; with formulas, openpyxl, which gives them as written."""
    try:
        formulas = _look_over(path)
        rows = _openpyxl_rows(path) if formulas else _calamine_rows(path)
        yield from ([as_text(value) for value in row] for row in rows)
    except ResponsesError:
        raise
    except Exception:  # a damaged workbook makes its readers raise whatever they meet
        raise ResponsesError("ce n’est pas un classeur .xlsx lisible.", where=path, remedy=RESAVE) from None


def _look_over(path: Path) -> bool:
    """Return whether a sheet holds formulas; refuse broken XML and a cell very far from the others.

    On a tag that is never closed, or up to a lost cell past column ZZ or on a row with more digits than ten times the
    rows there are, a reader would go on for ever. The sheets are read by pieces: whole, they would fill the memory.
    """
    formulas = False
    with zipfile.ZipFile(path) as archive:
        for name in (one for one in archive.namelist() if one.startswith("xl/worksheets/sheet")):
            parser, rows = ParserCreate(), 0
            for piece in _pieces(archive, name):
                parser.Parse(piece[OVERLAP:])
                formulas, rows = formulas or b"<f" in piece, rows + piece.count(b"<row", OVERLAP - 3)
            parser.Parse(b"", True)
            digits = len(str(max(1000, 10 * rows)))
            far = re.compile(rb"\sr\s*=\s*[\"'](?:[A-Z]{3,}\d|[A-Z]*\d{%d})" % (digits + 1), re.IGNORECASE)
            if any(far.search(piece) for piece in _pieces(archive, name)):
                raise ResponsesError("une cellule est écrite très loin des autres.", where=path, remedy=RESAVE)
    return formulas


def _pieces(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """Yield a file by pieces, each after the last signs of the one before, so that no word is cut."""
    with archive.open(name) as file:
        last = b" " * OVERLAP
        while piece := file.read(PIECE):
            yield last + piece
            last = (last + piece)[-OVERLAP:]


def _check_xml(content: bytes) -> None:
    """Raise unless the XML is well formed: on a tag that is never closed, calamine reads an .ods for ever."""
    ParserCreate().Parse(content, True)


def _openpyxl_rows(path: Path) -> Iterator[tuple]:
    from openpyxl import load_workbook

    book = load_workbook(path, read_only=True, data_only=False)
    try:
        book.worksheets[0].reset_dimensions()
        yield from book.worksheets[0].iter_rows(values_only=True)
    finally:
        book.close()


def _calamine_rows(path: Path) -> Iterator[list]:
    from python_calamine import load_workbook

    sheet = load_workbook(path).get_sheet_by_index(0)
    aside = [""] * sheet.start[1] if sheet.start else []
    return (aside + row for row in sheet.iter_rows())


def _ods_rows(path: Path) -> Iterator[list[str]]:
    try:
        with zipfile.ZipFile(path) as archive:
            content = archive.read("content.xml")
        _check_xml(content)
        rows = _calamine_rows(path)
    except Exception:  # as above
        raise ResponsesError("ce n’est pas un classeur .ods lisible.", where=path, remedy=RESAVE) from None
    if b"table:formula=" in content:
        advice = "Copier les cellules, puis les recoller avec « collage spécial : valeurs »."
        raise ResponsesError("le classeur contient des formules, jamais évaluées.", where=path, remedy=advice)
    for row in rows:
        yield [as_text(value) for value in row]


def as_text(value: object) -> str:
    """Return a cell as a person would have typed it: 3.0 -> "3", a date in ISO form."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, date):
        return value.isoformat()
    return str(value).strip()


def _unguarded(cell: str) -> str:
    """Take off the apostrophe that `write_csv` put before a text that looks like a formula."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in FORMULA_STARTS and cell[1:] else cell


def write_csv(table: pd.DataFrame, path: Path, *, more: bool = False) -> Path:
    """Write a table for spreadsheets (`;`, UTF-8 with BOM), no text cell being taken for a formula.

    `more`: add its rows to those of the file.
    """

    def harmless(cell: object) -> object:
        risky = isinstance(cell, str) and cell.startswith(FORMULA_STARTS)
        return f"'{cell}" if risky and not cell.lstrip("+-").replace(",", ".").replace(".", "", 1).isdigit() else cell

    try:
        how = {"mode": "a", "header": False, "encoding": "utf-8"} if more else {"encoding": "utf-8-sig"}
        table.map(harmless).to_csv(path, sep=";", index=False, **how)
    except OSError as error:
        advice = "Choisir un dossier où l’on peut écrire, ou fermer le fichier s’il est ouvert."
        raise ResponsesError(f"impossible d’écrire ({system_reason(error)}).", where=path, remedy=advice) from None
    return path


def save_book(book: Workbook, path: Path) -> Path:
    """Save a workbook in which no text is a formula, whatever a label starts with."""
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    cell.data_type = "s"
    try:
        book.save(path)
    except OSError as error:
        raise ResponsesError(f"impossible d’écrire ({system_reason(error)}).", where=path) from None
    return path
