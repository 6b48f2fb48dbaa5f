"""What the evaluation lead checks before believing a change: omega, who is missing, the change weighted for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pandas as pd

from impact.campaign import Campaign
from impact.designs import ends, on_one_sheet, whole
from impact.disclosure import WHOLE
from impact.errors import StatisticsError
from impact.questionnaire import Scale
from impact.results import as_results
from impact.scoring import item_values
from impact.stats.attrition import attrition, return_model, returned, weighted_change
from impact.stats.estimates import not_computable
from impact.stats.items import ItemMoments, item_moments, judgeable
from impact.stats.moments import pairs
from impact.stats.reliability import omega_total

KEYS = ["association", "participant"]


def checks(responses: pd.DataFrame, scores: pd.DataFrame, campaign: Campaign, scale: Scale) -> Iterator[pd.DataFrame]:
    """Yield omega_total of each wave and, where persons can be lost between the waves, who is, and what it changes."""
    yield omegas(responses, campaign, scale)
    if campaign.paired and not on_one_sheet(campaign):
        yield who_is_lost(scores, campaign, scale.name)
        yield weighted_changes(scores, campaign, scale.name)


def omegas(responses: pd.DataFrame, campaign: Campaign, scale: Scale) -> pd.DataFrame:
    """Return omega total at each wave; see `at_each_wave`."""
    rows = [(wave, omega_total(moments)) for wave, moments in at_each_wave(responses, campaign, scale)]
    return reliability_rows(rows, "omega_total")


def at_each_wave(responses: pd.DataFrame, campaign: Campaign, scale: Scale) -> Iterator[tuple[str, ItemMoments]]:
    """Yield wave, moments of the items, everyone together, where there are enough items and answers to judge."""
    for wave in campaign.waves:
        moments = item_moments(item_values(responses[responses["wave"] == wave.code], scale))
        if judgeable(moments.n, len(moments.names)):
            yield wave.code, moments


def reliability_rows(found: Iterable[tuple[str, pd.DataFrame]], statistic: str) -> pd.DataFrame:
    """Return the row of one statistic at each wave, as results of everyone together."""
    rows = [(wave, table[table["statistic"] == statistic].iloc[0].to_dict()) for wave, table in found]
    return as_results(row | {"association": WHOLE, "wave": wave} for wave, row in rows)


def who_is_lost(scores: pd.DataFrame, campaign: Campaign, scale: str) -> pd.DataFrame:
    """Return the rows of `attrition` for each association and for everybody (association "")."""
    marked = returned(scores, scale, *ends(campaign))
    return pd.concat([attrition(marked), attrition(marked, by=()).assign(association=WHOLE)], ignore_index=True)


def weighted_changes(scores: pd.DataFrame, campaign: Campaign, scale: str) -> pd.DataFrame:
    """Return the change with each person weighted by the inverse of the probability of coming back.

    Parameters
    ----------
    scores : see `scoring.score`. campaign : of a design where the same persons are seen twice. scale : its name.

    Returns
    -------
    Results: weighted_change of each association, and pooled_weighted_change (association "") of the programmes. The
    probability comes from one logistic regression, over everybody, on the first score. Where it cannot be fitted
    (everybody came back, for instance): one row, NaN, with the reason.
    """
    marked = returned(scores, scale, *ends(campaign))
    try:
        probability = return_model(marked, ("before",)).fittedvalues.to_numpy()
    except StatisticsError as error:
        row = {"association": WHOLE, "statistic": "pooled_weighted_change", "n": int(marked["returned"].sum())}
        return as_results([row | not_computable(error.what)])
    linked = marked.merge(pairs(scores, scale, *ends(campaign))[[*KEYS, "after"]], on=KEYS, how="left")
    linked = linked.assign(change=linked["after"] - linked["before"], probability=probability)
    rows = [
        weighted_change(group["change"], group["probability"]).assign(association=association)
        for association, group in linked.groupby("association")
    ]
    weighted = pd.concat(rows, ignore_index=True)
    pooled = whole(weighted, campaign).query("statistic == 'pooled_change'")
    return pd.concat([weighted, pooled.assign(statistic="pooled_weighted_change")], ignore_index=True)
