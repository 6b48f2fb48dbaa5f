"""Time scoring beside a copy of memory and beside pandas; then the whole pipeline as rows become more, on each engine.

    .venv/bin/python benchmarks/moteurs.py                         # scoring, then 10^3 to 10^6 rows on each engine
    .venv/bin/python benchmarks/moteurs.py --lignes 7 --moteurs duckdb polars --dossier /tmp/mesures

Scoring: 10^6 persons x 24 items. One pass of memory copy over the same numbers, in the same run, is the unit; « pandas,
échelle par échelle » is what one writes by hand after psych (codes to numbers, items turned, mean of the row, missing
rule). Pipeline: parquet files to audited releases of the seven associations of the demonstration campaign: rows
checked, scored, summed up, analysed, protected, audited; figures, bilans and files excluded. Each measure is a process
of its own, the scores included, because a process starts with the peak of memory of the one that starts it; the time
and memory of Spark's Java process are added. Beside the seconds that pass, those of the processors: on a busy machine,
only these compare. A table with ratios is printed, a plot written.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from itertools import cycle
from pathlib import Path

import numpy as np
import pandas as pd
import psutil

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import impact  # noqa: E402
from benchmarks.partitions import write_partitions  # noqa: E402
from impact.engines import ENGINES, source_files  # noqa: E402

PERSONS, ITEMS, REPEATS = 10**6, 24, 5
SCORES = "scores"


def best(call: Callable[[], object], repeats: int = REPEATS) -> float:
    """Return the shortest of several runs, in seconds: the least disturbed by what else the machine does."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def questionnaire() -> impact.questionnaire.Questionnaire:
    """Four scales of six items, reversed items included."""
    whole = impact.read_campaign("demonstration").questionnaire
    model = whole.scale("agir_soi")
    scales = [
        replace(model, name=f"echelle{n}", items=tuple(replace(one, name=f"q{n}_{one.name}") for one in model.items))
        for n in range(ITEMS // len(model.items))
    ]
    return replace(whole, scales=tuple(scales), questions=tuple(item for one in scales for item in one.items))


def by_hand(answers: pd.DataFrame, declared: impact.questionnaire.Questionnaire) -> pd.DataFrame:
    """Score as one does by hand: scale by scale, from codes to numbers, reversed items turned, mean, missing rule."""
    found = {}
    for scale in declared.scales:
        codes = {code: float(code) for code in scale.items[0].values}
        values = pd.DataFrame({item.name: answers[item.name].map(codes).astype(float) for item in scale.items})
        for item in scale.items:
            if item.reverse:
                values[item.name] = min(codes.values()) + max(codes.values()) - values[item.name]
        found[scale.name] = values.mean(axis=1).where(values.notna().sum(axis=1) >= scale.min_answered)
    return pd.DataFrame(found)


def scoring() -> None:
    import duckdb
    import polars as pl

    declared, rng = questionnaire(), np.random.default_rng(2014)
    names, codes = [item.name for item in declared.questions], ["1", "2", "3", "4", "nsp"]
    keys = {"association": ["a"] * PERSONS, "wave": ["avant"] * PERSONS, "participant": np.arange(PERSONS).astype(str)}
    drawn = rng.choice([0, 1, 2, 3, 4, -1], size=(ITEMS, PERSONS), p=[0.24, 0.24, 0.24, 0.23, 0.02, 0.03])
    kinds = {
        name: pl.Series(places).replace_strict(list(range(5)), codes, default=None, return_dtype=pl.Enum(codes))
        for name, places in zip(names, drawn, strict=True)
    }
    categories = pl.DataFrame(keys | kinds)
    texts = categories.with_columns(pl.col(names).cast(pl.String))
    relation, frame = duckdb.from_arrow(texts.to_arrow()), texts.to_pandas()
    numbers, copy = rng.random((ITEMS, PERSONS)), np.ones((ITEMS, PERSONS))
    unit = best(lambda: np.copyto(copy, numbers))
    hand = best(lambda: by_hand(frame, declared), 2)
    measured = {
        "copie en mémoire des mêmes nombres (numpy)": unit,
        "pandas, échelle par échelle": hand,
        "impact, polars, codes en catégories": best(lambda: impact.score(categories.lazy(), declared).collect()),
        "impact, polars, codes en texte": best(lambda: impact.score(texts.lazy(), declared).collect()),
        "impact, DuckDB, codes en texte": best(lambda: impact.score(relation, declared).to_arrow_table()),
        "impact, pandas, codes en texte": best(lambda: impact.score(frame, declared), 2),
    }
    ours = impact.score(texts, declared).select([scale.name for scale in declared.scales]).to_numpy()
    np.testing.assert_allclose(ours, by_hand(frame, declared).to_numpy(), rtol=1e-12)
    print(f"Scores de {PERSONS} personnes x {ITEMS} questions ({numbers.nbytes / 1e6:.0f} Mo de nombres)")
    print(f"{'':46}{'secondes':>10}{'/ copie':>9}{'à la main /':>13}")
    for name, seconds in measured.items():
        print(f"{name:46}{seconds:>10.3f}{seconds / unit:>9.1f}{hand / seconds:>13.1f}")


def pipeline(engine: str, folder: Path) -> dict[str, float]:
    """Check, sum up, analyse, protect, audit; return seconds and peak memory of this process."""
    from impact.clearance import protected
    from impact.collect.source import read_source

    campaign, start = impact.read_campaign("demonstration"), time.perf_counter()
    read = read_source(source_files(folder), engine, campaign)
    cleared, _ = protected(read.responses, campaign, [], named=False)
    assert any((one.table["status"] == "shown").any() for one in cleared) or read.n < 5000
    done = time.perf_counter()
    peak, processor = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, time.process_time()
    for child in psutil.Process().children(recursive=True):  # Spark's Java
        peak += int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{child.pid}/status").read_text())[1]) / 1024
        processor += sum(child.cpu_times()[:2])
    return {"rows": read.n, "seconds": done - start, "processor": processor, "megabytes": peak}


def growth(powers: range, engines: list[str], folder: Path) -> pd.DataFrame:
    campaign, rows = impact.read_campaign("demonstration"), []
    for power in powers:
        part = folder / f"lignes_1e{power}"
        if not part.is_dir():
            write_partitions(campaign, 10**power, part)
        for engine in engines:
            command = [sys.executable, __file__, "--une-mesure", engine, "--dossier", str(part)]
            done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
            if done.returncode:
                print(f"{engine}, 10^{power} lignes : échec\n{done.stderr[-500:]}")
                continue
            rows.append({"engine": engine, "power": power} | json.loads(done.stdout.splitlines()[-1]))
            _print(rows)
    return pd.DataFrame(rows)


def _print(rows: list[dict]) -> None:
    """One line a measure: its seconds beside those of ten times fewer rows, when they are known."""
    row = rows[-1]
    less = [one for one in rows if (one["engine"], one["power"]) == (row["engine"], row["power"] - 1)]
    ratio = f"{row['seconds'] / less[0]['seconds']:>8.1f}" if less else f"{'':>8}"
    if len(rows) == 1:
        print(
            "\nDe parquet aux résultats audités\n"
            f"{'moteur':10}{'lignes':>12}{'secondes':>10}{'/ 10 fois moins':>17}{'processeur':>12}{'Mo':>8}"
        )
    print(
        f"{row['engine']:10}{row['rows']:>12.0f}{row['seconds']:>10.1f}{ratio:>17}{row['processor']:>12.1f}{row['megabytes']:>8.0f}",
        flush=True,
    )


def draw(table: pd.DataFrame, path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    for axes, column, label in zip(
        figure.subplots(1, 2), ("seconds", "megabytes"), ("secondes", "mémoire, Mo"), strict=True
    ):
        for marker, (engine, own) in zip(cycle("osD^"), table.groupby("engine", sort=False), strict=False):
            axes.plot(own["rows"], own[column], marker=marker, label=engine)
        axes.set(xscale="log", yscale="log", xlabel="lignes", ylabel=label)
        axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path)
    print(f"\nCourbes : {path}")


def main() -> None:
    words = argparse.ArgumentParser(description="Mesurer les scores, puis la croissance avec le nombre de lignes.")
    words.add_argument("--lignes", type=int, default=6, help="jusqu’à 10^N lignes (6)")
    words.add_argument("--moteurs", nargs="*", default=[name for name, module in ENGINES.items() if find_spec(module)])
    words.add_argument("--dossier", type=Path, help="où écrire les données et les courbes (un dossier provisoire)")
    words.add_argument("--une-mesure", help=argparse.SUPPRESS)
    given = words.parse_args()
    if given.une_mesure == SCORES:
        return scoring()
    if given.une_mesure:
        return print(json.dumps(pipeline(given.une_mesure, given.dossier)))
    subprocess.run([sys.executable, __file__, "--une-mesure", SCORES], check=True)
    with tempfile.TemporaryDirectory() as provisional:
        folder = given.dossier or Path(provisional)
        table = growth(range(3, given.lignes + 1), given.moteurs, folder)
        place = given.dossier or Path("dist")
        place.mkdir(exist_ok=True)
        draw(table, place / "croissance.svg")


if __name__ == "__main__":
    main()
