"""The référentiel: what it declares, and its faults, all told at once in French with file, line and remedy."""

import pytest

import impact
from impact.errors import QuestionnaireError, french
from impact.framework import COLLECTIONS, NATURES, Framework

HEADER = (
    "niveau;code;parent;association;libelle;version;pour_qui;transversal;mene_a;nature;attendu;sens;type;collecte;"
    "source;unite;quand;par_qui"
)
SOUND = [
    "referentiel;commun;;;Commun (exemple, fictif);1;;;;;;;;;;;;",
    "registre;agir;;;Agir;;;;;;;;;;;;;",
    "critere;seul;agir;;Faire seul;;les gens;;dire;;;;;;;;;",
    "indicateur;seul_score;seul;;Score;;;;;résultat;oui;positif;quantitatif;echelle;liens;;avant et après;eux",
    "critere;dire;agir;;Le dire;;les gens;;;;;;;;;;;",
    "indicateur;dire_n;dire;;Ateliers;;;;;réalisation;oui;positif;quantitatif;comptage;;ateliers;chaque mois;nous",
    "referentiel;ref_a;;a;De A (exemple, fictif);2;;;;;;;;;;;;",
    "critere;a_seul;agir;a;Chez nous;;nos gens;seul;;;;;;;;;;",
    "indicateur;a_vu;a_seul;a;Vu;;;;;impact;non;négatif;qualitatif;observation;;;un an après;nous",
]


def read(small, rows, header=HEADER):
    folder = small()
    (folder / "referentiel.csv").write_text("\n".join([header, *rows]), "utf-8")
    return impact.read_campaign(folder).framework


def test_a_sound_file_is_read(small):
    framework = read(small, SOUND)
    assert [one.code for one in framework.of("a")] == ["a_seul"]
    assert [one.code for one in framework.of("b")] == ["seul", "dire"], "no référentiel of its own: the transversal one"
    assert framework.edition("a").version == "2"
    assert framework.edition("b").version == "1"
    assert framework.sharing() == {"seul": ("a",), "dire": ()}
    assert framework.criterion("seul").leads_to == ("dire",)
    assert [one.code for one in framework.counts("b")] == ["dire_n"]
    assert [one.code for one in framework.for_coding("a")] == ["a_seul", "seul", "dire"]
    seen = framework.criterion("a_seul").indicators[0]
    assert (seen.expected, seen.positive, seen.quantitative) == (False, False, False)


def test_a_campaign_may_do_without(small):
    assert impact.read_campaign(small()).framework == Framework()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252"])
@pytest.mark.parametrize("delimiter", [";", ","])
def test_what_spreadsheets_save_is_read(small, encoding, delimiter):
    folder, quoted = small(), [row.replace("(exemple, fictif)", "(exemple fictif)") for row in [HEADER, *SOUND]]
    (folder / "referentiel.csv").write_bytes("\r\n".join(quoted).replace(";", delimiter).encode(encoding))
    assert len(impact.read_campaign(folder).framework.criteria) == 3


