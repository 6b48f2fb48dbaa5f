"""Time a page of results beside plain Voila, in one run.

    .venv/bin/python benchmarks/serving.py

Two servers on this machine, one association of the fictitious campaign, one browser (Chromium). Ours shows the frozen
cube; plain Voila runs PEER, a notebook that reads the same results, imports pandas, scipy and seaborn as such a page
does, and draws the same figures, with the same code, when they are asked for. Both servers are warm: one page was
opened before. For each: time from the request to the first figure seen, time from a choice to its new figures (medians
of VIEWS), and the memory that one more reader takes (PSS: each shared page is counted once).
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import nbformat
import psutil
import requests
from playwright.sync_api import BrowserContext, Page, sync_playwright

import impact
from impact.cube import read_cube
from impact.publication import publish
from impact.serving import ACCOUNTS_FILE, create_accounts

ROOT = Path(__file__).parents[1]
CODE, VIEWS, READERS = "asso_f", 10, 4
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
BARS = {"première figure (s)": 1 / 5, "mémoire par lecteur (Mio)": 1 / 4}
FASTEST_CHANGE = 0.3  # seconds
FIGURES = """() => [...document.images]
    .filter(image => image.complete && image.src.startsWith("data:image/svg")).map(image => image.src).join()"""
SERVE = "import sys; from pathlib import Path; from impact.serving import serve; " + (
    "serve(Path(sys.argv[1]), Path(sys.argv[2]), port=int(sys.argv[3]), open_browser=False)"
)
PEER = (
    "import base64\nimport ipywidgets as widgets\nimport pandas as pd\nimport seaborn as sns\nfrom scipy import stats\n"
    "from impact.charts import beside_whole, before_after, by_category, path, risen_and_fallen\n"
    "from impact.cube import read_cube",
    "release = read_cube({cube!r})[0]\nscales = [scale['name'] for scale in release.context['scales']]\n"
    "def shown(*figures):\n"
    "    drawn = [base64.b64encode(figure.svg).decode() for figure in figures if figure]\n"
    "    return ''.join(f'<img src=\"data:image/svg+xml;base64,{{svg}}\">' for svg in drawn)",
    "own = (before_after, risen_and_fallen, beside_whole)\n"
    "top = [path(release), *(draw(release, scale) for scale in scales for draw in own)]\n"
    "widgets.HTML(shown(*top))",
    "breakdowns = {{one['label']: one for one in release.context['breakdowns']}}\n"
    "choice = widgets.RadioButtons(options=['Tout le monde ensemble', *breakdowns])\ndetail = widgets.HTML()\n"
    "def follow(change):\n"
    "    detail.value = shown(*(by_category(release, scale, breakdowns[change.new]) for scale in scales))\n"
    "choice.observe(follow, 'value')\nwidgets.VBox([choice, detail])",
)


@contextmanager
def served(command: list[str], url: str):
    """Run a server until the block ends; give its process."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            _wait_for(url)
            yield psutil.Process(server.pid)
        finally:
            server.terminate()


