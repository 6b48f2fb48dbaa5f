"""Numbers as French readers write and say them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

MINUS = "−"


def number(value: float, digits: int = 1, *, sign: bool = False) -> str:
    """Return a number as French readers write it: decimal comma, true minus, no useless zero after an integer."""
    text = f"{abs(value):.{digits}f}".replace(".", ",")
    zero = not text.strip("0,")
    return f"{'' if zero else MINUS if value < 0 else '+' if sign else ''}{text}"


def points(value: float) -> str:
    """Return a number of points, in the plural from two on."""
    return f"{number(value)} point{'s' if abs(value) >= 2 else ''}"


def of_ten(count: int) -> str:
    """Return a count of persons out of ten in words."""
    words = ("aucune", "une", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix")
    return f"{words[count]} personne{'s' if count > 1 else ''} sur dix"


def tenths(shares: list[float]) -> list[int]:
    """Round shares to persons out of ten so that they still add up (largest remainder)."""
    exact = [10 * share for share in shares]
    counts = [math.floor(value + 1e-9) for value in exact]
    left = math.floor(sum(exact) + 0.5) - sum(counts)
    order = sorted(range(len(exact)), key=lambda place: counts[place] - exact[place])
    return [count + (place in order[:left]) for place, count in enumerate(counts)]


def between(low: float, high: float) -> str:
    """Return an interval in words, signs kept: « entre −0,2 et +0,4 points »."""
    return f"entre {number(low, sign=True)} et {number(high, sign=True)} points"


def difference(low: float, high: float) -> str:
    """Return an interval that is all on one side of zero as a distance: « entre 0,2 et 0,4 points de moins »."""
    near, far = sorted((abs(low), abs(high)))
    return f"entre {number(near)} et {number(far)} points de {'plus' if low > 0 else 'moins'}"


def share(row: Mapping[str, object]) -> str:
    """Return a released share in percent, or the only bound that may be said."""
    words = {"<": "moins de ", ">": "plus de "}.get(row["bound"], "")
    return f"{words}{100 * row['estimate']:.0f}\u00a0%"


def listed(words: Sequence[str]) -> str:
    """Return words as a French list: « a, b et c »."""
    return " et ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))
