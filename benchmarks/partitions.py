"""Fictitious partitioned answers of any size, for the benchmarks: linked, coded, in parquet files of 500,000 rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet

from impact.campaign import Campaign

CHUNK = 250_000  # persons a file


def write_partitions(campaign: Campaign, rows: int, folder: Path, *, seed: int = 2014, missing: float = 0.03) -> Path:
    """Write about `rows` rows: every person answers first, four in five come back, 3 % of answers are missing."""
    folder.mkdir(parents=True)
    rng, persons = np.random.default_rng(seed), max(int(rows / 1.8), 1)
    for number, start in enumerate(range(0, persons, CHUNK)):
        parquet.write_table(
            _part(campaign, start, min(CHUNK, persons - start), rng, missing), folder / f"{number:04d}.parquet"
        )
    return folder


def _part(campaign: Campaign, start: int, persons: int, rng: np.random.Generator, missing: float) -> pa.Table:
    first, last = campaign.waves[0].code, campaign.waves[-1].code
    back = np.flatnonzero(rng.random(persons) < 0.8)
    who = np.concatenate([np.arange(persons), back])
    wave = np.repeat([0, 1], [persons, len(back)])
    places = rng.integers(len(campaign.associations), size=persons)
    columns = {
        "association": _codes([one.code for one in campaign.associations], places[who]),
        "wave": _codes([first, last], wave),
        "participant": pa.array(start + who).cast(pa.string()),
    }
    for question in campaign.questionnaire.breakdowns:
        names = [choice.name for choice in question.categories]
        columns[question.name] = _codes(names, rng.integers(len(names), size=persons)[who])
    for scale in campaign.questionnaire.scales:
        trait = rng.standard_normal(persons)[who] + 0.2 * wave + 0.4 * rng.standard_normal(len(who))
        for item in scale.items:
            codes = sorted(item.values, key=item.values.get)
            cuts = np.linspace(-1.2, 1.2, len(codes) - 1)
            answers = np.searchsorted(cuts, 0.7 * trait + 0.7 * rng.standard_normal(len(who)))
            columns[item.name] = _codes(codes, answers, rng.random(len(who)) < missing)
    return pa.table(columns)


def _codes(names: list[str], places: np.ndarray, missing: np.ndarray | None = None) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(places.astype("int16"), mask=missing), names).cast(pa.string())
