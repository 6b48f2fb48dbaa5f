"""What was already published: a new vintage must not isolate its newcomers when the former one is subtracted.

The groups of persons behind each published number are kept under pseudonyms in a private file beside the campaign's
key, never in what is served.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from impact.errors import DisclosureError
from impact.groups import Group
from impact.keys import private_file, read_private, write_private
from impact.rules import Rules

KIND = "millesimes.json"


def past_groups(campaign: str) -> list[Group]:
    """Return the groups behind every number of a campaign published so far."""
    state = json.loads(read_private(private_file(campaign, KIND)) or "[]")
    return [
        Group(one["viewer"], tuple(variable), one["breakdown"], frozenset(one["members"]))
        for one in state
        for variable in one["variables"]
    ]


def remember(campaign: str, groups: Sequence[Group]) -> None:
    """Add groups to those already published."""
    variables: dict[tuple, set] = {}
    for group in [*past_groups(campaign), *groups]:
        variables.setdefault((group.viewer, group.breakdown, group.members), set()).add(group.variable)
    state = [
        {"viewer": viewer, "breakdown": breakdown, "variables": sorted(seen), "members": sorted(members)}
        for (viewer, breakdown, members), seen in variables.items()
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
