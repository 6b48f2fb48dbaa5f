"""Maximum likelihood of a factor model by Fisher scoring, over complete answers or patterns of missing ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from impact.stats.factor_model import FactorModel, Label, Moments
from impact.stats.items import ItemMoments, NotComputable

MAX_STEPS = 300  # small samples that have a maximum reach it in some 230; the others drift away for ever
CONVERGED = 1e-14  # Newton decrement per person: far below what changes the sixth digit of a chi-square
NO_MAXIMUM = "l’estimation du modèle ne converge pas (items trop peu liés, ou trop peu de réponses)"
DIFFERENCE = 1e-5  # step of the differences: errors of 1e-10 in the second derivatives
SINGULAR = 1e-11  # ratio of eigenvalues of the scaled information below which a parameter has no unique value


class Block(NamedTuple):
    """Persons of one group who answered the same items: n, mean and covariance (divisor n) of the `observed` ones."""

    group: int
    n: int
    mean: np.ndarray
    covariance: np.ndarray
    observed: np.ndarray


class Estimate(NamedTuple):
    """A fitted model: its parameters (q,), their covariance (q, q), and its deviance."""

    model: FactorModel
    parameters: np.ndarray
    covariance: np.ndarray
    deviance: float

    def value(self, label: Label) -> float:
        """Return one parameter."""
        return self.parameters[self.model.labels.index(label)]

    def error(self, label: Label) -> float:
        """Return the standard error of one parameter."""
        i = self.model.labels.index(label)
        return np.sqrt(self.covariance[i, i])


def complete_block(moments: ItemMoments, group: int = 0) -> Block:
    """Return the block of a group with complete answers; its covariance is the maximum likelihood one."""
    shrunk = moments.covariance * (moments.n - 1) / moments.n
    return Block(group, moments.n, moments.mean, shrunk, np.arange(len(moments.names)))


def deviance(implied: Moments, blocks: Sequence[Block]) -> float:
    """Return -2 log likelihood up to its constant, infinite where an implied covariance is not positive definite."""
    total = 0.0
    for block in blocks:
        mean, covariance = implied[block.group]
        o = block.observed
        try:
            root = np.linalg.cholesky(covariance[np.ix_(o, o)])
        except np.linalg.LinAlgError:
            return np.inf
        solved = np.linalg.solve(root, np.linalg.solve(root, _about(block, mean[o])).T)
        total += block.n * (2 * np.log(np.diag(root)).sum() + np.trace(solved))
    return total


def item_margins(blocks: Sequence[Block], n_items: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return how many answered each item, its mean and its variance (divisor n); NaN for an item never answered."""
    n, first, second = np.zeros(n_items), np.zeros(n_items), np.zeros(n_items)
    for block in blocks:
        n[block.observed] += block.n
        first[block.observed] += block.n * block.mean
    answered = np.where(n > 0, n, np.nan)
    mean = first / answered
    for block in blocks:
        gap = block.mean - mean[block.observed]
        second[block.observed] += block.n * (np.diag(block.covariance) + gap**2)
    return n, mean, second / answered


def estimate(model: FactorModel, blocks: Sequence[Block]) -> Estimate:
    """Fit a model to blocks of answers.

    Parameters
    ----------
    model : q free parameters with starting values that imply positive definite covariances.
    blocks : at least one per group of the model; covariances with divisor n.

    Returns
    -------
    Estimate; `covariance` is the inverse of the expected information, or of the observed one where answers are
        missing, since the expected one then holds only if they are missing completely at random.

    Raises
    ------
    NotComputable when a parameter has no unique value or the steps do not settle.

    Notes
    -----
    Step I^-1 g, halved while the deviance rises; g_i = n (1/2 tr(W (T - S) W dS_i) + dm_i' W (x - m)),
    I_ij = n (1/2 tr(W dS_i W dS_j) + dm_i' W dm_j), W = S^-1, T the second moment about the implied mean.
    Source: Lee & Jennrich (1979); Kenward & Molenberghs (1998) for missing answers.
    Checked against lavaan (cfa*.json, synth7_cfa*.json, invariance_*.json, synth7_longinv_*.json).
    """
    persons = sum(block.n for block in blocks)
    parameters = model.start
    value = deviance(model.implied(parameters), blocks)
    for _ in range(MAX_STEPS):
        slope, information = gradient(model, parameters, blocks), expected_information(model, parameters, blocks)
        _require_identified(information)
        step = np.linalg.solve(information, slope)
        if slope @ step < CONVERGED * persons:
            if any(len(block.observed) < model.n_items for block in blocks):
                information = observed_information(model, parameters, blocks)
            return Estimate(model, parameters, np.linalg.inv(information), value)
        parameters, value = _descend(model, blocks, (parameters, value), step)
    raise NotComputable(NO_MAXIMUM)


