"""The default analysis of a campaign: from responses and scores to one table of results."""

from __future__ import annotations

import pandas as pd

from impact.campaign import Campaign
from impact.disclosure import NOT_DISPLAYED, WHOLE
from impact.errors import StatisticsError
from impact.questionnaire import Scale
from impact.results import as_results
from impact.scoring import item_values
from impact.stats.change import adjusted_change, paired_change
from impact.stats.items import item_moments, judgeable
from impact.stats.moments import first_moments, pair_moments, pairs
from impact.stats.people import people, reliable_change
from impact.stats.pooling import pool
from impact.stats.reliability import alpha


def analyse(responses: pd.DataFrame, scores: pd.DataFrame, campaign: Campaign) -> pd.DataFrame:
    """Compute every result of a paired campaign: who answered, reliability, change, people, breakdowns, the whole.

    Parameters
    ----------
    responses, scores : same rows, one per person x wave; see `validation.check` and `scoring.score`.
    campaign : a paired design; the first and the last of its waves are compared.

    Returns
    -------
    Results of every association (before disclosure control: not to be shown). Pooled rows have association "".

    Raises
    ------
    StatisticsError when the design is not paired, or a wave has no answer.
    """
    if not campaign.paired:
        raise StatisticsError(
            f"le dispositif « {campaign.design} » n’a pas d’évolution par personne.",
            remedy="Les dispositifs avec deux mesures des mêmes personnes sont analysés pour l’instant.",
        )
    tables = [who_answered(responses, campaign)]
    for scale in campaign.questionnaire.scales:
        tables += [table.assign(scale=scale.name) for table in _scale_tables(responses, scores, campaign, scale)]
    return as_results(pd.concat(tables, ignore_index=True).to_dict("records"))


def who_answered(responses: pd.DataFrame, campaign: Campaign) -> pd.DataFrame:
    """Count, by association, the persons of each wave (`responded`) and of the first and last both (`returned`).

    A row where no item of any scale is answered is not an answer.
    """
    items = [item.name for scale in campaign.questionnaire.scales for item in scale.items]
    rows = []
    for association, group in responses[responses[items].notna().any(axis=1)].groupby("association", sort=False):
        seen = {wave.code: set(group.loc[group["wave"] == wave.code, "participant"]) for wave in campaign.waves}
        counts = [("responded", wave, len(people)) for wave, people in seen.items()]
        both = seen[campaign.waves[0].code] & seen[campaign.waves[-1].code]
        for statistic, wave, n in [*counts, ("returned", "", len(both))]:
            rows.append({"association": association, "wave": wave, "statistic": statistic, "n": n, "estimate": n})
    return as_results(rows)


def _scale_tables(responses: pd.DataFrame, scores: pd.DataFrame, campaign: Campaign, scale: Scale):
    first, last = campaign.waves[0].code, campaign.waves[-1].code
    linked = pairs(scores, scale.name, first, last)
    moments = pair_moments(linked)
    if moments.empty:
        raise StatisticsError(
            f"aucune personne n’a répondu aux deux vagues pour « {scale.label} ».",
            remedy="Vérifier les codes des participants : les mêmes aux deux vagues.",
        )
    adjusted = adjusted_change(moments, first_moments(scores, scale.name, first))
    reliability, threshold = _reliability(responses, campaign, scale, scores)
    yield from (reliability, threshold, paired_change(moments), adjusted)
    yield people(linked, threshold["estimate"].iloc[0] if len(threshold) else 0.0)
    yield _whole(adjusted)
    for question in campaign.questionnaire.breakdowns:
        yield breakdown_changes(linked, responses[responses["wave"] == first], question.name)


def _reliability(responses: pd.DataFrame, campaign: Campaign, scale: Scale, scores: pd.DataFrame):
    """Alpha at each wave, everyone together; and the smallest change of one person that the scale can tell."""
    rows = []
    for wave in campaign.waves:
        moments = item_moments(item_values(responses[responses["wave"] == wave.code], scale))
        if judgeable(moments.n, len(moments.names)):
            row = alpha(moments).query("statistic == 'alpha'").iloc[0]
            rows.append(row.to_dict() | {"association": WHOLE, "wave": wave.code, "category": ""})
    if not rows or not 0 <= rows[0]["estimate"] < 1:
        return as_results(rows), as_results([])
    spread = scores.loc[scores["wave"] == campaign.waves[0].code, scale.name].std()
    threshold = {"association": WHOLE, "statistic": "reliable_change", "n": rows[0]["n"]}
    return as_results(rows), as_results([threshold | {"estimate": reliable_change(spread, rows[0]["estimate"])}])


def _whole(adjusted: pd.DataFrame) -> pd.DataFrame:
    """The pooled change and the interval of another association's true change."""
    pooled = pool(adjusted)
    return pooled[pooled["statistic"].isin(["pooled_change", "prediction_interval"])].assign(association=WHOLE)


def breakdown_changes(linked: pd.DataFrame, first: pd.DataFrame, question: str) -> pd.DataFrame:
    """Means before and after in each category of a question, as answered the first time.

    Those who did not answer the question are the category "sans_reponse": disclosure control must count them.
    """
    keys = ["association", "participant"]
    category = first.set_index(keys)[question].rename("category")
    table = linked.join(category, on=keys)
    table["category"] = table["category"].astype(object).where(table["category"].notna(), NOT_DISPLAYED)
    rows = paired_change(pair_moments(table, by=("association", "category")))
    return rows.assign(breakdown=question)
