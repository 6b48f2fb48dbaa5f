"""Checking answers against the questionnaire: valid rows go on, the others go to quarantine, nothing is lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import count
from pathlib import Path

import pandas as pd

from impact.campaign import Campaign
from impact.collect.coding import code_column, code_question, codes_of
from impact.collect.exports import read_export
from impact.collect.responses import Answers, write_csv
from impact.errors import Problem, ResponsesError, french
from impact.questionnaire import KEY_COLUMNS

QUARANTINE, QUARANTINE_COLUMNS = ".quarantaine", ("ligne", "motif")
SHOWN_CHOICES = 8


@dataclass(frozen=True)
class Checked:
    """A checked file; both tables keep the row numbers of the file.

    `accepted`: responses (association, wave, participant, then questions; choice codes; pd.NA for no answer).
    `quarantined`: the rejected rows as they were, with their reasons. `problems`: every fault found. `format`: see
    `exports.FORMATS`.
    """

    path: Path
    format: str
    accepted: pd.DataFrame
    quarantined: pd.DataFrame
    problems: tuple[Problem, ...]

    @property
    def n_read(self) -> int:
        """Rows read: always accepted + quarantined."""
        return len(self.accepted) + len(self.quarantined)

    @property
    def table(self) -> pd.DataFrame:
        """The problems as one table for the evaluation lead: ligne, colonne, valeur, règle, conseil."""
        rows = [(one.row, one.column, one.value, french(one.rule), french(one.advice)) for one in self.problems]
        table = pd.DataFrame(rows, columns=["ligne", "colonne", "valeur", "règle", "conseil"])
        return table.astype({"ligne": "Int64"})

    def write_quarantine(self) -> Path | None:
        """Write the rejected rows next to the input, with their row number and reasons; None when there is none.

        A quarantine file that is already there may hold corrections: it is never overwritten by other rows.
        """
        if not len(self.quarantined):
            return None
        draft = write_csv(self.quarantined, self.path.with_suffix(f"{QUARANTINE}.tmp"))
        for number in count(1):
            path = self.path.with_suffix(f"{QUARANTINE}{f'-{number}' if number > 1 else ''}.csv")
            if not path.exists() or path.read_bytes() == draft.read_bytes():
                return draft.replace(path)


def check_file(path: str | Path, campaign: Campaign) -> Checked:
    """Read and check a file of answers, and write its quarantine file if rows were rejected."""
    return check_files([path], campaign)[0]


def check_files(
    paths: Sequence[str | Path],
    campaign: Campaign,
    *,
    format: str | None = None,
    progress: Callable[[str], None] = lambda step: None,
) -> list[Checked]:
    """Read and check several files of one campaign, for example a file and its corrected quarantine.

    A person x wave accepted from one file is a repetition in the next ones. Writes the quarantine files. `format` is
    that of the exports, see `read_export`; a quarantine file has its own, whatever it came from.
    """
    done: list[Checked] = []
    for path in paths:
        progress(f"Lecture de {Path(path).name}")
        answers = read_export(path, campaign, format=None if QUARANTINE in Path(path).name else format)
        progress(f"Vérification de {len(answers.table)} lignes")
        done.append(check(answers, campaign, before=[one.accepted for one in done]))
        done[-1].write_quarantine()
    return done


def check(answers: Answers, campaign: Campaign, *, before: Sequence[pd.DataFrame] = ()) -> Checked:
    """Check every cell against the questionnaire and the campaign; codes or labels are accepted.

    Parameters
    ----------
    answers : from read_answers; a cell matches a code or a label whatever its case, accents, apostrophe or spaces.
    before : responses accepted from other files of the campaign.

    Returns
    -------
    Checked. A row with any fault, or that repeats a person x wave already seen above, is quarantined whole.

    Raises
    ------
    ResponsesError when a declared column is missing: the file then goes nowhere.
    """
    table = answers.table.rename(columns={name: key for key, name in campaign.columns.items()})
    problems = list(answers.problems) + _check_columns(answers.path, table, campaign)
    coded, faults = {}, []
    for name, allowed in _keys(table, campaign):
        coded[name], found = code_column(table[name], allowed, required=True)
        faults += found
    for question in campaign.questionnaire.questions:
        coded[question.name], found = code_question(table[question.name], question)
        faults += found
    responses = pd.DataFrame(coded, index=table.index)
    shown = campaign.columns
    problems += [
        Problem(answers.path.name, rule, advice, row=int(row), column=shown.get(column, column), value=value)
        for row, column, value, rule, advice in faults
    ]
    sound = responses.drop(index=[problem.row for problem in problems if problem.row])
    column = shown.get("participant", "participant")
    problems += _duplicates(answers.path, sound, column)
    problems += _already_accepted(answers.path, sound, column, before)
    problems.sort(key=lambda problem: problem.row or 0)
    return _split(answers, responses, problems)


def _keys(table: pd.DataFrame, campaign: Campaign) -> list[tuple[str, dict[str, str] | None]]:
    """Fill in the key columns a design does not need, and say what each allows (None: any text)."""
    if len(campaign.associations) == 1 and "association" not in table:
        table["association"] = campaign.associations[0].code
    if len(campaign.waves) == 1 and "wave" not in table:
        table["wave"] = campaign.waves[0].code
    if not campaign.paired and "participant" not in table:
        table["participant"] = [f"ligne {row}" for row in table.index]
    return [
        ("association", codes_of((a.code, a.label) for a in campaign.associations)),
        ("wave", codes_of((w.code, w.label) for w in campaign.waves)),
        ("participant", None),
    ]


def _check_columns(path: Path, table: pd.DataFrame, campaign: Campaign) -> list[Problem]:
    """Refuse a file that lacks a declared column; tell the columns nobody declared."""
    optional = {"association": len(campaign.associations) == 1, "wave": len(campaign.waves) == 1}
    optional["participant"] = not campaign.paired
    questions = [question.name for question in campaign.questionnaire.questions]
    missing = [name for name in (*KEY_COLUMNS, *questions) if name not in table and not optional.get(name, False)]
    extra = [name for name in table if name not in (*KEY_COLUMNS, *questions, *QUARANTINE_COLUMNS)]
    if missing:
        names = []
        for name in missing[:SHOWN_CHOICES]:
            shown = campaign.columns.get(name, name)
            close = get_close_matches(shown, extra, n=1)
            names.append(f"« {shown} »" + (f" (est-ce « {close[0]} » ?)" if close else ""))
        more = f" et {len(missing) - SHOWN_CHOICES} autres" if len(missing) > SHOWN_CHOICES else ""
        raise ResponsesError(
            f"il manque {len(missing)} colonne{'s' if len(missing) > 1 else ''} : {', '.join(names)}{more}.",
            where=path,
            remedy="Reprendre les noms du questionnaire, sans en changer ; aucune ligne n’a été prise. "
            "Si le fichier les nomme autrement, le dire une fois : impact correspondance.",
        )
    advice = "Elle est ignorée. Si c’est une question, vérifier son nom."
    return [Problem(path.name, "colonne non prévue au questionnaire", advice, column=name) for name in extra]


def _duplicates(path: Path, responses: pd.DataFrame, column: str) -> list[Problem]:
    """A person x wave seen again: the first row is kept, the next ones are told."""
    keys = list(KEY_COLUMNS)
    first = responses.reset_index().groupby(keys)["row"].transform("first")
    again = responses.duplicated(keys).to_numpy()
    return [
        Problem(path.name, f"même personne, même vague qu’à la ligne {int(seen)}", "Garder la bonne des deux lignes, "
                "ou corriger le code ou la vague.", row=int(row), column=column, value=str(person))
        for row, seen, person in zip(responses.index[again], first[again], responses["participant"][again], strict=True)
    ]  # fmt: skip


def _already_accepted(
    path: Path, responses: pd.DataFrame, column: str, before: Sequence[pd.DataFrame]
) -> list[Problem]:
    """A person x wave accepted from another file."""
    keys = list(KEY_COLUMNS)
    seen = {key for table in before for key in table[keys].itertuples(index=False, name=None)}
    rule, advice = "même personne, même vague que dans un autre fichier", "Garder la bonne des deux lignes."
    return [
        Problem(path.name, rule, advice, row=int(row), column=column, value=str(key[-1]))
        for row, key in zip(responses.index, responses[keys].itertuples(index=False, name=None), strict=True)
        if key in seen
    ]


def _split(answers: Answers, responses: pd.DataFrame, problems: list[Problem]) -> Checked:
    reasons: dict[int, list[str]] = {}
    for problem in problems:
        if problem.row:
            reasons.setdefault(problem.row, []).append(f"{problem.column or 'ligne'} : {problem.rule}")
    rejected = answers.table.index.isin(list(reasons))
    quarantined = answers.table[rejected].drop(columns=list(QUARANTINE_COLUMNS), errors="ignore")
    quarantined.insert(0, "motif", [" ; ".join(reasons[row]) for row in quarantined.index])
    quarantined.insert(0, "ligne", quarantined.index)
    return Checked(answers.path, answers.format, responses[~rejected], quarantined, tuple(problems))
