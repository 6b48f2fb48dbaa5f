"""Audit of differencing: can anyone, from all the groups they see, get at one person, or at fewer than five?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from impact.campaign import Campaign
from impact.disclosure import GROUP, PUBLIC, STATISTICS, WHOLE, Release
from impact.errors import DisclosureError
from impact.rounding import shown_count

FEW = 4
EXACT = 1e-8  # a diagonal of the projector is 1 up to rounding errors, which stay under 1e-12 on these 0/1 matrices
POOLED = "pooled_change"
OF_TWO_GROUPS = ("independent_change", "difference_of_changes")  # their n is the smaller of two groups'
NOT_SUMS = ("prediction_interval", "reliable_change")
SAME_VARIABLE = {"adjusted_change": "change", POOLED: "change"}


@dataclass(frozen=True)
class Group:
    """Persons whose mean somebody sees: who sees it, what is measured (scale and variable), by which question."""

    viewer: str
    variable: tuple[str, str]
    breakdown: str
    members: frozenset[str]


@dataclass(frozen=True)
class Exposure:
    """Persons that subtracting permitted results would single out: who could do it, and how many persons."""

    viewers: tuple[str, ...]
    variable: tuple[str, str]
    persons: frozenset[str]
    breakdowns: frozenset[str]


def visible_groups(release: Release, used: pd.DataFrame, campaign: Campaign) -> list[Group]:
    """Return the groups of persons one release shows numbers about.

    Parameters
    ----------
    used : persons used in each statistic, see `partitions.persons`; `participant` must be unique across associations
        (see `linking.pseudonymise`), categories must be those of the release.

    Raises
    ------
    DisclosureError when the n of a result is not the number of persons found for it: its group is then unknown.
    """
    groups, found = [], {}
    compared = [association.code for association in campaign.associations if association.comparison]
    for row in release.table[release.table["status"] == "shown"].to_dict("records"):
        statistic, own = row["statistic"], row["association"] != WHOLE
        if STATISTICS[statistic] not in ("mean", "share") or statistic in (*OF_TWO_GROUPS, *NOT_SUMS):
            continue
        place = tuple(row[key] for key in GROUP), _population(row, campaign)
        if place not in found:
            found[place] = _members(used, *place, compared)
        if own and shown_count(len(found[place]), release.rules) != row["n"]:
            what = f"{row['scale']}, {statistic}, {row['breakdown']} {row['category']}"
            raise DisclosureError(f"rien n’est diffusé : on ne sait pas sur qui porte un résultat ({what}).")
        variable = (row["scale"], SAME_VARIABLE.get(statistic, statistic) + row["wave"])
        groups.append(Group(release.audience, variable, row["breakdown"], found[place]))
    return list(dict.fromkeys(groups))


def _members(used: pd.DataFrame, group: tuple, population: str, compared: Sequence[str]) -> frozenset[str]:
    """The persons of one group; those of everybody are all but the comparison groups."""
    association, scale, breakdown, category = group
    kept = (used["scale"] == scale) & (used["population"] == population)
    kept &= used["association"] == association if association else ~used["association"].isin(compared)
    if breakdown:
        kept &= used[breakdown] == category
    return frozenset(used.loc[kept, "participant"])


def exposures(groups: Sequence[Group]) -> list[Exposure]:
    """Return who could single out whom: the public, each association, and any two of them together.

    Formula
    -------
    Q: the 0/1 matrix of the groups seen (rows) by persons. A person i is recoverable when e_i is in the row space of Q
    (diagonal of the projector = 1); so are 2 to 4 persons always seen together. Besides, no two nested groups, among
    those seen and what is left of a whole once shown parts are taken away, may differ by 1 to 4 persons.

    Source: design rule 9 of confidentiality; Hundepool et al., Statistical Disclosure Control (2012), differencing.
    """
    seen: dict[str, set[Group]] = {}
    for group in groups:
        seen.setdefault(group.viewer, set()).add(group)
    everyone = seen.pop(PUBLIC, set())
    coalitions = [(), *((one,) for one in sorted(seen)), *combinations(sorted(seen), 2)]
    found: dict[tuple, Exposure] = {}
    for viewers in coalitions:
        together = everyone.union(*(seen[viewer] for viewer in viewers))
        for persons, variable, breakdowns in _singled_out(together):
            found.setdefault((variable, persons), Exposure(viewers or (PUBLIC,), variable, persons, breakdowns))
    return list(found.values())


def refusal(found: Sequence[Exposure], question: str, campaign: Campaign) -> DisclosureError:
    """Return the error that stops publication: how many persons, who could single them out, what to merge.

    `question`: see `culprit`.
    """
    persons = frozenset().union(*(exposure.persons for exposure in found))
    viewers = sorted({viewer for exposure in found for viewer in exposure.viewers})
    one = len(persons) == 1
    who = "1 personne pourrait être isolée" if one else f"{len(persons)} personnes pourraient être isolées"
    advice = "Laisser de côté les dernières réponses reçues, ou ne plus détailler les résultats."
    if question:
        label = campaign.questionnaire.question(question).label
        advice = f"Regrouper des modalités de « {label} » (colonne merge), ou ne plus détailler selon elle."
    what = f"rien n’est publié : {who} en soustrayant des résultats permis."
    return DisclosureError(what, where=f"audit ({', '.join(viewers)})", remedy=advice)


def culprit(groups: Iterable[Group], found: Sequence[Exposure]) -> str:
    """Return the breakdown question whose withdrawal ends the exposures (or most of them), "" if none does."""
    names = sorted(frozenset().union(*(exposure.breakdowns for exposure in found)) - {""})
    left = {name: len(exposures([group for group in groups if group.breakdown != name])) for name in names}
    best = min(left, key=left.get, default="")
    return best if best and left[best] < len(found) else ""


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


def _singled_out(groups: Iterable[Group]):
    """Yield (persons, variable, breakdowns concerned) for each variable of groups seen together."""
    by_variable: dict[tuple[str, str], list[Group]] = {}
    for group in groups:
        by_variable.setdefault(group.variable, []).append(group)
    done: dict[frozenset, list] = {}
    for variable, same in by_variable.items():
        sets = frozenset((group.breakdown, group.members) for group in same)
        if sets not in done:
            done[sets] = [*_recoverable(same), *_nested(same)]
        for persons, breakdowns in done[sets]:
            yield persons, variable, breakdowns


def _recoverable(groups: Sequence[Group]):
    """The sets of 1 to 4 persons whose indicator is in the row space of the groups."""
    members = sorted(frozenset().union(*(group.members for group in groups)))
    matrix = np.array([[person in group.members for person in members] for group in groups], dtype=float)
    for persons in recoverable(matrix):
        names = frozenset(members[place] for place in persons)
        if 0 < len(names) <= FEW:
            yield names, frozenset(group.breakdown for group in groups)


def recoverable(matrix: np.ndarray) -> list[list[int]]:
    """Return the sets of columns (persons always seen together) whose indicator is in the row space of a 0/1 matrix."""
    patterns, places = np.unique(matrix, axis=1, return_inverse=True)
    _, values, rows = np.linalg.svd(patterns, full_matrices=False)
    kept = rows[values > EXACT * max(1.0, values.max(initial=0.0))]
    diagonal = (kept**2).sum(axis=0)
    return [np.flatnonzero(places.ravel() == atom).tolist() for atom in np.flatnonzero(diagonal > 1 - EXACT)]


def _nested(groups: Sequence[Group]):
    """The 1 to 4 persons by which two nested groups differ, what is left of a whole being a group too."""
    parts = [(group.members, group.breakdown) for group in groups]
    for whole in {members for members, breakdown in parts if not breakdown}:
        for breakdown in sorted({group.breakdown for group in groups} - {""}):
            inside = {one.members for one in groups if one.breakdown == breakdown and one.members <= whole}
            left = {whole.difference(*inside), *(whole - members for members in inside)} - {frozenset()}
            parts += [(members, breakdown) for members in left]
    parts = list(dict.fromkeys(parts))
    persons = {person: place for place, person in enumerate(frozenset().union(*(members for members, _ in parts)))}
    matrix = np.zeros((len(parts), len(persons)), dtype=np.float32)
    for row, (members, _) in zip(matrix, parts, strict=True):
        row[[persons[person] for person in members]] = 1
    sizes, common = matrix.sum(axis=1), matrix @ matrix.T
    more = sizes[None, :] - sizes[:, None]
    for small, large in np.argwhere((common == sizes[:, None]) & (more >= 1) & (more <= FEW)):
        (inner, one), (outer, two) = parts[small], parts[large]
        yield outer - inner, frozenset((one, two))
