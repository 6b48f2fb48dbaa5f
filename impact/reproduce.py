"""Make again all that was published, and say what is identical, equal within tolerance, or different."""

from __future__ import annotations

import hashlib
import io
import json
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from impact.campaign import Campaign
from impact.cube import RESULTS
from impact.errors import ImpactError, french
from impact.open_data.package import PACKAGE, write_open_data
from impact.open_data.told import FOLDER, read_release, retold
from impact.pixels import pixels
from impact.publication import publish
from impact.seal import MANIFEST

IDENTICAL, EQUAL, DIFFERENT, ALTERED = "identique", "égal à la tolérance", "différent", "modifié depuis la publication"
TOLERANCE = 1e-9  # numbers summed in another order, by another version of a library
PIXELS, SHADE = (
    0.02,
    0.25,
)  # letters are smoothed otherwise by another version: 2 % of the pixels, by a quarter of black
REMADE = (
    ".csv",
    ".png",
    ".svg",
    ".md",
    ".xml",
    ".docx",
)  # a PDF is one of these, laid out; JSON holds fingerprints
DAY = re.compile(r"\b(?:\d{1,2}(?:er)? \w+ \d{4}|\d{4}-\d\d-\d\d)\b")  # a bilan and a package are dated
FAITHFUL = (IDENTICAL, EQUAL)
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Comparison:
    """One published file beside the same made again; `detail` says what moved."""

    file: str
    verdict: str
    detail: str = ""


def reproduce(
    campaign: Campaign,
    package: Path,
    files: Sequence[Path] = (),
    outputs: Path | None = None,
    *,
    progress: Progress = lambda step: None,
) -> list[Comparison]:
    """Make again what was published and compare, file by file.

    Parameters
    ----------
    package : the published package, `donnees_anonymisees/<campaign>`.
    files : the answers, for whoever holds them: everything is made again from them. Without them, what was told to the
        public (words, figures) is made again from the published numbers.
    outputs : the folder of the campaign's cubes, if any; made again too when there are answers.

    Returns
    -------
    One Comparison a file: first those whose fingerprint is no longer the published one, then those made again.

    Raises
    ------
    ImpactError when there is no package, or the answers cannot be published.
    """
    published = {path.relative_to(package).as_posix(): path.read_bytes() for path in sorted(package.rglob("*.*"))}
    if PACKAGE not in published:
        advice = "Donner avec --dossier le dossier qui contient celui de la campagne."
        raise ImpactError("il n’y a pas de données publiées ici.", where=package, remedy=advice)
    progress("Empreintes des fichiers publiés")
    altered = list(_altered(published))
    progress("Tout refaire, depuis les réponses" if files else "Refaire ce qui est dit au public")
    with tempfile.TemporaryDirectory() as folder:
        remade = _from_answers(campaign, files, Path(folder)) if files else _from_numbers(published)
        cubes = {path.parent for path in outputs.glob(f"*/{MANIFEST}")} if files and outputs else set()
        if cubes:
            progress("Refaire les pages, les figures et les bilans")
            publish(campaign, files, Path(folder) / "sorties")
        for cube in sorted(cubes):
            published |= _held(cube, cube.name)
            remade |= _held(Path(folder) / "sorties" / cube.name, cube.name)
    return altered + [compare(name, published.get(name), content) for name, content in remade.items()]


def compare(name: str, published: bytes | None, remade: bytes) -> Comparison:
    """Compare one file with the same made again: tables cell by cell, figures pixel by pixel, texts word by word."""
    if published is None:
        return Comparison(name, DIFFERENT, "absent de ce qui a été publié")
    if published == remade:
        return Comparison(name, IDENTICAL)
    ways = {".csv": _tables, ".png": _pictures, ".svg": _drawings, ".docx": _documents}
    return Comparison(name, *ways.get(Path(name).suffix, _texts)(published, remade))


