"""JupyterHub really started, with the project's own configuration file: two associations and the lead come through it."""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests
import websocket
from conftest import _free_port
from served_site import PATIENCE, hear
from test_serving_channel import named, say, widgets
from tornado.web import HTTPError

from impact.clearance import clear
from impact.cube import write_cube
from impact.disclosure import LEAD
from impact.keys import secret_key
from impact.layout import lay_out
from impact.serving import ACCOUNTS_FILE, create_accounts, read_account, remove_account, renew_account
from impact.serving.links import make_token
from impact.serving.login import DEAD_LINK, WRONG

PROXY = shutil.which("configurable-http-proxy")
pytest.importorskip("jupyterhub", reason="jupyterhub n'est pas installé")
pytestmark = pytest.mark.skipif(not PROXY, reason="configurable-http-proxy (npm) n'est pas installé sur cette machine")

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
FIRST, SECOND = "asso_a", "asso_b"
EVERYBODY = (FIRST, SECOND, LEAD)
LABELS = {FIRST: "Association A", SECOND: "Association B", LEAD: "Toutes les associations"}
HERE = Path(__file__).parent


class Guest:
    """A browser without a screen, which keeps each cookie to its path; redirections are followed only when asked."""

    def __init__(self, url):
        self.url, self.http, self.kernel, self.home = url, requests.Session(), "", ""
        self.http.trust_env = False

    def ask(self, method, path, *, follow=False, **options):
        return self.http.request(method, self.url + path, allow_redirects=follow, timeout=PATIENCE, **options)

    def log_in(self, code, secret, path="/hub/login"):
        token = re.search('name="_xsrf" value="([^"]+)"', self.ask("GET", path).text)[1]
        return self.ask("POST", path, data={"identifiant": code, "secret": secret, "_xsrf": token})

    def open(self, path="/"):
        """Follow the hub until the page is there, as a browser does."""
        for _ in range(PATIENCE):
            answer = self.ask("GET", path, follow=True)
            if "Se déconnecter" in answer.text:
                found = re.search(r'"kernelId": "([\w-]+)"', answer.text)  # none where there is nothing to choose
                self.kernel, self.home = found[1] if found else "", answer.url.removeprefix(self.url).partition("?")[0]
                return answer
            assert "http-equiv" in answer.text, (answer.status_code, answer.url, answer.text)
            time.sleep(1)
        raise AssertionError("the page never opened")

    def connect(self, home, kernel, origin=""):
        path = f"{home}api/kernels/{kernel}/channels?session_id=x"
        cookie = self.http.prepare_request(requests.Request("GET", self.url + path)).headers.get("Cookie", "")
        options = {"origin": origin or self.url, "cookie": cookie, "timeout": PATIENCE}
        return websocket.create_connection(self.url.replace("http", "ws", 1) + path, **options)


class Hub:
    """A running hub, its folder and the secrets of its accounts."""

    def __init__(self, folder, secrets, more=""):
        self.folder, self.secrets, ports = folder, secrets, [_free_port() for _ in range(3)]
        self.outputs = folder / "sorties" / "demonstration"
        (folder / "jupyterhub").mkdir(mode=0o700, exist_ok=True)
        env = {"HUB_TEST": str(folder), "HUB_PORTS": json.dumps(ports), "HUB_MORE": more}
        command = [sys.executable, "-m", "jupyterhub", "-f", str(HERE / "hub_config.py")]
        self.journal = folder / f"journal-{ports[0]}.txt"
        with self.journal.open("w") as file:
            env = os.environ | env
            self.process = subprocess.Popen(
                command, env=env, stdout=file, stderr=subprocess.STDOUT, cwd=HERE.parents[1]
            )
        self.url = f"http://127.0.0.1:{ports[0]}"

    def wait(self):
        for _ in range(PATIENCE * 5):
            assert self.process.poll() is None, self.journal.read_text()
            try:
                if requests.get(self.url + "/hub/login", timeout=PATIENCE).status_code == 200:
                    return self
            except requests.ConnectionError:
                pass
            time.sleep(0.2)
        raise AssertionError(self.journal.read_text())

    def guest(self, code=""):
        guest = Guest(self.url)
        if code:
            assert guest.log_in(code, self.secrets[code]).status_code == 303
        return guest

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE)


