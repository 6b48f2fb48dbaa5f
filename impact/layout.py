"""The page of one audience, laid out in HTML once, at publication: the story of its release, with its figures."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from html import escape
from itertools import groupby

import pandas as pd

from impact.bilan import FILES as BILANS
from impact.cube import RESULTS, Figure
from impact.disclosure import LEAD, Release
from impact.errors import french
from impact.page import NOTHING, Page
from impact.story import Section, Statement, Table, story

SIZE = re.compile(rb'width="([\d.]+)pt" height="([\d.]+)pt"')
FEW = 2  # statements: a table after more of them is folded, for who wants it
EVERYONE = "Tout le monde ensemble"
CHOOSE = "Choisir une question ci-dessus pour voir les résultats selon les réponses."
ONE_AT_A_TIME = "Les résultats selon les réponses à une question, une à la fois."
FILES = "Sous chaque figure : l’image (SVG, PNG) et ses chiffres (CSV). Pour refaire un calcul :"
BILAN = "Un bilan de quelques pages, pour vos partenaires :"
BILAN_FILES = tuple(zip(BILANS, ("à imprimer (PDF)", "à compléter avec vos mots (.docx)"), strict=True))


def lay_out(release: Release, figures: Mapping[str, Figure]) -> Page:
    """Return the page of a release and its figures; nothing is computed here, only laid out."""
    sections = story(release, figures)
    place = next((place for place, one in enumerate(sections) if one.pick), len(sections))
    picked = sections[place] if place < len(sections) else None
    places = [*((one.name, one.title) for one in sections), ("telecharger", "Télécharger")]
    pick = f"{_title(picked)}<p>{ONE_AT_A_TIME}</p>" if picked else ""
    return Page(
        title=french(f"{release.context['association']} : résultats"),
        before=_page(header(release.context) + contents(places) + "".join(map(section_html, sections[:place]))),
        after=_page("".join(map(section_html, sections[place + 1 :])) + _files(release)),
        pick=pick,
        choices=((EVERYONE, NOTHING), *((part.title, part.name) for part in picked.parts)) if picked else (),
        details={NOTHING: f"<p>{CHOOSE}</p>"} | {part.name: _detail(part) for part in picked.parts} if picked else {},
    )


def header(context: Mapping) -> str:
    """Who, what, and whether the data are fictitious."""
    badge = '<p class="fictif">Exemple : données fictives</p>' if context["fictif"] else ""
    sector = f" · {escape(context['sector'])}" if context["sector"] else ""
    return french(
        f"<header>{badge}<h1>{escape(context['association'])}</h1>"
        f'<p class="campagne">{escape(context["title"])}{sector}</p></header>'
    )


def _files(release: Release) -> str:
    """The bilan, and the file of all that was released."""
    link = _links([(RESULTS, "tous les résultats, une ligne chacun (CSV)")])
    told = "" if release.audience == LEAD else f"<p>{BILAN} {_links(BILAN_FILES)}.</p>"
    return french(
        f'<section class="fichiers"><h2 id="telecharger">Télécharger</h2>{told}<p>{FILES} {link}.</p></section>'
    )


def contents(places: Iterable[tuple[str, str]]) -> str:
    """Links to each section, by name and title."""
    links = "".join(f'<li><a href="#{name}">{escape(title)}</a></li>' for name, title in places)
    return f'<nav aria-label="Sur cette page"><ul class="sommaire">{links}</ul></nav>'


def _detail(part: Section) -> str:
    """What is shown of a part that is picked."""
    return f'{_body(part)}<div class="cartes">{"".join(map(_card, part.parts))}</div>'


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
    label, text = escape(figure.title), escape(statement.text)
    links = _links((f"{figure.name}.{kind}", kind.upper()) for kind in ("svg", "png", "csv"))
    inside = f'{table_html(figure.table)}<p class="fichiers">Télécharger : {links}</p>'
    return french(
        f'<figure role="figure" aria-label="{label}">{_image(figure)}'
        f"<figcaption>{text}</figcaption>{_folded('Les chiffres de cette figure', inside)}</figure>"
    )


def _image(figure: Figure) -> str:
    """The drawing, read when it comes near the screen, its place kept: the first figures are seen before the last."""
    width, height = (round(float(points) * 4 / 3) for points in SIZE.search(figure.svg).groups())
    data = base64.b64encode(figure.svg).decode()
    place = f'loading="lazy" width="{width}" height="{height}"'
    return f'<img {place} alt="{escape(figure.title)}" src="data:image/svg+xml;base64,{data}">'


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
