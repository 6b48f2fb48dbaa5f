"""The activity read, told and shown: what the documents say, nothing else, and clear faults."""

import base64
import re
import shutil
from html import unescape

import pytest

import impact
from impact.activity import page
from impact.activity.served import write_activity
from impact.activity.tables import INDICATOR, as_written, evolution_sentence, evolutions, natures, sources
from impact.errors import ImpactError
from impact.page import read_page
from tests.test_activity_data import PACKAGE

HEADER = "action,indicateur,annee,periode,valeur,ecriture,unite,nature,document,phrase,contradiction"
AXES = ("Accès", "Initiatives et compétences", "Expression citoyenne", "Projets coopératifs", "Travail en réseau")


@pytest.fixture(scope="module")
def activity():
    return impact.read_activity(PACKAGE)


@pytest.fixture(scope="module")
def shown(activity):
    return {name: page.show_axis(activity, name).data for name in AXES}


def series(activity, action, name):
    return evolutions(activity).set_index(INDICATOR).loc[[(action, name)]].reset_index()


def test_an_evolution_is_told_as_the_documents_write_it(activity):
    papi = series(activity, "papi", "PAPI en fonctionnement")
    assert evolution_sentence(papi) == "PAPI en fonctionnement\u00a0: 108 (2011), 105 (2013), 111 (2014)."
    assert sources(activity, papi) == "Sources\u00a0: rapport 2011, diaporama 2013, rapport 2014."
    lent = series(activity, "prets", "matériels prêtés dans l’année")
    assert evolution_sentence(lent) == "Matériels prêtés dans l’année\u00a0: plus de 800 (2011), plus de 800 (2014)."


def test_digits_of_a_number_stay_together_with_their_unit(activity):
    visits = series(activity, "wiki_brest", "visites depuis la création")
    assert [as_written(row) for row in visits.itertuples()] == ["11\u00a0047\u00a0905", "20\u00a0909\u00a0293"]
    price = series(activity, "habitat_social", "prix par mois et par logement")
    assert [as_written(row) for row in price.itertuples()] == ["1\u00a0€", "1,10\u00a0€"]


def test_evolutions_leave_out_dates_and_what_is_given_once(activity):
    moving = evolutions(activity)
    assert set(moving["nature"]) <= {"moyen", "réalisation", "fréquentation", "résultat"}
    assert (moving.groupby(INDICATOR)["annee"].nunique() >= 2).all()
    assert "ruche" not in set(moving["action"])


def test_no_effect_is_counted(activity):
    table = natures(activity)
    assert table.loc["effet", "chiffres"] == 0
    assert table.loc["effet", "sans_chiffre"] == (activity.figures["nature"] == "effet").sum() > 0
    assert table.to_numpy().sum() == len(activity.figures)


def test_every_action_is_shown_with_all_its_sentences_and_what_is_not_counted(activity, shown):
    assert sum(text.count("<article>") for text in shown.values()) == len(activity.actions)
    whole = unescape(" ".join(shown.values())).replace("\u00a0", " ")
    assert [phrase for phrase in activity.figures["phrase"] if phrase not in whole] == []
    assert [words for words in activity.actions["non_compte"] if words not in whole] == []


def test_every_drawing_has_its_words_and_the_same_bytes_each_time(activity, shown):
    images = re.findall(r'<img alt="([^"]+)" src="data:image/svg\+xml;base64,([^"]+)">', " ".join(shown.values()))
    assert len(images) == evolutions(activity).groupby(INDICATOR).ngroups
    assert all(base64.b64decode(data).startswith(b"<?xml") for _, data in images)
    assert page.show_axis(activity, AXES[0]).data == shown[AXES[0]]


def test_contradictions_are_drawn_with_every_figure(activity):
    text = page.show_contradictions(activity).data
    assert text.count("<article>") == len(activity.contradictions)
    for words in (
        "108 (rapport 2011), 105 (diaporama 2013), 111 (rapport 2014)",
        "366 (rapport 2011), 406 (diaporama 2013), 490 (rapport 2014)",
    ):
        assert f"{words}." in text
    assert "sur ce que l’action change pour des personnes\u00a0: 0." in page.show_overview(activity).data


