"""The bilan as a .docx to edit: real headings, alternatives on pictures, table headers, room for one's own words."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

from impact.bilan.contents import Bilan
from impact.errors import french
from impact.story import Section, Table

if TYPE_CHECKING:
    from docx.document import Document

OWN_WORDS = {
    "Ce que nous avons fait": "[Écrire ici : l’action, avec qui, pendant combien de temps, avec quels moyens.]",
    "Ce que nous en pensons": "[Écrire ici : ce qui nous surprend, ce qui manque, ce que disent les personnes.]",
    "Ce que nous allons faire": "[Écrire ici : ce que nous gardons, ce que nous changeons, ce que nous demandons.]",
}
ACCENT = "17497C"
FONT = "Arial"
SIZES = {"Normal": 11, "Heading 1": 22, "Heading 2": 15, "Heading 3": 12}
PICTURE_WIDTH = 11.5  # centimetres, so that the words drawn in a figure are read at 13 points


def to_docx(bilan: Bilan) -> bytes:
    """Return the .docx: the PDF's sentences in the same order, and three places to write; the same bytes each time."""
    import docx

    document = docx.Document()
    _set_up(document, bilan)
    document.add_paragraph(bilan.campaign)
    _line(document, bilan.name, "Heading1")
    document.add_paragraph(bilan.kind)
    if bilan.notice:
        document.add_paragraph().add_run(bilan.notice).bold = True
    _tell(document, bilan.essentials)
    for number, label in bilan.counts:
        line = document.add_paragraph()
        line.add_run(number).bold = True
        line.add_run(f" {label}")
    _own_words(document)
    for section in bilan.sections:
        _tell(document, section)
    document.save(written := io.BytesIO())
    return _undated(written)


def _undated(document: io.BytesIO) -> bytes:
    """Return the same archive without the time of its writing: the same bilan gives the same bytes."""
    undated = io.BytesIO()
    with zipfile.ZipFile(document) as dated, zipfile.ZipFile(undated, "w") as archive:
        for one in dated.infolist():
            kind = zipfile.ZIP_STORED if one.filename.endswith(".png") else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(one.filename), dated.read(one), kind)
    return undated.getvalue()


def _tell(document: Document, section: Section, level: int = 2) -> None:
    from docx.shared import Cm

    _line(document, section.title, f"Heading{level}")
    for one in section.statements:
        document.add_paragraph(one.text).paragraph_format.keep_with_next = one.figure is not None
        if one.figure:
            picture = document.add_picture(io.BytesIO(one.figure.png), width=Cm(PICTURE_WIDTH))
            picture._inline.docPr.set("descr", one.figure.title)
    for one in section.points:
        _line(document, f"{one.sign} {one.text}".strip(), "Normal" if one.sign else "ListBullet")
    for one in section.tables:
        _table(document, one)
    for one in section.parts:
        _tell(document, one, level + 1)


def _line(document: Document, words: str, style: str) -> None:
    """Add a line in a style told by its identifier: told by its name, all the styles would be read again each time."""
    document.add_paragraph(words)._p.style = style


def _table(document: Document, table: Table) -> None:
    from docx.oxml import OxmlElement
    from docx.shared import Pt

    lines = [[*table.cells.columns], *table.cells.values.tolist()]
    grid = document.add_table(len(lines), len(lines[0]), style="Table Grid")
    for cells, words in zip(grid.rows, lines, strict=True):
        for cell, text in zip(cells.cells, words, strict=True):
            run = cell.paragraphs[0].add_run(text)
            run.font.size, run.bold = Pt(8), words is lines[0]
    grid.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))  # read again on each page
    document.add_paragraph()


def _own_words(document: Document) -> None:
    _line(document, "Avec nos mots", "Heading2")
    for title, invitation in OWN_WORDS.items():
        _line(document, title, "Heading3")
        document.add_paragraph().add_run(french(invitation)).italic = True


def _set_up(document: Document, bilan: Bilan) -> None:
    """A4, French, one font, dark titles, the properties of the file, and a footer with the page's number."""
    from docx.oxml.ns import qn
    from docx.shared import Cm, Pt, RGBColor

    page = document.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.left_margin = page.right_margin = Cm(2)
    for name, size in SIZES.items():
        style = document.styles[name]
        style.font.name, style.font.size = FONT, Pt(size)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for script in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{script}"), None)
        if name != "Normal":
            style.font.color.rgb = RGBColor.from_string(ACCENT)
    document.styles.element.find(f".//{qn('w:lang')}").set(qn("w:val"), "fr-FR")
    about = document.core_properties
    about.title, about.author, about.language, about.comments = bilan.title, bilan.author, "fr-FR", ""
    footer = page.footer.paragraphs[0]
    footer.add_run(f"{bilan.footer} · page ").font.size = Pt(8)
    _field(footer, "PAGE")


def _field(paragraph, instruction: str) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), instruction)
    paragraph._p.append(field)
