"""Dissemination: release after release is drawn, sealed and forgotten; all cubes then take their places together.

An edition is written beside the one that is read. Stopped, it is taken up where it was: cubes are whole or absent.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import date
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread

from impact.bilan import bilan_files
from impact.charts import figures
from impact.cube import DRAFT, cube_inputs, write_cube
from impact.disclosure import LEAD, Release
from impact.disclosure.journal import JOURNAL, write_journal
from impact.errors import CubeError, system_reason
from impact.layout import lay_out
from impact.seal import held, read_sealed

STATE = "publication.json"
FEW = 40  # cubes: starting another process takes as long as writing these
WAITING = 2  # releases handed to each process beforehand

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Edition:
    """The cubes of one publication on their way: from which `inputs`, signed by which `key`, of which day."""

    outputs: Path
    inputs: str
    key: bytes
    made: date

    @property
    def draft(self) -> Path:
        """The folder where it is written, beside what is read."""
        return self.outputs / DRAFT

    def write(self, releases: Iterable[Release], many: int, progress: Progress = lambda step: None) -> list[str]:
        """Write the journal and one cube a release, but those already made; return the audiences in their order.

        `many`: how many releases are expected; from FEW on, each processor draws.
        """
        audiences: list[str] = []
        with _workers(os.cpu_count() or 1 if many > FEW else 1) as submit:
            for release in releases:
                audiences.append(release.audience)
                whose = f"{release.context['association']} ({len(audiences)} sur {many})"
                progress(f"Figures, bilan et résultats : {whose}")
                write_journal(release, self.draft / JOURNAL, more=len(audiences) > 1)
                if not self._holds(release.audience):
                    submit(_write, release, self)
        return audiences

    def put_in_place(self, audiences: Iterable[str], declared: Iterable[str]) -> list[Path]:
        """Replace what is read by what was written, all at once; a declared audience that has nothing is removed."""
        try:
            for audience in dict.fromkeys([*audiences, *declared]):
                self._replace(audience, keep=audience in audiences)
            os.replace(self.draft / JOURNAL, self.outputs / JOURNAL)
            shutil.rmtree(self.draft)
        except OSError as error:
            raise _unwritable(self.outputs, error) from None
        return [self.outputs / audience for audience in audiences]

    def _replace(self, audience: str, *, keep: bool) -> None:
        new, read, old = self.draft / audience, self.outputs / audience, self.draft / f".{audience}.ancien"
        if read.is_dir() and (new.is_dir() or not keep):
            read.rename(old)
        if new.is_dir():
            new.rename(read)

    def _holds(self, audience: str) -> bool:
        """Whether the cube of an audience was made from the same inputs, here before a stop, or where it is read."""
        if cube_inputs(self.outputs / audience, self.key) == self.inputs:
            return True
        try:
            manifest, _ = read_sealed(self.draft / audience, (), key=self.key)
        except CubeError:
            return False
        return manifest["inputs"] == self.inputs


def only_one(outputs: Path) -> AbstractContextManager[None]:
    """Hold the draft of an edition while it is written: two publications at once would undo each other's."""
    refused = CubeError(
        "une autre publication de cette campagne est en train de s’écrire.",
        where=outputs,
        remedy="Attendre qu’elle finisse, ou l’arrêter (Ctrl+C), puis recommencer.",
    )
    try:
        (outputs / DRAFT).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(outputs, error) from None
    return held(outputs / DRAFT, refused)


def edition(outputs: Path, inputs: str, key: bytes) -> Edition:
    """Take up the edition of these inputs where it was stopped, with its date, or begin one; leave none of others.

    Raises
    ------
    CubeError when the folder cannot be written.
    """
    state, draft = outputs / DRAFT / STATE, outputs / DRAFT
    try:
        about = json.loads(state.read_text("utf-8")) if state.is_file() else {}
        if about.get("inputs") != inputs:
            draft.mkdir(parents=True, exist_ok=True)
            for former in draft.iterdir():
                shutil.rmtree(former) if former.is_dir() else former.unlink()
            about = {"inputs": inputs, "made": date.today().isoformat()}
            state.write_text(json.dumps(about), "utf-8")
    except OSError as error:
        raise _unwritable(outputs, error) from None
    return Edition(outputs, inputs, key, date.fromisoformat(about["made"]))


def _write(release: Release, edition: Edition) -> None:
    drawn = figures(release)
    documents = {} if release.audience == LEAD else bilan_files(release, drawn, edition.made)
    documents |= lay_out(release, drawn).file()
    place = edition.draft / release.audience
    write_cube(release, drawn.values(), place, inputs=edition.inputs, key=edition.key, documents=documents)


@contextmanager
def _workers(processes: int) -> Iterator[Callable]:
    """Give a function that hands work over, to other processes if there are several; few releases wait at a time."""
    if processes == 1:
        yield lambda work, *given: work(*given)
        return
    with ProcessPoolExecutor(processes, get_context("spawn"), _attached) as pool:
        pending: set[Future] = set()
        yield lambda work, *given: _hand_over(pool, pending, processes * WAITING, work, *given)
        for done in pending:
            done.result()


def _hand_over(pool: Executor, pending: set[Future], most: int, work: Callable, *given: object) -> None:
    pending.add(pool.submit(work, *given))
    while len(pending) >= most:
        done, _ = wait(pending, return_when=FIRST_COMPLETED)
        pending -= done
        for one in done:
            one.result()


def _attached() -> None:
    """Tie a process to the one that started it: it leaves Ctrl+C to it, and does not outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=lambda: (parent_process().join(), os._exit(1)), daemon=True).start()


def _unwritable(folder: Path, error: OSError) -> CubeError:
    advice = "Choisir avec --sorties un dossier où l’on peut écrire."
    return CubeError(f"impossible d’écrire ({system_reason(error)}).", where=folder, remedy=advice)
