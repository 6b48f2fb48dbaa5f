"""The open respondent file: scores of persons, two quasi-identifiers at most, nothing that says where, when or who."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from impact.analysis.designs import KEYS, categories
from impact.campaign import Campaign
from impact.disclosure import NOT_DISPLAYED
from impact.errors import DisclosureError, nearest
from impact.open_data.anonymisation import shuffle, suppress_locally
from impact.questionnaire import Choice

WAVE = "moment"
ID = "identifiant"
DECIMALS = 3


@dataclass(frozen=True)
class Respondents:
    """The respondent file and where it comes from.

    `people`: every person before protection (private: index association, participant or row). `protected`: the same
    persons after generalisation and local suppression, before shuffling (private). `public`: what is published.
    `keys`: quasi-identifiers published. `blocks`: the columns of scores, one block a wave. `widened`: question ->
    categories it is published in.
    """

    people: pd.DataFrame
    protected: pd.DataFrame
    shuffled: pd.DataFrame
    public: pd.DataFrame
    keys: tuple[str, ...]
    blocks: tuple[tuple[str, ...], ...]
    widened: dict[str, tuple[Choice, ...]]

    @property
    def scores(self) -> list[str]:
        """Every column of scores."""
        return [name for block in self.blocks for name in block]


def respondents(responses: pd.DataFrame, scores: pd.DataFrame, campaign: Campaign, seed: int) -> Respondents:
    """Make the open respondent file of a campaign.

    Parameters
    ----------
    responses, scores : same rows; see `validation.check` and `scoring.score`.
    seed : of the shuffling and of the order; it must be secret for real answers, else the order of the rows tells.

    Returns
    -------
    Respondents. Of the quasi-identifiers the campaign declares, the first of these that reaches k >= 10 and l >= 3 with
    at most 5 % of blanks: as they are; with wider categories; without the second; without any.

    Raises
    ------
    DisclosureError for a quasi-identifier that is not a breakdown question, or when nothing can be published.
    """
    known = [question.name for question in campaign.questionnaire.breakdowns]
    for name in campaign.rules.quasi_identifiers:
        if name not in known:
            where = "[disclosure] quasi_identifiers"
            raise DisclosureError(
                f"« {name} » ne détaille pas les résultats.", where=where, remedy=nearest(name, known)
            )
    people, blocks = _people(responses, scores, campaign)
    sensitive = [name for block in blocks for name in block]
    rng = np.random.default_rng(seed)
    for widened in _plans(campaign):
        table, keys = people.copy(), [*widened, *([WAVE] if WAVE in people else [])]
        for name, codes in widened.items():
            table[name] = table[name].map({code: choice.name for code, choice in codes.items()})
        protected = suppress_locally(table[[*keys, *sensitive]], keys, sensitive)
        if protected is not None and len(protected):
            shuffled = shuffle(protected, keys, blocks, rng)
            shown = {name: tuple(dict.fromkeys(codes.values())) for name, codes in widened.items()}
            return Respondents(people, protected, shuffled, _public(shuffled, rng), tuple(keys), blocks, shown)
    raise DisclosureError("trop peu de personnes pour publier un fichier de répondants.", where=campaign.name)


def _people(
    responses: pd.DataFrame, scores: pd.DataFrame, campaign: Campaign
) -> tuple[pd.DataFrame, tuple[tuple[str, ...], ...]]:
    """One row per person who answered first: breakdown answers, then `<scale>_<wave>`; unmatched rows have `moment`."""
    names = [scale.name for scale in campaign.questionnaire.scales]
    answers = categories(responses, campaign).set_index("breakdown", append=True)["category"].unstack("breakdown")
    order = pd.MultiIndex.from_frame(responses[KEYS]).drop_duplicates() if campaign.paired else responses.index
    answers = answers.replace(NOT_DISPLAYED, pd.NA).loc[order]
    if not campaign.paired:
        people = answers.join(scores[names].round(DECIMALS)).assign(**{WAVE: responses["wave"]})
        people = people if len(campaign.waves) > 1 else people.drop(columns=WAVE)
        return people.dropna(subset=names, how="all"), (tuple(names),)
    people, blocks = answers, []
    for wave in campaign.waves:
        block = scores[scores["wave"] == wave.code].set_index(KEYS)[names].round(DECIMALS).add_suffix(f"_{wave.code}")
        people = people.join(block)
        blocks.append(tuple(block))
    return people.dropna(subset=list(blocks[0]), how="all"), tuple(blocks)


def _plans(campaign: Campaign) -> Iterator[dict[str, dict[str, Choice]]]:
    """Quasi-identifiers from the most to the least detailed: question -> code -> category published."""
    names = campaign.rules.quasi_identifiers
    questions = {name: campaign.questionnaire.question(name) for name in names}
    fine = {name: {c.name: Choice(c.name, c.label) for c in one.categories} for name, one in questions.items()}
    wide = {name: one.merged for name, one in questions.items()}
    while names:
        yield {name: fine[name] for name in names}
        for place in range(len(names), 0, -1):
            yield {name: (fine if number < place - 1 else wide)[name] for number, name in enumerate(names)}
        names = names[:-1]
    yield {}


def _public(shuffled: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Random order, fresh random identifiers."""
    public = shuffled.iloc[rng.permutation(len(shuffled))].reset_index(drop=True)
    numbers = rng.choice(16**6, size=len(public), replace=False)
    public.insert(0, ID, [f"r{number:06x}" for number in numbers])
    return public
