"""Links: reading one does nothing, its button enters; forged, ended, cancelled or of another account, it is worthless."""

import re
import time

import pytest
from served_site import LEAD

from impact.errors import ServingError
from impact.serving import (
    ACCOUNTS_FILE,
    cancel_links,
    create_accounts,
    links,
    read_account,
    remove_account,
    renew_account,
)
from impact.serving.accounts import Accounts
from impact.serving.links import DAY, MOST_DAYS, make_token, opened_by


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "acces.json"
    create_accounts(path, ["alpha", "beta"])
    return path


def token_of(path, code="alpha", days=7):
    return make_token(code, read_account(path, code), days)[0]


def test_a_link_opens_its_account_until_it_ends(path, monkeypatch):
    accounts, token = Accounts(path), token_of(path)
    assert opened_by(accounts, token) == "alpha"
    assert opened_by(accounts, token) == "alpha", "several people of one association may use it"
    now = time.time()
    monkeypatch.setattr(links.time, "time", lambda: now + 7 * DAY + 1)
    assert opened_by(accounts, token) is None


@pytest.mark.parametrize("end_of_links", [cancel_links, renew_account, remove_account])
def test_links_end_with_their_key_their_secret_or_their_account(path, end_of_links):
    accounts = Accounts(path)
    token, other = token_of(path), token_of(path, "beta")
    end_of_links(path, "alpha")
    assert opened_by(accounts, token) is None
    assert opened_by(accounts, other) == "beta"


def test_cancelling_links_keeps_the_secret(tmp_path):
    path = tmp_path / "acces.json"
    secret = create_accounts(path, ["alpha"])["alpha"]
    cancel_links(path, "alpha")
    assert Accounts(path).verify("alpha", secret)


def forgeries(token):
    code, end, signature = token.split(".")
    return {
        "another account": f"beta.{end}.{signature}",
        "a later end": f"{code}.{int(end) + DAY}.{signature}",
        "no signature": f"{code}.{end}.",
        "another signature": f"{code}.{end}.{'0' * 64}",
        "no end": f"{code}..{signature}",
        "an end of another script": f"{code}.٣{end}.{signature}",
        "a negative end": f"{code}.-{end}.{signature}",
        "an unknown account": f"inconnue.{end}.{signature}",
        "a signature not in ASCII": f"{code}.{end}.é{signature}",
        "too long": token + "0" * 10_000,
        "nothing": "",
        "a path": "../../etc/passwd",
    }


@pytest.mark.parametrize("kind", forgeries("alpha.1.0"))
def test_a_forged_link_opens_nothing(path, kind):
    assert opened_by(Accounts(path), forgeries(token_of(path))[kind]) is None


@pytest.mark.parametrize("days", [0, -1, MOST_DAYS + 1])
def test_a_link_does_not_last_for_ever(path, days):
    with pytest.raises(ServingError, match="entre 1 et 31 jours"):
        token_of(path, days=days)


def enter(visitor, token, **headers):
    return visitor.post("/lien", data={"jeton": token}, headers={"Origin": visitor.url} | headers)


def test_a_mail_scanner_that_reads_the_link_does_not_use_it(site):
    """Reading asks nothing of the token, which stands after the « # »; even sent by mistake it enters nowhere."""
    token = token_of(site.outputs / ACCOUNTS_FILE)
    scanner = site.visitor()
    for path in ("/lien", f"/lien?jeton={token}", f"/lien?{token}", "/lien"):
        answer = scanner.get(path)
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
        assert token not in answer.text
        assert "Voir mes résultats" in answer.text
    assert "Set-Cookie" not in scanner.ask("HEAD", "/lien").headers
    assert scanner.get("/").status_code == 302, "nobody has come in"
    assert enter(site.visitor(), token).status_code == 303


def test_the_button_enters_without_any_cookie_from_before(site):
    """As from a webmail: the browser sends no SameSite=Strict cookie with the link, and none is asked for."""
    visitor = site.visitor()
    visitor.get("/lien")
    answer = enter(visitor, token_of(site.outputs / ACCOUNTS_FILE, LEAD))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert {"HttpOnly", "SameSite=Strict"} <= set(answer.headers["Set-Cookie"].split("; "))
    assert visitor.get("/fichiers/resultats.csv").text == f"réservés à {LEAD};1"


@pytest.mark.parametrize("origin", ["https://ailleurs.example", "null", ""])
def test_no_other_site_presses_the_button(site, origin):
    """A form of another site would log someone in to an account of its choice."""
    token = token_of(site.outputs / ACCOUNTS_FILE)
    visitor = site.visitor()
    headers = {"Origin": origin} if origin else {}
    assert visitor.post("/lien", data={"jeton": token}, headers=headers).status_code == 403
    assert visitor.get("/").status_code == 302


def test_entering_by_a_link_ends_the_former_session(site):
    visitor, port = site.visitor("beta"), site.url.rpartition(":")[2]
    former = visitor.http.cookies[f"impact-{port}"]
    enter(visitor, token_of(site.outputs / ACCOUNTS_FILE))
    assert visitor.http.cookies[f"impact-{port}"] != former
    thief = site.visitor()
    thief.http.cookies.set(f"impact-{port}", former)
    assert thief.get("/").status_code == 302


def test_a_worthless_link_says_what_to_do_and_nothing_else(site):
    path = site.outputs / ACCOUNTS_FILE
    told = set()
    for token in forgeries(token_of(path)).values():
        answer = enter(site.visitor(), token)
        assert answer.status_code == 401
        told.add(re.sub(r'value="2\|[^"]*"', "", answer.text))
    assert len(told) == 1, "no answer tells a former link from an invented one, nor an account that exists"
    assert "Demandez-en un autre au service" in told.pop()


def test_cancelling_closes_what_the_link_had_opened(site):
    path = site.outputs / ACCOUNTS_FILE
    visitor = site.visitor()
    token = token_of(path, "sigma")
    enter(visitor, token)
    assert visitor.get("/fichiers/resultats.csv").status_code == 200
    cancel_links(path, "sigma")
    assert visitor.get("/fichiers/resultats.csv").status_code == 302
    assert enter(site.visitor(), token).status_code == 401
    assert site.visitor().log_in("sigma", site.secrets["sigma"]).status_code == 303


def test_no_token_is_written_in_the_journal(site):
    token = token_of(site.outputs / ACCOUNTS_FILE)
    enter(site.visitor(), token[:-1] + ("0" if token[-1] != "0" else "1"))
    assert token.split(".")[2][:16] not in site.journal.read_text() + (site.outputs / "serveur.log").read_text()
