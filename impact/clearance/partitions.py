"""The declared merging of categories that are too small for one association."""

from __future__ import annotations

from collections.abc import Set

import pandas as pd

from impact.campaign import Campaign
from impact.disclosure.suppression import hidden_categories
from impact.first_pass import Summary
from impact.questionnaire import Choice

Partitions = dict[str, dict[str, tuple[Choice, ...]]]


def merge(
    summary: Summary, campaign: Campaign, forced: Set[tuple[str, str]] = frozenset()
) -> tuple[Summary, Partitions]:
    """Recode, association by association, the breakdown questions whose categories are too small.

    Parameters
    ----------
    summary : see `first_pass.summarise`.
    forced : (association, question) to merge whatever their sizes, when the audit asks for it.

    Returns
    -------
    The small tables, recoded where needed; and for each association and breakdown question the categories it is shown
    in. A question is merged as its choices declare (`merge`) as soon as disclosure control would hide, for one scale, a
    category that the merging widens. Only one partition of a question is ever computed for an association.
    """
    scales = {scale.name for scale in campaign.questionnaire.scales}
    own = dict(list(summary.cells[summary.cells["scale"].isin(scales)].groupby("association", sort=False)))
    codes, partitions = {}, {}
    for association in campaign.associations:
        shown = partitions[association.code] = {}
        for question in campaign.questionnaire.breakdowns:
            widened = {name: choice for name, choice in question.merged.items() if choice.name != name}
            shown[question.name] = question.categories
            cells = own.get(association.code, summary.cells.iloc[:0])
            small = bool(widened) and _some_hidden(cells, question.name, campaign) & set(widened)
            if widened and (small or (association.code, question.name) in forced):
                codes[association.code, question.name] = {name: choice.name for name, choice in widened.items()}
                shown[question.name] = tuple(dict.fromkeys(question.merged.values()))
    return summary.recoded(codes), partitions


def _some_hidden(own: pd.DataFrame, question: str, campaign: Campaign) -> set[str]:
    """Return the categories that would be hidden for at least one scale, nobody having ticked them included."""
    found: set[str] = set()
    nobody = dict.fromkeys((choice.name for choice in campaign.questionnaire.question(question).categories), 0)
    sizes = own.groupby(["scale", "population", question], sort=False, observed=True)["persons"].sum()
    for _, part in sizes.groupby(level=[0, 1], sort=False, observed=True):
        found |= hidden_categories(nobody | part.droplevel([0, 1]).to_dict(), campaign.rules)
    return found
