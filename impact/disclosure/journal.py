"""The journal of disclosure: each decision is a line that a person can read, without any number."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from impact.collect.responses import write_csv
from impact.disclosure import WHOLE, Release
from impact.results import FRENCH_STATISTICS

JOURNAL = "journal_de_diffusion.csv"
DECISIONS = {"shown": "montré", "suppressed": "masqué"}
BOUNDS = {"<": "dit « moins de 10 % »", ">": "dit « plus de 90 % »"}


def journal(release: Release) -> pd.DataFrame:
    """Return one line a decision: destinataire, association, moment, échelle, question, modalité, résultat, décision,
    raison; in words, without any number."""
    about = release.context
    waves = {one["code"]: one["label"] for one in about["waves"]}
    scales = {one["name"]: one["label"] for one in about["scales"]}
    questions = {one["name"]: one["label"] for one in about["breakdowns"]}
    choices = {(one["name"], c["name"]): c["label"] for one in about["breakdowns"] for c in one["categories"]}
    table = release.table
    categories = zip(table["breakdown"], table["category"], strict=True)
    return pd.DataFrame(
        {
            "destinataire": release.audience,
            "association": table["association"].replace({WHOLE: "toutes ensemble"}),
            "moment": [waves.get(wave, "") for wave in table["wave"]],
            "échelle": [scales.get(scale, "") for scale in table["scale"]],
            "question": [questions.get(question, "") for question in table["breakdown"]],
            "modalité": [choices.get(category, "") for category in categories],
            "résultat": [FRENCH_STATISTICS.get(name, name) for name in table["statistic"]],
            "décision": table["status"].map(DECISIONS),
            "raison": [
                reason or BOUNDS.get(bound, "") for reason, bound in zip(table["reason"], table["bound"], strict=True)
            ],
        }
    )


def write_journal(release: Release, path: Path, *, more: bool = False) -> Path:
    """Write the journal of a release, for a spreadsheet; `more`: after those already written."""
    return write_csv(journal(release), path, more=more)
