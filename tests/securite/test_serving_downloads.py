"""Files to take away: one's own, listed and unaltered; nothing else, whoever asks and however it is written."""

import pytest
from served_site import EVERYBODY


@pytest.fixture(scope="module")
def visitors(site):
    (site.outputs / "alpha" / "brouillon.csv").write_text("réservés à alpha, sans sceau")
    return {code: site.visitor(code) for code in EVERYBODY}


@pytest.mark.parametrize("code", EVERYBODY)
def test_each_account_gets_its_own_file_under_the_same_name(visitors, code):
    answer = visitors[code].get("/fichiers/figure.svg")
    assert answer.status_code == 200
    assert answer.text == f"<svg>réservés à {code}</svg>"


@pytest.mark.parametrize(
    ("name", "kind"), [("figure.svg", "image/svg+xml"), ("resultats.csv", "text/csv; charset=utf-8")]
)
def test_a_file_is_saved_and_never_run_in_the_page(visitors, name, kind):
    headers = visitors["alpha"].get(f"/fichiers/{name}").headers
    assert headers["Content-Type"] == kind
    assert headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; sandbox")


@pytest.mark.parametrize(
    "name",
    [
        "brouillon.csv", "page.json", "resultats.txt", "manifeste.json", "absent.csv", "", ".", "..", "../x.csv",
        "../beta/resultats.csv", "..%2fbeta%2fresultats.csv", "%2e%2e/beta/resultats.csv", "..%252fbeta%252fresultats.csv",
        "..%5cbeta%5cresultats.csv", "../acces.json", "..%2facces.json", "%2e%2e%2facces.json", "resultats.csv/",
        "./resultats.csv", "resultats.csv%00.png", "RESULTATS.CSV", "/etc/passwd", "%2fetc%2fpasswd", "resultats.csv\n",
        "beta/resultats.csv", "~root", "*.csv", "résultats.csv",
    ],
)  # fmt: skip
def test_any_other_name_does_not_exist(visitors, name):
    answer = visitors["alpha"].get(f"/fichiers/{name}".replace("\n", "%0a"))
    assert answer.status_code == 404
    assert "réservés" not in answer.text
    assert "argon2" not in answer.text


def test_a_stranger_is_sent_to_the_login_form(site):
    for name in ("resultats.csv", "absent.csv"):
        answer = site.visitor().get(f"/fichiers/{name}")
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/connexion")


def test_a_file_or_a_manifest_altered_since_is_not_given(site, visitors):
    for code, name in (("sigma", "resultats.csv"), ("lambda", "manifeste.json")):
        path = site.outputs / code / name
        path.write_bytes(path.read_bytes().replace(code.encode(), b"alpha"))
        assert visitors[code].get("/fichiers/resultats.csv").status_code == 404


def test_a_link_in_place_of_a_file_leads_nowhere(site, visitors):
    """What stands outside has another digest, wherever a link leads."""
    path = site.outputs / "kappa" / "figure.svg"
    path.unlink()
    path.symlink_to(site.outputs / "beta" / "figure.svg")
    assert visitors["kappa"].get("/fichiers/figure.svg").status_code == 404
