"""Compute k and l with pycanon, a referee whose pins cannot stand beside the project's: run it in its own environment.

    python -m venv /ailleurs && /ailleurs/bin/pip install pycanon
    /ailleurs/bin/python tests/reference/verifier_pycanon.py      # from the project's folder

It writes tests/reference/pycanon.json, which tests/test_anonymisation.py compares with the project's own values.
A missing quasi-identifier is written "absent" first: pycanon groups as pandas does by default, and would leave it out.
l counts the thirds of the sensitive variable, as the project's own does.
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from pycanon import anonymity

FILES = (
    ("tests/reference/data/synth7_disclosure.csv", ["assoc", "ageband", "female"], "w"),
    ("donnees_anonymisees/demonstration/repondants.csv", ["age", "genre"], "estime_avant"),
    ("donnees_anonymisees/demonstration/synthetique.csv", ["age", "genre"], "est01"),
    ("../shared/data/woodworth2018_ppi/participant-info.csv", ["sex", "educ"], "age"),
)

stored = []
for file, keys, sensitive in FILES:
    table = pd.read_csv(file)
    values = pd.to_numeric(table[sensitive], errors="coerce")
    table[keys] = table[keys].astype(object).where(table[keys].notna(), "absent")
    table["third"] = np.searchsorted(values.quantile([1 / 3, 2 / 3]), values)
    known = table[values.notna()].reset_index(drop=True)  # pycanon mixes labels and positions
    found = {"k": anonymity.k_anonymity(table, keys), "l": anonymity.l_diversity(known, keys, ["third"])}
    stored.append({"file": file, "keys": keys, "sensitive": sensitive, **{name: int(n) for name, n in found.items()}})
    print(stored[-1])
Path("tests/reference/pycanon.json").write_text(json.dumps(stored, indent=1) + "\n", "utf-8")
print("pycanon", version("pycanon"))
