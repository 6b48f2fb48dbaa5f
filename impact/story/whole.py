"""The story of a whole campaign, from what is released to the public: all associations together, none apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from impact import sentences
from impact.cube import Figure
from impact.disclosure import Release
from impact.errors import french
from impact.sentences import summary, tables
from impact.sentences.reading import forest_rows, verdict
from impact.story.association import answered, by_dimension, how_it_is_made, limits
from impact.story.framework import framework_sections
from impact.story.section import BOARD, Point, Section, Statement, Table, says


def whole_story(release: Release, figures: Mapping[str, Figure]) -> Iterator[Section]:
    """Yield the sections of all associations together, whatever their level."""
    together = any(verdict(release, scale["name"]) != "suppressed" for scale in release.context["scales"])
    said = summary.three_sentences(release) if together else (sentences.who_answered(release), NOT_TOGETHER)
    yield Section("essentiel", "L’essentiel", says(*map(french, said)), level=BOARD)
    yield Section("repondants", french("Qui a répondu ?"), tuple(answered(release, figures)))
    if together:
        points = tuple(Point(text, sign) for sign, text in summary.glance(release))
        yield Section("en-bref", "En bref", says(french(summary.READABLE)), points)
        yield from by_dimension(release, lambda scale: _scale(release, figures, scale))
    yield from framework_sections(release, figures)
    yield limits(release)
    if together:
        points = tuple(Point(text) for text in summary.questions(release))
        yield Section("a-discuter", "À discuter à la prochaine réunion", points=points)
    yield how_it_is_made(release)


NOT_TOGETHER = (
    "Aucun résultat n’est dit de toutes les associations ensemble : ces questionnaires ne mesurent pas d’évolution, "
    "ou trop peu d’entre elles ont assez de réponses. Chaque association lit les siens."
)


def _scale(release: Release, figures: Mapping[str, Figure], scale: dict) -> Section:
    name, label = scale["name"], scale["label"]
    if verdict(release, name) == "suppressed":
        return Section(name, label, says(french(NOT_TOGETHER)))
    told = Statement(sentences.across(release, name), figures.get(f"foret-{name}"))
    table = Table("Tous les chiffres", tables.lines(forest_rows(release, name)))
    return Section(name, label, (told,), tables=(table,))
