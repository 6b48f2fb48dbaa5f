"""What each design allows one to estimate on one scale: means, changes, comparison, and the whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pandas as pd

from impact.campaign import Campaign
from impact.disclosure import NOT_DISPLAYED, WHOLE
from impact.errors import StatisticsError
from impact.first_pass import KEYS, SHEETS, Summary, ends
from impact.stats.change import adjusted_change, difference_of_changes, paired_change
from impact.stats.designs import independent_change, mean_scores, response_shift, retrospective_change, wave_moments
from impact.stats.moments import group_moments, merge_moments, pair_moments
from impact.stats.pooling import pool

Tables = Iterator[pd.DataFrame]


def estimates(summary: Summary, campaign: Campaign, scale: str) -> Tables:
    """Yield the results of one scale that the campaign's design allows.

    Parameters
    ----------
    summary : see `first_pass.summarise`. scale : a scale's name.

    Yields
    ------
    Same persons seen twice: mean_before and mean_after of the first and last waves, change (its own name,
    then_change_*, where the first wave is a memory), adjusted_change, the rows of `pool`, and difference_of_changes
    where there is a comparison group. In a retrospective design of three waves (before, the same remembered, after):
    also then_change_* and response_shift_*.
    Repeated cross-sections: mean_before, mean_after, independent_change, the rows of `pool`.
    After only: mean of each wave.
    Comparison groups are never pooled with the others. A row that depends on two groups of persons
    (difference_of_changes, independent_change) has as `n` the smaller one: disclosure control judges that one.

    Raises
    ------
    StatisticsError when nobody answered at the two waves to compare, or a wave has no answer.
    """
    if campaign.paired:
        return _same_persons(summary, campaign, scale)
    return _unmatched(wave_moments(_each_wave(summary.scores, campaign, scale), scale), campaign)


def categories(responses: pd.DataFrame, campaign: Campaign) -> pd.DataFrame:
    """Return the answers to the breakdown questions, one row per person (or per row, if not matched) and question.

    A person's answer is the first one given, in the order of the waves; none is the category "sans_reponse", which
    disclosure control must count. Columns breakdown, category; index: association, participant, or that of the rows.
    """
    names = [question.name for question in campaign.questionnaire.breakdowns]
    answers = responses[names].astype(object)
    if campaign.paired:
        order = {wave.code: place for place, wave in enumerate(campaign.waves)}
        rows = responses["wave"].map(order).sort_values(kind="stable").index
        answers = answers.loc[rows].groupby([responses[key] for key in KEYS], dropna=False).first()
    return answers.fillna(NOT_DISPLAYED).melt(ignore_index=False, var_name="breakdown", value_name="category")


def by_category(summary: Summary, campaign: Campaign, scale: str) -> Tables:
    """Yield the means of one scale, and their raw change, in each category of every breakdown question."""
    by = ("association", "breakdown", "category")
    if campaign.paired:
        yield _raw_change(pair_moments(summary.by_category(scale), by=by), campaign)
    else:
        table = _each_wave(summary.by_category, campaign, scale)
        yield from _unmatched(wave_moments(table, scale, by=(*by, "wave")), campaign)


def _each_wave(table: Callable[[str, str], pd.DataFrame], campaign: Campaign, scale: str) -> pd.DataFrame:
    """The scores of one scale counted at each wave, where persons are not matched."""
    parts = [table(scale, wave.code).assign(wave=wave.code) for wave in campaign.waves]
    return pd.concat(parts, ignore_index=True).rename(columns={"before": scale})


def on_one_sheet(campaign: Campaign) -> bool:
    """Whether before and after were asked together, so that nobody can be lost between them."""
    return campaign.design == "retrospective_same_sheet" and len(campaign.waves) == 2


def programmes(rows: pd.DataFrame, campaign: Campaign) -> pd.DataFrame:
    """Return the rows of the associations that are not comparison groups: the only ones that are pooled."""
    return rows[~rows["association"].isin(_comparison(campaign))]


def whole(rows: pd.DataFrame, campaign: Campaign) -> pd.DataFrame:
    """Return the rows of `pool` over the programmes; those about all of them together have association ""."""
    own = programmes(rows, campaign)
    if own.empty:
        return own
    pooled = pool(own.reindex(columns=["association", "statistic", "n", "estimate", "std_error"]))
    return pooled.assign(association=pooled["association"].fillna(WHOLE))


def _comparison(campaign: Campaign) -> list[str]:
    return [association.code for association in campaign.associations if association.comparison]


def _same_persons(summary: Summary, campaign: Campaign, scale: str) -> Tables:
    moments = pair_moments(summary.pairs(scale))
    if moments.empty:
        raise StatisticsError(
            f"aucune personne n’a répondu aux deux vagues pour « {campaign.questionnaire.scale(scale).label} ».",
            remedy="Vérifier les codes des participants : les mêmes aux deux vagues.",
        )
    yield _raw_change(moments, campaign)
    yield from _remembered(summary, campaign, scale)
    began = group_moments(summary.scores(scale), ("before",), by=("association",))
    adjusted = _adjusted(moments, moments if on_one_sheet(campaign) else began, campaign)
    yield adjusted
    yield whole(adjusted, campaign)
    yield from _against_comparison(moments, campaign)


def _raw_change(moments: pd.DataFrame, campaign: Campaign) -> pd.DataFrame:
    """Means and change; from a remembered start, the change has the name of its design."""
    rows = paired_change(moments)
    if campaign.design not in SHEETS or len(campaign.waves) > 2:
        return rows
    then_change = retrospective_change(moments, SHEETS[campaign.design])
    return pd.concat([rows[rows["statistic"] != "change"], then_change], ignore_index=True)


def _remembered(summary: Summary, campaign: Campaign, scale: str) -> Tables:
    """Where a real first measure stands beside its memory (the wave before the last): what memory adds."""
    if campaign.design not in SHEETS or len(campaign.waves) < 3:
        return
    for estimate, population in ((retrospective_change, "then"), (response_shift, "shift")):
        moments = pair_moments(summary.pairs(scale, population))
        if len(moments):
            yield estimate(moments, SHEETS[campaign.design])


def _adjusted(moments: pd.DataFrame, first: pd.DataFrame, campaign: Campaign) -> pd.DataFrame:
    """Adjusted changes, the variance of comparison groups being theirs alone."""
    codes = _comparison(campaign)
    parts = [
        adjusted_change(moments[moments["association"].isin(codes) == apart], first[mine])
        for apart in (False, True)
        if (mine := first["association"].isin(codes) == apart).any()
    ]
    return pd.concat(parts, ignore_index=True)


def _against_comparison(moments: pd.DataFrame, campaign: Campaign) -> Tables:
    """Each programme's change minus that of the comparison group; several comparison groups count as one."""
    codes = _comparison(campaign)
    one = moments["association"].where(~moments["association"].isin(codes), codes[0] if codes else "")
    merged = merge_moments([moments.assign(association=one)])
    sizes = merged.set_index("association")["n"]
    if not codes or sizes.get(codes[0], 0) < 2 or len(sizes) < 2:
        return
    rows = difference_of_changes(merged, codes[0])
    yield rows.assign(n=rows["association"].map(sizes).clip(upper=sizes[codes[0]]))


def _unmatched(moments: pd.DataFrame, campaign: Campaign) -> Tables:
    """Means by wave and, of two independent surveys, their difference and the whole."""
    if campaign.design == "after_only":
        yield mean_scores(moments)
        return
    first, last = ends(campaign)
    for wave, name in ((first, "mean_before"), (last, "mean_after")):
        if (own := moments["wave"] == wave).any():
            yield mean_scores(moments[own].drop(columns="wave")).assign(statistic=name)
    keys = [key for key in ("association", "breakdown", "category") if key in moments]
    smaller = moments[moments["wave"].isin([first, last])].set_index([*keys, "wave"])["n"].unstack(fill_value=0)
    changes = independent_change(moments, first, last).set_index(keys)
    changes = changes.assign(n=smaller.reindex(columns=[first, last], fill_value=0).min(axis=1)).reset_index()
    yield changes
    if "category" not in moments:
        yield whole(changes, campaign)
