"""Attacks really run on the open respondent file: what a colleague knows, against what is published."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from impact.analysis.designs import KEYS
from impact.campaign import Campaign
from impact.open_data.anonymisation import class_sizes, terciles
from impact.open_data.respondents import Respondents

LUCK = 2.33  # normal quantile of 99 %: what chance alone exceeds once in a hundred campaigns


@dataclass(frozen=True)
class Attack:
    """One attack: persons attacked, expected successes, and what drawing at random among the candidates would give."""

    persons: int
    successes: float
    by_chance: float
    spread: float

    @property
    def no_better_than_chance(self) -> bool:
        """Whether the successes stay under the 99 % upper limit of chance."""
        return self.successes <= self.by_chance + LUCK * self.spread


def unique_matches(table: pd.DataFrame, keys: Sequence[str]) -> int:
    """Return how many persons are alone with their quasi-identifiers."""
    return int((class_sizes(table, keys)["f"] == 1).sum())


def known_answers(responses: pd.DataFrame, campaign: Campaign, rng: np.random.Generator) -> pd.DataFrame:
    """Draw two answers of each person that a colleague knows: one item in each of two scales (of one, if there is one).

    Returns
    -------
    One row per person: for each scale, the share of the item's range that the answer is (NaN where nothing is known).
    """
    first = responses[responses["wave"] == campaign.waves[0].code] if campaign.paired else responses
    scales = campaign.questionnaire.scales
    places = rng.permuted(np.tile(np.arange(len(scales)), (len(first), 1)), axis=1)[:, :2]
    known = {}
    for number, scale in enumerate(scales):
        shares = np.full((len(first), len(scale.items)), np.nan)
        for column, item in enumerate(scale.items):
            values = item.values
            low, high = min(values.values()), max(values.values())
            shares[:, column] = (first[item.name].map(values).astype(float) - low) / (high - low)
        drawn = shares[np.arange(len(first)), rng.integers(len(scale.items), size=len(first))]
        known[scale.name] = np.where((places == number).any(axis=1), drawn, np.nan)
    index = pd.MultiIndex.from_frame(first[KEYS]) if campaign.paired else first.index
    return pd.DataFrame(known, index=index)


def linkage(
    file: pd.DataFrame, targets: pd.DataFrame, keys: Sequence[str], known: pd.DataFrame, campaign: Campaign
) -> Attack:
    """Look for each person in a file, by quasi-identifiers, then by the score nearest to the answers one knows.

    Parameters
    ----------
    file : the rows attacked; its index names the person whose quasi-identifiers a row holds.
    targets : the true quasi-identifiers of the persons, same index. keys : those the file has.
    known : see `known_answers`.

    Returns
    -------
    Attack. A person is found when the nearest row is hers; ties count for their share; no possible row: not found.
    """
    scores = pd.DataFrame({scale.name: _share(file, scale, campaign) for scale in campaign.questionnaire.scales})
    answers, rows = known.reindex(file.index)[scores.columns].to_numpy(), scores.to_numpy()
    possible = np.ones((len(file), len(file)), dtype=bool)
    for key in keys:
        codes, held = pd.factorize(pd.concat([targets.loc[file.index, key], file[key]]))[0].reshape(2, -1)
        possible &= (codes[:, None] == held) | (held == -1) | (codes == -1)[:, None]
    distance = np.nansum((rows[None, :, :] - answers[:, None, :]) ** 2, axis=2)
    distance[~possible] = np.inf
    nearest = np.isclose(distance, distance.min(axis=1, keepdims=True)) & possible
    chance = possible.diagonal() / np.maximum(possible.sum(axis=1), 1)
    found = nearest.diagonal() / np.maximum(nearest.sum(axis=1), 1)
    return Attack(len(file), float(found.sum()), float(chance.sum()), _spread(chance))


def inference(made: Respondents, column: str) -> Attack:
    """Guess in which third of the file somebody's score stands, from the row that bears her quasi-identifiers.

    By chance: guessing from another row of the same class.
    """
    truth, guess = terciles(made.protected[column]), terciles(made.shuffled[column])
    both = truth.notna() & guess.notna()
    chance = _same_third(made, truth)[both]
    return Attack(int(both.sum()), float((truth == guess)[both].sum()), float(chance.sum()), _spread(chance.to_numpy()))


def _same_third(made: Respondents, truth: pd.Series) -> pd.Series:
    """The share of each person's class that stands in the same third as she does."""
    classes = [made.protected[key] for key in made.keys]
    if not classes:
        return truth.map(truth.value_counts(normalize=True))
    present = truth.groupby(classes, dropna=False, observed=True).transform("count")
    return truth.groupby([*classes, truth], dropna=False, observed=True).transform("size") / present


def _share(file: pd.DataFrame, scale, campaign: Campaign) -> pd.Series:
    """The first score of a scale as a share of its range."""
    name = f"{scale.name}_{campaign.waves[0].code}" if campaign.paired else scale.name
    low, high = scale.range
    return (file[name] - low) / (high - low)


def _spread(chances: np.ndarray) -> float:
    return math.sqrt(float((chances * (1 - chances)).sum()))
