"""Figures of persons: who answered and came back, who rose or fell out of ten, where the scores lie."""

from __future__ import annotations

from impact import sentences
from impact.charts.canvas import AFTER, BEFORE, GREY, INCH, INK, PALE, WHITE, Paper, canvas, drawn, heading
from impact.cube import Figure
from impact.disclosure import Release
from impact.sentences import tables
from impact.sentences.reading import DIRECTIONS, class_shares, counts, scale_context, shown, tenths_of
from impact.wording import share

PERSON = 8.5  # points, half the height of a little person
AMBER = "#e0a33a"
LOOKS = {
    "risen": {"fill": AFTER, "stroke": AFTER},
    "stable": {"fill": WHITE, "stroke": INK},
    "fallen": {"fill": AMBER, "stroke": INK, "hatch": 3},
}


def path(release: Release) -> Figure | None:
    """Bars of how many answered each time and both times; hatched, those who did not come back."""
    rows = [(label, row) for label, row in counts(release) if shown(row)]
    if not rows:
        return None
    title = "Qui a répondu, et qui est revenu" if release.context["paired"] else "Qui a répondu"
    paper = canvas(release, title, 0.56 * INCH * len(rows), foot=0)
    paper.across, paper.down = (0, max(row["n"] for _, row in rows)), (-0.75, len(rows) - 0.62)
    for place, (label, row) in enumerate(rows):
        if row["statistic"] == "returned" and shown(first := rows[0][1]) and first["n"] > row["n"]:
            _bar(paper, place, first["n"], 0.42, fill=PALE, stroke=GREY, width=0.8, hatch=4.5)
            label = f"{label} (en hachures, pas revenues)"
        _bar(paper, place, row["n"], 0.42, fill=AFTER)
        heading(paper, [label], paper.y(place) - 11)
        words = {"colour": WHITE, "font": "bold", "align": "right"}
        paper.write(paper.x(row["n"]) - 6, paper.y(place) + 4, f"{row['n']:.0f}", **words)
    sentence = " ".join(filter(None, (sentences.who_answered(release), sentences.who_is_missing(release))))
    return drawn(paper, "parcours", title, sentence, tables.counts_table(rows))


def risen_and_fallen(release: Release, scale: str) -> Figure | None:
    """Ten little persons: those whose score rose, stayed about the same, fell."""
    rows = [(tables.LABELS[name], release.row(name, scale=scale)) for name in DIRECTIONS]
    if not all(shown(row) for _, row in rows):
        return None
    tenths = tenths_of(row for _, row in rows)
    title = f"{scale_context(release, scale)['label']} : sur dix personnes"
    paper = canvas(release, title, 1.8 * INCH, foot=0)
    paper.across, paper.down = (-0.5, 9.5), (-0.75, 2.42)
    for place, (label, row) in enumerate(rows):
        many, baseline = tenths[row["statistic"]], paper.y(place - 0.3) - 2.6
        paper.write(paper.x(-0.5), baseline, label)
        paper.write(paper.x(9.5), baseline, tables.out_of_ten(row, many), font="bold", align="right")
        for one in range(10):
            if one < many:
                _person(paper, paper.x(one), paper.y(place), LOOKS[row["statistic"]])
            else:
                paper.mark(paper.x(one), paper.y(place), shape="round", size=4.2, fill="#b5b5b5")
    table = tables.people_table(rows, tenths)
    return drawn(paper, f"personnes-{scale}", title, sentences.people(release, scale), table)


def classes(release: Release, scale: str) -> Figure | None:
    """The share of persons in the low, middle and high third of the scale, before and after."""
    rows = class_shares(release, scale)
    if not rows or not all(shown(row) for _, _, row in rows):
        return None
    moments = list(dict.fromkeys(moment for moment, _, _ in rows))
    levels = list(dict.fromkeys(level for _, level, _ in rows))
    title = f"{scale_context(release, scale)['label']} : où se situent les scores"
    paper = canvas(release, title, INCH * len(levels) * (0.36 + 0.24 * len(moments)), foot=0)
    paper.across, paper.down = (0, 155), (0, len(levels))
    step = 1 / (len(moments) + 1.5)
    for moment, level, row in rows:
        place = levels.index(level) + (moments.index(moment) + 1.3) * step
        last = moment == moments[-1]
        look = {"fill": AFTER} if last else {"fill": WHITE, "stroke": BEFORE, "width": 1.6}
        _bar(paper, place, 100 * row["estimate"], 0.8 * step, **look)
        words = f"{moment.lower()}\u00a0: {share(row)}"
        paper.write(paper.x(100 * row["estimate"]) + 4, paper.y(place) + 3.4, words, size=10)
    for place, level in enumerate(levels):
        heading(paper, [level], paper.y(place) + 10)
    return drawn(paper, f"classes-{scale}", title, sentences.spread(release, scale), tables.classes_table(rows))


def _bar(paper: Paper, place: float, value: float, height: float, **look: object) -> None:
    top, bottom = paper.y(place - height / 2), paper.y(place + height / 2)
    paper.box(paper.frame[0], top, paper.x(value), bottom, **look)


def _person(paper: Paper, x: float, y: float, look: dict) -> None:
    """A head and a body."""
    paper.mark(x, y - 0.62 * PERSON, shape="round", size=0.6 * PERSON, width=1.1, **look)
    foot, shoulder, neck, side = y + PERSON, y + 0.1 * PERSON, y - 0.3 * PERSON, 0.42 * PERSON
    body = [
        ("M", (x - side, foot)),
        ("L", (x - side, shoulder)),
        ("Q", (x, neck), (x + side, shoulder)),
        ("L", (x + side, foot)),
        ("Z",),
    ]
    paper.trace(body, width=1.1, **look)
