"""The pages as people see them: `impact demo` in a real browser, seven accesses, seven pages, nobody else's numbers."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from impact import sentences
from impact.cube import read_cube

ROOT = Path(__file__).parents[1]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START, PAGE = 180, 60_000  # seconds to be served, milliseconds for a page: generous, the machine may be busy
ENGLISH = re.compile(
    r"\b(the|and|with|loading|please|error|login|password|submit|before|after|mean|none|null|nan|true|false|"
    r"kernel|cell|output|file|show|page not found|traceback|exception)\b",
    re.IGNORECASE,
)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="aucun navigateur Chromium sur cette machine")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Run `impact demo` as a user does; give its address, its accesses and its outputs."""
    outputs = tmp_path_factory.mktemp("sorties")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", "from impact.cli import main; main()", "demo", "--sans-navigateur"]
    log = outputs / "demo.log"
    environment = os.environ | {"COLUMNS": "100", "PYTHONIOENCODING": "utf-8"}
    with log.open("w") as said:
        options = {"cwd": ROOT, "env": environment, "stdout": said, "stderr": subprocess.STDOUT}
        demo = subprocess.Popen([*command, "--port", str(port), "--sorties", str(outputs)], **options)
    try:
        text = wait_until_served(demo, log)
        yield f"http://127.0.0.1:{port}/", dict(re.findall(r"(asso_[a-g])\W+((?:\w{4}-){3}\w{4})", text)), outputs
    finally:
        demo.send_signal(signal.SIGINT)
        demo.wait(30)


def wait_until_served(demo, log) -> str:
    end = time.monotonic() + START
    while time.monotonic() < end and demo.poll() is None:
        text = log.read_text("utf-8")
        if "Les pages de résultats sont ouvertes" in text:
            return text
        time.sleep(0.3)
    pytest.fail(f"impact demo n’a pas ouvert de page :\n{log.read_text('utf-8')}")


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


def enter(browser, site, code, width=1280):
    """Log in and wait for the page; return it."""
    address, accesses, _ = site
    page = browser.new_context(viewport={"width": width, "height": 900}, locale="fr-FR").new_page()
    page.goto(address)
    page.fill("input[type=text]", code)
    page.fill("input[type=password]", accesses[code])
    page.click("button[type=submit]")
    page.wait_for_selector(".impact-page h1", timeout=PAGE)
    return page


def all_text(page) -> str:
    """What can be read or heard: visible text and alternatives of the figures."""
    alternatives = page.eval_on_selector_all("img", "images => images.map(image => image.alt).join(' ')")
    return f"{page.title()} {page.inner_text('body')} {alternatives}"


def test_demo_prints_seven_accesses_and_the_leads(site):
    assert re.search(
        r"Responsable de l’évaluation\W+responsable\W+(?:\w{4}-){3}\w{4}", (site[2] / "demo.log").read_text("utf-8")
    )
    assert sorted(site[1]) == [f"asso_{letter}" for letter in "abcdefg"]
    assert len(set(site[1].values())) == 7


@pytest.mark.parametrize("letter", "abcdefg")
def test_each_access_opens_its_own_page(site, browser, letter, campaign):
    code = f"asso_{letter}"
    page = enter(browser, site, code)
    text = all_text(page)
    own_association = campaign.association(code)
    own, _ = read_cube(site[2] / "demonstration" / code)
    assert page.inner_text("h1") == f"Association {letter.upper()}"
    assert "Exemple\u00a0: données fictives" in text
    assert sentences.who_answered(own) in text
    for scale in own.context["scales"]:
        assert sentences.change(own, scale["name"]) in text
    for other in campaign.associations:
        assert (other.label in text) == (other.code == code)
        assert other == own_association or other.code not in page.content()
    assert not ENGLISH.search(text), ENGLISH.search(text)
    assert ("Effectif insuffisant" in text) == (letter == "g")
    page.context.close()


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_is_wider_than_the_screen(site, browser, width):
    page = enter(browser, site, "asso_c", width)
    page.get_by_label("Votre âge").check()
    page.wait_for_selector(".duo img", timeout=PAGE)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.eval_on_selector_all("img", "images => images.every(image => image.complete && image.naturalWidth > 0)")
    page.context.close()


def test_one_breakdown_at_a_time(site, browser):
    page = enter(browser, site, "asso_c")
    for label, seen, unseen in (("Votre âge", "18 à 49 ans", "Une femme"), ("Votre genre", "Une femme", "18 à 49 ans")):
        page.get_by_label(label).check()
        page.wait_for_function(
            "text => document.querySelector('.duo')?.textContent.includes(text)", arg=seen, timeout=PAGE
        )
        assert unseen not in page.inner_text(".de-pres")
    assert page.get_by_role("radio").count() == 5
    page.context.close()


def test_the_question_looked_at_is_kept_in_the_address(site, browser):
    page = enter(browser, site, "asso_c")
    page.get_by_label("Votre âge").check()
    page.wait_for_url("**/?detail=age", timeout=PAGE)
    page.reload()
    page.wait_for_selector(".duo img", timeout=PAGE)
    assert page.get_by_label("Votre âge").is_checked()
    page.get_by_label("Tout le monde ensemble").check()
    page.wait_for_url(lambda url: "detail" not in url, timeout=PAGE)
    page.goto(site[0] + "?detail=liens")
    page.wait_for_selector(".impact-page h1", timeout=PAGE)
    assert page.get_by_label("Tout le monde ensemble").is_checked(), "only a declared question opens"
    page.context.close()


def test_nothing_leaves_this_machine(site, browser):
    address, accesses, _ = site
    page = browser.new_context().new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    page.fill("input[type=text]", "asso_a")
    page.fill("input[type=password]", accesses["asso_a"])
    page.click("button[type=submit]")
    page.wait_for_selector(".impact-page h1", timeout=PAGE)
    assert asked
    assert not [url for url in asked if not url.startswith((address, address.replace("http", "ws"), "data:", "blob:"))]
    page.context.close()


@pytest.mark.parametrize(
    "path",
    ["?association=asso_b", "?cube=asso_b", "asso_b", "asso_b/resultats.csv", "voila/render/tableau_de_bord.ipynb"],
)
def test_no_address_opens_another_association(site, browser, path):
    page = enter(browser, site, "asso_a")
    page.goto(site[0] + path)
    page.wait_for_selector("h1", timeout=PAGE)
    text = all_text(page)
    assert "Association B" not in text
    assert "Traceback" not in text
    page.context.close()
