"""From accepted responses to what each audience may see, audited: association by association, the public, the lead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from impact.analysis import releasable
from impact.analysis.detail import class_labels
from impact.campaign import Association, Campaign
from impact.clearance.audit import culprit, exposures, refusal
from impact.clearance.groups import Group, visible_groups
from impact.clearance.partitions import Partitions, merge
from impact.clearance.vintages import require_enough_newcomers
from impact.disclosure import LEAD, PUBLIC, Release, releases_for
from impact.first_pass import Summary, summarise
from impact.questionnaire import Choice

OTHER_AUDIENCES = (
    Association(PUBLIC, "Toutes les associations"),
    Association(LEAD, "Toutes les associations", "page de la personne responsable de l’évaluation"),
)


@dataclass(frozen=True, eq=False)
class Cleared:
    """The releases of a campaign, one an audience, made each time they are asked for: thousands are never held at once.

    `results` : before disclosure control. `partitions` : audience -> breakdown question -> the categories shown.
    """

    results: pd.DataFrame
    campaign: Campaign
    partitions: Partitions

    @property
    def audiences(self) -> tuple[Association, ...]:
        """The associations that have answers, then the public and the evaluation lead."""
        answered = set(self.results["association"])
        return (*(one for one in self.campaign.associations if one.code in answered), *OTHER_AUDIENCES)

    def __len__(self) -> int:
        return len(self.audiences)

    def __iter__(self) -> Iterator[Release]:
        return self._of(self.audiences)

    def watched(self) -> Iterator[Release]:
        """The releases whose readers are audited: the evaluation lead holds the answers themselves."""
        return self._of(one for one in self.audiences if one.code != LEAD)

    def _of(self, audiences: Iterable[Association]) -> Iterator[Release]:
        told = ((one.code, context(self.campaign, one, self.partitions[one.code])) for one in audiences)
        return releases_for(told, self.results, self.campaign.rules)


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


def releases(responses: Any, campaign: Campaign) -> list[Release]:
    """Score, analyse and clear accepted responses: one release for each association that has answers."""
    cleared, _ = clear(responses, campaign)
    return [one for one in cleared if one.audience not in (PUBLIC, LEAD)]


def protected(
    responses: Any, campaign: Campaign, past: Sequence[Group], *, named: bool = True
) -> tuple[Cleared, list[Group]]:
    """Clear results for every audience and audit what they could find out together, past publications included.

    Parameters
    ----------
    responses : pseudonymised responses, a frame of any engine, see `first_pass.summarise`.
    past : groups already published, see `vintages.past_groups`.
    named : know each person of the groups, to compare with other publications; else only how many they are.

    Returns
    -------
    The releases, and the groups of persons behind their numbers. A question that exposes somebody is merged as declared
    for the associations concerned, if its categories declare how.

    Raises
    ------
    DisclosureError when somebody is still exposed, or when too few persons came since a past publication.
    """
    summary, forced = summarise(responses, campaign, named=named), set()
    while True:
        cleared, groups = _cleared(summary, campaign, forced)
        require_enough_newcomers(groups, past, campaign.rules)
        found = exposures([*groups, *past])
        if not found:
            return cleared, groups
        question = culprit([*groups, *past], found)
        more = {(viewer, question) for exposure in found for viewer in exposure.viewers} - forced
        if not question or not more or not _merges(campaign, question):
            raise refusal(found, question, campaign)
        forced |= more


def clear(responses: Any, campaign: Campaign) -> tuple[list[Release], list[Group]]:
    """Return the releases for every audience, and the groups behind their numbers, before any audit."""
    cleared, groups = _cleared(summarise(responses, campaign), campaign)
    return list(cleared), groups


def _cleared(
    summary: Summary, campaign: Campaign, forced: Set[tuple[str, str]] = frozenset()
) -> tuple[Cleared, list[Group]]:
    recoded, partitions = merge(summary, campaign, forced)
    partitions |= {audience.code: _all_categories(campaign, partitions) for audience in OTHER_AUDIENCES}
    cleared = Cleared(releasable(recoded, campaign), campaign, partitions)
    return cleared, visible_groups(cleared.watched(), recoded.cells, campaign)


def _merges(campaign: Campaign, question: str) -> bool:
    return any(choice.merge for choice in campaign.questionnaire.question(question).categories)


def _all_categories(campaign: Campaign, partitions: Partitions) -> dict[str, tuple[Choice, ...]]:
    """Every category a question is shown in, for one association or another."""
    names = [question.name for question in campaign.questionnaire.breakdowns]
    return {name: tuple(dict.fromkeys(c for one in partitions.values() for c in one[name])) for name in names}
