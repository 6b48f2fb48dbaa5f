"""The one visual identity: paper, inks, marks, and how a drawing becomes the files of a Figure."""

from __future__ import annotations

import io
import textwrap
from contextlib import AbstractContextManager

import matplotlib as mpl
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import MaxNLocator

from impact.cube import Figure
from impact.errors import french
from impact.reading import scale_context
from impact.wording import number

INK, GREY, BEFORE, AFTER, PALE = "#1b1b2f", "#595959", "#8a5a00", "#17497c", "#dbe6f2"  # 4.5:1 on paper, but PALE
WIDTH, SIDE, FOOT = 3.6, 0.12, 0.5  # inches: 320 px wide on a phone, text of 11 pt stays readable
PIXELS = 200  # an inch, for a slide or a text processor
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


def identity() -> AbstractContextManager:
    """Everything drawn inside wears the identity; nothing outside is changed."""
    return mpl.rc_context({**sns.axes_style("ticks"), **sns.plotting_context("notebook"), **STYLE})


def canvas(rows: float, *, foot: float = FOOT, top: float = 0.05) -> tuple[Canvas, Axes]:
    """Return an empty drawing `rows` inches high above a foot, in inches too, for its axis."""
    height = rows + foot + top
    paper = Canvas(figsize=(WIDTH, height))
    place = (SIDE / WIDTH, foot / height, 1 - 2 * SIDE / WIDTH, rows / height)
    axes = paper.add_axes(place)
    axes.set(yticks=[])
    return paper, axes


def bare(axes: Axes) -> None:
    """Leave out the axis: values are written beside the marks."""
    axes.set(xticks=[], yticks=[])
    axes.spines["bottom"].set_visible(False)


def points_axis(axes: Axes, reach: float) -> None:
    """An axis of changes, symmetrical, around a dotted line that says no change."""
    axes.axvline(0, color=INK, linewidth=1, linestyle=":", zorder=0)
    axes.set_xlim(-1.15 * reach, 1.15 * reach)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(lambda value, _: number(value, sign=True))
    axes.set_xlabel("évolution, en points (0\u00a0: aucune)")


def score_axis(axes: Axes, about: dict) -> None:
    """The whole range of a scale, and its sense."""
    margin = 0.06 * (about["high"] - about["low"])
    axes.set_xlim(about["low"] - margin, about["high"] + margin)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True, steps=[1, 2, 5, 10]))
    sense = "mieux" if about["higher_is_better"] else "moins bien"
    axes.set_xlabel(french(f"score, de {about['low']:g} à {about['high']:g} (haut : {sense})"))
    axes.grid(axis="x", color="#dddddd", linewidth=0.8)


def span(release, scale: str) -> float:
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
    files = {}
    for kind, options in (("svg", {"metadata": {"Date": None}}), ("png", {"dpi": PIXELS, "metadata": {}})):
        paper.savefig(buffer := io.BytesIO(), format=kind, facecolor="white", **options)
        files[kind] = buffer.getvalue()
    return Figure(name, french(title), sentence, table, **files)
