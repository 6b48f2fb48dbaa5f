"""The server's life: health, accounts that change while it runs, a gentle stop, what a failure tells, the journal."""

import json
import re
import signal
import stat
import threading
import time

import nbformat
import pytest
import served_site
from conftest import NOTEBOOK, _free_port
from served_site import ASSOCIATIONS, EVERYBODY, hear
from test_serving_channel import closed, linux, named, widgets

from impact.serving import ACCOUNTS_FILE, create_accounts, read_account, remove_account, renew_account, start
from impact.serving.guard import network
from impact.serving.links import make_token

AT_ONCE = 3  # seconds: the server looks every second, and the machine may be busy


@pytest.fixture
def own_site(tmp_path):
    """A site of this test's own, which it may break."""
    running = served_site.start(tmp_path, _free_port(), NOTEBOOK)
    yield running
    running.process.terminate()
    running.process.wait(timeout=30)


def test_health_tells_counts_and_no_name(site):
    opened = site.visitor("alpha")
    kernel = opened.open_page()
    answer = site.visitor().get("/sante")
    told = answer.json()
    assert answer.status_code == 200
    assert told == {
        "etat": "en service",
        "resultats": len(EVERYBODY),
        "resultats_absents": 0,
        "pages_ouvertes": 1,
        "pages_possibles": told["pages_possibles"],
    }
    assert not [code for code in EVERYBODY if code in answer.text]
    assert "Set-Cookie" not in answer.headers
    assert not re.search(r"\d+\.\d+", json.dumps(dict(answer.headers)) + answer.text), "no version is told"
    opened.leave(kernel)


def test_missing_results_are_told_to_monitoring_and_to_the_reader(own_site):
    visitor = own_site.visitor("beta")
    cube, aside = own_site.outputs / "beta", own_site.outputs / ".aside"
    cube.rename(aside)
    answer = own_site.visitor().get("/sante")
    assert (answer.status_code, answer.json()["etat"]) == (503, "résultats absents")
    assert answer.json()["resultats_absents"] == 1
    refused = visitor.get("/")
    assert refused.status_code == 410
    assert "ne sont pas publiés en ce moment" in refused.text
    aside.rename(cube)
    assert own_site.visitor().get("/sante").status_code == 200
    assert visitor.get("/").status_code == 200
    (own_site.outputs / ACCOUNTS_FILE).chmod(0o644)
    (own_site.outputs / ACCOUNTS_FILE).touch()
    assert own_site.visitor().get("/sante").json()["etat"] == "accès illisibles"


def test_a_new_account_opens_without_restarting(site):
    served_site.publish(site.outputs / "delta", "delta")
    secret = create_accounts(site.outputs / ACCOUNTS_FILE, ["delta"])["delta"]
    visitor = site.visitor()
    assert visitor.log_in("delta", secret).status_code == 303
    channel = visitor.connect(visitor.open_page())
    assert "réservés à delta" in named(widgets(channel), "HTMLModel")[1]["value"]
    remove_account(site.outputs / ACCOUNTS_FILE, "delta")
    assert visitor.get("/").status_code == 302
    assert closed(channel, AT_ONCE)


@linux
@pytest.mark.parametrize("end_of_account", [renew_account, remove_account])
def test_a_changed_or_removed_access_ends_its_pages_at_once(site, end_of_account):
    """The open channel is closed and the kernel gone though nobody asks anything; the neighbour feels nothing."""
    code = {"renew_account": "kappa", "remove_account": "lambda"}[end_of_account.__name__]
    neighbour = site.visitor("omicron")
    beside = neighbour.connect(neighbour.open_page())
    visitor, before = site.visitor(code), site.kernels()
    kernel = visitor.open_page()
    channel = visitor.connect(kernel)
    hear(channel, 0.3)
    process = (site.kernels() - before).pop()
    end_of_account(site.outputs / ACCOUNTS_FILE, code)
    assert visitor.get(f"/api/kernels/{kernel}").status_code == 403
    assert closed(channel, AT_ONCE)
    assert process not in site.kernels()
    assert "réservés à omicron" in named(widgets(beside), "HTMLModel")[1]["value"]
    beside.close()


def test_the_question_looked_at_comes_back_through_the_login(site):
    visitor = site.visitor()
    assert visitor.get("/?detail=age").headers["Location"] == "/connexion?detail=age"
    form = {"identifiant": "alpha", "secret": site.secrets["alpha"], "_xsrf": ""}
    visitor.get("/connexion?detail=age")
    answer = visitor.post("/connexion?detail=age", data=form | {"_xsrf": visitor.xsrf})
    assert answer.headers["Location"] == "/?detail=age"


@pytest.mark.parametrize(
    ("asked", "told"),
    [("autre", "autre"), ("age", ""), ("", ""), ("../beta", ""), ("<b>", ""), ("a" * 65, ""), ("a b", ""), ("é", ""), ("age&detail=autre", "autre")],
)  # fmt: skip
def test_a_page_is_told_the_name_of_a_declared_question_and_nothing_else(site, asked, told):
    visitor = site.visitor("gamma")
    kernel = re.search(r'"kernelId": "([\w-]+)"', visitor.get(f"/?detail={asked}").text)[1]
    environment = named(widgets(visitor.connect(kernel)), "TextareaModel")[1]["value"].splitlines()
    assert f"IMPACT_DETAIL={told}" in environment
    visitor.leave(kernel)


SLOW = ("import time, ipywidgets as widgets\ntime.sleep(3)", "widgets.HTML('la fin de la page')")


