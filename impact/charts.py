"""Figures drawn with seaborn from a Release: one visual identity, never colour alone, each with its sentence."""

from __future__ import annotations

import io

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D

from impact import sentences
from impact.cube import Figure
from impact.disclosure import WHOLE, Release
from impact.errors import french
from impact.reading import estimated

INK, BEFORE, AFTER, PALE = "#1b1b2f", "#8a5a00", "#17497c", "#dbe6f2"
WIDTH, HEIGHT = 3.6, 1.7
STYLE = {
    "font.family": "DejaVu Sans", "font.size": 11, "axes.edgecolor": "#929292", "text.color": INK,
    "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK, "svg.fonttype": "path", "svg.hashsalt": "impact",
    "axes.spines.top": False, "axes.spines.right": False, "axes.spines.left": False, "hatch.linewidth": 0.8,
}  # fmt: skip
INSUFFICIENT = "effectif insuffisant\u00a0: ne pas conclure"
BESIDE = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points", "color": "#595959"}
PEOPLE = (
    ("risen", "plus haut", AFTER, ""),
    ("stable", "à peu près pareil", PALE, ""),
    ("fallen", "plus bas", "#c98a1b", "///"),
)


def figures(release: Release) -> dict[str, Figure]:
    """Draw every figure of one audience's page, by name; what is suppressed has no figure.

    Names: `repondants`, then for each scale `moyennes-<scale>`, `personnes-<scale>`, `ensemble-<scale>` and, for each
    declared breakdown, `detail-<breakdown>-<scale>`.
    """
    drawn = {"repondants": answered(release)}
    for scale in release.context["scales"]:
        name = scale["name"]
        drawn[f"moyennes-{name}"] = means(release, name)
        drawn[f"personnes-{name}"] = people(release, name)
        drawn[f"ensemble-{name}"] = beside_whole(release, name)
        for breakdown in release.context["breakdowns"]:
            drawn[f"detail-{breakdown['name']}-{name}"] = by_category(release, name, breakdown)
    return {name: figure for name, figure in drawn.items() if figure}


def answered(release: Release) -> Figure | None:
    """Bars of how many answered at each wave, and both times."""
    waves = release.context["waves"]
    rows = [(wave["label"], release.row("responded", wave=wave["code"])) for wave in waves]
    rows += [("Les deux fois", release.row("returned"))] if release.context["paired"] else []
    table = pd.DataFrame([(label, row["n"]) for label, row in rows if sentences.shown(row)], columns=["label", "n"])
    if table.empty:
        return None
    canvas, axes = _canvas(0.5 + 0.5 * len(table))
    sns.barplot(table, x="n", y="label", color=AFTER, width=0.62, ax=axes)
    axes.bar_label(axes.containers[0], [f"{n:.0f}" for n in table["n"]], padding=4, fontweight="bold")
    axes.set(xlabel="", ylabel="", xticks=[])
    axes.tick_params(left=False)
    axes.spines["bottom"].set_visible(False)
    return _figure(canvas, sentences.who_answered(release))


def means(release: Release, scale: str) -> Figure | None:
    """The mean before and after, on the whole range of the scale."""
    values = [release.row(name, scale=scale) for name in ("mean_before", "mean_after")]
    if not all(sentences.shown(row) for row in values):
        return None
    canvas, axes = _canvas(HEIGHT)
    before, after = (row["estimate"] for row in values)
    _dumbbell(axes, 0, before, after)
    first, last = _wave_labels(release)
    close = abs(after - before) < 0.35 * _span(release, scale)
    left, right = (("right", "left") if before <= after else ("left", "right")) if close else ("center", "center")
    for value, label, colour, side in ((before, first, BEFORE, left), (after, last, AFTER, right)):
        words = {"ha": side, "color": colour, "fontweight": "bold"}
        axes.annotate(f"{label} {sentences.number(value)}", (value, 0), (0, 14), textcoords="offset points", **words)
    _scale_axis(axes, release, scale, rows=1)
    return _figure(canvas, sentences.means(release, scale))


def people(release: Release, scale: str) -> Figure | None:
    """One bar of a hundred: the shares whose score rose, stayed about the same, fell."""
    rows = [(label, colour, hatch, release.row(name, scale=scale)) for name, label, colour, hatch in PEOPLE]
    if not all(sentences.shown(row) for *_, row in rows):
        return None
    canvas, axes = _canvas(HEIGHT)
    for place, (label, colour, hatch, row) in enumerate(rows):
        share = row["estimate"] * 100
        axes.barh(place, share, color=colour, hatch=hatch, edgecolor=INK, linewidth=0.8, height=0.6)
        words = {"<": "moins de ", ">": "plus de "}.get(row["bound"], "") + f"{share:.0f}\u00a0%"
        axes.annotate(words, (share, place), (5, 0), textcoords="offset points", va="center", fontweight="bold")
        axes.text(-2, place, label, ha="right", va="center")
    axes.set(xlim=(0, 118), yticks=[], xticks=[])
    axes.invert_yaxis()
    axes.spines["bottom"].set_visible(False)
    return _figure(canvas, sentences.people(release, scale))


