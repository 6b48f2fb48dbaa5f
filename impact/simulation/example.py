"""The fictitious evidence of the demonstration: counts, words that somebody would approve, a wider survey."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from impact.campaign import Campaign
from impact.coding_grid.log import PUBLISH, Answer, Coded, append, log_file
from impact.coding_grid.masking import masked
from impact.coding_grid.model import open_answers
from impact.collect.responses import write_csv
from impact.errors import CampaignError
from impact.evidence import keep_counts, kept_counts
from impact.reference_survey import read_reference_survey, reference_values
from impact.reference_survey.landmark import DECLARED, keep_landmark, landmark_file
from impact.simulation import Truth, simulate, simulate_counts

WHO, ON = "Relecture fictive", "2014-10-06T10:00:00"
SURVEYED, SURVEY_SEED = 1200, 7
APPROVED = 2  # by association and criterion; the others wait, so that the grid has something to show
SPEAKS_OF = {  # criterion -> what the fictitious sentences coded with it hold
    "estime": "confiance|peur|honte|compare",
    "agir_seul": "papiers|débrouille",
    "expression": "écrit|journal|parlé devant",
    "liens": "rencontré|voisins|salue|famille|groupe",
    "imprevu": "petits-enfants|aider|marche|réconcilié|maison|téléphone",
    "difficile": "yeux|rapides|panne|horaire|bruit|dispute|vite|honte|compare",
    "a_confiance": "confiance|peur",
    "a_fatigue": "yeux|rapides|panne|vite",
    "b_entraide": "aider|groupe|marche",
    "c_parole": "écrit|journal",
    "d_regard": "compare|honte",
    "e_famille": "maison|petits-enfants",
    "g_cafe": "bruit|dispute",
}


def example_evidence(campaign: Campaign) -> None:
    """Keep fictitious counts, landmark and coding for the demonstration; what is already kept is left alone."""
    if kept_counts(campaign.name).empty:
        keep_counts(simulate_counts(campaign), campaign.name)
    _example_landmark(campaign)
    path = log_file(campaign.name)
    if path.exists():
        return
    table = simulate(campaign, mistakes=False).rename(columns={name: key for key, name in campaign.columns.items()})
    approved: Counter[tuple[str, str]] = Counter()
    texts: set[tuple[str, str]] = set()
    for answer in open_answers(table, campaign):
        shown, criteria = masked(answer.text), _criteria(answer, campaign)
        wanted = any(approved[answer.association, code] < APPROVED for code in criteria)
        if wanted and (answer.association, shown) not in texts:
            texts.add((answer.association, shown))
            approved.update((answer.association, code) for code in criteria)
            append(path, answer, Coded(shown, criteria, PUBLISH, WHO, ON), WHO)


def example_survey(campaign: Campaign, folder: str | Path) -> Path:
    """Write a fictitious wider survey, such as the campaign's repere.toml declares it: quotas and weights at random.

    Raises
    ------
    CampaignError for a campaign whose answers are real: an invented landmark would be taken for one.
    """
    if not campaign.fictif:
        advice = "Donner le fichier de l’enquête."
        what = "ses réponses sont réelles, on n’invente pas de repère."
        raise CampaignError(what, where=campaign.name, remedy=advice)
    survey, rng = read_reference_survey(campaign.folder / DECLARED), np.random.default_rng(SURVEY_SEED)
    truth = Truth((SURVEYED,), (0.0,))
    drawn = simulate(campaign, truth=truth, seed=SURVEY_SEED, mistakes=False)[list(survey.items)].head(SURVEYED)
    drawn = drawn.rename(columns=dict(survey.items))
    for column, shares in survey.quotas.items():
        drawn[column] = rng.choice(list(shares), SURVEYED)
    if survey.weights:
        drawn[survey.weights] = rng.uniform(0.5, 2, SURVEYED).round(2)
    Path(folder).mkdir(parents=True, exist_ok=True)
    return write_csv(drawn, Path(folder) / "enquete_fictive.csv")


def _example_landmark(campaign: Campaign) -> None:
    """Keep the landmark of a fictitious survey, if the campaign declares one and none is kept."""
    if not (campaign.folder / DECLARED).is_file() or landmark_file(campaign.name).exists():
        return
    survey = read_reference_survey(campaign.folder / DECLARED)
    with TemporaryDirectory() as folder:
        values = reference_values(example_survey(campaign, folder), survey, campaign)
    keep_landmark(survey, values, campaign.name)


def _criteria(answer: Answer, campaign: Campaign) -> tuple[str, ...]:
    known = (one.code for one in campaign.framework.for_coding(answer.association))
    return tuple(code for code in known if code in SPEAKS_OF and re.search(SPEAKS_OF[code], answer.text))
