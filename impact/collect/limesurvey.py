"""LimeSurvey: the survey structure it imports (tab-separated), and the short codes it imposes, both ways."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path
from zlib import crc32

from impact.campaign import Campaign
from impact.collect.instruments import with_wording
from impact.errors import ResponsesError, system_reason
from impact.questionnaire import Item

COLUMNS = (
    "id", "class", "type/scale", "name", "relevance", "text", "help", "language", "mandatory", "other",
    "num_value_int_only", "min_num_value_n", "max_num_value_n",
)  # fmt: skip
TYPES = {"select_one": "L", "select_multiple": "M", "integer": "N", "decimal": "N", "text": "T", "date": "D"}
SURVEY = {"language": "fr", "anonymized": "Y", "format": "G", "datestamp": "N", "ipaddr": "N", "allowprev": "Y"}
QUESTION_CODE, ANSWER_CODE = re.compile(r"[A-Za-z][A-Za-z0-9]{0,19}"), re.compile(r"[A-Za-z0-9]{1,5}")


def question_codes(campaign: Campaign) -> dict[str, str]:
    """Name -> the code LimeSurvey takes for it (letters and digits, twenty at most)."""
    names = [question.name for question in (*campaign.key_questions, *campaign.questionnaire.questions)]
    return _short(names, QUESTION_CODE, "Q")


def answer_codes(question: Item) -> dict[str, str]:
    """Choice -> the code LimeSurvey takes for it (letters and digits, five at most)."""
    return _short([choice.name for choice in question.choices], ANSWER_CODE, "A")


def _short(names: Iterable[str], accepted: re.Pattern, letter: str) -> dict[str, str]:
    """Keep what is accepted; number the others."""
    names = list(names)
    free = (f"{letter}{number}" for number in count(1) if f"{letter}{number}" not in names)
    return {name: name if accepted.fullmatch(name) else next(free) for name in names}


def write_structure(campaign: Campaign, path: Path) -> Path:
    """Write the survey structure (.txt, tab-separated, UTF-8) that LimeSurvey imports as a new survey.

    Raises
    ------
    QuestionnaireError when a scale's wording may not be redistributed; ResponsesError when the file cannot be written.
    """
    rows = [dict(zip(COLUMNS, [""] * len(COLUMNS), strict=True)) | row for row in _rows(campaign)]
    try:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, delimiter="\t", lineterminator="\r\n")
            writer.writeheader()
            writer.writerows(rows)
    except OSError as error:
        raise ResponsesError(f"impossible d’écrire ({system_reason(error)}).", where=path) from None
    return path


def _rows(campaign: Campaign) -> Iterator[dict[str, object]]:
    questionnaire = with_wording(campaign)
    yield {"class": "S", "name": "sid", "text": 100_000 + crc32(campaign.name.encode()) % 900_000}
    for name, text in SURVEY.items():
        yield {"class": "S", "name": name, "text": text}
    yield {"class": "SL", "name": "surveyls_title", "text": questionnaire.title, "language": "fr"}
    codes, section, number, groups = question_codes(campaign), None, count(1), count(1)
    for question in (*campaign.key_questions, *questionnaire.questions):
        if question.section != section:
            section = question.section
            title = {"name": section or questionnaire.title, "relevance": 1, "language": "fr"}
            yield {"id": next(number), "class": "G", "type/scale": f"G{next(groups)}"} | title
        yield from _question(question, codes[question.name], next(number))


def _question(question: Item, code: str, number: int) -> Iterator[dict[str, object]]:
    yield {
        "id": number, "class": "Q", "type/scale": TYPES[question.kind], "name": code, "relevance": 1,
        "text": question.label, "help": question.hint, "language": "fr",
        "mandatory": "Y" if question.required else "N", "other": "N", **_bounds(question),
    }  # fmt: skip
    several = question.kind == "select_multiple"
    for choice, short in zip(question.choices, answer_codes(question).values(), strict=True):
        kind = {"class": "SQ", "relevance": 1} if several else {"class": "A"}
        yield {"id": number, "type/scale": 0, "name": short, "text": choice.label, "language": "fr"} | kind


def _bounds(question: Item) -> dict[str, object]:
    least, most = (f"{bound:g}" if math.isfinite(bound) else "" for bound in question.bounds)
    whole = "1" if question.kind == "integer" else ""
    return {"num_value_int_only": whole, "min_num_value_n": least, "max_num_value_n": most}
