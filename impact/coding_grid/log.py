"""The log of coding: who decided what on each answer, and when; one line an action, only ever added to."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path

from impact.errors import ImpactError, system_reason
from impact.keys import PRIVATE, erase, private_file, write_private

KIND = "verbatims.jsonl"
PUBLISH, KEEP = DECISIONS = ("publier", "garder")


class CodingError(ImpactError):
    """The log of coding cannot be read or written, or an action is not possible."""


@dataclass(frozen=True)
class Answer:
    """One text, as it was written at one open question in one association; `persons`: how many wrote just that.

    Nothing else is known of who wrote it: neither code, nor moment, nor any other answer.
    """

    association: str
    question: str
    text: str
    persons: int = 1

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells this text from the others."""
        return self.association, self.question, self.text


@dataclass(frozen=True)
class Coded:
    """Where the coding of one answer stands: its criteria, the text that may be shown, and who decided to, when.

    `shown` is the whole text until a person masks some of it; `decision` is "" as long as nobody decided.
    """

    shown: str
    criteria: tuple[str, ...] = ()
    decision: str = ""
    by: str = ""
    on: str = ""

    @property
    def decided_on(self) -> date | None:
        """The day of the decision."""
        return datetime.fromisoformat(self.on).date() if self.on else None


def log_file(campaign: str) -> Path:
    """Return where the coding of a campaign is kept: private, outside any repository (see `keys.private_file`)."""
    return private_file(campaign, KIND)


def append(path: Path, answer: Answer, coded: Coded, who: str) -> None:
    """Write one action at the end of the log, and wait until it is on the disk.

    Raises
    ------
    CodingError when it cannot be written: nothing is then shown as saved.
    """
    line = {"who": who, "when": datetime.now().isoformat(timespec="seconds"), "answer": answer.key, **asdict(coded)}
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, PRIVATE), "a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise CodingError(f"rien n’est enregistré ({system_reason(error)}).", where=path) from None


def read_log(path: Path) -> dict[tuple[str, str, str], Coded]:
    """Return where each answer stands: the last line about it. A last line cut by a crash is left out.

    Raises
    ------
    CodingError naming the line when the log was altered by hand.
    """
    lines = path.read_text("utf-8").split("\n") if path.is_file() else []
    states = {}
    for number, line in enumerate(lines[:-1], start=1):
        try:
            entry = json.loads(line)
            decided = {name: entry[name] for name in ("shown", "decision", "by", "on")}
            states[tuple(entry["answer"])] = Coded(criteria=tuple(entry["criteria"]), **decided)
        except (ValueError, KeyError, TypeError):
            advice = "Remettre la copie de sauvegarde de ce fichier, ou effacer cette ligne."
            raise CodingError(
                "cette ligne n’est pas lisible.", where=f"{path}, ligne {number}", remedy=advice
            ) from None
    return states


def forget_words(path: Path) -> None:
    """Erase the log but for the approved texts as they are shown: no word that was masked, kept or left undecided.

    What an approved text was written as is replaced by a number: nothing joins it to an answer any more.
    """
    approved = [
        {"who": coded.by, "when": coded.on, "answer": (association, question, str(number)), **asdict(coded)}
        for number, ((association, question, _), coded) in enumerate(read_log(path).items(), start=1)
        if coded.decision == PUBLISH
    ]
    erase(path)
    if approved:
        write_private(path, "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in approved).encode())
