"""A campaign: its questionnaire, référentiel, associations, waves, design and disclosure rules, from campagne.toml."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from impact.campaign.rules import Rules
from impact.errors import CampaignError, nearest
from impact.framework import Framework
from impact.questionnaire import CODE_RULE, KEY_COLUMNS, KEY_LABELS, Choice, Item, Questionnaire

DESIGNS = (
    "before_after",
    "retrospective_separate",
    "retrospective_same_sheet",
    "after_only",
    "repeated_cross_sections",
)
PAIRED = DESIGNS[:3]
KEYS = {
    "": ("title", "version", "fictif", "design", "waves", "associations", "disclosure", "columns"),
    "waves": ("code", "label"),
    "associations": ("code", "label", "sector", "comparison"),
    "columns": KEY_COLUMNS,
}
RESERVED = ("public", "responsable", "bilans", "activite")  # folders written beside those of the associations
CODE = re.compile(r"[a-z0-9_]+")


@dataclass(frozen=True)
class Wave:
    """One moment of measure."""

    code: str
    label: str


@dataclass(frozen=True)
class Association:
    """One association or project; `comparison` marks a group that does not take part in the action."""

    code: str
    label: str
    sector: str = ""
    comparison: bool = False


@dataclass(frozen=True)
class Campaign:
    """All that is declared before the first answer comes."""

    name: str
    title: str
    version: str
    fictif: bool
    design: str
    waves: tuple[Wave, ...]
    associations: tuple[Association, ...]
    rules: Rules
    questionnaire: Questionnaire
    framework: Framework = field(default_factory=Framework)
    columns: dict[str, str] = field(default_factory=dict)
    folder: Path = field(default=Path(), compare=False)

    @property
    def paired(self) -> bool:
        """Whether the same persons answer for both waves."""
        return self.design in PAIRED

    @property
    def key_questions(self) -> tuple[Item, ...]:
        """What every form asks besides the questionnaire: which association, when, and the self-made code.

        A question with one possible answer is not asked, nor a code that would match nothing.
        """
        asked = {"association": self.associations, "wave": self.waves}
        questions = [
            self._key_question(key, kind="select_one", choices=tuple(Choice(one.code, one.label) for one in places))
            for key, places in asked.items()
            if len(places) > 1
        ]
        if self.paired:
            questions.append(self._key_question("participant", kind="text", hint=CODE_RULE))
        return tuple(questions)

    def _key_question(self, key: str, **declared: object) -> Item:
        name = self.columns.get(key, key)
        return Item(name, KEY_LABELS[key], section="Pour commencer", required=True, **declared)

    def association(self, code: str) -> Association:
        """Return the association called `code`."""
        return next(association for association in self.associations if association.code == code)


def example_folder(kind: str) -> Path:
    """Return "questionnaires", "carnets" or "donnees_anonymisees" as shipped, in the sources or once installed."""
    package = Path(__file__).resolve().parents[1]
    places = (package.parent / kind, package / "_partage" / kind)
    return next((place for place in places if place.is_dir()), places[0])


def declared_campaigns() -> dict[str, Path]:
    """Return the folder of each campaign declared in `questionnaires/`: here, above here, or shipped as an example."""
    here = [folder / "questionnaires" for folder in (Path(), *Path.cwd().parents)]
    places = [example_folder("questionnaires"), *reversed(here)]
    return {file.parent.name: file.parent for place in places for file in sorted(place.glob("*/campagne.toml"))}


def read_campaign(campaign: str | Path) -> Campaign:
    """Read a campaign by its name in `questionnaires/`, or by its folder.

    Raises
    ------
    CampaignError when it is unknown or campagne.toml is faulty; QuestionnaireError for its questionnaire or
    référentiel.
    """
    folder = Path(campaign)
    if not (folder / "campagne.toml").is_file():
        known = declared_campaigns()
        folder = known.get(str(campaign), folder)
    file = folder / "campagne.toml"
    if not file.is_file():
        raise CampaignError(f"la campagne « {campaign} » est introuvable.", remedy=nearest(str(campaign), known))
    try:
        declared = tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        advice = "Comparer avec celui de « demonstration »."
        raise CampaignError(f"le fichier n’est pas du TOML lisible ({error}).", where=file, remedy=advice) from None
    try:
        return _build(folder, declared)
    except CampaignError as error:
        where = f"{file}, {error.where}" if error.where else file
        raise CampaignError(error.what, where=where, remedy=error.remedy) from None


def _build(folder: Path, declared: dict) -> Campaign:
    from impact.framework.file import read_framework
    from impact.questionnaire.xlsform import read_questionnaire

    _check_keys(declared)
    waves = tuple(Wave(**wave) for wave in declared["waves"])
    associations = tuple(Association(**association) for association in declared["associations"])
    _check_codes("waves", [wave.code for wave in waves])
    _check_codes("associations", [association.code for association in associations])
    design = declared["design"]
    if design not in DESIGNS:
        raise CampaignError(f"dispositif inconnu « {design} ».", where="design", remedy=nearest(str(design), DESIGNS))
    expected = 1 if design == "after_only" else 2
    if len(waves) < expected:
        raise CampaignError(f"le dispositif « {design} » demande au moins {expected} vagues.", where="waves")
    files = [folder / "questionnaire.md", folder / "questionnaire.xlsx"]
    questionnaire = read_questionnaire(next((file for file in files if file.is_file()), files[0]))
    codes = [association.code for association in associations]
    return Campaign(
        name=folder.resolve().name,
        title=declared["title"],
        version=str(declared["version"]),
        fictif=declared["fictif"],
        design=design,
        waves=waves,
        associations=associations,
        rules=Rules.from_mapping(declared["disclosure"]),
        questionnaire=questionnaire,
        framework=read_framework(folder / "referentiel.csv", questionnaire, codes),
        columns=declared.get("columns", {}),
        folder=folder,
    )


def _check_keys(declared: dict) -> None:
    """Refuse unknown keys (with the nearest one), missing keys, and values of the wrong kind."""
    tables = [("", declared), ("columns", declared.get("columns", {}))]
    for name in ("waves", "associations"):
        if not isinstance(declared.get(name), list):
            raise CampaignError(f"il manque [[{name}]].", remedy="L’ajouter d’après « demonstration ».")
        tables += [(name, table) for table in declared[name]]
    for where, table in tables:
        for key in table:
            if key not in KEYS[where]:
                raise CampaignError(f"clé inconnue « {key} ».", where=where, remedy=nearest(key, KEYS[where]))
    required = {"title": str, "version": (str, int), "fictif": bool, "design": str, "disclosure": dict}
    for key, kind in required.items():
        if not isinstance(declared.get(key), kind):
            raise CampaignError(
                f"« {key} » manque ou n’a pas la bonne forme.", remedy="Voir celui de « demonstration »."
            )
    for where, table in tables[2:]:
        for key in ("code", "label"):
            if not isinstance(table.get(key), str):
                raise CampaignError(
                    f"« {key} » manque ou n’est pas un texte.", where=f"[[{where}]]", remedy="L’ajouter."
                )


def _check_codes(where: str, codes: list[str]) -> None:
    for code in codes:
        if not CODE.fullmatch(code):
            advice = "Minuscules sans accent, chiffres et « _ » seulement."
            raise CampaignError(f"code refusé « {code} ».", where=f"[[{where}]]", remedy=advice)
        if where == "associations" and code in RESERVED:
            what = f"code réservé « {code} » : un dossier de résultats porte déjà ce nom."
            raise CampaignError(what, where=f"[[{where}]]", remedy="En changer.")
        if codes.count(code) > 1:
            raise CampaignError(f"code en double « {code} ».", where=f"[[{where}]]", remedy="En changer un.")