@pytest.fixture(scope="module")
def campaign_folder(campaign, checked, tmp_path_factory):
    """Real cubes of two associations and of the lead, signed, each with a file that says whose it is."""
    folder = tmp_path_factory.mktemp("hub")
    outputs, key = folder / "sorties" / "demonstration", secret_key("demonstration", "cle")
    for one in clear(checked.accepted, campaign)[0]:
        if one.audience not in EVERYBODY:
            continue
        code = one.audience
        marked = {"marque.csv": f"réservés à {code};1".encode()} | lay_out(one, {}).file()
        write_cube(one, [], outputs / code, inputs="v1", key=key, documents=marked)
    return folder, create_accounts(outputs / ACCOUNTS_FILE, EVERYBODY)


@pytest.fixture(scope="module")
def hub(campaign_folder):
    running = Hub(*campaign_folder)
    try:
        yield running.wait()
    finally:
        running.stop()


@pytest.fixture(scope="module")
def pages(hub):
    """Both associations and the lead, each with its page open."""
    guests = {code: hub.guest(code) for code in EVERYBODY}
    for guest in guests.values():
        guest.ask("GET", "/hub/spawn")  # the three servers start together
    for guest in guests.values():
        guest.open()
    return guests


SAMPLES = {  # what stands for each part of a route
    r"(?P<user_name>[^/]+)": "{name}", r"(?P<user_path>/.*)?": "/", r"(?:/([^/]+))?": "", r"(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)":
    "{kernel}", "([^/]+)": "{name}", "([^/]*)": "x", r"(\d+)": "503", "([a-z.]+)": "formulaire.css", r"([\w.-]+)":
    "marque.csv", "(.*)?": "x", "(user|services)": "user", "/?$": "/$",
}  # fmt: skip
OPEN = {  # the hub's addresses that are not a refusal: for a stranger, for anybody to the first association's, for itself
    "/hub": (301, 301), "/hub/": (302, 302), "/hub/login": (200, 302), "/hub/lien": (200, 200), "/hub/logout": (302, None),
    "/hub/style/formulaire.css": (200, 200), "/hub/health": (200, 200), "/hub/error/503": (200, 200), "/hub/spawn": (302, 302),
    "/hub/spawn/{name}": (302, 404), "/hub/spawn-pending/{name}": (302, 404), "/hub/user/{name}/": (302, 404),
    "/hub/api/oauth2/authorize": (302, 400), "/hub/api/user": (403, 200), "/rien": (302, 302),
}  # fmt: skip
REFUSALS = (400, 401, 403, 404, 405, 424, 429)


def addresses(routes, guest):
    """Return an address for each route of a running application, filled with what belongs to `guest`."""
    found = {}
    for route in routes:
        path = route.replace(r"(?!/hub/).*", "/rien").replace("\\.", ".") if "(?!(" not in route else "/hub/rien$"
        for part, sample in SAMPLES.items():
            path = path.replace(part, sample)
        path = path.replace("(.*)", "script.js").removesuffix("$")
        if path.startswith("/"):
            name = guest.home.split("/")[2]
            assert re.fullmatch(route, path.format(name=name, kernel=guest.kernel)), (route, path)
            found[path] = path.format(name=name, kernel=guest.kernel)
    return found


def nothing_leaks(answer, who):
    text = answer.text
    assert not [code for code in EVERYBODY if code != who and f"réservés à {code}" in text]
    assert who == LEAD or not [label for code, label in LABELS.items() if code != who and label in text]
    assert not [word for word in ("Traceback", "site-packages", "/tmp", "jupyterhub-user") if word in text]


