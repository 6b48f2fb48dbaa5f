"""What people really send: each mistake gives one French message that says where and what to do; nothing is lost."""

import pytest

import impact
from impact.campaign import read_campaign
from impact.collect.validation import check_file, check_files
from impact.cube import read_cube
from impact.errors import CampaignError, CubeError, QuestionnaireError, ResponsesError, french
from tests.conftest import SMALL_CAMPAIGN, SMALL_QUESTIONNAIRE

HEADER = "association;wave;participant;genre;lie1;lie2;lie3"
GOOD = "a;avant;P1;f;1;2;3"


@pytest.fixture
def send(small, tmp_path):
    """Send lines of CSV to the small campaign; return what the check says."""

    def check(*lines: str, header: str = HEADER, encoding: str = "utf-8", name: str = "envoi.csv"):
        path = tmp_path / name
        path.write_bytes("\n".join([header, *lines]).encode(encoding))
        return check_file(path, read_campaign(small()))

    return check


def refused(error, call, *args, **options) -> str:
    with pytest.raises(error) as caught:
        call(*args, **options)
    return str(caught.value)


def only_problem(checked) -> str:
    """The one problem of a file, after checking that every row went one way or the other."""
    assert checked.n_read == len(checked.accepted) + len(checked.quarantined)
    (problem,) = checked.problems
    return str(problem)


# --- the file itself ------------------------------------------------------------------------------------------------


def test_missing_file(small, tmp_path):
    said = refused(ResponsesError, check_file, tmp_path / "absent.csv", read_campaign(small()))
    assert said.endswith(french("absent.csv : le fichier est introuvable. Vérifier son nom et son dossier."))


def test_empty_file(small, tmp_path):
    (tmp_path / "vide.csv").write_text("\n\n ;; \n")
    said = refused(ResponsesError, check_file, tmp_path / "vide.csv", read_campaign(small()))
    assert said.endswith(french("vide.csv : le fichier ne contient rien. Vérifier la première feuille."))


def test_header_only(send):
    said = refused(ResponsesError, send)
    assert "il n’y a que la ligne d’en-tête, aucune réponse. Vérifier que c’est le bon fichier." in said


def test_zero_byte_workbook(small, tmp_path):
    (tmp_path / "vide.xlsx").write_bytes(b"")
    said = refused(ResponsesError, check_file, tmp_path / "vide.xlsx", read_campaign(small()))
    assert said.endswith(french("vide.xlsx : le fichier est vide (0 octet). Refaire l’export ou l’enregistrement."))


@pytest.mark.parametrize("name", ["faux.xlsx", "faux.ods"])
def test_not_a_workbook(small, tmp_path, name):
    (tmp_path / name).write_bytes(b"ceci n'est pas un classeur")
    said = refused(ResponsesError, check_file, tmp_path / name, read_campaign(small()))
    kind = name.split(".")[1]
    assert f"ce n’est pas un classeur .{kind} lisible. L’ouvrir dans un tableur et l’enregistrer" in said


def test_wrong_delimiter(send):
    said = refused(ResponsesError, send, GOOD.replace(";", "|"), header=HEADER.replace(";", "|"))
    assert "aucun séparateur de colonnes reconnu dans la première ligne." in said
    assert french("« ; », par « , » ou par une tabulation") in said


def test_wrong_encoding(send):
    said = refused(ResponsesError, send, GOOD, encoding="utf-16")
    assert "ce n’est ni du CSV UTF-8, ni un classeur connu. L’ouvrir dans un tableur" in said


def test_windows_encoding_is_read(send):
    checked = send("a;avant;Zoé;f;Pas d’accord;2;3", encoding="cp1252")
    assert list(checked.accepted["participant"]) == ["Zoé"]
    assert list(checked.accepted["lie1"]) == ["1"]


def test_merged_header(small, tmp_path):
    from openpyxl import Workbook

    book = Workbook()
    for row in (HEADER.split(";"), GOOD.split(";")):
        book.active.append(row)
    book.active.merge_cells("D1:E1")
    book.save(tmp_path / "fusion.xlsx")
    said = refused(ResponsesError, check_file, tmp_path / "fusion.xlsx", read_campaign(small()))
    assert "la cellule 5 de la ligne d’en-tête est vide ou fusionnée." in said
    assert french("Défusionner : une cellule par colonne") in said


def test_repeated_column(send):
    said = refused(ResponsesError, send, GOOD + ";1", header=HEADER + ";lie1")
    assert french("colonne en double : « lie1 ». N’en garder qu’une de chaque nom.") in said


