"""Figures of scores: before and after, on the whole range of their scale; everyone, then category by category."""

from __future__ import annotations

from impact import sentences
from impact.charts.canvas import (
    AFTER,
    BEFORE,
    FULL,
    GREY,
    HOLLOW,
    INCH,
    INK,
    INSUFFICIENT,
    Paper,
    canvas,
    drawn,
    folded,
    heading,
    score_axis,
    span,
)
from impact.charts.svg import width_of
from impact.cube import Figure
from impact.disclosure import Release
from impact.errors import french
from impact.sentences import tables
from impact.sentences.reading import MEANS, first_and_last, scale_context, shown
from impact.wording import number

KEY = 0.32 * INCH  # what the two marks mean
HEAD = 6  # length of an arrow's head, twice its half width
CLEAR = 6  # points between an arrow and the middle of a mark


def before_after(release: Release, scale: str) -> Figure | None:
    """The mean before, a hollow round, and after, a full square."""
    rows = [(tables.LABELS[name], release.row(name, scale=scale)) for name in MEANS]
    if not all(shown(row) for _, row in rows):
        return None
    about = scale_context(release, scale)
    title = f"{about['label']} : score moyen"
    paper = canvas(release, title, 0.68 * INCH)
    paper.down = (-0.75, 0.55)
    score_axis(paper, about)
    before, after = (row["estimate"] for _, row in rows)
    _dumbbell(paper, 0, before, after)
    close = abs(after - before) < 0.35 * span(release, scale)
    sides = (("right", "left") if before <= after else ("left", "right")) if close else ("center", "center")
    marks = zip((before, after), first_and_last(release), (BEFORE, AFTER), sides, strict=True)
    for value, label, colour, side in marks:
        words = {"align": side, "colour": colour, "font": "bold"}
        paper.write(paper.x(value), paper.y(0) - 13, f"{label} {number(value)}", **words)
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
    paper = canvas(release, title, 0.74 * INCH * len(lines), key=KEY)
    paper.down = (-0.65, len(lines) - 0.55)
    score_axis(paper, about)
    _key(paper, first_and_last(release))
    told = []
    for place, (label, before, after) in enumerate(lines):
        heading(paper, folded(label), paper.y(place) - 10)
        if shown(before) and shown(after):
            _dumbbell(paper, place, before["estimate"], after["estimate"], written=True)
            values = [number(row["estimate"]) for row in (before, after)]
            told.append(f"{label}, {values[0]} puis {values[1]}")
        else:
            heading(paper, [INSUFFICIENT], paper.y(place) + 5, font="italic", colour=GREY)
            told.append(f"{label}, effectif insuffisant")
    sentence = french(f"{breakdown['label'].rstrip('.')} : {' ; '.join(told)}.")
    table = tables.breakdown_table(release, scale, breakdown)
    return drawn(paper, f"detail-{breakdown['name']}-{scale}", title, sentence, table)


def _key(paper: Paper, waves: tuple[str, str]) -> None:
    """Say above the frame what the two marks mean."""
    left, baseline = paper.frame[0] + 6, paper.frame[1] - 2.6
    for wave, look in zip(waves, (HOLLOW, FULL), strict=True):
        paper.mark(left, baseline - 4, **look)
        paper.write(left + 13, baseline, wave)
        left += 13 + width_of(wave, "regular", 11) + 30


def _dumbbell(paper: Paper, place: float, before: float, after: float, *, written: bool = False) -> None:
    """A hollow round for before, a full square for after, an arrow between them; values outside, if `written`."""
    first, last, y = paper.x(before), paper.x(after), paper.y(place)
    way = 1 if first <= last else -1
    if abs(last - first) > 2 * CLEAR + HEAD:
        end = last - way * CLEAR
        neck = end - way * HEAD
        paper.line((first + way * CLEAR, y), (neck, y), INK, 1.2)
        paper.polygon([(end, y), (neck, y - HEAD / 2), (neck, y + HEAD / 2)], fill=INK)
    paper.mark(first, y, **HOLLOW)
    paper.mark(last, y, **FULL)
    for x, value, colour, side in ((first, before, BEFORE, -way), (last, after, AFTER, way)) if written else ():
        words = {"align": "right" if side < 0 else "left", "colour": colour, "font": "bold"}
        paper.write(x + 9 * side, y + 4, number(value), **words)
