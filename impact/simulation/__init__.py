"""Fictitious campaigns with a known truth, for the demonstration, teaching and tests."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from impact.campaign import Campaign
from impact.collect.counts import COLUMNS
from impact.collect.responses import write_csv
from impact.errors import CampaignError
from impact.questionnaire import Item
from impact.simulation.fictitious_words import THEMES, words

SEED = 2014
SIZES = (34, 52, 80, 41, 45, 61, 8)
CHANGES = (0.5, 0.35, 0.65, 0.0, 0.4, -0.35, 0.5)
LOADING, SCALES_CORRELATION, STABILITY = 0.68, 0.45, 0.75
DROPOUT, DROPOUT_SLOPE, MISSING_ITEM = 0.2, -0.5, 0.025
THEME = "theme"  # what a person would speak of: one draw a wave, whatever the open questions

USUAL_COUNTS = {"ateliers": 14, "heures": 120, "contenus": 9, "lieux": 3, "personnes": 16, "participations": 60}


@dataclass(frozen=True)
class Truth:
    """What the simulation knows: persons and true change (in standard deviations of the trait) per association."""

    sizes: tuple[int, ...] = SIZES
    changes: tuple[float, ...] = CHANGES
    dropout: float = DROPOUT


def simulate(campaign: Campaign, *, truth: Truth = Truth(), seed: int = SEED, mistakes: bool = True) -> pd.DataFrame:
    """Draw a file of answers as an evaluation lead receives it, one row per person x wave, all text, all fictitious.

    Parameters
    ----------
    campaign : its associations and `truth` are read in the same order, `truth` being repeated if it is shorter.
    truth : sizes, true changes and mean dropout (dropping out depends on the first score: lower scores leave more).
    seed : of numpy's default generator; the same seed gives the same file.
    mistakes : whether to add the slips of a real file (labels for codes, codes that do not exist, a row keyed twice).

    Model
    -----
    Trait of person i on scale s: standard normal, scales correlated .45; second wave = .75 first + noise + change.
    Item: .68 trait + noise, cut into the item's answers at evenly spaced normal quantiles moved by the item's
    own difficulty; 2.5 % of answers missing. Open answers come from a generator of their own: adding an open question
    changes no other answer.
    """
    rng = np.random.default_rng(seed)
    people = _people(campaign, truth, rng)
    first = _traits(len(people), len(campaign.questionnaire.scales), rng)
    waves = {campaign.waves[0].code: first}
    for wave in campaign.waves[1:]:
        noise = _traits(len(people), first.shape[1], rng) * np.sqrt(1 - STABILITY**2)
        waves[wave.code] = STABILITY * first + noise + people["change"].to_numpy()[:, None]
    shifts = {name: rng.normal(0, 0.15) for name in _drawn(campaign)}
    stayed = rng.random(len(people)) >= _leaving(first.mean(axis=1), truth.dropout)
    blocks = []
    for number, (wave, traits) in enumerate(waves.items()):
        block = _answers(campaign, people, (traits, shifts), rng).assign(wave=wave)
        blocks.append(block if number == 0 else block[stayed])
    table = _with_words(pd.concat(blocks, ignore_index=True), campaign, seed)
    table = _slips(table, campaign, rng) if mistakes else table
    names = [question.name for question in campaign.questionnaire.questions]
    return table[["association", "wave", "participant", *names]].rename(columns=campaign.columns)


def example_file(campaign: Campaign, outputs: str | Path) -> Path:
    """Return the campaign's file of fictitious answers under `outputs`, always the same, written anew.

    Raises
    ------
    CampaignError for a campaign whose answers are real: invented ones would be taken for them.
    """
    if not campaign.fictif:
        advice = "Donner le fichier des réponses, ou mettre fictif = true dans campagne.toml pour essayer."
        raise CampaignError("ses réponses sont réelles, on n’en invente pas.", where=campaign.name, remedy=advice)
    path = Path(outputs) / campaign.name / "reponses_fictives.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    os.replace(write_csv(simulate(campaign), path.with_suffix(f".{os.getpid()}.tmp")), path)
    return path


def is_example(campaign: Campaign, files: Sequence[str | Path]) -> bool:
    """Whether the answers are, to the byte, those that `example_file` invents: nobody is behind them."""
    if not campaign.fictif or len(files) != 1:
        return False
    with TemporaryDirectory() as folder:
        return example_file(campaign, folder).read_bytes() == Path(files[0]).read_bytes()


def simulate_counts(campaign: Campaign, *, seed: int = SEED) -> pd.DataFrame:
    """Draw what each association counted in three quarters, all fictitious; see `collect.counts.read_counts`."""
    rng = np.random.default_rng([seed, 2])
    rows = [
        (association.code, period, one.code, float(rng.poisson(USUAL_COUNTS[one.unit])))
        for association in campaign.associations
        for period in ("2014-T1", "2014-T2", "2014-T3")
        for one in campaign.framework.counts(association.code)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _people(campaign: Campaign, truth: Truth, rng: np.random.Generator) -> pd.DataFrame:
    """One row per person: association, self-made code, true change, answers to the breakdown questions."""
    blocks = []
    for number, association in enumerate(campaign.associations):
        size, change = truth.sizes[number % len(truth.sizes)], truth.changes[number % len(truth.changes)]
        codes = rng.choice(26 * 26 * 372, size=size, replace=False)
        block = {"association": association.code, "participant": [_self_made_code(code) for code in codes]}
        for question in campaign.questionnaire.breakdowns:
            weights = rng.dirichlet(np.full(len(question.categories), 6.0))
            names = [choice.name for choice in question.categories]
            block[question.name] = np.where(rng.random(size) < 0.02, "", rng.choice(names, size=size, p=weights))
        blocks.append(pd.DataFrame(block).assign(change=change))
    return pd.concat(blocks, ignore_index=True)


def _self_made_code(number: int) -> str:
    """Two letters, a day and a month: the code a person can make again by herself."""
    number, day = divmod(int(number), 31)
    number, month = divmod(number, 12)
    return f"{chr(65 + number // 26)}{chr(65 + number % 26)}{day + 1:02d}{month + 1:02d}"


def _traits(people: int, scales: int, rng: np.random.Generator) -> np.ndarray:
    """Standard normal traits, shape (people, scales), correlated by a common factor."""
    common = rng.standard_normal((people, 1))
    return np.sqrt(SCALES_CORRELATION) * common + np.sqrt(1 - SCALES_CORRELATION) * rng.standard_normal(
        (people, scales)
    )


def _leaving(level: np.ndarray, dropout: float) -> np.ndarray:
    """Probability of not coming back, higher for a low first level, `dropout` on average."""
    if not dropout:
        return np.zeros_like(level)
    odds = np.exp(np.log(dropout / (1 - dropout)) + DROPOUT_SLOPE * level)
    return odds / (1 + odds)


def _answers(campaign: Campaign, people: pd.DataFrame, drawn: tuple, rng: np.random.Generator) -> pd.DataFrame:
    """One wave of answers, from `drawn`: the traits of that wave, and how hard each item is, the same at every wave."""
    traits, shifts = drawn
    items = {item.name: traits[:, s] for s, scale in enumerate(campaign.questionnaire.scales) for item in scale.items}
    columns = {}
    for question in campaign.questionnaire.questions:
        if question.name in items:
            columns[question.name] = _item(question, items[question.name], shifts[question.name], rng)
        elif question.breakdown:
            columns[question.name] = people[question.name]
        elif question.categories:
            columns[question.name] = rng.choice([choice.name for choice in question.categories], size=len(people))
    if THEME in shifts:
        columns[THEME] = rng.choice(THEMES, size=len(people))
    return people[["association", "participant", "change"]].assign(**columns)


def _drawn(campaign: Campaign) -> list[str]:
    """What is drawn for each person at each wave: an answer to every closed question, a theme if one is open."""
    questions = campaign.questionnaire.questions
    closed = [question.name for question in questions if question.choices]
    return [*closed, THEME] if len(closed) < len(questions) else closed


def _with_words(table: pd.DataFrame, campaign: Campaign, seed: int) -> pd.DataFrame:
    """Answer the open questions: words for those that ask for a text, nothing for numbers and dates."""
    rng = np.random.default_rng([seed, 1])
    open_ = [question for question in campaign.questionnaire.questions if not question.choices]
    return table.assign(**{one.name: words(one.name, table[THEME], rng) if one.kind == "text" else "" for one in open_})


def _item(item: Item, trait: np.ndarray, shift: float, rng: np.random.Generator) -> np.ndarray:
    from scipy.special import ndtri

    ranked = sorted(item.values, key=item.values.get)
    cuts = ndtri(np.arange(1, len(ranked)) / len(ranked)) + shift
    latent = LOADING * trait + np.sqrt(1 - LOADING**2) * rng.standard_normal(len(trait))
    codes = np.array(ranked, dtype=object)[np.searchsorted(cuts, latent)]
    return np.where(rng.random(len(trait)) < MISSING_ITEM, "", codes)


def _slips(table: pd.DataFrame, campaign: Campaign, rng: np.random.Generator) -> pd.DataFrame:
    """Labels typed for codes (harmless), impossible codes, an unknown wave, one row keyed twice."""
    items = [item for scale in campaign.questionnaire.scales for item in scale.items]
    table = table.copy()
    rows = rng.choice(len(table), size=21, replace=False)
    for row, slip in zip(rows, ["label"] * 12 + ["9", "55", "33", "x", "?", "0", "23", "plutot"], strict=False):
        item = items[rng.integers(len(items))]
        label = item.choices[rng.integers(len(item.categories))].label
        table.loc[row, item.name] = label if slip == "label" else slip
    table.loc[rows[-1], "wave"] = "pendant"
    return pd.concat([table, table.iloc[[rows[0]]]], ignore_index=True)
