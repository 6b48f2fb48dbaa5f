"""Figures of changes with their margins of error, one line each, around no change."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from impact import sentences, tables
from impact.charts.canvas import (
    EXPECTED,
    FULL,
    GREY,
    INK,
    INSUFFICIENT,
    WHOLE_MARK,
    canvas,
    drawn,
    folded,
    heading,
    points_axis,
    span,
)
from impact.cube import Figure
from impact.disclosure import WHOLE, Release
from impact.reading import estimated, forest_rows, item_rows, memory_rows, scale_context, shown

Line = tuple[str, pd.Series | None, dict]
TEXT, GAP = 0.165, 0.34  # inches: a line of words, an interval and its air


def beside_whole(release: Release, scale: str) -> Figure | None:
    """The change here and of all associations together."""
    whole = release.row("pooled_change", scale=scale, association=WHOLE)
    rows = [("Ici", estimated(release, scale), FULL), ("Toutes associations", whole, WHOLE_MARK)]
    said = " ".join(filter(None, (sentences.change(release, scale), sentences.whole(release, scale))))
    title = f"{scale_context(release, scale)['label']} : évolution ici et ensemble"
    return _intervals(release, f"ensemble-{scale}", title, said, rows, 0.1 * span(release, scale))


def memory(release: Release, scale: str) -> Figure | None:
    """What memory adds: the change from the first measure, from the remembered start, and between these two."""
    rows = [(label, row, FULL) for label, row in memory_rows(release, scale)]
    title = f"{scale_context(release, scale)['label']} : ce que change le souvenir"
    said = sentences.remembered(release, scale)
    return _intervals(release, f"souvenir-{scale}", title, said, rows, 0.1 * span(release, scale)) if said else None


def items(release: Release, scale: str) -> Figure | None:
    """The change of each question of a scale, in the order of the questionnaire."""
    rows = [(label, row, FULL) for label, row in item_rows(release, scale)]
    title = f"{scale_context(release, scale)['label']} : question par question"
    return _intervals(release, f"questions-{scale}", title, sentences.items(release, scale), rows, 0.5)


def forest(release: Release, scale: str) -> Figure | None:
    """Every association in the order declared, never by score; the whole, and what another association may expect."""
    *own, whole, another = forest_rows(release, scale)
    rows = [*((*line, FULL) for line in own), (*whole, WHOLE_MARK), (*another, EXPECTED)]
    title = f"{scale_context(release, scale)['label']} : évolution par association"
    return _intervals(
        release, f"foret-{scale}", title, sentences.across(release, scale), rows, 0.1 * span(release, scale)
    )


def _intervals(
    release: Release, name: str, title: str, sentence: str, rows: Sequence[Line], reach: float
) -> Figure | None:
    """Draw one line an interval, its words above it; nothing at all when every line is suppressed."""
    if not any(shown(row) for _, row, _ in rows):
        return None
    words = [folded(label) for label, _, _ in rows]
    heights = [TEXT * len(lines) + GAP for lines in words]
    paper, axes = canvas(release, title, sum(heights))
    bottom = 0.0
    for lines, height, (_, row, mark) in zip(words, heights, rows, strict=True):
        bottom += height
        place = bottom - 0.15
        heading(axes, "\n".join(lines), place, 9, fontsize=10)
        if shown(row):
            reach = max(reach, abs(row["ci_low"]), abs(row["ci_high"]))
            axes.plot([0, 0], [place - 0.1, place + 0.1], color=INK, lw=1, ls=":", zorder=0)
            axes.plot([row["ci_low"], row["ci_high"]], [place, place], color=mark["color"], lw=3, solid_capstyle="butt")
            axes.plot(row["estimate"], place, **mark)
        else:
            heading(axes, INSUFFICIENT, place, -4, style="italic", color=GREY, fontsize=10)
    axes.set_ylim(bottom, 0)
    points_axis(axes, reach)
    return drawn(paper, name, title, sentence, tables.lines([(label, row) for label, row, _ in rows]))
