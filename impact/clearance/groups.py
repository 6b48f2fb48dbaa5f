"""The groups of persons behind each number that somebody sees: what the audit of differencing reasons on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain

import pandas as pd

from impact.campaign import Campaign
from impact.disclosure import KEYS, STATISTICS, WHOLE, Release
from impact.disclosure.rounding import shown_count
from impact.errors import DisclosureError

NOT_SUMS = ("prediction_interval", "reliable_change")
COMPARED = "difference_of_changes"
SAME_VARIABLE = {"adjusted_change": "change", "pooled_change": "change", COMPARED: "change"}


@dataclass(frozen=True, slots=True)
class Group:
    """Persons whose mean somebody sees: who sees it, what is measured (scale and variable), by which question.

    `members`: persons, or cells of persons whom nothing that is shown tells apart; `sizes` then says how many persons a
    cell holds (one, where it says nothing).
    """

    viewer: str
    variable: tuple[str, str]
    breakdown: str
    members: frozenset[str]
    sizes: Mapping[str, int] = field(default_factory=dict, compare=False, repr=False)

    def persons(self, members: Iterable[str] | None = None) -> int:
        """Count the persons of the group, or of some of its members."""
        return sum(self.sizes.get(one, 1) for one in (self.members if members is None else members))


def visible_groups(releases: Iterable[Release], used: pd.DataFrame, campaign: Campaign) -> list[Group]:
    """Return the groups of persons that releases show numbers about.

    Parameters
    ----------
    used : persons used in each statistic, see `first_pass.Summary.cells`; `participant` must be unique across
        associations (see `linking.pseudonymise`), categories must be those of the release.

    Raises
    ------
    DisclosureError when the n of a result is not the number of persons found for it: its group is then unknown.
    """
    groups, found, cells = [], {}, _Cells(used)
    compared = frozenset(one.code for one in campaign.associations if one.comparison)
    everybody = frozenset(one.code for one in campaign.associations) - compared
    for release, row in ((one, row) for one in releases for row in _shown(one)):
        if STATISTICS[row["statistic"]] not in ("mean", "share") or row["statistic"] in NOT_SUMS:
            continue
        behind = []
        for place, variable, population in _behind(row, campaign, everybody, compared):
            if (place, population) not in found:
                found[place, population] = cells.members(place, population)
            behind.append(
                Group(release.audience, (row["scale"], variable), row["breakdown"], *found[place, population])
            )
        own = row["association"] != WHOLE
        if own and shown_count(min(group.persons() for group in behind), release.rules) != row["n"]:
            what = f"{row['scale']}, {row['statistic']}, {row['breakdown']} {row['category']}"
            raise DisclosureError(f"rien n’est diffusé : on ne sait pas sur qui porte un résultat ({what}).")
        groups += behind
    return list(dict.fromkeys(groups))


def _shown(release: Release) -> list[dict]:
    return release.table.loc[release.table["status"] == "shown", [*KEYS, "n"]].to_dict("records")


def _behind(
    row: dict, campaign: Campaign, everybody: frozenset[str], compared: frozenset[str]
) -> Iterator[tuple[tuple, str, str]]:
    """Yield the groups a result is the mean of: (associations, scale, breakdown, category), variable, population.

    A difference of two groups is taken to show both: who knows one of them gets the other.
    """
    statistic, rest = row["statistic"], (row["scale"], row["breakdown"], row["category"])
    own = frozenset([row["association"]]) if row["association"] != WHOLE else everybody
    if not campaign.paired and statistic in ("independent_change", "pooled_change"):
        yield (own, *rest), "mean_before", campaign.waves[0].code
        yield (own, *rest), "mean_after", campaign.waves[-1].code
        return
    variable, population = SAME_VARIABLE.get(statistic, statistic) + row["wave"], _population(row, campaign)
    yield (own, *rest), variable, population
    if statistic == COMPARED:
        yield (compared, *rest), variable, population


class _Cells:
    """The cells of each statistic, by group, and how many persons they hold."""

    def __init__(self, used: pd.DataFrame):
        breakdowns = used.columns.difference(["scale", "population", "association", "participant", "persons"])
        self._names: dict[tuple, list[str]] = {}
        self._sizes: dict[tuple, dict[str, int]] = {}
        for statistic, part in used.groupby(["scale", "population"], sort=False, observed=True):
            names, associations = part["participant"].tolist(), part["association"].tolist()
            sizes = zip(names, part["persons"].tolist(), strict=True) if "persons" in part else ()
            self._sizes[statistic] = {name: n for name, n in sizes if n != 1}
            for breakdown in ("", *breakdowns):
                codes = part[breakdown].tolist() if breakdown else [""] * len(names)
                for association, code, name in zip(associations, codes, names, strict=True):
                    self._names.setdefault((*statistic, association, breakdown, code), []).append(name)

    def members(self, group: tuple, population: str) -> tuple[frozenset[str], dict[str, int]]:
        """The cells of one group, of one association or of several, and the sizes of all those of its statistic."""
        associations, scale, breakdown, category = group
        code = category if breakdown else ""  # a class of scores is a category too: it is of the whole group
        places = ((scale, population, one, breakdown, code) for one in associations)
        members = frozenset(chain.from_iterable(self._names.get(place, ()) for place in places))
        return members, self._sizes.get((scale, population), {})


def _population(row: dict, campaign: Campaign) -> str:
    """Name the population of `partitions.populations` that a statistic is about."""
    statistic = row["statistic"]
    if not campaign.paired:
        ends = {"mean_before": campaign.waves[0].code, "mean_after": campaign.waves[-1].code}
        return row["wave"] or ends.get(statistic, "")
    if len(campaign.waves) > 2:
        for name, population in (("then_change", "then"), ("response_shift", "shift")):
            if statistic.startswith(name):
                return population
    return ""
