"""Reading a release: which row answers which question, and what its interval says."""

from __future__ import annotations

import pandas as pd

from impact.disclosure import Release

REPORTED = {"retrospective_separate": "separate_sheet", "retrospective_same_sheet": "same_sheet"}
DIFFERENCE = "difference_of_changes"


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


def remembered_start(release: Release) -> bool:
    """Whether the first of the two measures is a memory, without any measure made at the time."""
    return release.context["design"] in REPORTED and len(release.context["waves"]) == 2


def on_one_sheet(release: Release) -> bool:
    """Whether both measures were asked together, so that nobody had to come back."""
    return remembered_start(release) and REPORTED[release.context["design"]] == "same_sheet"


def estimated(release: Release, scale: str) -> pd.Series | None:
    """Return the row that says what changed: of the same persons, or of two independent surveys; None without one."""
    row = release.row("adjusted_change", scale=scale)
    return row if row is not None else release.row("independent_change", scale=scale)


def has_comparison(release: Release) -> bool:
    """Whether this release is compared with a comparison group, or is that of one."""
    return bool(release.context.get("comparison")) or bool((release.table["statistic"] == DIFFERENCE).any())
