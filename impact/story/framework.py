"""What an action seeks to change and what is known of it: the référentiel, shared criteria, unexpected effects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from impact.cube import Figure
from impact.disclosure import Release
from impact.sentences import panorama
from impact.story.section import Point, Section, Statement, says

KNOWN, UNKNOWN = "●", "○"
ASKED = "Une action peut aussi gêner, décevoir, ou changer ce que personne n’attendait : ces effets ont leur place ici."


def framework_sections(release: Release, figures: Mapping[str, Figure]) -> Iterator[Section]:
    """Yield the référentiel with its evidence, then who shares its criteria; nothing where there is none."""
    framework = release.context.get("framework")
    if not framework:
        return
    parts = tuple(
        Section(
            one["code"].replace("_", "-"),
            one["label"],
            says(panorama.criterion_said(one, framework)),
            _points(release, one["indicators"]),
        )
        for one in framework["criteria"]
    )
    said = Statement(panorama.sentence(framework), figures.get("panorama"))
    yield Section("referentiel", "Ce que l’on cherche à changer, et ce que l’on en sait", (said,), parts=parts)
    if framework["sharing"]:
        said = Statement(panorama.sharing_sentence(framework), figures.get("criteres-partages"))
        yield Section("criteres-communs", "Des critères partagés", (said,))


def unexpected_section(release: Release) -> Section:
    """What nobody expected and what was difficult: its indicators, and the words approved on it."""
    framework = release.context.get("framework", {"criteria": ()})
    indicators = [
        indicator
        for criterion in framework["criteria"]
        for indicator in criterion["indicators"]
        if panorama.kinds_of(indicator)
    ]
    parts = quotations(release, apart=True)
    said = says(ASKED) if indicators or parts else ()
    return Section("inattendu", "Effets inattendus ou gênants", said, _points(release, indicators), parts=parts)


def quotations(release: Release, *, apart: bool) -> tuple[Section, ...]:
    """Approved texts by question, as `verbatims.showable` lets them out; `apart`: on unexpected or negative effects."""
    return tuple(
        Section(one["name"], one["label"], points=tuple(Point(f"«\u00a0{text}\u00a0»") for text in one["texts"]))
        for one in release.context.get("verbatims", ())
        if one.get("apart", False) == apart
    )


def _points(release: Release, indicators: list[Mapping]) -> tuple[Point, ...]:
    return tuple(
        Point(panorama.indicator_said(release, one), KNOWN if panorama.measured(one) else UNKNOWN) for one in indicators
    )