def gradient(model: FactorModel, parameters: np.ndarray, blocks: Sequence[Block]) -> np.ndarray:
    """Return the derivatives (q,) of the log likelihood by the parameters."""
    found = np.zeros(len(parameters))
    for group, at in enumerate(model.matrices(parameters)):
        mean, covariance = at.mean(), at.covariance()
        by_mean, by_covariance = np.zeros_like(mean), np.zeros_like(covariance)
        for block in (b for b in blocks if b.group == group):
            o = block.observed
            here = np.ix_(o, o)
            weight = np.linalg.inv(covariance[here])
            by_mean[o] += block.n * weight @ (block.mean - mean[o])
            by_covariance[here] += block.n / 2 * weight @ (_about(block, mean[o]) - covariance[here]) @ weight
        d_mean, d_covariance = model.derivatives(group, at)
        found += d_mean @ by_mean + d_covariance.reshape(len(found), -1) @ by_covariance.ravel()
    return found


def expected_information(model: FactorModel, parameters: np.ndarray, blocks: Sequence[Block]) -> np.ndarray:
    """Return the expected information (q, q)."""
    q, found = len(parameters), np.zeros((len(parameters), len(parameters)))
    for group, at in enumerate(model.matrices(parameters)):
        covariance, (d_mean, d_covariance) = at.covariance(), model.derivatives(group, at)
        for block in (b for b in blocks if b.group == group):
            o = block.observed
            weight = np.linalg.inv(covariance[np.ix_(o, o)])
            weighted = weight @ d_covariance[:, o[:, None], o]
            turned = weighted.transpose(0, 2, 1).reshape(q, -1)
            means = d_mean[:, o]
            found += block.n * (weighted.reshape(q, -1) @ turned.T / 2 + means @ weight @ means.T)
    return found


def observed_information(model: FactorModel, parameters: np.ndarray, blocks: Sequence[Block]) -> np.ndarray:
    """Return minus the second derivatives (q, q) of the log likelihood, by central differences of its gradient."""
    columns = []
    for i, value in enumerate(parameters):
        step = np.zeros_like(parameters)
        step[i] = DIFFERENCE * (1 + abs(value))
        change = gradient(model, parameters - step, blocks) - gradient(model, parameters + step, blocks)
        columns.append(change / (2 * step[i]))
    found = np.array(columns)
    return (found + found.T) / 2


def _descend(
    model: FactorModel, blocks: Sequence[Block], here: tuple[np.ndarray, float], step: np.ndarray
) -> tuple[np.ndarray, float]:
    parameters, value = here
    for halving in range(40):
        candidate = parameters + step / 2**halving
        found = deviance(model.implied(candidate), blocks)
        if found <= value + 1e-12 * abs(value):
            return candidate, found
    raise NotComputable(NO_MAXIMUM)


def _about(block: Block, mean: np.ndarray) -> np.ndarray:
    gap = block.mean - mean
    return block.covariance + np.outer(gap, gap)


def _require_identified(information: np.ndarray) -> None:
    scale = np.sqrt(np.maximum(np.diag(information), 1e-300))
    values = np.linalg.eigvalsh(information / np.outer(scale, scale))
    if not values[0] > SINGULAR * values[-1]:
        raise NotComputable("le modèle n’est pas identifié par ces réponses")
