"""What was published, kept in the open data package: numbers, words and figures, so that anybody can make them again.

The public's always; each association's and the lead's numbers and words too when the campaign is fictitious.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict

import pandas as pd

from impact.campaign import Campaign
from impact.campaign.rules import Rules
from impact.charts import figures
from impact.cube import RESULTS, Figure, read_results, results_file
from impact.disclosure import PUBLIC, Release
from impact.open_data.documents import Block, Grid, Heading, Paragraph, to_markdown
from impact.story import FUNDER, Section, story

FOLDER, CONTEXT, STORY = "publication", "contexte.json", "recit.md"


def told_files(cleared: Iterable[Release], campaign: Campaign) -> dict[str, bytes]:
    """Return the files of what was published, by their path in the package."""
    told = [one for one in cleared if campaign.fictif or one.audience == PUBLIC]
    return {
        f"{FOLDER}/{one.audience}/{name}": content
        for one in told
        for name, content in retold(one).items()
    }  # fmt: skip


def retold(release: Release) -> dict[str, bytes]:
    """Return the numbers, the context and the words of a release, and the public's figures, by file name."""
    drawn = figures(release) if release.audience == PUBLIC else {}
    about = {"audience": release.audience, "rules": asdict(release.rules), "context": dict(release.context)}
    files = {f"{name}.png": figure.png for name, figure in drawn.items()}
    files |= {f"{name}.csv": figure.files[f"{name}.csv"] for name, figure in drawn.items()}
    files[RESULTS], files[STORY] = results_file(release), to_markdown(_story(release, drawn)).encode()
    return files | {CONTEXT: (json.dumps(about, ensure_ascii=False, indent=1) + "\n").encode()}


def read_release(files: Mapping[str, bytes]) -> Release:
    """Make a release again from its numbers and its context."""
    about = json.loads(files[CONTEXT])
    return Release(about["audience"], read_results(files[RESULTS]), about["context"], Rules(**about["rules"]))


def _story(release: Release, drawn: Mapping[str, Figure]) -> Iterator[Block]:
    yield Heading(f"{release.context['title']} : {release.context['association']}", 1)
    for section in story(release, drawn, level=FUNDER):
        yield from _section(section, 2)


def _section(section: Section, level: int) -> Iterator[Block]:
    yield Heading(section.title, level)
    yield from (Paragraph(one.text) for one in section.statements)
    yield from (Paragraph(f"{one.sign} {one.text}".strip(), item=True) for one in section.points)
    for table in section.tables:
        yield Paragraph(table.title)
        yield _grid(table.cells)
    for part in section.parts:
        yield from _section(part, level + 1)


def _grid(table: pd.DataFrame) -> Grid:
    return Grid([str(name) for name in table.columns], [[str(cell) for cell in row] for row in table.to_numpy()])
