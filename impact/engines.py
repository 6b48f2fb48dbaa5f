"""Where the answers are computed: in memory with pandas, or by polars, DuckDB, Dask or Spark on partitioned data.

Every pass over the answers is written once, in narwhals expressions; an engine is only a name, given when a source is
opened. What comes back is always a small pandas table.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Sequence
from functools import cache
from glob import glob
from importlib.util import find_spec
from pathlib import Path

import narwhals as nw
import pandas as pd

from impact.errors import ImpactError, check_option

ENGINES = {"duckdb": "duckdb", "polars": "polars", "dask": "dask", "spark": "pyspark"}
Frame = nw.DataFrame | nw.LazyFrame
MEMORY = "1500MB"  # DuckDB puts the rest on disk: what it holds stays the same, however many the rows


def source_files(pattern: str | Path) -> list[Path]:
    """Return the parquet files of a pattern such as "dossier/*.parquet", of a folder, or the one file named.

    Raises
    ------
    ImpactError when there is none.
    """
    files = sorted(glob(str(Path(pattern) / "*.parquet" if Path(pattern).is_dir() else pattern)))
    if not files:
        raise ImpactError("aucun fichier parquet n’est trouvé.", where=pattern, remedy="Vérifier le chemin.")
    return [Path(file) for file in files]


def open_source(files: Sequence[Path], engine: str) -> nw.LazyFrame:
    """Return parquet files as a frame that nothing has read yet.

    Raises
    ------
    ImpactError for an engine that is not one of ENGINES, or is not installed.
    """
    check_option("--moteur", engine, ENGINES, ImpactError)
    if not find_spec(ENGINES[engine]):
        advice = f"Taper : pip install 'impact-utilite-sociale[{engine}]'."
        raise ImpactError(f"le moteur « {engine} » n’est pas installé.", where="--moteur", remedy=advice)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return nw.from_native(_scan([str(file) for file in files], engine)).lazy()


def collected(frame: Frame, order: Sequence[str]) -> pd.DataFrame:
    """Return a small table, sorted: engines do not give their groups in the same order."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # what engines say of each other's next versions
        table = frame.collect().to_pandas() if isinstance(frame, nw.LazyFrame) else frame.to_native()
    return table.sort_values(list(order), ignore_index=True)


def staged(frame: Frame, folder: Path) -> Frame:
    """Return the same frame, computed once: written in a private folder where the engine does not hold it in memory."""
    if not isinstance(frame, nw.LazyFrame):
        return frame
    path, engine = folder / "personnes.parquet", next(k for k, v in ENGINES.items() if v == str(frame.implementation))
    frame.sink_parquet(str(path))
    return open_source([path], engine)


@cache
def _duckdb():
    """The one DuckDB of the process: memory bounded, the rest in the system's temporary folder."""
    import duckdb

    settings = {"memory_limit": MEMORY, "temp_directory": tempfile.gettempdir(), "preserve_insertion_order": False}
    return duckdb.connect(config=settings).execute("SET enable_progress_bar = false")


def _scan(files: list[str], engine: str):
    if engine == "duckdb":
        return _duckdb().read_parquet(files)
    if engine == "polars":
        import polars

        polars.Config.set_engine_affinity("streaming")
        return polars.scan_parquet(files)
    if engine == "spark":
        from pyspark.sql import SparkSession

        return SparkSession.builder.appName("impact").getOrCreate().read.parquet(*files)
    import dask.dataframe

    return dask.dataframe.read_parquet(files)
