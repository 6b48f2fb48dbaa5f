"""Audit of differencing: can anyone, from all the groups they see, get at one person, or at fewer than five?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from impact.campaign import Campaign
from impact.disclosure import PUBLIC
from impact.errors import DisclosureError
from impact.groups import Group

FEW = 4
EXACT = 1e-8  # a diagonal of the projector is 1 up to rounding errors, which stay under 1e-12 on these 0/1 matrices


@dataclass(frozen=True)
class Exposure:
    """Persons that subtracting permitted results would single out: who could do it, and how many persons."""

    viewers: tuple[str, ...]
    variable: tuple[str, str]
    persons: frozenset[str]
    breakdowns: frozenset[str]


def exposures(groups: Sequence[Group]) -> list[Exposure]:
    """Return who could single out whom: the public, each association, and any two of them together.

    Formula
    -------
    Q: the 0/1 matrix of the groups seen (rows) by persons. A set of 1 to 4 persons is recoverable when its indicator
    is in the row space of Q: some combination of what is shown, nested groups' difference or another, gives its sum.

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


def _singled_out(groups: Iterable[Group]):
    """Yield (persons, variable, breakdowns concerned) for each variable of groups seen together."""
    by_variable: dict[tuple[str, str], list[Group]] = {}
    for group in groups:
        by_variable.setdefault(group.variable, []).append(group)
    done: dict[frozenset, list] = {}
    for variable, same in by_variable.items():
        sets = frozenset(group.members for group in same)
        if sets not in done:
            members = sorted(frozenset().union(*sets))
            matrix = np.array([[person in one for person in members] for one in sorted(sets, key=sorted)], dtype=float)
            done[sets] = [frozenset(members[place] for place in found) for found in recoverable(matrix)]
        for persons in done[sets]:
            yield persons, variable, frozenset(group.breakdown for group in same)


def recoverable(matrix: np.ndarray) -> list[list[int]]:
    """Return the sets of 1 to 4 columns whose indicator is in the row space of a 0/1 matrix.

    Columns that are always seen together count as one. An indicator is in the row space when what each of its columns
    has outside it adds up to nothing: sums of one or two columns are matched through a random projection, then checked.
    """
    patterns, places = np.unique(matrix, axis=1, return_inverse=True)
    _, values, rows = np.linalg.svd(patterns, full_matrices=False)
    kept = rows[values > EXACT * max(1.0, values.max(initial=0.0))]
    outside = np.eye(patterns.shape[1]) - kept.T @ kept
    places = places.ravel()
    sizes = np.bincount(places)
    small = np.flatnonzero(sizes <= FEW)
    found = [
        atoms
        for atoms in _adding_up(small, outside)
        if sizes[list(atoms)].sum() <= FEW and np.abs(outside[:, list(atoms)].sum(axis=1)).max() < EXACT
    ]
    return [np.flatnonzero(np.isin(places, list(atoms))).tolist() for atoms in found]


def _adding_up(small: np.ndarray, outside: np.ndarray) -> set[tuple[int, ...]]:
    """The sets of 1 to 4 of these columns that may add up to nothing, none of them being made of smaller ones."""
    traces = outside[:, small].T @ np.random.default_rng(0).standard_normal(len(outside))
    alone = np.abs(traces) < EXACT
    found = {(int(one),) for one in small[alone]}
    small, traces = small[~alone], traces[~alone]
    first, second = np.triu_indices(len(small), 1)
    pairs = traces[first] + traces[second]
    two = np.abs(pairs) < EXACT
    found |= {(int(small[i]), int(small[j])) for i, j in zip(first[two], second[two], strict=True)}
    first, second, pairs = first[~two], second[~two], pairs[~two]
    order = np.argsort(pairs)
    sought = [((int(i),), -trace) for i, trace in enumerate(traces)]
    sought += [((int(i), int(j)), -total) for i, j, total in zip(first, second, pairs, strict=True) if total > 0]
    wanted = np.array([total for _, total in sought])
    starts = np.searchsorted(pairs[order], wanted - EXACT)
    ends = np.searchsorted(pairs[order], wanted + EXACT)
    for (some, _), start, end in zip(sought, starts, ends, strict=True):
        for place in order[start:end]:
            atoms = {*some, int(first[place]), int(second[place])}
            if len(atoms) == len(some) + 2:
                found.add(tuple(sorted(int(small[atom]) for atom in atoms)))
    return found