def _altered(published: Mapping[str, bytes]) -> Iterator[Comparison]:
    for one in json.loads(published[PACKAGE])["resources"]:
        content = published.get(one["path"])
        if content is None:
            yield Comparison(one["path"], ALTERED, "le fichier manque")
        elif f"sha256:{hashlib.sha256(content).hexdigest()}" != one["hash"]:
            yield Comparison(one["path"], ALTERED, "son empreinte n’est plus celle de la publication")


def _from_answers(campaign: Campaign, files: Sequence[Path], folder: Path) -> dict[str, bytes]:
    made, _ = write_open_data(campaign, files, folder / campaign.name)
    return _held(made)


def _held(folder: Path, name: str = "") -> dict[str, bytes]:
    paths = [path for path in sorted(folder.rglob("*.*")) if path.suffix in REMADE]
    return {(Path(name) / path.relative_to(folder)).as_posix(): path.read_bytes() for path in paths}


def _from_numbers(published: Mapping[str, bytes]) -> dict[str, bytes]:
    remade = {}
    for place in sorted({name.rpartition("/")[0] for name in published if name.startswith(f"{FOLDER}/")}):
        held = {name.rpartition("/")[2]: content for name, content in published.items() if name.startswith(f"{place}/")}
        told = retold(read_release(held))
        remade |= {f"{place}/{name}": content for name, content in told.items() if name != RESULTS}
    return remade


def _tables(published: bytes, remade: bytes) -> tuple[str, str]:
    options = {"sep": None, "engine": "python", "dtype": str, "keep_default_na": False}
    before, after = (pd.read_csv(io.BytesIO(one), **options) for one in (published, remade))
    if before.shape != after.shape or list(before) != list(after):
        sizes = ["{} lignes et {} colonnes".format(*table.shape) for table in (before, after)]
        return DIFFERENT, " au lieu de ".join(reversed(sizes))
    numbers = [table.apply(pd.to_numeric, errors="coerce").to_numpy(float) for table in (before, after)]
    gaps = np.abs(numbers[1] - numbers[0])
    close = gaps <= TOLERANCE * np.maximum(1, np.abs(numbers[0]))
    moved = (before.to_numpy() != after.to_numpy()) & ~close
    if not moved.any():
        return EQUAL, f"plus grand écart {np.nanmax(gaps):.0e}"
    where = sorted(set(before.loc[moved.any(axis=1), "scale"]) - {""}) if "scale" in before else []
    lines = f"{moved.any(axis=1).sum()} lignes sur {len(before)}"
    return DIFFERENT, french(f"{lines} : {', '.join(where)}") if where else lines


def _pictures(published: bytes, remade: bytes) -> tuple[str, str]:
    from matplotlib.image import imread

    before, after = (imread(io.BytesIO(one)) for one in (published, remade))
    if before.shape != after.shape:
        return DIFFERENT, "le dessin n’a pas la même taille"
    share = float((np.abs(before - after).max(axis=-1) > SHADE).mean())
    return (EQUAL if share <= PIXELS else DIFFERENT), f"{100 * share:.1f} % des points changent".replace(".", ",")


def _drawings(published: bytes, remade: bytes) -> tuple[str, str]:
    return _pictures(pixels(published), pixels(remade))


def _texts(published: bytes, remade: bytes) -> tuple[str, str]:
    before, after = (DAY.sub("", one.decode("utf-8")).splitlines() for one in (published, remade))
    if before == after:
        return EQUAL, "les mêmes mots, à la date près"
    return DIFFERENT, f"{len(set(after) - set(before))} phrases nouvelles, {len(set(before) - set(after))} disparues"


def _documents(published: bytes, remade: bytes) -> tuple[str, str]:
    words = []
    for one in (published, remade):
        with zipfile.ZipFile(io.BytesIO(one)) as document:
            text = document.read("word/document.xml").decode("utf-8").replace("</w:p>", "\n")
        words.append(re.sub(r"<[^>]*>", "", text).replace("\u00a0", " ").encode())
    return _texts(*words)
