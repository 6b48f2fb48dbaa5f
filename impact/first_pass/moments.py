"""Means and covariances of the items of each scale at each wave, from sums and cross-products of complete rows."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import combinations_with_replacement

import narwhals as nw
import numpy as np

from impact.campaign import Campaign
from impact.engines import Frame, collected
from impact.first_pass.counts import measures
from impact.questionnaire import Scale
from impact.scoring import NUMBER
from impact.stats.items import ItemMoments


def item_moments(people: Frame, campaign: Campaign) -> dict[tuple[str, str], ItemMoments]:
    """Moments of the items of each scale at each wave, from sums and cross-products of complete rows."""
    scales, parts = campaign.questionnaire.scales, []
    most = max(len(scale.items) for scale in scales)
    for (place, _), items in measures(campaign):
        for wave in range(len(campaign.waves)):
            rows = people if campaign.paired else people.filter(nw.col("wave") == wave)
            names = [f"{name}_{wave}" if campaign.paired else name for _, name in items]
            columns = [*(nw.col(name) for name in names), *[nw.lit(0.0, NUMBER)] * (most - len(names))]
            rows = rows.select(
                nw.lit(place, nw.Int64()).alias("scale"),
                nw.lit(wave, nw.Int64()).alias("wave"),
                *(column.alias(f"x{number}") for number, column in enumerate(columns)),
            )
            for number in range(len(names)):
                rows = rows.filter(~nw.col(f"x{number}").is_null())
            parts.append(rows)
    products = [f"p{i}_{j}" for i, j in combinations_with_replacement(range(most), 2)]
    rows = nw.concat(parts).with_columns(
        (nw.col(f"x{i}") * nw.col(f"x{j}")).alias(f"p{i}_{j}") for i, j in combinations_with_replacement(range(most), 2)
    )
    sums = [nw.col(name).sum() for name in (*(f"x{number}" for number in range(most)), *products)]
    table = collected(rows.group_by("scale", "wave").agg(nw.len().alias("n"), *sums), ["scale", "wave"])
    found = {(int(row["scale"]), int(row["wave"])): row for _, row in table.iterrows()}
    return {
        (scale.name, wave.code): _moments(found.get((place, number), {"n": 0}), scale)
        for place, scale in enumerate(scales)
        for number, wave in enumerate(campaign.waves)
    }


def _moments(sums: Mapping[str, float], scale: Scale) -> ItemMoments:
    n, k = int(sums["n"]), len(scale.items)
    mean, covariance = np.full(k, np.nan), np.full((k, k), np.nan)
    if n:
        mean = np.array([sums[f"x{i}"] / n for i in range(k)])
    if n > 1:
        totals = [Fraction(sums[f"x{i}"]) for i in range(k)]
        for i, j in combinations_with_replacement(range(k), 2):
            # whole numbers: a constant item has a variance of exactly zero
            exact = (n * Fraction(sums[f"p{i}_{j}"]) - totals[i] * totals[j]) / (n * (n - 1))
            covariance[i, j] = covariance[j, i] = float(exact)
    return ItemMoments(n, tuple(item.name for item in scale.items), mean, covariance, n)
