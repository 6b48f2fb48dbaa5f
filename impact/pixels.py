"""A drawing as pixels, for a slide or a text processor: made when it is asked for, always the same bytes."""

from __future__ import annotations

from functools import cache

PIXELS = 200  # an inch
PAGE = b'#set page(width: auto, height: auto, margin: 0pt)\n#image(bytes(sys.inputs.svg), format: "svg")'


def pixels(svg: bytes) -> bytes:
    """Return an SVG drawing, whose words are outlines, as a PNG."""
    return _printer().compile(PAGE, format="png", ppi=PIXELS, sys_inputs={"svg": svg.decode()})


@cache
def _printer():
    import typst

    return typst.Compiler(ignore_system_fonts=True)
