"""A site really served, in a process of its own, and visitors who come to it."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import requests
import websocket

from impact.page import ACTIVITY, Page
from impact.seal import write_sealed

HERE = Path(__file__).parent
ASSOCIATIONS = ("alpha", "beta", "gamma", "kappa", "lambda", "omicron", "sigma")
LEAD = "responsable"
EVERYBODY = (*ASSOCIATIONS, LEAD)
DASHBOARD = HERE.parents[1] / "carnets" / "tableau_de_bord.ipynb"
NO_MORE = MappingProxyType({})
PATIENCE = 60  # seconds for anything that should take one or two: the machine may be busy


@dataclass
class Visitor:
    """A browser without a screen: its cookies, and what it asks for."""

    url: str
    http: requests.Session

    def get(self, path: str, **options) -> requests.Response:
        return self.ask("GET", path, **options)

    def post(self, path: str, **options) -> requests.Response:
        return self.ask("POST", path, **options)

    def ask(self, method: str, path: str, **options) -> requests.Response:
        options = {"timeout": PATIENCE, "allow_redirects": False} | options
        request = requests.Request(
            method,
            "http://placeholder/",
            **{key: options.pop(key) for key in ("headers", "data", "params") if key in options},
        )
        prepared = self.http.prepare_request(request)
        query = prepared.url.partition("?")[2]
        prepared.url = self.url + path + (f"?{query}" if query else "")  # sent as written: no clean-up of ../ and %2e
        prepared.headers["Cookie"] = "; ".join(f"{c.name}={c.value}" for c in self.http.cookies)
        answer = self.http.send(prepared, **options)
        return answer

    @property
    def xsrf(self) -> str:
        return self.http.cookies.get("_xsrf", "")

    def log_in(self, code: str, secret: str) -> requests.Response:
        self.get("/connexion")
        return self.post("/connexion", data={"identifiant": code, "secret": secret, "_xsrf": self.xsrf})

    def open_page(self) -> str:
        """Open the results page and return the identifier of its kernel."""
        return kernel_of(self.get("/").text)

    def leave(self, kernel_id: str, **headers: str) -> requests.Response:
        headers = {"Origin": self.url} | headers
        return self.post(f"/voila/api/shutdown/{kernel_id}", data={"_xsrf": self.xsrf}, headers=headers)

    def connect(self, kernel_id: str, origin: str | None = "", **options) -> websocket.WebSocket:
        """Open the channel of a kernel, as the page does."""
        address = self.url.replace("http", "ws", 1) + f"/api/kernels/{kernel_id}/channels?session_id={uuid.uuid4().hex}"
        cookie = "; ".join(f"{c.name}={c.value}" for c in self.http.cookies)
        options = {"timeout": PATIENCE, "cookie": cookie} | options
        if origin is None:
            return websocket.create_connection(address, suppress_origin=True, **options)
        return websocket.create_connection(address, origin=origin or self.url, **options)


@dataclass
class Site:
    """Where the site is, its secrets, its routes and the journal of its server."""

    url: str
    outputs: Path
    secrets: dict[str, str]
    routes: list[str]
    journal: Path
    process: subprocess.Popen

    def visitor(self, code: str = "") -> Visitor:
        """Return a visitor, logged in as `code` or a stranger."""
        visitor = Visitor(self.url, requests.Session())
        if code:
            assert visitor.log_in(code, self.secrets[code]).status_code == 303
        return visitor

    def kernels(self) -> set[int]:
        """Return the processes of the kernels that run, which the zygote has forked."""
        return {kernel for zygote in children(self.process.pid) for kernel in children(zygote)}

    def measure(self) -> Counter[str]:
        """Return what the server and all its processes hold: MiB of memory (each shared page once), processes, files."""
        processes = {self.process.pid, *children(self.process.pid), *self.kernels()}
        total = Counter()
        for process in processes:
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
                total["fichiers"] += len(list(Path(f"/proc/{process}/fd").iterdir()))
                total["Mio"] += memory(process)
                total["processus"] += 1
        return total


def memory(pid: int) -> float:
    """Return the MiB that a process holds, what it shares being divided among those who share it (PSS)."""
    return int(re.search(r"(?m)^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text())[1]) / 1024


def children(pid: int) -> set[int]:
    """Return the processes that `pid` has started."""
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    return {int(child) for found in lists for child in found.read_text().split()}


def kernel_of(text: str) -> str:
    """Return the identifier of the kernel of a page."""
    return re.search(r'"kernelId": "([\w-]+)"', text)[1]


def message(kind: str, content: dict, channel: str = "shell") -> dict:
    """Return a message of the kernel protocol, as a page would send it."""
    header = {"msg_id": uuid.uuid4().hex, "msg_type": kind, "username": "", "session": "s", "version": "5.3"}
    header["date"] = "2026-01-01T00:00:00Z"
    return {
        "header": header,
        "parent_header": {},
        "metadata": {},
        "content": content,
        "buffers": [],
        "channel": channel,
    }


def hear(channel: websocket.WebSocket, seconds: float, until: Container[str] = "") -> list[dict]:
    """Return what the kernel says during `seconds`, or until the widget `until` (or one of them) has answered."""
    heard, end = [], time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        channel.settimeout(min(left, 2))  # each sign of life that is asked for starts this time again
        try:
            frame = channel.recv()
        except websocket.WebSocketTimeoutException:
            continue
        except websocket.WebSocketConnectionClosedException:
            break
        raw = frame if isinstance(frame, str) else frame[frame.find(b"{") :].decode(errors="replace")
        heard.append(json.JSONDecoder().raw_decode(raw)[0] | ({} if isinstance(frame, str) else {"raw": raw}))
        if heard[-1].get("msg_type") == "comm_msg" and heard[-1]["content"]["comm_id"] in until:
            break
    return heard


def publish(cube: Path, code: str, more: Mapping[str, str] = NO_MORE) -> None:
    """Write made-up results: a page, what the notebook shows, two files to take away, and `more` texts."""
    texts = {"resultats.txt": f"Résultats réservés à {code}", "figure.svg": f"<svg>réservés à {code}</svg>"}
    texts |= {"resultats.csv": f"réservés à {code};1"} | more
    page = Page(
        title="Nos résultats",
        before=f"<h1>Nos résultats</h1><p>Au début : réservés à {code}</p>",
        pick='<h2 id="de-plus-pres">De plus près</h2>',
        choices=(("toutes", ""), ("une autre", "autre")),
        details={"": "<p>Choisir ci-dessus</p>", "autre": f"<p>Une autre : réservés à {code}</p>"},
        after=f"<p>À la fin : réservés à {code}</p>",
    )
    files = {name: text.encode() for name, text in texts.items()}
    write_sealed(cube, files | page.file(), {"audience": code}, b"cle")


def start(folder: Path, port: int, notebook: Path, system: str = "", prefix: str = "/", more=NO_MORE) -> Site:
    """Publish seven made-up associations and the lead's results in `folder`, and serve them."""
    outputs = folder / "sorties"
    for code in EVERYBODY:
        publish(outputs / code, code, more)
    activity = Page("L’activité", before=f"<h1>L’activité du service</h1><p>réservés à {LEAD}</p>", after="")
    write_sealed(outputs / ACTIVITY, activity.file(), {"audience": ACTIVITY}, b"cle")
    return launch(outputs, EVERYBODY, port, notebook, system, prefix=prefix)


