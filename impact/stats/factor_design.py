"""Declaring factor models: what each factor measures, which parameters are free or equal, where the search starts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from impact.stats.factor_model import Entry, Label

LabelOf = Callable[[str, str, bool], Label]  # kind of parameter, item, whether the item is the factor's first


class Factor(NamedTuple):
    """One factor of one group: its column, name, items and their rows, starting loadings, and its unit.

    `unit` is 1 for a factor of variance 1, else the loading of its first item, which is then fixed at 1.
    """

    group: int
    column: int
    name: str
    items: tuple[str, ...]
    rows: tuple[int, ...]
    loading: np.ndarray
    unit: float


def factor(at: tuple[int, int], name: str, items: dict[str, int], covariance: np.ndarray, *, marker: bool) -> Factor:
    """Return a factor of group and column `at` that starts from its items' first principal component.

    `items` gives the row of each item in `covariance`; `marker` whether the first item sets the unit.
    """
    rows = tuple(items.values())
    values, vectors = np.linalg.eigh(covariance[np.ix_(rows, rows)])
    loading = np.sqrt(values[-1]) * vectors[:, -1] * (1 if vectors[0, -1] >= 0 else -1)
    unit = max(loading[0], 0.1 * np.abs(loading).max()) if marker else 1.0
    return Factor(*at, name, tuple(items), rows, loading, unit)


def measurement(factor: Factor, moments: tuple[np.ndarray, np.ndarray], label_of: LabelOf) -> list[Entry]:
    """Return the loadings, residual variances and intercepts of a factor's items, labelled by `label_of`.

    An empty label fixes the parameter at its start: 1 for the loading of a first item that sets the unit.
    """
    mean, covariance = moments
    entries = []
    for i, (item, row) in enumerate(zip(factor.items, factor.rows, strict=True)):
        label = label_of("loading", item, i == 0)
        start = factor.loading[i] / factor.unit if label else 1.0
        variance = covariance[row, row]
        rest = max(variance - factor.loading[i] ** 2, 0.2 * variance)
        entries += [
            Entry(factor.group, "loading", row, factor.column, label, start),
            Entry(factor.group, "residual", row, row, label_of("residual_variance", item, i == 0), rest),
            Entry(factor.group, "intercept", row, 0, label_of("intercept", item, i == 0), mean[row]),
        ]
    return entries


def relations(factors: Sequence[Factor], covariance: np.ndarray, fixed: Sequence[str] = ()) -> list[Entry]:
    """Return the variances and covariances of one group's factors; the variances of those in `fixed` stay 1."""
    weights = np.zeros((len(covariance), len(factors)))
    for one in factors:
        weights[one.rows, one.column] = one.loading / (one.loading @ one.loading)
    start = weights.T @ covariance @ weights
    entries = []
    for a in factors:
        variance = () if a.name in fixed else ("factor_variance", a.name, "", str(a.group))
        entries.append(Entry(a.group, "factor_covariance", a.column, a.column, variance, a.unit**2))
        for b in factors[: a.column]:
            label = ("factor_covariance", b.name, a.name, str(a.group))
            value = start[a.column, b.column] * a.unit * b.unit
            entries.append(Entry(a.group, "factor_covariance", a.column, b.column, label, value))
    return entries
