"""What the evaluation lead checks before believing a change: omega, who is missing, the change weighted for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pandas as pd

from impact.analysis.designs import on_one_sheet, whole
from impact.campaign import Campaign
from impact.disclosure import WHOLE
from impact.errors import StatisticsError
from impact.first_pass import Summary
from impact.questionnaire import Scale
from impact.results import as_results
from impact.stats.attrition import attrition, return_model, weighted_change
from impact.stats.estimates import not_computable
from impact.stats.items import ItemMoments, judgeable
from impact.stats.reliability import omega_total


def checks(summary: Summary, campaign: Campaign, scale: Scale) -> Iterator[pd.DataFrame]:
    """Yield omega_total of each wave and, where persons can be lost between the waves, who is, and what it changes."""
    yield omegas(summary, campaign, scale)
    if campaign.paired and not on_one_sheet(campaign):
        marked = began(summary, scale.name)
        yield who_is_lost(marked)
        yield weighted_changes(marked, campaign)


def omegas(summary: Summary, campaign: Campaign, scale: Scale) -> pd.DataFrame:
    """Return omega total at each wave; see `at_each_wave`."""
    rows = [(wave, omega_total(moments)) for wave, moments in at_each_wave(summary, campaign, scale)]
    return reliability_rows(rows, "omega_total")


def at_each_wave(summary: Summary, campaign: Campaign, scale: Scale) -> Iterator[tuple[str, ItemMoments]]:
    """Yield wave, moments of the items, everyone together, where there are enough items and answers to judge."""
    for wave in campaign.waves:
        moments = summary.items[scale.name, wave.code]
        if judgeable(moments.n, len(moments.names)):
            yield wave.code, moments


def reliability_rows(found: Iterable[tuple[str, pd.DataFrame]], statistic: str) -> pd.DataFrame:
    """Return the row of one statistic at each wave, as results of everyone together."""
    rows = [(wave, table[table["statistic"] == statistic].iloc[0].to_dict()) for wave, table in found]
    return as_results(row | {"association": WHOLE, "wave": wave} for wave, row in rows)


def began(summary: Summary, scale: str) -> pd.DataFrame:
    """Return everyone who has a first score, nameless: association, before, after, returned (0, 1)."""
    counted = summary.scores(scale)
    rows = counted.loc[counted.index.repeat(counted["persons"]), ["association", "before", "after"]]
    return rows.assign(returned=rows["after"].notna().astype(int)).reset_index(drop=True)


def who_is_lost(marked: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `attrition` for each association and for everybody (association "")."""
    return pd.concat([attrition(marked), attrition(marked, by=()).assign(association=WHOLE)], ignore_index=True)


def weighted_changes(marked: pd.DataFrame, campaign: Campaign) -> pd.DataFrame:
    """Return the change with each person weighted by the inverse of the probability of coming back.

    Parameters
    ----------
    marked : see `began`. campaign : of a design where the same persons are seen twice.

    Returns
    -------
    Results: weighted_change of each association, and pooled_weighted_change (association "") of the programmes. The
    probability comes from one logistic regression, over everybody, on the first score. Where it cannot be fitted
    (everybody came back, for instance): one row, NaN, with the reason.
    """
    try:
        probability = return_model(marked, ("before",)).fittedvalues.to_numpy()
    except StatisticsError as error:
        row = {"association": WHOLE, "statistic": "pooled_weighted_change", "n": int(marked["returned"].sum())}
        return as_results([row | not_computable(error.what)])
    changes = marked.assign(change=marked["after"] - marked["before"], probability=probability)
    rows = [
        weighted_change(group["change"], group["probability"]).assign(association=association)
        for association, group in changes.groupby("association", observed=True)
    ]
    weighted = pd.concat(rows, ignore_index=True)
    pooled = whole(weighted, campaign).query("statistic == 'pooled_change'")
    return pd.concat([weighted, pooled.assign(statistic="pooled_weighted_change")], ignore_index=True)
