"""Figures of changes with their margins of error, one line each, around no change."""

from __future__ import annotations

from collections.abc import Sequence

from impact import sentences
from impact.charts.canvas import (
    EXPECTED,
    FULL,
    GREY,
    INCH,
    INK,
    INSUFFICIENT,
    WHOLE_MARK,
    Paper,
    canvas,
    drawn,
    folded,
    heading,
    points_axis,
    span,
)
from impact.cube import Figure
from impact.disclosure import WHOLE, Release, Row
from impact.sentences import tables
from impact.sentences.reading import estimated, forest_rows, item_rows, memory_rows, scale_context, shown

Line = tuple[str, Row | None, dict]
TEXT, GAP = 0.165 * INCH, 0.34 * INCH  # a line of words, an interval and its air
MANY, TALLEST = 60, 24 * INCH  # lines that can be read one by one; the height of more of them


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
    """Every association in the order declared, never by score; the whole, and what another association may expect.

    Of very many associations, only the table has the names.
    """
    *own, whole, another = forest_rows(release, scale)
    rows = [*((*line, FULL) for line in own), (*whole, WHOLE_MARK), (*another, EXPECTED)]
    title = f"{scale_context(release, scale)['label']} : évolution {'par association' if own else 'd’ensemble'}"
    reach = 0.1 * span(release, scale)
    return _intervals(release, f"foret-{scale}", title, sentences.across(release, scale), rows, reach)


def _intervals(
    release: Release, name: str, title: str, sentence: str, rows: Sequence[Line], reach: float
) -> Figure | None:
    """Draw one line an interval, its words above it; nothing at all when every line is suppressed."""
    seen = [row for _, row, _ in rows if shown(row)]
    if not seen:
        return None
    heights = _heights(rows)
    paper = canvas(release, title, sum(heights))
    reach = 1.15 * max([reach, *(abs(row[end]) for row in seen for end in ("ci_low", "ci_high"))])
    paper.across, paper.down = (-reach, reach), (0, sum(heights))
    bottom = 0.0
    for line, height in zip(rows, heights, strict=True):
        bottom += height
        if height < GAP:
            _hairline(paper, paper.y(bottom - height / 2), line[1], height)
        else:
            _interval(paper, paper.y(bottom - 0.15 * INCH), line)
    points_axis(paper)
    return drawn(paper, name, title, sentence, tables.lines([(label, row) for label, row, _ in rows]))


def _heights(rows: Sequence[Line]) -> list[float]:
    """Room for the words of each line and its interval; too many associations to be named are hairlines."""
    many = len(rows) > MANY
    hairline = min(0.06 * INCH, TALLEST / len(rows))
    return [hairline if many and mark is FULL else TEXT * len(folded(label)) + GAP for label, _, mark in rows]


def _interval(paper: Paper, y: float, line: Line) -> None:
    label, row, mark = line
    heading(paper, folded(label), y - 9, size=10)
    if not shown(row):
        heading(paper, [INSUFFICIENT], y + 4, size=10, font="italic", colour=GREY)
        return
    paper.line((paper.x(0), y - 0.1 * INCH), (paper.x(0), y + 0.1 * INCH), INK, 1, dash=(1, 1.65))
    colour = GREY if mark is EXPECTED else mark["fill"]
    paper.line((paper.x(row["ci_low"]), y), (paper.x(row["ci_high"]), y), colour, 3)
    paper.mark(paper.x(row["estimate"]), y, **mark)


def _hairline(paper: Paper, y: float, row: Row | None, height: float) -> None:
    paper.line((paper.x(0), y - height / 2), (paper.x(0), y + height / 2), INK, 1)
    if shown(row):
        paper.line((paper.x(row["ci_low"]), y), (paper.x(row["ci_high"]), y), FULL["fill"], round(0.6 * height, 2))
