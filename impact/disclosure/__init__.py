"""The one door: what may be shown of results, for one audience. Doubt, unknown names or a missing n: nothing leaves."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from impact.campaign.rules import Rules
from impact.disclosure.rounding import NUMBERS, is_rounded, rounded
from impact.disclosure.suppression import (
    KEYS,
    NOT_DISPLAYED,
    STATISTICS,
    WHOLE,
    least_persons,
    other_sizes,
    reasons_to_hide,
)
from impact.errors import DisclosureError
from impact.results import COLUMNS

PUBLIC, LEAD = "public", "responsable"
JUDGED = [*KEYS, "n", "estimate", "std_error", "ci_low", "ci_high"]
SHOWN_COLUMNS = [*KEYS, "n", "estimate", "ci_low", "ci_high", "bound", "status", "reason"]

Row = Mapping[str, Any]  # a row of a release, by column


@dataclass(frozen=True)
class Release:
    """Results cleared for one audience; only a table such as `release` writes can be one.

    `table`: one row per estimate; `status` is "shown" or "suppressed" (then no number, and `reason` says why);
    `bound` is "<" or ">" where only « moins de 10 % » or « plus de 90 % » may be said. `context`: titles and labels.
    """

    audience: str
    table: pd.DataFrame
    context: Mapping[str, object]
    rules: Rules

    def __post_init__(self):
        for row in self.table[SHOWN_COLUMNS].to_dict("records"):
            if not _may_be_shown(row, self.rules):
                what = " ".join(filter(None, (row[key] for key in KEYS)))
                raise DisclosureError(f"rien n’est diffusé : un nombre n’est pas arrondi ou n’est pas masqué ({what}).")

    @property
    def own(self) -> str:
        """The association whose results these are: everybody's, for the public and the evaluation lead."""
        return WHOLE if self.audience in (PUBLIC, LEAD) else self.audience

    def row(self, statistic: str, **where: str) -> Row | None:
        """Return the row of `statistic` with these keys, None if absent; by default of the audience's own results."""
        wanted = {"association": self.own, **dict.fromkeys(KEYS[1:5], ""), **where, "statistic": statistic}
        place = self._places.get(tuple(wanted[key] for key in KEYS))
        return None if place is None else {name: values[place] for name, values in self._columns.items()}

    @cached_property
    def _columns(self) -> dict[str, list]:
        return {name: self.table[name].tolist() for name in self.table}

    @cached_property
    def _places(self) -> dict[tuple[str, ...], int]:
        return {keys: place for place, keys in enumerate(zip(*(self._columns[key] for key in KEYS), strict=True))}


def release(
    results: pd.DataFrame,
    rules: Rules,
    *,
    audience: str,
    context: Mapping[str, object],
    contributions: pd.DataFrame | None = None,
) -> Release:
    """Clear results for one audience, under the rules.

    Parameters
    ----------
    results : the results vocabulary, one row per estimate, rows of every association (the others' n are needed to judge
        the pooled ones). Pooled rows have association "". Rows of a breakdown hold every category, those who did not
        answer it included (category "sans_reponse", never shown).
    audience : an association of the results (its own rows and the pooled ones leave), "public" (the pooled ones and the
        counts of everybody) or "responsable" (everything, under the same rules).
    context : what is said around the numbers; it declares the breakdowns and their categories, the ranges of the
        scales, and must not name another association.
    contributions : for magnitudes only, one row per contributor: the keys of results and `value`, 0 or more.

    Returns
    -------
    Release. Decisions, in order: threshold on n, doubled for FINE statistics; nobody all alike; each category and its
    complement; the pooled rows need enough others; no magnitude dominated by one contributor; then rounding (counts to
    the base, means to 1 decimal, shares to 5 points under 50 persons, intervals outwards).

    Raises
    ------
    DisclosureError for an unknown column, statistic, category or audience, a missing, negative or fractional n, a
    repeated row, a magnitude without its contributions.

    Source: design rules of confidentiality (threshold, complement, rounding, class disclosure, "the others", p %).
    """
    [one] = releases_for([(audience, context)], results, rules, contributions=contributions)
    return one


