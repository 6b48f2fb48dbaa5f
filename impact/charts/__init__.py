"""Figures drawn from a Release: one visual identity, never colour alone, each with its sentence and its table."""

from __future__ import annotations

from impact.charts.intervals import beside_whole, forest, items, memory
from impact.charts.panorama import panorama, shared_criteria
from impact.charts.people import classes, path, risen_and_fallen
from impact.charts.scores import before_after, by_category
from impact.cube import Figure
from impact.disclosure import LEAD, PUBLIC, Release

OWN = (before_after, risen_and_fallen, classes, items, memory, beside_whole)


def figures(release: Release) -> dict[str, Figure]:
    """Draw every figure one audience is told with, by name; what is suppressed has no figure.

    An association: `parcours`, then for each scale `moyennes-`, `personnes-`, `classes-`, `questions-`, `souvenir-`,
    `ensemble-<scale>` and, for each declared breakdown, `detail-<breakdown>-<scale>`. The public and the evaluation
    lead: `parcours` and `foret-<scale>`. Everybody: `panorama` and `criteres-partages`, where there is a référentiel.
    """
    scales = [scale["name"] for scale in release.context["scales"]]
    found = [path(release), panorama(release), shared_criteria(release)]
    if release.audience in (PUBLIC, LEAD):
        found += [forest(release, scale) for scale in scales]
    else:
        found += [draw(release, scale) for scale in scales for draw in OWN]
        asked = release.context["breakdowns"]
        found += [by_category(release, scale, one) for one in asked for scale in scales]
    return {figure.name: figure for figure in found if figure}
