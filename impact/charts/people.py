"""Figures of persons: who answered and came back, who rose or fell out of ten, where the scores lie."""

from __future__ import annotations

from matplotlib.path import Path as Outline

from impact import sentences, tables
from impact.charts.canvas import AFTER, BEFORE, GREY, INK, PALE, bare, canvas, drawn
from impact.cube import Figure
from impact.disclosure import Release
from impact.reading import DIRECTIONS, class_shares, counts, scale_context, shown, tenths_of
from impact.wording import share

PERSON = Outline.make_compound_path(
    Outline.circle((0, 0.62), 0.3),
    Outline([(-0.42, -1), (-0.42, -0.1), (0, 0.3), (0.42, -0.1), (0.42, -1), (-0.42, -1)],
    [Outline.MOVETO, Outline.LINETO, Outline.CURVE3, Outline.LINETO, Outline.LINETO, Outline.CLOSEPOLY])
)  # fmt: skip
LOOKS = {
    "risen": {"facecolor": AFTER, "edgecolor": AFTER},
    "stable": {"facecolor": "white", "edgecolor": INK},
    "fallen": {"facecolor": "#e0a33a", "edgecolor": INK, "hatch": "//////"},
}


def path(release: Release) -> Figure | None:
    """Bars of how many answered each time and both times; hatched, those who did not come back."""
    rows = [(label, row) for label, row in counts(release) if shown(row)]
    if not rows:
        return None
    title = "Qui a répondu, et qui est revenu" if release.context["paired"] else "Qui a répondu"
    paper, axes = canvas(release, title, 0.56 * len(rows), foot=0)
    longest = max(row["n"] for _, row in rows)
    for place, (label, row) in enumerate(rows):
        if row["statistic"] == "returned" and shown(first := rows[0][1]) and first["n"] > row["n"]:
            axes.barh(place, first["n"], color=PALE, edgecolor=GREY, hatch="////", height=0.42, linewidth=0.8)
            label = f"{label} (en hachures, pas revenues)"
        axes.barh(place, row["n"], color=AFTER, height=0.42)
        axes.annotate(label, (0, place), (0, 11), textcoords="offset points")
        words = {"color": "white", "fontweight": "bold", "va": "center", "ha": "right"}
        axes.annotate(f"{row['n']:.0f}", (row["n"], place), (-6, -0.5), textcoords="offset points", **words)
    axes.set(xlim=(0, longest), ylim=(len(rows) - 0.62, -0.75))
    bare(axes)
    sentence = " ".join(filter(None, (sentences.who_answered(release), sentences.who_is_missing(release))))
    return drawn(paper, "parcours", title, sentence, tables.counts_table(rows))


def risen_and_fallen(release: Release, scale: str) -> Figure | None:
    """Ten little persons: those whose score rose, stayed about the same, fell."""
    rows = [(tables.LABELS[name], release.row(name, scale=scale)) for name in DIRECTIONS]
    if not all(shown(row) for _, row in rows):
        return None
    tenths = tenths_of(row for _, row in rows)
    title = f"{scale_context(release, scale)['label']} : sur dix personnes"
    paper, axes = canvas(release, title, 1.8, foot=0)
    for place, (label, row) in enumerate(rows):
        many = tenths[row["statistic"]]
        axes.text(-0.5, place - 0.3, label, va="bottom")
        axes.text(9.5, place - 0.3, tables.out_of_ten(row, many), va="bottom", ha="right", fontweight="bold")
        icons = {"marker": PERSON, "s": 290, "linewidth": 1.1}
        axes.scatter(range(many), [place] * many, **icons, **LOOKS[row["statistic"]])
        axes.scatter(range(many, 10), [place] * (10 - many), s=10, color="#b5b5b5")
    axes.set(xlim=(-0.5, 9.5), ylim=(2.42, -0.75))
    bare(axes)
    return drawn(
        paper, f"personnes-{scale}", title, sentences.people(release, scale), tables.people_table(rows, tenths)
    )


def classes(release: Release, scale: str) -> Figure | None:
    """The share of persons in the low, middle and high third of the scale, before and after."""
    rows = class_shares(release, scale)
    if not rows or not all(shown(row) for _, _, row in rows):
        return None
    moments = list(dict.fromkeys(moment for moment, _, _ in rows))
    levels = list(dict.fromkeys(level for _, level, _ in rows))
    title = f"{scale_context(release, scale)['label']} : où se situent les scores"
    paper, axes = canvas(release, title, len(levels) * (0.36 + 0.24 * len(moments)), foot=0)
    step = 1 / (len(moments) + 1.5)
    for moment, level, row in rows:
        place = levels.index(level) + (moments.index(moment) + 1.3) * step
        last = moment == moments[-1]
        look = {"color": AFTER} if last else {"color": "white", "edgecolor": BEFORE, "linewidth": 1.6}
        axes.barh(place, 100 * row["estimate"], height=0.8 * step, **look)
        beside = {"textcoords": "offset points", "va": "center", "fontsize": 10}
        axes.annotate(f"{moment.lower()}\u00a0: {share(row)}", (100 * row["estimate"], place), (4, 0), **beside)
    for place, level in enumerate(levels):
        axes.annotate(level, (0, place), (0, -6), textcoords="offset points", va="center")
    axes.set(xlim=(0, 155), ylim=(len(levels), 0))
    bare(axes)
    return drawn(paper, f"classes-{scale}", title, sentences.spread(release, scale), tables.classes_table(rows))
