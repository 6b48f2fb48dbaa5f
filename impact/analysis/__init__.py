"""The default analysis of a campaign: from responses, read once, to one table of results."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd

from impact.analysis.designs import by_category, estimates
from impact.analysis.detail import details
from impact.analysis.sensitivity import at_each_wave, checks, reliability_rows
from impact.campaign import Campaign
from impact.disclosure import STATISTICS, WHOLE
from impact.first_pass import Summary, summarise
from impact.questionnaire import Scale
from impact.results import COLUMNS, as_results
from impact.stats.moments import group_moments
from impact.stats.multiplicity import adjust
from impact.stats.people import people, reliable_change
from impact.stats.reliability import alpha

FAMILY = ("statistic", "breakdown")  # one family of tests: the same question asked of every scale and association


def analyse(responses: Any, campaign: Campaign) -> pd.DataFrame:
    """Compute every result of a campaign that disclosure control may let out: who answered, means, changes, people.

    Parameters
    ----------
    responses : one row per person x wave, see `validation.check`; a frame of any engine, see `first_pass.summarise`.
    campaign : of any design; see `designs.estimates` for what each one gives.

    Returns
    -------
    Results of every association (before disclosure control: not to be shown): the rows of `analyse_for_lead` whose
    statistic has a rule in `disclosure.STATISTICS`. Rows of the whole have association "".

    Raises
    ------
    StatisticsError when a wave has no answer, or nobody answered at the two waves to compare.
    """
    return releasable(summarise(responses, campaign), campaign)


def releasable(summary: Summary, campaign: Campaign) -> pd.DataFrame:
    """Return the results of `analyse` from the small tables."""
    everything = _main_results(summary, campaign)
    return everything[everything["statistic"].isin(STATISTICS)].reset_index(drop=True)


def analyse_for_lead(responses: Any, campaign: Campaign) -> pd.DataFrame:
    """Compute everything the evaluation lead needs to judge a campaign's results, released or not.

    Parameters, raises: as `analyse`.

    Returns
    -------
    The rows of `analyse`, and those that never leave: omega_total beside alpha; tau2, tau, i2, q and shrunken_change;
    who came back and how their first scores differ (returned_share, first_score_returned, first_score_lost,
    returned_minus_lost); weighted_change and pooled_weighted_change, a sensitivity analysis. effect_size of a change
    is g_av. p_adjusted is Holm's, within a family: one statistic, over all scales, associations and categories.
    """
    summary = summarise(responses, campaign)
    tables = [_main_results(summary, campaign)]
    for scale in campaign.questionnaire.scales:
        tables += [table.assign(scale=scale.name) for table in checks(summary, campaign, scale)]
    return adjust(_stacked(tables).reindex(columns=list(COLUMNS)), family=FAMILY)


def who_answered(summary: Summary) -> pd.DataFrame:
    """Return, by association, the persons of each wave (`responded`) and, if matched, of both ends (`returned`).

    A row where no item of any scale is answered is not an answer.
    """
    table = summary.answered
    statistic = table["wave"].map(lambda wave: "responded" if wave else "returned")
    return as_results(
        table.drop(columns="persons")
        .assign(statistic=statistic, n=table["persons"], estimate=table["persons"])
        .to_dict("records")
    )


def _main_results(summary: Summary, campaign: Campaign) -> pd.DataFrame:
    tables = [who_answered(summary)]
    for scale in campaign.questionnaire.scales:
        tables += [table.assign(scale=scale.name) for table in _scale_tables(summary, campaign, scale)]
        tables += details(summary, campaign, scale)
    return _stacked(tables)


def _stacked(tables: Iterable[pd.DataFrame]) -> pd.DataFrame:
    return as_results(row for table in tables for row in table.to_dict("records"))


def _scale_tables(summary: Summary, campaign: Campaign, scale: Scale) -> Iterator[pd.DataFrame]:
    alphas = _alphas(summary, campaign, scale)
    yield alphas
    yield from estimates(summary, campaign, scale.name)
    if campaign.questionnaire.breakdowns:
        yield from by_category(summary, campaign, scale.name)
    if campaign.paired:
        yield from _persons(summary, scale, alphas)


def _alphas(summary: Summary, campaign: Campaign, scale: Scale) -> pd.DataFrame:
    """Alpha at each wave; see `at_each_wave`."""
    rows = [(wave, alpha(moments)) for wave, moments in at_each_wave(summary, campaign, scale)]
    return reliability_rows(rows, "alpha").assign(category="")


def _persons(summary: Summary, scale: Scale, alphas: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """The smallest change of one person that the scale can tell, from its first alpha, and how many went beyond."""
    threshold = 0.0
    if len(alphas) and 0 <= alphas["estimate"].iloc[0] < 1:
        began = group_moments(summary.scores(scale.name), ("before",), by=())
        threshold = reliable_change(math.sqrt(began["var_before"].iloc[0]), alphas["estimate"].iloc[0])
        least = {"association": WHOLE, "statistic": "reliable_change", "n": alphas["n"].iloc[0], "estimate": threshold}
        yield as_results([least])
    yield people(summary.pairs(scale.name), threshold)