def test_missing_column(send):
    said = refused(ResponsesError, send, "a;avant;P1;f;1;2", header="association;wave;participant;genre;lie1;lien2")
    assert french("il manque 2 colonnes : « lie2 » (est-ce « lien2 » ?), « lie3 » (est-ce « lien2 » ?).") in said
    assert "Reprendre les noms du questionnaire, sans en changer ; aucune ligne n’a été prise." in said.replace(
        "\xa0", " "
    )


def test_extra_column(send):
    checked = send(GOOD + ";rouge", header=HEADER + ";couleur")
    assert only_problem(checked) == french(
        "envoi.csv, colonne « couleur » : colonne non prévue au questionnaire. "
        "Elle est ignorée. Si c’est une question, vérifier son nom."
    )
    assert len(checked.accepted) == 1


# --- the rows -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("z;avant;P1;f;1;2;3", "ligne 2, colonne « association » : réponse inconnue (trouvé : « z »). "
                               "Réponses possibles : a, b, c."),
        ("a;pendant;P1;f;1;2;3", "ligne 2, colonne « wave » : réponse inconnue (trouvé : « pendant »). "
                                 "Réponses possibles : avant, apres."),
        ("a;avant;P1;f;7;2;3", "ligne 2, colonne « lie1 » : valeur hors des réponses possibles (trouvé : « 7 »). "
                               "Réponses possibles : 1, 2, 3, nsp, illisible."),
        ("a;avant;P1;f;1;2;Daccord", "ligne 2, colonne « lie3 » : réponse inconnue (trouvé : « Daccord »). "
                                     "Vouliez-vous dire « d'accord » (code 3) ?"),
        ("a;avant;;f;1;2;3", "ligne 2, colonne « participant » : cellule vide. "
                             "La remplir : sans elle on ne sait ni qui, ni quand."),
        ("a;avant;P1;f;=1+1;2;3", "ligne 2, colonne « lie1 » : formule, jamais évaluée (trouvé : « =1+1 »). "
                                  "Remplacer la formule par sa valeur."),
        ("a;avant;P1;f;1;2;3;4;5", "ligne 2 : plus de cellules que l’en-tête. "
                                   "Vérifier les séparateurs et les guillemets de cette ligne."),
    ],
    ids=["unknown association", "unknown wave", "out of range", "label typo", "no code", "formula", "too many cells"],
)  # fmt: skip
def test_bad_row_goes_to_quarantine(send, tmp_path, row, said):
    checked = send(row, "b;avant;P2;h;3;2;1")
    problems = [str(problem) for problem in checked.problems]
    assert french(f"envoi.csv, {said}") in problems
    assert list(checked.accepted["participant"]) == ["P2"]
    kept = (tmp_path / "envoi.quarantaine.csv").read_text("utf-8-sig").splitlines()
    assert kept[0] == f"ligne;motif;{HEADER}"
    assert len(kept) == 2
    assert kept[1].startswith("2;")


@pytest.mark.parametrize("age", ["-4", "200", "vingt", "20,5", "1e9"])
def test_impossible_number(small, tmp_path, age):
    line = "| | integer | age | Votre âge | | | | | | | | | . >= 0 and . <= 110 |\n| | select_one genre"
    text = SMALL_QUESTIONNAIRE.replace("| source | licence |", "| source | licence | constraint |", 1)
    campaign = read_campaign(small(text.replace("| | select_one genre", line, 1)))
    (tmp_path / "envoi.csv").write_text(f"{HEADER};age\n{GOOD};{age}\n{GOOD.replace('P1', 'P2')};44", "utf-8")
    checked = check_file(tmp_path / "envoi.csv", campaign)
    said = french(
        f"ce n’est pas un nombre possible (trouvé : « {age} »). Écrire un nombre d’au moins 0 et d’au plus 110, sans unité."
    )
    assert said in only_problem(checked)
    assert list(checked.accepted["participant"]) == ["P2"]


def test_workbook_formula_is_never_evaluated(small, tmp_path):
    from openpyxl import Workbook

    book = Workbook()
    for row in (HEADER.split(";"), ["a", "avant", "P1", "f", "=SUM(1,1)", 2, 3]):
        book.active.append(row)
    book.save(tmp_path / "formule.xlsx")
    checked = check_file(tmp_path / "formule.xlsx", read_campaign(small()))
    assert french("colonne « lie1 » : formule, jamais évaluée (trouvé : « =SUM(1,1) »)") in only_problem(checked)
    kept = (tmp_path / "formule.quarantaine.csv").read_text("utf-8-sig")
    assert ";'=SUM(1,1);" in kept, "the quarantine file must not become a formula in its turn"


def test_duplicated_person_and_wave(send):
    checked = send(GOOD, "a;apres;P1;f;1;2;3", "a;AVANT;P1;f;3;3;3", "b;avant;P1;f;1;2;3")
    assert only_problem(checked) == french(
        "envoi.csv, ligne 4, colonne « participant » : même personne, même vague qu’à la ligne 2 (trouvé : « P1 »). "
        "Garder la bonne des deux lignes, ou corriger le code ou la vague."
    )
    assert len(checked.accepted) == 3, "the same code in another association is another person"