def releases_for(
    audiences: Iterable[tuple[str, Mapping[str, object]]],
    results: pd.DataFrame,
    rules: Rules,
    *,
    contributions: pd.DataFrame | None = None,
) -> Iterator[Release]:
    """Yield what `release` returns for each (audience, context), the same results being checked once for them all."""
    table = _checked(results)
    own = dict(iter(table.groupby("association", sort=False)))
    sizes = other_sizes(table)
    for audience, context in audiences:
        if audience not in {*own, PUBLIC, LEAD} - {WHOLE}:
            raise DisclosureError(f"rien n’est diffusé : destinataire inconnu (« {audience} »).")
        mine = _visible(table, own, audience)
        _check_declared(mine, context)
        pooled = set(mine.loc[mine["association"] == WHOLE, "scale"])
        others = {scale: sizes[scale].drop(audience, errors="ignore") for scale in pooled & sizes.keys()}
        reasons = reasons_to_hide(mine, others, rules, context, contributions)
        kept = mine[mine["category"] != NOT_DISPLAYED]
        rows = [_cleared(row, rules, reasons.get(row["index"], "")) for row in kept.reset_index().to_dict("records")]
        yield Release(audience, pd.DataFrame(rows, columns=SHOWN_COLUMNS), dict(context), rules)


def _checked(results: pd.DataFrame) -> pd.DataFrame:
    unknown = [name for name in results.columns if name not in COLUMNS]
    if unknown or not {"association", "statistic", "n", "estimate"} <= set(results.columns):
        raise DisclosureError(f"rien n’est diffusé : colonnes inattendues ou absentes ({', '.join(unknown) or 'n'}).")
    table = results.reset_index(drop=True).reindex(columns=JUDGED)
    table[KEYS] = table[KEYS].astype(object).where(table[KEYS].notna(), "")
    kinds = set(table["statistic"]) - set(STATISTICS)
    if kinds:
        raise DisclosureError(f"rien n’est diffusé : statistiques sans règle ({', '.join(sorted(kinds))}).")
    n = pd.to_numeric(table["n"], errors="coerce")
    if n.isna().any() or (n < 0).any() or (n % 1 != 0).any():
        raise DisclosureError("rien n’est diffusé : un effectif manque ou n’est pas un nombre entier.")
    if table.duplicated(KEYS).any():
        raise DisclosureError("rien n’est diffusé : le même résultat est donné deux fois.")
    known = set(table["association"]) - {WHOLE}
    if known & {PUBLIC, LEAD}:
        raise DisclosureError(f"rien n’est diffusé : « {PUBLIC} » et « {LEAD} » ne sont pas des associations.")
    return table.assign(n=n.astype(int))


def _visible(table: pd.DataFrame, own: Mapping[str, pd.DataFrame], audience: str) -> pd.DataFrame:
    """The rows one audience is concerned with; for the public and the lead, the counts of everybody too."""
    whole = own.get(WHOLE, table[:0])
    if audience not in (PUBLIC, LEAD):
        return pd.concat([own[audience], whole]).sort_index()
    counts = table[table["statistic"].map(STATISTICS) == "count"]
    sums = counts.groupby(KEYS[1:], as_index=False)[["n", "estimate"]].sum().assign(association=WHOLE)
    rows = table if audience == LEAD else whole
    return pd.concat([rows, sums.reindex(columns=JUDGED)], ignore_index=True)


def _check_declared(table: pd.DataFrame, context: Mapping[str, object]) -> None:
    """Only declared partitions leave: every breakdown and category must be one of the context's."""
    declared = {
        (one["name"], category["name"]) for one in context.get("breakdowns", ()) for category in one["categories"]
    }
    found = set(table.loc[table["breakdown"] != "", ["breakdown", "category"]].itertuples(index=False, name=None))
    unknown = sorted(name for name in found - declared if name[1] != NOT_DISPLAYED)
    if unknown:
        words = ", ".join("/".join(name) for name in unknown)
        raise DisclosureError(f"rien n’est diffusé : modalités que rien ne déclare ({words}).")


def _cleared(row: Mapping[str, object], rules: Rules, reason: str) -> dict[str, object]:
    """Return the row as it may be shown: rounded, or without any number."""
    keys = {key: row[key] for key in KEYS}
    if not reason and not math.isfinite(row["estimate"]):
        reason = "non calculable"
    if reason:
        return keys | dict.fromkeys(NUMBERS) | {"bound": "", "status": "suppressed", "reason": reason}
    return keys | {"status": "shown", "reason": ""} | rounded(row, STATISTICS[row["statistic"]], rules)


def _may_be_shown(row: Mapping[str, object], rules: Rules) -> bool:
    if row["status"] == "shown":
        kind = STATISTICS.get(row["statistic"])
        return bool(kind) and is_rounded(row, kind, rules) and row["n"] >= least_persons(row["statistic"], rules)
    return row["status"] == "suppressed" and all(pd.isna(row[name]) for name in NUMBERS)
