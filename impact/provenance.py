"""What made a result: the versions of the code, of Python and of the libraries that compute and draw."""

from __future__ import annotations

import platform
from importlib.metadata import version

from impact import __version__

COUNTED = ("numpy", "pandas", "scipy", "statsmodels", "matplotlib", "seaborn", "typst")


def software() -> dict[str, str]:
    """Return the version of each program that has a part in what is published: name -> version."""
    return {"impact": __version__, "python": platform.python_version()} | {name: version(name) for name in COUNTED}
