"""What was already published: a new vintage must not isolate its newcomers when the former one is subtracted.

The groups of persons behind each published number are kept under pseudonyms in a private file beside the campaign's
key, never in what is served.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from impact.campaign.rules import Rules
from impact.clearance.groups import Group
from impact.errors import DisclosureError
from impact.keys import private_file, read_private, write_private

KIND = "millesimes.json"


def past_groups(campaign: str, source: str = "") -> list[Group]:
    """Return the groups behind every number of a campaign published so far.

    Parameters
    ----------
    source : the digest of a partitioned source (of all that decides what is shown of it), whose persons are counted and
        not named: nobody can be followed from one publication to another, so it may only be published again as it was.
        "" for named persons.

    Raises
    ------
    DisclosureError when they were published from another source: who was in it is not known, so nothing is compared.
    """
    state = json.loads(read_private(private_file(campaign, KIND)) or "[]")
    if any(one.get("source", "") != source for one in state):
        raise DisclosureError(
            "rien n’est publié : une source partitionnée ne garde pas qui y était, et cette campagne a déjà été "
            "publiée d’une autre façon ; soustraire une publication de l’autre pourrait isoler quelqu’un.",
            where=campaign,
            remedy="Publier de la même source, questionnaire et campagne inchangés, ou sous un autre nom de campagne, "
            "sans garder l’ancienne.",
        )
    return [
        Group(one["viewer"], tuple(variable), one["breakdown"], frozenset(one["members"]))
        for one in ([] if source else state)
        for variable in one["variables"]
    ]


def remember(campaign: str, groups: Sequence[Group], source: str = "") -> None:
    """Add groups to those already published, or keep the `source` they come from (see `past_groups`)."""
    variables: dict[tuple, list[Group]] = {}
    past = past_groups(campaign, source)
    for group in [] if source else [*past, *groups]:
        variables.setdefault((group.viewer, group.breakdown, group.members), []).append(group)
    state = [{"source": source}] if source else []
    state += [
        {"viewer": viewer, "breakdown": breakdown, "variables": sorted({one.variable for one in same})}
        | {"members": sorted(members)}
        for (viewer, breakdown, members), same in variables.items()
    ]
    write_private(private_file(campaign, KIND), json.dumps(state).encode())


def require_enough_newcomers(groups: Sequence[Group], past: Sequence[Group], rules: Rules) -> None:
    """Refuse a vintage in which a whole that was already shown gains or loses fewer persons than the threshold.

    Raises
    ------
    DisclosureError naming who sees that whole and how many persons at least are waited for.
    """
    before: dict[tuple, list[frozenset[str]]] = {}
    for old in past:
        if not old.breakdown:
            before.setdefault((old.viewer, old.variable), []).append(old.members)
    for group in groups:
        for members in before.get((group.viewer, group.variable), ()) if not group.breakdown else ():
            gained, lost = len(group.members - members), len(members - group.members)
            if 0 < gained < rules.threshold or 0 < lost < rules.threshold:
                many = f"{gained} de plus, {lost} de moins"
                raise DisclosureError(
                    f"rien n’est publié : trop peu de personnes ont changé depuis la dernière publication ({many}) ; "
                    "soustraire l’une de l’autre les isolerait.",
                    where=f"{group.viewer}, {group.variable[0]}",
                    remedy=f"Attendre d’avoir au moins {rules.threshold} nouvelles personnes, ou n’en ajouter aucune.",
                )
