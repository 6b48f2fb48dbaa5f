"""From responses to scores: reverse, missing rule, sum or mean, and the count of what was prorated or dropped."""

from __future__ import annotations

import numpy as np
import pandas as pd

from impact.questionnaire import KEY_COLUMNS, Questionnaire, Scale


def item_values(responses: pd.DataFrame, scale: Scale) -> pd.DataFrame:
    """Return the items of one scale as numbers, reversed items turned, NaN where there is no valid answer.

    Parameters
    ----------
    responses : one row per person x wave, choice codes in the columns of the items. Codes declared `missing`,
        « illisible » and empty cells all count as no answer.
    """
    return pd.DataFrame(
        {item.name: responses[item.name].map(item.values).astype(float) for item in scale.items}, index=responses.index
    )


def score(responses: pd.DataFrame, questionnaire: Questionnaire) -> pd.DataFrame:
    """Score every scale for every person x wave.

    Parameters
    ----------
    responses : association, wave, participant, then questions as declared; choice codes.

    Returns
    -------
    DataFrame on the same index: the key columns; per scale one float column in the author's own metric, NaN when fewer
    than `min_answered` items have an answer; and `<scale>_n_answered`.

    Formula
    -------
    Person-mean prorating: each missing item counts as the mean of the person's answered items of the scale, so that
    mean score = mean of answered items, sum score = k x that mean. Where items have different ranges, each item is
    first taken as a share of its own range, then the score is put back on the range of the scale.
    Reversed item: lowest + highest possible value - value.

    Referee: `scores_bfi_agree.json` (psych::scoreItems) and the totals of Woodworth's own file, 992 rows of 992.
    """
    columns = {key: responses[key] for key in KEY_COLUMNS}
    for scale in questionnaire.scales:
        columns[scale.name], columns[f"{scale.name}_n_answered"] = _score_scale(item_values(responses, scale), scale)
    return pd.DataFrame(columns, index=responses.index)


def _score_scale(values: pd.DataFrame, scale: Scale) -> tuple[pd.Series, pd.Series]:
    lowest = np.array([min(item.values.values()) for item in scale.items])
    highest = np.array([max(item.values.values()) for item in scale.items])
    answered = values.notna().sum(axis=1)
    if len(set(zip(lowest, highest, strict=True))) == 1:
        mean = values.mean(axis=1)
        scored = mean * len(scale.items) if scale.score == "sum" else mean
    else:
        share = ((values - lowest) / (highest - lowest)).mean(axis=1)
        complete = values.sum(axis=1) / (len(scale.items) if scale.score == "mean" else 1)
        prorated = scale.range[0] + share * (scale.range[1] - scale.range[0])
        scored = complete.where(answered == len(scale.items), prorated)
    return scored.where(answered >= scale.min_answered), answered


def scoring_summary(scores: pd.DataFrame, questionnaire: Questionnaire) -> pd.DataFrame:
    """Count, per wave and scale, the rows scored complete, prorated, dropped (too few answers) and empty.

    Returns
    -------
    DataFrame: wave, scale, n (rows), complete, prorated, dropped, empty; the four add up to n.
    """
    rows = []
    for wave, group in scores.groupby("wave", sort=False):
        for scale in questionnaire.scales:
            answered = group[f"{scale.name}_n_answered"]
            complete, empty = (answered == len(scale.items)).sum(), (answered == 0).sum()
            scored = group[scale.name].notna().sum()
            rows.append((wave, scale.name, len(group), complete, scored - complete, len(group) - scored - empty, empty))
    return pd.DataFrame(rows, columns=["wave", "scale", "n", "complete", "prorated", "dropped", "empty"])
