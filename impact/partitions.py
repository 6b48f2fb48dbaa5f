"""Who is used in each statistic, and the declared merging of categories that are too small for one association."""

from __future__ import annotations

from collections.abc import Iterable, Set

import pandas as pd

from impact.campaign import Campaign
from impact.designs import KEYS, SHEETS, categories, ends
from impact.disclosure import hidden_categories
from impact.questionnaire import Choice

Partitions = dict[str, dict[str, tuple[Choice, ...]]]


def populations(campaign: Campaign) -> dict[str, tuple[str, ...]]:
    """Return, for each population a statistic may be about, the waves at which its persons must have a score."""
    if not campaign.paired:
        return {wave.code: (wave.code,) for wave in campaign.waves}
    found = {"": ends(campaign)}
    if campaign.design in SHEETS and len(campaign.waves) > 2:
        first, then, last = campaign.waves[0].code, campaign.waves[-2].code, campaign.waves[-1].code
        found |= {"then": (then, last), "shift": (first, then)}
    return found


def persons(
    responses: pd.DataFrame, scores: pd.DataFrame, campaign: Campaign, measures: Iterable[str] = ()
) -> pd.DataFrame:
    """List the persons used in the statistics of each scale.

    Parameters
    ----------
    responses, scores : same rows; see `validation.check` and `scoring.score`.
    measures : the columns of `scores` that are measured, by default every scale.

    Returns
    -------
    One row per person x scale x population: association, participant, scale, population, then one column per breakdown
    question (the category, "sans_reponse" for none). Where persons are not matched, each row of `responses` is one.
    """
    answers = categories(responses, campaign)
    answers = answers.set_index("breakdown", append=True)["category"].unstack("breakdown")
    names = [question.name for question in campaign.questionnaire.breakdowns]
    parts = []
    for measure in measures or [scale.name for scale in campaign.questionnaire.scales]:
        for population, waves in populations(campaign).items():
            used = [_scored(scores, measure, wave, campaign.paired) for wave in waves]
            index = used[0].intersection(used[-1], sort=False)
            part = answers.reindex(index)[names].reset_index() if names else index.to_frame(index=False)
            if not campaign.paired:
                rows = scores.loc[index, KEYS].reset_index(drop=True)
                part = pd.concat([rows, part[names]], axis="columns")
            parts.append(part.assign(scale=measure, population=population))
    return pd.concat(parts, ignore_index=True)[[*KEYS, "scale", "population", *names]]


def merge(
    responses: pd.DataFrame, used: pd.DataFrame, campaign: Campaign, forced: Set[tuple[str, str]] = frozenset()
) -> tuple[pd.DataFrame, Partitions]:
    """Recode, association by association, the answers to a breakdown question whose categories are too small.

    Parameters
    ----------
    responses : accepted responses. used : see `persons`.
    forced : (association, question) to merge whatever their sizes, when the audit asks for it.

    Returns
    -------
    The responses, recoded where needed; and for each association and breakdown question the categories it is shown in.
    A question is merged as its choices declare (`merge`) as soon as disclosure control would hide, for one scale, a
    category that the merging widens. Only one partition of a question is ever computed for an association.
    """
    responses, partitions = responses.copy(), {}
    for association in campaign.associations:
        own = used[used["association"] == association.code]
        shown = partitions[association.code] = {}
        for question in campaign.questionnaire.breakdowns:
            widened = {name: choice for name, choice in question.merged.items() if choice.name != name}
            shown[question.name] = question.categories
            small = _some_hidden(own, question.name, campaign) & set(widened)
            if widened and (small or (association.code, question.name) in forced):
                rows = responses["association"] == association.code
                codes = {name: choice.name for name, choice in widened.items()}
                responses.loc[rows, question.name] = responses.loc[rows, question.name].replace(codes)
                shown[question.name] = tuple(dict.fromkeys(question.merged.values()))
    return responses, partitions


def _scored(scores: pd.DataFrame, scale: str, wave: str, paired: bool) -> pd.Index:
    rows = scores[(scores["wave"] == wave) & scores[scale].notna()]
    return pd.MultiIndex.from_frame(rows[KEYS]) if paired else rows.index


def _some_hidden(own: pd.DataFrame, question: str, campaign: Campaign) -> set[str]:
    """Return the categories that would be hidden for at least one scale, nobody having ticked them included."""
    found: set[str] = set()
    for _, part in own.groupby(["scale", "population"], sort=False):
        nobody = dict.fromkeys((choice.name for choice in campaign.questionnaire.question(question).categories), 0)
        found |= hidden_categories(nobody | part[question].value_counts().to_dict(), campaign.rules)
    return found
