"""The pages in a browser: small and large screens, no script on the login page, nothing from elsewhere."""

import os
import shutil
import sys
import time

import pytest
import served_site
from conftest import NOTEBOOK, _free_port

from impact.serving import ACCOUNTS_FILE, read_account, renew_account
from impact.serving.links import make_token

playwright = pytest.importorskip("playwright.sync_api", reason="playwright n'est pas installé")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="chromium n'est pas installé sur cette machine")
linux = pytest.mark.skipif(sys.platform != "linux", reason="suit les processus par /proc")
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
SCREENS = {"téléphone": (360, 740), "ordinateur": (1280, 900)}
PATIENCE = 20_000  # milliseconds


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=[*OPTIONS, "--disable-sync"])
        yield opened
        opened.close()


@pytest.fixture
def new_tab(browser):
    contexts = []

    def open_tab(screen="ordinateur", **options):
        width, height = SCREENS[screen]
        context = browser.new_context(viewport={"width": width, "height": height}, locale="fr-FR", **options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        return context.new_page()

    yield open_tab
    for context in contexts:
        context.close()


def log_in(tab, site, code):
    tab.goto(site.url)
    tab.fill("#identifiant", code)
    tab.fill("#secret", site.secrets[code])
    tab.click("button")


def show_results(tab, site, code):
    log_in(tab, site, code)
    tab.wait_for_selector(".jupyter-widgets >> visible=true")


@pytest.mark.parametrize("screen", SCREENS)
def test_the_login_page_fits_the_screen_and_works_without_script(new_tab, site, screen):
    tab = new_tab(screen, java_script_enabled=False)
    tab.goto(site.url)
    assert tab.locator("html").get_attribute("lang") == "fr"
    boxes = [tab.locator(selector).bounding_box() for selector in ("#identifiant", "#secret", "button", "main")]
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= SCREENS[screen][0] for box in boxes)
    assert all(box["height"] >= 44 for box in boxes)  # a finger's width
    tab.fill("#identifiant", "alpha")
    tab.fill("#secret", "faux")
    tab.click("button")
    assert tab.locator("[role=alert]").inner_text() == "L’identifiant ou le code secret est incorrect."
    assert tab.locator("#identifiant").input_value() == "alpha"
    tab.fill("#secret", site.secrets["alpha"])
    tab.click("button")
    assert "À la fin : réservés à alpha" in tab.inner_text("main")
    tab.click("text=une autre")
    assert "Une autre : réservés à alpha" in tab.inner_text("main")
    assert tab.evaluate("document.documentElement.scrollWidth") <= SCREENS[screen][0]


def test_the_login_form_is_filled_with_the_keyboard(new_tab, site):
    tab = new_tab()
    tab.goto(site.url)
    for keys in ("Tab", "beta", "Tab", site.secrets["beta"], "Enter"):
        tab.keyboard.press(keys) if keys in ("Tab", "Enter") else tab.keyboard.type(keys)
    tab.wait_for_selector(".jupyter-widgets")
    assert "réservés à beta" in tab.inner_text("main")


@pytest.mark.parametrize("screen", SCREENS)
def test_the_results_page(new_tab, site, screen):
    tab, hosts, complaints = new_tab(screen), set(), []
    tab.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    tab.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    show_results(tab, site, "alpha")
    assert hosts == {site.url.removeprefix("http://")}
    assert complaints == []
    assert tab.title() == "Nos résultats"
    assert tab.locator("html").get_attribute("lang") == "fr"
    tab.wait_for_selector("#choix", state="detached")
    assert tab.locator("#panne").is_hidden()
    assert tab.evaluate("document.documentElement.scrollWidth") <= SCREENS[screen][0]
    assert tab.inner_text("main").split("\n")[0] == "Nos résultats"
    tab.click("text=après")
    tab.wait_for_selector("text=après : Résultats réservés à alpha")
    tab.click("text=une panne")
    tab.click("text=avant")
    tab.wait_for_selector("text=avant : Résultats réservés à alpha")
    assert "Error" not in tab.inner_text("body")


