"""The files of deploiement/, each tried for real: nginx with HTTPS at a root and below a path, systemd, the backup drill."""

import json
import os
import re
import shutil
import ssl
import stat
import subprocess
import time
from pathlib import Path

import pytest
import requests
import served_site
import websocket
from conftest import NOTEBOOK, _free_port
from served_site import Visitor
from test_serving_browser import CHROMIUM, OPTIONS
from test_serving_channel import named, widgets

from impact.serving import ACCOUNTS_FILE, create_accounts, read_account
from impact.serving.accounts import Accounts
from impact.serving.links import make_token

FOLDER = Path(__file__).parents[2] / "deploiement"
NGINX, SYSTEMD = shutil.which("nginx"), shutil.which("systemd-analyze")
with_systemd = pytest.mark.skipif(not SYSTEMD, reason="systemd n'est pas installé sur cette machine")
with_gpg = pytest.mark.skipif(not shutil.which("gpg"), reason="gpg n'est pas installé sur cette machine")
MOST_EXPOSED = 2.5  # out of 10; systemd calls « OK » what is under 5, and « exposed » what is above 7
HOST = "127.0.0.1"


class Behind:
    """A served site, and the nginx in front of it, written from the project's own examples."""

    def __init__(self, folder, prefix):
        self.prefix, self.https, self.http, back = prefix, _free_port(), _free_port(), _free_port()
        self.site = served_site.start(folder, back, NOTEBOOK, prefix=prefix)
        self.url = f"https://{HOST}:{self.https}{prefix.rstrip('/')}"
        self.certificate = str(folder / "cert.pem")
        certificate = [
            "-addext",
            f"subjectAltName=IP:{HOST}",
            "-subj",
            f"/CN={HOST}",
            "-keyout",
            str(folder / "cle.pem"),
            "-out",
            self.certificate,
        ]
        command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *certificate]
        subprocess.run(command, check=True, capture_output=True)
        relay = (FOLDER / "nginx-relais.conf").read_text("utf-8").replace("127.0.0.1:8866", f"{HOST}:{back}")
        (folder / "relais.conf").write_text(relay, "utf-8")
        (folder / "nginx.conf").write_text(self._configuration(folder), "utf-8")
        command = [NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "erreurs.log")]
        self.nginx = subprocess.Popen(command)
        for _ in range(100):
            try:
                requests.get(self.url + "/connexion", verify=self.certificate, timeout=5)
                return
            except requests.ConnectionError:
                time.sleep(0.1)
        raise AssertionError((folder / "erreurs.log").read_text())

    def _configuration(self, folder):
        """The example, with the ports, the certificate and the folders of this test."""
        shown = (FOLDER / "nginx.conf").read_text("utf-8")
        if self.prefix != "/":
            below = (FOLDER / "nginx-sous-chemin.conf").read_text("utf-8")
            shown = re.sub(r"    location / \{.*?\n    \}\n", lambda _: below, shown, count=1, flags=re.DOTALL)
        for written, here in {
            "listen 443": f"listen {HOST}:{self.https}",
            "listen 80": f"listen {HOST}:{self.http}",
            "/etc/nginx/nginx-relais.conf": str(folder / "relais.conf"),
            "/etc/ssl/certs/resultats.exemple.fr.pem": str(folder / "cert.pem"),
            "/etc/ssl/private/resultats.exemple.fr.key": str(folder / "cle.pem"),
        }.items():
            assert written in shown, written
            shown = shown.replace(written, here)
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        folders = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
        main = f"daemon off; pid {folder}/nginx.pid; events {{}} "
        return f"{main} http {{ access_log {folder}/acces.log; {folders}\n{shown}\n}}"

    def visitor(self, code=""):
        visitor = Visitor(self.url, requests.Session())
        visitor.http.verify = self.certificate
        if code:
            assert visitor.log_in(code, self.site.secrets[code]).status_code == 303
        return visitor

    def stop(self):
        for process in (self.nginx, self.site.process):
            process.terminate()
            process.wait(30)


