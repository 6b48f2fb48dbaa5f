"""The `impact` command: French help, one message for each mistake, a non-zero exit code, never a traceback."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

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
        ("verifier",),
        ("publier",),
        ("servir",),
        ("donnees-ouvertes",),
        ("detruire-les-liens",),
        ("papier",),
        ("xlsform",),
        ("limesurvey",),
        ("saisie",),
        ("comptages",),
        ("comparer",),
        ("correspondance",),
    ],
)
def test_help_is_in_french(command):
    code, said = impact(*command, "--help")
    assert code == 0
    assert "Usage\u00a0:" in said
    assert "Montrer cette aide." in said
    for word in ("Show", "exit", "Commands", "default", "required", "Usage:", "<bool>"):
        assert word not in said, word


@pytest.mark.parametrize(
    ("words", "expected", "said"),
    [
        (("verifier",), 2, "il manque « CAMPAGNE ». Pour l’aide : impact verifier --help"),
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
    assert french("Format reconnu : tableau.") in said
    assert french("577 lignes lues : 577 acceptées, 0 mises de côté.") in said


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


def test_detruire_les_liens_asks_first(answers_file, tmp_path, monkeypatch):
    monkeypatch.setenv("IMPACT_CLES", str(tmp_path / "cles"))
    copy = Path(shutil.copy(answers_file, tmp_path / "envoi.csv"))
    code, said = impact("detruire-les-liens", "demonstration", copy)
    assert code == 1
    assert "Relancer avec --oui" in said
    code, said = impact("detruire-les-liens", "demonstration", copy, "--oui")
    assert code == 0
    assert "La clé est détruite." in said
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