def beside_whole(release: Release, scale: str) -> Figure | None:
    """The estimated change with its margin of error, here and for all associations together, around no change."""
    lines = (
        ("Ici", AFTER, "s", estimated(release, scale)),
        ("Toutes associations", BEFORE, "D", release.row("pooled_change", scale=scale, association=WHOLE)),
    )
    if not any(sentences.shown(row) for *_, row in lines):
        return None
    canvas, axes = _canvas(HEIGHT)
    axes.axvline(0, color=INK, linewidth=1, linestyle=":")
    reach = 0.1 * _span(release, scale)
    for place, (label, colour, marker, row) in enumerate(lines):
        axes.annotate(label, (0, place), (0, 12), xycoords=("axes fraction", "data"), textcoords="offset points")
        if sentences.shown(row):
            axes.plot([row["ci_low"], row["ci_high"]], [place, place], color=colour, linewidth=3, solid_capstyle="butt")
            axes.plot(row["estimate"], place, marker, color=colour, ms=9, mec="white")
            reach = max(reach, abs(row["ci_low"]), abs(row["ci_high"]))
        else:
            axes.annotate(INSUFFICIENT, (0, place), (0, -6), style="italic", **BESIDE)
    axes.set(xlim=(-1.15 * reach, 1.15 * reach), ylim=(1.5, -0.85), yticks=[])
    axes.xaxis.set_major_locator(mpl.ticker.MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(lambda value, _: sentences.number(value, sign=True))
    axes.set_xlabel("évolution, en points (0 : aucune)".replace(" :", "\u00a0:"))
    return _figure(canvas, f"{sentences.change(release, scale)} {sentences.whole(release, scale)}".strip())


def by_category(release: Release, scale: str, breakdown: dict) -> Figure | None:
    """The mean before and after in each category of one breakdown, one line a category."""
    lines = []
    for category in breakdown["categories"]:
        where = {"scale": scale, "breakdown": breakdown["name"], "category": category["name"]}
        lines.append((category["label"], *(release.row(name, **where) for name in ("mean_before", "mean_after"))))
    if not any(sentences.shown(before) and sentences.shown(after) for _, before, after in lines):
        return None
    canvas, axes = _canvas(1.05 + 0.72 * len(lines))
    told = []
    for place, (label, before, after) in enumerate(lines):
        axes.annotate(label, (0, place), (0, 9), xycoords=("axes fraction", "data"), textcoords="offset points")
        if sentences.shown(before) and sentences.shown(after):
            _dumbbell(axes, place, before["estimate"], after["estimate"], labels=True)
            values = [sentences.number(row["estimate"]) for row in (before, after)]
            told.append(f"{label} : {values[0]} puis {values[1]}")
        else:
            axes.annotate(INSUFFICIENT, (0, place), (0, -6), style="italic", **BESIDE)
            told.append(f"{label} : effectif insuffisant")
    _scale_axis(axes, release, scale, rows=len(lines))
    styles = ({"marker": "o", "mfc": "white", "mec": BEFORE, "mew": 2.4}, {"marker": "s", "color": AFTER})
    keys = [
        Line2D([], [], ls="", ms=8, label=wave, **style)
        for wave, style in zip(_wave_labels(release), styles, strict=True)
    ]
    canvas.legend(handles=keys, loc="outside upper left", ncols=2, frameon=False, handletextpad=0.2)
    return _figure(canvas, french(f"{breakdown['label']} {'. '.join(told)}."))


def _canvas(height: float):
    with mpl.rc_context(STYLE):
        sns.set_theme(context="notebook", style="ticks", rc=STYLE)
        return plt.subplots(figsize=(WIDTH, height), layout="constrained")


def _dumbbell(axes: plt.Axes, place: float, before: float, after: float, *, labels: bool = False) -> None:
    """A hollow round for before, a full square for after, an arrow between them."""
    arrow = {"arrowstyle": "-|>", "color": INK, "lw": 1.2, "shrinkA": 6, "shrinkB": 6}
    if before != after:
        axes.annotate("", (after, place), (before, place), arrowprops=arrow)
    axes.plot(before, place, "o", ms=10, mfc="white", mec=BEFORE, mew=2.4, zorder=3)
    axes.plot(after, place, "s", ms=9, color=AFTER, zorder=3 + (before != after))
    if labels:
        for value, colour, other in ((before, BEFORE, after), (after, AFTER, before)):
            side = -1 if value < other or (value == other and colour == BEFORE) else 1
            words = {"ha": "right" if side < 0 else "left", "va": "center", "color": colour, "fontweight": "bold"}
            axes.annotate(
                sentences.number(value), (value, place), (9 * side, 0), textcoords="offset points", **words
            )  # fmt: skip


def _scale_axis(axes: plt.Axes, release: Release, scale: str, *, rows: int) -> None:
    about = sentences.scale_context(release, scale)
    margin = 0.06 * _span(release, scale)
    axes.set(xlim=(about["low"] - margin, about["high"] + margin), ylim=(rows - 0.45, -0.65), yticks=[], ylabel="")
    axes.xaxis.set_major_locator(mpl.ticker.MaxNLocator(nbins=6, integer=True, steps=[1, 2, 5, 10]))
    sense = "mieux" if about["higher_is_better"] else "moins bien"
    axes.set_xlabel(f"score, de {about['low']:g} à {about['high']:g} (haut : {sense})".replace(" :", "\u00a0:"))
    axes.grid(axis="x", color="#dddddd", linewidth=0.8)


def _span(release: Release, scale: str) -> float:
    about = sentences.scale_context(release, scale)
    return about["high"] - about["low"]


def _wave_labels(release: Release) -> tuple[str, str]:
    waves = release.context["waves"]
    return waves[0]["label"], waves[-1]["label"]


def _figure(canvas: Canvas, sentence: str) -> Figure:
    buffer = io.BytesIO()
    with mpl.rc_context(STYLE):
        canvas.savefig(buffer, format="svg", metadata={"Date": None}, transparent=False)
    plt.close(canvas)
    return Figure(buffer.getvalue(), sentence)
