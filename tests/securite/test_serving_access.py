"""Attacks on the pages over HTTP, against the site as it is really served."""

import contextlib
import json
import re
import time
import uuid

import pytest
import requests
from served_site import EVERYBODY, LEAD

from impact.serving import ACCOUNTS_FILE, create_accounts, renew_account
from impact.serving.login import WRONG

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
PUBLIC_ROUTES = {"/connexion$", "/lien$", "/sante$", "/style/([a-z.]+)$"}
EXPECTED_ROUTES = 13 + 1  # Voila's folder and two extensions' are three of them
VOILA_SCRIPT = re.compile(r"/voila/static/[\w.]+/voila\.js")
ENGLISH = re.compile(r"\b(error|forbidden|not found|login|password|token|running|executing|loading|traceback)\b", re.I)


@pytest.fixture(scope="module")
def pages(site):
    """Seven associations and the lead, logged in, each with an open page: visitor and kernel by code."""
    visitors = {code: site.visitor(code) for code in EVERYBODY}
    return {code: (visitor, visitor.open_page()) for code, visitor in visitors.items()}


@pytest.fixture
def kernels(pages):
    return {code: kernel for code, (_, kernel) in pages.items()}


def address(route: str, kernel: str) -> str:
    """Return an address that this route answers."""
    if route.startswith("/style"):
        return "/style/page.js"
    if route.startswith("/fichiers"):
        return "/fichiers/resultats.csv"
    path = route.replace(r"(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)", kernel).replace("\\", "").rstrip("$")
    return path.replace("(.*)", "voila.js" if "/static/0" in path else "style.js")


def nothing_leaks(answer: requests.Response, but: str = "") -> None:
    text = answer.text
    assert all(f"réservés à {code}" not in text for code in EVERYBODY if code != but)
    assert "Traceback" not in text
    assert "site-packages" not in text
    assert "/tmp" not in text


def test_an_association_sees_its_own_results_and_no_other(pages):
    for code, (visitor, _) in pages.items():
        answer = visitor.get("/")
        assert answer.status_code == 200
        assert '<html lang="fr">' in answer.text
        assert "<title>Nos résultats</title>" in answer.text
        assert f"réservés à {code}" in answer.text
        nothing_leaks(answer, but=code)


def test_the_routes_are_those_we_know(site):
    assert len(site.routes) == EXPECTED_ROUTES
    unwelcome = (
        "files",
        "contents",
        "tree",
        "query",
        "execution",
        "terminal",
        "render",
        "sessions",
        "templates",
        "token",
    )
    assert not [route for route in site.routes for word in unwelcome if word in route]


def same_refusal(*answers: requests.Response) -> bool:
    """Whether nothing tells these answers apart."""
    told = {(one.status_code, one.text, frozenset(one.headers.keys()), one.headers.get("Location")) for one in answers}
    return len(told) == 1


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("who", [*EVERYBODY, "anonyme"])
def test_matrix_of_visitors_and_routes(site, pages, who, method):
    """Nobody but its owner gets anything about alpha's kernel; a stranger gets the login page and its style only."""
    target = pages["alpha"][1]
    visitor = pages[who][0] if who in pages else site.visitor()
    for route in site.routes:
        if method == "POST" and (("shutdown" in route and who == "alpha") or "deconnexion" in route):
            continue  # these would succeed and end the visit: see test_leaving and test_logging_out
        form = {"_xsrf": visitor.xsrf} if method == "POST" else None
        answer = visitor.ask(method, address(route, target), data=form)
        nothing_leaks(answer, but=who)
        if who != "anonyme" and "fichiers" in route and method == "GET":
            assert answer.text == f"réservés à {who};1"
        if route == "/activite$":
            theirs = who == LEAD and method == "GET"
            assert (answer.status_code == 200) == theirs
            assert theirs or same_refusal(answer, visitor.ask(method, "/nulle-part", data=form))
        if who == "anonyme" and route not in PUBLIC_ROUTES:
            assert answer.status_code in (302, 403, 404, 405), (route, answer.status_code)
            assert answer.headers.get("Location", "/connexion").startswith("/connexion")
        elif ("kernel_id" in route and who != "alpha") or method not in ("GET", "HEAD", "POST"):
            assert answer.status_code in (403, 404, 405), (route, answer.status_code)
    assert pages["alpha"][0].get(f"/api/kernels/{target}").status_code == 200


