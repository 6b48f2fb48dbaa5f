"""How a cleared number is written: counts to the base, means to one decimal, shares to five points, bounds outwards."""

from __future__ import annotations

import math
from collections.abc import Mapping

from impact.campaign.rules import Rules

NUMBERS = ("n", "estimate", "ci_low", "ci_high")
FEW = 50
LEAST_SHARE, MOST_SHARE = 0.10, 0.90
NOISE = 1e-9  # forgives binary noise: 0.30000000000000004, or a tie that depends on the order in which people are added
STEPS = {"mean": 0.1, "coefficient": 0.01, "share": 0.01}


def shown_count(n: int, rules: Rules) -> int:
    """Round a count to the base, never under the threshold."""
    base = rules.count_base
    return max(base * math.floor(n / base + 0.5), base * math.ceil(rules.threshold / base))


def rounded(row: Mapping[str, object], kind: str, rules: Rules) -> dict[str, object]:
    """Return what may be shown of one row: n, estimate, ci_low, ci_high and, for an extreme share, its bound."""
    n, estimate = shown_count(row["n"], rules), row["estimate"]
    shown = {"n": n, "estimate": n, "ci_low": None, "ci_high": None, "bound": ""}
    if kind == "count":
        return shown
    if kind == "magnitude":
        return shown | {"estimate": rules.count_base * round(estimate / rules.count_base)}
    if kind == "share" and not LEAST_SHARE <= estimate <= MOST_SHARE:
        low = estimate < LEAST_SHARE
        return shown | {"estimate": LEAST_SHARE if low else MOST_SHARE, "bound": "<" if low else ">"}
    step = 0.05 if kind == "share" and row["n"] < FEW else STEPS[kind]
    low, high = _outwards(row["ci_low"], step, math.floor), _outwards(row["ci_high"], step, math.ceil)
    if kind == "share" and low is not None and high is not None:
        low, high = max(low, 0.0), min(high, 1.0)
    return shown | {
        "estimate": _on_grid(math.floor(estimate / step + 0.5 + NOISE), step),
        "ci_low": low,
        "ci_high": high,
    }


def is_rounded(row: Mapping[str, object], kind: str, rules: Rules) -> bool:
    """Whether the numbers of a shown row are such as `rounded` writes them: no exact mean beside a rounded count."""
    n, estimate, low, high = (row[name] for name in NUMBERS)
    if not _multiple(n, rules.count_base) or n < rules.threshold:
        return False
    if kind in ("count", "magnitude") or row["bound"]:
        alone = _absent(low) and _absent(high)
        values = {"<": (LEAST_SHARE,), ">": (MOST_SHARE,)}.get(row["bound"])
        return alone and (estimate in values if values else _multiple(estimate, rules.count_base))
    values = [value for value in (low, high) if not _absent(value)]
    inside = kind != "share" or (LEAST_SHARE <= estimate <= MOST_SHARE and all(0 <= value <= 1 for value in values))
    return inside and all(_multiple(value, STEPS[kind]) for value in (estimate, *values))


def _outwards(value: float, step: float, rounding) -> float | None:
    """Round one bound away from the estimate."""
    if not math.isfinite(value):
        return None
    slack = NOISE if rounding is math.floor else -NOISE
    return _on_grid(rounding(value / step + slack), step)


def _on_grid(steps: int, step: float) -> float:
    return round(step * steps, 2) + 0.0


def _absent(value: object) -> bool:
    return value is None or value != value


def _multiple(value: object, step: float) -> bool:
    return not _absent(value) and math.isfinite(value) and abs(value / step - round(value / step)) < 1e-6
