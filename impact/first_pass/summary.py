"""The small tables that the first pass gives: what every result is computed from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from impact.campaign import Campaign
from impact.stats.items import ItemMoments

SHEETS = {"retrospective_same_sheet": "same_sheet", "retrospective_separate": "separate_sheet"}


@dataclass(frozen=True)
class Summary:
    """The small tables.

    answered : association, wave ("" for both ends), persons.
    counted : scale (or question), population, breakdown, category ("" for everyone), association, before, after,
        persons; names are categories, since rows may be millions.
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
    kinds = {name: table[name].dtype for name in keys}
    found = table[keys].merge(wider.astype(kinds | {"wider": kinds[column]}), on=keys, how="left")["wider"]
    return found.set_axis(table.index).where(lambda one: one.notna(), table[column])


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