@pytest.fixture(scope="module", params=["/", "/resultats/"], ids=["root", "below a path"])
def behind(request, tmp_path_factory):
    if not NGINX:
        pytest.skip("nginx n'est pas installé sur cette machine")
    folder = tmp_path_factory.mktemp("nginx")
    folder.chmod(0o755)
    running = Behind(folder, request.param)
    yield running
    running.stop()


def test_through_nginx_one_logs_in_sees_and_chooses(behind):
    visitor = behind.visitor("alpha")
    channel = visitor.connect(
        visitor.open_page(), origin=behind.url.removesuffix("/resultats"), sslopt={"cert_reqs": ssl.CERT_NONE}
    )
    assert "réservés à alpha" in named(widgets(channel), "HTMLModel")[1]["value"]
    channel.close()
    assert visitor.get("/fichiers/resultats.csv").text == "réservés à alpha;1"


def test_through_nginx_the_cookie_is_bound_to_the_site(behind):
    visitor = behind.visitor()
    answer = visitor.log_in("beta", behind.site.secrets["beta"])
    name = "__Host-impact" + ("-resultats" if behind.prefix != "/" else "")
    cookie = next(line for line in answer.raw.headers.getlist("Set-Cookie") if line.startswith(f"{name}="))
    assert {"Path=/", "Secure", "HttpOnly", "SameSite=Strict"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    assert answer.headers["Strict-Transport-Security"]
    assert answer.headers["Location"] == behind.prefix


def test_through_nginx_no_header_of_a_visitor_is_believed(behind):
    visitor = behind.visitor()
    invented = {
        "X-Real-Ip": "203.0.113.9",
        "X-Forwarded-For": "203.0.113.9",
        "X-Forwarded-Proto": "http",
        "X-Scheme": "http",
    }
    visitor.get("/connexion")
    form = {"identifiant": "gamma", "secret": "faux", "_xsrf": visitor.xsrf}
    answer = visitor.post(
        "/connexion", data=form, headers=invented | {"Origin": "https://" + HOST + f":{behind.https}"}
    )
    assert answer.status_code == 401
    assert answer.headers["Strict-Transport-Security"], "still HTTPS, whatever the visitor wrote"
    assert "203.0.113" not in (behind.site.outputs / "serveur.log").read_text("utf-8")


@pytest.mark.parametrize("origin", ["https://ailleurs.example", "http://127.0.0.1:1"])
def test_through_nginx_a_foreign_origin_is_refused(behind, origin):
    visitor = behind.visitor("alpha")
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        visitor.connect(visitor.open_page(), origin=origin, sslopt={"cert_reqs": ssl.CERT_NONE})
    assert refused.value.status_code == 403


def test_through_nginx_a_link_enters(behind):
    token, _ = make_token("gamma", read_account(behind.site.outputs / ACCOUNTS_FILE, "gamma"), 1)
    visitor = behind.visitor()
    assert visitor.get("/lien").status_code == 200
    origin = behind.url.removesuffix("/resultats")
    assert visitor.post("/lien", data={"jeton": token}, headers={"Origin": origin}).status_code == 303
    assert visitor.get("/fichiers/resultats.csv").text == "réservés à gamma;1"


def test_through_nginx_health_answers_this_machine_and_nothing_tells_a_version(behind):
    answer = behind.visitor().get("/sante")
    assert answer.json()["etat"] == "en service"
    assert answer.headers["Server"] == "nginx"


def test_without_https_one_is_sent_to_https(behind):
    answer = requests.get(f"http://{HOST}:{behind.http}/connexion", allow_redirects=False, timeout=10)
    assert answer.status_code == 301
    assert answer.headers["Location"].startswith("https://")


@pytest.mark.skipif(not CHROMIUM, reason="chromium n'est pas installé sur cette machine")
def test_in_a_browser_through_nginx(behind):
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright n'est pas installé")
    token, _ = make_token("sigma", read_account(behind.site.outputs / ACCOUNTS_FILE, "sigma"), 1)
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=[*OPTIONS, "--disable-sync"])
        tab, complaints = browser.new_context(ignore_https_errors=True).new_page(), []
        tab.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
        tab.goto(f"{behind.url}/lien#{token}")
        assert "#" not in tab.url, "the token leaves the address at once"
        tab.click("button")
        tab.wait_for_selector("text=Résultats réservés à sigma", timeout=30_000)
        tab.click("text=après")
        tab.wait_for_selector("text=après : Résultats réservés à sigma")
        assert tab.url == behind.url + "/"
        assert complaints == []
        tab.click("text=Se déconnecter")
        tab.wait_for_selector("text=Vous êtes déconnecté")
        browser.close()


