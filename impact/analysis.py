"""The default analysis of a campaign: from responses and scores to one table of results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pandas as pd

from impact.campaign import Campaign
from impact.designs import by_category, categories, ends, estimates
from impact.detail import details
from impact.disclosure import STATISTICS, WHOLE
from impact.questionnaire import Scale
from impact.results import COLUMNS, as_results
from impact.sensitivity import at_each_wave, checks, reliability_rows
from impact.stats.moments import pairs
from impact.stats.multiplicity import adjust
from impact.stats.people import people, reliable_change
from impact.stats.reliability import alpha

FAMILY = ("statistic", "breakdown")  # one family of tests: the same question asked of every scale and association


def analyse(responses: pd.DataFrame, scores: pd.DataFrame, campaign: Campaign) -> pd.DataFrame:
    """Compute every result of a campaign that disclosure control may let out: who answered, means, changes, people.

    Parameters
    ----------
    responses, scores : same rows, one per person x wave; see `validation.check` and `scoring.score`.
    campaign : of any design; see `designs.estimates` for what each one gives.

    Returns
    -------
    Results of every association (before disclosure control: not to be shown): the rows of `analyse_for_lead` whose
    statistic has a rule in `disclosure.STATISTICS`. Rows of the whole have association "".

    Raises
    ------
    StatisticsError when a wave has no answer, or nobody answered at the two waves to compare.
    """
    everything = _main_results(responses, scores, campaign)
    return everything[everything["statistic"].isin(STATISTICS)].reset_index(drop=True)


def analyse_for_lead(responses: pd.DataFrame, scores: pd.DataFrame, campaign: Campaign) -> pd.DataFrame:
    """Compute everything the evaluation lead needs to judge a campaign's results, released or not.

    Parameters, raises: as `analyse`.

    Returns
    -------
    The rows of `analyse`, and those that never leave: omega_total beside alpha; tau2, tau, i2, q and shrunken_change;
    who came back and how their first scores differ (returned_share, first_score_returned, first_score_lost,
    returned_minus_lost); weighted_change and pooled_weighted_change, a sensitivity analysis. effect_size of a change
    is g_av. p_adjusted is Holm's, within a family: one statistic, over all scales, associations and categories.
    """
    tables = [_main_results(responses, scores, campaign)]
    for scale in campaign.questionnaire.scales:
        tables += [table.assign(scale=scale.name) for table in checks(responses, scores, campaign, scale)]
    return adjust(_stacked(tables).reindex(columns=list(COLUMNS)), family=FAMILY)


def who_answered(responses: pd.DataFrame, campaign: Campaign) -> pd.DataFrame:
    """Count, by association, the persons of each wave (`responded`) and, if matched, of both ends (`returned`).

    A row where no item of any scale is answered is not an answer.
    """
    items = [item.name for scale in campaign.questionnaire.scales for item in scale.items]
    rows = []
    for association, group in responses[responses[items].notna().any(axis=1)].groupby("association", sort=False):
        seen = {wave.code: set(group.loc[group["wave"] == wave.code, "participant"]) for wave in campaign.waves}
        counts = [("responded", wave, len(persons)) for wave, persons in seen.items()]
        if campaign.paired:
            first, last = ends(campaign)
            counts.append(("returned", "", len(seen[first] & seen[last])))
        for statistic, wave, n in counts:
            rows.append({"association": association, "wave": wave, "statistic": statistic, "n": n, "estimate": n})
    return as_results(rows)


def _main_results(responses: pd.DataFrame, scores: pd.DataFrame, campaign: Campaign) -> pd.DataFrame:
    tables = [who_answered(responses, campaign)]
    for scale in campaign.questionnaire.scales:
        tables += [table.assign(scale=scale.name) for table in _scale_tables(responses, scores, campaign, scale)]
        tables += details(responses, scores, campaign, scale)
    return _stacked(tables)


def _stacked(tables: Iterable[pd.DataFrame]) -> pd.DataFrame:
    return as_results(row for table in tables for row in table.to_dict("records"))


def _scale_tables(
    responses: pd.DataFrame, scores: pd.DataFrame, campaign: Campaign, scale: Scale
) -> Iterator[pd.DataFrame]:
    alphas = _alphas(responses, campaign, scale)
    yield alphas
    yield from estimates(scores, campaign, scale.name)
    if campaign.questionnaire.breakdowns:
        yield from by_category(scores, campaign, scale.name, categories(responses, campaign))
    if campaign.paired:
        yield from _persons(scores, campaign, scale, alphas)


def _alphas(responses: pd.DataFrame, campaign: Campaign, scale: Scale) -> pd.DataFrame:
    """Alpha at each wave; see `at_each_wave`."""
    rows = [(wave, alpha(moments)) for wave, moments in at_each_wave(responses, campaign, scale)]
    return reliability_rows(rows, "alpha").assign(category="")


def _persons(scores: pd.DataFrame, campaign: Campaign, scale: Scale, alphas: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """The smallest change of one person that the scale can tell, from its first alpha, and how many went beyond."""
    first, last = ends(campaign)
    threshold = 0.0
    if len(alphas) and 0 <= alphas["estimate"].iloc[0] < 1:
        spread = scores.loc[scores["wave"] == first, scale.name].std()
        threshold = reliable_change(spread, alphas["estimate"].iloc[0])
        least = {"association": WHOLE, "statistic": "reliable_change", "n": alphas["n"].iloc[0], "estimate": threshold}
        yield as_results([least])
    yield people(pairs(scores, scale.name, first, last), threshold)