def test_a_gentle_stop_finishes_the_pages_under_way(tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in SLOW])
    nbformat.write(notebook, tmp_path / "lente.ipynb")
    site = served_site.start(tmp_path, _free_port(), tmp_path / "lente.ipynb")
    visitor, other, answers = site.visitor("alpha"), site.visitor("beta"), []
    reading = threading.Thread(target=lambda: answers.append(visitor.get("/").text))
    reading.start()
    time.sleep(1)
    site.process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    health, refused = site.visitor().get("/sante"), other.get("/")
    assert (health.status_code, health.json()["etat"]) == (503, "arrêt en cours")
    assert refused.status_code == 503
    assert "Le service redémarre" in refused.text
    reading.join(15)
    assert answers[0].rstrip().endswith("</html>")
    assert site.process.wait(15) == 0


def test_strict_refuses_to_open_without_full_isolation(tmp_path):
    with pytest.raises(AssertionError, match="La protection complète est demandée") as caught:
        served_site.start(tmp_path, _free_port(), NOTEBOOK, "without_fork_strict")
    assert "il faut Linux 6.7" in str(caught.value)


@linux
def test_strict_opens_where_pages_can_be_shut_in(tmp_path):
    from impact.serving.confinement import ALONE, walls_here

    if walls_here(tmp_path) != ALONE:
        pytest.skip("ce système ne permet pas la protection complète (Landlock 4 et espaces de noms)")
    site = served_site.start(tmp_path, _free_port(), NOTEBOOK, "strict")
    site.process.terminate()
    assert site.process.wait(15) == 0
    assert "Protection complète" in site.journal.read_text()


@pytest.mark.parametrize("path", ["resultats", "/resultats", "//x/", "/é/", "/a b/", "/../", "/(.*)/"])
def test_a_sub_path_that_would_not_work_is_refused(tmp_path, path):
    from impact.errors import ServingError

    with pytest.raises(ServingError, match="Ce chemin ne convient pas"):
        start.serve(tmp_path, NOTEBOOK, port=1, prefix=path, open_browser=False)


def test_below_a_sub_path_everything_stays_below_it(tmp_path):
    site = served_site.start(tmp_path, _free_port(), NOTEBOOK, prefix="/resultats/")
    try:
        assert {route[:11] for route in site.routes} == {"/resultats/"}
        visitor = site.visitor("alpha")
        text = visitor.get("/").text
        assert not re.search(r'(?:href|src|action)="/(?!resultats/)', text)
        assert visitor.get("/fichiers/resultats.csv").status_code == 200
        form = {"jeton": make_token("beta", read_account(site.outputs / ACCOUNTS_FILE, "beta"), 1)[0]}
        https = {"X-Forwarded-Proto": "https", "Origin": site.url.removesuffix("/resultats")}
        cookie = site.visitor().post("/lien", data=form, headers=https).headers["Set-Cookie"]
        assert cookie.startswith("__Host-impact-resultats=")
        assert {"Path=/", "Secure", "HttpOnly", "SameSite=Strict"} <= set(cookie.split("; "))
        outside = served_site.Visitor(site.url.removesuffix("/resultats"), visitor.http)
        assert outside.get("/").status_code == 404
        assert outside.get("/connexion").status_code == 404
    finally:
        site.process.terminate()
        site.process.wait(timeout=20)


BREAKING = ("raise ValueError('chemin /secret')",)


def test_a_failure_tells_a_reference_that_the_journal_explains(tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in BREAKING])
    nbformat.write(notebook, tmp_path / "cassee.ipynb")
    site = served_site.start(tmp_path, _free_port(), tmp_path / "cassee.ipynb")
    try:
        text = site.visitor("alpha").get("/").text
        reference = re.search(r"la référence ([0-9a-f]{8})\.", text)[1]
        log = site.outputs / "serveur.log"
        assert f"Incident {reference}" in log.read_text("utf-8")
        assert "ValueError" in log.read_text("utf-8")
        assert "ValueError" not in text
        assert stat.S_IMODE(log.stat().st_mode) == 0o600
    finally:
        site.process.terminate()
        site.process.wait(timeout=20)


def test_the_journal_tells_no_person_and_no_secret(site):
    typed = "prenom.nom@association.example"
    site.visitor().log_in(typed, "mon-vrai-code")
    site.visitor().log_in("alpha", "mon-vrai-code")
    site.visitor().get("/rien?courriel=" + typed, headers={"X-Real-Ip": "198.51.100.77"})
    for _ in range(20):  # a line is written once the answer has left
        journal = (site.outputs / "serveur.log").read_text("utf-8")
        if "/rien" in journal:
            break
        time.sleep(0.1)
    assert "Connexion refusée pour un identifiant inconnu" in journal
    assert "Connexion refusée pour alpha" in journal
    assert "198.51.100.0/24" in journal
    assert not [found for found in (typed, "mon-vrai", "198.51.100.77", *ASSOCIATIONS[1:3]) if found in journal[-600:]]


def test_the_journal_is_of_a_bounded_size(tmp_path, monkeypatch):
    import logging

    monkeypatch.setattr(start, "JOURNAL_SIZE", 1000)
    logger = logging.Logger("essai")
    start._keep_journal(tmp_path / "serveur.log", logger)
    for number in range(500):
        logger.warning("ligne %s", number)
    files = sorted(tmp_path.iterdir())
    assert len(files) == 1 + start.JOURNALS
    assert all(path.stat().st_size <= 1000 and stat.S_IMODE(path.stat().st_mode) == 0o600 for path in files)


@pytest.mark.parametrize(
    ("address", "told"),
    [("192.0.2.77", "192.0.2.0/24"), ("2001:db8:1:2::9", "2001:db8:1::/48"), ("::1", "::/48"), ("sans adresse", "inconnue")],
)  # fmt: skip
def test_an_address_is_told_by_its_network(address, told):
    assert network(address) == told
