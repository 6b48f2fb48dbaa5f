"""Publishing: the simulated truth comes out, cubes come back, nothing is done twice, pages read only their cube."""

import json
import re
import shutil
from dataclasses import replace

import pandas as pd
import pytest

import impact
from impact.clearance import protected
from impact.clearance.vintages import past_groups
from impact.cube import read_cube
from impact.dashboard import LAID_OUT, show
from impact.errors import ImpactError
from impact.layout import lay_out
from impact.page import FILE, read_page
from impact.serving.cubes import released_file
from impact.simulation import Truth, is_example
from impact.story import story
from tests.conftest import SMALL_QUESTIONNAIRE


@pytest.fixture(scope="module")
def outputs(campaign, answers_file, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sorties") / campaign.name
    impact.publish(campaign, [answers_file], folder)
    return folder


def test_the_known_truth_is_found(results):
    """Association D has no true change, F goes down, C rises most; the intervals say so on self-esteem."""
    rows = results.query("statistic == 'adjusted_change' and scale == 'estime'").set_index("association")
    assert rows.loc["asso_d", "ci_low"] < 0 < rows.loc["asso_d", "ci_high"]
    assert rows.loc["asso_f", "ci_high"] < 0
    assert rows.loc["asso_c", "ci_low"] > 0


def test_dropout_depends_on_the_first_score(campaign):
    table = impact.simulate(campaign, truth=Truth((4000,), (0.0,)), mistakes=False, seed=5)
    first = table[table["vague"] == "avant"].set_index(["association", "participant"])
    back = table[table["vague"] == "apres"].set_index(["association", "participant"]).index
    level = pd.to_numeric(first["est01"], errors="coerce")
    stayed = first.index.isin(back)
    assert 0.17 < 1 - stayed.mean() < 0.24  # 20 %, a little more by the convexity of the logistic; n = 28,000
    assert level[stayed].mean() - level[~stayed].mean() > 0.1


def test_the_same_seed_gives_the_same_file(campaign):
    pd.testing.assert_frame_equal(impact.simulate(campaign), impact.simulate(campaign))


def test_a_cube_comes_back_as_it_was(cleared, outputs):
    for code, one in cleared.items():
        back, figures = read_cube(outputs / code)
        pd.testing.assert_frame_equal(back.table, one.table, check_dtype=False)
        assert json.loads(json.dumps(one.context)) == {key: back.context[key] for key in one.context}
        assert back.rules == one.rules
        assert all(figure.sentence for figure in figures.values())


def test_nothing_is_done_again_when_nothing_changed(campaign, answers_file, outputs):
    before = {path: path.stat().st_mtime_ns for path in outputs.rglob("*") if path.is_file()}
    steps = []
    impact.publish(campaign, [answers_file], outputs, progress=steps.append)
    assert len(steps) == 1
    assert before == {path: path.stat().st_mtime_ns for path in outputs.rglob("*") if path.is_file()}


def test_changed_answers_are_published_again(campaign, answers_file, tmp_path):
    folder, copy = tmp_path / "sorties", tmp_path / "envoi.csv"
    copy.write_bytes(answers_file.read_bytes())
    impact.publish(campaign, [copy], folder)
    lines = copy.read_text("utf-8-sig").splitlines()
    lines[1] = lines[1].replace("Rien de particulier", "Rien du tout").replace("J’ai", "Nous avons") + " "
    copy.write_text("\n".join(lines), "utf-8-sig")
    steps = []
    impact.publish(campaign, [copy], folder, progress=steps.append)
    assert len(steps) > 1


def test_a_campaign_that_is_tried_can_change(small, tmp_path, monkeypatch):
    """Invented answers are not remembered: a question more draws others, and it is published all the same."""
    monkeypatch.setenv("IMPACT_CLES", str(tmp_path / "cles"))
    for extra in ("", "| | select_one genre | autre | Une autre | | oui | | | | | | |\n"):
        folder = small(SMALL_QUESTIONNAIRE.replace("| | begin_group |", f"{extra}| | begin_group |", 1))
        tried = impact.read_campaign(folder)
        file = impact.example_file(tried, tmp_path)
        assert is_example(tried, [file])
        assert len(impact.publish(tried, [file], tmp_path / "sorties")) == 3
    assert past_groups(tried.name) == []
    file.write_bytes(file.read_bytes() + b"\n")
    assert not is_example(tried, [file]), "a file that differs may be anybody's"
    assert not is_example(replace(tried, fictif=False), [file])


def test_no_answer_and_no_code_is_in_the_cubes(outputs, checked):
    codes = set(checked.accepted["participant"])
    for path in outputs.glob("*/*"):
        text = path.read_bytes().decode("utf-8", "replace")
        assert not [code for code in codes if code in text], path.name


def test_the_journal_holds_decisions_without_numbers(outputs):
    journal = pd.read_csv(outputs / "journal_de_diffusion.csv", sep=";")
    assert set(journal["décision"]) == {"montré", "masqué"}
    assert journal.loc[journal["décision"] == "masqué", "raison"].notna().all()
    assert set(journal["destinataire"]) == {*(f"asso_{letter}" for letter in "abcdefg"), "public", "responsable"}
    assert "Estime de soi" in set(journal["échelle"])
    assert not journal.select_dtypes("number").shape[1]


def whole_page(page):
    return "".join([page.before, page.pick, page.after, *page.details.values()])


def test_page_of_each_association(outputs, campaign):
    for association in campaign.associations:
        html = whole_page(read_page(outputs / association.code))
        assert association.label in html
        assert "Exemple\u00a0: données fictives" in html
        assert not [other.label for other in campaign.associations if other.label in html and other != association]
        assert not re.search(r"\b(nan|None)\b", re.sub(r"base64,[^\"]+", "", html))


def test_page_of_the_smallest_association_says_insufficient(outputs):
    page = read_page(outputs / "asso_g")
    assert "Effectif insuffisant (moins de 10 personnes)\u00a0: ne pas conclure." in page.before
    assert page.before.count("effectif insuffisant, ne pas conclure") == 4 + 2, "the scales, and the one it cites"
    assert not page.choices
    assert [section.name for section in story(*read_cube(outputs / "asso_g"))] == [
        "essentiel",
        "repondants",
        "en-bref",
        "ensemble",
        "referentiel",
        "criteres-communs",
        "inattendu",
        "limites",
        "a-discuter",
    ]


def test_page_of_the_lead_names_every_association_in_the_order_declared(outputs, campaign):
    html = whole_page(read_page(outputs / "responsable"))
    sections = story(*read_cube(outputs / "responsable"))
    figure = next(one for one in sections if one.name == "associations").statements[1].figure
    assert figure.table.iloc[:, 0].tolist() == [
        *(association.label for association in campaign.associations),
        "Toutes ensemble",
        "Une autre association (prévision)",
    ]
    assert "Ce qui attend une décision" in html
    assert "Association G\u00a0: rien n’est montré." in html
    assert "Alpha de Cronbach" in html


def test_every_file_a_page_offers_is_in_the_manifest(outputs):
    for code in ("asso_c", "responsable"):
        offered = set(re.findall(r'href="fichiers/([^"]+)"', whole_page(read_page(outputs / code))))
        files = set(json.loads((outputs / code / "manifeste.json").read_text("utf-8"))["files"])
        assert offered == files - {FILE} | {f"{name[:-4]}.png" for name in files if name.endswith(".svg")}


def test_a_png_is_made_from_the_drawing_when_it_is_asked_for(outputs):
    cube = outputs / "asso_c"
    _, figures = read_cube(cube)
    png = released_file(cube, "moyennes-estime.png")
    assert png == figures["moyennes-estime"].png
    assert png.startswith(b"\x89PNG")
    assert int.from_bytes(png[16:20]) == 720, "3.6 inches at 200 pixels an inch"
    assert not (cube / "moyennes-estime.png").exists()
    assert released_file(cube, "resultats.png") is None


def test_labels_are_escaped(cleared):
    one = cleared["asso_a"]
    poisoned = dict(one.context) | {"association": "<img src=x onerror=alert(1)>"}
    assert "<img" not in lay_out(replace(one, context=poisoned), {}).before


def test_the_page_is_the_same_laid_out_again_from_the_cube(outputs):
    for code in ("asso_c", "responsable"):
        assert lay_out(*read_cube(outputs / code)) == read_page(outputs / code)


def test_view_follows_one_choice_and_survives_any_value(outputs):
    page = show(outputs / "asso_c")
    choice, detail = page.children[2].children[1:]
    assert "Choisir une question" in detail.value
    choice.value = "age"
    assert "50 ans et plus" in detail.value
    choice.value = ""
    assert "50 ans et plus" not in detail.value


def test_view_is_the_choice_alone_where_the_rest_is_already_there(outputs, monkeypatch):
    monkeypatch.setenv(LAID_OUT, "faite")
    choice, detail = show(outputs / "asso_c").children
    assert [name for _, name in choice.options][:2] == ["", "age"]
    assert "Choisir une question" in detail.value
    assert show(outputs / "responsable").children == ()


@pytest.mark.parametrize("name", ["resultats.csv", FILE])
def test_view_of_an_altered_cube_is_a_sentence(outputs, tmp_path, name):
    copy = shutil.copytree(outputs / "asso_c", tmp_path / "asso_c")
    (copy / name).write_bytes((copy / name).read_bytes().replace(b"0", b"1", 1))
    assert "modifiés après coup" in show(copy).value


def test_view_of_a_missing_cube_is_a_sentence(tmp_path):
    assert "il n’y a pas de résultats publiés ici" in show(tmp_path).value


@pytest.mark.parametrize("design", ["after_only", "repeated_cross_sections", "retrospective_separate"])
def test_every_design_is_cleared_and_audited(campaign, checked, design):
    cleared, groups = protected(checked.accepted, replace(campaign, design=design), [])
    assert {one.audience for one in cleared} >= {"asso_a", "public", "responsable"}
    assert groups


def test_missing_answers(campaign, tmp_path):
    with pytest.raises(ImpactError, match="le fichier de réponses est introuvable"):
        impact.publish(campaign, [tmp_path / "rien.csv"], tmp_path)
