"""A file of 200,000 rows and 40 columns goes from reading to matching in less than a minute and two gigabytes.

Seconds are those of the processor: one process, one thread, so that other work on the machine does not count. Memory is
the peak of that process alone, which `getrusage` does not tell: it begins at what the process that started it holds.
"""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).parents[1]
ROWS, COLUMNS, SLIPS = 200_000, 40, 0.05
SECONDS, MEGABYTES = 60, 2_000

FLOW = """
import sys, time
import impact
campaign = impact.read_campaign("questionnaires/demonstration")
started = time.process_time()
answers = impact.read_export(sys.argv[1], campaign)
checked = impact.check(answers, campaign)
impact.score(checked.accepted, campaign.questionnaire)
matching = impact.match(checked.accepted, "avant", "apres")
peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) / 1024
print(time.process_time() - started, peak, *answers.table.shape, checked.n_read, matching.rates["n_joined"].sum(), len(matching.proposed))
"""


def large(campaign) -> pd.DataFrame:
    """Two waves of the same fictitious persons; one code in twenty of the second has one wrong digit."""
    rng, half = np.random.default_rng(2014), ROWS // 2
    numbers = rng.choice(26 * 26 * 10**6, size=half, replace=False)
    codes = pd.Series([f"{chr(65 + n // 26_000_000)}{chr(65 + n // 10**6 % 26)}{n % 10**6:06d}" for n in numbers])
    slipped = codes.mask(rng.random(half) < SLIPS, codes.str[:-1] + ((codes.str[-1].astype(int) + 1) % 10).astype(str))
    table = {
        "association": np.tile(rng.choice([one.code for one in campaign.associations], half), 2),
        "vague": np.repeat(["avant", "apres"], half),
        "participant": pd.concat([codes, slipped], ignore_index=True),
    }
    for question in campaign.questionnaire.questions:
        answers = [choice.name for choice in question.choices] or ["", "Ça va mieux ; merci (exemple fictif)."]
        table[question.name] = rng.choice(answers, ROWS)
    frame = pd.DataFrame(table)
    return frame.assign(
        **{f"autre{n}": rng.integers(0, 100, ROWS).astype(str) for n in range(COLUMNS - frame.shape[1])}
    )


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="le pic de mémoire se lit dans /proc")
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_large_file(campaign, tmp_path, kind):
    path, table = tmp_path / f"grand.{kind}", large(campaign)
    table.to_csv(path, sep=";", index=False) if kind == "csv" else table.to_excel(path, index=False)
    done = subprocess.run([sys.executable, "-c", FLOW, path], capture_output=True, text=True, check=True, cwd=ROOT)
    seconds, megabytes, *counts, joined, proposed = (float(word) for word in done.stdout.split())
    print(f"{kind}: {seconds:.0f} s, {megabytes:.0f} MB, {joined:.0f} joined, {proposed:.0f} proposed")
    assert counts == [ROWS, COLUMNS, ROWS]
    assert (seconds < SECONDS, megabytes < MEGABYTES) == (True, True)
