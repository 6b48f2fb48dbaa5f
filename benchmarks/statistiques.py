"""Time the statistics of the project beside other packages on the same data, in one run.

    .venv/bin/python benchmarks/statistiques.py

Each line: persons, milliseconds here, milliseconds there, and the ratio here / there (under 1: faster here). What is
timed here gives more than one number: every estimate comes with its interval, its n and its method. pingouin is under
the GPL: it is compared where somebody installed it, and never needed. Last: the whole analysis of the demonstration
campaign, everything being imported.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
from scipy import stats
from statsmodels.stats.meta_analysis import combine_effects

import impact
from impact.analysis import analyse_for_lead
from impact.analysis.designs import ends
from impact.clearance import releases
from impact.stats.change import adjusted_change, paired_change
from impact.stats.items import item_moments
from impact.stats.moments import first_moments, pair_moments, pairs
from impact.stats.pooling import pool
from impact.stats.reliability import alpha

try:
    import pingouin
except ImportError:
    pingouin = None

SCALE = "estime"
REPEATS = 7
COPIES = (1, 100, 1000)
Call = Callable[[], object]


def best(call: Call) -> float:
    """Return the shortest of several runs, in milliseconds: the least disturbed by what else the machine does."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return 1000 * min(times)


def replicated(scores: pd.DataFrame, copies: int) -> pd.DataFrame:
    """The same persons again under other codes."""
    blocks = [scores.assign(participant=scores["participant"].astype(str) + f"-{copy}") for copy in range(copies)]
    return pd.concat(blocks, ignore_index=True)


def comparisons(items: pd.DataFrame, linked: pd.DataFrame, changes: pd.DataFrame) -> Iterator[tuple[str, Call, dict]]:
    """Yield what is computed, our call, and the calls of the others by package."""
    others = {"pingouin": lambda: pingouin.cronbach_alpha(items, nan_policy="listwise")} if pingouin else {}
    yield "alpha, ses intervalles, item par item", lambda: alpha(item_moments(items)), others
    others = {"scipy": lambda: stats.ttest_rel(linked["after"], linked["before"]).confidence_interval()}
    if pingouin:
        others["pingouin"] = lambda: pingouin.ttest(linked["after"], linked["before"], paired=True)
    yield "évolution, moyennes, taille d’effet", lambda: paired_change(pair_moments(linked, by=())), others
    y, v = changes["estimate"].to_numpy(), changes["std_error"].to_numpy() ** 2
    others = {"statsmodels": lambda: combine_effects(y, v, method_re="iterated").summary_frame()}
    yield "toutes associations", lambda: pool(changes), others


def compare(campaign: impact.campaign.Campaign, responses: pd.DataFrame, scores: pd.DataFrame) -> None:
    first, last = ends(campaign)
    items = impact.item_values(responses[responses["wave"] == first], campaign.questionnaire.scale(SCALE))
    print(f"{'':51}{'personnes':>10}{'ici, ms':>10}{'ailleurs':>10}{'rapport':>9}")
    for copies in COPIES:
        linked = replicated(pairs(scores, SCALE, first, last), copies)
        changes = adjusted_change(pair_moments(pairs(scores, SCALE, first, last)), first_moments(scores, SCALE, first))
        many = pd.concat([items] * copies, ignore_index=True)
        for name, ours, others in comparisons(many, linked, changes):
            if name.startswith("toutes") and copies > 1:
                continue  # seven associations whatever the number of persons
            here = best(ours)
            for package, theirs in others.items():
                there = best(theirs)
                print(f"{name + ' / ' + package:54}{len(linked):>7}{here:>10.2f}{there:>10.2f}{here / there:>9.2f}")
            if not others:
                print(f"{name:51}{len(many):>10}{here:>10.2f}{'absent':>10}")


def whole_flow(campaign: impact.campaign.Campaign, responses: pd.DataFrame) -> None:
    steps = {
        "scores": lambda: impact.score(responses, campaign.questionnaire),
        "analyse (ce qui peut sortir)": lambda: impact.analyse(responses, campaign),
        "analyse pour la personne responsable": lambda: analyse_for_lead(responses, campaign),
        "scores, analyse et secret statistique": lambda: releases(responses, campaign),
    }
    print("\nToute la campagne de démonstration, imports faits :")
    for name, call in steps.items():
        print(f"  {name:44}{best(call) / 1000:8.2f} s")


def main() -> None:
    campaign = impact.read_campaign("demonstration")
    with tempfile.TemporaryDirectory() as folder:
        responses = impact.check_file(impact.example_file(campaign, Path(folder)), campaign).accepted
    if pingouin is None:
        print(
            "pingouin absent (licence GPL, jamais nécessaire) : pour comparer, l’installer dans un autre environnement."
        )
    compare(campaign, responses, impact.score(responses, campaign.questionnaire))
    whole_flow(campaign, responses)


if __name__ == "__main__":
    main()
