"""Damaged files through every reader: one French message, or rows that all go somewhere; never a traceback, never long."""

import csv
import io
import random
import time
import zipfile
from pathlib import Path

import pandas as pd
import pytest

import impact
from impact.collect.exports import HEADS, read_export
from impact.collect.responses import read_rows
from impact.collect.validation import check
from impact.errors import ImpactError
from tests.test_exports import (
    FOLDER,
    KOBO_AFTER,
    LIME_FRENCH,
    RESPONSES,
    kobo_rows,
    labels,
    limesurvey_rows,
    questions_of,
    write,
)  # fmt: skip
from tests.test_responses import write_ods

LONGEST = 5.0  # seconds allowed for one file
WORDS = [b";", b",", b"\t", b'"', b"\n", b"\r\n", b"\0", b"=1+1", b"[", b"]", b"/", b"NA", b"\xff", b"\xc3", b"\xc2\xa0", b"9" * 40, b"-1e308",
         b"SID", b"_id", b'{"ImportId":"x"}', b"Horodateur", b"Moyenne", b"", b"\xef\xbb\xbf", "é’".encode()]  # fmt: skip


@pytest.fixture(scope="module")
def seeds(tmp_path_factory):
    """One good file of each shape, by the name it is written under."""
    import pyreadstat

    folder, campaign = tmp_path_factory.mktemp("graines"), impact.read_campaign(FOLDER)
    kobo, google = kobo_rows(campaign, "values", "both", "/", KOBO_AFTER), labels(campaign)
    names, asked = [question.name for question in questions_of(campaign)], questions_of(campaign)
    write(folder / "lime.csv", limesurvey_rows(campaign, "code & text", "codes", LIME_FRENCH))
    write(folder / "kobo.csv", kobo, ";")
    write(
        folder / "google.csv",
        [["Horodateur", *(one.label for one in asked)], *(["x", *row] for row in google.to_numpy().tolist())],
    )
    write(folder / "qualtrics.csv", [names, names, ['{"ImportId":"x"}'] * len(names), *RESPONSES.to_numpy().tolist()])
    details = ["Serial", "SID", "UID"]
    frama = [
        ["F", "", ""] + [""] * len(names),
        ["D", "", ""] + [""] * len(names),
        [*details, *(one.label for one in asked)],
    ]
    write(folder / "frama.csv", [*frama, *(["1", "2", "3", *row] for row in google.to_numpy().tolist())], "\t")
    RESPONSES.to_csv(folder / "plain.csv", sep=";", index=False, encoding="cp1252", errors="replace")
    pd.DataFrame(kobo[1:], columns=kobo[0]).to_excel(folder / "kobo.xlsx", index=False)
    RESPONSES.assign(mots="=1+1").to_excel(folder / "formule.xlsx", index=False)
    write_ods([list(RESPONSES.columns), *RESPONSES.to_numpy().tolist()], folder / "plain.ods")
    pyreadstat.write_sav(RESPONSES.rename(columns={"wave": "vague"}), str(folder / "x.sav"))
    return sorted(folder.iterdir())


def damaged(content: bytes, rng: random.Random) -> bytes:
    """One to six small accidents: a byte changed, something added, left out, repeated, or the end cut off."""
    for _ in range(rng.randint(1, 6)):
        place, length = rng.randrange(len(content) + 1), rng.choice([1, 1, 2, 8, 60, 400])
        kind = rng.randrange(6)
        if kind == 0:
            content = content[:place] + bytes([rng.randrange(256)]) + content[place + 1 :]
        elif kind == 1:
            content = content[:place] + rng.choice(WORDS) + content[place:]
        elif kind == 2:
            content = content[:place] + content[place + length :]
        elif kind == 3:
            content = content[:place] + content[place : place + length] * rng.randint(2, 5) + content[place + length :]
        elif kind == 4:
            content = content[:place] + rng.choice(WORDS) + content[place + length :]
        else:
            content = content[: max(place, len(content) // 3)]
    return content


def damage(seed: Path, path: Path, rng: random.Random) -> Path:
    """Damage a file; half of the workbooks are damaged inside, and zipped again so that they still open."""
    content = seed.read_bytes()
    if seed.suffix not in (".xlsx", ".ods") or rng.random() < 0.5:
        path.write_bytes(damaged(content, rng))
        return path
    with zipfile.ZipFile(io.BytesIO(content)) as good, zipfile.ZipFile(path, "w") as bad:
        inside = rng.choice(
            [name for name in good.namelist() if "sheet1" in name or "content" in name or "shared" in name]
        )
        for name in good.namelist():
            bad.writestr(name, damaged(good.read(name), rng) if name == inside else good.read(name))
    return path


def rows_written(path: Path, format: str) -> int | None:
    """How many answers a CSV holds, counted by csv alone; None where only a reader can tell."""
    if path.suffix != ".csv" or format in HEADS:
        return None
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    first = text.lstrip().split("\n", 1)[0]
    delimiter = max(";,\t", key=first.count)
    return (
        sum(any(cell.strip() for cell in row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
        - 1
    )


def try_files(seeds, count: int, seed: int, folder: Path) -> dict[str, int]:
    """Read `count` damaged files; return how many were refused, and how many read."""
    campaign, rng = impact.read_campaign(FOLDER), random.Random(seed)
    told = {"refused": 0, "read": 0}
    for number in range(count):
        good = seeds[number % len(seeds)]
        path = damage(good, folder / f"abime{good.suffix}", rng)
        started = time.perf_counter()
        try:
            answers = read_export(path, campaign)
            checked = check(answers, campaign)
        except ImpactError:
            told["refused"] += 1
        else:
            told["read"] += 1
            assert len(checked.accepted) + len(checked.quarantined) == len(answers.table)
            assert rows_written(path, answers.format) in (None, len(answers.table))
            assert set(checked.accepted.index) | set(checked.quarantined["ligne"]) == set(answers.table.index)
        assert time.perf_counter() - started < LONGEST, f"file {number} ({good.name}) took too long"
    return told


def test_damaged_files(seeds, tmp_path):
    told = try_files(seeds, 400, 7, tmp_path)
    assert min(told.values()) > 40, told


@pytest.mark.slow
def test_twenty_thousand_damaged_files(seeds, tmp_path):
    started = time.perf_counter()
    told = try_files(seeds, 20_000, 2014, tmp_path)
    print(told, f"{time.perf_counter() - started:.0f} s")


def test_every_seed_is_good(seeds):
    campaign = impact.read_campaign(FOLDER)
    for path in seeds:
        assert len(check(read_export(path, campaign), campaign).accepted) == (0 if path.stem == "formule" else 4), (
            path.name
        )
        assert path.suffix == ".sav" or len(read_rows(path)) > 4


def test_a_tag_never_closed_does_not_hang(seeds, tmp_path):
    """Found by damaging files: the reader of .ods files looped for ever on it."""
    good = next(path for path in seeds if path.suffix == ".ods")
    with zipfile.ZipFile(good) as archive, zipfile.ZipFile(tmp_path / "x.ods", "w") as bad:
        for name in archive.namelist():
            bad.writestr(name, archive.read(name).replace(b"</table:table>", b"</table:tale>"))
    with pytest.raises(ImpactError, match=r"ce n’est pas un classeur \.ods lisible"):
        read_export(tmp_path / "x.ods", impact.read_campaign(FOLDER))
