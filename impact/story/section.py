"""What a story is made of: sections of statements, points and tables, without any HTML, PDF or widget."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import pandas as pd

from impact.cube import Figure

BOARD, TEAM, FUNDER = "board", "team", "funder"
LEVELS = (BOARD, TEAM, FUNDER)


@dataclass(frozen=True)
class Statement:
    """One thing said, in whole French sentences, and the figure that shows it, if any.

    With a figure, `text` is its visible caption and `figure.title` its short alternative; where the text cannot stand
    beside it, the alternative is the title followed by the text. `figure.table` must be reachable from the figure.
    """

    text: str
    figure: Figure | None = None


@dataclass(frozen=True)
class Point:
    """One line of a list; `sign` doubles its words for the eye (hide it from screen readers)."""

    text: str
    sign: str = ""


@dataclass(frozen=True, eq=False)
class Table:
    """A titled table of text; the first column heads the lines."""

    title: str
    cells: pd.DataFrame


@dataclass(frozen=True)
class Section:
    """One part of the story, told in this order: statements, points, tables, parts.

    `name`: ASCII, unique among its neighbours, the same for every audience (anchors, tests). `level`: the shortest
    telling it belongs to: three sentences for a board, the page for a team, the method too for a funder. `pick`: its
    parts are to be seen one at a time where the medium allows a choice.
    """

    name: str
    title: str
    statements: tuple[Statement, ...] = ()
    points: tuple[Point, ...] = ()
    tables: tuple[Table, ...] = ()
    parts: tuple[Section, ...] = ()
    level: str = TEAM
    pick: bool = False

    @property
    def empty(self) -> bool:
        """Whether there is nothing to tell."""
        return not (self.statements or self.points or self.tables or self.parts)


def told_at(sections: Iterable[Section], level: str) -> tuple[Section, ...]:
    """Keep what belongs to a level, and leave out sections with nothing to tell."""
    kept = (one for one in sections if LEVELS.index(one.level) <= LEVELS.index(level))
    found = (replace(one, parts=told_at(one.parts, level)) for one in kept)
    return tuple(one for one in found if not one.empty)


def says(*texts: str) -> tuple[Statement, ...]:
    """Return statements without figures; empty sentences say nothing."""
    return tuple(Statement(text) for text in texts if text)
