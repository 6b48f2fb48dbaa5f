"""The risks of the open data, measured: anonymity, diversity, utility, and the attacks really run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from impact.campaign import Campaign
from impact.clearance.audit import exposures
from impact.clearance.groups import Group
from impact.disclosure import PUBLIC
from impact.errors import DisclosureError
from impact.open_data.anonymisation import LEAST_K, LEAST_L, class_sizes, diversity, individual_risk, k_anonymity
from impact.open_data.attacks import Attack, inference, known_answers, linkage, unique_matches
from impact.open_data.respondents import Respondents

ASSOCIATION = "association"
LINKAGE_SEED = 6


@dataclass(frozen=True)
class Risk:
    """Every figure of the report. Tables have one row a file (before, after) or a variable; `attacks` are by name."""

    sizes: pd.DataFrame
    k: dict[str, int]
    diversity: pd.DataFrame
    suppressed: dict[str, int]
    utility: pd.DataFrame
    attacks: dict[str, Attack]
    unique: int
    exposed: int
    coalitions: int


def measure(made: Respondents, responses: pd.DataFrame, groups: Sequence[Group], campaign: Campaign) -> Risk:
    """Measure the risks of a respondent file and of the published results, and run the attacks.

    Parameters
    ----------
    made : see `respondents.respondents`. responses : the same accepted responses.
    groups : the groups of persons behind every published number, see `clearance.protected`.

    Raises
    ------
    DisclosureError when k or l is under its least value, or when an attack does better than chance.
    """
    keys, people = list(made.keys), _with_association(made.people, campaign)
    known = known_answers(responses, campaign, np.random.default_rng(LINKAGE_SEED))
    attacks = {"avant": linkage(people, people, [ASSOCIATION, *keys], known, campaign)}
    attacks["après"] = linkage(made.shuffled, made.people, keys, known, campaign)
    attacks["déduction"] = max((inference(made, name) for name in made.blocks[-1]), key=_excess)
    viewers = len({group.viewer for group in groups} - {PUBLIC})
    risk = Risk(
        sizes=pd.DataFrame(
            {
                "avec l’association": _risks(people, [ASSOCIATION, *keys]),
                "avant": _risks(people, keys),
                "publié": _risks(made.public, keys),
            }
        ).T,
        k=k_anonymity(made.public, keys),
        diversity=pd.DataFrame(
            {
                "avant": diversity(made.people, keys, made.scores).min(),
                "publié": diversity(made.public, keys, made.scores).min(),
            }
        ),
        suppressed={
            key: int(made.public[key].isna().sum() - made.people.loc[made.protected.index, key].isna().sum())
            for key in keys
        },
        utility=_utility(made, campaign),
        attacks=attacks,
        unique=unique_matches(made.public, keys),
        exposed=len(frozenset().union(*(one.persons for one in exposures(groups)))),
        coalitions=1 + viewers + viewers * (viewers - 1) // 2,
    )
    _require_safe(risk)
    return risk


def _require_safe(risk: Risk) -> None:
    possible = risk.diversity["publié"].min()
    linked = not all(risk.attacks[name].no_better_than_chance for name in ("après", "déduction"))
    if risk.k["k"] < LEAST_K or possible < min(LEAST_L, risk.diversity["avant"].max()) or risk.exposed or linked:
        what = "rien n’est publié : le fichier ouvert laisse encore un risque."
        raise DisclosureError(what, remedy="Déclarer moins de quasi-identifiants, ou des modalités plus larges.")


def _with_association(people: pd.DataFrame, campaign: Campaign) -> pd.DataFrame:
    if ASSOCIATION in people or ASSOCIATION not in people.index.names:
        return people.assign(**{ASSOCIATION: ""}) if ASSOCIATION not in people else people
    return people.assign(**{ASSOCIATION: people.index.get_level_values(ASSOCIATION)})


def _risks(table: pd.DataFrame, keys: Sequence[str]) -> dict[str, float]:
    sizes = class_sizes(table, keys)
    risk = individual_risk(sizes)
    f = sizes["f"]
    found = {"lignes": len(table), "uniques": (f == 1).sum(), "sous 5": (f < 5).sum(), "sous 10": (f < 10).sum()}
    return found | {"risque maximal": risk.max(), "risque moyen": risk.mean(), "attendues": risk.sum()}


def _utility(made: Respondents, campaign: Campaign) -> pd.DataFrame:
    """The largest changes that protection made, each beside what it is measured in."""
    scores, before, after = made.scores, made.people, made.public
    means = ((after[scores].mean() - before[scores].mean()) / before[scores].std()).abs().max()
    correlations = (after[scores].corr() - before[scores].corr()).abs().max().max()
    rows = {"moyennes (en écarts-types)": means, "corrélations": correlations}
    if len(made.blocks) > 1:
        effects = [_effects(table, made) for table in (before, after)]
        rows["tailles d’effet (évolution / écart-type du premier score)"] = (effects[1] - effects[0]).abs().max()
    return pd.DataFrame({"plus grand écart": rows})


def _effects(table: pd.DataFrame, made: Respondents) -> pd.Series:
    first, last = made.blocks[0], made.blocks[-1]
    return pd.Series([(table[b] - table[a]).mean() / table[a].std() for a, b in zip(first, last, strict=True)])


def _excess(attack: Attack) -> float:
    return (attack.successes - attack.by_chance) / max(attack.spread, 1e-12)
