"""How many persons share the same scores, and how many no breakdown tells apart, of each association and category."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

import narwhals as nw
import numpy as np
import pandas as pd

from impact.campaign import Campaign
from impact.disclosure import NOT_DISPLAYED
from impact.engines import Frame, collected
from impact.first_pass.people import KEYS, NONE
from impact.first_pass.summary import populations
from impact.scoring import NUMBER, item_names

COUNTED = ["measure", "population", "breakdown", "category", "association", "before", "after"]


def used(
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


def measures(campaign: Campaign) -> Iterator[tuple[tuple[int, str], list[tuple[int, str]]]]:
    """Yield, for each scale, its place and working name, then those of its items, numbered after all the scales."""
    scales = campaign.questionnaire.scales
    items = iter(enumerate(item_names(scales), start=len(scales)))
    for place, scale in enumerate(scales):
        yield (place, f"s{place}"), [next(items) for _ in scale.items]


def both(frame: Frame, campaign: Campaign) -> Frame:
    """The persons who have both scores, where persons are matched."""
    return frame.filter(~nw.col("after").is_null()) if campaign.paired else frame


def counts(people: Frame, campaign: Campaign) -> Iterator[Frame]:
    """Yield the columns of COUNTED and persons: everyone; of the scales, each breakdown too."""
    asked = range(len(campaign.questionnaire.breakdowns))
    for scale, items in measures(campaign):
        parts = []
        for place, population in enumerate(populations(campaign)):
            for measure, frame in used(people, campaign, [scale], population):
                parts.append(_marked(frame, measure, place))
                detailed = asked if population == "" or not campaign.paired else ()
                parts += [_marked(both(frame, campaign), measure, place, breakdown) for breakdown in detailed]
        yield nw.concat(parts).group_by(COUNTED).agg(nw.len().alias("persons"))
        if campaign.paired:
            parts = [_marked(both(frame, campaign), measure, 0) for measure, frame in used(people, campaign, items, "")]
            yield nw.concat(parts).group_by(COUNTED).agg(nw.len().alias("persons"))


def _marked(frame: Frame, measure: int, population: int, breakdown: int = -1) -> Frame:
    marks = {"measure": measure, "population": population, "breakdown": breakdown}
    return frame.select(
        *(nw.lit(place, nw.Int64()).alias(name) for name, place in marks.items()),
        (nw.col(f"b{breakdown}") if breakdown >= 0 else nw.lit(NONE, NUMBER)).alias("category"),
        nw.col("association", "before", "after"),
    )


def labelled(counted: pd.DataFrame, campaign: Campaign, associations: Sequence[str]) -> pd.DataFrame:
    """Names, as categories, in place of the places of measures, populations, breakdowns and categories."""
    asked = campaign.questionnaire.breakdowns
    labels = [[*(choice.name for choice in one.categories), NOT_DISPLAYED] for one in asked] + [[""]]
    after = np.cumsum([len(own) for own in labels])
    starts = np.array([0, *after[:-1]])
    breakdown, category = (counted[name].to_numpy().astype(int) for name in ("breakdown", "category"))
    place = np.where(category < 0, after[breakdown] - 1, starts[breakdown] + category)  # NONE, -1, is the last
    wider = (choice.name for one in asked for choice in one.merged.values())
    return pd.DataFrame(
        {
            **_measured(counted, campaign),
            "breakdown": _named(breakdown, [*(question.name for question in asked), ""]),
            "category": _named(place, [*chain(*labels), *wider]),
            "association": pd.Categorical(counted["association"], sorted(associations)),
            "before": counted["before"].to_numpy(float),
            "after": counted["after"].to_numpy(float),
            "persons": counted["persons"].to_numpy(),
        }
    )


def _named(places: np.ndarray, labels: Sequence[str]) -> pd.Categorical:
    names = {name: place for place, name in enumerate(sorted(set(labels)))}  # the order of groups, as of any text
    return pd.Categorical.from_codes(np.array([names[label] for label in labels])[places], list(names))


def _measured(table: pd.DataFrame, campaign: Campaign) -> dict[str, pd.Categorical]:
    scales = campaign.questionnaire.scales
    measures = [scale.name for scale in scales] + [item.name for scale in scales for item in scale.items]
    return {
        "scale": _named(table["measure"].to_numpy(), measures),
        "population": _named(table["population"].to_numpy(), list(populations(campaign))),
    }


def cells_of(people: Frame, campaign: Campaign, counted: pd.DataFrame, named: bool) -> pd.DataFrame:
    """The persons used in each statistic, those whom no breakdown tells apart together."""
    asked = campaign.questionnaire.breakdowns
    places, name = [f"b{place}" for place in range(len(asked))], ["participant"] if named else []
    by, parts = ["measure", "population", "association", *name, *places], []
    for scale, items in measures(campaign):
        for place, population in enumerate(populations(campaign)):
            looked_at = [scale, *(items if named and campaign.paired and not place else [])]
            for measure, frame in used(people, campaign, looked_at, population):
                marks = {"measure": measure, "population": place}
                marks = [nw.lit(mark, nw.Int64()).alias(key) for key, mark in marks.items()]
                parts.append(both(frame, campaign).select(*marks, "association", *name, *places))
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
        cells["participant"] = (marks[0].str.cat(marks[1:], sep="/") if asked else marks[0]).astype("category")
    return cells


def _item_cells(counted: pd.DataFrame, campaign: Campaign) -> pd.DataFrame:
    """Questions have no breakdown: one cell an association."""
    items = [item.name for scale in campaign.questionnaire.scales for item in scale.items]
    rows, keys = counted[counted["scale"].isin(items)], ["scale", "population", "association"]
    sums = rows.groupby(keys, as_index=False, observed=True)["persons"].sum()
    return sums.assign(**{question.name: NOT_DISPLAYED for question in campaign.questionnaire.breakdowns})
