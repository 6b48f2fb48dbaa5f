"""The register of instruments: who may use which scale, and the wording that only its holder may load."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

from impact.campaign import Campaign
from impact.errors import CampaignError, Problem, QuestionnaireError, nearest
from impact.questionnaire import Item, Questionnaire, Scale

WORDING_FILE = "enonces.toml"


def with_wording(campaign: Campaign) -> Questionnaire:
    """Return the questionnaire ready to be shown to people, the user's own wording loaded where it must be.

    Raises
    ------
    QuestionnaireError listing the scales whose licence forbids it, or says nothing, and what to do for each.
    CampaignError when `enonces.toml` is faulty.
    """
    questionnaire, wording = campaign.questionnaire, _read_wording(campaign)
    problems = [
        problem for scale in questionnaire.scales for problem in _forbidden(scale, wording, questionnaire.path.name)
    ]
    if problems:
        raise QuestionnaireError(problems)
    worded = {item.name: _worded(item, wording) for item in questionnaire.questions}
    scales = tuple(
        replace(scale, items=tuple(worded[item.name] for item in scale.items)) for scale in questionnaire.scales
    )
    return replace(questionnaire, questions=tuple(worded.values()), scales=scales)


def _worded(item: Item, wording: dict[str, str]) -> Item:
    return replace(item, label=wording.get(item.name, item.label))


def _forbidden(scale: Scale, wording: dict[str, str], file: str) -> list[Problem]:
    place = {"file": file, "sheet": "survey", "column": "redistribution", "value": scale.name}
    if not scale.redistribution:
        advice = f"Lire la licence (« {scale.licence} »), puis écrire oui ou non dans cette colonne."
        return [
            Problem(rule="rien ne dit si les énoncés de cette échelle peuvent être diffusés", advice=advice, **place)
        ]
    missing = [item.name for item in scale.items if item.name not in wording]
    if scale.redistribution == "oui" or not missing:
        return []
    advice = (
        f"Demander l’accord aux auteurs ({scale.source}), puis écrire les énoncés dans « {WORDING_FILE} », à côté du "
        f"questionnaire et hors de git ; il y manque : {', '.join(missing)}. Sinon, retirer l’échelle."
    )
    return [Problem(rule="la licence interdit de diffuser les énoncés de cette échelle", advice=advice, **place)]


def _read_wording(campaign: Campaign) -> dict[str, str]:
    path = Path(campaign.folder) / WORDING_FILE
    if not path.is_file():
        return {}
    try:
        wording = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        advice = 'Écrire une ligne par item, par exemple : lie1 = "Énoncé".'
        raise CampaignError(f"le fichier n’est pas du TOML lisible ({error}).", where=path, remedy=advice) from None
    known = [item.name for item in campaign.questionnaire.questions]
    for name, text in wording.items():
        if name not in known or not isinstance(text, str):
            raise CampaignError(
                f"« {name} » n’est pas un item, ou n’est pas un texte.", where=path, remedy=nearest(name, known)
            )
    return wording
