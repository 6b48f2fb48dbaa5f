"""From accepted responses to what each audience may see, audited: association by association, the public, the lead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import asdict

import pandas as pd

from impact.analysis import analyse
from impact.audit import culprit, exposures, refusal
from impact.campaign import Association, Campaign
from impact.detail import class_labels, item_scores
from impact.disclosure import LEAD, PUBLIC, Release, releases_for
from impact.groups import Group, visible_groups
from impact.partitions import Partitions, merge, persons
from impact.questionnaire import Choice
from impact.scoring import score
from impact.vintages import require_enough_newcomers

OTHER_AUDIENCES = (
    Association(PUBLIC, "Toutes les associations"),
    Association(LEAD, "Toutes les associations", "page de la personne responsable de l’évaluation"),
)


def context(
    campaign: Campaign, association: Association, shown: Mapping[str, Sequence[Choice]] | None = None
) -> dict[str, object]:
    """Return what is said around one audience's numbers: titles, labels, ranges; nothing about the others, but to the
    evaluation lead, who is told every association in the order declared.

    `shown`: for each breakdown question, the categories it is shown in; by default those of the questionnaire.
    """
    shown = shown or {question.name: question.categories for question in campaign.questionnaire.breakdowns}
    about = {
        "title": campaign.title,
        "campaign": campaign.name,
        "campaign_version": campaign.version,
        "questionnaire_version": campaign.questionnaire.version,
        "fictif": campaign.fictif,
        "design": campaign.design,
        "paired": campaign.paired,
        "association": association.label,
        "sector": association.sector,
        "comparison": association.comparison,
        "waves": [{"code": wave.code, "label": wave.label} for wave in campaign.waves],
        "scales": [
            {
                "name": scale.name,
                "label": scale.label,
                "dimension": scale.dimension,
                "higher_is_better": scale.higher_is_better,
                "low": scale.range[0],
                "high": scale.range[1],
                "source": scale.source,
                "licence": scale.licence,
                "items": [{"name": item.name, "label": item.label, "reverse": item.reverse} for item in scale.items],
                "classes": [{"name": name, "label": label} for name, label in class_labels(scale).items()],
            }
            for scale in campaign.questionnaire.scales
        ],
        "breakdowns": [
            {
                "name": question.name,
                "label": question.label,
                "categories": [{"name": choice.name, "label": choice.label} for choice in shown[question.name]],
            }
            for question in campaign.questionnaire.breakdowns
        ],
    }
    if association.code == LEAD:
        about["associations"] = [asdict(one) for one in campaign.associations]
    return about


def releases(responses: pd.DataFrame, campaign: Campaign) -> list[Release]:
    """Score, analyse and clear accepted responses: one release for each association that has answers."""
    cleared, _ = clear(responses, campaign)
    return [one for one in cleared if one.audience not in (PUBLIC, LEAD)]


def protected(responses: pd.DataFrame, campaign: Campaign, past: Sequence[Group]) -> tuple[list[Release], list[Group]]:
    """Clear responses for every audience and audit what they could find out together, past publications included.

    Parameters
    ----------
    responses : pseudonymised responses. past : groups already published, see `vintages.past_groups`.

    Returns
    -------
    The releases, and the groups of persons behind their numbers. A question that exposes somebody is merged as declared
    for the associations concerned, if its categories declare how.

    Raises
    ------
    DisclosureError when somebody is still exposed, or when too few persons came since a past publication.
    """
    forced: set[tuple[str, str]] = set()
    while True:
        cleared, groups = clear(responses, campaign, forced)
        require_enough_newcomers(groups, past, campaign.rules)
        found = exposures([*groups, *past])
        if not found:
            return cleared, groups
        question = culprit([*groups, *past], found)
        more = {(viewer, question) for exposure in found for viewer in exposure.viewers} - forced
        if not question or not more or not _merges(campaign, question):
            raise refusal(found, question, campaign)
        forced |= more


def clear(
    responses: pd.DataFrame, campaign: Campaign, forced: Set[tuple[str, str]] = frozenset()
) -> tuple[list[Release], list[Group]]:
    """Return the releases for every audience, and the groups behind their numbers, before any audit."""
    scores = score(responses, campaign.questionnaire)
    recoded, partitions = merge(responses, persons(responses, scores, campaign), campaign, forced)
    results, used = analyse(recoded, scores, campaign), _everybody_used(recoded, scores, campaign)
    answered = set(results["association"])
    present = [one for one in campaign.associations if one.code in answered]
    partitions |= {audience.code: _all_categories(campaign, partitions) for audience in OTHER_AUDIENCES}
    told = ((one.code, context(campaign, one, partitions[one.code])) for one in (*present, *OTHER_AUDIENCES))
    cleared = list(releases_for(told, results, campaign.rules))
    watched = [one for one in cleared if one.audience != LEAD]
    return cleared, [group for one in watched for group in visible_groups(one, used, campaign)]


def _everybody_used(responses: pd.DataFrame, scores: pd.DataFrame, campaign: Campaign) -> pd.DataFrame:
    """The persons behind each scale and, where they are shown, behind each question."""
    scales = campaign.questionnaire.scales
    used = persons(responses, scores, campaign)
    if not campaign.paired:
        return used
    items = [item.name for scale in scales for item in scale.items]
    return pd.concat([used, persons(responses, item_scores(responses, *scales), campaign, items)], ignore_index=True)


def _merges(campaign: Campaign, question: str) -> bool:
    return any(choice.merge for choice in campaign.questionnaire.question(question).categories)


def _all_categories(campaign: Campaign, partitions: Partitions) -> dict[str, tuple[Choice, ...]]:
    """Every category a question is shown in, for one association or another."""
    names = [question.name for question in campaign.questionnaire.breakdowns]
    return {name: tuple(dict.fromkeys(c for one in partitions.values() for c in one[name])) for name in names}
