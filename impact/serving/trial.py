"""Try the whole chain on a server opened for that: start, log in, page, choice, files, what belongs to others."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import requests
import websocket

from impact.errors import ServingError
from impact.page import read_page
from impact.seal import read_manifest
from impact.serving.accounts import create_accounts, list_accounts
from impact.serving.cubes import TYPES, Cubes, released_file
from impact.serving.start import ACCOUNTS_FILE, LOCAL
from impact.serving.visitor import PATIENCE, Visitor, hear, send, states

SERVER = (
    "import sys; from pathlib import Path; from impact.serving import serve; "
    "serve(Path(sys.argv[1]), Path(sys.argv[2]), port=int(sys.argv[3]), strict=sys.argv[4] == 'True', "
    "open_browser=False)"
)


@dataclass(frozen=True)
class Step:
    """What was tried, whether it went well, in how many seconds, and what was found."""

    label: str
    passed: bool
    seconds: float
    found: str


class Chain:
    """The steps, in order; each returns what it found, or raises AssertionError with what went wrong."""

    def __init__(self, url: str, outputs: Path, secrets: dict[str, str]):
        self.cubes, self.secrets = Cubes(outputs), secrets
        self.mine, *self.others = sorted(secrets, key=lambda code: not read_page(self.cubes.find(code)).choices)
        self.me, self.neighbour = Visitor(url), Visitor(url)
        self.kernel = ""

    def steps(self) -> Iterator[tuple[str, Callable[[], str]]]:
        """Return the label and the function of each step."""
        yield "Le serveur se dit en service (/sante)", self._health
        yield "Une page demandée sans accès est refusée", self._stranger
        yield "Un code secret faux est refusé", self._wrong_secret
        yield "Le bon code secret ouvre", self._right_secret
        yield "La page s’affiche", self._page
        if self.kernel:
            yield "Un choix change la page", self._choice
        yield "Un fichier de résultats se télécharge", self._download
        if self.others and self.kernel:
            yield "La page d’une autre association est refusée", self._foreign_page
        if self.others:
            yield "Les fichiers d’une autre association sont refusés", self._foreign_file
        yield "Se déconnecter ferme la page", self._leave

    def _health(self) -> str:
        answer = self.me.ask("sante")
        _expect(answer.status_code == 200, answer.text)
        return answer.json()["etat"]

    def _stranger(self) -> str:
        answers = [Visitor(self.me.url).ask(path).status_code for path in ("", "fichiers/resultats.csv")]
        _expect(answers == [302, 302], f"réponses {answers}")
        return ""

    def _wrong_secret(self) -> str:
        status = self.me.log_in(self.mine, "aaaa-aaaa-aaaa-aaaa")
        _expect(status == 401, f"réponse {status}")
        return ""

    def _right_secret(self) -> str:
        statuses = [self.me.log_in(self.mine, self.secrets[self.mine])]
        statuses += [self.neighbour.log_in(code, self.secrets[code]) for code in self.others[:1]]
        _expect(set(statuses) == {303}, f"réponses {statuses}")
        return self.mine

    def _page(self) -> str:
        text = self.me.ask("").text
        found = re.search(r'"kernelId": "([\w-]+)"', text)
        whole = text.rstrip().endswith("</html>") and (not found or "application/vnd.jupyter.widget-view" in text)
        _expect('class="impact-page"' in text and whole, "la page est incomplète")
        self.kernel = found[1] if found else ""  # no kernel where there is nothing to choose
        return f"{len(text) // 1000} ko"

    def _choice(self) -> str:
        channel = self.me.connect(self.kernel)
        try:
            shown = states(channel)
            comm, state = next(item for item in shown.items() if item[1]["model_name"] == "RadioButtonsModel")
            labels = state["state"]["_options_labels"]
            send(channel, "comm_msg", comm_id=comm, data={"method": "update", "state": {"index": 1}})
            hear(channel, lambda data: data.get("method") == "update" and "value" in data.get("state", {}))
            return labels[1]
        finally:
            channel.close()

    def _download(self) -> str:
        name = self._files(self.mine)[0]
        answer = self.me.ask(f"fichiers/{name}")
        _expect(answer.status_code == 200, f"réponse {answer.status_code} pour {name}")
        _expect(answer.content == released_file(self.cubes.find(self.mine), name), f"{name} est altéré")
        return name

    def _foreign_page(self) -> str:
        status = self.neighbour.ask(f"api/kernels/{self.kernel}").status_code
        _expect(status == 404, f"réponse {status}")
        try:
            self.neighbour.connect(self.kernel).close()
        except websocket.WebSocketBadStatusException:
            return ""
        raise AssertionError("la liaison s’est ouverte")

    def _foreign_file(self) -> str:
        other = self.others[0]
        for name in self._files(self.mine):
            _expect(self.neighbour.ask(f"fichiers/..%2f{self.mine}%2f{name}").status_code == 404, name)
            own = released_file(self.cubes.find(other), name)
            _expect(self.neighbour.ask(f"fichiers/{name}").content == own or own is None, name)
        return ""

    def _leave(self) -> str:
        self.me.ask("deconnexion", sortir="oui")
        statuses = [self.me.ask(path).status_code for path in ("", f"fichiers/{self._files(self.mine)[0]}")]
        _expect(statuses == [302, 302], f"réponses {statuses}")
        return ""

    def _files(self, code: str) -> list[str]:
        listed = read_manifest(self.cubes.find(code))["files"]
        return [name for name in listed if Path(name).suffix in TYPES]


def try_chain(outputs: Path, notebook: Path, *, strict: bool) -> Iterator[Step]:
    """Serve a copy of the published results, with accounts made for that, and yield what each step gave."""
    with tempfile.TemporaryDirectory(prefix="impact-essai-") as folder:
        copy, cubes = Path(folder) / "sorties", Cubes(outputs)
        codes = [code for code in list_accounts(outputs / ACCOUNTS_FILE) if cubes.find(code)]
        for code in codes:
            shutil.copytree(cubes.find(code), copy / code)
        if not codes:
            raise ServingError("Aucun accès n’a de résultats publiés.", where=outputs, remedy="Publier d’abord.")
        secrets = create_accounts(copy / ACCOUNTS_FILE, codes)
        with socket.create_server((LOCAL, 0)) as probe:
            port = probe.getsockname()[1]
        command = [sys.executable, "-P", "-c", SERVER, str(copy), str(notebook), str(port), str(strict)]
        with (Path(folder) / "dit.txt").open("w+", encoding="utf-8") as said:
            server = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT)
            try:
                url = f"http://{LOCAL}:{port}/"
                opened = _tried("Le serveur démarre", lambda: _wait(url, server, Path(said.name)))
                yield opened
                if opened.passed:
                    yield from (_tried(label, step) for label, step in Chain(url, copy, secrets).steps())
            finally:
                server.terminate()
                server.wait(PATIENCE)


def _tried(label: str, step: Callable[[], str]) -> Step:
    begin = time.perf_counter()
    try:
        passed, found = True, step()
    except Exception as error:  # whatever breaks, the table says so and the next steps are tried
        passed, found = False, str(error) or type(error).__name__
    return Step(label, passed, time.perf_counter() - begin, found)


def _wait(url: str, server: subprocess.Popen, said: Path) -> str:
    """Wait for the server to answer, and return the protection that it announces."""
    for _ in range(PATIENCE * 10):
        _expect(server.poll() is None, said.read_text("utf-8").strip()[-300:])
        try:
            requests.get(url + "sante", timeout=PATIENCE)
            break
        except requests.ConnectionError:
            time.sleep(0.1)
    return next(line for line in said.read_text("utf-8").splitlines() if line.startswith("Protection"))


def _expect(true: object, told: str) -> None:
    if not true:
        raise AssertionError(told)
