"""From answers to persons: each answer as a small whole number, each score, side by side for the waves of a person."""

from __future__ import annotations

from functools import reduce
from operator import or_

import narwhals as nw
import pandas as pd

from impact.campaign import Campaign
from impact.engines import Frame, collected
from impact.errors import StatisticsError
from impact.first_pass.summary import ends
from impact.scoring import NUMBER, SMALL, item_names, placed, places, scored, translated, value_of

KEYS = ["association", "participant"]
NONE = -1.0  # no breakdown, or no category: a number, because not every engine keeps the groups that have none


def rows_of(frame: Frame, campaign: Campaign) -> Frame:
    """Keys, wave as its place, and every answer as a small whole number, 0 for none: items i0..., breakdowns b0...

    `answered` is 1 where any item has something in it, be it « je ne sais pas ».
    """
    questionnaire, schema = campaign.questionnaire, frame.collect_schema()
    waves = {wave.code: float(place) for place, wave in enumerate(campaign.waves)}
    items = list(places(questionnaire.scales))
    asked = [
        (f"b{number}", one.name, {choice.name: place for place, choice in enumerate(one.categories, start=1)})
        for number, one in enumerate(questionnaire.breakdowns)
    ]
    given = reduce(or_, (~nw.col(column).is_null() for _, column, _ in items))
    return frame.select(
        *(nw.col(key) for key in KEYS),
        translated(nw.col("wave"), waves, schema["wave"], nw.lit(None, NUMBER)).alias("wave"),
        given.cast(SMALL).alias("answered"),
        *placed(frame, [*items, *asked]),
    )


def _valued(frame: Frame, campaign: Campaign, wave: str = "") -> Frame:
    """Scores, and what answers count for in place of their places."""
    scales = campaign.questionnaire.scales
    items, none = (item for scale in scales for item in scale.items), nw.lit(None, NUMBER)
    names = [f"{name}{wave}" for name in item_names(scales)]
    values = [value_of(name, item, none).alias(name) for name, item in zip(names, items, strict=True)]
    return scored(frame, scales, wave).with_columns(values)


def matched(rows: Frame, campaign: Campaign) -> Frame:
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


def unmatched(rows: Frame, campaign: Campaign) -> Frame:
    """The rows as they are, where nobody is looked for from wave to wave: items i0..., scores s0..., b0..."""
    asked = [f"b{place}" for place in range(len(campaign.questionnaire.breakdowns))]
    return _valued(rows, campaign).with_columns((nw.col(name).cast(NUMBER) - 1).alias(name) for name in asked)


def _first_given(name: str, waves: range) -> nw.Expr:
    found = nw.lit(NONE, NUMBER)
    for wave in reversed(waves):
        place = nw.col(f"{name}_{wave}").cast(NUMBER)
        found = nw.when(place > 0).then(place - 1).otherwise(found)
    return found


def answered_by(people: Frame, campaign: Campaign) -> pd.DataFrame:
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
