"""The frozen cube: one audience's release, its figures and its page as plain files, sealed and signed (see `seal`)."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from impact.campaign.rules import Rules
from impact.disclosure import KEYS, SHOWN_COLUMNS, Release
from impact.errors import CubeError, DisclosureError
from impact.pixels import pixels
from impact.provenance import software
from impact.seal import REPUBLISH, read_manifest, read_sealed, write_sealed

RESULTS = "resultats.csv"
DRAFT = ".publication_en_cours"  # beside the cubes that are read: those of a publication that is not finished
FINISH = "Une publication est en cours ou a été arrêtée : attendre sa fin ou relancer « impact publier » pour la finir."


@dataclass(frozen=True, eq=False)
class Figure:
    """A drawn figure: its name (of its files), a short title, the sentence that says it, its data table, its drawing.

    `table`: all text, what the figure shows and nothing else, headed by `table.columns`.
    """

    name: str
    title: str
    sentence: str
    table: pd.DataFrame
    svg: bytes

    @cached_property
    def png(self) -> bytes:
        """The drawing as pixels: made from the SVG, so that a cube need not hold it."""
        return pixels(self.svg)

    @property
    def files(self) -> dict[str, bytes]:
        """File name -> content, as the cube holds them."""
        csv = self.table.to_csv(index=False, sep=";").encode("utf-8-sig")  # as French spreadsheets open it
        return {f"{self.name}.svg": self.svg, f"{self.name}.csv": csv}

    @classmethod
    def read(cls, name: str, words: Mapping[str, str], files: Mapping[str, bytes]) -> Figure:
        """Make a figure again from its title and sentence, and its files."""
        table = pd.read_csv(io.BytesIO(files[f"{name}.csv"]), sep=";", dtype=str, keep_default_na=False)
        table.columns = ["" if column.startswith("Unnamed") else column for column in table.columns]
        return cls(name, words["title"], words["sentence"], table, files[f"{name}.svg"])


def results_file(release: Release) -> bytes:
    """Return the file that holds every number of a release."""
    return release.table.to_csv(index=False).encode()


def read_results(content: bytes) -> pd.DataFrame:
    """Return the table of a release from the file that holds its numbers."""
    table = pd.read_csv(io.BytesIO(content), dtype=dict.fromkeys([*KEYS, "bound", "status", "reason"], str))
    text = table.columns.difference(["n", "estimate", "ci_low", "ci_high"])
    table[text] = table[text].fillna("")
    return table[SHOWN_COLUMNS]


def results_digest(release: Release) -> str:
    """Return the fingerprint (SHA-256, in hexadecimal) of the published numbers, the one the manifest gives."""
    return hashlib.sha256(results_file(release)).hexdigest()


def write_cube(
    release: Release,
    figures: Iterable[Figure],
    folder: Path,
    *,
    inputs: str,
    key: bytes,
    documents: Mapping[str, bytes] = MappingProxyType({}),
) -> Path:
    """Write a release into `folder`, replacing what was there once all the new files are written.

    Parameters
    ----------
    figures : see `charts.figures`; each is two files, an SVG and a CSV.
    documents : file name -> content of what is handed over beside the figures.
    inputs : fingerprint of all that the release was computed from. key : the campaign's, see `keys.secret_key`.

    Raises
    ------
    CubeError when the folder cannot be written.
    """
    figures = list(figures)
    files = {name: content for figure in figures for name, content in figure.files.items()}
    files |= {RESULTS: results_file(release), **documents}
    about = {
        "software": software(),
        "audience": release.audience,
        "inputs": inputs,
        "rules": asdict(release.rules),
        "context": dict(release.context),
        "figures": {one.name: {"title": one.title, "sentence": one.sentence} for one in figures},
    }
    return write_sealed(folder, files, about, key)


def read_cube(folder: str | Path, key: bytes | None = None) -> tuple[Release, dict[str, Figure]]:
    """Read a cube back, after checking that nothing in it was altered, added or taken from another one.

    Parameters
    ----------
    key : the campaign's key, to check the signature too; the page has none.

    Raises
    ------
    CubeError, in French, when the folder is not a cube, a file differs from what the manifest sealed, the signature is
    not the campaign's, or a number is not such as disclosure control writes it.
    """
    folder = Path(folder)
    manifest, contents = read_sealed(folder, key=key)
    table = read_results(contents[RESULTS])
    figures = {name: Figure.read(name, words, contents) for name, words in manifest["figures"].items()}
    try:
        release = Release(manifest["audience"], table, manifest["context"], Rules(**manifest["rules"]))
    except DisclosureError as error:
        raise CubeError(error.what, where=folder, remedy=REPUBLISH) from None
    return release, figures


def check_together(folders: Iterable[Path], key: bytes) -> None:
    """Check the cubes of one campaign before they are served: signed with its key, all of one publication.

    Raises
    ------
    CubeError for a cube that `read_cube` refuses, or one that comes from another publication than the others.
    """
    inputs = {}
    for folder in folders:
        read_cube(folder, key)
        inputs[folder] = read_manifest(folder, key)["inputs"]
        if inputs[folder] != next(iter(inputs.values())):
            what = "ces résultats ne viennent pas de la même publication que les autres."
            unfinished = (folder.parent / DRAFT).is_dir()
            raise CubeError(what, where=folder, remedy=FINISH if unfinished else REPUBLISH)


def cube_inputs(folder: Path, key: bytes) -> str:
    """Return the fingerprint of what the cube was made from, "" when there is no sound cube of this campaign."""
    try:
        return read_manifest(folder, key)["inputs"]
    except CubeError:
        return ""
