"""The bilan as an accessible PDF (PDF/UA-1): tagged, in French, every figure with its alternative."""

from __future__ import annotations

import json
from functools import cache
from itertools import groupby
from pathlib import Path

from impact.bilan.contents import Bilan
from impact.charts.svg import FONTS
from impact.story import Section, Statement

TEMPLATE = Path(__file__).with_name("bilan.typ")


def to_pdf(bilan: Bilan) -> bytes:
    """Return the PDF; the same bilan gives the same bytes."""
    data = {
        "title": bilan.title,
        "author": bilan.author,
        "over": bilan.campaign,
        "name": bilan.name,
        "under": bilan.kind,
        "notice": bilan.notice,
        "footer": bilan.footer,
        "counts": bilan.counts,
        "essentials": _section(bilan.essentials),
        "sections": [_section(one) for one in bilan.sections],
    }
    given = {"data": json.dumps(data)}
    return _printer().compile(str(TEMPLATE), format="pdf", sys_inputs=given, pdf_standards="ua-1", timestamp=0)


@cache
def _printer():
    import typst

    # the figures' own fonts, wherever it is printed; a template may be outside the folder one works in
    return typst.Compiler(root=str(TEMPLATE.parent), font_paths=[str(FONTS)], ignore_system_fonts=True)


def _section(section: Section) -> dict:
    """A section as the template reads it: statements in rows, with figures or without."""
    rows = [list(row) for _, row in groupby(section.statements, lambda one: one.figure is not None)]
    return {
        "title": section.title,
        "beside": section.name == "methode",
        "statements": [[_statement(one) for one in row] for row in rows],
        "points": [{"text": one.text, "sign": one.sign} for one in section.points],
        "tables": [{"columns": [*one.cells.columns], "rows": one.cells.values.tolist()} for one in section.tables],
        "parts": [_section(one) for one in section.parts],
    }


def _statement(one: Statement) -> dict:
    drawing = {"svg": one.figure.svg.decode(), "alternative": one.figure.title} if one.figure else {}
    return {"text": one.text, **drawing}
