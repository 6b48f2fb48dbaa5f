"""The `impact` command: French help, one message for each mistake, a non-zero exit code, never a traceback."""

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from impact.cli.slips import Slip, write_slip
from impact.errors import french

ROOT = Path(__file__).parents[1]


def impact(*words, **options):
    """Run the command as a user does; return (exit code, all it said on one line)."""
    command = [sys.executable, "-c", "from impact.cli import main; main()", *map(str, words)]
    environment = os.environ | {"COLUMNS": "200", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(command, capture_output=True, encoding="utf-8", cwd=options.get("cwd", ROOT), env=environment)
    assert "Traceback" not in done.stderr
    return done.returncode, " ".join((done.stdout + done.stderr).split(" ")).strip()


@pytest.mark.parametrize(
    "command",
    [
        (),
        ("demo",),
        ("nouvelle-campagne",),
        ("verifier",),
        ("publier",),
        ("bilan",),
        ("servir",),
        ("donnees-ouvertes",),
        ("detruire-les-liens",),
        ("reproduire",),
        ("papier",),
        ("xlsform",),
        ("limesurvey",),
        ("saisie",),
        ("comptages",),
        ("comparer",),
        ("correspondance",),
        ("acces",),
        ("acces", "creer"),
        ("acces", "renouveler"),
        ("acces", "retirer"),
        ("acces", "lister"),
        ("acces", "lien"),
    ],
)
def test_help_is_in_french(command):
    code, said = impact(*command, "--help")
    assert code == 0
    assert "Usage\u00a0:" in said
    assert "Montrer cette aide." in said
    for word in ("Show", "exit", "Commands", "default", "required", "Usage:", "<bool", "<str", "<list", "<path", "{"):
        assert word not in said, word


@pytest.mark.parametrize(
    ("words", "expected", "said"),
    [
        (("verifier",), 2, "il manque « CAMPAGNE ». Pour l’aide : impact verifier --help"),
        (("publier", "demonstration"), 1, "il faut des fichiers de réponses, ou bien --moteur avec --source"),
        (("donnees-ouvertes", "demonstration"), 2, "il manque « FICHIER ». Pour l’aide : impact donnees-ouvertes --help"),
        (("papier", "demonstration", "--dossier"), 2, "l’option « --dossier » demande une valeur."),
        (("--loin",), 2, "l’option « --loin » n’existe pas."),
        (("publie",), 2, "cette commande n’existe pas, ou a trop de mots."),
        (("servir", "demonstration", "--port", "mille"), 2, "la valeur donnée à « NOMBRE » ne convient pas."),
        (("verifier", "demonstratio", "x.csv"), 1, "la campagne « demonstratio » est introuvable. Vouliez-vous dire « demonstration » ?"),
        (("verifier", "demonstration", "x.csv"), 1, "x.csv : le fichier est introuvable."),
        (("publier", "demonstration", "x.csv", "--sorties", "/proc/nulle-part"), 1, "impossible d’écrire (dossier ou fichier inaccessible). Choisir avec --sorties"),
    ],
)  # fmt: skip
def test_mistakes_get_one_french_message(words, expected, said):
    code, text = impact(*words)
    assert code == expected
    assert french(said) in text


def test_nothing_typed_shows_the_help_and_no_mistake():
    code, said = impact()
    assert code == 2
    assert "Commandes" in said
    assert "n’existe pas" not in said


def test_servir_without_results(tmp_path):
    code, said = impact("servir", "demonstration", "--sorties", tmp_path)
    assert code == 1
    assert said


def test_port_in_use_is_told_before_any_work(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, said = impact("demo", "--port", port, "--sorties", tmp_path)
    assert code == 1
    assert f"Le port {port} est déjà pris." in said
    assert not list(tmp_path.iterdir())


def test_verifier_tells_rows_and_where_the_others_are(answers_file, tmp_path):
    copy = Path(shutil.copy(answers_file, tmp_path / "envoi.csv"))
    code, said = impact("verifier", "demonstration", copy)
    assert code == 1, "some rows were put aside"
    assert french("578 lignes lues : 568 acceptées, 10 mises de côté.") in said
    assert "valeur hors des réponses possibles" in said
    assert (tmp_path / "envoi.quarantaine.csv").is_file()


def test_verifier_of_a_clean_file(campaign, tmp_path):
    from impact.collect.responses import write_csv
    from impact.simulation import simulate

    code, said = impact(
        "verifier", "demonstration", write_csv(simulate(campaign, mistakes=False), tmp_path / "envoi.csv")
    )
    assert code == 0
    assert french("envoi.csv, format reconnu : tableau.") in said
    assert french("577 lignes lues : 577 acceptées, 0 mises de côté.") in said


def test_verifier_and_publier_say_who_was_found_again(campaign, tmp_path, monkeypatch):
    """One code differs by a sign, one is typed otherwise, two forms bear the same code: nothing is joined silently."""
    monkeypatch.setenv("IMPACT_CLES", str(tmp_path / "cles"))
    from impact.collect.responses import write_csv
    from impact.simulation import simulate

    table = simulate(campaign, mistakes=False)
    rows = table.query("association == 'asso_a' and vague == 'apres'").index
    table.loc[rows[0], "participant"] = table.loc[rows[0], "participant"].lower()
    table.loc[rows[1], "participant"] += "X"
    table.loc[rows[2], "participant"] = table.loc[rows[3], "participant"].lower()
    halves = [
        write_csv(table[table["vague"] == wave], tmp_path / f"{wave}.csv") for wave in ("avant", "apres")
    ]  # two files
    joined = len(rows) - 3
    for words in (("verifier", "demonstration", *halves), ("publier", "demonstration", *halves, "--sorties", tmp_path)):
        code, said = impact(*words)
        assert code == 0
        (line,) = re.findall(r"│ Association A +│ +\d+ │ +(\d+) │ +(\d+) │ +(\d+)\u00a0% │", said)
        assert line == (str(len(rows)), str(joined), f"{100 * joined / len(rows):.0f}")
        assert french("Codes voisins : 0 reliés par une personne, 1 à juger.") in said
        assert french("Réponses de même code, reliées à personne : 2.") in said
        assert "Aucun code voisin n’est relié tant qu’une personne ne l’a pas jugé" in said
    assert "Personnes retrouvées" not in impact("verifier", "demonstration", halves[0])[1], (
        "the others have yet to come"
    )
    code, said = impact("verifier", "demonstration", *halves)
    assert said.count("le même code plusieurs fois au même moment") == 2
    assert "à juger" in said.split("Codes reliés à personne")[1]


@pytest.mark.parametrize("command", ["publier", "donnees-ouvertes"])
def test_format_can_be_forced(command, answers_file, tmp_path):
    where = ("--sorties" if command == "publier" else "--dossier", tmp_path)
    code, said = impact(command, "demonstration", answers_file, *where, "--format", "exel")
    assert code == 1
    assert french("« exel » n’est pas une valeur de « format ».") in said


def test_faulty_questionnaire_lists_all_its_faults(small):
    folder = small()
    path = folder / "questionnaire.md"
    path.write_text(path.read_text("utf-8").replace("| sum | 2 |", "| total | 9 |"), "utf-8")
    code, said = impact("verifier", folder, "x.csv")
    assert code == 1
    assert french("2 fautes à corriger :") in said
    assert french("colonne « min_answered »") in said


def test_publier_shows_each_access_once(answers_file, tmp_path):
    copy = Path(shutil.copy(answers_file, tmp_path / "envoi.csv"))
    code, said = impact("publier", "demonstration", copy, "--sorties", tmp_path / "sorties")
    assert code == 0
    assert "Résultats publiés pour 7 associations" in said
    assert all(f"asso_{letter}" in said for letter in "abcdefg")
    code, again = impact("publier", "demonstration", copy, "--sorties", tmp_path / "sorties")
    assert code == 0
    assert "Code secret" not in again


@pytest.fixture(scope="module")
def published(answers_file, tmp_path_factory):
    outputs = tmp_path_factory.mktemp("sorties")
    code, said = impact("publier", "demonstration", answers_file, "--sorties", outputs)
    assert code == 0
    return outputs, said


SECRET = re.compile(r"\b(?:\w{4}-){3}\w{4}\b")


def test_acces_from_creation_to_removal(published, tmp_path):
    outputs, said = published
    assert len(SECRET.findall(said)) == 8, "seven associations and the evaluation lead"
    given = ("--sorties", outputs)
    code, said = impact("acces", "retirer", "demonstration", "asso_b", "responsable", *given)
    assert (code, "Accès retiré" in said) == (0, True)
    code, said = impact("acces", "lister", "demonstration", *given)
    lines = {line.split("│")[2].strip(): line for line in said.splitlines() if "│" in line}
    assert "non" in lines["asso_b"].split("│")[3]
    assert "oui" in lines["asso_a"].split("│")[3]
    assert not SECRET.search(said)
    code, said = impact(
        "acces", "creer", "demonstration", *given, "--fiches", tmp_path, "--adresse", "https://resultats.exemple.fr"
    )
    secrets = SECRET.findall(said)
    assert (code, len(secrets)) == (0, 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["acces_asso_b.pdf", "acces_responsable.pdf"]
    assert impact("acces", "creer", "demonstration", *given)[1].startswith("Tous ont déjà un accès.")
    code, said = impact("acces", "renouveler", "demonstration", "asso_b", *given)
    assert SECRET.findall(said)[0] not in secrets


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="pdftotext n'est pas installé sur cette machine")
@pytest.mark.parametrize(
    "label", ["Association A", "Maison pour tous du quartier des Capucins et de la rive droite " * 2]
)
def test_an_access_slip_says_all_on_one_page(tmp_path, label):
    address = "https://resultats.mediation-numerique.exemple.fr/impact/"
    slip = Slip(
        "Médiation numérique : ce que cela change", label.strip(), address, "asso_a", "abcd-efgh-jkmn-pqrs", True
    )
    path = write_slip(slip, tmp_path)
    assert path.stat().st_mode & 0o077 == 0
    command = ["pdftotext", "-layout", path, "-"]
    text = subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout
    assert text.count("\f") == 1
    for word in (
        "asso_a",
        "abcd-efgh-jkmn-pqrs",
        "Exemple, données fictives",
        "Se déconnecter",
        "Nom et téléphone",
        "Reçu",
    ):
        assert word in text, word
    assert address.replace("/", "") in re.sub(r"[\s/]", "", text)
    assert b"/StructTreeRoot" in path.read_bytes(), "tagged, as PDF/UA asks"


def test_acces_lien(published):
    given = ("--sorties", published[0])
    address = "https://exemple.fr/resultats"
    code, said = impact("acces", "lien", "demonstration", "asso_a", "--jours", 3, "--adresse", address, *given)
    assert code == 0
    assert re.search(r"https://exemple\.fr/resultats/lien#asso_a\.\d+\.[0-9a-f]{64}", said)
    code, said = impact("acces", "lien", "demonstration", "asso_a", "--annuler", *given)
    assert (code, "ne valent plus rien" in said) == (0, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("creer", "demonstration", "asso_z"), "pas de résultats publiés pour asso_z."),
        (("renouveler", "demonstration", "asso_a", "asso_z"), "« asso_z » n’a pas d’accès."),
        (("retirer", "demonstration", "asso_z"), "« asso_z » n’a pas d’accès."),
        (("lien", "demonstration", "asso_z"), "« asso_z » n’a pas d’accès."),
        (("lien", "demonstration", "asso_a", "--jours", "99"), "Un lien vaut entre 1 et 31 jours."),
        (("lien", "demonstration", "asso_a", "--adresse", "http://exemple.fr"), "cette adresse ne convient pas."),
        (("renouveler", "demonstration", "asso_a", "--fiches", ROOT / "fiches"), "une fiche porte un code secret : elle ne va pas dans un dépôt."),
    ],
)  # fmt: skip
def test_mistakes_on_accesses_change_nothing(published, words, said):
    accounts = published[0] / "demonstration" / "acces.json"
    before = accounts.read_bytes()
    code, text = impact("acces", *words, "--sorties", published[0])
    assert code == 1
    assert french(said) in text
    assert accounts.read_bytes() == before


