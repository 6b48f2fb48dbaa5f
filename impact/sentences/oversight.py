"""What only the evaluation lead is told: reliability, who is missing where, what was suppressed, what to decide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from impact.disclosure import WHOLE, Release, Row
from impact.errors import french
from impact.sentences.reading import counts, scale_context, shown
from impact.sentences.tables import SUPPRESSED
from impact.wording import listed, number

SOUND, FRAGILE = 0.7, 0.6  # Nunnally, Bernstein (1994): enough to compare groups; below the second, it measures little
MASKED = "masqué pour protéger un "
NAMED = 12  # associations in one sentence
LANDMARK = "Repère, pas norme"
NOT_A_NORM = (
    "Autre population, autre date, autre manière de demander : ce repère situe un départ. Il ne note personne et ne "
    "classe aucune association."
)
MANY_LOST = 0.4  # beyond, those who stay no longer speak for the others, whatever the weighting


def reliability(release: Release, scale: dict) -> str:
    """Say whether the answers to the questions of one scale hold together, moment by moment."""
    rows = [(wave, _alpha(release, scale["name"], wave)) for wave in release.context["waves"]]
    told = [
        f"{wave['label'].lower()}, {number(row['estimate'], 2)} "
        f"(entre {number(row['ci_low'], 2)} et {number(row['ci_high'], 2)})"
        for wave, row in rows
        if shown(row)
    ]
    if not told:
        return french(f"{scale['label']} : trop peu de réponses complètes pour juger.")
    return french(f"{scale['label']} : {_judged(release, scale['name'])}. Alpha de Cronbach : {' ; '.join(told)}.")


def answered_table(release: Release) -> pd.DataFrame:
    """Return how many answered each time and both times, a line an association in the order declared."""
    labels = [label for label, _ in counts(release)]
    lines = [
        [one["label"], *(f"{row['n']:.0f}" if shown(row) else SUPPRESSED for _, row in counts(release, one["code"]))]
        for one in _everybody(release)
    ]
    return pd.DataFrame(lines, columns=["", *labels])


def decisions_table(release: Release) -> pd.DataFrame:
    """Return how many results are shown, how many suppressed, and why, a line an association."""
    lines, found = [], _by_association(release)
    for one in _everybody(release):
        rows = found.get(one["code"], release.table[:0])
        why = rows.loc[rows["status"] == "suppressed", "reason"].value_counts()
        told = " ; ".join(f"{reason.removeprefix(MASKED)} ({many})" for reason, many in why.items())
        lines.append([one["label"], str(len(rows) - why.sum()), str(why.sum()), told])
    return pd.DataFrame(lines, columns=["", "Montrés", "Masqués", "Pourquoi"]).map(french)


def landmark_said(release: Release) -> tuple[str, ...]:
    """Say what a wider survey gives beside the first scores, of whom, and what it is not; empty without one."""
    landmark = release.context.get("landmark")
    if not (landmark and landmark["scales"]):
        return ()
    about = f"{landmark['title']}. Population : {landmark['population']}. Source : {landmark['source']}."
    return french(about), french(NOT_A_NORM)


def landmark_table(release: Release) -> pd.DataFrame:
    """Return the first score on each scale of the landmark: a line an association in the order declared, then it."""
    found = {one["name"]: one for one in release.context["landmark"]["scales"]}
    associations = release.context["associations"]
    lines = [[one["label"], *(_first_score(release, name, one["code"]) for name in found)] for one in associations]
    lines.append([LANDMARK, *(f"{_interval(one)} ; environ {one['n']:.0f} personnes" for one in found.values())])
    labels = [_of_range(scale_context(release, name)) for name in found]
    return pd.DataFrame(lines, columns=["", *labels]).map(french)


def _first_score(release: Release, scale: str, association: str) -> str:
    where = {"scale": scale, "association": association}
    rows = release.row("mean_before", **where), release.row("mean", wave=release.context["waves"][0]["code"], **where)
    return next((_interval(row) for row in rows if shown(row)), SUPPRESSED)


def _interval(row: Mapping) -> str:
    return f"{number(row['estimate'])} (entre {number(row['ci_low'])} et {number(row['ci_high'])})"


def _of_range(scale: Mapping) -> str:
    return french(f"{scale['label']} (de {scale['low']:g} à {scale['high']:g})")


def to_decide(release: Release) -> tuple[str, ...]:
    """Return what waits for a decision of the evaluation lead, and the ways out."""
    return tuple(map(french, _to_decide(release)))


def _to_decide(release: Release) -> Iterator[str]:
    associations, found = release.context["associations"], _by_association(release)
    own = {one["label"]: found.get(one["code"], release.table[:0]) for one in associations}
    silent = [label for label, rows in own.items() if not (rows["status"] == "shown").any()]
    if silent:
        yield f"{_named(silent)} : rien n’est montré. Attendre d’autres réponses, ou raconter autrement ce qui change."
    if lost := [one["label"] for one in associations if _lost(release, one["code"]) >= MANY_LOST]:
        yield f"{_named(lost)} : beaucoup de personnes ne sont pas revenues. Reprendre contact avant de conclure."
    speaking = {label: rows for label, rows in own.items() if label not in silent}
    for breakdown in release.context["breakdowns"]:
        hidden = [label for label, rows in speaking.items() if _masked(rows, breakdown)]
        if hidden:
            yield (
                f"« {breakdown['label']} » : des modalités sont masquées pour {_named(hidden)}. Les regrouper (colonne "
                "merge du questionnaire), ou laisser ainsi."
            )
    weak = [f"« {one['label']} »" for one in release.context["scales"] if _judged(release, one["name"]) != HOLDS]
    if weak:
        yield f"{listed(weak)} : les réponses se tiennent mal. Relire ces questions avant d’en tirer une conclusion."


HOLDS, TIRED, LOOSE = "les réponses se tiennent", "fidélité fragile", "fidélité faible : conclure avec grande prudence"


def _judged(release: Release, scale: str) -> str:
    """Judge by the worst moment."""
    values = [row["estimate"] for wave in release.context["waves"] if shown(row := _alpha(release, scale, wave))]
    return LOOSE if min(values, default=1.0) < FRAGILE else TIRED if min(values, default=1.0) < SOUND else HOLDS


def _alpha(release: Release, scale: str, wave: dict) -> Row | None:
    return release.row("alpha", scale=scale, wave=wave["code"], association=WHOLE)


def _everybody(release: Release) -> list[dict]:
    return [*release.context["associations"], {"code": WHOLE, "label": "Toutes ensemble"}]


def _by_association(release: Release) -> dict[str, pd.DataFrame]:
    return dict(iter(release.table.groupby("association", sort=False)))


def _named(labels: list[str]) -> str:
    """Name the first associations, and say how many others."""
    more = len(labels) - NAMED
    return listed([*labels[:NAMED], f"{more} autres"]) if more > 1 else listed(labels)


def _lost(release: Release, association: str) -> float:
    """The share of those of the first time who were not seen again, 0 where it does not apply or is not shown."""
    first = release.row("responded", wave=release.context["waves"][0]["code"], association=association)
    both = release.row("returned", association=association)
    return 1 - both["n"] / first["n"] if shown(first) and shown(both) else 0.0


def _masked(rows: pd.DataFrame, breakdown: dict) -> bool:
    """Whether some category of a question is suppressed."""
    return bool((rows.loc[rows["breakdown"] == breakdown["name"], "status"] == "suppressed").any())
