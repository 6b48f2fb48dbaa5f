"""The coding notebook in a real browser, with the keyboard only: what is done is kept, and found again on reload."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.test_pages import CHROMIUM, PAGE, START, browser  # noqa: F401

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "carnets" / "10_coder_les_verbatims.ipynb"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="aucun navigateur Chromium sur cette machine")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The notebook served by Voilà as it comes; give its address and where the log is written."""
    keys = tmp_path_factory.mktemp("cles_du_codage")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "voila", str(NOTEBOOK), "--no-browser", f"--port={port}", "--Voila.ip=127.0.0.1"]
    environment = os.environ | {"IMPACT_CLES": str(keys), "PYTHONPATH": str(ROOT)}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    voila = subprocess.Popen(command, env=environment, cwd=NOTEBOOK.parent, **quiet)
    try:
        wait_for_port(port)
        yield f"http://127.0.0.1:{port}/", keys / "demonstration.verbatims.jsonl"
    finally:
        voila.terminate()
        voila.wait(30)


def wait_for_port(port: int) -> None:
    end = time.monotonic() + START
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/voila/static/style.css", timeout=5).close()
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.3)
    pytest.fail("Voilà n’a pas ouvert de page")


def opened(page, address):
    page.goto(address, timeout=PAGE)
    page.wait_for_selector(".impact-grille blockquote", timeout=PAGE)
    return page


def last_line(log: Path, decision: str, lines: int) -> dict:
    """Wait until the log has that many lines; return the last one."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        written = log.read_text("utf-8").splitlines() if log.exists() else []
        if len(written) >= lines:
            found = json.loads(written[-1])
            assert found["decision"] == decision
            return found
        time.sleep(0.1)
    pytest.fail(f"le journal n’a pas {lines} lignes")


def tab_to(page, words: str) -> None:
    """Press Tab until the button that says `words` has the focus."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText") == words:
            return
    pytest.fail(f"le bouton « {words} » ne s’atteint pas au clavier")


def test_more_than_two_hundred_answers_coded_with_the_keyboard(browser, served):  # noqa: F811
    address, log = served
    page = opened(browser.new_page(viewport={"width": 1280, "height": 1600}), address)
    assert page.locator(".liste option").count() > 200
    page.locator("input[placeholder=obligatoire]").focus()
    page.keyboard.type("Mme Essai")
    boxes = "[...document.querySelectorAll('.impact-grille input[type=checkbox]')]"
    page.evaluate(f"{boxes}.forEach(box => box.dataset.former = 'yes')")
    page.locator(".liste select").focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_selector("blockquote mark", timeout=PAGE)  # the second answer names a place
    page.wait_for_function(f"{boxes}.length && !{boxes}.some(box => box.dataset.former)", timeout=PAGE)
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    coded = last_line(log, "", 1)
    assert (len(coded["criteria"]), coded["who"]) == (1, "Mme Essai")
    tab_to(page, "Masquer ce qui est surligné")
    page.keyboard.press("Enter")
    assert "[…]" in last_line(log, "", 2)["shown"]
    tab_to(page, "Publier ce texte")
    page.keyboard.press("Enter")
    last_line(log, "publier", 3)
    page.wait_for_function("document.activeElement.tagName === 'SELECT'", timeout=PAGE)
    opened(page, address)
    assert page.locator(".liste option").nth(1).inner_text().startswith("✓\u00a0[1]")
    assert "1 à publier" in page.locator(".impact-grille").inner_text()
    page.close()


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_overflows_and_every_field_has_a_name(browser, served, width):  # noqa: F811
    page = opened(browser.new_page(viewport={"width": width, "height": 900}), served[0])
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    unnamed = """() => [...document.querySelectorAll('.impact-grille :is(input, select, textarea)')]
        .filter(one => !([...one.labels].some(label => label.innerText.trim()) || one.getAttribute('aria-label') || one.title)).length"""
    assert page.evaluate(unnamed) == 0
    page.close()