def test_the_first_key_leads_to_the_content(new_tab, site):
    tab = new_tab()
    show_results(tab, site, "alpha")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.innerText") == "Aller au contenu"
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.id") == "contenu"


@linux
def test_a_page_that_is_left_stops_its_kernel(new_tab, site):
    tab, before = new_tab(), site.kernels()
    show_results(tab, site, "gamma")
    process = (site.kernels() - before).pop()
    tab.goto(site.url + "/rien")
    assert tab.inner_text("h1") == "Page indisponible"
    for _ in range(50):
        if not os.path.exists(f"/proc/{process}"):
            return
        time.sleep(0.1)
    raise AssertionError("the kernel outlived its page")


@linux
def test_a_lost_kernel_is_said_and_reloading_brings_the_results_back(new_tab, site):
    tab, before = new_tab(), site.kernels()
    show_results(tab, site, "alpha")
    os.kill((site.kernels() - before).pop(), 9)
    tab.wait_for_selector("#panne:not([hidden])")
    assert "Cette page n’est plus reliée à vos résultats" in tab.inner_text("[role=alert]")
    tab.click("#recharger")
    tab.wait_for_selector("text=Résultats réservés à alpha")


def test_logging_out(new_tab, site):
    tab = new_tab()
    show_results(tab, site, "beta")
    other = tab.context.new_page()
    other.goto(site.url)
    other.wait_for_selector(".jupyter-widgets")
    tab.click("text=Se déconnecter")
    assert tab.inner_text("[role=status]") == "Vous êtes déconnecté."
    other.wait_for_selector("#panne:not([hidden])")
    other.click("#recharger")
    other.wait_for_selector("#identifiant")
    tab.go_back()
    tab.wait_for_selector("#identifiant")


def test_three_views_in_a_row_without_a_hang(new_tab, site):
    tab = new_tab()
    show_results(tab, site, "gamma")
    for _ in range(3):
        tab.reload()
        tab.wait_for_selector("text=Résultats réservés à gamma", timeout=10_000)


def test_an_access_that_changes_is_said_on_the_open_page(new_tab, site):
    tab = new_tab()
    show_results(tab, site, "omicron")
    renew_account(site.outputs / ACCOUNTS_FILE, "omicron")
    tab.wait_for_selector("#panne:not([hidden])")
    tab.click("#recharger")
    tab.wait_for_selector("#identifiant")


def test_a_killed_server_is_said_and_reloading_finds_the_next_one(new_tab, tmp_path):
    port = _free_port()
    first = served_site.start(tmp_path / "un", port, NOTEBOOK)
    tab = new_tab()
    show_results(tab, first, "alpha")
    first.process.kill()
    first.process.wait()
    tab.wait_for_selector("#panne:not([hidden])")
    second = served_site.start(tmp_path / "deux", port, NOTEBOOK)
    tab.click("#recharger")
    tab.wait_for_selector("#identifiant")
    second.process.terminate()
    second.process.wait(30)


@pytest.mark.parametrize("screen", SCREENS)
def test_a_link_in_a_browser(new_tab, site, screen):
    """The token leaves the address; a link cut short says so, and the whole one pasted after it works."""
    token, _ = make_token("sigma", read_account(site.outputs / ACCOUNTS_FILE, "sigma"), 1)
    tab = new_tab(screen)
    tab.goto(f"{site.url}/lien")
    assert "Il manque un morceau de l’adresse" in tab.inner_text("[role=alert]")
    assert tab.locator("button").is_hidden()
    tab.goto(f"{site.url}/lien#{token}")
    assert tab.locator("[role=alert]").is_hidden()
    assert tab.url == f"{site.url}/lien"
    box = tab.locator("button").bounding_box()
    assert box["height"] >= 44
    assert box["x"] + box["width"] <= SCREENS[screen][0]
    tab.click("button")
    tab.wait_for_selector("text=Résultats réservés à sigma")
    assert token not in str(tab.evaluate("[location.href, document.referrer, document.body.innerHTML]"))


def test_a_link_without_script_says_what_to_do(new_tab, site):
    tab = new_tab(java_script_enabled=False)
    tab.goto(f"{site.url}/lien#x")
    assert "activez JavaScript" in tab.inner_text("noscript")
