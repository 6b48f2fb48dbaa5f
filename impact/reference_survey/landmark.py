"""The landmark of a wider survey on the evaluation lead's page: kept outside the repository, rounded, never a norm."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd

from impact.campaign import Campaign
from impact.disclosure import LEAD, Release, release
from impact.keys import private_file, read_private, write_private
from impact.reference_survey import ReferenceSurvey
from impact.results import as_results

DECLARED, KIND = "repere.toml", "repere.json"
NUMBERS = ["n", "estimate", "ci_low", "ci_high"]


def landmark_file(campaign: str) -> Path:
    """Return where the values of a wider survey are kept: private, outside any repository."""
    return private_file(campaign, KIND)


def keep_landmark(survey: ReferenceSurvey, values: pd.DataFrame, campaign: str) -> None:
    """Keep what a wider survey gave (see `reference_survey.reference_values`), in place of the former one."""
    rows = values[["scale", "statistic", "std_error", *NUMBERS]].to_dict("records")
    about = {"title": survey.title, "population": survey.population, "source": survey.source}
    write_private(landmark_file(campaign), json.dumps(about | {"values": rows}, ensure_ascii=False).encode())


def with_landmark(releases: Iterable[Release], campaign: Campaign) -> Iterator[Release]:
    """Yield the releases; the lead's has in its context `landmark`, if the campaign declares one and it was computed.

    `landmark`: title, population, source, and `scales`: name, n, estimate, ci_low, ci_high, such as
    `disclosure.release` writes them; a scale that too few persons answered is left out.
    """
    kept = read_private(landmark_file(campaign.name)) if (campaign.folder / DECLARED).is_file() else b""
    for one in releases:
        if kept and one.audience == LEAD:
            yield replace(one, context={**one.context, "landmark": _cleared(json.loads(kept), one)})
        else:
            yield one


def _cleared(landmark: dict, lead: Release) -> dict[str, object]:
    known = {scale["name"] for scale in lead.context["scales"]}
    rows = [{"association": KIND, **row} for row in landmark.pop("values") if row["scale"] in known]
    if not rows:
        return landmark | {"scales": []}
    table = release(as_results(rows), lead.rules, audience=KIND, context={"scales": lead.context["scales"]}).table
    shown = table[table["status"] == "shown"].rename(columns={"scale": "name"})
    return landmark | {"scales": shown[["name", *NUMBERS]].to_dict("records")}
