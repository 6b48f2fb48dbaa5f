"""Answers already linked and coded, in parquet files too large for one table: checked where they are, by an engine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from hashlib import sha256
from operator import or_
from pathlib import Path

import narwhals as nw

from impact.campaign import Campaign
from impact.engines import Frame, collected, open_source
from impact.errors import Problem, ResponsesError, nearest
from impact.questionnaire import ILLEGIBLE, KEY_COLUMNS, Item, is_number

FAULTY = "en_faute"


@dataclass(frozen=True)
class Source:
    """What parquet files hold: the rows to use, on their engine; `problems` counts the others, set aside as they are in
    the parquet file `quarantine` (None when there is none)."""

    responses: nw.LazyFrame
    n: int
    problems: tuple[Problem, ...]
    quarantine: Path | None


def read_source(files: Sequence[Path], engine: str, campaign: Campaign) -> Source:
    """Open linked, coded answers, and set aside the rows that the questionnaire does not allow.

    Parameters
    ----------
    files : parquet files of columns association, wave, participant (if the same persons answer twice) and every
        question of a scale or a breakdown, named as declared; values are choice codes, null for no answer. Codes of
        persons may be anything that is the same at each wave: nothing of them leaves.
    engine : see `engines.open_source`.

    Raises
    ------
    ResponsesError when a column is missing or no row can be used. ImpactError as `open_source`.
    """
    where = files[0].parent
    frame = _with_keys(open_source(files, engine), where, campaign)
    faults = list(_faults(frame, campaign))
    flags = [f"f{place}" for place in range(len(faults))]
    found = {flag: wrong for flag, (*_, wrong) in zip(flags, faults, strict=True)}
    found[FAULTY] = reduce(or_, found.values())
    flagged = frame.with_columns(wrong.cast(nw.Float64()).alias(flag) for flag, wrong in found.items())
    counts = collected(flagged.select(nw.len().alias("n"), nw.col(*flags, FAULTY).sum()), ["n"]).iloc[0].fillna(0)
    total, bad = int(counts["n"]), int(counts[FAULTY])
    if total == bad:
        advice = "Comparer les codes à ceux du questionnaire et de campagne.toml."
        raise ResponsesError(f"aucune des {total} lignes ne peut être prise.", where=where, remedy=advice)
    problems = tuple(
        Problem(where.name, f"{rule}, {_lines(int(counts[flag]))}", f"Mis de côté. {advice}", column=column)
        for flag, (column, rule, advice, _) in zip(flags, faults, strict=True)
        if counts[flag]
    )
    names = frame.collect_schema().names()
    quarantine = _set_aside(flagged.filter(nw.col(FAULTY) > 0).select(names), files) if bad else None
    return Source(
        flagged.filter(nw.col(FAULTY) == 0).select(names) if bad else frame, total - bad, problems, quarantine
    )


def _with_keys(frame: nw.LazyFrame, where: Path, campaign: Campaign) -> nw.LazyFrame:
    """Take our names for the key columns, fill in those a design does not need, refuse a missing column."""
    names = frame.collect_schema().names()
    renamed = {name: key for key, name in campaign.columns.items() if name in names}
    frame, given = frame.rename(renamed), {renamed.get(name, name) for name in names}
    alone = {"association": campaign.associations, "wave": campaign.waves}
    for key, declared in alone.items():
        if key not in given and len(declared) == 1:
            frame, given = frame.with_columns(nw.lit(declared[0].code).alias(key)), given | {key}
    if "participant" not in given and not campaign.paired:
        frame, given = frame.with_columns(nw.lit("").alias("participant")), given | {"participant"}
    for name in (*KEY_COLUMNS, *(question.name for question in _used(campaign))):
        if name not in given:
            shown = campaign.columns.get(name, name)
            raise ResponsesError(f"il manque la colonne « {shown} ».", where=where, remedy=nearest(shown, names))
    numeric = [key for key in KEY_COLUMNS if frame.collect_schema()[key].is_numeric()]
    return frame.with_columns(nw.col(key).cast(nw.String()) for key in numeric) if numeric else frame


def _used(campaign: Campaign) -> tuple[Item, ...]:
    """The questions that results are made of."""
    scored = {item.name for scale in campaign.questionnaire.scales for item in scale.items}
    return tuple(one for one in campaign.questionnaire.questions if one.breakdown or one.name in scored)


def _faults(frame: nw.LazyFrame, campaign: Campaign) -> Iterator[tuple[str, str, str, nw.Expr]]:
    """Yield column, rule, advice, and the expression that is true of the rows at fault."""
    places = {"association": campaign.associations, "wave": campaign.waves}
    for key, declared in places.items():
        codes = [one.code for one in declared]
        yield key, "code inconnu ou vide", f"Codes déclarés : {', '.join(codes[:8])}.", ~_among(key, codes)
    if campaign.paired:
        yield (
            "participant",
            "code de la personne vide",
            "Sans lui, on ne sait pas qui répond.",
            nw.col("participant").is_null(),
        )
    schema = frame.collect_schema()
    for question in _used(campaign):
        codes: list = [*(choice.name for choice in question.choices), ILLEGIBLE]
        if schema[question.name].is_numeric():
            codes = [float(code) for code in codes if is_number(code)]
        wrong = ~nw.col(question.name).is_null() & ~_among(question.name, codes)
        yield question.name, "réponse inconnue", f"Codes possibles : {', '.join(map(str, codes))}.", wrong


def _among(name: str, codes: list) -> nw.Expr:
    """Whether a value is one of these codes; never unknown, so that it can be counted on every engine."""
    return nw.when(nw.col(name).is_in(codes)).then(nw.lit(True)).otherwise(nw.lit(False))


def _set_aside(rows: Frame, files: Sequence[Path]) -> Path:
    """Write rejected rows beside the folder of the source, under a name that only this very source gives."""
    mark = sha256("".join(f"{file.name}{file.stat().st_mtime_ns}" for file in files).encode()).hexdigest()[:8]
    folder = files[0].resolve().parent
    path = folder.with_name(f"{folder.name}.quarantaine-{mark}.parquet")
    if not path.exists():
        rows.sink_parquet(str(path))
    return path


def _lines(n: int) -> str:
    return "1 ligne" if n == 1 else f"{n} lignes"
