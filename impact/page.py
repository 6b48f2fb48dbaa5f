"""The page of one audience as it is kept in its cube: parts of HTML, laid out once, at publication (see `layout`).

Who shows it reads JSON: neither the release, nor pandas.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from impact.errors import CubeError
from impact.seal import REPUBLISH, read_sealed

FILE = "page.json"
STYLE = Path(__file__).with_name("page.css")
ACTIVITY = "activite"  # the folder, beside the cubes, of what the evaluation lead reads of the service's activity
NOTHING = ""  # the name of the choice made before any


@dataclass(frozen=True)
class Page:
    """One audience's page: all its HTML, each part ready to be put inside an element of class « impact-page ».

    `before`, `after` : what stays, around what is chosen. `pick` : the title above the choices, "" where there is none.
    `choices` : (label, name) of each question that may be picked, NOTHING first. `details` : name -> what it shows.
    """

    title: str
    before: str
    after: str
    pick: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    details: Mapping[str, str] = field(default_factory=dict)

    def known(self, name: str) -> str:
        """Return `name` if it may be picked, else NOTHING."""
        return name if name in self.details else NOTHING

    def file(self) -> dict[str, bytes]:
        """Return the page as a file of a cube."""
        return {FILE: json.dumps(asdict(self), ensure_ascii=False).encode()}


def read_page(folder: str | Path) -> Page:
    """Read the page of a cube, after checking that nothing in the cube was altered, added or taken from another one.

    Raises
    ------
    CubeError, in French, for a cube that `read_sealed` refuses, or one without a page.
    """
    contents = read_sealed(Path(folder), {FILE})[1]
    if FILE not in contents:
        raise CubeError("ces résultats n’ont pas de page.", where=folder, remedy=REPUBLISH)
    parts = json.loads(contents[FILE])
    return Page(**parts | {"choices": tuple(map(tuple, parts["choices"]))})
