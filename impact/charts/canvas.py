"""The one visual identity: paper, inks, marks, axes; and how a drawing becomes a Figure."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Sequence

import pandas as pd

from impact.charts.svg import INK, Paper
from impact.cube import Figure
from impact.disclosure import Release
from impact.errors import french
from impact.sentences.reading import scale_context
from impact.wording import number

GREY, BEFORE, AFTER, PALE = "#595959", "#8a5a00", "#17497c", "#dbe6f2"  # 4.5:1 on paper, but PALE
WHITE, LINE, GRID = "#ffffff", "#929292", "#dddddd"
INCH = 72.0  # points
WIDTH, SIDE, FOOT = 3.6 * INCH, 0.12 * INCH, 0.5 * INCH  # 320 px wide on a phone: text of 11 points stays readable
SOURCE, TITLE_LINE, TITLE_SIGNS = 0.24 * INCH, 0.19 * INCH, 38
INSUFFICIENT = "effectif insuffisant\u00a0: ne pas conclure"
HOLLOW = {"shape": "round", "size": 10, "fill": WHITE, "stroke": BEFORE, "width": 2.4}  # before
FULL = {"shape": "square", "size": 9, "fill": AFTER, "stroke": WHITE}  # after, here
WHOLE_MARK = {"shape": "diamond", "size": 8, "fill": BEFORE, "stroke": WHITE}
EXPECTED = {"shape": "diamond", "size": 8, "fill": WHITE, "stroke": GREY, "width": 1.8}  # of another one


def canvas(release: Release, title: str, rows: float, *, foot: float = FOOT, key: float = 0) -> Paper:
    """Return a titled drawing: `rows` points high between a `key` and an axis (`foot`), then whose figures these are.

    A figure leaves the page alone: the association and « données fictives » go with it.
    """
    about, lines = release.context, folded(french(title), TITLE_SIGNS)
    above, below = TITLE_LINE * len(lines) + 10 + key, foot + SOURCE
    paper = Paper(WIDTH, above + rows + below, (SIDE, above, WIDTH - 2 * SIDE, rows))
    for place, line in enumerate(lines):
        paper.write(SIDE, 13.7 + 12.6 * place, line, font="bold")
    source = french("Exemple : données fictives · " if about["fictif"] else "") + about["association"]
    paper.write(SIDE, paper.height - 6.4, source, size=8.5, colour=GREY)
    return paper


def points_axis(paper: Paper) -> None:
    """An axis of changes, symmetrical around none."""
    marks = [(value, number(value, sign=True).replace(",0", "")) for value in ticks(*paper.across, 5)]
    _axis(paper, marks, "évolution, en points (0\u00a0: aucune)")


def score_axis(paper: Paper, about: dict) -> None:
    """The whole range of a scale, and its sense: drawn first, under the marks."""
    margin = 0.06 * (about["high"] - about["low"])
    paper.across = (about["low"] - margin, about["high"] + margin)
    _, top, _, height = paper.frame
    values = ticks(*paper.across, 6, least=1)
    for value in values:
        paper.line((paper.x(value), top), (paper.x(value), top + height), GRID, 0.8)
    sense = "mieux" if about["higher_is_better"] else "moins bien"
    words = french(f"score, de {about['low']:g} à {about['high']:g} (haut : {sense})")
    _axis(paper, [(value, f"{value:g}") for value in values], words)


def _axis(paper: Paper, marks: Iterable[tuple[float, str]], words: str) -> None:
    left, top, width, height = paper.frame
    bottom = top + height
    with paper.together("axe"):
        paper.line((left, bottom), (left + width, bottom), LINE, 1.25)
        for value, label in marks:
            paper.line((paper.x(value), bottom), (paper.x(value), bottom + 6), INK, 1.25)
            paper.write(paper.x(value), bottom + 17.1, label, size=10, align="center")
        paper.write(left + width / 2, bottom + 31.5, words, size=10, align="center")


def ticks(low: float, high: float, most: int, *, least: float = 0) -> list[float]:
    """Return round values between two others, at most `most` steps apart: 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    step = next(one * power for one in (1, 2, 5, 10, 20) if one * power * most >= high - low and one * power >= least)
    return [step * place for place in range(math.ceil(low / step), math.floor(high / step) + 1)]


def span(release: Release, scale: str) -> float:
    """Return the length of a scale's range."""
    about = scale_context(release, scale)
    return about["high"] - about["low"]


def heading(paper: Paper, lines: Sequence[str], y: float, size: float = 11, **style: object) -> None:
    """Write lines at the left of the frame, the last one on the baseline `y`."""
    for place, line in enumerate(reversed(lines)):
        paper.write(paper.frame[0], y - 1.2 * size * place, line, size=size, **style)


def folded(words: str, width: int = 42) -> list[str]:
    """Cut long words into lines that fit the drawing."""
    return textwrap.wrap(words, width) or [""]


def drawn(paper: Paper, name: str, title: str, sentence: str, table: pd.DataFrame) -> Figure:
    """Return the drawing as a Figure: the same bytes each time."""
    return Figure(name, french(title), sentence, table, paper.svg(french(title)))
