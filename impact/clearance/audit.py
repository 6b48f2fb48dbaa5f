"""Audit of differencing: can anyone, from all the groups they see, get at one person, or at fewer than five?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from impact.campaign import Campaign
from impact.clearance.groups import Group
from impact.disclosure import PUBLIC
from impact.errors import DisclosureError

Rows = frozenset[frozenset[str]]
FEW = 4
EXACT = 1e-8  # a diagonal of the projector is 1 up to rounding errors, which stay under 1e-12 on these 0/1 matrices


@dataclass(frozen=True)
class Exposure:
    """Persons that subtracting permitted results would single out: who could do it, and who they are.

    `persons`: persons, or cells of persons, `n` of them in all.
    """

    viewers: tuple[str, ...]
    variable: tuple[str, str]
    persons: frozenset[str]
    breakdowns: frozenset[str]
    n: int = field(default=1, compare=False)


def exposures(groups: Sequence[Group]) -> list[Exposure]:
    """Return who could single out whom: the public, each association, and any two of them together.

    Formula
    -------
    Q: the 0/1 matrix of the groups seen (rows) by persons. A set of 1 to 4 persons is recoverable when its indicator
    is in the row space of Q: some combination of what is shown, nested groups' difference or another, gives its sum.

    Source: design rule 9 of confidentiality; Hundepool et al., Statistical Disclosure Control (2012), differencing.
    """
    by_variable: dict[tuple[str, str], list[Group]] = {}
    for group in groups:
        by_variable.setdefault(group.variable, []).append(group)
    done: dict[frozenset, list[tuple[tuple[str, ...], frozenset[str], int]]] = {}
    found = []
    for variable, same in by_variable.items():
        family = frozenset((group.viewer, group.members) for group in same)
        if family not in done:
            told = {id(group.sizes): group.sizes for group in same}.values()  # a whole is shown to every viewer
            sizes = {name: n for one in told for name, n in one.items()}
            done[family] = list(_singled_out(same, sizes))
        for viewers, persons, n in done[family]:
            seen = frozenset(group.breakdown for group in same if group.viewer in (*viewers, PUBLIC))
            found.append(Exposure(viewers or (PUBLIC,), variable, persons, seen, n))
    return found


def refusal(found: Sequence[Exposure], question: str, campaign: Campaign) -> DisclosureError:
    """Return the error that stops publication: how many persons, who could single them out, what to merge.

    `question`: see `culprit`.
    """
    viewers = sorted({viewer for exposure in found for viewer in exposure.viewers})
    persons = sum({exposure.persons: exposure.n for exposure in found}.values())
    who = "1 personne pourrait être isolée" if persons == 1 else f"{persons} personnes pourraient être isolées"
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


def _singled_out(
    groups: Iterable[Group], sizes: Mapping[str, int]
) -> Iterator[tuple[tuple[str, ...], frozenset[str], int]]:
    """Yield who can single out whom, and how many persons, of the groups that show one variable."""
    seen: dict[str, set[frozenset[str]]] = {}
    for group in groups:
        seen.setdefault(group.viewer, set()).add(group.members)
    total = {row: _count(row, sizes) for row in frozenset().union(*seen.values())}
    everyone, done = seen.pop(PUBLIC, set()), set()
    for viewers in ((), *((one,) for one in sorted(seen)), *_pairs(seen, everyone, sizes)):
        rows = everyone.union(*(seen[viewer] for viewer in viewers))
        for persons in _small_sets(rows, sizes, total):
            if persons not in done:
                done.add(persons)
                yield viewers, persons, _count(persons, sizes)


def _pairs(
    seen: Mapping[str, set[frozenset[str]]], everyone: set[frozenset[str]], sizes: Mapping[str, int]
) -> Iterator[tuple[str, str]]:
    """Yield the pairs of viewers who may know together more than each of them apart.

    They do not where each has groups of persons that the other sees nothing of, and every group seen by both holds,
    besides these, over four persons of whom nothing else is seen: no small set can be made with it.
    """
    times = Counter(row for rows in seen.values() for row in rows)
    shared = everyone | {row for row, viewers in times.items() if viewers > 1}
    owner: dict[str, str] = {}
    for viewer, rows in seen.items():
        for member in frozenset().union(*(rows - shared)):
            if owner.setdefault(member, viewer) != viewer:
                yield from combinations(sorted(seen), 2)
                return
    patterns: dict[frozenset[int], Counter] = {}
    rows = sorted(shared, key=len)
    for member in frozenset().union(*rows):
        pattern = frozenset(place for place, row in enumerate(rows) if member in row)
        patterns.setdefault(pattern, Counter())[owner.get(member, "")] += sizes.get(member, 1)
    most = {
        pattern: Counter({name: n for name, n in c.items() if name}).most_common(2) for pattern, c in patterns.items()
    }
    least = {pattern: c.total() - sum(n for _, n in most[pattern]) for pattern, c in patterns.items()}
    if _all_dead(least, len(rows)):
        return
    for one, two in combinations(sorted(seen), 2):
        if not _all_dead({pattern: c.total() - c[one] - c[two] for pattern, c in patterns.items()}, len(rows)):
            yield one, two


def _all_dead(besides: Mapping[frozenset[int], int], rows: int) -> bool:
    """Whether each row holds over four persons of whom only rows already set aside say anything."""
    alive, before = set(range(rows)), None
    while alive and alive != before:
        before = set(alive)
        alone = Counter()
        for pattern, n in besides.items():
            if len(left := pattern & alive) == 1:
                alone[next(iter(left))] += n
        alive -= {row for row, n in alone.items() if n > FEW}
    return not alive


def _small_sets(
    rows: Iterable[frozenset[str]], sizes: Mapping[str, int], total: Mapping[frozenset[str], int]
) -> list[frozenset[str]]:
    """The sets of 1 to 4 persons that some combination of these groups gives; `total`: the persons of each."""
    left = _tied(rows, sizes, total)
    members = sorted(frozenset().union(*left))
    if not members:
        return []
    matrix = np.array([[name in one for name in members] for one in sorted(left, key=sorted)], dtype=float)
    found = recoverable(matrix, [sizes.get(name, 1) for name in members])
    return [frozenset(members[place] for place in places) for places in found]


def _tied(
    rows: Iterable[frozenset[str]], sizes: Mapping[str, int], total: Mapping[frozenset[str], int]
) -> list[frozenset[str]]:
    """Set aside, one after the other, the groups that hold over four persons of whom nothing else is seen.

    Such a group has no part in the sum of 1 to 4 persons: its own persons would all be in it.
    """
    left = sorted(rows, key=len)
    place = len(left) - 1
    while place >= 0:
        row = left[place]
        others = frozenset().union(*left[:place], *left[place + 1 :])
        if total[row] - _count((name for name in others if name in row), sizes) > FEW:
            del left[place]
            place = len(left)
        place -= 1
    return left


def _count(names: Iterable[str], sizes: Mapping[str, int]) -> int:
    return sum(sizes.get(name, 1) for name in names)


def recoverable(matrix: np.ndarray, persons: Sequence[int] | None = None) -> list[list[int]]:
    """Return the sets of columns, 1 to 4 persons, whose indicator is in the row space of a 0/1 matrix.

    `persons`: how many each column holds, by default one. Columns that are always seen together count as one. An
    indicator is in the row space when what each of its columns has outside it adds up to nothing: sums of one or two
    columns are matched through a random projection, then checked.
    """
    patterns, places = np.unique(matrix, axis=1, return_inverse=True)
    _, values, rows = np.linalg.svd(patterns, full_matrices=False)
    kept = rows[values > EXACT * max(1.0, values.max(initial=0.0))]
    outside = np.eye(patterns.shape[1]) - kept.T @ kept
    places = places.ravel()
    sizes = np.bincount(places, persons)
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
    order, above = np.argsort(pairs), pairs > 0
    sought = [*zip(range(len(small))), *zip(first[above], second[above], strict=True)]
    wanted = -np.concatenate([traces, pairs[above]])
    starts = np.searchsorted(pairs[order], wanted - EXACT)
    ends = np.searchsorted(pairs[order], wanted + EXACT)
    for one in np.flatnonzero(starts < ends):
        for place in order[starts[one] : ends[one]]:
            atoms = {*sought[one], first[place], second[place]}
            if len(atoms) == len(sought[one]) + 2:
                found.add(tuple(sorted(int(small[atom]) for atom in atoms)))
    return found