@pytest.mark.parametrize("who", ["alpha", "beta", LEAD, "anonyme"])
@pytest.mark.parametrize(
    "path",
    [
        "/api/contents", "/api/kernels", "/api/kernelspecs", "/api/sessions", "/api/terminals", "/api/status",
        "/api/me", "/api/config/x", "/terminals/1", "/tree", "/lab", "/nbconvert/html/page.ipynb", "/login",
        "/files/page.ipynb",
        "/logout", "/voila/api/contents", "/voila/api/contents/", "/voila/tree", "/voila/tree/", "/voila/api/themes/x",
        "/voila/render/page.ipynb", "/voila/render/autre.ipynb", "/page.ipynb", "/tableau_de_bord.ipynb", "/alpha",
        "/voila/files/page.ipynb", "/voila/files/x/../private/data.csv", "/voila/files/./acces.json", "/acces.json",
        "/voila/templates/lab/static/style.css", "/voila/query/{kernel}", "/voila/execution/{kernel}", "/metrics",
        "/api/kernels/{kernel}/interrupt", "/api/kernels/{kernel}/restart", "/voila/static/0.0.0/voila.js",
    ],
)  # fmt: skip
def test_what_voila_and_jupyter_offer_elsewhere_does_not_exist(site, pages, who, path):
    visitor = pages[who][0] if who in pages else site.visitor()
    for method in ("GET", "POST"):
        answer = visitor.ask(method, path.format(kernel=pages["alpha"][1]))
        assert answer.status_code in (403, 404), answer.status_code
        nothing_leaks(answer)


@pytest.mark.parametrize(
    "climb", ["../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..%252f", "..\\", "..%5c", "/", "//", "x/../../"]
)
@pytest.mark.parametrize("target", ["conf.json", "index.html.j2", "acces.json", "etc/passwd", "package.json"])
def test_no_path_leads_out_of_the_library(site, pages, climb, target):
    visitor = pages["alpha"][0]
    served = [address(route, "k").rpartition("/")[0] for route in site.routes if route.endswith("(.*)$")]
    assert len(served) == 3
    for root in served:
        for depth in (1, 2, 7):
            answer = visitor.get(f"{root}/{climb * depth}{target}")
            assert answer.status_code in (400, 403, 404), (root, answer.status_code)
            nothing_leaks(answer)


def test_the_login_pages_files_are_given_by_exact_name(site):
    assert site.visitor().get("/style/formulaire.css").status_code == 200
    for name in ("login.html", "index.html.j2", "..", "../guard.py", "%2e%2e/guard.py", "base.html", ""):
        assert site.visitor().get(f"/style/{name}").status_code == 404


def test_the_library_is_for_who_is_logged_in(site, pages):
    script = VOILA_SCRIPT.search(pages["alpha"][0].get("/").text)[0]
    assert site.visitor().get(script).status_code == 403
    assert pages["alpha"][0].get(script).status_code == 200


def test_the_page_holds_no_source_and_loads_nothing_from_elsewhere(pages):
    text = pages["alpha"][0].get("/").text
    assert "IMPACT_CUBE" not in text
    assert "import " not in text
    assert "http://" not in text
    assert "https://" not in text
    assert not re.search(r"<script(?![^>]*(src=\"/|type=\"application/))", text)


def test_nothing_asked_in_the_query_string_changes_the_page(pages):
    visitor = pages["beta"][0]
    for query in (
        "template=classic",
        "theme=dark",
        "template=../x",
        "IMPACT_CUBE=/",
        "token=x",
        "next=//ailleurs.example",
    ):
        answer = visitor.get(f"/?{query}")
        assert answer.status_code == 200
        assert "/style/page.js" in answer.text
        assert "ailleurs" not in answer.text
        visitor.leave(re.search(r'"kernelId": "([\w-]+)"', answer.text)[1])


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/connexion",
        "/lien",
        "/sante",
        "/fichiers/figure.svg",
        "/rien",
        "/style/page.js",
        "/api/kernels/a-a-a-a-a",
        "script",
    ],
)
def test_security_headers_everywhere(pages, path):
    visitor, _kernel = pages["gamma"]
    path = VOILA_SCRIPT.search(visitor.get("/").text)[0] if path == "script" else path
    headers = visitor.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "unsafe-eval" not in headers["Content-Security-Policy"]
    assert not re.search(r"script-src[^;]*unsafe", headers["Content-Security-Policy"])
    assert "Server" not in headers
    assert "Access-Control-Allow-Origin" not in headers
    if "voila.js" not in path and "style" not in path:
        assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/rien", 404), ("POST", "/", 403), ("DELETE", "/connexion", 403), ("POST", "/connexion", 403)],
)
def test_refusals_are_french_pages_without_details(site, method, path, status):
    answer = site.visitor().ask(method, path)
    assert answer.status_code == status
    assert 'lang="fr"' in answer.text
    assert not ENGLISH.search(re.sub(r"<[^>]+>", "", answer.text))
    nothing_leaks(answer)


