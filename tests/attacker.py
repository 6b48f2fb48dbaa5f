"""An attacker: reads the released files only, knows who took part and everybody's age, sex and situation, and subtracts.

Nothing of the library is used here. The attacker is given more than a neighbour knows: for each vintage, exactly who
answered both times, and in which category each person is.
"""

from __future__ import annotations

import csv
from itertools import combinations
from pathlib import Path

import numpy as np

STEP = 1e-7


def groups_seen(folder: Path, audience: str, people: dict[str, dict]) -> dict[str, set[frozenset[str]]]:
    """Scale -> groups of persons whose mean change the files of one audience show.

    `people`: person -> association, `pairs` (scales for which both answers exist) and one entry a question.
    """
    seen: dict[str, set[frozenset[str]]] = {}
    with open(folder / audience / "resultats.csv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["status"] != "shown" or row["statistic"] not in ("change", "adjusted_change", "pooled_change"):
                continue
            members = {
                name
                for name, person in people.items()
                if row["scale"] in person["pairs"]
                and row["association"] in ("", person["association"])
                and (not row["breakdown"] or str(person[row["breakdown"]]) in row["category"].split("+"))
            }
            seen.setdefault(row["scale"], set()).add(frozenset(members))
    return seen


def victims(sees: list[dict[str, set[frozenset[str]]]]) -> tuple[set[str], set[str]]:
    """Return (persons exactly recovered, persons inside a differenced group of 1 to 4), whatever the scale."""
    alone, few = set(), set()
    for scale in set().union(*sees):
        groups = sorted(set().union(*(seen.get(scale, set()) for seen in sees)), key=sorted)
        alone |= solved(groups)
        few |= set().union(*differences(groups))
    return alone, few


def solved(groups: list[frozenset[str]]) -> set[str]:
    """Persons whose own value is a combination of the sums of the groups (least squares, residual 0)."""
    people = sorted(frozenset().union(*groups))
    seen_as: dict[tuple, list[str]] = {}
    for person in people:
        seen_as.setdefault(tuple(person in group for group in groups), []).append(person)
    patterns = list(seen_as)
    matrix = np.array(patterns, dtype=float)
    targets = np.eye(len(patterns))
    answer, *_ = np.linalg.lstsq(matrix, targets, rcond=None)
    missed = ((matrix @ answer - targets) ** 2).sum(axis=0)
    return {seen_as[p][0] for p, miss in zip(patterns, missed, strict=True) if miss < STEP and len(seen_as[p]) == 1}


def differences(groups: list[frozenset[str]]):
    """The 1 to 4 persons left by subtracting a group, or several disjoint ones, from another one."""
    derived = set(groups)
    for whole in groups:
        inside = [group for group in groups if group < whole]
        derived |= {whole - part for part in inside}
        derived |= {whole - one - two for one, two in combinations(inside, 2) if not one & two}
        derived |= {whole - one - two - three for one, two, three in combinations(inside, 3)
                    if not (one & two or one & three or two & three)}  # fmt: skip
    for one, two in combinations(derived, 2):
        small, large = (one, two) if len(one) < len(two) else (two, one)
        if small < large and len(large) - len(small) <= 4:
            yield large - small
    yield from (group for group in derived if 0 < len(group) <= 4)


def coalitions(audiences: list[str]):
    """The public, each association, any two associations; all read the public's files too."""
    yield ("public",)
    yield from ((one, "public") for one in audiences)
    yield from ((one, two, "public") for one, two in combinations(audiences, 2))
