"""From referentiel.csv to a Framework: every fault is collected, then told at once."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from pathlib import Path

from impact.errors import Problem, QuestionnaireError, nearest
from impact.framework import (
    COLLECTIONS,
    COUNT,
    NATURES,
    QUESTION,
    SCALE,
    TRANSVERSAL,
    UNITS,
    VERBATIM,
    Criterion,
    Edition,
    Framework,
    Indicator,
    Register,
)  # fmt: skip
from impact.questionnaire import Questionnaire

EDITION, REGISTER, CRITERION, INDICATOR = LEVELS = ("referentiel", "registre", "critere", "indicateur")
PARENTS = {CRITERION: REGISTER, INDICATOR: CRITERION}
COLUMNS = (
    "niveau", "code", "parent", "association", "libelle", "version", "pour_qui", "transversal", "mene_a", "nature",
    "attendu", "sens", "type", "collecte", "source", "unite", "quand", "par_qui",
)  # fmt: skip
NEEDED = {
    EDITION: ("libelle", "version"),
    REGISTER: ("libelle",),
    CRITERION: ("libelle", "pour_qui"),
    INDICATOR: ("libelle", "quand", "par_qui"),
}
WORDS = {
    "nature": NATURES, "attendu": ("oui", "non"), "sens": ("positif", "négatif"),
    "type": ("quantitatif", "qualitatif"), "collecte": COLLECTIONS,
}  # fmt: skip
CODE = re.compile(r"[a-z][a-z0-9_]*")
Cells = dict[str, str]


def read_framework(path: Path, questionnaire: Questionnaire, associations: Iterable[str]) -> Framework:
    """Read the référentiels of a campaign: one row a référentiel, registre, critère or indicateur.

    Parameters
    ----------
    path : CSV (`;` or `,`; UTF-8 or Windows-1252). `parent` names the registre of a critère, the critère of an
        indicateur; `association` is empty for the transversal référentiel; `mene_a` holds codes separated by spaces.
    questionnaire : its scales and questions are what `source` may name. associations : their codes.

    Returns
    -------
    Framework, empty when there is no such file: a campaign may do without.

    Raises
    ------
    QuestionnaireError listing every fault at once (file, line, column, value, rule, advice).
    """
    if not path.is_file():
        return Framework()
    reader = _Reader(path, questionnaire, tuple(associations))
    framework = reader.framework()
    if reader.problems:
        raise QuestionnaireError(sorted(reader.problems, key=lambda problem: problem.row or 0))
    return framework


class _Reader:
    """Walks the rows of one file; its only state is the list of problems."""

    def __init__(self, path: Path, questionnaire: Questionnaire, associations: tuple[str, ...]):
        self.path, self.associations = path, associations
        scales, questions = questionnaire.scales, questionnaire.questions
        self.sources = {
            SCALE: [scale.name for scale in scales],
            QUESTION: [question.name for question in questions],
            VERBATIM: [question.name for question in questions if question.kind == "text"],
        }
        self.problems: list[Problem] = []
        self.rows = self._read()
        self.by_code = {cells["code"]: (line, cells) for line, cells in reversed(self.rows)}

    def fault(self, rule: str, advice: str, line: int | None = None, column: str = "", value: str = "") -> None:
        """Record one fault."""
        self.problems.append(Problem(self.path.name, rule, advice, row=line, column=column, value=value))

    def _read(self) -> list[tuple[int, Cells]]:
        """Line number in the file, cells by column, without their outer spaces; empty lines left out."""
        content = self.path.read_bytes()
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("cp1252", errors="replace")
        delimiter = ";" if ";" in text.partition("\n")[0] else ","
        table = csv.reader(io.StringIO(text), delimiter=delimiter)
        header = [cell.strip() for cell in next(table, [])]
        for column in header:
            if column not in COLUMNS:
                self.fault("colonne inconnue", nearest(column, COLUMNS), 1, column or "(vide)")
        for column in COLUMNS:
            if column not in header:
                self.fault("colonne absente", "L’ajouter, même vide, d’après « demonstration ».", 1, column)
        blank = dict.fromkeys(COLUMNS, "")
        return [
            (table.line_num, blank | {column: cell.strip() for column, cell in zip(header, cells, strict=False)})
            for cells in table
            if any(cell.strip() for cell in cells)
        ]

    def framework(self) -> Framework:
        """Return what the file declares, as far as it could be read (complete when there is no problem)."""
        for line, cells in self.rows:
            self._check_row(line, cells)
            self._check_parent(line, cells)
        self._check_families()
        self._check_cycles()
        if self.problems:
            return Framework()
        rows = {level: [cells for _, cells in self.rows if cells["niveau"] == level] for level in LEVELS}
        return Framework(
            tuple(Edition(cells["association"], cells["libelle"], cells["version"]) for cells in rows[EDITION]),
            tuple(Register(cells["code"], cells["libelle"]) for cells in rows[REGISTER]),
            tuple(_criterion(cells, rows[INDICATOR]) for cells in rows[CRITERION]),
        )

    def _check_row(self, line: int, cells: Cells) -> None:
        """Check what one row says by itself."""
        level, code = cells["niveau"], cells["code"]
        if level not in LEVELS:
            self.fault("niveau inconnu", nearest(level, LEVELS), line, "niveau", level)
        if not CODE.fullmatch(code):
            advice = "Commencer par une lettre ; minuscules sans accent, chiffres et « _ » seulement."
            self.fault("code refusé", advice, line, "code", code)
        elif self.by_code[code][0] != line:
            advice = f"Il sert déjà à la ligne {self.by_code[code][0]} : en choisir un autre."
            self.fault("code en double", advice, line, "code", code)
        for column in NEEDED.get(level, ()):
            if not cells[column]:
                self.fault("cellule vide", "La remplir.", line, column)
        if cells["association"] and cells["association"] not in self.associations:
            advice = nearest(cells["association"], self.associations)
            self.fault("association inconnue", advice, line, "association", cells["association"])
        if level == CRITERION:
            self._check_links(line, cells)
        if level == INDICATOR:
            self._check_indicator(line, cells)

    def _check_parent(self, line: int, cells: Cells) -> None:
        """A critère stands in a registre, an indicateur in a critère of the same référentiel."""
        wanted = PARENTS.get(cells["niveau"])
        if wanted is None:
            return
        name = {REGISTER: "registre", CRITERION: "critère"}[wanted]
        _, parent = self.by_code.get(cells["parent"], (0, {}))
        if parent.get("niveau") != wanted:
            known = [code for code, (_, one) in self.by_code.items() if one["niveau"] == wanted]
            what = "critère orphelin" if wanted == REGISTER else "indicateur orphelin"
            self.fault(
                f"{what} : ce {name} n’existe pas", nearest(cells["parent"], known), line, "parent", cells["parent"]
            )
        elif wanted == CRITERION and cells["association"] != parent["association"]:
            advice = f"Écrire « {parent['association']} », comme son critère, ou laisser vide comme lui."
            self.fault("l’association n’est pas celle du critère", advice, line, "association", cells["association"])

    def _check_links(self, line: int, cells: Cells) -> None:
        """`transversal` names a common criterion; `mene_a` names criteria of the same référentiel."""
        common = self._criteria(TRANSVERSAL)
        if cells["transversal"] and (cells["transversal"] not in common or not cells["association"]):
            advice = (
                nearest(cells["transversal"], common)
                if cells["association"]
                else "Ce critère est déjà transversal : vider la cellule."
            )
            self.fault("lien vers un critère transversal impossible", advice, line, "transversal", cells["transversal"])
        same = self._criteria(cells["association"])
        for code in cells["mene_a"].split():
            if code not in same:
                self.fault("critère inconnu dans ce référentiel", nearest(code, same), line, "mene_a", code)

    def _criteria(self, association: str) -> list[str]:
        rows = [cells for _, cells in self.rows if cells["niveau"] == CRITERION]
        return [cells["code"] for cells in rows if cells["association"] == association]

    def _check_indicator(self, line: int, cells: Cells) -> None:
        """Check the words of an indicateur, and that what it is collected with exists."""
        for column, allowed in WORDS.items():
            if cells[column] not in allowed:
                self.fault("valeur inconnue", nearest(cells[column], allowed), line, column, cells[column])
        how, source = cells["collecte"], cells["source"]
        if how in self.sources and source not in self.sources[how]:
            what = {SCALE: "échelle inconnue", QUESTION: "question inconnue", VERBATIM: "question ouverte inconnue"}
            self.fault(what[how], nearest(source, self.sources[how]), line, "source", source)
        if how == COUNT and cells["unite"] not in UNITS:
            self.fault("unité de comptage inconnue", nearest(cells["unite"], UNITS), line, "unite", cells["unite"])

    def _check_families(self) -> None:
        """Each référentiel is declared once, and each critère has something to look at."""
        declared = [cells["association"] for _, cells in self.rows if cells["niveau"] == EDITION]
        seen, parents = set(), {cells["parent"] for _, cells in self.rows if cells["niveau"] == INDICATOR}
        for line, cells in self.rows:
            association, level = cells["association"], cells["niveau"]
            whose = f"de « {association} »" if association else "transversal"
            if level == EDITION and association in seen:
                self.fault(f"référentiel {whose} déclaré deux fois", "N’en garder qu’une ligne.", line, "association")
            if level in (EDITION, CRITERION) and association not in seen:
                seen.add(association)
                if association not in declared:
                    advice = "Ajouter une ligne « referentiel » avec son titre et sa version."
                    self.fault(f"référentiel {whose} sans titre ni version", advice, line, "association")
            if level == CRITERION and cells["code"] not in parents:
                self.fault("critère sans indicateur", "Lui en donner au moins un.", line, "code", cells["code"])

    def _check_cycles(self) -> None:
        """No criterion leads back to itself: each loop is told once, where it closes."""
        leads = {cells["code"]: cells["mene_a"].split() for _, cells in self.rows if cells["niveau"] == CRITERION}
        done: set[str] = set()

        def follow(code: str, path: list[str]) -> None:
            if code in path:
                loop = " → ".join([*path[path.index(code) :], code])
                advice = "Retirer un de ces liens : un effet ne peut pas mener à ce qui l’a produit."
                self.fault("les critères tournent en rond", advice, self.by_code[path[-1]][0], "mene_a", loop)
            elif code not in done:
                for following in leads.get(code, ()):
                    follow(following, [*path, code])
                done.add(code)

        for code in leads:
            follow(code, [])


def _criterion(cells: Cells, indicators: list[Cells]) -> Criterion:
    own = tuple(_indicator(one) for one in indicators if one["parent"] == cells["code"])
    texts = (cells[column] for column in ("code", "libelle", "parent", "association", "pour_qui", "transversal"))
    return Criterion(*texts, leads_to=tuple(cells["mene_a"].split()), indicators=own)


def _indicator(cells: Cells) -> Indicator:
    return Indicator(
        cells["code"],
        cells["libelle"],
        cells["nature"],
        expected=cells["attendu"] == "oui",
        positive=cells["sens"] == "positif",
        quantitative=cells["type"] == "quantitatif",
        how=cells["collecte"],
        source=cells["source"],
        unit=cells["unite"],
        when=cells["quand"],
        by=cells["par_qui"],
    )
