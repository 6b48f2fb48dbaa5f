"""Matching before and after by self-made codes: the same code is joined, a near one is proposed, never joined."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from impact.collect.coding import plain
from impact.errors import ResponsesError, french

IN_ORDER, FEWEST, LOOKED_AT = 0.9, 10, 500  # of self-made codes, one in ten has a neighbour among 300 persons
PROPOSED = ["association", "code_before", "code_after", "row_before", "row_after", "why"]
SAME, NEAR = "même code, mais un code voisin reste seul", "un seul signe diffère"


@dataclass(frozen=True)
class Matching:
    """Who is who between two waves; the tables keep the row numbers of the responses.

    linked : the responses; `participant` is the normalised code, followed by its row where the code is in doubt (one
        standing twice in a wave, the later half of a proposal), so that nothing doubtful is joined further on.
    proposed : association, code_before, code_after, row_before, row_after, why: for a person to judge.
    unmatched : association, wave, participant, row: no other half, not even proposed.
    duplicated : association, wave, participant, row: the same code several times in one wave; none is joined.
    rates : association, n_before, n_after, n_joined, rate (n_joined / n_after, NaN if nobody came back).
    """

    linked: pd.DataFrame
    proposed: pd.DataFrame
    unmatched: pd.DataFrame
    duplicated: pd.DataFrame
    rates: pd.DataFrame


def normalised(code: str) -> str:
    """Return a self-made code without case, accents, spaces or signs, the letter O being written 0."""
    return "".join(sign for sign in plain(code).upper() if sign.isalnum()).replace("O", "0")


def match(responses: pd.DataFrame, before: str, after: str) -> Matching:
    """Match the codes of two waves, inside each association.

    Parameters
    ----------
    responses : association, wave, participant, then anything; one row per person x wave.
    before, after : codes of the two waves; rows of other waves are left as they are.

    Rule
    ----
    Joined: the normalised code stands once in each wave, and no code left alone is one slip away from it (that one
    might be the true other half). Proposed: one slip apart, that is one sign changed, added, left out, or two swapped.
    Where codes are numbers given in order (nine in ten have a neighbour in the same wave), a near one is somebody else:
    none is proposed, the same codes are joined. Checked by simulation: with 10 % of slips, no false join.
    """
    rows = responses.loc[responses["wave"].isin([before, after]), ["association", "wave", "participant"]]
    codes = rows["participant"].map({code: normalised(code) or code for code in rows["participant"].unique()})
    rows = rows.assign(participant=codes, row=rows.index)
    repeated = rows.duplicated(["association", "wave", "participant"], keep=False)
    sides = [rows[~repeated & (rows["wave"] == wave)].drop(columns="wave") for wave in (before, after)]
    both = sides[0].merge(sides[1], on=["association", "participant"], how="outer", suffixes=("_before", "_after"))
    proposed, held = _propose(both)
    joined = both.dropna()[lambda pair: ~pair["row_before"].isin(held)]
    told = [*joined["row_before"], *joined["row_after"], *proposed["row_before"], *proposed["row_after"]]
    unmatched = rows[~repeated & ~rows["row"].isin(told)]
    doubtful = sorted({*rows.loc[repeated, "row"], *proposed["row_after"]})
    linked = responses.copy()
    linked.loc[rows.index, "participant"] = codes
    linked.loc[doubtful, "participant"] = [codes[row] + french(f" (ligne {row})") for row in doubtful]
    tables = (table.reset_index(drop=True) for table in (unmatched, rows[repeated].sort_values("participant")))
    return Matching(linked, proposed, *tables, match_rates(linked, before, after))


def confirm(matching: Matching, kept: Iterable[int]) -> pd.DataFrame:
    """Return the linked responses, joined further by the rows of `proposed` that a person has judged right.

    Raises
    ------
    ResponsesError: see `chosen`.
    """
    pairs = chosen(matching, kept)
    linked = matching.linked.copy()
    linked.loc[pairs["row_after"], "participant"] = linked.loc[pairs["row_before"], "participant"].to_numpy()
    return linked


def chosen(matching: Matching, kept: Iterable[int]) -> pd.DataFrame:
    """Return the rows of `proposed` that have these numbers.

    Raises
    ------
    ResponsesError when one answer would be joined twice, or a number is not in `proposed`.
    """
    kept = list(kept)
    unknown = [row for row in kept if row not in matching.proposed.index]
    if unknown:
        raise ResponsesError(f"il n’y a pas de proposition numéro {unknown[0]}.", remedy="Relire le tableau proposé.")
    pairs = matching.proposed.loc[kept]
    for side in ("row_before", "row_after"):
        if (twice := pairs[side].duplicated()).any():
            code = pairs.loc[twice, side.replace("row", "code")].iloc[0]
            advice = "Ne garder qu’une proposition pour chacun."
            raise ResponsesError(f"le code {code} serait relié deux fois.", remedy=advice)
    return pairs


def match_rates(linked: pd.DataFrame, before: str, after: str) -> pd.DataFrame:
    """Count, by association, the rows of two waves and the persons found in both: see `Matching.rates`."""
    rows = linked[linked["wave"].isin([before, after])]
    counts = rows.groupby(["association", "wave"], sort=False).size().unstack(fill_value=0)
    counts = counts.reindex(columns=[before, after], fill_value=0).set_axis(["n_before", "n_after"], axis="columns")
    both = rows.duplicated(["association", "participant"])
    joined = rows[both].groupby("association").size().reindex(counts.index, fill_value=0)
    rate = joined / counts["n_after"].where(counts["n_after"] > 0)
    return counts.assign(n_joined=joined, rate=rate).reset_index()


def _propose(both: pd.DataFrame) -> tuple[pd.DataFrame, set[int]]:
    """Near pairs, and the same-code pairs that a lonely neighbour makes doubtful (their rows before)."""
    found, held = [], set()
    self_made = both if not _in_order(both.loc[both["row_before"].notna(), "participant"].unique()) else both[:0]
    for association, group in self_made.groupby("association", sort=False):
        alone = group[group["row_before"].isna() | group["row_after"].isna()]
        rows = {code: pair for code, *pair in group[["participant", "row_before", "row_after"]].itertuples(index=False)}
        for lonely, other in _near(alone["participant"], group["participant"]):
            paired = pd.notna(rows[other]).all()
            if paired and rows[other][0] not in held:
                held.add(rows[other][0])
                found.append((association, other, other, *rows[other], SAME))
            for first, second in ((lonely, other), (other, lonely)):
                if pd.notna(rows[first][0]) and pd.notna(rows[second][1]) and (paired or first == lonely):
                    found.append((association, first, second, rows[first][0], rows[second][1], NEAR))
    return pd.DataFrame(found, columns=PROPOSED).astype({"row_before": int, "row_after": int}), held


def _in_order(codes: Sequence[str]) -> bool:
    some = codes[:LOOKED_AT]
    return len(some) >= FEWEST and len({code for code, _ in _near(some, codes)}) >= IN_ORDER * len(some)


def _near(alone: Iterable[str], everyone: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Pairs one slip apart: (a code left alone, any other code). Codes one slip apart share a shortened form."""
    shortened: dict[str, list[str]] = {}
    for code in alone:
        for form in _shortened(code):
            shortened.setdefault(form, []).append(code)
    for other in everyone:
        near = {code for form in _shortened(other) for code in shortened.get(form, ()) if _one_slip(code, other)}
        yield from ((code, other) for code in sorted(near))


def _shortened(code: str) -> set[str]:
    return {code, *(code[:i] + code[i + 1 :] for i in range(len(code)))}


def _one_slip(a: str, b: str) -> bool:
    """Whether one sign changed, added or left out, or two neighbours swapped, turn `a` into `b`."""
    start = 0
    while start < min(len(a), len(b)) and a[start] == b[start]:
        start += 1
    a, b = a[start:], b[start:]
    changed, swapped = a[1:] == b[1:], a[:2] == b[:2][::-1] and a[2:] == b[2:]
    return a != b and (changed or swapped or a[1:] == b or a == b[1:])