def test_the_login_page_is_french_and_needs_no_script(site):
    answer = site.visitor().get("/connexion")
    assert '<html lang="fr">' in answer.text
    assert "<script" not in answer.text
    assert not ENGLISH.search(re.sub(r"<[^>]+>", "", answer.text))
    for field in ("identifiant", "secret"):
        assert f'<label for="{field}">' in answer.text


def test_cookie_without_https(site):
    visitor = site.visitor()
    answer = visitor.log_in("alpha", site.secrets["alpha"])
    cookie = next(line for line in answer.raw.headers.getlist("Set-Cookie") if line.startswith("impact-"))
    assert {"HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=86400"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    assert answer.headers["Location"] == "/"


def test_cookie_behind_an_https_proxy(site):
    visitor = site.visitor()
    through = {"X-Forwarded-Proto": "https", "Host": "resultats.example"}
    visitor.get("/connexion", headers=through)
    form = {"identifiant": "alpha", "secret": site.secrets["alpha"], "_xsrf": visitor.xsrf}
    cookies = [c for c in visitor.http.cookies if c.name == "_xsrf"]
    assert cookies[0].secure
    answer = visitor.post("/connexion", data=form, headers=through)
    cookie = next(line for line in answer.raw.headers.getlist("Set-Cookie") if line.startswith("__Host-impact="))
    assert {"HttpOnly", "SameSite=Strict", "Path=/", "Secure"} <= set(cookie.split("; "))
    assert answer.headers["Strict-Transport-Security"]


def test_a_key_known_beforehand_is_worth_nothing_after_login(site):
    visitor, port = site.visitor(), site.url.rpartition(":")[2]
    visitor.http.cookies.set(f"impact-{port}", "cle-choisie-par-un-autre")
    visitor.log_in("alpha", site.secrets["alpha"])
    keys = [c.value for c in visitor.http.cookies if c.name == f"impact-{port}"]
    assert len(keys[-1]) == 43
    thief = site.visitor()
    thief.http.cookies.set(f"impact-{port}", "cle-choisie-par-un-autre")
    assert thief.get("/").status_code == 302


def test_logging_in_again_ends_the_former_session(site):
    visitor, port = site.visitor("alpha"), site.url.rpartition(":")[2]
    former = visitor.http.cookies[f"impact-{port}"]
    visitor.post("/connexion", data={"identifiant": "beta", "secret": site.secrets["beta"], "_xsrf": visitor.xsrf})
    assert visitor.http.cookies[f"impact-{port}"] != former
    visitor.http.cookies.set(f"impact-{port}", former, domain="127.0.0.1", path="/")
    thief = site.visitor()
    thief.http.cookies.set(f"impact-{port}", former)
    assert thief.get("/").status_code == 302


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "token abc"}, {"Authorization": "Bearer alpha"}, {"X-Forwarded-User": "alpha"},
        {"Remote-User": "alpha"}, {"X-Remote-User": "alpha"}, {"X-JupyterHub-User": "alpha"},
        {"Cookie": "username=alpha"},
    ],
)  # fmt: skip
def test_no_header_and_no_token_says_who_someone_is(site, headers):
    stranger = site.visitor()
    assert stranger.get("/", headers=headers).status_code == 302
    assert stranger.get("/?token=", headers=headers).status_code == 302
    assert stranger.get("/?token=alpha", headers=headers).status_code == 302


def test_a_login_form_from_elsewhere_is_refused(site):
    form = {"identifiant": "alpha", "secret": site.secrets["alpha"]}
    stranger = site.visitor()
    assert stranger.post("/connexion", data=form).status_code == 403
    stranger.get("/connexion")
    assert stranger.post("/connexion", data=form).status_code == 403
    foreign = {"Origin": "https://ailleurs.example"}
    assert stranger.post("/connexion", data=form | {"_xsrf": stranger.xsrf}, headers=foreign).status_code == 404
    assert stranger.get("/").status_code == 302


def test_logging_in_never_leads_elsewhere(site):
    visitor = site.visitor()
    visitor.get("/connexion?next=//ailleurs.example")
    form = {
        "identifiant": "alpha",
        "secret": site.secrets["alpha"],
        "_xsrf": visitor.xsrf,
        "next": "//ailleurs.example",
    }
    assert visitor.post("/connexion?next=//ailleurs.example", data=form).headers["Location"] == "/"


def test_unknown_and_known_accounts_get_the_same_answer(site):
    answers = []
    for code in ("gamma", "inconnue"):
        visitor = site.visitor()
        answer = visitor.log_in(code, "aaaa-aaaa-aaaa-aaaa")
        answers.append((answer.status_code, answer.text.replace(code, "").replace(visitor.xsrf, "")))
    assert answers[0][0] == answers[1][0] == 401
    assert WRONG in answers[0][1]
    assert re.sub(r'value="2\|[^"]*"', "", answers[0][1]) == re.sub(r'value="2\|[^"]*"', "", answers[1][1])


