"""Drawings of the activity, in the project's identity, as SVG: values are written as the documents write them."""

from __future__ import annotations

import io
import textwrap

import matplotlib as mpl
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from impact.activity.tables import DATE, as_written, doubtful
from impact.charts.canvas import AFTER, BEFORE, INK
from impact.errors import french

WIDTH = 3.6  # inches
STYLE = {
    "font.family": "DejaVu Sans", "font.size": 11, "axes.edgecolor": "#929292", "text.color": INK,
    "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK, "svg.fonttype": "path", "svg.hashsalt": "impact",
    "axes.labelsize": 10, "xtick.labelsize": 10, "axes.spines.top": False, "axes.spines.right": False,
    "axes.spines.left": False, "hatch.linewidth": 0.8,
}  # fmt: skip
IDENTITY = {**sns.axes_style("ticks"), **sns.plotting_context("notebook"), **STYLE}
YEARS = (2009.9, 2016.1)  # the same years on every drawing, with room for the words
SURE = {"color": AFTER}
DOUBTFUL = {"color": BEFORE, "linestyle": "--", "markerfacecolor": "white", "markeredgecolor": BEFORE, "mew": 2}
OVER = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}  # words stay readable over a line
ABOVE, BESIDE = ({"xytext": place, "textcoords": "offset points"} for place in ((0, 9), (8, 0)))


@mpl.rc_context(IDENTITY)
def evolution(rows: pd.DataFrame) -> bytes:
    """Draw one indicator over the years, from zero; dashed and hollow where the documents contradict one another."""
    canvas, axes = _canvas(1.5)
    style = DOUBTFUL if doubtful(rows) else SURE
    sns.lineplot(rows, x="annee", y="valeur", marker="o", markersize=8, ax=axes, **style)
    words = {"ha": "center", "fontweight": "bold", "fontsize": 10, "bbox": OVER}
    for one in rows.itertuples():
        axes.annotate(textwrap.fill(as_written(one), 11), (one.annee, one.valeur), **ABOVE, **words)
    axes.set(xlim=YEARS, ylim=(0, 1.6 * rows["valeur"].max()), xlabel="", ylabel="")
    axes.set(xticks=sorted(set(rows["annee"])), yticks=[])
    return _svg(canvas)


@mpl.rc_context(IDENTITY)
def side_by_side(rows: pd.DataFrame, labels: list[str]) -> bytes:
    """Draw figures of one unit, a line each under its label; amounts start at zero, dates are points."""
    canvas, axes = _canvas(0.6 * len(rows) + 0.1)
    dates = rows["unite"].iloc[0] == DATE
    start = rows["valeur"].min() - 1 if dates else 0
    axes.hlines(range(len(rows)), start, rows["valeur"], color=BEFORE, linewidth=0 if dates else 1.5)
    sns.scatterplot(x=rows["valeur"], y=range(len(rows)), color=BEFORE, s=70, ax=axes)
    for place, (label, one) in enumerate(zip(labels, rows.itertuples(), strict=True)):
        axes.annotate(label, (start, place), **ABOVE, fontsize=10)
        axes.annotate(as_written(one), (one.valeur, place), **BESIDE, va="center", fontweight="bold")
    end = start + 1.7 * (rows["valeur"].max() - start)
    axes.set(xlim=(start, end), xlabel="", ylabel="")
    return _lines_only(canvas, axes, len(rows))


@mpl.rc_context(IDENTITY)
def counted_and_said(table: pd.DataFrame) -> bytes:
    """Draw the table of `natures`: a full bar for what is counted, hatched for what is only said."""
    canvas, axes = _canvas(0.58 * len(table))
    for place, row in enumerate(table.itertuples()):
        axes.barh(place, row.chiffres, color=AFTER, height=0.34)
        if row.sans_chiffre:
            hatched = {"color": "white", "edgecolor": BEFORE, "hatch": "///"}
            axes.barh(place, row.sans_chiffre, left=row.chiffres, height=0.34, **hatched)
        said = f", {row.sans_chiffre} sans chiffre" if row.sans_chiffre else ""
        axes.annotate(french(f"{row.Index} : {row.chiffres} chiffres{said}"), (0, place), **ABOVE)
    return _lines_only(canvas, axes, len(table))


def _canvas(height: float) -> tuple[Figure, Axes]:
    canvas = Figure(figsize=(WIDTH, height), layout="constrained")
    return canvas, canvas.subplots()


def _lines_only(canvas: Figure, axes: Axes, lines: int) -> bytes:
    """Leave out the axes, first line at the top: values are written beside the marks."""
    axes.set(ylim=(lines - 0.7, -0.8), yticks=[], xticks=[])
    axes.spines["bottom"].set_visible(False)
    return _svg(canvas)


def _svg(canvas: Figure) -> bytes:
    canvas.savefig(buffer := io.BytesIO(), format="svg", metadata={"Date": None})
    return buffer.getvalue()
