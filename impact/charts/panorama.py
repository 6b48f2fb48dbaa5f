"""The panorama: from what is done to what it changes, cards in three columns joined by arrows; and shared criteria."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path as Outline

from impact import panorama as words
from impact.charts.canvas import AFTER, BEFORE, GREY, INK, bare, canvas, drawn, folded, heading
from impact.cube import Figure
from impact.disclosure import Release
from impact.errors import french

COLUMN, GAP, EDGE, PAD, BETWEEN = 2.85, 0.62, 0.15, 0.1, 0.17  # inches
LINE, SIGNS = 0.165, 35  # height of a line and letters that fit in a card at 9.5 points
HEAD, FOOT = 0.85, 0.75
WIDE = 2 * EDGE + 3 * COLUMN + 2 * GAP
COLOURS = dict(zip(words.NATURES, (GREY, BEFORE, AFTER), strict=True))
KEY = "▼ effet négatif   ? effet inattendu   cadre en tirets : rien de souhaité n’y est attendu"


@dataclass(frozen=True)
class _Card:
    """One criterion in one column: what is written in it, and where its frame stands (inches, from the top left)."""

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
    height = max(card.top + card.height for card in placed) + FOOT
    paper = Canvas(figsize=(WIDE, height))
    axes = paper.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, WIDE), ylim=(height, 0))
    axes.axis("off")
    _write_around(axes, release, height)
    for card in placed:
        _draw(axes, card)
    for start, end in _links(framework, placed):
        _arrow(axes, start, end)
    title = f"Des activités aux effets, {framework['title']}"
    return drawn(paper, "panorama", title, words.sentence(framework), words.table(release))


def shared_criteria(release: Release) -> Figure | None:
    """How many structures have a criterion close to each common one: one mark a structure, no name, no rank."""
    framework = release.context.get("framework")
    if not framework or not framework["sharing"]:
        return None
    lines, structures = framework["sharing"], framework["structures"]
    title = "Critères que les structures partagent"
    paper, axes = canvas(release, title, 0.56 * len(lines), foot=0.05)
    for place, one in enumerate(lines):
        heading(axes, "\n".join(folded(french(one["label"]))), place, 8)
        axes.plot(range(one["n"]), [place] * one["n"], "s", ms=8, color=AFTER)
        axes.plot(range(one["n"], structures), [place] * (structures - one["n"]), "o", ms=7, mfc="white", mec=GREY)
        said = french(words.shared(one, framework))
        axes.annotate(said, (structures - 0.4, place), va="center", fontsize=9.5, fontweight="bold")
    axes.set(xlim=(-0.4, structures + 7.2), ylim=(len(lines) - 0.6, -0.85))
    bare(axes)
    return drawn(paper, "criteres-partages", title, words.sharing_sentence(framework), words.sharing_table(framework))


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
    return _wrapped(f"{sign or '•'} {indicator['label']}", hang="   ")


def _wrapped(text: str, hang: str = "") -> list[str]:
    return textwrap.wrap(french(text), SIGNS, subsequent_indent=hang)


def _write_around(axes: Axes, release: Release, height: float) -> None:
    """The heads of the columns, the key, whose panorama it is."""
    about = release.context
    axes.text(EDGE, 0.1, french(about["framework"]["title"]), va="top", fontsize=12, fontweight="bold")
    for place, (nature, name) in enumerate(words.NATURES.items()):
        left = EDGE + place * (COLUMN + GAP)
        axes.text(left, HEAD - 0.22, name, fontsize=11, fontweight="bold", color=COLOURS[nature], va="bottom")
        axes.plot([left, left + COLUMN], [HEAD - 0.14] * 2, color=COLOURS[nature], linewidth=2.5)
    axes.text(EDGE, height - 0.4, french(KEY), fontsize=9, va="bottom")
    source = "Exemple : données fictives · " if about["fictif"] else ""
    axes.text(EDGE, height - 0.12, french(f"{source}{about['association']}"), fontsize=8.5, color=GREY, va="bottom")


def _draw(axes: Axes, card: _Card) -> None:
    look = {"edgecolor": COLOURS[card.nature], "facecolor": "white", "linewidth": 1.4}
    frame = FancyBboxPatch(
        (card.left, card.top), COLUMN, card.height, boxstyle="round,pad=0,rounding_size=0.06", **look
    )
    frame.set_linestyle("-" if card.usual else "--")
    axes.add_patch(frame)
    place = card.top + PAD + LINE
    styles = (
        (card.title, {"fontweight": "bold"}),
        (card.whom, {"style": "italic", "color": GREY}),
        (card.indicators, {}),
    )
    for lines, style in styles:
        for line in lines:
            axes.text(card.left + PAD, place - 0.035, line, fontsize=9.5, va="bottom", **style)
            place += LINE


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


def _arrow(axes: Axes, start: _Card, end: _Card) -> None:
    """A curve from the side of a card to the side of another; in one column, a loop beside it."""
    way = 0.75 * GAP
    if start.left == end.left:
        last = start.nature == list(words.NATURES)[-1]
        side, way = (start.left, -way) if last else (start.left + COLUMN, way)
        points = [(side, start.middle), (side + way, start.middle), (side + way, end.middle), (side, end.middle)]
    else:
        way = way if start.left < end.left else -way
        out, into = (start.left + COLUMN, end.left) if way > 0 else (start.left, end.left + COLUMN)
        points = [(out, start.middle), (out + way, start.middle), (into - way, end.middle), (into, end.middle)]
    path = Outline(points, [Outline.MOVETO, Outline.CURVE4, Outline.CURVE4, Outline.CURVE4])
    look = {"arrowstyle": "-|>,head_length=5,head_width=2.5", "color": INK, "linewidth": 1.1, "zorder": 0}
    axes.add_patch(FancyArrowPatch(path=path, **look))
