"""Figures of scores: before and after, on the whole range of their scale; everyone, then category by category."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from impact import sentences, tables
from impact.charts.canvas import (
    AFTER,
    BEFORE,
    FULL,
    GREY,
    HOLLOW,
    INK,
    INSUFFICIENT,
    canvas,
    drawn,
    folded,
    heading,
    score_axis,
    span,
)
from impact.cube import Figure
from impact.disclosure import Release
from impact.errors import french
from impact.reading import MEANS, first_and_last, scale_context, shown
from impact.wording import number

KEY = 0.32  # inches: what the two marks mean


def before_after(release: Release, scale: str) -> Figure | None:
    """The mean before, a hollow round, and after, a full square."""
    rows = [(tables.LABELS[name], release.row(name, scale=scale)) for name in MEANS]
    if not all(shown(row) for _, row in rows):
        return None
    about = scale_context(release, scale)
    title = f"{about['label']} : score moyen"
    paper, axes = canvas(release, title, 0.68)
    before, after = (row["estimate"] for _, row in rows)
    _dumbbell(axes, 0, before, after)
    close = abs(after - before) < 0.35 * span(release, scale)
    sides = (("right", "left") if before <= after else ("left", "right")) if close else ("center", "center")
    marks = zip((before, after), first_and_last(release), (BEFORE, AFTER), sides, strict=True)
    for value, label, colour, side in marks:
        words = {"ha": side, "color": colour, "fontweight": "bold", "textcoords": "offset points"}
        axes.annotate(f"{label} {number(value)}", (value, 0), (0, 13), **words)
    axes.set_ylim(0.55, -0.75)
    score_axis(axes, about)
    return drawn(paper, f"moyennes-{scale}", title, sentences.means(release, scale), tables.lines(rows))


def by_category(release: Release, scale: str, breakdown: dict) -> Figure | None:
    """The mean before and after in each category of one breakdown, one line a category."""
    lines = []
    for category in breakdown["categories"]:
        where = {"scale": scale, "breakdown": breakdown["name"], "category": category["name"]}
        lines.append((category["label"], *(release.row(name, **where) for name in MEANS)))
    if not any(shown(before) and shown(after) for _, before, after in lines):
        return None
    about = scale_context(release, scale)
    title = f"{about['label']}, selon « {breakdown['label']} »"
    paper, axes = canvas(release, title, 0.74 * len(lines), key=KEY)
    told = []
    for place, (label, before, after) in enumerate(lines):
        heading(axes, "\n".join(folded(label)), place, 10)
        if shown(before) and shown(after):
            _dumbbell(axes, place, before["estimate"], after["estimate"], written=True)
            values = [number(row["estimate"]) for row in (before, after)]
            told.append(f"{label}, {values[0]} puis {values[1]}")
        else:
            heading(axes, INSUFFICIENT, place, -5, style="italic", color=GREY)
            told.append(f"{label}, effectif insuffisant")
    axes.set_ylim(len(lines) - 0.55, -0.65)
    score_axis(axes, about)
    keys = [
        Line2D([], [], label=wave, **style)
        for wave, style in zip(first_and_last(release), (HOLLOW, FULL), strict=True)
    ]  # fmt: skip
    above = {"loc": "lower left", "bbox_to_anchor": (-0.02, 1), "borderaxespad": 0}
    axes.legend(handles=keys, **above, ncols=2, frameon=False, handletextpad=0.2, borderpad=0)
    sentence = french(f"{breakdown['label'].rstrip('.')} : {' ; '.join(told)}.")
    table = tables.breakdown_table(release, scale, breakdown)
    return drawn(paper, f"detail-{breakdown['name']}-{scale}", title, sentence, table)


def _dumbbell(axes: Axes, place: float, before: float, after: float, *, written: bool = False) -> None:
    """A hollow round for before, a full square for after, an arrow between them; values outside, if `written`."""
    if before != after:
        arrow = {"arrowstyle": "-|>", "color": INK, "lw": 1.2, "shrinkA": 6, "shrinkB": 6}
        axes.annotate("", (after, place), (before, place), arrowprops=arrow)
    axes.plot(before, place, zorder=3, **HOLLOW)
    axes.plot(after, place, zorder=3 + (before != after), **FULL)
    for value, colour, left in ((before, BEFORE, before <= after), (after, AFTER, after < before)) if written else ():
        words = {"ha": "right" if left else "left", "va": "center", "color": colour, "fontweight": "bold"}
        axes.annotate(number(value), (value, place), (-9 if left else 9, -0.5), textcoords="offset points", **words)