def test_servir_verifier_tries_the_whole_chain(published):
    code, said = impact("servir", "demonstration", "--verifier", "--sorties", published[0])
    assert code == 0, said
    assert said.count("✓") == 11
    assert "✗" not in said
    assert "Tout fonctionne." in said


def test_servir_verifier_tells_what_is_broken(published, tmp_path, monkeypatch):
    """A page that cannot be made: the chain goes on, says where it broke, and ends in 1."""
    from impact.cli import serve

    monkeypatch.setattr(serve, "_notebook", lambda: ROOT / "tests" / "securite" / "hostile.ipynb")
    with pytest.raises(serve.typer.Exit):
        serve.servir("demonstration", published[0], verify=True)


def test_detruire_les_liens_asks_first(answers_file, tmp_path, monkeypatch):
    monkeypatch.setenv("IMPACT_CLES", str(tmp_path / "cles"))
    copy = Path(shutil.copy(answers_file, tmp_path / "envoi.csv"))
    code, said = impact("detruire-les-liens", "demonstration", copy)
    assert code == 1
    assert "Relancer avec --oui" in said
    assert "sauf les citations approuvées" in said.replace("\n", " ")
    assert not (tmp_path / "envoi.lie.csv").exists()
    code, said = impact("detruire-les-liens", "demonstration", copy, "--oui")
    assert code == 0
    assert "La clé est détruite" in said
    assert (tmp_path / "envoi.lie.csv").is_file()
    code, said = impact("donnees-ouvertes", "demonstration", copy, "--dossier", tmp_path / "ouvertes")
    assert code == 1
    assert "un code ne peut plus être reconnu" in said


