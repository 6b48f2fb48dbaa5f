"""From responses to scores: reverse, missing rule, sum or mean, and the count of what was prorated or dropped.

Written once in narwhals expressions: pandas, polars, DuckDB, Dask and Spark give the same numbers to the last bit,
because a score is one division of two whole numbers. Steps are short because some engines take simple ones only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from functools import reduce
from itertools import pairwise
from math import lcm
from operator import add
from typing import Any

import narwhals as nw
import pandas as pd

from impact.questionnaire import KEY_COLUMNS, Item, Questionnaire, Scale, is_number

Frame = nw.DataFrame | nw.LazyFrame
NUMBER = nw.Float64()
SMALL = nw.Int8()  # answers are held in one byte until they are added up


def item_values(responses: Any, scale: Scale) -> Any:
    """Return the items of one scale as numbers, reversed items turned, missing where there is no valid answer.

    Parameters
    ----------
    responses : one row per person x wave, choice codes in the columns of the items (a frame of any engine). Codes
        declared `missing`, « illisible » and empty cells all count as no answer.
    """
    frame = nw.from_native(responses)
    schema = frame.collect_schema()
    return frame.select(coded(item, schema[item.name]).alias(item.name) for item in scale.items).to_native()


def coded(question: Item, dtype: nw.dtypes.DType) -> nw.Expr:
    """Return what the answers to a question count for, null where there is none."""
    return translated(nw.col(question.name), question.values, dtype, nw.lit(None, NUMBER))


def translated(column: nw.Expr, values: Mapping[str, float], dtype: nw.dtypes.DType, default: nw.Expr) -> nw.Expr:
    """Return the number that stands for each code of a column, the default for any other; codes may be numbers."""
    for code, value in values.items():
        if not dtype.is_numeric() or is_number(code):
            held = code if not dtype.is_numeric() else int(code) if dtype.is_integer() else float(code)
            default = nw.when(column == held).then(nw.lit(value)).otherwise(default)
    return default


def score(responses: Any, questionnaire: Questionnaire) -> Any:
    """Score every scale for every person x wave.

    Parameters
    ----------
    responses : association, wave, participant, then questions as declared; choice codes; a frame of any engine.

    Returns
    -------
    A frame of the same engine (and index): the key columns; per scale one float column in the author's own metric,
    missing when fewer than `min_answered` items have an answer; and `<scale>_n_answered`.

    Formula
    -------
    Person-mean prorating: each missing item counts as the mean of the person's answered items of the scale, so that
    mean score = mean of answered items, sum score = k x that mean. Where items have different ranges, each item is
    first taken as a share of its own range, then the score is put back on the range of the scale.
    Reversed item: lowest + highest possible value - value.

    Referee: `scores_bfi_agree.json` (psych::scoreItems) and the totals of Woodworth's own file, 992 rows of 992.
    """
    frame, scales = nw.from_native(responses), questionnaire.scales
    names = [name for place in range(len(scales)) for name in (f"s{place}", f"n{place}")]
    shown = [name for scale in scales for name in (scale.name, f"{scale.name}_n_answered")]
    table = scored(frame.select(*KEY_COLUMNS, *placed(frame, places(scales))), scales)
    renamed = [nw.col(name).alias(label) for name, label in zip(names, shown, strict=True)]
    return table.select(*KEY_COLUMNS, *renamed).to_native()


def item_names(scales: tuple[Scale, ...]) -> list[str]:
    """Return the working names of the items, i0, i1...: those of the questionnaire never reach an engine's syntax."""
    return [f"i{place}" for place in range(sum(len(scale.items) for scale in scales))]


def placed(frame: Frame, questions: Iterable[tuple[str, str, Mapping[str, int]]]) -> list[nw.Expr]:
    """Return the expressions of answers as small whole numbers, 0 for none: working name, column, code -> number."""
    schema, none = frame.collect_schema(), nw.lit(0, SMALL)
    return [
        translated(nw.col(column), codes, schema[column], none).cast(SMALL).alias(name)
        for name, column, codes in questions
    ]


def places(scales: tuple[Scale, ...]) -> Iterator[tuple[str, str, dict[str, int]]]:
    """Yield, for `placed`, the items of the scales: their answers by growing value, from 1."""
    items = (item for scale in scales for item in scale.items)
    for name, item in zip(item_names(scales), items, strict=True):
        codes = sorted(item.values, key=item.values.get)
        yield name, item.name, {code: place for place, code in enumerate(codes, start=1)}


def value_of(column: str, item: Item, none: nw.Expr) -> nw.Expr:
    """Return what the place of an answer counts for, `none` for 0."""
    found = none
    for number, value in enumerate(sorted(item.values.values()), start=1):
        found = nw.when(nw.col(column) == number).then(nw.lit(value, NUMBER)).otherwise(found)
    return found


