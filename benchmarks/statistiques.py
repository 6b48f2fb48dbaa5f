"""Time the statistics of the project beside other packages on the same data, in one run.

    .venv/bin/python benchmarks/statistiques.py

Each line: persons, milliseconds here, milliseconds there, and the ratio here / there (under 1: faster here). What is
timed here gives more than one number: every estimate comes with its interval, its n and its method. pingouin and psych
(R) are under the GPL: they are compared where somebody installed them, and never needed; R is timed from inside. Last:
the whole analysis of the demonstration campaign, everything being imported.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
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
PSYCH = f"""
if (!requireNamespace("psych", quietly = TRUE)) quit(status = 1)
items <- read.csv(commandArgs(TRUE)[1])
seconds <- replicate({REPEATS}, system.time(psych::alpha(items, warnings = FALSE))[["elapsed"]])
cat(1000 * min(seconds))
"""
Call = Callable[[], object]
Others = dict[str, Callable[[], float | None]]  # package -> milliseconds, None where it is absent


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


def in_psych(items: pd.DataFrame) -> float | None:
    """Return the milliseconds of psych::alpha on the same items, timed inside R."""
    if not shutil.which("Rscript"):
        return None
    with tempfile.TemporaryDirectory() as folder:
        items.to_csv(file := Path(folder, "items.csv"), index=False)
        done = subprocess.run(["Rscript", "-e", PSYCH, file], capture_output=True, text=True)
    return None if done.returncode else float(done.stdout)


def in_pingouin(call: Call) -> float | None:
    """Return the milliseconds of a call of pingouin, where it is installed."""
    return best(call) if pingouin else None


def comparisons(items: pd.DataFrame, linked: pd.DataFrame, changes: pd.DataFrame) -> Iterator[tuple[str, Call, Others]]:
    """Yield what is computed, our call, and what the others take."""
    yield (
        "alpha, ses intervalles, item par item",
        lambda: alpha(item_moments(items)),
        {
            "pingouin": partial(in_pingouin, lambda: pingouin.cronbach_alpha(items, nan_policy="listwise")),
            "psych": partial(in_psych, items),
        },
    )
    scipys = partial(best, lambda: stats.ttest_rel(linked["after"], linked["before"]).confidence_interval())
    pingouins = partial(in_pingouin, lambda: pingouin.ttest(linked["after"], linked["before"], paired=True))
    others = {"scipy": scipys, "pingouin": pingouins}
    yield "évolution, moyennes, taille d’effet", lambda: paired_change(pair_moments(linked, by=())), others
    y, v = changes["estimate"].to_numpy(), changes["std_error"].to_numpy() ** 2
    others = {"statsmodels": partial(best, lambda: combine_effects(y, v, method_re="iterated").summary_frame())}
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
                there = theirs()
                words = f"{there:>10.2f}{here / there:>9.2f}" if there else f"{'absent':>10}"
                print(f"{name + ' / ' + package:54}{len(linked):>7}{here:>10.2f}{words}", flush=True)


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
    compare(campaign, responses, impact.score(responses, campaign.questionnaire))
    whole_flow(campaign, responses)


if __name__ == "__main__":
    main()
