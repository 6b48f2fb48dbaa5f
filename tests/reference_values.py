"""Values computed by R, read from the project's own data, else from those shared beside the repository."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

OWN = Path(__file__).resolve().parent / "reference"
SHARED = Path(__file__).resolve().parents[2] / "shared"


def _find(name: str) -> Path:
    for folder in (OWN, SHARED / "references"):
        if (folder / name).is_file():
            return folder / name
    pytest.skip(f"{name} : absent de tests/reference et de ../shared/references (données non redistribuables)")


def load(identifier: str) -> dict:
    """Return one reference JSON, skipping the test when it is nowhere to be found."""
    return json.loads(_find(f"{identifier}.json").read_text(encoding="utf-8"))


def read_data(name: str) -> pd.DataFrame:
    """Return one reference CSV, named as in the JSON's `data` (`data/x.csv`) or by its bare file name."""
    return pd.read_csv(_find(f"data/{Path(name).name}"))
