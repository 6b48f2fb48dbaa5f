"""Paper sheets as accessible PDF (PDF/UA): large type, boxes to tick, one idea a line; what the design asks for."""

from __future__ import annotations

import hashlib
import json
from itertools import count, groupby
from pathlib import Path

from impact.campaign import Campaign, Wave
from impact.collect.instruments import with_wording
from impact.errors import ImpactError, french, system_reason
from impact.questionnaire import Item

TEMPLATE = Path(__file__).with_name("paper.typ")
SIZE = 14
FORMS = {"select_multiple": "down", "integer": "number", "decimal": "number", "date": "date"}
OPENING = (
    "Il n’y a ni bonne ni mauvaise réponse.",
    "Cochez la case qui vous convient le mieux.",
    "Vous pouvez passer une question, ou vous arrêter quand vous voulez.",
    "Vous pouvez demander de l’aide.",
)
ALOUD = (
    "Lire lentement, mot à mot, sans expliquer ni commenter. Relire si on le demande.",
    "Ne pas montrer sa propre opinion, ni par la voix, ni par le visage.",
    "Rappeler qu’on peut passer une question. Laisser le temps.",
    "Cocher sur la feuille de la personne, devant elle ; à la question sur la façon de répondre, cocher la lecture.",
)


def version_code(campaign: Campaign) -> str:
    """Return the eight signs that tell one state of the questionnaire from another, printed on every sheet."""
    return hashlib.sha256(campaign.questionnaire.path.read_bytes()).hexdigest()[:8]


def write_paper(campaign: Campaign, folder: Path) -> list[Path]:
    """Write the PDF sheets of a campaign: what people fill in, and a sheet for who reads aloud.

    With a retrospective design on one sheet, each item of a scale has one column a wave; on separate sheets, one file
    a wave.

    Raises
    ------
    QuestionnaireError when a scale's wording may not be printed; ImpactError when a file cannot be written.
    """
    questionnaire = with_wording(campaign)
    scaled = {item.name for scale in questionnaire.scales for item in scale.items}
    keys = list(campaign.key_questions)
    questions = [(question, _form(question, scaled, campaign)) for question in (*keys, *questionnaire.questions)]
    sheets: dict[str, tuple[Wave | None, bool]] = {"questionnaire": (None, False), "lecture_a_voix_haute": (None, True)}
    if campaign.design == "retrospective_separate":
        sheets = {f"questionnaire_{wave.code}": (wave, False) for wave in campaign.waves} | {
            "lecture_a_voix_haute": (None, True)
        }
    folder.mkdir(parents=True, exist_ok=True)
    return [
        _compile(_sheet(campaign, questions, wave, aloud), folder / f"{campaign.name}_{name}.pdf")
        for name, (wave, aloud) in sheets.items()
    ]


def _form(question: Item, scaled: set[str], campaign: Campaign) -> str:
    """How the answer is given: boxes across or down, one column a wave, squares, or lines to write on."""
    if question.name in scaled:
        return "columns" if campaign.design == "retrospective_same_sheet" else "across"
    if question in campaign.key_questions and question.kind == "text":
        return "code"
    return "down" if question.choices else FORMS.get(question.kind, "lines")


def _sheet(campaign: Campaign, questions: list[tuple[Item, str]], wave: Wave | None, aloud: bool) -> dict:
    told = wave is not None or campaign.design == "retrospective_same_sheet"
    moment = campaign.columns.get("wave", "wave")
    asked = [(question, form) for question, form in questions if not (told and question.name == moment)]
    number, code = count(1), version_code(campaign)
    sections = [
        {"label": label, "questions": [_question(question, form, next(number), aloud) for question, form in group]}
        for label, group in groupby(asked, key=lambda pair: pair[0].section)
    ]
    sections[-1]["questions"][-1]["last"] = True
    subtitle = f"Répondez pour ce moment : {wave.label.lower()}" if wave else "Feuille de lecture à voix haute" * aloud
    return {
        "title": campaign.questionnaire.title,
        "author": campaign.title,
        "size": SIZE,
        "notice": "Exemple, données fictives" if campaign.fictif else "",
        "subtitle": french(subtitle),
        "footer": french(f"{campaign.title} · version {campaign.version} · {code}"),
        "qr": qr_code(f"{campaign.name} {campaign.version} {code}"),
        "qr_alt": french(f"Code de la version : {campaign.name}, version {campaign.version}, {code}"),
        "opening": [french(sentence) for sentence in (ALOUD if aloud else OPENING)],
        "closing": french("C’est fini. Merci !"),
        "waves": [wave.label for wave in campaign.waves],
        "sections": sections,
    }


def _question(question: Item, form: str, number: int, aloud: bool) -> dict:
    choices = [{"code": choice.name, "label": french(choice.label)} for choice in question.choices]
    spoken = " — ".join(choice["label"] for choice in choices)
    return {
        "number": f"{number}.",
        "label": french(question.label),
        "hint": french(question.hint),
        "form": form,
        "choices": choices,
        "last": False,
        "say": (french(f"Réponses à lire : {spoken}") if choices else "Noter la réponse mot à mot.") if aloud else "",
    }


def qr_code(text: str) -> str:
    """Return a QR code as SVG, for `accessible_pdf`'s templates."""
    import segno

    return segno.make(text, error="m").svg_inline(scale=4, border=2)


def accessible_pdf(template: Path, data: dict) -> bytes:
    """Return the PDF (PDF/UA-1) of a typst template, which reads `data` as JSON; fonts come with matplotlib."""
    import matplotlib
    import typst

    fonts = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    options = {"font_paths": [str(fonts)], "ignore_system_fonts": True, "pdf_standards": "ua-1", "format": "pdf"}
    return typst.compile(str(template), sys_inputs={"data": json.dumps(data)}, **options)


def _compile(sheet: dict, path: Path) -> Path:
    try:
        path.write_bytes(accessible_pdf(TEMPLATE, sheet))
    except OSError as error:
        raise ImpactError(f"impossible d’écrire ({system_reason(error)}).", where=path) from None
    return path
