"""The fictitious evidence of the demonstration: what associations would count, words that somebody would approve."""

from __future__ import annotations

import re
from collections import Counter

from impact.campaign import Campaign
from impact.coding_grid.log import PUBLISH, Answer, Coded, append, log_file
from impact.coding_grid.masking import masked
from impact.coding_grid.model import open_answers
from impact.evidence import keep_counts, kept_counts
from impact.simulation import simulate, simulate_counts

WHO, ON = "Relecture fictive", "2014-10-06T10:00:00"
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
    """Keep fictitious counts and a fictitious coding for the demonstration; what is already kept is left alone."""
    if kept_counts(campaign.name).empty:
        keep_counts(simulate_counts(campaign), campaign.name)
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


def _criteria(answer: Answer, campaign: Campaign) -> tuple[str, ...]:
    known = (one.code for one in campaign.framework.for_coding(answer.association))
    return tuple(code for code in known if code in SPEAKS_OF and re.search(SPEAKS_OF[code], answer.text))
