"""A short document as blocks, written in Markdown and in PDF (typst); nothing in its text can be taken for a "
"command."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from impact.errors import french


@dataclass(frozen=True)
class Heading:
    """A title; level 1 is the document's."""

    text: str
    level: int = 2


@dataclass(frozen=True)
class Paragraph:
    """A paragraph, or a list item."""

    text: str
    item: bool = False


@dataclass(frozen=True)
class Grid:
    """A table: column names, then rows of text; the first column names the row."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


Block = Heading | Paragraph | Grid
PREAMBLE = """
#set page(paper: "a4", margin: 2.2cm, numbering: "1 / 1")
#set text(lang: "fr", size: 10.5pt, font: "Libertinus Serif")
#set par(justify: false, leading: 0.7em, spacing: 1em)
#show heading: set block(above: 1.5em, below: 0.8em)
#show table: set text(size: 9.5pt)
#show table.cell.where(y: 0): strong
"""


def to_markdown(blocks: Iterable[Block]) -> str:
    """Return the document in Markdown."""
    parts, former = [], None
    for block in blocks:
        close = isinstance(block, Paragraph) and block.item and isinstance(former, Paragraph) and former.item
        parts += [] if close or former is None else [""]
        parts += _markdown(block)
        former = block
    return "\n".join(parts) + "\n"


def write_pdf(blocks: Sequence[Block], path: Path) -> Path:
    """Write the document in PDF; the same blocks give the same file."""
    import typst

    title = next(block.text for block in blocks if isinstance(block, Heading))
    source = f"#set document(title: {_quoted(title)}, date: none){PREAMBLE}" + "\n\n".join(map(_typst, blocks))
    path.write_bytes(typst.compile(source.encode(), format="pdf", ignore_system_fonts=True, timestamp=0))
    return path


def _markdown(block: Block) -> list[str]:
    if isinstance(block, Heading):
        return [f"{'#' * block.level} {french(block.text)}"]
    if isinstance(block, Paragraph):
        return [f"- {french(block.text)}" if block.item else french(block.text)]
    rows = [block.columns, ["---"] * len(block.columns), *block.rows]
    return [f"| {' | '.join(french(cell).replace('|', '/') for cell in row)} |" for row in rows]


def _typst(block: Block) -> str:
    if isinstance(block, Heading):
        return f"#heading(level: {block.level}, {_quoted(block.text)})"
    if isinstance(block, Paragraph):
        return f"#list([#{_quoted(block.text)}])" if block.item else f"#par[#{_quoted(block.text)}]"
    cells = ", ".join(f"[#{_quoted(cell)}]" for row in (block.columns, *block.rows) for cell in row)
    widths = ", ".join(["1.5fr", *["1fr"] * (len(block.columns) - 1)])
    return f"#block(breakable: false, table(columns: ({widths}), inset: 5pt, stroke: 0.4pt + gray, {cells}))"


def _quoted(text: str) -> str:
    """A typst string: JSON's escapes are typst's for quotes and backslashes; control characters have no place there."""
    return json.dumps(" ".join(french(text).split(" ")).replace("\n", " "), ensure_ascii=False)