def test_corrections_in_a_quarantine_are_never_overwritten(send, tmp_path):
    send("a;avant;P1;f;7;2;3")
    path = tmp_path / "envoi.quarantaine.csv"
    corrected = path.read_text("utf-8-sig").replace(";7;", ";3;")
    path.write_text(corrected, "utf-8")
    send("a;avant;P1;f;7;2;3")
    send("a;avant;P1;f;7;2;3")
    assert path.read_text("utf-8") == corrected
    assert sorted(p.name for p in tmp_path.glob("envoi.q*")) == ["envoi.quarantaine-2.csv", "envoi.quarantaine.csv"]


def test_a_file_and_its_quarantine_together(small, tmp_path):
    (tmp_path / "envoi.csv").write_text(f"{HEADER}\n{GOOD}\n{GOOD}", "utf-8")
    campaign = read_campaign(small())
    check_file(tmp_path / "envoi.csv", campaign)
    first, second = check_files([tmp_path / "envoi.csv", tmp_path / "envoi.quarantaine.csv"], campaign)
    assert len(first.accepted) == 1
    assert french("même personne, même vague que dans un autre fichier") in only_problem(second)


def test_a_text_that_looks_like_a_formula_comes_back_whole(small, tmp_path):
    text = SMALL_QUESTIONNAIRE.replace("| | select_one genre", "| | text | mots | Un mot |\n| | select_one genre", 1)
    campaign = read_campaign(small(text))
    (tmp_path / "envoi.csv").write_text(f"{HEADER};mots\na;avant;P1;f;7;2;3;- je sors plus", "utf-8")
    check_file(tmp_path / "envoi.csv", campaign)
    again = impact.read_answers(tmp_path / "envoi.quarantaine.csv")
    assert again.table["mots"].tolist() == ["- je sors plus"]


def test_corrected_quarantine_reads_back(send, small, tmp_path):
    send("a;avant;P1;f;7;2;3", "a;avant;P2;f;1;2;3")
    path = tmp_path / "envoi.quarantaine.csv"
    path.write_text(path.read_text("utf-8-sig").replace(";7;", ";3;"), "utf-8")
    again = check_file(path, read_campaign(small()))
    assert again.problems == ()
    assert list(again.accepted["lie1"]) == ["3"]


# --- the questionnaire and the campaign -----------------------------------------------------------------------------


def questionnaire_fault(small, old: str, new: str) -> str:
    assert old in SMALL_QUESTIONNAIRE
    return refused(QuestionnaireError, read_campaign, small(SMALL_QUESTIONNAIRE.replace(old, new, 1)))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("accord | lie2", "accord | lie1", "ligne 7, colonne « name » : nom en double (trouvé : « lie1 »). "
                                           "Il sert déjà à la ligne 6 : en choisir un autre."),
        ("select_one accord | lie1", "select_one acord | lie1",
         "ligne 6, colonne « type » : liste de modalités inconnue (trouvé : « acord »). Vouliez-vous dire « accord » ?"),
        ("| | end_group | | | | | | | | | | |", "", "ligne 5, colonne « type » : groupe sans fin (trouvé : « liens »). "
                                                    "Ajouter une ligne end_group après sa dernière question."),
        ("Votre genre | |", "Votre genre | oui |", "ligne 4, colonne « reverse » : item inversé hors d’une échelle "
                                                   "(trouvé : « genre »). Retirer « reverse »."),
        ("| sum | 2 |", "| summ | 2 |", "ligne 5, colonne « score » : valeur inconnue (trouvé : « summ »). "
                                         "Vouliez-vous dire « sum » ?"),
        ("| sum | 2 |", "| sum | 9 |", "ligne 5, colonne « min_answered » : nombre de réponses impossible "
                                       "(trouvé : « 9 »). Écrire un nombre entier de 1 à 3."),
        ("higher_is_better | essai | EUPL-1.2", "higher_is_better | essai | ",
         "ligne 5, colonne « licence » : cellule vide : toute échelle la déclare. La remplir."),
        ("reverse | breakdown", "revers | breakdown", "colonne « revers » : colonne inconnue. "
                                                      "Vouliez-vous dire « reverse » ?"),
        ("accord | lie1", "accord | lié 1", "ligne 6, colonne « name » : nom refusé (trouvé : « lié 1 »). "
                                            "Commencer par une lettre ; ni espace, ni accent, ni tiret."),
        ("accord | lie1", "accord | wave", "ligne 6, colonne « name » : nom réservé (trouvé : « wave »). "
                                           "En choisir un autre."),
    ],
    ids=["duplicate name", "unknown list", "group without end", "reversed out of a scale", "score", "min_answered",
         "no licence", "unknown column", "bad name", "reserved name"],
)  # fmt: skip
def test_questionnaire_fault(small, old, new, said):
    assert french(f"questionnaire.md, feuille « survey », {said}") in questionnaire_fault(small, old, new)