@pytest.fixture(scope="module")
def campaign_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sorties")
    write_activity(folder, b"cle")
    return folder


def test_the_notebook_is_the_leads_page(activity, campaign_folder, shown):
    """All that the notebook says and shows, and nothing that only a notebook needs."""
    served = read_page(campaign_folder / "activite")
    whole = unescape(served.before).replace("\u00a0", " ")
    assert [phrase for phrase in activity.figures["phrase"] if phrase not in whole] == []
    assert served.before.count("<img") == sum(text.count("<img") for text in shown.values()) + len(
        re.findall("<img", page.show_contradictions(activity).data + page.show_overview(activity).data)
    )
    assert "C’est la raison de la méthode" in whole
    assert served.before.count("<style>") == served.before.count("<h1>") == 1
    assert "Rien à changer ici" not in whole
    assert set(re.findall('href="#([^"]+)"', served.before)) == set(re.findall('<h2 id="([^"]+)"', served.before))
    assert not served.choices


def test_the_leads_page_is_laid_out_once_and_made_again_when_it_is_not_ours(campaign_folder):
    path = campaign_folder / "activite" / "page.json"
    first = path.stat().st_mtime_ns
    write_activity(campaign_folder, b"cle")
    assert path.stat().st_mtime_ns == first
    write_activity(campaign_folder, b"une autre")
    assert path.stat().st_mtime_ns > first


def test_an_unknown_axis_is_told_with_the_nearest(activity):
    with pytest.raises(ImpactError, match="Vouliez-vous dire «\u00a0Accès\u00a0»"):
        page.show_axis(activity, "Acces")


@pytest.fixture
def changed(tmp_path):
    """A copy of the package whose figures are only the lines given."""

    def write(*lines):
        folder = shutil.copytree(PACKAGE, tmp_path / "activite", dirs_exist_ok=True)
        (folder / "chiffres.csv").write_text("\n".join((HEADER, *lines, "")), "utf-8")
        return folder

    return write


def test_all_faults_are_told_at_once(changed):
    good = "papi,PAPI,2011,2011,108,108,PAPI,moyen,rapport_2011,A ce jour 108 PAPI,"
    folder = changed(
        good,
        good,
        "papy,PAPI,2011,2011,108,108,PAPI,moyen,rapport_2011,x,",
        'papi,prix,deux,2011,"1,10","1,10",euros,argent,rapport_1999,x,mystere',
    )
    with pytest.raises(ImpactError) as told:
        impact.read_activity(folder)
    lines = str(told.value).replace("\u00a0", " ").splitlines()
    assert len(lines) == 7
    assert (
        lines[0]
        == "chiffres.csv, ligne 4, colonne « action » : code inconnu (trouvé : « papy »). Vouliez-vous dire « papi » ?"
    )
    assert (
        "chiffres.csv, ligne 5, colonne « annee » : ce n’est pas une année (trouvé : « deux »). Écrire par exemple 2011."
        in lines
    )
    assert (
        "chiffres.csv, ligne 5, colonne « valeur » : ce n’est pas un nombre (trouvé : « 1,10 »). Écrire par exemple 1.10, ou laisser vide."
        in lines
    )
    assert lines[-1].startswith("chiffres.csv, ligne 3, colonne « indicateur » : chiffre déjà donné plus haut")


def test_an_action_that_serves_an_unknown_criterion_is_told(changed):
    folder = changed()
    actions = folder / "actions.csv"
    actions.write_text(
        actions.read_text("utf-8").replace("acces agir_seul liens", "acces agir_seule liens", 1), "utf-8"
    )
    with pytest.raises(ImpactError, match=r"actions\.csv, ligne 2, colonne «.criteres.».*agir_seul"):
        impact.read_activity(folder)


def test_a_missing_file_or_column_is_told(changed):
    folder = changed()
    (folder / "documents.csv").unlink()
    with pytest.raises(ImpactError, match=r"documents\.csv.: fichier absent ou illisible\."):
        impact.read_activity(folder)
    (folder / "chiffres.csv").write_text("action,indicateur\n", "utf-8")
    with pytest.raises(ImpactError, match=r"chiffres\.csv.: colonnes absentes.: annee, periode"):
        impact.read_activity(folder)