def _wait_for(url: str) -> None:
    for _ in range(600):
        try:
            requests.get(url, timeout=60)
            return
        except requests.ConnectionError:
            time.sleep(0.1)
    raise SystemExit(f"no answer from {url}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def opened(context: BrowserContext, url: str) -> tuple[Page, float]:
    """Return the page, and the seconds from its request to its first figure."""
    page = context.new_page()
    page.set_default_timeout(120_000)
    begin = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.wait_for_function(f"({FIGURES})() !== ''", polling="raf")
    return page, time.perf_counter() - begin


def closed(server: psutil.Process, processes: int, *pages: Page) -> None:
    """Leave the pages, and wait until their kernels have ended."""
    for page in pages:
        page.close(run_before_unload=True)
    end = time.monotonic() + 60
    while len(server.children(recursive=True)) > processes and time.monotonic() < end:
        time.sleep(0.2)


def changes(page: Page, labels: list[str]) -> list[float]:
    """Return the seconds from each choice to other figures."""
    times = []
    page.bring_to_front()  # a browser lets the others sleep
    page.wait_for_selector("input[type=radio]")
    for number in range(VIEWS):
        before, begin = page.evaluate(FIGURES), time.perf_counter()
        page.get_by_text(labels[number % 2], exact=True).first.click()
        page.wait_for_function(f"before => ({FIGURES})() !== before", arg=before, polling="raf")
        times.append(time.perf_counter() - begin)
    return times


def memory(server: psutil.Process) -> float:
    """Return the MiB of a server and all its processes."""
    return sum(one.memory_full_info().pss for one in (server, *server.children(recursive=True))) / 2**20


def measure(server: psutil.Process, open_page: Callable[[], tuple[Page, float]], labels: list[str]) -> dict[str, float]:
    """Return the three figures of one server."""
    alone = len(server.children(recursive=True))
    closed(server, alone, open_page()[0])
    times = []
    for _ in range(VIEWS):
        page, seconds = open_page()
        times.append(seconds)
        closed(server, alone, page)
    before, pages = memory(server), [open_page()[0] for _ in range(READERS)]
    held = (memory(server) - before) / READERS
    made = changes(pages[0], labels)
    closed(server, alone, *pages)
    values = (statistics.median(times), statistics.median(made), held)
    return dict(zip(("première figure (s)", "un choix (s)", "mémoire par lecteur (Mio)"), values, strict=True))


def main() -> None:
    """Publish, serve twice, measure, print."""
    folder = Path(tempfile.mkdtemp(prefix="impact-mesure-"))
    os.environ["IMPACT_CLES"] = str(folder / "cles")
    campaign, outputs = impact.read_campaign(ROOT / "questionnaires" / "demonstration"), folder / "sorties"
    publish(campaign, [impact.example_file(campaign, folder)], outputs)
    release, figures = read_cube(outputs / CODE)
    labels = [
        b["label"] for b in release.context["breakdowns"] if any(f"detail-{b['name']}-" in name for name in figures)
    ]
    (secret,) = create_accounts(outputs / ACCOUNTS_FILE, [CODE]).values()
    cells = [nbformat.v4.new_code_cell(cell.format(cube=str(outputs / CODE))) for cell in PEER]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "pair.ipynb")
    ours, theirs = (f"http://127.0.0.1:{free_port()}/" for _ in range(2))
    port = re.compile(r":(\d+)/")
    page = ROOT / "carnets" / "tableau_de_bord.ipynb"
    serve = [sys.executable, "-c", SERVE, str(outputs), str(page), port.search(ours)[1]]
    voila = [
        sys.executable,
        "-m",
        "voila",
        str(folder / "pair.ipynb"),
        "--no-browser",
        f"--port={port.search(theirs)[1]}",
    ]
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=OPTIONS)
        screen = {"width": 1280, "height": 900}
        context = browser.new_context(viewport=screen, bypass_csp=True)  # our pages refuse even the browser's own probe
        with served(serve, ours + "connexion") as server:
            login = context.new_page()
            login.goto(ours)
            login.fill("#identifiant", CODE)
            login.fill("#secret", secret)
            login.click("button")
            login.wait_for_selector(".impact-page input")
            closed(server, 1, login)  # the process that forks the kernels stays
            here = measure(server, lambda: opened(context, ours), labels)
        with served(voila, theirs + "voila/static/voila.js") as server:
            there = measure(server, lambda: opened(context, theirs), labels)
        browser.close()
    shutil.rmtree(folder)
    tell(here, there)


def tell(here: dict[str, float], there: dict[str, float]) -> None:
    """Print the table, and the load of the machine, which both had to bear."""
    print(f"{'':28}{'ici':>8}{'Voila':>9}{'rapport':>9}   attendu")
    for name, value in here.items():
        bar = f"au plus {BARS[name]:.2f} fois" if name in BARS else f"moins de {FASTEST_CHANGE:g} s ici"
        kept = value / there[name] <= BARS[name] if name in BARS else value < FASTEST_CHANGE
        print(f"{name:28}{value:8.2f}{there[name]:9.2f}{value / there[name]:9.2f}   {bar} : {'oui' if kept else 'NON'}")
    print(f"charge de la machine (1, 5, 15 min) : {', '.join(f'{load:.1f}' for load in os.getloadavg())}")


if __name__ == "__main__":
    main()
