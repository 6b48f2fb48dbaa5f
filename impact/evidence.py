"""The référentiel with its evidence, as one audience may read it: scores, counts, approved words, or nothing yet."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import narwhals as nw
import pandas as pd

from impact.campaign import Campaign
from impact.campaign.rules import Rules
from impact.coding_grid.model import approved
from impact.disclosure import Release, release
from impact.disclosure.verbatims import Verbatim, showable
from impact.engines import collected
from impact.framework import PEOPLE, QUESTION, SCALE, VERBATIM, Criterion, Indicator
from impact.keys import private_file, read_private, write_private
from impact.results import as_results

KIND = "comptages.csv"
COUNTED = "counted"


def counts_file(campaign: str) -> Path:
    """Return where the counts of a campaign are kept: private, outside any repository (see `keys.private_file`)."""
    return private_file(campaign, KIND)


def keep_counts(counts: pd.DataFrame, campaign: str) -> None:
    """Keep the counts of a campaign (see `collect.counts.read_counts`) in its private file, in place of the former."""
    write_private(counts_file(campaign), counts.to_csv(index=False).encode())


def kept_counts(campaign: str) -> pd.DataFrame:
    """Return the counts kept for a campaign; no row when there is none."""
    content = read_private(counts_file(campaign))
    empty = "association,period,indicator,value\n"
    return pd.read_csv(io.BytesIO(content or empty.encode()), dtype=str).astype({"value": float})


def with_evidence(releases: Iterable[Release], campaign: Campaign, responses: Any) -> Iterator[Release]:
    """Yield the releases with, in their context, the référentiel of their audience and what is known of it.

    Parameters
    ----------
    responses : accepted responses: only how many persons answered each open question is taken from them.

    Yields
    ------
    Releases whose context has `framework` (criteria, indicators and their evidence, how many structures share each
    common criterion) and `verbatims` (approved texts by question); unchanged when the campaign has no référentiel.
    Counts of persons are such as `disclosure.release` writes them, to everybody: the same page goes to a funder.

    Raises
    ------
    DisclosureError when a count or a verbatim may not leave; CodingError when the log of coding is not readable.
    """
    if not campaign.framework.criteria:
        yield from releases
        return
    counts, texts = kept_counts(campaign.name), approved(campaign)
    answered = respondents(responses, campaign)
    for one in releases:
        yield replace(one, context={**one.context, **_told(one.audience, campaign, counts, texts, answered)})


def respondents(responses: Any, campaign: Campaign) -> dict[tuple[str, str], int]:
    """Return how many persons of each association answered each open question, at one wave or another."""
    frame, found = nw.from_native(responses), {}
    held = frame.collect_schema().names()
    open_ = [question.name for question in campaign.questionnaire.questions if question.kind == "text"]
    for name in (name for name in open_ if name in held):
        answers = frame.filter(~nw.col(name).is_null()).select("association", "participant").unique()
        counts = collected(answers.group_by("association").agg(nw.len().alias("persons")), ["association"])
        found |= {(code, name): n for code, n in zip(counts["association"], counts["persons"], strict=True)}
    return {(one.code, name): int(found.get((one.code, name), 0)) for one in campaign.associations for name in open_}


def _told(
    audience: str, campaign: Campaign, counts: pd.DataFrame, texts: Sequence[Verbatim], answered: dict
) -> dict[str, object]:
    """What the context of one audience says: an association reads its own evidence, the others none."""
    framework = campaign.framework
    if not framework.of(audience):
        return {}
    edition = framework.edition(audience)
    shown = showable(texts, answered, campaign.rules, audience=audience)
    quoted = [one for one in texts if one.association == audience and one.text in shown.get(one.question, ())]
    counted = _cleared(counts[counts["association"] == audience], campaign, audience)
    registers = {one.code: one.label for one in framework.registers}
    labels = {one.code: one.label for one in framework.criteria}
    criteria = [
        {
            "code": one.code,
            "label": one.label,
            "register": registers[one.register],
            "for_whom": one.for_whom,
            "close_to": labels.get(one.transversal, ""),
            "leads_to": list(one.leads_to),
            "indicators": [_indicator(one, indicator, counted, quoted) for indicator in one.indicators],
        }
        for one in framework.of(audience)
    ]
    sharing = [
        {"label": labels[code], "n": len(sharers), "own": audience in sharers}
        for code, sharers in framework.sharing().items()
    ]
    about = {"title": edition.title, "version": edition.version, "structures": len(campaign.associations)}
    return {
        "framework": about | {"criteria": criteria, "sharing": sharing},
        "verbatims": _by_question(campaign, shown),
    }


def _indicator(criterion: Criterion, indicator: Indicator, counted: dict, quoted: Sequence[Verbatim]) -> dict:
    codes = {criterion.code, criterion.transversal} - {""}
    worded = indicator.how in (QUESTION, VERBATIM)
    return {
        "code": indicator.code,
        "label": indicator.label,
        "nature": indicator.nature,
        "expected": indicator.expected,
        "positive": indicator.positive,
        "how": indicator.how,
        "unit": indicator.unit,
        "people": indicator.unit in PEOPLE,
        "when": indicator.when,
        "by": indicator.by,
        "scale": indicator.source if indicator.how == SCALE else "",
        "counts": counted.get(indicator.code, []),
        "texts": [
            one.text for one in quoted if worded and one.question == indicator.source and codes & set(one.criteria)
        ],
    }


def _by_question(campaign: Campaign, shown: dict[str, list[str]]) -> list[dict]:
    """The approved texts in the order of the questionnaire; `apart`: those on unexpected or negative effects."""
    indicators = [one for criterion in campaign.framework.criteria for one in criterion.indicators]
    usual = {one.source for one in indicators if one.expected and one.positive}
    apart = {one.source for one in indicators} - usual
    return [
        {"name": one.name, "label": one.label, "texts": shown[one.name], "apart": one.name in apart}
        for one in campaign.questionnaire.questions
        if one.name in shown
    ]


def _cleared(counts: pd.DataFrame, campaign: Campaign, audience: str) -> dict[str, list[dict]]:
    """Indicator -> its counts by period; those of persons pass disclosure control, `value` is None where it refuses."""
    indicators = {one.code: one for one in campaign.framework.counts(audience)}
    found: dict[str, list[dict]] = {}
    for row in counts.sort_values("period").to_dict("records"):
        if row["indicator"] in indicators:  # the référentiel may have changed since
            people = indicators[row["indicator"]].unit in PEOPLE
            value = _of_people(row, campaign.rules) if people else row["value"]
            found.setdefault(row["indicator"], []).append({"period": row["period"], "value": value})
    return found


def _of_people(row: dict, rules: Rules) -> float | None:
    """Return a count of persons as disclosure control lets it out, None when it does not."""
    keys = {"association": row["association"], "wave": row["period"], "scale": row["indicator"]}
    asked = as_results([keys | {"statistic": COUNTED, "n": row["value"], "estimate": row["value"]}])
    cleared = release(asked, rules, audience=row["association"], context={}).table.iloc[0]
    return float(cleared["estimate"]) if cleared["status"] == "shown" else None
