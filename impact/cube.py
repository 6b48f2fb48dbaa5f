"""The frozen cube: one audience's release and its figures as plain files, with a manifest checked at load."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from impact import __version__
from impact.disclosure import KEYS, SHOWN_COLUMNS, Release
from impact.errors import CubeError, system_reason
from impact.rules import Rules

FORMAT = 1
MANIFEST, RESULTS = "manifeste.json", "resultats.csv"


@dataclass(frozen=True)
class Figure:
    """A drawn figure: SVG and the sentence that says it."""

    svg: bytes
    sentence: str


def write_cube(release: Release, figures: Mapping[str, Figure], folder: Path, *, inputs: str) -> Path:
    """Write a release into `folder`, replacing what was there.

    Parameters
    ----------
    figures : name (a file name without extension) -> Figure.
    inputs : fingerprint of all that the release was computed from.

    Raises
    ------
    CubeError when the folder cannot be written.
    """
    files = {f"{name}.svg": figure.svg for name, figure in figures.items()}
    files[RESULTS] = release.table.to_csv(index=False).encode()
    manifest = {
        "format": FORMAT,
        "version": __version__,
        "audience": release.audience,
        "inputs": inputs,
        "rules": asdict(release.rules),
        "context": dict(release.context),
        "sentences": {name: figure.sentence for name, figure in figures.items()},
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())},
    }
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
        (folder / MANIFEST).write_text(json.dumps(_sealed(manifest), ensure_ascii=False, indent=1), "utf-8")
    except OSError as error:
        advice = "Choisir avec --sorties un dossier où l’on peut écrire."
        raise CubeError(f"impossible d’écrire ({system_reason(error)}).", where=folder, remedy=advice) from None
    return folder


def read_cube(folder: str | Path) -> tuple[Release, dict[str, Figure]]:
    """Read a cube back, after checking that nothing in it was altered, added or taken from another one.

    Raises
    ------
    CubeError, in French, when the folder is not a cube, or a file differs from what the manifest sealed.
    """
    folder = Path(folder)
    manifest = _manifest(folder)
    contents = {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.name != MANIFEST}
    found = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    altered = sorted({name for name, _ in found.items() ^ manifest["files"].items()})
    if altered:
        raise _altered(folder, ", ".join(altered))
    if manifest["audience"] != folder.name:
        raise _altered(folder, f"il est destiné à « {manifest['audience']} »")
    table = pd.read_csv(folder / RESULTS, dtype=dict.fromkeys([*KEYS, "bound", "status", "reason"], str))
    text = table.columns.difference(["n", "estimate", "ci_low", "ci_high"])
    table[text] = table[text].fillna("")
    figures = {
        name: Figure(contents[f"{name}.svg"], sentence) for name, sentence in manifest["sentences"].items()
    }  # fmt: skip
    rules = Rules(**manifest["rules"])
    return Release(manifest["audience"], table[SHOWN_COLUMNS], manifest["context"], rules), figures


def cube_inputs(folder: Path) -> str:
    """Return the fingerprint of what the cube was made from, "" when there is no sound cube."""
    try:
        return _manifest(folder)["inputs"]
    except CubeError:
        return ""


def _manifest(folder: Path) -> dict:
    path = folder / MANIFEST
    if not path.is_file():
        advice = "Lancer d’abord « impact publier »."
        raise CubeError("il n’y a pas de résultats publiés ici.", where=folder, remedy=advice)
    try:
        manifest = json.loads(path.read_text("utf-8"))
        sealed = manifest.get("seal") == _sealed(manifest)["seal"]
    except (ValueError, AttributeError):
        sealed = False
    if not sealed:
        raise _altered(folder, MANIFEST)
    if manifest["format"] != FORMAT:
        raise CubeError("ces résultats viennent d’une autre version.", where=folder, remedy="Les publier de nouveau.")
    return manifest


def _sealed(manifest: dict) -> dict:
    """Return the manifest with the digest of all its other entries."""
    body = {key: value for key, value in manifest.items() if key != "seal"}
    text = json.dumps(body, ensure_ascii=False, sort_keys=True)
    return body | {"seal": hashlib.sha256(text.encode()).hexdigest()}


def _altered(folder: Path, what: str) -> CubeError:
    return CubeError(
        f"les résultats publiés ont été modifiés après coup ({what}) ; ils ne sont pas montrés.",
        where=folder,
        remedy="Les publier de nouveau avec « impact publier ».",
    )
