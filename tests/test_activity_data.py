"""The data package of the service's activity: every quotation and value is in its source, every action has a row."""

import csv
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "donnees_anonymisees" / "activite_du_service"
SOURCES = Path(__file__).resolve().parents[2] / "shared" / "sources"
TEXTS = {
    "rapport_2014": "000_cd305a57dc830d4e.txt",
    "rapport_2011": "001_0c96136f07e0fafa.txt",
    "diaporama_2013": "003_cf3a750faf561737.txt",
}
# The action lines the evaluation asks for, as an outside list: the package may hold more, never fewer.
ACTION_LINES = (
    "papi assistance ordinateurs habitat_social prets appel_projets ateliers_tic ecrit_public visa usages_responsables "
    "papifab journaux sites reperes solinter egalite ecosol sante projet_educatif mobilite wiki_brest cartes visio "
    "cantine fablab e_inclusion utilite_sociale bretagne_creative animacoop portail_savoirs brest_wikipedia "
    "participation_brest a_brest netvibes forum communs mediablog arts_difference daj ruche musique_libre colleges "
    "pays_brest appel_pays conduite_projets evaluation_2007"
)
IN_WORDS = {
    "un": 1, "une": 1, "deux": 2, "seconde": 2, "troisième": 3, "quatre": 4, "cinq": 5, "sixième": 6, "huit": 8,
    "dizaine": 10, "vingtaine": 20, "trentaine": 30, "quarantaine": 40, "soixantaine": 60, "centaine": 100, "½": 0.5,
}  # fmt: skip


def rows(name: str) -> list[dict[str, str]]:
    with (PACKAGE / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


FIGURES = rows("chiffres")
COUNTED = [row for row in FIGURES if row["valeur"]]


def plain(text: str) -> str:
    """Without layout: line breaks, bold, footnote calls and the marks of raised letters."""
    return re.sub(r"\s+", " ", re.sub(r"[¹²³⁴⁵⁶⁷⁸⁹⁰^{}]|\*\*", "", text))


def written(form: str) -> float:
    """The number a written form says: its digits (« 84.150 », « 1,10 », « 3 239 »), else its last word of number."""
    digits = re.search(r"\d+(?:[ .]\d{3})*(?:,\d+)?", form)
    if digits:
        return float(digits[0].replace(" ", "").replace(".", "").replace(",", "."))
    return [IN_WORDS[word] for word in re.findall(r"[\w½]+", form.lower()) if word in IN_WORDS][-1]


@pytest.mark.parametrize("document", TEXTS)
def test_every_quotation_stands_in_its_source(document):
    if not SOURCES.is_dir():
        pytest.skip("les documents publics (../shared/sources) ne sont pas sur cette machine")
    source = plain((SOURCES / TEXTS[document]).read_text("utf-8"))
    quoted = [row["phrase"] for row in FIGURES if row["document"] == document]
    assert quoted
    assert [phrase for phrase in quoted if plain(phrase) not in source] == []


def test_every_value_stands_in_its_quotation_as_it_is_written():
    form = r"(?<![\w,.])(?!(?<=\d )\d){}(?!\w|[ ,.]\d)"  # never a part of a longer number
    missing = [row for row in COUNTED if not re.search(form.format(re.escape(row["ecriture"])), row["phrase"])]
    assert [(row["ecriture"], row["phrase"]) for row in missing] == []
    wrong = [row for row in COUNTED if written(row["ecriture"]) != float(row["valeur"])]
    assert [(row["ecriture"], row["valeur"]) for row in wrong] == []


def test_what_is_said_without_a_number_has_no_number():
    said = [row for row in FIGURES if not row["valeur"]]
    assert said
    assert not [row for row in said if row["ecriture"] or row["unite"]]
    assert not [row for row in COUNTED if not row["unite"] or row["nature"] == "effet"]


def test_at_least_150_figures_besides_dates():
    assert len([row for row in COUNTED if row["nature"] != "repère"]) >= 150


def test_every_action_line_has_a_row():
    assert {row["action"] for row in FIGURES} >= set(ACTION_LINES.split())
    assert {row["code"] for row in rows("actions")} == {row["action"] for row in FIGURES}


def test_frictionless_finds_types_keys_and_references_valid():
    frictionless = pytest.importorskip("frictionless")
    report = frictionless.validate(str(PACKAGE / "datapackage.json"))
    assert report.valid, report.flatten(["rowNumber", "note"])
    schemas = {
        one["name"]: one["schema"] for one in json.loads((PACKAGE / "datapackage.json").read_text("utf-8"))["resources"]
    }
    assert all(schema["primaryKey"] for schema in schemas.values())
    assert len(schemas["chiffres"]["foreignKeys"]) == 3


def test_one_indicator_has_one_unit_and_one_nature():
    seen: dict[tuple[str, str], set] = {}
    for row in FIGURES:
        seen.setdefault((row["action"], row["indicateur"]), set()).add((row["unite"], row["nature"]))
    assert [key for key, kinds in seen.items() if len(kinds) > 1] == []


def test_every_contradiction_has_its_figures():
    assert {row["code"] for row in rows("contradictions")} == {row["contradiction"] for row in FIGURES} - {""}


def test_the_contradictions_named_at_the_start_are_kept():
    kept = {
        code: {row["valeur"] for row in FIGURES if row["contradiction"] == code}
        for code in ("papi_total", "projets_total")
    }
    assert kept == {"papi_total": {"105", "108", "111"}, "projets_total": {"366", "406", "490"}}


def test_actions_serve_criteria_of_the_transversal_framework():
    criteria = {row["code"]: row["intitule"] for row in rows("criteres")}
    assert {code for row in rows("actions") for code in row["criteres"].split()} == set(criteria)
    framework = ROOT / "questionnaires" / "demonstration" / "referentiel.csv"
    if not framework.is_file():
        pytest.skip("la campagne d’exemple n’a pas de référentiel")
    with framework.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file, delimiter=";"))
    shared = {row["code"]: row["libelle"] for row in lines if row["niveau"] == "critere" and not row["association"]}
    assert criteria.items() <= shared.items()
