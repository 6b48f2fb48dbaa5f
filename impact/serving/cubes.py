"""The released results of each account: their folder, and the files in it that may be taken away."""

from __future__ import annotations

import hashlib
from pathlib import Path

from impact.errors import CubeError
from impact.pixels import pixels
from impact.seal import read_manifest
from impact.serving.accounts import CODE

TYPES = {
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".csv": "text/csv; charset=utf-8",
    ".pdf": "application/pdf",
    ".html": "text/html; charset=utf-8",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".odt": "application/vnd.oasis.opendocument.text",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
}


class Cubes:
    """Finds the cube of an account each time it is asked for: what is published meanwhile counts at once."""

    def __init__(self, outputs: Path):
        self.outputs = outputs.resolve()

    def find(self, code: str) -> Path | None:
        """Return the folder of `code`; None when it is missing, empty, or stands outside the campaign's folder."""
        cube = (self.outputs / code).resolve()
        inside = CODE.fullmatch(code) and cube.parent == self.outputs
        return cube if inside and cube.is_dir() and any(cube.iterdir()) else None


def released_file(cube: Path, name: str) -> bytes | None:
    """Return a file that the cube's manifest lists, unaltered, or a drawing of it as PNG; None for anything else.

    The manifest's signature is checked with the campaign's key when the server starts and when results are published;
    here the manifest is checked against its seal, and each file against the digest that the manifest holds.
    """
    try:
        digests = read_manifest(cube)["files"]
        source = f"{name[:-4]}.svg" if name.endswith(".png") and name not in digests else name
        digest = digests.get(source)
        content = (cube / source).read_bytes() if digest else b""
    except (CubeError, OSError):
        return None
    if not digest or hashlib.sha256(content).hexdigest() != digest:
        return None
    return content if source == name else pixels(content)
