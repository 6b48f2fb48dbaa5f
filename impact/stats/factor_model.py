"""A linear factor model declared entry by entry: its implied moments and their derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np

Place = Literal["loading", "factor_covariance", "residual", "intercept", "factor_mean"]
Label = tuple[str, ...]
Moments = Sequence[tuple[np.ndarray, np.ndarray]]


class Entry(NamedTuple):
    """One element of a group's matrix: free as parameter `label` from `value`, or fixed at it without label."""

    group: int
    place: Place
    row: int
    col: int
    label: Label
    value: float


class Matrices(NamedTuple):
    """One group's loadings L (p, m), factor covariance P (m, m), residuals T (p, p), intercepts (p,), means (m,)."""

    loading: np.ndarray
    factor_covariance: np.ndarray
    residual: np.ndarray
    intercept: np.ndarray
    factor_mean: np.ndarray

    def mean(self) -> np.ndarray:
        """Return the implied means, intercept + L factor_mean."""
        return self.intercept + self.loading @ self.factor_mean

    def covariance(self) -> np.ndarray:
        """Return the implied covariance, L P L' + T."""
        return self.loading @ self.factor_covariance @ self.loading.T + self.residual


@dataclass(frozen=True)
class FactorModel:
    """Entries of p items on m factors in G groups; entries that share a label are held equal."""

    n_items: int
    n_factors: int
    n_groups: int
    entries: tuple[Entry, ...]

    @cached_property
    def labels(self) -> tuple[Label, ...]:
        """The free parameters, in the order of the vector of parameters."""
        return tuple(dict.fromkeys(entry.label for entry in self.entries if entry.label))

    @cached_property
    def start(self) -> np.ndarray:
        """The starting values, the mean of those of the entries held equal."""
        found = {label: [e.value for e in self.entries if e.label == label] for label in self.labels}
        return np.array([np.mean(values) for values in found.values()])

    def matrices(self, parameters: np.ndarray) -> list[Matrices]:
        """Return each group's matrices at these parameters (real, or complex for complex-step derivatives)."""
        p, m, kind = self.n_items, self.n_factors, parameters.dtype
        shapes = ((p, m), (m, m), (p, p), (p,), (m,))
        groups = [Matrices(*(np.zeros(shape, kind) for shape in shapes)) for _ in range(self.n_groups)]
        position = {label: i for i, label in enumerate(self.labels)}
        for group, place, row, col, label, value in self.entries:
            _put(groups[group], place, (row, col), parameters[position[label]] if label else value)
        return groups

    def implied(self, parameters: np.ndarray) -> Moments:
        """Return each group's implied mean and covariance."""
        return [(group.mean(), group.covariance()) for group in self.matrices(parameters)]

    def derivatives(self, group: int, at: Matrices) -> tuple[np.ndarray, np.ndarray]:
        """Return the derivatives of a group's implied means (q, p) and covariance (q, p, p) by the q parameters."""
        means = np.zeros((len(self.labels), self.n_items))
        half = np.zeros((len(self.labels), self.n_items, self.n_items))
        position = {label: i for i, label in enumerate(self.labels)}
        common = at.factor_covariance @ at.loading.T
        for entry in self.entries:
            if not entry.label or entry.group != group:
                continue
            i, row, col = position[entry.label], entry.row, entry.col
            share = 0.5 if row == col else 1.0  # a diagonal element counts once when its transpose is added below
            match entry.place:
                case "loading":
                    half[i, row] += common[col]
                    means[i, row] += at.factor_mean[col]
                case "factor_covariance":
                    half[i] += share * np.outer(at.loading[:, row], at.loading[:, col])
                case "residual":
                    half[i, row, col] += share
                case "intercept":
                    means[i, row] += 1
                case "factor_mean":
                    means[i] += at.loading[:, row]
        return means, half + half.transpose(0, 2, 1)


def _put(matrices: Matrices, place: Place, at: tuple[int, int], value: complex) -> None:
    target = getattr(matrices, place)
    if target.ndim == 1:
        target[at[0]] = value
        return
    target[at] = value
    if place != "loading":
        target[at[::-1]] = value
