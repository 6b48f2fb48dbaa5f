"""What made a result: the versions of the code, of Python and of the libraries that compute and draw."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from impact import __version__

COUNTED = ("numpy", "pandas", "scipy", "statsmodels", "matplotlib", "seaborn", "typst")


def software() -> dict[str, str]:
    """Return the version of each program that has a part in what is published: name -> version."""
    return {"impact": __version__, "python": platform.python_version()} | {name: version(name) for name in COUNTED}


def code_files() -> list[Path]:
    """Return the files of the program itself."""
    return sorted(Path(__file__).parent.rglob("*.py"))


def files_digest(files: Iterable[Path]) -> str:
    """Return the fingerprint (SHA-256, in hexadecimal) of files, names and contents, under this version of the code."""
    digest = hashlib.sha256(__version__.encode())
    for path in files:
        digest.update(path.name.encode())
        with open(path, "rb") as content:
            digest.update(hashlib.file_digest(content, "sha256").digest())
    return digest.hexdigest()
