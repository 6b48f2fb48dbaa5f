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
START, PAGE = 300, 60_000  # seconds to be served, milliseconds for a page: generous, the machine may be busy
ENGLISH = re.compile(
    r"\b(the|and|with|loading|please|error|login|password|submit|before|after|mean|none|null|nan|true|false|"
    r"kernel|cell|output|file|show|page not found|traceback|exception)\b",
    re.IGNORECASE,
)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="aucun navigateur Chromium sur cette machine")


CODES = "asso_[a-g]|responsable"


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
        yield f"http://127.0.0.1:{port}/", dict(re.findall(rf"({CODES})\W+((?:\w{{4}}-){{3}}\w{{4}})", text)), outputs
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


def enter(browser, site, code, width=1280, scheme="light"):
    """Log in and wait for the page; return it."""
    address, accesses, _ = site
    size = {"width": width, "height": 900}
    page = browser.new_context(viewport=size, locale="fr-FR", color_scheme=scheme).new_page()
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
    assert sorted(site[1]) == [*(f"asso_{letter}" for letter in "abcdefg"), "responsable"]
    assert len(set(site[1].values())) == 8


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
    page.get_by_role("radio", name="Votre âge").check()
    page.wait_for_selector(".cartes img", timeout=PAGE)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.evaluate("[...document.images].forEach(image => image.loading = 'eager')")  # else only those near the screen
    page.wait_for_function("[...document.images].every(one => one.complete && one.naturalWidth > 0)", timeout=PAGE)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.context.close()


def test_one_breakdown_at_a_time(site, browser):
    page = enter(browser, site, "asso_c")
    for label, seen, unseen in (("Votre âge", "18 à 49 ans", "Une femme"), ("Votre genre", "Une femme", "18 à 49 ans")):
        page.get_by_role("radio", name=label).check()
        page.wait_for_function(
            "text => document.querySelector('.cartes')?.textContent.includes(text)", arg=seen, timeout=PAGE
        )
        assert unseen not in page.inner_text(".de-pres")
    assert page.get_by_role("radio").count() == 5
    page.context.close()


def test_the_question_looked_at_is_kept_in_the_address(site, browser):
    page = enter(browser, site, "asso_c")
    page.get_by_role("radio", name="Votre âge").check()
    page.wait_for_url("**/?detail=age", timeout=PAGE)
    page.reload()
    page.wait_for_selector(".de-pres figure img", timeout=PAGE)
    assert page.get_by_role("radio", name="Votre âge").is_checked()
    page.get_by_role("radio", name="Tout le monde ensemble").check()
    page.wait_for_url(lambda url: "detail" not in url, timeout=PAGE)
    page.goto(site[0] + "?detail=liens")
    page.wait_for_selector(".impact-page h1", timeout=PAGE)
    assert page.get_by_role("radio", name="Tout le monde ensemble").is_checked(), "only a declared question opens"
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


# --- for everyone -----------------------------------------------------------------------------------------------------

RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}


