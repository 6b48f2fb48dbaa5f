"""Reading what other tools export: the format is recognised by its shape, then turned into the contract's columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd

from impact.campaign import Campaign
from impact.collect.coding import plain
from impact.collect.columns import Target, choices_of, find, names_of, rename_columns
from impact.collect.correspondence import apply_correspondence, read_correspondence
from impact.collect.limesurvey import answer_codes, question_codes
from impact.collect.responses import Answers, Rows, cut, read_rows
from impact.collect.spss import read_spss
from impact.errors import Problem, ResponsesError, check_option

FORMATS = {
    "tableau": "tableau",
    "limesurvey": "export LimeSurvey",
    "kobo": "export KoboToolbox ou ODK",
    "formulaire": "export Framaforms ou Google Forms",
    "qualtrics": "export Qualtrics",
    "spss": "fichier SPSS",
}
# Columns that an exporter adds to the answers: they say nothing that the questionnaire asked.
ADDED = {
    "limesurvey": (
        "id", "submitdate", "lastpage", "startlanguage", "seed", "token", "startdate", "datestamp", "ipaddr", "refurl",
        "Response ID", "Date submitted", "Last page", "Start language", "Date started", "Date last action",
        "IP address", "Referrer URL", "ID de la réponse", "Date de soumission", "Dernière page", "Langue de départ",
        "Tête de série", "Date de lancement", "Date de la dernière action", "Adresse IP", "URL de référence",
    ),
    "kobo": (
        "start", "end", "today", "username", "deviceid", "phonenumber", "_id", "_uuid", "_submission_time",
        "_validation_status", "_notes", "_status", "_submitted_by", "__version__", "_tags", "_index", "meta/instanceID",
        "meta/instanceName", "meta/rootUuid", "SubmissionDate", "KEY", "SubmitterID", "SubmitterName",
        "AttachmentsPresent", "AttachmentsExpected", "Status", "ReviewState", "DeviceID", "Edits", "FormVersion",
        "meta-instanceID", "meta-instanceName", "instanceID",
    ),
    "formulaire": (
        "Horodateur", "Timestamp", "Adresse e-mail", "Email Address", "Username", "Serial", "SID", "Time",
        "Submitted Time", "Completed Time", "Modified Time", "Draft", "IP Address", "UID", "Numéro de série", "Temps",
        "Heure de soumission", "Heure de finalisation", "Heure de modification", "Brouillon", "Adresse IP",
        "Nom d’utilisateur", "Nom d'utilisateur",
    ),
    "qualtrics": (
        "StartDate", "EndDate", "Status", "IPAddress", "Progress", "Duration (in seconds)", "Finished", "RecordedDate",
        "ResponseId", "RecipientLastName", "RecipientFirstName", "RecipientEmail", "ExternalReference",
        "LocationLatitude", "LocationLongitude", "DistributionChannel", "UserLanguage",
    ),
}  # fmt: skip
SHAPES = {"limesurvey": ("brackets", "dotted"), "kobo": ("path",), "formulaire": ("brackets",)}
SUMMARIES = {"moyenne", "moyennes", "total", "totaux", "mean", "average", "somme", "ecart-type", "mediane"}


def read_export(path: str | Path, campaign: Campaign, *, format: str | None = None) -> Answers:
    """Read a file of answers, whatever tool it comes from, as a table with the columns the campaign declares.

    Parameters
    ----------
    path : .csv, .tsv, .xlsx, .ods or .sav.
    format : one of FORMATS; None recognises it. What was recognised is in `format` of the answers.

    Returns
    -------
    Answers. Columns that nobody declared are kept, to be told by the check; those an exporter adds are left out.

    Raises
    ------
    ResponsesError when the file cannot be read, or two columns answer the same question.
    """
    path = Path(path)
    if format is not None:
        check_option("format", format, FORMATS, ResponsesError)
    if path.suffix.lower() == ".sav":
        return _finish(read_spss(path, campaign), campaign, "spss")
    rows = read_rows(path)
    format = format or recognise(rows)
    answers = HEADS.get(format, _first_row)(path, rows, campaign)
    if format == "limesurvey":
        answers = replace(answers, table=_decoded(answers.table, campaign))
    return _finish(answers, campaign, format)


def recognise(rows: Rows) -> str:
    """Return the format that the first rows have the shape of, "tableau" when they look like no known export."""
    first = [{plain(cell) for cell in row} for _, row in rows[:3]]
    if any(cell.startswith('{"importid"') for row in first for cell in row):
        return "qualtrics"
    framaforms = any("sid" in row and row & {"serial", "numero de serie"} for row in first)
    if framaforms or first[0] & {"horodateur", "timestamp"}:
        return "formulaire"
    added = {name: {plain(column) for column in columns} for name, columns in ADDED.items()}
    found = {name: len(first[0] & columns) for name, columns in added.items() if name != "formulaire"}
    best = max(found, key=found.get)
    return best if found[best] >= 2 else "tableau"


def _finish(answers: Answers, campaign: Campaign, format: str) -> Answers:
    """Name the columns: the campaign's own correspondence first, then names and labels, whatever their shape."""
    declared = read_correspondence(campaign)
    table = apply_correspondence(answers.table, declared, campaign)
    added = {plain(column) for column in ADDED.get(format, ())}
    names, choices = names_of(campaign), choices_of(campaign)
    if format == "limesurvey":
        names, choices = _with_short_codes(names, choices, campaign)
    targets: dict[str, Target] = {}
    for column in table:
        if target := find(column, names, choices, SHAPES.get(format, ())):
            targets[column] = target
    useless = [column for column in table if column not in targets and plain(column) in added]
    table = rename_columns(table.drop(columns=useless), targets, campaign)
    problems = (*answers.problems, *_summary_rows(answers.path, table))
    return replace(answers, table=table, format=format, problems=problems)


