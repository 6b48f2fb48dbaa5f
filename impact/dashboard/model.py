"""What the page shows, without any widget: the story of one cube, laid out in HTML."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from html import escape
from itertools import groupby
from pathlib import Path

import pandas as pd

from impact.cube import RESULTS, Figure, read_cube
from impact.errors import french
from impact.story import Section, Statement, Table, story

NOTHING = ""
FEW = 2  # statements: a table after more of them is folded, for who wants it
CHOOSE = "Choisir une question ci-dessus pour voir les résultats selon les réponses."
ONE_AT_A_TIME = "Les résultats selon les réponses à une question, une à la fois."
FILES = "Sous chaque figure : l’image (SVG, PNG) et ses chiffres (CSV). Pour refaire un calcul :"


class Dashboard:
    """One audience's page over its cube; nothing is computed here, only laid out. All methods return HTML."""

    def __init__(self, folder: str | Path):
        self.release, figures = read_cube(folder)
        self.context = self.release.context
        self.sections = story(self.release, figures)

    @property
    def picked(self) -> Section | None:
        """The section whose parts are seen one at a time, if there is one."""
        return next((section for section in self.sections if section.pick), None)

    @property
    def choices(self) -> list[tuple[str, str]]:
        """(label, name) of each part that may be picked, after « everyone together »."""
        parts = self.picked.parts if self.picked else ()
        return [("Tout le monde ensemble", NOTHING), *((part.title, part.name) for part in parts)]

    def header(self) -> str:
        """Who, what, and whether the data are fictitious."""
        badge = '<p class="fictif">Exemple : données fictives</p>' if self.context["fictif"] else ""
        sector = f" · {escape(self.context['sector'])}" if self.context["sector"] else ""
        return french(
            f"<header>{badge}<h1>{escape(self.context['association'])}</h1>"
            f'<p class="campagne">{escape(self.context["title"])}{sector}</p></header>'
        )

    def before(self) -> str:
        """The story up to what is picked; all of it where nothing is."""
        return _page(self.header() + self.contents() + "".join(map(section_html, self._around()[0])))

    def pick_title(self) -> str:
        """The title above the choice."""
        return _page(f"{_title(self.picked)}<p>{ONE_AT_A_TIME}</p>")

    def after(self) -> str:
        """The end of the story, then the file of all that was released."""
        link = _links([(RESULTS, "tous les résultats, une ligne chacun (CSV)")])
        files = f'<section class="fichiers"><h2 id="telecharger">Télécharger</h2><p>{FILES} {link}.</p></section>'
        return _page("".join(map(section_html, self._around()[1])) + french(files))

    def detail(self, name: str) -> str:
        """The part picked; an unknown one shows nothing."""
        part = next((part for part in self.picked.parts if part.name == name), None) if self.picked else None
        if part is None:
            return f"<p>{CHOOSE}</p>"
        return f'{_body(part)}<div class="cartes">{"".join(map(_card, part.parts))}</div>'

    def contents(self) -> str:
        """Links to each section."""
        places = [*((one.name, one.title) for one in self.sections), ("telecharger", "Télécharger")]
        links = "".join(f'<li><a href="#{name}">{escape(title)}</a></li>' for name, title in places)
        return f'<nav aria-label="Sur cette page"><ul class="sommaire">{links}</ul></nav>'

    def _around(self) -> tuple[tuple[Section, ...], tuple[Section, ...]]:
        place = next((place for place, one in enumerate(self.sections) if one.pick), len(self.sections))
        return self.sections[:place], self.sections[place + 1 :]


def section_html(section: Section) -> str:
    """Lay out one section of the story."""
    parts = "".join(map(_card, section.parts))
    return f'<section class="{section.name}">{_title(section)}{_body(section)}{parts}</section>'


def _page(content: str) -> str:
    return f'<div class="page">{content}</div>'


def _title(section: Section) -> str:
    return f'<h2 id="{section.name}" tabindex="-1">{escape(section.title)}</h2>'


def _card(part: Section) -> str:
    return f"<article><h3>{escape(part.title)}</h3>{_body(part)}</article>"


def _body(section: Section) -> str:
    said = "".join(
        f'<div class="figures">{"".join(_figure(one, one.figure) for one in together)}</div>'
        if drawn
        else "".join(f"<p>{escape(one.text)}</p>" for one in together)
        for drawn, together in groupby(section.statements, key=lambda one: one.figure is not None)
    )
    points = "".join(f"<li>{_sign(point.sign)}{escape(point.text)}</li>" for point in section.points)
    tables = "".join(_table(table, folded=len(section.statements) > FEW) for table in section.tables)
    return f"{said}{f'<ul>{points}</ul>' if points else ''}{tables}"


def _table(table: Table, *, folded: bool) -> str:
    cells = table_html(table.cells)
    return _folded(table.title, cells) if folded else f"<p><strong>{escape(table.title)}</strong></p>{cells}"


def _figure(statement: Statement, figure: Figure) -> str:
    """A figure, the sentence that says it, its table and its files."""
    data = base64.b64encode(figure.svg).decode()
    label, text = escape(figure.title), escape(statement.text)
    links = _links((f"{figure.name}.{kind}", kind.upper()) for kind in ("svg", "png", "csv"))
    inside = f'{table_html(figure.table)}<p class="fichiers">Télécharger : {links}</p>'
    return french(
        f'<figure role="figure" aria-label="{label}"><img alt="{label}" src="data:image/svg+xml;base64,{data}">'
        f"<figcaption>{text}</figcaption>{_folded('Les chiffres de cette figure', inside)}</figure>"
    )


def _links(files: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f'<a href="fichiers/{escape(name)}" download>{escape(words)}</a>' for name, words in files)


def _sign(sign: str) -> str:
    return f'<span aria-hidden="true" class="signe">{sign}</span> ' if sign else ""


def _folded(title: str, inside: str) -> str:
    return f"<details><summary>{escape(title)}</summary>{inside}</details>"


def table_html(table: pd.DataFrame) -> str:
    """A table whose first column heads the lines."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' if name else "<td></td>" for name in table.columns)
    rows = "".join(
        f'<tr><th scope="row">{escape(first)}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in cells)}</tr>'
        for first, *cells in table.itertuples(index=False, name=None)
    )
    body = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return f'<div class="defile" tabindex="0" role="group" aria-label="Tableau">{body}</div>'
