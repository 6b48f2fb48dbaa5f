"""The XLSForm that KoboToolbox and ODK take: the questionnaire's own rows, and first what every form must ask."""

from __future__ import annotations

from pathlib import Path

from impact.campaign import Campaign
from impact.collect.instruments import with_wording
from impact.collect.responses import save_book
from impact.questionnaire import Item

# Columns of ours that mean nothing to KoboToolbox and ODK.
OURS = {
    "survey": (
        "reverse", "breakdown", "score", "min_answered", "dimension", "direction", "source", "licence", "usage",
        "redistribution", "note",
    ),
    "choices": ("points", "missing"),
    "settings": (),
}  # fmt: skip
Row = dict[str, str]


def write_xlsform(campaign: Campaign, path: Path) -> Path:
    """Write the questionnaire as an .xlsx XLSForm, with the questions that say who, where and when before it.

    Raises
    ------
    QuestionnaireError when a scale's wording may not be redistributed; ResponsesError when the file cannot be written.
    """
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    for name, rows in _sheets(campaign).items():
        sheet, columns = book.create_sheet(name), list(dict.fromkeys(column for row in rows for column in row))
        for row in [columns, *([row.get(column, "") for column in columns] for row in rows)]:
            sheet.append(row)
    return save_book(book, path)


def _sheets(campaign: Campaign) -> dict[str, list[Row]]:
    from pyxform.xls2json_backends import get_xlsform

    from impact.questionnaire.xlsform import YES

    questionnaire = with_wording(campaign)
    form = get_xlsform(questionnaire.path)
    sheets = {
        name: [
            {column: str(cell) for column, cell in row.items() if column not in ours}
            for row in getattr(form, name) or []
        ]
        for name, ours in OURS.items()
    }
    label = next((column for row in sheets["survey"] for column in row if column.split("::")[0] == "label"), "label")
    hint = label.replace("label", "hint")
    texts = {question.name: question.label for question in questionnaire.questions}
    for row in sheets["survey"]:
        if row.get("name") in texts:
            row[label] = texts[row["name"]]
        if "required" in row:
            row["required"] = "yes" if row["required"].lower() in YES else "no"
    keys = campaign.key_questions
    opening = {"type": "begin_group", "name": "identification", label: keys[0].section} if keys else {}
    asked = [opening, *(_question(key, label, hint) for key in keys), {"type": "end_group"}] if keys else []
    listed = [{"list_name": key.name, "name": one.name, label: one.label} for key in keys for one in key.choices]
    settings = {"form_title": questionnaire.title, "form_id": campaign.name, "version": questionnaire.version}
    return {
        "survey": asked + sheets["survey"],
        "choices": listed + sheets["choices"],
        "settings": [settings | (sheets["settings"] or [{}])[0]],
    }


def _question(key: Item, label: str, hint: str) -> Row:
    kind = f"select_one {key.name}" if key.choices else key.kind
    return {"type": kind, "name": key.name, label: key.label, hint: key.hint, "required": "yes"}