def stranger_or(hub, pages, who):
    return pages[who] if who in pages else hub.guest()


def xsrf(guest):
    """The token that the hub's forms hold."""
    kept = {cookie.path: cookie.value for cookie in guest.http.cookies if cookie.name == "_xsrf"}
    return {"X-XSRFToken": kept.get("/hub/", "")}


def test_each_sees_its_own_page_and_takes_its_own_files(pages):
    for code, guest in pages.items():
        shown = guest.ask("GET", guest.home).text
        assert [one for one in EVERYBODY if LABELS[one] in shown] == ([code] if code != LEAD else list(EVERYBODY))
        assert guest.ask("GET", f"{guest.home}fichiers/marque.csv").text == f"réservés à {code};1"
        assert guest.ask("GET", f"{guest.home}activite").status_code == (200 if code == LEAD else 404)


def test_a_page_answers_a_choice_through_the_hub(pages):
    for code in (FIRST, SECOND):
        channel = pages[code].connect(pages[code].home, pages[code].kernel)
        states = widgets(channel)
        radio, state = named(states, "RadioButtonsModel")
        say(channel, "comm_msg", {"comm_id": radio, "data": {"method": "update", "state": {"index": 1}}})
        assert state["_options_labels"][1]
        heard = hear(channel, PATIENCE, until=[key for key, one in states.items() if one["model_name"] == "HTMLModel"])
        channel.close()
        assert heard[-1]["content"]["data"]["state"]["value"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("who", [*EVERYBODY, "anonyme"])
def test_matrix_of_visitors_and_routes_of_the_hub(hub, pages, who, method):
    """Of all that JupyterHub answers, only what leads to one's own page does."""
    guest = stranger_or(hub, pages, who)
    guest.ask("GET", "/hub/login")
    routes = addresses(json.loads((hub.folder / "routes.json").read_text()), pages[FIRST])
    assert len(routes) > 50
    assert set(OPEN) <= set(routes)
    for route, path in routes.items():
        for_stranger, for_account = OPEN.get(route, (404, 404))
        expected = for_stranger if who == "anonyme" else for_account
        if expected is None or (who == FIRST and "{name}" in route and route in OPEN):
            continue  # it would end the visit, or is its own: see the other tests
        answer = guest.ask(method, path, headers=xsrf(guest) if method != "GET" else {})
        nothing_leaks(answer, who)
        if path == "/hub/api/user" and answer.status_code == 200 and answer.content:
            assert answer.json()["name"] == guest.home.split("/")[2], "oneself"
        if method == "OPTIONS" and not answer.content:
            continue  # JupyterHub says nothing there
        allowed = (expected, 405) if method == "GET" else (expected, *REFUSALS) if method == "HEAD" else REFUSALS
        assert answer.status_code in allowed, (method, route, answer.status_code)
        if answer.status_code == 302 and who == "anonyme":
            assert re.match(r"(\./|/hub/(login|rien|user/\w+/|$)|/user/\w+/$)", answer.headers["Location"])
    assert pages[FIRST].ask("GET", f"{pages[FIRST].home}api/kernels/{pages[FIRST].kernel}").status_code == 200


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("who", [*EVERYBODY, "anonyme"])
def test_matrix_of_visitors_and_routes_of_a_page(hub, pages, who, method):
    """Whoever is not the first association is a stranger on its server, whatever else they may be."""
    guest, owner = stranger_or(hub, pages, who), pages[FIRST]
    routes = addresses(json.loads((hub.folder / f"{FIRST}.json").read_text()), owner)
    assert len(routes) == 13
    for path in routes.values():
        if who == FIRST and (method == "POST" or path.endswith(("channels", "script.js", owner.home))):
            continue  # it would end the visit, or open another page
        answer = guest.ask(method, path)
        nothing_leaks(answer, who)
        if path.endswith("/activite") and method in ("GET", "HEAD"):
            assert answer.status_code == 404  # the lead's, on the lead's own server
            continue
        public = method == "GET" and "/style/" in path
        refusals = (400, 403, 404, 405) if method != "GET" else (302, 403, 404)
        allowed = (200, 302, 403, 405) if who == FIRST and method in ("GET", "HEAD") else (200,) if public else refusals
        assert answer.status_code in allowed or (method == "HEAD" and answer.status_code == 302), (
            path,
            answer.status_code,
        )
        if answer.status_code == 302:
            assert answer.headers["Location"].startswith((owner.home, "/hub/api/oauth2/authorize?"))


@pytest.mark.parametrize("who", [SECOND, LEAD])
def test_the_hub_sends_nobody_to_the_page_of_another(pages, who):
    answer = pages[who].ask("GET", pages[FIRST].home, follow=True)
    assert (answer.status_code, answer.url.partition("?")[0]) == (403, f"{pages[who].url}/hub/api/oauth2/authorize")
    assert "Cette page n’est pas accessible" in answer.content.decode()
    forged = f"{pages[FIRST].home}oauth_callback?code=x&state=y"
    assert pages[who].ask("GET", forged).status_code == 403


@pytest.mark.parametrize("who", [SECOND, LEAD, "anonyme", "elsewhere"])
def test_a_channel_is_for_its_own_page(hub, pages, who):
    guest = pages[FIRST] if who == "elsewhere" else stranger_or(hub, pages, who)
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        guest.connect(pages[FIRST].home, pages[FIRST].kernel, "https://ailleurs.example" if who == "elsewhere" else "")
    assert refused.value.status_code in (403, 404)


def test_a_channel_runs_no_code(pages):
    channel = pages[FIRST].connect(pages[FIRST].home, pages[FIRST].kernel)
    say(channel, "execute_request", {"code": "1/0", "silent": False})
    heard = hear(channel, 2)
    channel.close()
    assert not [one for one in heard if one["msg_type"].startswith(("execute", "error", "stream"))]


@pytest.mark.parametrize(
    "headers",
    [{"Authorization": "token abc"}, {"Authorization": "Bearer asso_a"}, {"X-JupyterHub-User": "asso_a"},
     {"Remote-User": "asso_a"}, {"Cookie": "jupyterhub-hub-login=asso_a; jupyterhub-session-id=x"}],
)  # fmt: skip
def test_no_header_says_who_someone_is(hub, pages, headers):
    home, stranger = pages[FIRST].home, hub.guest()
    for path in (home, f"{home}?token=abc", "/hub/spawn", "/hub/api/user", f"/hub{home}"):
        assert stranger.ask("GET", path, headers=headers).status_code in (302, 403)


def test_names_are_not_codes_and_tell_nothing_when_unknown(hub, pages):
    assert not [code for code in EVERYBODY for guest in pages.values() if code in guest.home]
    answers = [hub.guest().ask("GET", f"/user/{name}/", follow=True) for name in ("f" * 32, "asso_a")]
    assert [answer.url.partition("?")[0] for answer in answers] == [f"{hub.url}/hub/login"] * 2


@pytest.mark.parametrize(
    "path", ["/hub/login", "/hub/lien", "/hub/rien", "/hub/style/formulaire.css", "/hub/error/503", "/"]
)
def test_the_hubs_pages_are_french_closed_and_silent(hub, path):
    answer = hub.guest().ask("GET", path)
    for name in ("X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy", "Strict-Transport-Security"):
        assert answer.headers[name]
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert not answer.headers.get("Server")
    assert not answer.headers["X-JupyterHub-Version"]
    assert "Access-Control-Allow-Origin" not in answer.headers
    if "style" not in path and answer.status_code != 302:
        assert '<html lang="fr">' in answer.text
        assert not re.search(
            r"\b(error|not found|login|server|password|JupyterHub)\b", re.sub("<[^>]+>", "", answer.text)
        )


def test_cookies_of_the_hub(hub):
    for headers in ({}, {"X-Scheme": "https", "X-Forwarded-Proto": "https"}):
        guest = Guest(hub.url)
        guest.http.headers.update(headers)
        shown = guest.ask("GET", "/hub/login")
        guest.http.cookies.update({"_xsrf": re.search("_xsrf=([^;]+)", shown.headers["Set-Cookie"])[1]})
        form = {"identifiant": FIRST, "secret": hub.secrets[FIRST]}
        form["_xsrf"] = re.search('name="_xsrf" value="([^"]+)"', shown.text)[1]
        answer = guest.ask("POST", "/hub/login", data=form)
        assert answer.status_code == 303
        cookies = [one for one in answer.raw.headers.getlist("Set-Cookie") if one.startswith("jupyterhub-")]
        assert len(cookies) == 2
        for cookie in cookies:
            assert {"HttpOnly", "SameSite=Strict", *(["Secure"] if headers else [])} <= set(cookie.split("; "))


def test_an_address_elsewhere_is_never_followed(hub):
    guest = hub.guest()
    answer = guest.log_in(FIRST, hub.secrets[FIRST], "/hub/login?next=https://ailleurs.example/")
    assert answer.headers["Location"].startswith(("/hub/", "/user/"))


def test_a_link_enters(hub):
    guest, account = hub.guest(), read_account(hub.outputs / ACCOUNTS_FILE, SECOND)
    for token, status in (("asso_b.1.x", 401), (make_token(SECOND, account, 1)[0], 303)):
        shown = re.search('name="_xsrf" value="([^"]+)"', guest.ask("GET", "/hub/lien").text)[1]
        answer = guest.ask("POST", "/hub/login", data={"jeton": token, "_xsrf": shown})
        assert answer.status_code == status
        assert (DEAD_LINK in answer.text) == (status == 401)
    guest.open()
    assert guest.ask("GET", f"{guest.home}fichiers/marque.csv").text == f"réservés à {SECOND};1"


def ended(guest, home, kernel):
    """Wait until the page's session is worth nothing, and say whether it came to that."""
    for _ in range(30):
        if guest.ask("GET", f"{home}api/kernels/{kernel}").status_code in (403, 404):
            return True
        time.sleep(0.2)
    return False


def test_leaving_the_page_leaves_the_hub(hub):
    guest = hub.guest(SECOND)
    guest.open()
    form = {"_xsrf": next(one.value for one in guest.http.cookies if (one.name, one.path) == ("_xsrf", "/"))}
    answer = guest.ask("POST", f"{guest.home}deconnexion", data=form, follow=True)
    assert "Vous êtes déconnecté" in answer.text
    assert ended(guest, guest.home, guest.kernel)
    assert guest.ask("GET", "/", follow=True).url.startswith(f"{hub.url}/hub/login")


def test_leaving_the_hub_ends_the_page_and_no_other(hub, pages):
    guest = hub.guest(SECOND)
    guest.open()
    thief = hub.guest()
    thief.http.cookies.update(guest.http.cookies)
    assert thief.ask("GET", f"{guest.home}fichiers/marque.csv").status_code == 200
    guest.ask("GET", "/hub/logout")
    assert ended(thief, guest.home, guest.kernel)
    assert thief.ask("GET", "/", follow=True).url.startswith(f"{hub.url}/hub/login")
    assert pages[SECOND].ask("GET", f"{pages[SECOND].home}fichiers/marque.csv").status_code == 200


def test_a_renewed_access_ends_its_sessions_everywhere(hub, pages):
    path, guest = hub.outputs / ACCOUNTS_FILE, pages[SECOND]
    hub.secrets[SECOND] = renew_account(path, SECOND)
    assert ended(guest, guest.home, guest.kernel)
    assert guest.ask("GET", "/", follow=True).url.startswith(f"{hub.url}/hub/login")
    again = pages[SECOND] = hub.guest(SECOND)
    again.open()
    assert again.home != guest.home
    assert again.ask("GET", f"{again.home}fichiers/marque.csv").text == f"réservés à {SECOND};1"


def test_a_removed_access_ends_its_sessions_everywhere(hub, pages):
    guest = pages[SECOND]
    remove_account(hub.outputs / ACCOUNTS_FILE, SECOND)
    assert ended(guest, guest.home, guest.kernel)
    assert guest.ask("GET", "/", follow=True).url.startswith(f"{hub.url}/hub/login")
    assert hub.guest().log_in(SECOND, hub.secrets[SECOND]).status_code == 401


def test_a_hub_that_cannot_answer_vouches_for_nobody():
    """Its sessions end at the next look; a server that nobody has used for long stops."""
    from impact.hub.single import UNUSED, SingleServer

    class Silent:
        async def user_for_token(self, *_words, **_options):
            raise HTTPError(500)

    ended, stopped, sessions = [], [], SimpleNamespace(end=lambda one: ended.append(one), alive=lambda one: False)
    server = SimpleNamespace(hub=Silent(), tokens={"session": "jeton"}, kernel_manager=["noyau"], used=0.0)
    server.identity_provider = SimpleNamespace(sessions=sessions)
    server.vouched = lambda token: SingleServer.vouched(server, token)
    server._end = lambda: asyncio.sleep(0, stopped.append(True))
    asyncio.run(SingleServer.look(server))
    assert (ended, server.tokens, stopped) == (["session"], {}, [])
    server.kernel_manager, server.used = [], time.monotonic() - UNUSED - 1
    asyncio.run(SingleServer.look(server))
    assert stopped == [True]


def test_wrong_secrets_get_one_answer_and_a_brake(hub):
    """Last of those that log in: it leaves an account locked."""
    answers = [hub.guest().log_in(code, "aaaa-aaaa-aaaa-aaaa") for code in (LEAD, "inconnue")]
    shown = [re.sub('value="[^"]*"', "", answer.text) for answer in answers]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert shown[0] == shown[1]
    assert WRONG in shown[0]
    statuses = [hub.guest().log_in(LEAD, "bbbb-bbbb-bbbb-bbbb").status_code for _ in range(4)]
    assert statuses == [401] * 3 + [429]
    locked = hub.guest().log_in(LEAD, hub.secrets[LEAD])
    assert locked.status_code == 429
    assert 0 < int(locked.headers["Retry-After"]) <= 30
    assert hub.guest().log_in(FIRST, hub.secrets[FIRST]).status_code == 303
    assert not re.search("inconnue\\b|bbbb|aaaa", hub.journal.read_text())


LOOSENED = {
    "allow_named_servers": "c.JupyterHub.allow_named_servers = True",
    "admin_users": "c.Authenticator.admin_users = {'x'}",
    "bind_url": "c.JupyterHub.bind_url = 'http://:8000'",
    "services": "c.JupyterHub.services = [{'name': 'x', 'api_token': 'y' * 32}]",
    "load_roles": "c.JupyterHub.load_roles = [{'name': 'user', 'scopes': ['self']}]",
    "cookie_options": "c.JupyterHub.tornado_settings['cookie_options'] = {}",
}


def test_a_hub_that_protects_less_does_not_start(hub, tmp_path):
    copy = Path(shutil.copytree(hub.folder, tmp_path / "hub"))
    loosened = Hub(copy, hub.secrets, "\n".join(LOOSENED.values()))
    second = Hub(hub.folder, hub.secrets)
    for refused, said in ((loosened, LOOSENED), (second, ["déjà ouvertes"])):
        assert refused.process.wait(PATIENCE) != 0
        journal = refused.journal.read_text()
        assert not [word for word in said if word not in journal]
        assert "Traceback" not in journal
