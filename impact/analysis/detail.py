"""The finer results a campaign gets where enough persons answered: question by question, and low to high scores."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from impact.analysis.designs import ends
from impact.campaign import Campaign
from impact.first_pass import Summary
from impact.questionnaire import Scale
from impact.stats.detail import CLASSES, class_shares, item_change
from impact.wording import number


def details(summary: Summary, campaign: Campaign, scale: Scale) -> Iterator[pd.DataFrame]:
    """Yield class_share of the compared waves and, where the same persons answered twice, item_change.

    Parameters
    ----------
    summary : see `first_pass.summarise`.

    Yields
    ------
    Results. class_share: of the persons of the change, else of each wave. item_change: column scale holds the name of
    the question; reversed questions are turned, so that a rise goes the same way as the scale's.
    """
    bounds = class_bounds(scale)
    if not campaign.paired:
        for wave in campaign.waves:
            table = summary.scores(scale.name, wave.code).rename(columns={"before": "score"})
            yield class_shares(table, bounds).assign(wave=wave.code, scale=scale.name)
        return
    both = summary.pairs(scale.name)
    for wave, column in zip(ends(campaign), ("before", "after"), strict=True):
        yield class_shares(both.rename(columns={column: "score"}), bounds).assign(wave=wave, scale=scale.name)
    for item in scale.items:
        yield item_change(summary.pairs(item.name), among=len(scale.items)).assign(scale=item.name)


def class_bounds(scale: Scale) -> tuple[float, float]:
    """Return the thirds of the scale's range, to one decimal: those said are those used."""
    low, high = scale.range
    return round(low + (high - low) / 3, 1), round(high - (high - low) / 3, 1)


def class_labels(scale: Scale) -> dict[str, str]:
    """Return the words of the three classes of a scale."""
    low, high = (number(bound, 1).removesuffix(",0") for bound in class_bounds(scale))
    words = f"Score bas (moins de {low})", f"Score du milieu ({low} à moins de {high})", f"Score haut ({high} et plus)"
    return dict(zip(CLASSES, words, strict=True))
