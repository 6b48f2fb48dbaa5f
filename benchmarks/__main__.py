"""Every measure in one run: statistics, scoring and growth with rows, publication and growth with associations, pages.

    .venv/bin/python -m benchmarks                                        # some minutes on two processors
    .venv/bin/python -m benchmarks --lignes 7 --associations 2000         # most of an hour: the figures of the docs

Each table is that of a script of this folder, which may be run alone; the plot is `dist/croissance.svg`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main() -> None:
    words = argparse.ArgumentParser(prog="python -m benchmarks", description="Tout mesurer, un tableau après l’autre.")
    words.add_argument("--lignes", type=int, default=5, metavar="N", help="croissance jusqu’à 10^N lignes (5)")
    words.add_argument("--associations", type=int, default=50, help="croissance jusqu’à tant d’associations (50)")
    given = words.parse_args()
    measures = {
        "Statistiques": ["statistiques.py"],
        "Scores, puis moteurs": ["moteurs.py", "--lignes", str(given.lignes)],
        "Publication": ["publication.py", "--jusqu-a", str(given.associations)],
        "Pages servies": ["serving.py"],
    }
    failed = []
    for title, (script, *options) in measures.items():
        print(f"\n{title}\n{'=' * len(title)}", flush=True)
        if subprocess.run([sys.executable, HERE / script, *options]).returncode:
            failed.append(title)
    if failed:
        sys.exit(f"À revoir : {', '.join(failed)}.")


if __name__ == "__main__":
    main()