@pytest.mark.parametrize(
    ("command", "written"),
    [("xlsform", "demonstration_xlsform.xlsx"), ("limesurvey", "demonstration_limesurvey.txt"), ("saisie", "demonstration_saisie.xlsx"),
     ("papier", "demonstration_questionnaire.pdf")],
)  # fmt: skip
def test_what_answers_are_collected_with(tmp_path, command, written):
    code, said = impact(command, "demonstration", "--dossier", tmp_path)
    assert code == 0
    assert written in said.replace("\n", "")
    assert (tmp_path / written).stat().st_size > 1000


def test_verifier_shows_the_instruments(tmp_path):
    code, said = impact("verifier", "demonstration")
    assert code == 0
    assert "Ce questionnaire peut être imprimé et mis en ligne." in said


def test_verifier_and_papier_refuse_what_a_licence_forbids(small, tmp_path):
    from tests.conftest import SMALL_QUESTIONNAIRE

    header = SMALL_QUESTIONNAIRE.replace("| source | licence |", "| source | licence | redistribution |")
    folder = small(header.replace("essai | EUPL-1.2 |", "essai | tous droits réservés | non |"))
    for words in (("verifier", folder), ("papier", folder, "--dossier", tmp_path / "pdf")):
        code, said = impact(*words)
        assert code == 1
        assert french("la licence interdit de diffuser les énoncés de cette échelle (trouvé : « liens »).") in said
    assert not list((tmp_path / "pdf").glob("*"))


