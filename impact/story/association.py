"""The story of one association, from who answered to what to discuss next."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import groupby

from impact import sentences
from impact.cube import Figure
from impact.disclosure import Release
from impact.errors import french
from impact.sentences import method, summary
from impact.sentences.reading import verdict
from impact.sentences.tables import scale_table
from impact.story.framework import framework_sections, quotations, unexpected_section
from impact.story.section import BOARD, FUNDER, Point, Section, Statement, Table, says

Figures = Mapping[str, Figure]
WHY_NOTHING = (
    "Avec si peu de réponses, un chiffre dirait surtout le hasard, et pourrait faire reconnaître une personne."
)


def association_story(release: Release, figures: Figures) -> Iterator[Section]:
    """Yield the sections of one association's results, whatever their level."""
    yield Section("essentiel", "L’essentiel", says(*summary.three_sentences(release)), level=BOARD)
    yield Section("repondants", french("Qui a répondu ?"), tuple(answered(release, figures)))
    points = tuple(Point(text, sign) for sign, text in summary.glance(release))
    yield Section("en-bref", "En bref", says(french(summary.READABLE)), points)
    if summary.by_verdict(release).keys() - {"suppressed"}:
        yield from by_dimension(release, lambda scale: _scale(release, figures, scale))
        yield Section("de-plus-pres", "Regarder de plus près", parts=tuple(_details(release, figures)), pick=True)
    yield Section("ensemble", "Avec les autres associations", tuple(_wholes(release, figures)))
    yield from framework_sections(release, figures)
    yield Section("paroles", "Ce que disent les personnes", parts=quotations(release, apart=False))
    yield unexpected_section(release)
    yield limits(release)
    points = tuple(Point(text) for text in summary.questions(release))
    yield Section("a-discuter", "À discuter à la prochaine réunion", points=points)
    yield how_it_is_made(release)


def limits(release: Release) -> Section:
    """What nobody may conclude."""
    points = tuple(Point(text) for text in sentences.cautions(release))
    return Section("limites", "Ce qu’il ne faut pas conclure", points=points)


def how_it_is_made(release: Release) -> Section:
    """The method, for who asks."""
    instruments = tuple(Point(text) for text in method.instruments(release))
    words = tuple(Point(french(f"{word} : {meaning}")) for word, meaning in method.glossary())
    parts = (Section("echelles", "Les échelles", points=instruments), Section("mots", "Les mots", points=words))
    return Section(
        "methode", "Comment ces chiffres sont faits", says(*method.how_measured(release)), parts=parts, level=FUNDER
    )


def answered(release: Release, figures: Figures) -> Iterator[Statement]:
    """Say who answered and who is missing."""
    said = sentences.who_answered(release)
    yield Statement(said, figures.get("parcours"))
    yield from says(WHY_NOTHING if said == sentences.insufficient(release) else sentences.who_is_missing(release))


def by_dimension(release: Release, tell: Callable[[dict], Section]) -> Iterator[Section]:
    """Yield one section a dimension, with what `tell` says of each of its scales."""
    for dimension, scales in groupby(release.context["scales"], key=lambda scale: scale["dimension"]):
        parts = tuple(map(tell, scales))
        name = f"dimension-{parts[0].name}"
        if len(parts) == 1 and parts[0].title == dimension:  # a title is not said twice
            yield replace(parts[0], name=name)
        else:
            yield Section(name, dimension, parts=parts)


def _scale(release: Release, figures: Figures, scale: dict) -> Section:
    name = scale["name"]
    if verdict(release, name) == "suppressed":
        return Section(name, scale["label"], says(sentences.insufficient(release)))
    told = (
        (sentences.change(release, name), figures.get(f"moyennes-{name}")),
        (sentences.people(release, name), figures.get(f"personnes-{name}")),
        *((figure.sentence, figure) for kind in KINDS if (figure := figures.get(f"{kind}-{name}"))),
    )
    statements = tuple(Statement(text, figure) for text, figure in told if text)
    return Section(name, scale["label"], statements, tables=(Table("Tous les chiffres", scale_table(release, name)),))


KINDS = ("souvenir", "classes", "questions")  # figures that only some designs or sizes allow


def _details(release: Release, figures: Figures) -> Iterator[Section]:
    """One part a breakdown question, one part in it a scale; one sentence where no scale shows anything."""
    for breakdown in release.context["breakdowns"]:
        drawn = [
            (scale, figures.get(f"detail-{breakdown['name']}-{scale['name']}")) for scale in release.context["scales"]
        ]
        parts = tuple(
            Section(scale["name"], scale["label"], (Statement(figure.sentence, figure),))
            if figure
            else Section(scale["name"], scale["label"], says(sentences.insufficient(release)))
            for scale, figure in drawn
        )
        nothing = says(sentences.insufficient(release))
        told = {"parts": parts} if any(figure for _, figure in drawn) else {"statements": nothing}
        yield Section(breakdown["name"], breakdown["label"], **told)


def _wholes(release: Release, figures: Figures) -> Iterator[Statement]:
    for scale in release.context["scales"]:
        if said := sentences.whole(release, scale["name"]):
            yield Statement(french(f"{scale['label']}. {said}"), figures.get(f"ensemble-{scale['name']}"))