@pytest.mark.parametrize(
    ("row", "by", "said"),
    [
        (4, "critere;dire;;;Le dire;;les gens;;;;;;;;;;;", "ligne 6, colonne « parent » : critère orphelin : ce registre n’existe pas. Valeurs admises : agir."),
        (4, "critere;dire;agirr;;Le dire;;les gens;;;;;;;;;;;", "critère orphelin : ce registre n’existe pas (trouvé : « agirr »). Vouliez-vous dire « agir » ?"),
        (5, SOUND[5].replace(";dire;", ";dir;"), "indicateur orphelin : ce critère n’existe pas (trouvé : « dir »). Vouliez-vous dire « dire » ?"),
        (3, SOUND[3].replace("liens", "lien"), "ligne 5, colonne « source » : échelle inconnue (trouvé : « lien »). Vouliez-vous dire « liens » ?"),
        (3, SOUND[3].replace("echelle;liens", "question;genr"), "question inconnue (trouvé : « genr »). Vouliez-vous dire « genre » ?"),
        (3, SOUND[3].replace("echelle;liens", "verbatim;genre"), "question ouverte inconnue (trouvé : « genre »)."),
        (5, SOUND[5].replace("ateliers", "atelier"), "unité de comptage inconnue (trouvé : « atelier »). Vouliez-vous dire « ateliers » ?"),
        (4, SOUND[4].replace("critere;dire;", "critere;seul;"), "ligne 6, colonne « code » : code en double (trouvé : « seul »). Il sert déjà à la ligne 4 : en choisir un autre."),
        (4, "critere;dire;agir;;Le dire;;les gens;;seul;;;;;;;;;", "ligne 6, colonne « mene_a » : les critères tournent en rond (trouvé : « seul → dire → seul »). Retirer un de ces liens"),
        (2, SOUND[2].replace(";dire;", ";dires;"), "critère inconnu dans ce référentiel (trouvé : « dires »). Vouliez-vous dire « dire » ?"),
        (7, SOUND[7].replace(";a;", ";z;"), "association inconnue (trouvé : « z »). Valeurs admises : a, b, c."),
        (7, SOUND[7].replace(";seul;", ";soul;"), "lien vers un critère transversal impossible (trouvé : « soul »). Vouliez-vous dire « seul » ?"),
        (2, SOUND[2].replace(";;dire;", ";dire;;"), "Ce critère est déjà transversal : vider la cellule."),
        (8, SOUND[8].replace(";a;", ";b;"), "l’association n’est pas celle du critère (trouvé : « b »). Écrire « a », comme son critère"),
        (6, "", "référentiel de « a » sans titre ni version. Ajouter une ligne « referentiel » avec son titre et sa version."),
        (6, SOUND[0].replace("commun", "encore"), "référentiel transversal déclaré deux fois. N’en garder qu’une ligne."),
        (8, "", "ligne 9, colonne « code » : critère sans indicateur (trouvé : « a_seul »). Lui en donner au moins un."),
        (8, SOUND[8].replace("impact;non;négatif", "effet;peut-être;mauvais"), "colonne « nature » : valeur inconnue (trouvé : « effet »). Valeurs admises : réalisation, résultat, impact."),
        (8, SOUND[8].replace("indicateur", "indicateurs"), "niveau inconnu (trouvé : « indicateurs »). Vouliez-vous dire « indicateur » ?"),
        (8, SOUND[8].replace("a_vu", "A vu"), "code refusé (trouvé : « A vu »). Commencer par une lettre"),
        (8, SOUND[8].replace(";Vu;", ";;"), "colonne « libelle » : cellule vide. La remplir."),
    ],
)  # fmt: skip
def test_each_fault_is_told_with_its_place_and_remedy(small, row, by, said):
    rows = [*SOUND]
    rows[row] = by
    with pytest.raises(QuestionnaireError) as caught:
        read(small, rows)
    assert french(said) in str(caught.value)
    assert str(caught.value).startswith("referentiel.csv")


def test_columns_are_checked_too(small):
    with pytest.raises(QuestionnaireError) as caught:
        read(small, SOUND, HEADER.replace("par_qui", "par_ki"))
    assert french("ligne 1, colonne « par_ki » : colonne inconnue. Vouliez-vous dire « par_qui » ?") in str(
        caught.value
    )
    assert french("ligne 1, colonne « par_qui » : colonne absente.") in str(caught.value)


def test_all_faults_are_told_at_once(small):
    rows = [*SOUND]
    rows[3] = rows[3].replace("liens", "lien")
    rows[5] = rows[5].replace("ateliers", "atelier")
    rows[8] = rows[8].replace("impact", "effet")
    with pytest.raises(QuestionnaireError) as caught:
        read(small, rows)
    assert [problem.row for problem in caught.value.problems] == [5, 7, 10]


def test_the_demonstration_shows_everything_once(campaign):
    """About forty indicators, each kind of collecting and each nature used, every edition said to be fictitious."""
    framework = campaign.framework
    indicators = [one for criterion in framework.criteria for one in criterion.indicators]
    assert len(indicators) == 40
    assert {one.how for one in indicators} == set(COLLECTIONS)
    assert {one.nature for one in indicators} == set(NATURES)
    assert {one.expected for one in indicators} == {one.positive for one in indicators} == {True, False}
    assert {one.association for one in framework.editions} == {"", *(one.code for one in campaign.associations)}
    assert all("(exemple, fictif)" in one.title for one in framework.editions)
