"""The panorama: from what is done to what it changes, cards in three columns joined by arrows; and shared criteria."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from impact.charts.canvas import (
    AFTER,
    BEFORE,
    GREY,
    INCH,
    INK,
    WHITE,
    Paper,
    canvas,
    drawn,
    folded,
    heading,
)
from impact.cube import Figure
from impact.disclosure import Release
from impact.errors import french
from impact.sentences import panorama as words

COLUMN, GAP, EDGE, PAD, BETWEEN = (inches * INCH for inches in (2.85, 0.62, 0.15, 0.1, 0.17))
LINE, SIGNS = 0.165 * INCH, 35  # height of a line and letters that fit in a card at 9.5 points
SIZE = 9.5
HEAD, FOOT = 0.85 * INCH, 0.75 * INCH
CORNER, TIP = 0.06 * INCH, 4.5
WIDE = 2 * EDGE + 3 * COLUMN + 2 * GAP
COLOURS = dict(zip(words.NATURES, (GREY, BEFORE, AFTER), strict=True))
KEY = "▼ effet négatif   ? effet inattendu   cadre en tirets : rien de souhaité n’y est attendu"
MARKS = 12  # structures that still can be counted by eye; more are told by the length of a bar
BESIDE = 2.09  # the width of a drawing beside that of its marks: words have the rest


@dataclass(frozen=True)
class _Card:
    """One criterion in one column: what is written in it, and where its frame stands (points, from the top left)."""

    code: str
    nature: str
    title: list[str]
    whom: list[str]
    indicators: list[str]
    usual: bool
    top: float

    @property
    def left(self) -> float:
        return EDGE + list(words.NATURES).index(self.nature) * (COLUMN + GAP)

    @property
    def height(self) -> float:
        return LINE * (len(self.title) + len(self.whom) + len(self.indicators)) + 2 * PAD

    @property
    def middle(self) -> float:
        return self.top + self.height / 2


def panorama(release: Release) -> Figure | None:
    """What an action changes, for whom, from activities to effects, drawn from the référentiel."""
    framework = release.context.get("framework")
    if not framework:
        return None
    placed = [card for nature, column in words.cards(framework).items() for card in _stack(nature, column)]
    paper = Paper(WIDE, max(card.top + card.height for card in placed) + FOOT)
    _write_around(paper, release)
    for start, end in _links(framework, placed):
        _arrow(paper, start, end)
    for card in placed:
        _draw(paper, card)
    title = f"Des activités aux effets, {framework['title']}"
    return drawn(paper, "panorama", title, words.sentence(framework), words.table(release))


def shared_criteria(release: Release) -> Figure | None:
    """How many structures have a criterion close to each common one: one mark a structure, no name, no rank."""
    framework = release.context.get("framework")
    if not framework or not framework["sharing"]:
        return None
    lines, structures = framework["sharing"], framework["structures"]
    title = "Critères que les structures partagent"
    paper = canvas(release, title, 0.56 * INCH * len(lines), foot=0.05 * INCH)
    shown, draw = (structures, _marks) if structures <= MARKS else (MARKS, _bar)
    paper.across, paper.down = (-0.4, shown * BESIDE - 0.4), (-0.85, len(lines) - 0.6)
    for place, one in enumerate(lines):
        heading(paper, folded(french(one["label"])), paper.y(place) - 8)
        draw(paper, paper.y(place), one["n"], structures)
        said = french(words.shared(one, framework))
        paper.write(paper.x(shown - 0.4), paper.y(place) + 3.3, said, size=SIZE, font="bold")
    table = words.sharing_table(framework)
    return drawn(paper, "criteres-partages", title, words.sharing_sentence(framework), table)


def _marks(paper: Paper, y: float, many: int, structures: int) -> None:
    for one in range(structures):
        look = {"shape": "square", "size": 9, "fill": AFTER} if one < many else {"shape": "round", "size": 7}
        paper.mark(paper.x(one), y, **look, **({} if one < many else {"fill": WHITE, "stroke": GREY}))


def _bar(paper: Paper, y: float, many: int, structures: int) -> None:
    left, right = paper.x(-0.4), paper.x(MARKS - 0.9)
    paper.box(left, y - 4, right, y + 4, fill=WHITE, stroke=GREY)
    paper.box(left, y - 4, left + (right - left) * many / structures, y + 4, fill=AFTER)


def _stack(nature: str, column: list[tuple[Mapping, list[Mapping]]]) -> Iterator[_Card]:
    """Lay the cards of one column under one another."""
    top = HEAD
    for criterion, indicators in column:
        usual = any(not words.kinds_of(one) for one in indicators)
        texts = [line for one in indicators for line in _indicator_lines(one)]
        title, whom = _wrapped(criterion["label"]), _wrapped(f"pour {criterion['for_whom']}")
        card = _Card(criterion["code"], nature, title, whom, texts, usual, top)
        top += card.height + BETWEEN
        yield card


def _indicator_lines(indicator: Mapping) -> list[str]:
    sign = ("▼" if not indicator["positive"] else "") + ("?" if not indicator["expected"] else "")
    return _wrapped(f"{sign or '•'} {indicator['label']}", hang="\u00a0\u00a0\u00a0")


def _wrapped(text: str, hang: str = "") -> list[str]:
    return textwrap.wrap(french(text), SIGNS, subsequent_indent=hang)


def _write_around(paper: Paper, release: Release) -> None:
    """The heads of the columns, the key, whose panorama it is."""
    about = release.context
    paper.write(EDGE, 17, french(about["framework"]["title"]), size=12, font="bold")
    for place, (nature, name) in enumerate(words.NATURES.items()):
        left = EDGE + place * (COLUMN + GAP)
        paper.write(left, HEAD - 0.22 * INCH - 2.6, name, font="bold", colour=COLOURS[nature])
        paper.line((left, HEAD - 0.14 * INCH), (left + COLUMN, HEAD - 0.14 * INCH), COLOURS[nature], 2.5)
    paper.write(EDGE, paper.height - 0.4 * INCH - 2.2, french(KEY), size=9)
    source = "Exemple : données fictives · " if about["fictif"] else ""
    whose = french(f"{source}{about['association']}")
    paper.write(EDGE, paper.height - 0.12 * INCH - 2, whose, size=8.5, colour=GREY)


def _draw(paper: Paper, card: _Card) -> None:
    look = {"stroke": COLOURS[card.nature], "fill": WHITE, "width": 1.4}
    place = (card.left, card.top, card.left + COLUMN, card.top + card.height)
    paper.box(*place, corner=CORNER, dash=() if card.usual else (5.2, 2.2), **look)
    baseline = card.top + PAD + LINE - 0.035 * INCH - 2.2
    styles = ((card.title, {"font": "bold"}), (card.whom, {"font": "italic", "colour": GREY}), (card.indicators, {}))
    for lines, style in styles:
        for line in lines:
            paper.write(card.left + PAD, baseline, line, size=SIZE, **style)
            baseline += LINE


def _links(framework: Mapping, placed: list[_Card]) -> Iterator[tuple[_Card, _Card]]:
    """A criterion leads to itself from one column to the next, then to the criteria it names."""
    by_code: dict[str, list[_Card]] = {}
    for card in placed:
        by_code.setdefault(card.code, []).append(card)
    for criterion in framework["criteria"]:
        own = by_code[criterion["code"]]
        yield from pairwise(own)
        for code in criterion["leads_to"]:
            yield own[-1], by_code[code][0]


def _arrow(paper: Paper, start: _Card, end: _Card) -> None:
    """A curve from the side of a card to the side of another; in one column, a loop beside it."""
    way = 0.75 * GAP
    if start.left == end.left:
        last = start.nature == list(words.NATURES)[-1]
        side, way = (start.left, -way) if last else (start.left + COLUMN, way)
        points = [(side, start.middle), (side + way, start.middle), (side + way, end.middle), (side, end.middle)]
        towards = -1 if way > 0 else 1
    else:
        way = way if start.left < end.left else -way
        out, into = (start.left + COLUMN, end.left) if way > 0 else (start.left, end.left + COLUMN)
        points = [(out, start.middle), (out + way, start.middle), (into - way, end.middle), (into, end.middle)]
        towards = 1 if way > 0 else -1
    (tip, y), neck = points[-1], points[-1][0] - TIP * towards
    paper.trace([("M", points[0]), ("C", points[1], points[2], (neck, y))], stroke=INK, width=1.1)
    paper.polygon([(tip, y), (neck, y - TIP / 2), (neck, y + TIP / 2)], fill=INK)
