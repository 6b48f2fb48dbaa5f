"""What every column of the open files means: declared once, written as a page, a table schema and a DDI codebook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from impact.campaign import Campaign
from impact.disclosure import KEYS, Release
from impact.open_data.documents import Block, Grid, Heading, Paragraph
from impact.open_data.respondents import ID, WAVE, Respondents
from impact.questionnaire import ILLEGIBLE, Choice, Item
from impact.results import FRENCH, FRENCH_STATISTICS
from impact.sentences.panorama import NOT_YET, evidence, kind
from impact.wording import number

RESULTS, RESPONDENTS, SYNTHETIC = "resultats.csv", "repondants.csv", "synthetique.csv"
NOT_FOR_INFERENCE = "Fichier synthétique, non destiné à l’inférence : aucune ligne ni aucun nombre n’y est réel."
TITLES = {
    RESULTS: "Résultats de toutes les associations ensemble, arrondis",
    RESPONDENTS: "Répondants : scores avant et après, sans association, ni date, ni texte",
    SYNTHETIC: "Toutes les colonnes du questionnaire, sans aucune réponse réelle",
}
EVIDENCE = (
    f"Preuve : score, comptage, paroles, ou {NOT_YET}. Les comptages et les paroles sont à l’association qui les a "
    "recueillis : elle les lit sur sa page, et ils ne sont pas dans ces fichiers."
)
NUMBERS = {"n": "effectif arrondi", "estimate": "estimation", "ci_low": "borne basse", "ci_high": "borne haute"}


@dataclass(frozen=True)
class Variable:
    """One column: its name, what it says, "string", "number" or "integer", its categories or its range."""

    name: str
    label: str
    kind: str = "string"
    categories: tuple[Choice, ...] = ()
    low: float | None = None
    high: float | None = None
    unique: bool = False


def variables(campaign: Campaign, made: Respondents) -> dict[str, list[Variable]]:
    """Return the columns of each open file, in order."""
    return {
        RESULTS: _results_columns(),
        RESPONDENTS: _respondent_columns(campaign, made),
        SYNTHETIC: _synthetic_columns(campaign),
    }


def codebook(campaign: Campaign, made: Respondents) -> list[Block]:
    """Write the codebook page: the files, their columns, the scales and how they are scored."""
    questionnaire = campaign.questionnaire
    blocks: list[Block] = [Heading(f"Dictionnaire des données : {campaign.title}", 1)]
    blocks += [Paragraph("Exemple, données fictives.")] if campaign.fictif else []
    for file, columns in variables(campaign, made).items():
        blocks += [Heading(f"{file}"), Paragraph(f"{TITLES[file]}.")]
        blocks += [Paragraph(NOT_FOR_INFERENCE)] if file == SYNTHETIC else []
        blocks.append(Grid(("Colonne", "Ce qu’elle dit", "Valeurs"), [(v.name, v.label, _values(v)) for v in columns]))
    blocks.append(Heading("Statistiques de resultats.csv"))
    blocks.append(Grid(("Nom", "En français"), list(FRENCH_STATISTICS.items())))
    blocks.append(Heading("Échelles"))
    for scale in questionnaire.scales:
        rule = "somme" if scale.score == "sum" else "moyenne"
        low, high = (number(value, 0 if value == int(value) else 1) for value in scale.range)
        blocks += [
            Heading(f"{scale.label} ({scale.name})", 3),
            Paragraph(
                f"Dimension : {scale.dimension}. Score : {rule} des items, de {low} à {high}, dès que "
                f"{scale.min_answered} items ont une réponse (les autres comptent comme la moyenne de ceux-là). "
                f"Source : {scale.source}. Licence : {scale.licence}."
            ),
            Grid(
                ("Item", "Texte", "Sens"),
                [(item.name, item.label, "inversé" if item.reverse else "direct") for item in scale.items],
            ),
        ]
    return blocks


def indicators(release: Release) -> list[tuple[Mapping, Mapping]]:
    """Return the criterion and the indicator of every line of the référentiel of a release; none without one."""
    criteria = release.context.get("framework", {"criteria": ()})["criteria"]
    return [(criterion, one) for criterion in criteria for one in criterion["indicators"]]


def known_indicators(public: Release) -> list[Block]:
    """Write what evidence the public has of each indicator of the common référentiel; nothing without one."""
    rows = [
        (criterion["label"], f"{one['label']} ({one['code']})", kind(one), evidence(public, one))
        for criterion, one in indicators(public)
    ]
    if not rows:
        return []
    columns = ("Critère", "Indicateur", "Preuve", "Ce que l’on en sait")
    return [Heading("Référentiel commun, vu par le public"), Paragraph(EVIDENCE), Grid(columns, rows)]


def _results_columns() -> list[Variable]:
    words = [Variable(name, FRENCH[name]) for name in KEYS]
    numbers = [Variable(name, label, "number") for name, label in NUMBERS.items()]
    return [*words, *numbers, *(Variable(name, FRENCH[name]) for name in ("bound", "status", "reason"))]


def _respondent_columns(campaign: Campaign, made: Respondents) -> list[Variable]:
    columns = [Variable(ID, "identifiant tiré au sort, sans lien avec aucun autre", unique=True)]
    waves = tuple(Choice(wave.code, wave.label) for wave in campaign.waves)
    for key in made.keys:
        if key == WAVE:
            columns.append(Variable(WAVE, "moment de la réponse", categories=waves))
        else:
            columns.append(Variable(key, campaign.questionnaire.question(key).label, categories=made.widened[key]))
    for scale in campaign.questionnaire.scales:
        for wave in campaign.waves if campaign.paired else [None]:
            name = scale.name if wave is None else f"{scale.name}_{wave.code}"
            label = f"score « {scale.label} »" + ("" if wave is None else f", {wave.label.lower()}")
            columns.append(Variable(name, label, "number", (), *scale.range))
    order = {name: place for place, name in enumerate([ID, *made.keys, *made.scores])}
    return sorted(columns, key=lambda column: order[column.name])


def _synthetic_columns(campaign: Campaign) -> list[Variable]:
    places = tuple(Choice(one.code, one.label) for one in campaign.associations)
    waves = tuple(Choice(one.code, one.label) for one in campaign.waves)
    keys = [Variable("association", "association", categories=places), Variable("wave", "vague", categories=waves)]
    keys.append(Variable("participant", "code inventé, le même aux deux vagues"))
    return [*keys, *(_question(question) for question in campaign.questionnaire.questions)]


def _question(question: Item) -> Variable:
    several = question.kind == "select_multiple"
    categories = () if several or not question.choices else (*question.choices, Choice(ILLEGIBLE, "Illisible"))
    return Variable(question.name, question.label, categories=categories)


def _values(variable: Variable) -> str:
    if variable.categories:
        return " ; ".join(f"{choice.name} : {choice.label}" for choice in variable.categories)
    if variable.low is not None:
        low, high = (number(value, 0 if value == int(value) else 1) for value in (variable.low, variable.high))
        return f"de {low} à {high}"
    return {"string": "texte", "number": "nombre"}[variable.kind]