def scored(frame: Frame, scales: tuple[Scale, ...], wave: str = "") -> Frame:
    """Add the score s0, s1... and the number of answers n0, n1... of each scale to a frame of places i0, i1...

    `wave`: what ends the names of the columns, "_0" for i0_0 and s0_0.
    """
    names, kept = iter(item_names(scales)), frame.collect_schema().names()
    mine = [(scale, [f"{next(names)}{wave}" for _ in scale.items]) for scale in scales]
    frame = frame.with_columns(
        (nw.col(name) > 0).cast(nw.Int16()).alias(f"there_{name}") for _, some in mine for name in some
    )
    frame = frame.with_columns(part for scale, some in mine for part in _parts(scale, some))
    frame = frame.with_columns(
        total for place, (scale, some) in enumerate(mine) for total in _totals(place, scale, some)
    )
    frame = frame.with_columns(_score(place, scale) for place, scale in enumerate(scales))
    scores = (nw.col(f"s{place}").alias(f"s{place}{wave}") for place in range(len(scales)))
    counts = (nw.col(f"n{place}").cast(nw.Int64()).alias(f"n{place}{wave}") for place in range(len(scales)))
    return frame.select(*kept, *scores, *counts)


def _parts(scale: Scale, names: list[str]) -> Iterator[nw.Expr]:
    """What each answer adds up to: its place, where all items have the same even steps; else value, share."""
    if _step(scale):
        yield from (nw.col(name).cast(nw.Int16()).alias(f"part_{name}") for name in names)
        return
    lows, highs, unit = _ends(scale)
    for name, item, low, high in zip(names, scale.items, lows, highs, strict=True):
        there, value = nw.col(f"there_{name}").cast(NUMBER), value_of(name, item, nw.lit(0.0, NUMBER))
        yield value.alias(f"part_{name}")
        yield (value * float(unit / (high - low)) - there * float(unit * low / (high - low))).alias(f"share_{name}")


def _totals(place: int, scale: Scale, names: list[str]) -> Iterator[nw.Expr]:
    """Whole numbers: answers given, sum of the parts and, where ranges differ, of the shares."""
    yield _sum(f"there_{name}" for name in names).cast(NUMBER).alias(f"n{place}")
    yield _sum(f"part_{name}" for name in names).cast(NUMBER).alias(f"total{place}")
    if not _step(scale):
        yield _sum(f"share_{name}" for name in names).alias(f"share{place}")


def _sum(names: Iterable[str]) -> nw.Expr:
    """Added two by two: on Dask, narwhals' sums across columns align rows, which several files number alike."""
    return reduce(add, map(nw.col, names))


def _step(scale: Scale) -> float:
    """The step between answers, where all items of a scale have the same values, evenly spaced; else 0."""
    values = {tuple(sorted(item.values.values())) for item in scale.items}
    steps = {high - low for one in values for low, high in pairwise(one)}
    return steps.pop() if len(values) == len(steps) == 1 else 0.0


def _ends(scale: Scale) -> tuple[list[Fraction], list[Fraction], int]:
    """The least and greatest value of each item, and a number that makes whole numbers of shares of the ranges."""
    values = [[Fraction(str(value)) for value in item.values.values()] for item in scale.items]
    lows, highs = [min(some) for some in values], [max(some) for some in values]
    ranges = [high - low for low, high in zip(lows, highs, strict=True)]
    return lows, highs, lcm(*(max(one.numerator, 1) for one in ranges))


def _score(place: int, scale: Scale) -> nw.Expr:
    lows, highs, unit = _ends(scale)
    k, answered, total, step = len(scale.items), nw.col(f"n{place}"), nw.col(f"total{place}"), _step(scale)
    factor = k if scale.score == "sum" else 1
    if step:
        total = total * step + answered * (float(lows[0]) - step)
    if len(set(zip(lows, highs, strict=True))) == 1:
        found = total * float(factor) / answered
    else:
        low, high = scale.range
        prorated = (nw.col(f"share{place}") * (high - low) / unit) / answered + low
        found = nw.when(answered == k).then(total * factor / k).otherwise(prorated)
    return nw.when(answered >= max(scale.min_answered, 1)).then(found).alias(f"s{place}")


def scoring_summary(scores: Any, questionnaire: Questionnaire) -> pd.DataFrame:
    """Count, per wave and scale, the rows scored complete, prorated, dropped (too few answers) and empty.

    Returns
    -------
    DataFrame: wave, scale, n (rows), complete, prorated, dropped, empty; the four add up to n.
    """
    rows = []
    for wave, group in scores.groupby("wave", sort=False):
        for scale in questionnaire.scales:
            answered = group[f"{scale.name}_n_answered"]
            complete, empty = (answered == len(scale.items)).sum(), (answered == 0).sum()
            scored = group[scale.name].notna().sum()
            rows.append((wave, scale.name, len(group), complete, scored - complete, len(group) - scored - empty, empty))
    return pd.DataFrame(rows, columns=["wave", "scale", "n", "complete", "prorated", "dropped", "empty"])
