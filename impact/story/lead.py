"""The story of the whole campaign, for the person who leads the evaluation: every association, in declared order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from impact import sentences
from impact.cube import Figure
from impact.disclosure import Release
from impact.errors import french
from impact.sentences import oversight, summary
from impact.story.association import how_it_is_made, limits
from impact.story.framework import framework_sections
from impact.story.section import BOARD, Point, Section, Statement, Table, says

ORDER = "Les associations sont dans l’ordre déclaré, jamais dans l’ordre des scores : leurs publics diffèrent."


def lead_story(release: Release, figures: Mapping[str, Figure]) -> Iterator[Section]:
    """Yield the sections of the whole campaign, whatever their level."""
    scales = release.context["scales"]
    yield Section("essentiel", "L’essentiel", says(*summary.three_sentences(release)), level=BOARD)
    points = tuple(map(Point, oversight.to_decide(release)))
    yield Section("a-decider", "Ce qui attend une décision", points=points)
    said = Statement(sentences.who_answered(release), figures.get("parcours"))
    missing = says(sentences.who_is_missing(release))
    table = Table("Réponses de chaque association", oversight.answered_table(release))
    yield Section("repondants", french("Qui a répondu ?"), (said, *missing), tables=(table,))
    points = tuple(Point(text, sign) for sign, text in summary.glance(release))
    yield Section("en-bref", "En bref", says(french(summary.READABLE)), points)
    told = tuple(_across(release, figures, scale) for scale in scales)
    yield Section("associations", "Association par association", (*says(french(ORDER)), *filter(None, told)))
    yield _landmark(release)
    points = tuple(Point(oversight.reliability(release, scale)) for scale in scales)
    yield Section("fidelite", french("Peut-on se fier aux questionnaires ?"), points=points)
    table = Table("Résultats montrés et masqués, et pourquoi", oversight.decisions_table(release))
    yield Section("masque", "Ce qui est masqué, et pourquoi", says(WHY_MASKED), tables=(table,))
    yield from framework_sections(release, figures)
    yield limits(release)
    yield how_it_is_made(release)


WHY_MASKED = (
    "Le secret statistique décide seul, avant toute lecture ; chaque décision est dans le journal de diffusion."
)


def _landmark(release: Release) -> Section:
    said = says(*oversight.landmark_said(release))
    tables = (Table("Premiers scores, et le repère", oversight.landmark_table(release)),) if said else ()
    return Section("repere", oversight.LANDMARK, said, tables=tables)


def _across(release: Release, figures: Mapping[str, Figure], scale: dict) -> Statement | None:
    said = sentences.across(release, scale["name"])
    return Statement(french(f"{scale['label']}. {said}"), figures.get(f"foret-{scale['name']}")) if said else None
