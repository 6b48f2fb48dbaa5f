"""Time publication as associations become more, in one run, stage by stage: from partitioned answers to signed cubes.

    .venv/bin/python benchmarks/publication.py --jusqu-a 200 --personnes 500
    .venv/bin/python benchmarks/publication.py --jusqu-a 2000 --diffusion

Each line: associations; seconds of each stage; milliseconds of processor an association, beside those of the first
line; the highest memory of the process and of those it starts; the size of a cube. With `--diffusion`, only what is
drawn, written and signed is timed: the released results of the seven associations of the demonstration, again and again
under other names. Everything is fictitious.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from partitions import write_partitions

import impact
from impact.campaign import Association, Campaign
from impact.clearance import releases
from impact.disclosure import Release
from impact.evidence import with_evidence
from impact.framework import TRANSVERSAL
from impact.publication.dissemination import edition

SIZES = (7, 50, 200, 500, 1000, 2000)
STAGES = {"Vérification": "lecture", "Scores,": "analyse", "Figures,": "diffusion"}
COLUMNS = ("associations", *STAGES.values(), "ms / asso", "rapport", "Mio", "Kio / cube")


def enlarged(campaign: Campaign, associations: int) -> Campaign:
    """The demonstration with other associations, which all have the common référentiel."""
    sectors = [one.sector for one in campaign.associations]
    named = (Association(f"asso_{n}", f"Association {n}", sectors[n % len(sectors)]) for n in range(associations))
    editions = tuple(one for one in campaign.framework.editions if one.association == TRANSVERSAL)
    common = replace(campaign.framework, criteria=campaign.framework.of(TRANSVERSAL), editions=editions)
    return replace(campaign, name=f"banc_{associations}", associations=tuple(named), framework=common)


def renamed(cleared: Sequence[Release], associations: int) -> Iterator[Release]:
    """The same results, under the names of other associations."""
    for number in range(associations):
        one, code = cleared[number % len(cleared)], f"asso_{number}"
        table = one.table.assign(association=one.table["association"].replace(one.audience, code))
        yield Release(code, table, {**one.context, "association": f"Association {number}"}, one.rules)


def published(associations: int, persons: int, folder: Path) -> tuple[dict[str, float], list[Path]]:
    """Publish fictitious partitioned answers, read by polars; return the seconds of each stage, and the cubes."""
    campaign = enlarged(impact.read_campaign("demonstration"), associations)
    source = write_partitions(campaign, round(associations * persons * 1.8), folder / "source")
    starts: dict[str, float] = {}

    def step(words: str) -> None:
        starts.setdefault(STAGES.get(words.split()[0], words), time.perf_counter())

    files = sorted(source.glob("*.parquet"))
    cubes = impact.publish(campaign, files, folder / "sorties", engine="polars", progress=step)
    ends = (*starts.values(), time.perf_counter())
    return dict(zip(starts, (end - start for start, end in pairwise(ends)), strict=True)), cubes


def disseminated(associations: int, folder: Path) -> tuple[dict[str, float], list[Path]]:
    """Draw, write and sign as many cubes; return the seconds it took, and the cubes."""
    campaign = impact.read_campaign("demonstration")
    accepted = impact.check_file(impact.example_file(campaign, folder), campaign).accepted
    cleared = list(with_evidence(releases(accepted, campaign), campaign, accepted))
    start = time.perf_counter()
    current = edition(folder / "sorties", "banc", b"banc")
    audiences = current.write(renamed(cleared, associations), associations)
    cubes = current.put_in_place(audiences, ())
    return {"diffusion": time.perf_counter() - start}, cubes


def measured(associations: int, persons: int, alone: bool) -> dict[str, float]:
    """Publish once, in this process and those it starts."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["IMPACT_CLES"] = str(Path(folder, "cles"))
        before = _processor()
        given = (associations, Path(folder)) if alone else (associations, persons, Path(folder))
        seconds, cubes = (disseminated if alone else published)(*given)
        used = _processor() - before
        weight = sum(path.stat().st_size for cube in cubes for path in cube.iterdir()) / len(cubes)
    memory = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return seconds | {"processor": used, "Mio": memory / 1024, "Kio / cube": weight / 1024}


def _processor() -> float:
    uses = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in uses)


def table(asked: argparse.Namespace) -> None:
    """Print one line a size, each measured in a process of its own."""
    print(" ".join(f"{name:>12}" for name in COLUMNS))
    first = 0.0
    for size in (one for one in SIZES if one <= asked.jusqu_a):
        given = [sys.executable, __file__, "--seule", str(size), "--personnes", str(asked.personnes)]
        done = subprocess.run(given + ["--diffusion"] * asked.diffusion, stdout=subprocess.PIPE, text=True, check=True)
        found = json.loads(done.stdout)
        each = 1000 * found["processor"] / size
        first = first or each
        stages = [f"{found[name]:.1f}" if name in found else "" for name in STAGES.values()]
        line = (size, *stages, f"{each:.0f}", f"{each / first:.2f}", *(f"{found[name]:.0f}" for name in COLUMNS[-2:]))
        print(" ".join(f"{one:>12}" for one in line), flush=True)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--jusqu-a", type=int, default=50, metavar="ASSOCIATIONS")
    options.add_argument("--personnes", type=int, default=500)
    options.add_argument("--diffusion", action="store_true")
    options.add_argument("--seule", type=int, help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.seule:
        print(json.dumps(measured(asked.seule, asked.personnes, asked.diffusion)))
    else:
        table(asked)
