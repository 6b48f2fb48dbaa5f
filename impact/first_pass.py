"""One pass over the answers, on any engine: persons become small tables of counts, from which every result follows.

What is kept of persons is how many of them share the same scores, before and after, in each association and category:
whole numbers, the same on every engine. Nothing that comes after reads an answer.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from impact.campaign import Campaign
from impact.disclosure import NOT_DISPLAYED
from impact.engines import Frame, collected, staged
from impact.errors import StatisticsError
from impact.questionnaire import Scale
from impact.scoring import NUMBER, SMALL, item_names, placed, places, scored, translated, value_of
from impact.stats.items import ItemMoments

SHEETS = {"retrospective_same_sheet": "same_sheet", "retrospective_separate": "separate_sheet"}
KEYS = ["association", "participant"]
COUNTED = ["measure", "population", "breakdown", "category", "association", "before", "after"]
NONE = -1.0  # no breakdown, or no category: a number, because not every engine keeps the groups that have none


@dataclass(frozen=True)
class Summary:
    """The small tables.

    answered : association, wave ("" for both ends), persons.
    counted : scale (or question), population, breakdown, category ("" for everyone), association, before, after,
        persons.
        Where persons are not matched, `before` is the score and `population` the wave; else `after` is missing for
        those who did not come back. See `populations`.
    cells : scale, population, association, a column a breakdown question, participant (the cell's name), persons: the
        persons whom no breakdown tells apart.
    items : (scale, wave) -> moments of its items over complete rows, everyone together.
    """

    answered: pd.DataFrame
    counted: pd.DataFrame
    cells: pd.DataFrame
    items: Mapping[tuple[str, str], ItemMoments]

    def scores(self, measure: str, population: str = "") -> pd.DataFrame:
        """Return how many persons have the same scores: association, before, after, persons."""
        found = self._of(measure, population)
        return found[found["breakdown"] == ""].drop(columns=["breakdown", "category"])

    def pairs(self, measure: str, population: str = "") -> pd.DataFrame:
        """Return the persons who have both scores."""
        return self.scores(measure, population).dropna(subset=["before", "after"])

    def by_category(self, measure: str, population: str = "") -> pd.DataFrame:
        """Return the scores counted in each category of each breakdown question."""
        found = self._of(measure, population)
        return found[found["breakdown"] != ""]

    def _of(self, measure: str, population: str) -> pd.DataFrame:
        same = (self.counted["scale"] == measure) & (self.counted["population"] == population)
        return self.counted[same].drop(columns=["scale", "population"])

    def recoded(self, codes: Mapping[tuple[str, str], Mapping[str, str]]) -> Summary:
        """Return the same persons in wider categories: (association, breakdown question) -> code -> wider code."""
        given = [(*place, code, new) for place, wider in codes.items() for code, new in wider.items()]
        if not given:
            return self
        wider = pd.DataFrame(given, columns=["association", "breakdown", "category", "wider"])
        counted = self.counted.assign(category=_widened(self.counted, wider, "category"))
        cells = self.cells.copy()
        for question, codes_of_one in wider.groupby("breakdown"):
            known = codes_of_one.drop(columns="breakdown").rename(columns={"category": question})
            cells[question] = _widened(cells, known, question)
        return replace(self, counted=counted, cells=cells)


def _widened(table: pd.DataFrame, wider: pd.DataFrame, column: str) -> pd.Series:
    """Return a column with the wider codes in place of those they replace."""
    keys = [name for name in wider.columns if name != "wider"]
    found = table[keys].astype(object).merge(wider.astype(object), on=keys, how="left")["wider"].set_axis(table.index)
    return found.where(found.notna(), table[column]).astype(table[column].dtype)


def ends(campaign: Campaign) -> tuple[str, str]:
    """Return the codes of the two waves that are compared, the first and the last."""
    return campaign.waves[0].code, campaign.waves[-1].code


def populations(campaign: Campaign) -> dict[str, tuple[str, ...]]:
    """Return, for each population a statistic may be about, the waves at which its persons must have a score."""
    if not campaign.paired:
        return {wave.code: (wave.code,) for wave in campaign.waves}
    found = {"": ends(campaign)}
    if campaign.design in SHEETS and len(campaign.waves) > 2:
        first, then, last = campaign.waves[0].code, campaign.waves[-2].code, campaign.waves[-1].code
        found |= {"then": (then, last), "shift": (first, then)}
    return found


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
        rows = _rows(nw.from_native(responses), campaign)
        people = staged(_persons(rows, campaign) if campaign.paired else _alone(rows, campaign), Path(folder))
        answered = _answered(people, campaign)
        counted = collected(nw.concat(list(_counts(people, campaign))), COUNTED)
        cells = _cells(people, campaign, counted, named)
        items = _item_moments(people, campaign)
    return Summary(answered, _labelled(counted, campaign), cells, items)


def _rows(frame: Frame, campaign: Campaign) -> Frame:
    """Keys, wave as its place, and every answer as a small whole number, 0 for none: items i0..., breakdowns b0...

    `answered` is 1 where any item has something in it, be it « je ne sais pas ».
    """
    questionnaire, schema = campaign.questionnaire, frame.collect_schema()
    waves = {wave.code: float(place) for place, wave in enumerate(campaign.waves)}
    items, asked = (
        list(places(questionnaire.scales)),
        [
            (f"b{number}", one.name, {choice.name: place for place, choice in enumerate(one.categories, start=1)})
            for number, one in enumerate(questionnaire.breakdowns)
        ],
    )
    given = [(~nw.col(column).is_null()).cast(SMALL).alias(f"g{place}") for place, (_, column, _) in enumerate(items)]
    frame = frame.select(
        *(nw.col(key) for key in KEYS),
        translated(nw.col("wave"), waves, schema["wave"], nw.lit(None, NUMBER)).alias("wave"),
        *placed(frame, [*items, *asked]),
        *given,
    )
    answered = nw.max_horizontal(*(f"g{place}" for place in range(len(items)))).alias("answered")
    return frame.with_columns(answered).select(*KEYS, "wave", "answered", *(name for name, *_ in (*items, *asked)))


def _valued(frame: Frame, campaign: Campaign, wave: str = "") -> Frame:
    """Scores, and what answers count for in place of their places."""
    scales = campaign.questionnaire.scales
    items, none = (item for scale in scales for item in scale.items), nw.lit(None, NUMBER)
    names = [f"{name}{wave}" for name in item_names(scales)]
    values = [value_of(name, item, none).alias(name) for name, item in zip(names, items, strict=True)]
    return scored(frame, scales, wave).with_columns(values)


def _persons(rows: Frame, campaign: Campaign) -> Frame:
    """One row a person: each answer at each wave, `i0_0`, `i0_1`..., its scores, and b0..., the first answer given."""
    waves, names = range(len(campaign.waves)), item_names(campaign.questionnaire.scales)
    asked, none = [f"b{place}" for place in range(len(campaign.questionnaire.breakdowns))], nw.lit(0, SMALL)
    wide = [(name, wave) for name in (*names, *asked, "answered") for wave in waves]
    rows = rows.filter(~nw.col("participant").is_null()).select(
        *KEYS,
        *((nw.col("wave") == wave).cast(nw.Int32()).alias(f"one_{wave}") for wave in waves),
        *(
            nw.when(nw.col("wave") == wave).then(nw.col(name)).otherwise(none).alias(f"{name}_{wave}")
            for name, wave in wide
        ),
    )
    sums = [nw.col(f"one_{wave}").sum() for wave in waves]
    people = rows.group_by(KEYS).agg(*(nw.col(f"{name}_{wave}").max() for name, wave in wide), *sums)
    for wave in waves:
        people = _valued(people, campaign, f"_{wave}")
    return people.with_columns(_first_given(name, waves).alias(name) for name in asked)


def _alone(rows: Frame, campaign: Campaign) -> Frame:
    """The rows as they are, where nobody is looked for from wave to wave: items i0..., scores s0..., b0..."""
    asked = [f"b{place}" for place in range(len(campaign.questionnaire.breakdowns))]
    return _valued(rows, campaign).with_columns((nw.col(name).cast(NUMBER) - 1).alias(name) for name in asked)


def _first_given(name: str, waves: range) -> nw.Expr:
    found = nw.lit(NONE, NUMBER)
    for wave in reversed(waves):
        place = nw.col(f"{name}_{wave}").cast(NUMBER)
        found = nw.when(place > 0).then(place - 1).otherwise(found)
    return found


def _answered(people: Frame, campaign: Campaign) -> pd.DataFrame:
    """Persons of each association who answered at each wave and, if matched, at both ends."""
    waves = {f"wave{place}": wave.code for place, wave in enumerate(campaign.waves)}
    if campaign.paired:
        last = len(waves) - 1
        people = people.with_columns(
            *(nw.col(f"answered_{place}").cast(NUMBER).alias(f"wave{place}") for place in range(len(waves))),
            *((nw.col(f"one_{place}") > 1).cast(NUMBER).alias(f"twice{place}") for place in range(len(waves))),
        ).with_columns((nw.col("wave0") * nw.col(f"wave{last}")).alias("both"))
        waves |= {"both": ""}
    else:
        people = people.with_columns(
            nw.when(nw.col("wave") == place)
            .then(nw.col("answered").cast(NUMBER))
            .otherwise(nw.lit(0.0, NUMBER))
            .alias(name)
            for place, name in enumerate(waves)
        )
    twice = [f"twice{place}" for place in range(len(campaign.waves)) if campaign.paired]
    sums = people.group_by("association").agg(*(nw.col(name).sum() for name in (*waves, *twice)))
    table = collected(sums, ["association"])
    _require_sound(table, campaign)
    tall = table.melt("association", list(waves), "wave", "persons")
    tall = tall.assign(wave=tall["wave"].map(waves), persons=tall["persons"].astype(int))
    order = {one.code: place for place, one in enumerate(campaign.associations)}
    return tall.sort_values("association", key=lambda codes: codes.map(order), kind="stable", ignore_index=True)


def _require_sound(table: pd.DataFrame, campaign: Campaign) -> None:
    for place, wave in enumerate(campaign.waves):
        if wave.code in ends(campaign) and not table[f"wave{place}"].sum() > 0:
            raise StatisticsError(
                f"La vague « {wave.code} » n’a aucune réponse.", remedy="Vérifier les réponses reçues."
            )
        twice = int(table[f"twice{place}"].sum()) if campaign.paired else 0
        if twice:
            who = "1 personne a" if twice == 1 else f"{twice} personnes ont"
            advice = "N’en garder qu’une chacune, ou corriger leurs codes."
            raise StatisticsError(f"{who} plusieurs lignes à la vague « {wave.code} ».", remedy=advice)


def _used(
    people: Frame, campaign: Campaign, names: Sequence[tuple[int, str]], population: str
) -> Iterator[tuple[int, Frame]]:
    """Yield each measure's place, and who has a first score of it: association, participant, b0..., before, after."""
    order = {wave.code: place for place, wave in enumerate(campaign.waves)}
    waves = [order[wave] for wave in populations(campaign)[population]]
    asked = [f"b{place}" for place in range(len(campaign.questionnaire.breakdowns))]
    keys = [nw.col(name) for name in (*KEYS, *asked)]
    for measure, name in names:
        if campaign.paired:
            scores = nw.col(f"{name}_{waves[0]}").alias("before"), nw.col(f"{name}_{waves[-1]}").alias("after")
            frame = people.select(*keys, *scores)
        else:
            scores = nw.col(name).alias("before"), nw.lit(None, NUMBER).alias("after")
            frame = people.filter(nw.col("wave") == waves[0]).select(*keys, *scores)
        yield measure, frame.filter(~nw.col("before").is_null())


def _measures(campaign: Campaign) -> Iterator[tuple[tuple[int, str], list[tuple[int, str]]]]:
    """Yield, for each scale, its place and working name, then those of its items, numbered after all the scales."""
    scales = campaign.questionnaire.scales
    items = iter(enumerate(item_names(scales), start=len(scales)))
    for place, scale in enumerate(scales):
        yield (place, f"s{place}"), [next(items) for _ in scale.items]


def _both(frame: Frame, campaign: Campaign) -> Frame:
    """The persons who have both scores, where persons are matched."""
    return frame.filter(~nw.col("after").is_null()) if campaign.paired else frame


def _counts(people: Frame, campaign: Campaign) -> Iterator[Frame]:
    """Yield the columns of COUNTED and persons: everyone; of the scales, each breakdown too."""
    asked = range(len(campaign.questionnaire.breakdowns))
    for scale, items in _measures(campaign):
        parts = []
        for place, population in enumerate(populations(campaign)):
            for measure, frame in _used(people, campaign, [scale], population):
                parts.append(_marked(frame, measure, place))
                detailed = asked if population == "" or not campaign.paired else ()
                parts += [_marked(_both(frame, campaign), measure, place, breakdown) for breakdown in detailed]
        yield nw.concat(parts).group_by(COUNTED).agg(nw.len().alias("persons"))
        if campaign.paired:
            parts = [
                _marked(_both(frame, campaign), measure, 0) for measure, frame in _used(people, campaign, items, "")
            ]
            yield nw.concat(parts).group_by(COUNTED).agg(nw.len().alias("persons"))


def _marked(frame: Frame, measure: int, population: int, breakdown: int = -1) -> Frame:
    marks = {"measure": measure, "population": population, "breakdown": breakdown}
    return frame.select(
        *(nw.lit(place, nw.Int64()).alias(name) for name, place in marks.items()),
        (nw.col(f"b{breakdown}") if breakdown >= 0 else nw.lit(NONE, NUMBER)).alias("category"),
        nw.col("association", "before", "after"),
    )


def _labelled(counted: pd.DataFrame, campaign: Campaign) -> pd.DataFrame:
    """Names in place of the places of measures, populations, breakdowns and categories."""
    asked = campaign.questionnaire.breakdowns
    names = [question.name for question in asked]
    labels = [[*(choice.name for choice in one.categories), NOT_DISPLAYED] for one in asked]
    category = [
        labels[breakdown][int(category)] if breakdown >= 0 else ""
        for breakdown, category in zip(counted["breakdown"], counted["category"], strict=True)
    ]
    return pd.DataFrame(
        {
            **_measured(counted, campaign),
            "breakdown": np.array([*names, ""], dtype=object)[counted["breakdown"].to_numpy()],
            "category": np.array(category, dtype=object),
            "association": counted["association"].to_numpy(),
            "before": counted["before"].to_numpy(float),
            "after": counted["after"].to_numpy(float),
            "persons": counted["persons"].to_numpy(),
        }
    )


def _measured(table: pd.DataFrame, campaign: Campaign) -> dict[str, np.ndarray]:
    scales = campaign.questionnaire.scales
    measures = [scale.name for scale in scales] + [item.name for scale in scales for item in scale.items]
    return {
        "scale": np.array(measures, dtype=object)[table["measure"].to_numpy()],
        "population": np.array(list(populations(campaign)), dtype=object)[table["population"].to_numpy()],
    }


def _cells(people: Frame, campaign: Campaign, counted: pd.DataFrame, named: bool) -> pd.DataFrame:
    """The persons used in each statistic, those whom no breakdown tells apart together."""
    asked = campaign.questionnaire.breakdowns
    places, name = [f"b{place}" for place in range(len(asked))], ["participant"] if named else []
    by, parts = ["measure", "population", "association", *name, *places], []
    for scale, items in _measures(campaign):
        for place, population in enumerate(populations(campaign)):
            measures = [scale, *(items if named and campaign.paired and not place else [])]
            for measure, frame in _used(people, campaign, measures, population):
                marks = {"measure": measure, "population": place}
                marks = [nw.lit(mark, nw.Int64()).alias(key) for key, mark in marks.items()]
                parts.append(_both(frame, campaign).select(*marks, "association", *name, *places))
    cells = nw.concat(parts)
    cells = cells.with_columns(persons=nw.lit(1)) if named else cells.group_by(by).agg(nw.len().alias("persons"))
    table = collected(cells, by)
    columns = _measured(table, campaign) | {key: table[key].to_numpy() for key in ("association", *name)}
    for place, question in zip(places, asked, strict=True):
        labels = np.array([*(choice.name for choice in question.categories), NOT_DISPLAYED], dtype=object)
        columns[question.name] = labels[table[place].to_numpy().astype(int)]
    cells = pd.DataFrame(columns | {"persons": table["persons"].to_numpy()})
    if not named:
        cells = pd.concat([cells, _item_cells(counted, campaign)], ignore_index=True)
        marks = [cells["association"].astype(str), *(cells[question.name].astype(str) for question in asked)]
        cells["participant"] = marks[0].str.cat(marks[1:], sep="/") if asked else marks[0]
    return cells


def _item_cells(counted: pd.DataFrame, campaign: Campaign) -> pd.DataFrame:
    """Questions have no breakdown: one cell an association."""
    rows = counted[counted["measure"] >= len(campaign.questionnaire.scales)]
    sums = rows.groupby(["measure", "population", "association"], as_index=False)["persons"].sum()
    names = {question.name: NOT_DISPLAYED for question in campaign.questionnaire.breakdowns}
    return pd.DataFrame(
        _measured(sums, campaign) | {"association": sums["association"], **names, "persons": sums["persons"]}
    )


def _item_moments(people: Frame, campaign: Campaign) -> dict[tuple[str, str], ItemMoments]:
    """Moments of the items of each scale at each wave, from sums and cross-products of complete rows."""
    scales, parts = campaign.questionnaire.scales, []
    most = max(len(scale.items) for scale in scales)
    for (place, _), items in _measures(campaign):
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
