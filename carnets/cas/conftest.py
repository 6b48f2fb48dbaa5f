"""The cases read real surveys kept beside the repository, never in it: without them there is nothing to run."""

from pathlib import Path

if not (Path(__file__).resolve().parents[3] / "shared" / "data").is_dir():
    collect_ignore_glob = ["*.ipynb"]
