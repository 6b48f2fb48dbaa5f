"""The one visual identity: paper, inks, marks, and how a drawing becomes the files of a Figure."""

from __future__ import annotations

import io
import textwrap
from contextlib import AbstractContextManager
from functools import cache

import matplotlib as mpl
import pandas as pd
import seaborn as sns
import typst
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import MaxNLocator

from impact.cube import Figure
from impact.disclosure import Release
from impact.errors import french
from impact.reading import scale_context
from impact.wording import number

INK, GREY, BEFORE, AFTER, PALE = "#1b1b2f", "#595959", "#8a5a00", "#17497c", "#dbe6f2"  # 4.5:1 on paper, but PALE
WIDTH, SIDE, FOOT = 3.6, 0.12, 0.5  # inches: 320 px wide on a phone, text of 11 pt stays readable
SOURCE, TITLE_LINE, TITLE_SIGNS = 0.24, 0.19, 38
PIXELS = 200  # an inch, for a slide or a text processor
PAGE = b'#set page(width: auto, height: auto, margin: 0pt)\n#image(bytes(sys.inputs.svg), format: "svg")'
STYLE = {
    "font.family": "DejaVu Sans", "font.size": 11, "axes.edgecolor": "#929292", "text.color": INK,
    "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK, "svg.fonttype": "path", "svg.hashsalt": "impact",
    "axes.labelsize": 10, "xtick.labelsize": 10, "axes.spines.top": False, "axes.spines.right": False,
    "axes.spines.left": False, "hatch.linewidth": 0.8,
}  # fmt: skip
INSUFFICIENT = "effectif insuffisant\u00a0: ne pas conclure"
HOLLOW = {"marker": "o", "ms": 10, "mfc": "white", "mec": BEFORE, "mew": 2.4, "ls": ""}  # before
FULL = {"marker": "s", "ms": 9, "color": AFTER, "mec": "white", "ls": ""}  # after, here
WHOLE_MARK = {"marker": "D", "ms": 8, "color": BEFORE, "mec": "white", "ls": ""}
EXPECTED = {"marker": "D", "ms": 8, "color": GREY, "mfc": "white", "mec": GREY, "mew": 1.8, "ls": ""}  # of another one


def identity() -> AbstractContextManager:
    """Everything drawn inside wears the identity; nothing outside is changed."""
    return mpl.rc_context({**sns.axes_style("ticks"), **sns.plotting_context("notebook"), **STYLE})


def canvas(release: Release, title: str, rows: float, *, foot: float = FOOT, key: float = 0) -> tuple[Canvas, Axes]:
    """Return a titled drawing: `rows` inches high between a `key` and an axis (`foot`), then whose figures these are.

    A figure leaves the page alone: the association and « données fictives » go with it.
    """
    about, lines = release.context, folded(french(title), TITLE_SIGNS)
    above, below = TITLE_LINE * len(lines) + 0.14 + key, foot + SOURCE
    height = above + rows + below
    paper = Canvas(figsize=(WIDTH, height))
    left = SIDE / WIDTH
    paper.text(left, 1 - 0.06 / height, "\n".join(lines), va="top", fontweight="bold", linespacing=1.15)
    source = french("Exemple : données fictives · " if about["fictif"] else "") + about["association"]
    paper.text(left, 0.06 / height, source, va="bottom", fontsize=8.5, color=GREY)
    axes = paper.add_axes((left, below / height, 1 - 2 * left, rows / height))
    axes.set(yticks=[])
    return paper, axes


def bare(axes: Axes) -> None:
    """Leave out the axis: values are written beside the marks."""
    axes.set(xticks=[], yticks=[])
    axes.spines["bottom"].set_visible(False)


def points_axis(axes: Axes, reach: float) -> None:
    """An axis of changes, symmetrical around none."""
    axes.set_xlim(-1.15 * reach, 1.15 * reach)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(lambda value, _: number(value, sign=True).replace(",0", ""))
    axes.set_xlabel("évolution, en points (0\u00a0: aucune)")


def score_axis(axes: Axes, about: dict) -> None:
    """The whole range of a scale, and its sense."""
    margin = 0.06 * (about["high"] - about["low"])
    axes.set_xlim(about["low"] - margin, about["high"] + margin)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True, steps=[1, 2, 5, 10]))
    sense = "mieux" if about["higher_is_better"] else "moins bien"
    axes.set_xlabel(french(f"score, de {about['low']:g} à {about['high']:g} (haut : {sense})"))
    axes.grid(axis="x", color="#dddddd", linewidth=0.8)


def span(release: Release, scale: str) -> float:
    """Return the length of a scale's range."""
    about = scale_context(release, scale)
    return about["high"] - about["low"]


def heading(axes: Axes, words: str, place: float, rise: float, **style: object) -> None:
    """Write words at the left of a line, `rise` points above it."""
    axes.annotate(words, (0, place), (0, rise), ("axes fraction", "data"), "offset points", **style)


def folded(words: str, width: int = 42) -> list[str]:
    """Cut long words into lines that fit the drawing."""
    return textwrap.wrap(words, width) or [""]


def drawn(paper: Canvas, name: str, title: str, sentence: str, table: pd.DataFrame) -> Figure:
    """Return the drawing as a Figure: the same bytes each time."""
    paper.savefig(buffer := io.BytesIO(), format="svg", metadata={"Date": None}, facecolor="white")
    svg = buffer.getvalue()
    return Figure(name, french(title), sentence, table, svg, as_png(svg))


def as_png(svg: bytes) -> bytes:
    """Return a drawing as pixels; typst does it three times faster than drawing again."""
    return _printer().compile(PAGE, format="png", ppi=PIXELS, sys_inputs={"svg": svg.decode()})


@cache
def _printer() -> typst.Compiler:
    return typst.Compiler(ignore_system_fonts=True)
