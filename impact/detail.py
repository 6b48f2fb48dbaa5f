"""The finer results a campaign gets where enough persons answered: question by question, and low to high scores."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from impact.campaign import Campaign
from impact.designs import ends
from impact.questionnaire import Scale
from impact.scoring import item_values
from impact.stats.detail import CLASSES, class_shares, item_change
from impact.stats.moments import pairs
from impact.wording import number

KEYS = ["association", "wave", "participant"]


def details(responses: pd.DataFrame, scores: pd.DataFrame, campaign: Campaign, scale: Scale) -> Iterator[pd.DataFrame]:
    """Yield class_share of the compared waves and, where the same persons answered twice, item_change.

    Parameters
    ----------
    responses, scores : same rows; see `validation.check` and `scoring.score`.

    Yields
    ------
    Results. class_share: of the persons of the change, else of each wave. item_change: column scale holds the name of
    the question; reversed questions are turned, so that a rise goes the same way as the scale's.
    """
    bounds = class_bounds(scale)
    if not campaign.paired:
        for wave, own in scores.dropna(subset=[scale.name]).groupby("wave", sort=False):
            table = own.rename(columns={scale.name: "score"})
            yield class_shares(table, bounds).assign(wave=wave, scale=scale.name)
        return
    both = pairs(scores, scale.name, *ends(campaign))
    for wave, column in zip(ends(campaign), ("before", "after"), strict=True):
        yield class_shares(both.rename(columns={column: "score"}), bounds).assign(wave=wave, scale=scale.name)
    values = item_scores(responses, scale)
    for item in scale.items:
        answered = pairs(values, item.name, *ends(campaign))
        yield item_change(answered, among=len(scale.items)).assign(scale=item.name)


def item_scores(responses: pd.DataFrame, *scales: Scale) -> pd.DataFrame:
    """Return the key columns and each question of the scales as a number, reversed ones turned, NaN without answer."""
    return pd.concat([responses[KEYS], *(item_values(responses, scale) for scale in scales)], axis="columns")


def class_bounds(scale: Scale) -> tuple[float, float]:
    """Return the thirds of the scale's range, to one decimal: those said are those used."""
    low, high = scale.range
    return round(low + (high - low) / 3, 1), round(high - (high - low) / 3, 1)


def class_labels(scale: Scale) -> dict[str, str]:
    """Return the words of the three classes of a scale."""
    low, high = (number(bound, 1).removesuffix(",0") for bound in class_bounds(scale))
    words = f"Score bas (moins de {low})", f"Score du milieu ({low} à moins de {high})", f"Score haut ({high} et plus)"
    return dict(zip(CLASSES, words, strict=True))