def test_the_identifier_typed_is_shown_as_text(site):
    answer = site.visitor().log_in('"><img src=x onerror=alert(1)>', "x")
    assert "<img" not in answer.text
    assert "&lt;img" in answer.text


def test_logging_out_ends_the_session_and_its_pages(site):
    visitor, port = site.visitor("gamma"), site.url.rpartition(":")[2]
    key, kernel = visitor.http.cookies[f"impact-{port}"], visitor.open_page()
    assert visitor.post("/deconnexion").status_code == 403  # without the form's own token
    assert visitor.get("/deconnexion").status_code == 405
    answer = visitor.post("/deconnexion", data={"_xsrf": visitor.xsrf})
    assert "Vous êtes déconnecté" in answer.text
    thief = site.visitor()
    thief.http.cookies.set(f"impact-{port}", key)
    assert thief.get("/").status_code == 302
    assert thief.get(f"/api/kernels/{kernel}").status_code == 403


def test_another_session_of_the_same_association_does_not_reach_the_kernel(site, pages):
    assert site.visitor("alpha").get(f"/api/kernels/{pages['alpha'][1]}").status_code == 404


def test_leaving(site, pages):
    """Only the page itself stops its kernel: same origin, its form token, its owner."""
    visitor = site.visitor("alpha")
    kernel = visitor.open_page()
    other = pages["beta"][0]
    assert other.leave(kernel).status_code == 404
    assert site.visitor().leave(kernel).status_code == 403
    assert visitor.leave(kernel, Origin="https://ailleurs.example").status_code == 404
    assert visitor.post(f"/voila/api/shutdown/{kernel}", headers={"Origin": site.url}).status_code == 403
    assert visitor.ask("DELETE", f"/api/kernels/{kernel}", headers={"X-XSRFToken": visitor.xsrf}).status_code == 405
    assert visitor.get(f"/api/kernels/{kernel}").status_code == 200
    assert visitor.leave(kernel).status_code == 204
    assert visitor.get(f"/api/kernels/{kernel}").status_code == 404


def test_a_kernel_that_does_not_exist_looks_like_anothers(pages):
    visitor, kernel = pages["beta"][0], pages["alpha"][1]
    answers = [visitor.get(f"/api/kernels/{k}") for k in (kernel, str(uuid.uuid4()))]
    assert answers[0].status_code == answers[1].status_code == 404
    assert answers[0].text == answers[1].text
    assert "alpha" not in json.dumps(dict(answers[0].headers))


def test_reloading_again_and_again_meets_a_limit_that_others_do_not_feel(site, pages):
    visitor = site.visitor("gamma")
    statuses = [visitor.get("/").status_code for _ in range(12)]
    assert 503 in statuses
    assert "Trop de pages" in visitor.get("/").text
    neighbour = site.visitor("beta")
    assert neighbour.leave(neighbour.open_page()).status_code == 204
    visitor.post("/deconnexion", data={"_xsrf": visitor.xsrf})


def test_a_large_form_is_refused(site):
    visitor = site.visitor()
    visitor.get("/connexion")
    with contextlib.suppress(requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
        answer = visitor.post("/connexion", data={"secret": "a" * 1_000_000, "_xsrf": visitor.xsrf})
        assert answer.status_code >= 400
    assert site.visitor().get("/connexion").status_code == 200


def test_renewing_a_secret_logs_out_at_once(site):
    path = site.outputs / ACCOUNTS_FILE
    create_accounts(path, ["delta"])
    secret = renew_account(path, "delta")
    visitor = site.visitor()
    assert visitor.log_in("delta", secret).status_code == 303
    assert visitor.get("/connexion").status_code == 302
    assert visitor.get("/").status_code == 410  # an account without a cube sees nothing, and is told so
    renew_account(path, "delta")
    assert visitor.get("/").status_code == 302


def test_brute_force_locks_that_account_and_no_other(site):
    """Last of this module: it leaves an account locked."""
    attacker = site.visitor()
    answers = [attacker.log_in("inconnue2", f"aaaa-aaaa-aaaa-aaa{number}") for number in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 4 + [429] * 2
    assert int(answers[-1].headers["Retry-After"]) <= 30
    assert "Attendez" in answers[-1].text
    begin = time.perf_counter()
    statuses = [attacker.log_in("beta", f"bbbb-bbbb-bbbb-bbb{number}").status_code for number in range(5)]
    assert statuses == [401] * 4 + [429]
    assert site.visitor().log_in("beta", site.secrets["beta"]).status_code == 429  # even with the right secret
    assert time.perf_counter() - begin < 15
    assert site.visitor().log_in("gamma", site.secrets["gamma"]).status_code == 303
    assert "bbbb" not in site.journal.read_text()
