"""What a bilan says, for partners and funders: the story with its method, shortened to hold on two to four pages."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

import pandas as pd

from impact import __version__
from impact.cube import Figure, results_digest
from impact.disclosure import Release
from impact.errors import french
from impact.sentences.reading import on_one_sheet, shown
from impact.story import FUNDER, Point, Section, Statement, Table, story
from impact.story.section import says

LEFT_OUT = ("de-plus-pres", "ensemble", "criteres-communs")  # the page has room; the table of numbers has the whole
FIRST_PAGE = ("essentiel", "repondants", "en-bref", "limites")
QUOTED = 2  # texts a question
DRAWN = ("parcours", "moyennes", "personnes", "souvenir", "foret")
DRAWN_OF_MANY = ("parcours",)  # of more scales than stand side by side; their numbers stand in tables
TOO_LONG = ("classes", "questions")  # what they show would not hold on four pages
SHORT = 16  # signs of the fingerprint
SIDE_BY_SIDE = 4  # scales in one table
MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip


@dataclass(frozen=True)
class Bilan:
    """A bilan before it is laid out. `essentials`: what a board reads; `counts`: key figures and what they count."""

    name: str
    kind: str
    campaign: str
    notice: str
    essentials: Section
    counts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    author: str
    footer: str

    @property
    def title(self) -> str:
        """The title of the file, as readers and screen readers announce it."""
        return french(" — ".join(filter(None, (f"Bilan : {self.name}", self.campaign, self.notice))))


def bilan(release: Release, figures: Mapping[str, Figure], made: date) -> Bilan:
    """Compose the bilan of an association, or of the whole campaign from what is released to the public.

    Parameters
    ----------
    release, figures : a cube, see `cube.read_cube`. made : the day it is dated.

    Every number it states is in the release, but those of its date, of its method and of its fingerprint.
    """
    about = release.context
    notice = "Exemple, données fictives" if about["fictif"] else ""
    told = [one for one in story(release, figures, level=FUNDER) if one.name not in LEFT_OUT]
    drawn = DRAWN if len(about["scales"]) <= SIDE_BY_SIDE else DRAWN_OF_MANY
    essentials, *results, method = (_shortened(one, drawn) for one in sorted(told, key=_on_first_page))
    return Bilan(
        name=about["association"],
        kind=french(" · ".join(filter(None, ("Bilan", about["sector"], _in_french(made))))),
        campaign=french(about["title"]),
        notice=notice,
        essentials=essentials,
        counts=tuple(_counts(release)),
        sections=(*results, *_numbers(told), replace(method, parts=(*method.parts, _citation(release, made)))),
        author=french(about["association"]),
        footer=french(" · ".join(filter(None, (about["association"], about["title"], fingerprint(release), notice)))),
    )


def fingerprint(release: Release) -> str:
    """Return the beginning of the digest of the published numbers, which tells one publication from another."""
    return results_digest(release)[:SHORT]


def _on_first_page(section: Section) -> bool:
    """Sort before all others what one page must say alone: who answered, what changed, what not to conclude."""
    return section.name not in FIRST_PAGE


def _shortened(section: Section, drawn: Collection[str]) -> Section:
    """Keep the figures to be drawn; the numbers of all the scales stand in one table."""
    return replace(
        section,
        statements=tuple(
            one if _kind(one) in drawn else Statement(one.text)
            for one in section.statements
            if _kind(one) not in TOO_LONG
        ),
        points=() if section.name == "inattendu" and section.parts else section.points,  # told with its criterion
        tables=(),
        parts=tuple(_part(section, one, drawn) for one in section.parts),
    )


def _part(section: Section, part: Section, drawn: Collection[str]) -> Section:
    """A criterion without for whom and through what, which the panorama tells; the first texts of a question."""
    if section.name == "referentiel":
        return replace(part, statements=())
    more = len(part.points) - QUOTED
    if section.name in ("paroles", "inattendu") and more > 1:
        return replace(part, points=(*part.points[:QUOTED], Point(french(f"… et {more} autres, sur la page."))))
    return _shortened(part, drawn)


def _kind(one: Statement) -> str:
    return one.figure.name.split("-")[0] if one.figure else ""


def _counts(release: Release) -> Iterator[tuple[str, str]]:
    """How many answered each time, and both times; nothing under the threshold."""
    moments = [
        (f"ont répondu ({wave['label'].lower()})", "responded", wave["code"]) for wave in release.context["waves"]
    ]
    both = [("ont rempli les deux parties" if on_one_sheet(release) else "ont répondu les deux fois", "returned", "")]
    for label, statistic, wave in moments + both * release.context["paired"]:
        row = release.row(statistic, wave=wave)
        if shown(row):
            yield f"{row['n']:.0f}", french(f"personnes environ {label}")


def _numbers(told: Iterable[Section]) -> Iterator[Section]:
    """Put side by side the tables of several scales: a line a result, a column a scale."""
    columns = {one.title: _column(table.cells) for one in _with_tables(told) for table in one.tables}
    titles = [list(columns)[start : start + SIDE_BY_SIDE] for start in range(0, len(columns), SIDE_BY_SIDE)]
    cells = [pd.DataFrame({title: columns[title] for title in part}).fillna("") for part in titles]
    tables = [Table("", one.rename_axis("").reset_index()) for one in cells]
    if tables:
        said = "Sous chaque valeur, sa marge d’erreur ; entre parenthèses, le nombre de personnes, arrondi."
        yield Section("chiffres", "Tous les chiffres", says(french(said)), tables=tuple(tables))


def _with_tables(sections: Iterable[Section]) -> Iterator[Section]:
    for one in sections:
        if one.tables:
            yield one
        yield from _with_tables(one.parts)


def _column(cells: pd.DataFrame) -> dict[str, str]:
    """One text a line: the value, how many persons, and the margin of error under them."""
    lines = cells.itertuples(index=False, name=None)
    return {label: f"{value} ({n})\n{margin}".strip() if value else n for label, n, value, margin in lines}


def _citation(release: Release, made: date) -> Section:
    """How to cite the bilan, and what its numbers come from."""
    about = release.context
    notice = ", exemple, données fictives" if about["fictif"] else ""
    cited = f"{about['association']}, « {about['title']} » : bilan du {_in_french(made)}{notice}."
    versions = (
        f"Campagne « {about['campaign']} », version {about['campaign_version']} ; questionnaire, version "
        f"{about['questionnaire_version']} ; atelier impact, version {__version__}."
    )
    origin = (
        "Tous les chiffres viennent des résultats publiés, resultats.csv, dont l’empreinte SHA-256 commence par "
        f"{fingerprint(release)}."
    )
    return Section("citer", "Pour citer ce bilan", says(*map(french, (cited, versions, origin))))


def _in_french(day: date) -> str:
    return f"{'1er' if day.day == 1 else day.day} {MONTHS[day.month - 1]} {day.year}"