def _first_row(path: Path, rows: Rows, campaign: Campaign) -> Answers:
    return cut(path, rows[0][1], rows[1:])


def _qualtrics(path: Path, rows: Rows, campaign: Campaign) -> Answers:
    """Names, then question texts, then import ids: only the first row names, the two next are not answers."""
    ids = [place for place, (_, row) in enumerate(rows[:3]) if any(cell.startswith('{"ImportId"') for cell in row)]
    return cut(path, rows[0][1], rows[(ids[0] if ids else 1) + 1 :])


def _form(path: Path, rows: Rows, campaign: Campaign) -> Answers:
    """Google Forms has one row of labels; Framaforms has three: title, question of split choices, label or choice."""
    heads = [place for place, (_, row) in enumerate(rows[:3]) if {"sid", "uid"} & {plain(cell) for cell in row}]
    if not heads or not heads[0]:
        return cut(path, rows[0][1], rows[1:])
    above, labels = rows[heads[0] - 1][1], rows[heads[0]][1]
    known = {*names_of(campaign), *(plain(column) for column in ADDED["formulaire"])}
    header, group = [], ""
    for place, label in enumerate(labels):
        group = above[place] if place < len(above) and above[place] else group
        header.append(label if plain(label) in known or not label else f"{group} [{label}]")
    return cut(path, header, rows[heads[0] + 1 :])


HEADS: dict[str, Callable[[Path, Rows, Campaign], Answers]] = {"qualtrics": _qualtrics, "formulaire": _form}


def _with_short_codes(names: dict, choices: dict, campaign: Campaign) -> tuple[dict, dict]:
    """Add the codes that `limesurvey` gave to the questions and choices it could not name as they are."""
    short = {plain(code): name for name, code in question_codes(campaign).items()}
    several = {}
    for name, known in choices.items():
        codes = answer_codes(campaign.questionnaire.question(name))
        several[name] = {plain(code): choice for choice, code in codes.items()} | known
    return short | names, several


def _decoded(table: pd.DataFrame, campaign: Campaign) -> pd.DataFrame:
    """Turn the answer codes LimeSurvey imposed back into the campaign's; labels and other cells stay."""
    names, choices = _with_short_codes(names_of(campaign), choices_of(campaign), campaign)
    questions = {question.name: question for question in (*campaign.key_questions, *campaign.questionnaire.questions)}
    decoded = table.copy()
    for column in table:
        target = find(column, names, choices, SHAPES["limesurvey"])
        if target and not target[1] and target[0] in questions:
            back = {short: code for code, short in answer_codes(questions[target[0]]).items() if short != code}
            decoded[column] = table[column].replace(back) if back else table[column]
    return decoded


def _summary_rows(path: Path, table: pd.DataFrame) -> list[Problem]:
    """A last row of means or totals is not a person: it goes to quarantine, and is told."""
    words = [cell for cell in table.iloc[-1] if plain(cell) in SUMMARIES] if len(table) else []
    rule, advice = "cette ligne a l’air d’un total ou d’une moyenne", "La retirer : ce n’est pas une personne."
    return [Problem(path.name, rule, advice, row=int(table.index[-1]), value=words[0])] if words else []
