"""Compute k and l with pycanon, a referee whose pins cannot stand beside the project's: run it in its own environment.

    python -m venv /ailleurs && /ailleurs/bin/pip install pycanon
    /ailleurs/bin/python tests/reference/verifier_pycanon.py      # from the project's folder

It writes tests/reference/pycanon.json, which tests/test_anonymisation.py compares with the project's own values.
A missing quasi-identifier is written "absent" first: pycanon groups as pandas does by default, and would leave it out.
"""

import json
from importlib.metadata import version
from pathlib import Path

import pandas as pd
from pycanon import anonymity

FILES = (
    ("tests/reference/data/synth7_disclosure.csv", ["assoc", "ageband", "female"], "w"),
    ("tests/reference/data/synth7_disclosure.csv", ["ageband", "female"], "assoc"),
    ("donnees_anonymisees/demonstration/repondants.csv", ["age", "genre"], "estime_avant"),
)

stored = []
for file, keys, sensitive in FILES:
    table = pd.read_csv(file)
    table[keys] = table[keys].astype(object).where(table[keys].notna(), "absent")
    found = {"k": anonymity.k_anonymity(table, keys), "l": anonymity.l_diversity(table, keys, [sensitive])}
    stored.append({"file": file, "keys": keys, "sensitive": sensitive, **{name: int(n) for name, n in found.items()}})
    print(stored[-1])
Path("tests/reference/pycanon.json").write_text(json.dumps(stored, indent=1) + "\n", "utf-8")
print("pycanon", version("pycanon"))