def launch(
    outputs: Path, codes: Iterable[str], port: int, notebook: Path, system: str = "", *, within=(), prefix: str = "/"
) -> Site:
    """Give each of `codes` an account on what is published in `outputs`, and serve it (`within`: a command's words)."""
    from impact.serving import ACCOUNTS_FILE, create_accounts

    routes, journal = outputs.parent / "routes.json", outputs.parent / "journal.txt"
    secrets = create_accounts(outputs / ACCOUNTS_FILE, codes)
    command = [
        *within,
        sys.executable,
        str(HERE / "served_launch.py"),
        str(outputs),
        str(notebook),
        str(port),
        str(routes),
        system,
        prefix,
    ]
    with journal.open("w") as file:
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT)
    url = f"http://127.0.0.1:{port}{prefix.rstrip('/')}"
    assert wait_for(url + "/connexion", lambda: process.poll() is None), journal.read_text()
    return Site(url, outputs, secrets, json.loads(routes.read_text()), journal, process)


@contextlib.contextmanager
def closing(site: Site) -> Iterator[Site]:
    """Give the site, then stop its server."""
    try:
        yield site
    finally:
        site.process.terminate()
        site.process.wait(timeout=PATIENCE)


def wait_for(url: str, alive: Callable[[], bool] = lambda: True) -> bool:
    """Wait until `url` answers, whatever it says; say whether it did."""
    for _ in range(PATIENCE * 10):
        if not alive():
            return False
        try:
            requests.get(url, timeout=PATIENCE)
            return True
        except (requests.ConnectionError, requests.Timeout):
            time.sleep(0.1)
    return False
