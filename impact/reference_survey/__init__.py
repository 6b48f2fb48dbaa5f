"""Reference values from a survey of a wider population: weighted, the population named; a landmark, not a norm."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

import numpy as np
import pandas as pd

from impact.campaign import Campaign
from impact.collect.responses import read_answers
from impact.errors import CampaignError, nearest
from impact.questionnaire import KEY_COLUMNS
from impact.results import as_results
from impact.scoring import score
from impact.stats.weighting import rake, weighted_mean

LANDMARK = "repère, pas norme"
KEPT = ("n", "estimate", "std_error", "ci_low", "ci_high", "df", "method")


@dataclass(frozen=True)
class ReferenceSurvey:
    """How another survey asked our questions, and of whom.

    `items`: our item -> its column. `codes`: its code -> ours, where they differ. `weights`: its column of weights, ""
    for none. `quotas`: its column -> category -> share of the population, to rake the weights to.
    """

    title: str
    population: str
    source: str
    items: Mapping[str, str]
    codes: Mapping[str, str] = field(default_factory=dict)
    weights: str = ""
    quotas: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


def read_reference_survey(path: str | Path) -> ReferenceSurvey:
    """Read the declaration of a reference survey (a TOML file, its keys those of `ReferenceSurvey`).

    Raises
    ------
    CampaignError for a file that cannot be read, an unknown key, or one that is missing.
    """
    try:
        declared = tomllib.loads(Path(path).read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        advice = "Partir de l’exemple : questionnaires/demonstration/repere.toml."
        raise CampaignError("ce repère ne peut pas être lu.", where=path, remedy=advice) from error
    known = [one.name for one in fields(ReferenceSurvey)]
    for key in declared:
        if key not in known:
            raise CampaignError(f"la clé « {key} » est inconnue.", where=path, remedy=nearest(key, known))
    missing = [name for name in ("title", "population", "source", "items") if not declared.get(name)]
    if missing:
        advice = "Un repère sans sa population ni sa source serait pris pour une norme."
        raise CampaignError(f"il manque {', '.join(missing)}.", where=path, remedy=advice)
    return ReferenceSurvey(**declared)


def reference_values(file: str | Path, survey: ReferenceSurvey, campaign: Campaign) -> pd.DataFrame:
    """Return the weighted mean of each scale that the survey asked whole.

    Parameters
    ----------
    file : the survey's answers, one row a person; never part of the repository.

    Returns
    -------
    Results, one row a scale: statistic reference_mean, n, estimate, std_error, ci_low, ci_high, df, method (population,
    LANDMARK). A scale of which an item was not asked has no row. Scored as the campaign does, missing answers included.

    Raises
    ------
    ImpactError for an unreadable file, a column that it does not have, an item that the questionnaire does not have,
    no scale asked whole, impossible weights or quotas.
    """
    table = read_answers(file).table.reset_index(drop=True)
    _require(survey, table, campaign)
    responses = pd.DataFrame(dict.fromkeys(KEY_COLUMNS, ""), index=table.index)
    for item, column in survey.items.items():
        responses[item] = table[column].replace(dict(survey.codes))
    whole = tuple(
        scale for scale in campaign.questionnaire.scales if all(item.name in survey.items for item in scale.items)
    )
    if not whole:
        advice = "Relier chaque item d’une échelle, dans la partie [items] du repère."
        raise CampaignError("cette enquête n’a posé aucune de nos échelles en entier.", where=file, remedy=advice)
    scores = score(responses, replace(campaign.questionnaire, scales=whole))
    weights = _weights(table, survey)
    rows = []
    for scale in whole:
        found = weighted_mean(scores[scale.name], weights)
        kept = {name: found[name] for name in KEPT if name in found}
        kept["method"] = f"{kept['method']} ; {LANDMARK} ; {survey.population}"
        rows.append({"scale": scale.name, "statistic": "reference_mean"} | kept)
    return as_results(rows)


def _require(survey: ReferenceSurvey, table: pd.DataFrame, campaign: Campaign) -> None:
    items = {item.name for scale in campaign.questionnaire.scales for item in scale.items}
    for item in survey.items:
        if item not in items:
            raise CampaignError(f"l’item « {item} » n’est d’aucune échelle.", remedy=nearest(item, items))
    for column in (*survey.items.values(), *survey.quotas, *filter(None, [survey.weights])):
        if column not in table:
            raise CampaignError(f"le fichier n’a pas de colonne « {column} ».", remedy=nearest(column, table.columns))


def _weights(table: pd.DataFrame, survey: ReferenceSurvey) -> np.ndarray:
    given = np.ones(len(table))
    if survey.weights:
        given = pd.to_numeric(table[survey.weights].str.replace(",", "."), errors="coerce").fillna(0).to_numpy()
    return rake(table, survey.quotas, given) if survey.quotas else given