def test_duplicate_choice(small):
    said = questionnaire_fault(small, "accord | 2 |", "accord | 1 |")
    expected = "feuille « choices », ligne 14, colonne « name » : modalité en double (trouvé : « 1 »)."
    assert french(expected) in said


def test_all_questionnaire_faults_are_told_at_once(small):
    faulty = SMALL_QUESTIONNAIRE.replace("| sum | 2 |", "| total | 9 |").replace("| lie3 |", "| lie1 |")
    with pytest.raises(QuestionnaireError) as caught:
        read_campaign(small(faulty))
    assert [problem.column for problem in caught.value.problems] == ["name", "score", "min_answered"]


def test_questionnaire_that_is_no_table(small):
    said = refused(QuestionnaireError, read_campaign, small("Bonjour"))
    assert french("questionnaire.md : ce fichier n’est pas un XLSForm lisible.") in said


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("threshold = 10", "threshold = 3", "[disclosure] threshold : un seuil de 3 est refusé : il montrerait des "
                                            "personnes. Mettre 10, ou au moins 5 avec sa raison."),
        ("threshold = 10", "threshold = 7", "[disclosure] reason : un seuil sous 10 demande une raison."),
        ("threshold = 10", "treshold = 10", "[disclosure] : règle inconnue « treshold ». Vouliez-vous dire « threshold » ?"),
        ('"before_after"', '"avant_apres"', "design : dispositif inconnu « avant_apres ». Valeurs admises : before_after"),
        ("fictif = true", "fictive = true", "clé inconnue « fictive ». Vouliez-vous dire « fictif » ?"),
        ("fictif = true", "", "« fictif » manque ou n’a pas la bonne forme."),
        ('code = "b"', 'code = "a"', "[[associations]] : code en double « a ». En changer un."),
        ('code = "b"', 'code = "bilans"', "[[associations]] : code réservé « bilans » : un dossier de résultats porte déjà ce nom. En changer."),
        ('code = "b"', 'code = "../b"', "[[associations]] : code refusé « ../b »."),
        ('title = "Essai"', "title = Essai", "le fichier n’est pas du TOML lisible"),
    ],
    ids=["threshold under 5", "no reason", "unknown rule", "unknown design", "unknown key", "missing key",
         "duplicate code", "reserved code", "path in a code", "broken TOML"],
)  # fmt: skip
def test_campaign_fault(small, old, new, said):
    assert french(said) in refused(CampaignError, read_campaign, small(campaign=SMALL_CAMPAIGN.replace(old, new)))


def test_unknown_campaign():
    said = refused(CampaignError, read_campaign, "demonstratoin")
    assert said == french("la campagne « demonstratoin » est introuvable. Vouliez-vous dire « demonstration » ?")


# --- what was published ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cube(cleared, tmp_path_factory):
    from impact.cube import write_cube

    return write_cube(cleared["asso_a"], {}, tmp_path_factory.mktemp("sorties") / "asso_a", inputs="x", key=b"cle")


@pytest.mark.parametrize("tamper", ["results", "manifest", "added", "removed", "another audience"])
def test_tampered_cube(cube, tmp_path, tamper):
    import shutil

    copy = tmp_path / ("asso_b" if tamper == "another audience" else "asso_a")
    shutil.copytree(cube, copy)
    results, manifest = copy / "resultats.csv", copy / "manifeste.json"
    if tamper == "results":
        results.write_bytes(results.read_bytes().replace(b"2.", b"3.", 1))
    elif tamper == "manifest":
        manifest.write_text(manifest.read_text("utf-8").replace('"threshold": 10', '"threshold": 5'), "utf-8")
    elif tamper == "added":
        (copy / "de_plus.svg").write_text("<svg/>")
    elif tamper == "removed":
        results.unlink()
    said = refused(CubeError, read_cube, copy)
    assert "les résultats publiés ont été modifiés après coup" in said
    assert french("Les publier de nouveau avec « impact publier ».") in said


def test_no_cube(tmp_path):
    said = refused(CubeError, read_cube, tmp_path)
    assert said.endswith(french("il n’y a pas de résultats publiés ici. Lancer d’abord « impact publier »."))


def test_every_user_error_is_one_family():
    assert issubclass(QuestionnaireError, impact.ImpactError)
    assert issubclass(CubeError, impact.ImpactError)
