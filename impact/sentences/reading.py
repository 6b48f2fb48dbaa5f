"""Reading a release: which row answers which question, and what its interval says."""

from __future__ import annotations

from collections.abc import Iterable

from impact.disclosure import WHOLE, Release, Row
from impact.wording import tenths

REPORTED = {"retrospective_separate": "separate_sheet", "retrospective_same_sheet": "same_sheet"}
DIFFERENCE = "difference_of_changes"
MEANS = ("mean_before", "mean_after")
ESTIMATED = ("adjusted_change", "independent_change", "pooled_change")
DIRECTIONS = ("risen", "stable", "fallen")


def scale_context(release: Release, scale: str) -> dict:
    """Return what the release says of one scale: label, dimension, direction, range."""
    return next(entry for entry in release.context["scales"] if entry["name"] == scale)


def shown(row) -> bool:
    """Whether a row of the release exists and carries a number."""
    return row is not None and row["status"] == "shown"


def direction(row, higher_is_better: bool) -> str:
    """Return "better", "worse" or "unclear": what the whole interval says, in the sense the scale declares."""
    if row["ci_low"] > 0:
        return "better" if higher_is_better else "worse"
    if row["ci_high"] < 0:
        return "worse" if higher_is_better else "better"
    return "unclear"


def verdict(release: Release, scale: str) -> str:
    """Return what may be said of one scale: better, worse, unclear, level (nothing before) or suppressed."""
    row = estimated(release, scale)
    if shown(row):
        return direction(row, scale_context(release, scale)["higher_is_better"])
    levels = [release.row("mean", scale=scale, wave=wave["code"]) for wave in release.context["waves"]]
    return "level" if any(shown(level) for level in levels) else "suppressed"


def remembered_start(release: Release) -> bool:
    """Whether the first of the two measures is a memory, without any measure made at the time."""
    return release.context["design"] in REPORTED and len(release.context["waves"]) == 2


def on_one_sheet(release: Release) -> bool:
    """Whether both measures were asked together, so that nobody had to come back."""
    return remembered_start(release) and REPORTED[release.context["design"]] == "same_sheet"


def estimated(release: Release, scale: str, association: str | None = None) -> Row | None:
    """Return the row that says what changed: of the same persons, of two surveys, or of everybody; None without one.

    `association`: by default those whose results these are.
    """
    where = {"scale": scale, "association": release.own if association is None else association}
    rows = (release.row(name, **where) for name in ESTIMATED)
    return next((row for row in rows if row is not None), None)


def has_comparison(release: Release) -> bool:
    """Whether this release is compared with a comparison group, or is that of one."""
    return bool(release.context.get("comparison")) or bool((release.table["statistic"] == DIFFERENCE).any())


def counts(release: Release, association: str | None = None) -> list[tuple[str, Row | None]]:
    """Return the label and the row of how many answered: each wave, « les deux fois » after the first."""
    where = {"association": release.own if association is None else association}
    rows = [(wave["label"], release.row("responded", wave=wave["code"], **where)) for wave in release.context["waves"]]
    if release.context["paired"]:
        rows.insert(1, ("Les deux fois", release.row("returned", **where)))
    return rows


def first_and_last(release: Release) -> tuple[str, str]:
    """Return the labels of the two waves that are compared."""
    waves = release.context["waves"]
    return waves[0]["label"], waves[-1]["label"]


def tenths_of(rows: Iterable[Row]) -> dict[str, int]:
    """Return, by statistic, how many persons out of ten; one of a share said by its bound alone is left at 0 or 9."""
    rows = list(rows)
    exact = [row for row in rows if not row["bound"]]
    told = dict(zip((row["statistic"] for row in exact), tenths([row["estimate"] for row in exact]), strict=True))
    return {row["statistic"]: told.get(row["statistic"], 9 if row["bound"] == ">" else 0) for row in rows}


def class_shares(release: Release, scale: str) -> list[tuple[str, str, Row | None]]:
    """Return (moment, class, row) of the shares of low, middle and high scores."""
    classes, found = scale_context(release, scale).get("classes", ()), []
    for wave in release.context["waves"]:
        rows = [
            (c["label"], release.row("class_share", scale=scale, wave=wave["code"], category=c["name"]))
            for c in classes
        ]
        found += [(wave["label"], label, row) for label, row in rows if row is not None]
    return found


def item_rows(release: Release, scale: str) -> list[tuple[str, Row | None]]:
    """Return the label and the change of each question of a scale, in the order of the questionnaire."""
    found = [
        (item, release.row("item_change", scale=item["name"]))
        for item in scale_context(release, scale).get("items", ())
    ]
    turned = " (sens inversé)"
    return [(item["label"].rstrip(".") + turned * item["reverse"], row) for item, row in found if row is not None]


def memory_rows(release: Release, scale: str) -> list[tuple[str, Row | None]]:
    """Return the change from the first measure, from the remembered start, and how these two differ."""
    sheet = REPORTED.get(release.context["design"])
    rows = {
        "Évolution depuis le départ mesuré": estimated(release, scale),
        "Évolution depuis le souvenir du départ": release.row(f"then_change_{sheet}", scale=scale),
        "Souvenir du départ moins départ mesuré": release.row(f"response_shift_{sheet}", scale=scale),
    }
    return [(label, row) for label, row in rows.items() if row is not None]


def forest_rows(release: Release, scale: str) -> list[tuple[str, Row | None]]:
    """Return the change of each association, in the order declared, of all together and what another may expect.

    Only the evaluation lead's release tells associations apart.
    """
    told = release.context.get("associations", ())
    own = [(one["label"], estimated(release, scale, one["code"])) for one in told]
    whole = release.row("pooled_change", scale=scale, association=WHOLE)
    another = release.row("prediction_interval", scale=scale, association=WHOLE)
    return [*own, ("Toutes ensemble", whole), ("Une autre association (prévision)", another)]