def test_comparer_two_keyings(answers_file, tmp_path):
    first = Path(shutil.copy(answers_file, tmp_path / "un.csv"))
    lines = first.read_text("utf-8-sig").splitlines()
    second = tmp_path / "deux.csv"
    second.write_text("\n".join([*lines[:5], lines[5].rpartition(";")[0] + ";autre chose", *lines[6:]]), "utf-8")
    assert impact("comparer", "demonstration", first, first) == (0, "Les deux saisies sont identiques.")
    code, said = impact("comparer", "demonstration", first, second)
    assert code == 1
    assert french("1 différences : revenir au papier, puis corriger.") in said
    assert "autre chose" in said


def test_correspondance_asks_once_and_keeps(small, tmp_path):
    folder = small()
    (tmp_path / "x.csv").write_text("association;wave;participant;genre;lie_1;lie2;V9\na;avant;P1;f;1;2;3", "utf-8")
    command = [
        sys.executable,
        "-c",
        "from impact.cli import main; main()",
        "correspondance",
        str(folder),
        str(tmp_path / "x.csv"),
    ]
    done = subprocess.run(command, input="\nli3\nlie3\n", capture_output=True, encoding="utf-8", cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert french("Colonne « lie_1 » : quelle question ? [lie1]") in done.stdout
    assert french("Vouliez-vous dire « lie3 » ?") in done.stdout
    code, said = impact("verifier", folder, tmp_path / "x.csv")
    assert (code, french("1 lignes lues : 1 acceptées, 0 mises de côté.") in said) == (0, True)
