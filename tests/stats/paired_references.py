"""The paired samples of the references: which data each R value was made from, as the project's tables."""

from __future__ import annotations

import pandas as pd

from tests.reference_values import read_data

SAI = "sai7_change.csv"
SYNTH = "synth7_wide_expected.csv"
SCALES = ("cap", "est", "soc")
STUDIES = ("SHED", "PAT", "AGES", "Cart", "FIAT", "FILM", "Fast")

# identifier -> (file, before, after, filter)
PAIRED = {
    **{f"paired_anorexia_{t}": ("anorexia.csv", "Prewt", "Postwt", f"Treat == '{t}'") for t in ("CBT", "Cont", "FT")},
    "paired_anorexia_all": ("anorexia.csv", "Prewt", "Postwt", ""),
    **{f"paired_sai7_{study}": (SAI, "score_pre", "score_post", f"study == '{study}'") for study in STUDIES},
    "paired_sai7_all": (SAI, "score_pre", "score_post", ""),
    "paired_sleep": ("sleep.csv", "pre", "post", ""),
    "paired_sleepstudy_0_9": ("sleepstudy.csv", "", "", ""),
    **{f"synth7_paired_{s}": (SYNTH, f"{s}.pre", f"{s}.post", "") for s in SCALES},
    **{f"synth7_then_{s}": (SYNTH, f"{s}.then", f"{s}.post", "") for s in SCALES},
    **{f"synth7_respshift_{s}": (SYNTH, f"{s}.pre", f"{s}.then", "") for s in SCALES},
}


def paired_data(identifier: str) -> pd.DataFrame:
    """Return the columns before and after (missing values kept) of one paired reference."""
    file, before, after, query = PAIRED[identifier]
    data = read_data(file)
    if identifier == "paired_sleepstudy_0_9":
        wide = data.pivot(index="Subject", columns="Days", values="Reaction")
        return wide[[0, 9]].set_axis(["before", "after"], axis=1).reset_index(drop=True)
    data = data.query(query) if query else data
    return data[[before, after]].set_axis(["before", "after"], axis=1).reset_index(drop=True)


def complete(identifier: str) -> pd.DataFrame:
    """Return the pairs of one paired reference."""
    return paired_data(identifier).dropna(ignore_index=True)


def sai_pairs() -> pd.DataFrame:
    """Return the pairs of the seven real studies, as `change.pairs` gives them."""
    data = read_data(SAI).rename(columns={"study": "association", "id": "participant"})
    return data.rename(columns={"score_pre": "before", "score_post": "after"}).dropna(subset=["before", "after"])


def synthetic_scores(scale: str) -> pd.DataFrame:
    """Return the scores of the seven fictitious associations: one row per person x wave."""
    data = read_data("synth7_scores_expected.csv")
    return data.rename(columns={"assoc": "association", "id": "participant"})[
        ["association", "wave", "participant", scale]
    ]
