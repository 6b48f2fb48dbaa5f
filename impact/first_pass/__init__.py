"""One pass over the answers, on any engine: persons become small tables of counts, from which every result follows.

What is kept of persons is how many of them share the same scores, before and after, in each association and category:
whole numbers, the same on every engine. Nothing that comes after reads an answer.
"""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import Any

import narwhals as nw
import pandas as pd

from impact.campaign import Campaign
from impact.engines import collected, staged
from impact.first_pass.counts import COUNTED, cells_of, counts, labelled
from impact.first_pass.moments import item_moments
from impact.first_pass.people import KEYS, answered_by, matched, rows_of, unmatched
from impact.first_pass.summary import SHEETS, Summary, ends, populations

__all__ = ["KEYS", "SHEETS", "Summary", "ends", "populations", "summarise"]


def summarise(responses: Any, campaign: Campaign, *, named: bool = False) -> Summary:
    """Read the answers once and return the small tables.

    Parameters
    ----------
    responses : one row per person x wave, columns association, wave, participant and the questions as declared; choice
        codes; a frame of any engine (pandas, polars, DuckDB, Dask, Spark).
    named : keep in `cells` each person's own name, to compare with persons of a former publication.

    Raises
    ------
    StatisticsError when a wave has no answer, or a person several rows at one wave.
    """
    with tempfile.TemporaryDirectory(prefix="impact-") as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", pd.errors.PerformanceWarning)  # a column an answer and a wave
        rows = rows_of(nw.from_native(responses), campaign)
        people = staged(matched(rows, campaign) if campaign.paired else unmatched(rows, campaign), Path(folder))
        answered = answered_by(people, campaign)
        there = answered["association"].unique()
        parts = (labelled(collected(part, COUNTED), campaign, there) for part in counts(people, campaign))
        counted = pd.concat(parts, ignore_index=True)
        cells = cells_of(people, campaign, counted, named)
        items = item_moments(people, campaign)
    return Summary(answered, counted, cells, items)
