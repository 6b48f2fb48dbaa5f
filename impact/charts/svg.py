"""Marks on paper, written as SVG: words are outlines of the project's own font, the same wherever they are seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from html import escape
from importlib.util import find_spec
from pathlib import Path

FONTS = Path(next(iter(find_spec("matplotlib").submodule_search_locations))) / "mpl-data" / "fonts" / "ttf"
FACES = {"regular": "DejaVuSans.ttf", "bold": "DejaVuSans-Bold.ttf", "italic": "DejaVuSans-Oblique.ttf"}
SPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
ROUND = 0.5523  # a quarter of circle as a curve
INK = "#1b1b2f"

Point = tuple[float, float]


@dataclass
class Paper:
    """A drawing in the making: marks in points from the top left; `x` and `y` say where a value of its frame stands."""

    width: float
    height: float
    frame: tuple[float, float, float, float] = (0, 0, 1, 1)  # left, top, width, height
    across: tuple[float, float] = (0, 1)  # the values at the left and at the right of the frame
    down: tuple[float, float] = (0, 1)  # at its top and at its bottom
    marks: list[str] = field(default_factory=list)
    named: dict[str, str] = field(default_factory=dict)  # what marks refer to, once each: letters and stripes

    def x(self, value: float) -> float:
        """Return where a value stands from left to right."""
        return self.frame[0] + self.frame[2] * (value - self.across[0]) / (self.across[1] - self.across[0])

    def y(self, value: float) -> float:
        """Return where a value stands from top to bottom."""
        return self.frame[1] + self.frame[3] * (value - self.down[0]) / (self.down[1] - self.down[0])

    def write(
        self, x: float, y: float, words: str, *, size: float = 11, font: str = "regular", colour: str = INK,
        align: str = "left",
    ) -> None:  # fmt: skip
        """Write one line of words on the baseline `y`: from `x`, around it ("center") or up to it ("right")."""
        letters, width = _set(font, words)
        scale = size / _face(font).units
        start = x - {"left": 0, "center": 0.5, "right": 1}[align] * scale * width
        used = []
        for glyph, place in letters:
            name = f"{font[0]}-{glyph}"
            if outline := _outline(font, glyph):
                self.named[name] = f'<path id="{name}" d="{outline}"/>'
                used.append(f'<use xlink:href="#{name}" x="{place}"/>')
        placed = f"translate({_short(start)} {_short(y)}) scale({scale:.6f} {-scale:.6f})"
        self.marks.append(f'<g aria-label="{escape(words)}" fill="{colour}" transform="{placed}">{"".join(used)}</g>')

    @contextmanager
    def together(self, name: str) -> Iterator[None]:
        """Give a name to the marks made inside."""
        self.marks.append(f'<g class="{name}">')
        yield
        self.marks.append("</g>")

    def trace(
        self, steps: Iterable[Sequence], *, fill: str = "none", stroke: str = "none", width: float = 1,
        dash: Sequence[float] = (), hatch: float = 0,
    ) -> None:  # fmt: skip
        """Draw an outline: a letter (M, L, Q, C, Z, as in SVG) and its points; `hatch`: from a stripe to the next."""
        path = "".join(name + " ".join(f"{_short(x)} {_short(y)}" for x, y in points) for name, *points in steps)
        look = f' stroke="{stroke}" stroke-width="{width}"' if stroke != "none" else ""
        look += f' stroke-dasharray="{" ".join(map(str, dash))}"' if dash else ""
        self.marks.append(f'<path d="{path}" fill="{self._stripes(fill, stroke, hatch) if hatch else fill}"{look}/>')

    def _stripes(self, fill: str, stroke: str, gap: float) -> str:
        name = f"stripes-{fill[1:]}-{stroke[1:]}"
        lines = f"M0 {gap}L{gap} 0M-1 1L1 -1M{gap - 1} {gap + 1}L{gap + 1} {gap - 1}"
        self.named[name] = (
            f'<pattern id="{name}" width="{gap}" height="{gap}" patternUnits="userSpaceOnUse">'
            f'<path fill="{fill}" d="M0 0H{gap}V{gap}H0Z"/>'
            f'<path stroke="{stroke}" stroke-width="0.8" d="{lines}"/></pattern>'
        )
        return f"url(#{name})"

    def line(self, start: Point, end: Point, stroke: str = INK, width: float = 1, **look: object) -> None:
        """Draw a straight line."""
        self.trace([("M", start), ("L", end)], stroke=stroke, width=width, **look)

    def polygon(self, corners: Sequence[Point], **look: object) -> None:
        """Draw a closed outline of straight lines."""
        self.trace([("M", corners[0]), *(("L", one) for one in corners[1:]), ("Z",)], **look)

    def box(self, left: float, top: float, right: float, bottom: float, *, corner: float = 0, **look: object) -> None:
        """Draw a rectangle, its corners rounded or not."""
        near, bend = corner, corner * (1 - ROUND)
        steps = [
            ("M", (left + near, top)), ("L", (right - near, top)),
            ("C", (right - bend, top), (right, top + bend), (right, top + near)), ("L", (right, bottom - near)),
            ("C", (right, bottom - bend), (right - bend, bottom), (right - near, bottom)), ("L", (left + near, bottom)),
            ("C", (left + bend, bottom), (left, bottom - bend), (left, bottom - near)), ("L", (left, top + near)),
            ("C", (left, top + bend), (left + bend, top), (left + near, top)), ("Z",),
        ]  # fmt: skip
        self.trace([step for step in steps if corner or step[0] != "C"], **look)

    def mark(self, x: float, y: float, *, shape: str, size: float, **look: object) -> None:
        """Draw a round, a square or a diamond around a point."""
        half = size / 2
        if shape == "diamond":
            half *= 2**0.5
            self.polygon([(x - half, y), (x, y - half), (x + half, y), (x, y + half)], **look)
        else:
            self.box(x - half, y - half, x + half, y + half, corner=half if shape == "round" else 0, **look)

    def svg(self, title: str) -> bytes:
        """Return the drawing; the same bytes each time."""
        size = f"{_short(self.width)} {_short(self.height)}"
        wide, high = size.split()
        named = "".join(self.named[name] for name in sorted(self.named))
        return (
            f'<svg {SPACES} width="{wide}pt" height="{high}pt" viewBox="0 0 {size}"><title>{escape(title)}</title>'
            f'<defs>{named}</defs><path fill="#ffffff" d="M0 0H{wide}V{high}H0Z"/>{"".join(self.marks)}</svg>'
        ).encode()


@dataclass(frozen=True)
class _Face:
    """One face of the font: units of an em, sign -> glyph, the glyphs, how two of them close up."""

    units: int
    glyphs: Mapping[int, str]
    outlines: Mapping
    kerning: Mapping[tuple[str, str], int]


@cache
def _face(font: str) -> _Face:
    from fontTools.ttLib import TTFont

    file = TTFont(FONTS / FACES[font])
    kerning = file["kern"].kernTables[0].kernTable if "kern" in file else {}
    return _Face(file["head"].unitsPerEm, file.getBestCmap(), file.getGlyphSet(), kerning)


@cache
def _outline(font: str, glyph: str) -> str:
    from fontTools.pens.svgPathPen import SVGPathPen

    outlines = _face(font).outlines
    outlines[glyph].draw(pen := SVGPathPen(outlines))
    return pen.getCommands()


@cache
def _width(font: str, glyph: str) -> int:
    return _face(font).outlines[glyph].width


def width_of(words: str, font: str, size: float) -> float:
    """Return the length of a line of words, in points."""
    return _set(font, words)[1] * size / _face(font).units


def _set(font: str, words: str) -> tuple[list[tuple[str, int]], int]:
    """Return each glyph of some words with its place, and the width of all, in the font's units."""
    face, found, place, former = _face(font), [], 0, ""
    for sign in words:
        glyph = face.glyphs.get(ord(sign), ".notdef")
        place += face.kerning.get((former, glyph), 0)
        found.append((glyph, place))
        place, former = place + _width(font, glyph), glyph
    return found, place


def _short(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
