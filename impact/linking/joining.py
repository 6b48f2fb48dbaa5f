"""Who is who between waves: the same codes, and the near ones that a person has judged right; nothing else.

What a person decided is kept in a private file beside the campaign's key: it holds codes, so it is never in the
repository, and `impact detruire-les-liens` destroys it with the key.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

import pandas as pd

from impact.campaign import Campaign
from impact.collect.matching import Matching, chosen, confirm, match, match_rates
from impact.keys import private_file, read_private, write_private

DECISIONS, DESTROYED = "rapprochements.csv", "liens_detruits"
PAIR = ["association", "code_before", "code_after"]
DECIDED = [*PAIR, "kept", "decided_on"]
YES, NO = "oui", "non"


@dataclass(frozen=True)
class Joined:
    """The responses, and what matching found between the first wave and each other one.

    responses : `participant` is the same for the rows of one person, and for nobody else.
    matchings : code of the wave -> Matching; `proposed` has one more column, kept ("oui", "non", "" when nobody has
        judged the pair yet), and the rates count the pairs that were kept.
    """

    responses: pd.DataFrame
    matchings: dict[str, Matching]

    def judged(self, answer: str) -> int:
        """Count the near pairs that were judged so: YES, NO, or "" for those that wait."""
        return sum(int((one.proposed["kept"] == answer).sum()) for one in self.matchings.values())


def join_waves(responses: pd.DataFrame, campaign: Campaign) -> Joined:
    """Join the waves of a campaign by normalised code, and by what a person decided of the near ones.

    Parameters
    ----------
    responses : accepted responses, codes as they were typed; one row per person x wave, row labels all different.
    campaign : nothing is joined where nobody answers twice (`paired` is false), nor once the links are destroyed.

    Raises
    ------
    KeyFileError when the decisions cannot be read, ResponsesError when two of them would join one answer twice.
    """
    first, *later = (wave.code for wave in campaign.waves)
    judged, matchings = decisions(campaign.name)[[*PAIR, "kept"]], {}
    for wave in later if campaign.paired and not destroyed_on(campaign.name) else ():
        matching = match(responses, first, wave)
        proposed = matching.proposed.merge(judged, on=PAIR, how="left").fillna({"kept": ""})
        responses = confirm(matching, proposed.index[proposed["kept"] == YES])
        rates = match_rates(responses, first, wave)
        matchings[wave] = replace(matching, linked=responses, proposed=proposed, rates=rates)
    return Joined(responses, matchings)


def decisions(campaign: str) -> pd.DataFrame:
    """Return what a person decided, a row a pair: association, code_before, code_after, kept (oui, non), decided_on."""
    content = read_private(private_file(campaign, DECISIONS)).decode()
    return pd.read_csv(io.StringIO(content or ",".join(DECIDED)), dtype=str, keep_default_na=False)


def decide(matching: Matching, kept: Iterable[int], campaign: Campaign) -> None:
    """Remember what a person decided of every proposal: right for the numbers in `kept`, wrong for all the others.

    A pair that was already judged is judged again. The codes of the pairs are kept, not their rows: the decision holds
    when the file of answers is exported again.

    Raises
    ------
    ResponsesError when one answer would be joined twice, or a number is not in the proposals: nothing is kept.
    """
    right = chosen(matching, kept).index
    judged = matching.proposed[PAIR].assign(kept=NO, decided_on=date.today().isoformat())
    judged.loc[right, "kept"] = YES
    table = pd.concat([decisions(campaign.name), judged]).drop_duplicates(PAIR, keep="last")
    write_private(private_file(campaign.name, DECISIONS), table.to_csv(index=False).encode())


def destroyed_on(campaign: str) -> str:
    """Return the date on which the links of a campaign were destroyed, "" when they still stand."""
    return read_private(private_file(campaign, DESTROYED)).decode()