def faults(page) -> list[str]:
    """What axe-core finds against WCAG 2.1, A and AA."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{one['id']} : {node['html'][:120]}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_fault_of_accessibility(site, browser, scheme):
    page = browser.new_context(color_scheme=scheme, locale="fr-FR").new_page()
    page.goto(site[0])
    assert faults(page) == []
    page.fill("input[type=text]", "asso_c")
    page.fill("input[type=password]", "faux")
    page.click("button[type=submit]")
    page.wait_for_selector("#erreur")
    assert faults(page) == []
    page.fill("input[type=password]", site[1]["asso_c"])
    page.click("button[type=submit]")
    choice = page.get_by_role("radiogroup", name="Regarder de plus près")
    choice.get_by_role("radio", name="Votre genre").check(timeout=PAGE)
    page.wait_for_selector(".cartes img", timeout=PAGE)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert faults(page) == []
    page.goto(f"{site[0]}nulle-part")
    assert faults(page) == []
    page.context.close()


def test_all_is_read_without_script(site, browser):
    """Figures and choices too: links stand where the radio buttons would be."""
    page = browser.new_context(java_script_enabled=False, locale="fr-FR").new_page()
    page.goto(site[0])
    page.fill("input[type=text]", "asso_c")
    page.fill("input[type=password]", site[1]["asso_c"])
    page.click("button[type=submit]")
    assert page.locator(".impact-page figure img").count() > 10
    page.get_by_role("link", name="Votre âge").click()
    assert page.url == site[0] + "?detail=age#choix"
    assert page.locator("#choix .cartes img").count() >= 3
    assert page.locator("#choix [aria-current]").inner_text() == "Votre âge"
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_links_become_radio_buttons_and_nothing_moves(site, browser, scheme, width):
    held, place = [], "document.querySelector('.impact-page > .page:last-child').getBoundingClientRect().top"
    page = browser.new_context(color_scheme=scheme, locale="fr-FR", viewport={"width": width, "height": 900}).new_page()
    page.route("**/voila.js", lambda route: held.append(route))
    page.goto(site[0] + "?detail=genre")
    page.fill("input[type=text]", "asso_c")
    page.fill("input[type=password]", site[1]["asso_c"])
    page.click("button[type=submit]")
    link = page.get_by_role("link", name="Votre genre")
    link.focus(timeout=PAGE)
    page.wait_for_selector(".de-pres > #vivant", state="attached", timeout=PAGE)
    assert faults(page) == []
    assert page.get_by_role("radio").count() == 0
    before = page.evaluate(place)
    held[0].continue_()
    page.wait_for_selector("#choix", state="detached", timeout=PAGE)
    assert abs(page.evaluate(place) - before) <= 2
    assert page.evaluate("document.activeElement.checked"), "the keyboard is where it was"
    assert page.get_by_role("radio", name="Votre genre").is_checked()
    assert page.locator(".cartes").count() == 1
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_no_fault_on_the_page_of_the_lead(site, browser, scheme, width):
    page = enter(browser, site, "responsable", width, scheme)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert not ENGLISH.search(all_text(page))
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_the_lead_reads_the_activity_of_the_service(site, browser, scheme, width):
    page = enter(browser, site, "responsable", width, scheme)
    for _ in range(3):  # the skip link, then the way to the other page
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText") == "L’activité du service":
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/activite", timeout=PAGE)
    assert page.locator(".activite figure img").count() > 40
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("link", name="Les résultats de l’évaluation").click()
    page.wait_for_selector("text=Ce qui attend une décision", timeout=PAGE)
    page.context.close()


def test_nobody_else_finds_the_activity_of_the_service(site, browser):
    page = enter(browser, site, "asso_a")
    assert page.get_by_text("L’activité du service").count() == 0
    page.goto(site[0] + "activite")
    assert page.inner_text("h1") == "Page indisponible"
    page.context.close()


def test_every_control_is_reached_with_the_keyboard_alone(site, browser):
    """From the login to a breakdown, a folded table and a download, without a mouse."""
    page = browser.new_context(locale="fr-FR").new_page()
    page.goto(site[0])
    for typed in ("asso_c", site[1]["asso_c"]):
        page.keyboard.press("Tab")
        page.keyboard.type(typed)
    page.keyboard.press("Enter")
    page.wait_for_selector("input[type=radio]", timeout=PAGE)
    page.evaluate("document.body.focus()")
    seen = []
    for _ in range(160):
        page.keyboard.press("Tab")
        place = page.evaluate(WHERE)
        seen.append(place["what"])
        assert place["outlined"], place
        if place["what"] == "RADIO" and "RADIO" not in seen[:-1]:
            page.keyboard.press("ArrowDown")
            page.wait_for_selector(".cartes img", timeout=PAGE)
        if place["what"] == "SUMMARY" and "SUMMARY" not in seen[:-1]:
            page.keyboard.press("Enter")
            assert page.evaluate("document.activeElement.parentElement.open")
        if place["what"] == "resultats.csv":
            break
    assert seen[0] == "#contenu", "the skip link comes first"
    assert {"BUTTON", "#essentiel", "SUMMARY", "parcours.svg", "RADIO", "resultats.csv"} <= set(seen)
    page.context.close()


WHERE = """() => {
  const one = document.activeElement, style = getComputedStyle(one);
  const file = (one.getAttribute("href") || "").replace("fichiers/", "");
  const what = one.type === "radio" ? "RADIO" : file || one.tagName;
  return {what, outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1};
}"""


def test_a_page_prints_whole_without_its_controls(site, browser):
    page = enter(browser, site, "asso_c")
    page.emulate_media(media="print")
    assert page.locator(".impact-page figure img").first.is_visible()
    for hidden in ("nav", ".barre", ".widget-radio-box"):
        assert not page.locator(hidden).first.is_visible(), hidden
    page.context.close()