def test_when_the_pages_are_stopped_nginx_says_so_in_french(behind):
    """Last through nginx: it stops the pages."""
    behind.site.process.terminate()
    behind.site.process.wait(30)
    answer = behind.visitor().get("/connexion")
    assert answer.status_code == 503
    answer.encoding = "utf-8"
    assert "Les pages sont fermées un instant" in answer.text
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


@pytest.fixture
def unit(tmp_path):
    """The unit file, its program replaced by one that this machine has."""
    text = (FOLDER / "impact.service").read_text("utf-8")
    assert "--strict" in text
    path = tmp_path / "impact.service"
    path.write_text(text.replace("/opt/impact/.venv/bin/impact", "/bin/true").replace("=/opt/impact", "=/tmp"), "utf-8")
    return path


@with_systemd
def test_the_unit_file_is_sound_and_shut_in(unit):
    checked = subprocess.run([SYSTEMD, "verify", str(unit)], capture_output=True, text=True)
    assert (checked.returncode, checked.stderr) == (0, "")
    command = [SYSTEMD, "security", "--offline=true", f"--threshold={MOST_EXPOSED * 10:.0f}", str(unit)]
    assert subprocess.run(command, capture_output=True).returncode == 0


@with_systemd
def test_the_unit_file_allows_what_shuts_a_page_in(unit):
    """The calls of confinement.py, or `--strict` would refuse to start."""
    text = unit.read_text("utf-8")
    done = subprocess.run([SYSTEMD, "syscall-filter", "@process"], capture_output=True, text=True)
    assert {"unshare", "prctl", "pidfd_open", "pidfd_send_signal"} <= set(done.stdout.split())
    allowed = re.search("SystemCallFilter=(.*)", text)[1].split()
    assert {"@system-service", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"} == set(allowed)
    assert "RestrictNamespaces=user net\n" in text


@with_gpg
def test_the_backup_drill(tmp_path):
    """Save, lose everything, restore: the same secrets open, the key is the same, nothing is readable by others."""
    state, safe = tmp_path / "impact", tmp_path / "ailleurs"
    campaign = state / "sorties" / "essai"
    for folder in (state / "cles", campaign, safe):
        folder.mkdir(parents=True)
    served_site.publish(campaign / "alpha", "alpha")
    secret = create_accounts(campaign / ACCOUNTS_FILE, ["alpha"])["alpha"]
    (state / "cles" / "essai.cle").write_text("ab" * 32)
    (state / "cles" / "essai.cle").chmod(0o600)
    (safe / "phrase").write_text("une phrase longue que personne ne devine")
    environment = {"PATH": os.environ["PATH"], "GNUPGHOME": str(safe), "HOME": str(safe)}
    safe.chmod(0o700)
    archive = safe / "impact.tar.gpg"
    run([FOLDER / "sauvegarder.sh", state, safe / "phrase", archive], environment)
    assert b"argon2" not in archive.read_bytes()
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    refused = subprocess.run(
        [FOLDER / "restaurer.sh", archive, safe / "phrase", state], env=environment, capture_output=True
    )
    assert refused.returncode == 1, "what is there is never overwritten"
    before = contents(state)
    shutil.rmtree(state)
    state.mkdir()
    run([FOLDER / "restaurer.sh", archive, safe / "phrase", state], environment)
    assert contents(state) == before
    assert Accounts(campaign / ACCOUNTS_FILE).verify("alpha", secret)
    assert json.loads((campaign / "alpha" / "manifeste.json").read_text())["files"]
    subprocess.run(["gpgconf", "--kill", "all"], env=environment, capture_output=True)


def run(command, environment):
    done = subprocess.run([str(word) for word in command], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def contents(folder):
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return [(path.relative_to(folder), stat.S_IMODE(path.stat().st_mode), path.read_bytes()) for path in files]
