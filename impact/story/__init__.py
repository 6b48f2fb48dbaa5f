"""The story an audience is told, once, for every rendering (page, PDF, document to edit): ordered sections.

`story(release, figures, level=TEAM)` -> tuple of `Section`. A rendering lays them out; it computes and words nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from impact.cube import Figure
from impact.disclosure import LEAD, Release
from impact.story.association import association_story
from impact.story.lead import lead_story
from impact.story.section import BOARD, FUNDER, LEVELS, TEAM, Point, Section, Statement, Table, told_at

__all__ = ["BOARD", "FUNDER", "LEVELS", "TEAM", "Point", "Section", "Statement", "Table", "story"]


def story(release: Release, figures: Mapping[str, Figure], *, level: str = TEAM) -> tuple[Section, ...]:
    """Return the sections told to the audience of a release.

    Parameters
    ----------
    release, figures : a cube, see `cube.read_cube`; a figure that is absent leaves its sentence alone.
    level : BOARD (three sentences), TEAM (the page) or FUNDER (with the method); each one holds the one before.

    Returns
    -------
    Sections in the order they are told; none is empty. Every number they state is in the release.
    """
    tell = lead_story if release.audience == LEAD else association_story
    return told_at(tell(release, figures), level)
