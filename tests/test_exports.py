"""What other tools export, in the shape each of them documents, gives the same responses as a plain table."""

import csv
import time
import zipfile
from pathlib import Path

import pandas as pd
import pytest

import impact
from impact.collect.exports import read_export
from impact.collect.limesurvey import answer_codes, question_codes
from impact.collect.validation import check
from impact.errors import CampaignError, ResponsesError, french

FOLDER = Path(__file__).parent / "campaigns" / "toutes_questions"
# The same four answers in every fixture; the third leaves most questions empty. All fictitious.
RESPONSES = pd.DataFrame(
    [
        ("asso_a", "avant", "AN0907", "34", "1.5", "2024-03-05", "NA", "ordi amis", "1", "nsp", "3", "Tout, ou presque."),
        ("asso_a", "apres", "AN0907", "35", "2", "2024-03-05", "NA", "amis", "2", "1", "3", ""),
        ("asso_b", "avant", "LE0112", "71", "", "", "", "", "", "", "", ""),
        ("asso_b", "apres", "ZO3101", "8", "0", "2023-12-31", "outre_mer", "ordi amis prix_bas", "3", "3", "nsp", "Été ; « ici »"),
    ],
    columns=["association", "wave", "participant", "age", "heures", "debut", "pays_naissance", "gouts", "lie1", "lie2", "lie3", "mots"],
)  # fmt: skip


@pytest.fixture(scope="module")
def everything():
    return impact.read_campaign(FOLDER)


def assert_same(path, campaign, format=None, said=None):
    answers = read_export(path, campaign, format=format)
    checked = check(answers, campaign)
    assert [str(problem) for problem in checked.problems] == []
    got = checked.accepted.astype(object).where(checked.accepted.notna(), "").reset_index(drop=True)
    pd.testing.assert_frame_equal(got, RESPONSES, check_dtype=False)
    assert said is None or answers.format == said


def write(path, rows, delimiter=",", encoding="utf-8"):
    with path.open("w", newline="", encoding=encoding) as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return path


def labels(campaign):
    """Answers as a person reads them: labels instead of codes; several labels joined by a comma and a space."""
    named = RESPONSES.copy()
    for question in (*campaign.key_questions, *campaign.questionnaire.questions):
        shown = {choice.name: choice.label for choice in question.choices}
        column = {"vague": "wave"}.get(question.name, question.name)
        if question.kind == "select_multiple":
            named[column] = named[column].map(lambda cell, shown=shown: ", ".join(shown[code] for code in cell.split()))
        elif shown:
            named[column] = named[column].map(lambda cell, shown=shown: shown.get(cell, cell))
    return named


def questions_of(campaign):
    return [*campaign.key_questions, *campaign.questionnaire.questions]


# --- LimeSurvey: headings and answers as manual.limesurvey.org/Exporting_results describes (codes, code & text, full
# text; answer codes or full answers); fields added to each response as in the table of that page. ---------------------

LIME_CODES = ["id", "submitdate", "lastpage", "startlanguage", "seed"]
LIME_ENGLISH = ["Response ID", "Date submitted", "Last page", "Start language", "Seed"]
LIME_FRENCH = ["ID de la réponse", "Date de soumission", "Dernière page", "Langue de départ", "Tête de série"]


def limesurvey_rows(campaign, heading, answers, first):
    short = question_codes(campaign)
    header, columns = list(first), []
    table = labels(campaign) if answers == "labels" else RESPONSES
    for question, name in zip(questions_of(campaign), RESPONSES.columns, strict=True):
        codes, code = answer_codes(question), short[question.name]
        ways = {"code": code, "text": question.label, "code & text": f"{code}. {question.label}"}
        if question.kind == "select_multiple":
            ways = {
                "code": f"{code}[{{0}}]",
                "text": f"{question.label} [{{1}}]",
                "code & text": f"{code}[{{0}}]. {question.label} [{{1}}]",
            }
            yes, no = ("Oui", "Non") if answers == "labels" else ("Y", "")
            for choice in question.choices:
                header.append(ways[heading].format(codes[choice.name], choice.label))
                columns.append([yes if choice.name in cell.split() else no for cell in RESPONSES[name]])
        else:
            header.append(ways[heading])
            columns.append([codes.get(cell, cell) if answers == "codes" else cell for cell in table[name]])
    rows = [
        [str(n), f"2024-06-0{n} 10:00:00", "2", "fr", "123", *list(row)]
        for n, row in enumerate(zip(*columns, strict=True), 1)
    ]
    return [header, *rows]


@pytest.mark.parametrize("answers", ["codes", "labels"])
@pytest.mark.parametrize(
    ("heading", "first"),
    [("code", LIME_CODES), ("text", LIME_ENGLISH), ("text", LIME_FRENCH), ("code & text", LIME_FRENCH)],
)
@pytest.mark.parametrize(("delimiter", "encoding"), [(",", "utf-8-sig"), (";", "cp1252")])
def test_limesurvey(everything, tmp_path, heading, first, answers, delimiter, encoding):
    rows = limesurvey_rows(everything, heading, answers, first)
    assert_same(write(tmp_path / "results-survey.csv", rows, delimiter, encoding), everything, said="limesurvey")


def test_limesurvey_array(small, tmp_path):
    """An array question exports one column a subquestion: `code[SQ001]`, or its text in brackets."""
    campaign = impact.read_campaign(small())
    rows = [["id", "submitdate", "association", "wave", "participant", "genre", "g1[lie1]", "g1[lie2]", "Vos liens [On m’écoute]"],
            ["1", "2024-01-01 10:00:00", "a", "avant", "P1", "f", "1", "2", "3"]]  # fmt: skip
    checked = check(read_export(write(tmp_path / "x.csv", rows), campaign), campaign)
    assert checked.problems == ()
    assert checked.accepted[["lie1", "lie2", "lie3"]].to_numpy().tolist() == [["1", "2", "3"]]


# --- KoboToolbox: support.kobotoolbox.org/export_download.html (XML values or labels; groups in headers; select_multiple
# as one column, split columns, or both; _id, _uuid, _submission_time ...). ODK Central: docs.getodk.org/central-submissions
# (SubmissionDate, group-name headers, split select_multiple, KEY). ----------------------------------------------------

KOBO_AFTER = [
    "_id",
    "_uuid",
    "_submission_time",
    "_validation_status",
    "_notes",
    "_status",
    "_submitted_by",
    "__version__",
    "_tags",
    "_index",
]
ODK_AFTER = [
    "meta-instanceID",
    "KEY",
    "SubmitterID",
    "SubmitterName",
    "AttachmentsPresent",
    "AttachmentsExpected",
    "Status",
]


def kobo_rows(campaign, answers, split, separator, after):
    header, columns = ["start", "end"], []
    table = labels(campaign) if answers == "labels" else RESPONSES
    for question, name in zip(questions_of(campaign), RESPONSES.columns, strict=True):
        group = {"Vous": "vous", "Liens avec les autres": "liens"}.get(question.section)
        title = question.label if answers == "labels" else question.name
        if group and separator and answers != "labels":
            title = f"{group}{separator}{title}"
        if question.kind != "select_multiple" or split in ("one", "both"):
            header.append(title)
            cells = table[name]
            if question.kind == "select_multiple" and answers == "labels":
                cells = cells.str.replace(", L", " L")  # labels of several choices are joined by a space
                cells = RESPONSES[name] if split == "one" else cells
            columns.append(cells)
        if question.kind == "select_multiple" and split in ("split", "both"):
            for choice in question.choices:
                part = choice.label if answers == "labels" else choice.name
                header.append(f"{title}{separator or '/'}{part}")
                columns.append(
                    [("1" if choice.name in cell.split() else "0") if cell else "" for cell in RESPONSES[name]]
                )
    first = [["2024-06-01T10:00:00.000+02:00", "2024-06-01T10:09:00.000+02:00"]] * len(RESPONSES)
    rows = [[*start, *row, *(["x"] * len(after))] for start, row in zip(first, zip(*columns, strict=True), strict=True)]
    return [header + after, *rows]


@pytest.mark.parametrize("separator", ["", "/", "-"])
@pytest.mark.parametrize("split", ["one", "split", "both"])
@pytest.mark.parametrize("after", [KOBO_AFTER, ODK_AFTER], ids=["Kobo", "ODK"])
def test_kobo_values(everything, tmp_path, separator, split, after):
    rows = kobo_rows(everything, "values", split, separator, after)
    assert_same(write(tmp_path / "kobo.csv", rows, ";"), everything, said="kobo")


def test_kobo_labels(everything, tmp_path):
    assert_same(
        write(tmp_path / "kobo.csv", kobo_rows(everything, "labels", "split", "/", KOBO_AFTER), ";"),
        everything,
        said="kobo",
    )


def test_kobo_workbook(everything, tmp_path):
    rows = kobo_rows(everything, "values", "both", "/", KOBO_AFTER)
    pd.DataFrame(rows[1:], columns=rows[0]).to_excel(tmp_path / "kobo.xlsx", index=False)
    assert_same(tmp_path / "kobo.xlsx", everything, said="kobo")


# --- Google Forms: support.google.com/docs/answer/2917686 (one row of question titles after a timestamp; check boxes
# joined by a comma and a space; grids as `title [row]`). Framaforms is Drupal's Webform: three heading rows, as written
# by webform_results_export() and _webform_csv_headers_select() of the module (choices split, ticked cells « X »). -------


@pytest.mark.parametrize("stamp", ["Horodateur", "Timestamp"])
def test_google_forms(everything, tmp_path, stamp):
    table = labels(everything)
    rows = [[stamp, *(question.label for question in questions_of(everything))]]
    rows += [["2024/06/01 10:00:00 AM UTC+2", *row] for row in table.to_numpy().tolist()]
    assert_same(write(tmp_path / "reponses.csv", rows), everything, said="formulaire")


def test_google_forms_grid(small, tmp_path):
    campaign = impact.read_campaign(small())
    rows = [["Horodateur", "Votre association", "Quand remplissez-vous ce questionnaire ?", "Votre code personnel", "Votre genre",
             "Vos liens [Je vois du monde]", "Vos liens [Je me sens à l'écart]", "Vos liens [On m’écoute]"],
            ["01/06/2024 10:00:00", "Asso A", "Avant", "P1", "Une femme", "D'accord", "Pas d’accord", "Je ne sais pas"]]  # fmt: skip
    checked = check(read_export(write(tmp_path / "x.csv", rows), campaign), campaign)
    assert checked.problems == ()
    assert checked.accepted[["lie1", "lie2", "lie3"]].to_numpy().tolist() == [["3", "1", "nsp"]]


@pytest.mark.parametrize("details", [["Numéro de série", "SID", "Temps", "Brouillon", "Adresse IP", "UID", "Nom d’utilisateur"],
                                     ["Serial", "SID", "Time", "Draft", "IP Address", "UID", "Username"]])  # fmt: skip
@pytest.mark.parametrize("split", [True, False])
def test_framaforms(everything, tmp_path, details, split):
    table, blank = labels(everything), [""] * (len(details) - 1)
    title, above, header, columns = ["Mon formulaire", *blank], ["Détails de la soumission", *blank], list(details), []
    for question, name in zip(questions_of(everything), RESPONSES.columns, strict=True):
        if split and question.kind == "select_multiple":
            header += [choice.label for choice in question.choices]
            above += [question.label] + [""] * (len(question.choices) - 1)
            columns += [
                ["X" if choice.name in cell.split() else "" for cell in RESPONSES[name]] for choice in question.choices
            ]
        else:
            header, above, columns = [*header, question.label], [*above, ""], [*columns, table[name]]
    title += [""] * (len(header) - len(title))
    rows = [
        [str(n), str(400 + n), "2024-06-01 10:00", "", "192.0.2.1", "0", "", *row]
        for n, row in enumerate(zip(*columns, strict=True), 1)
    ]
    assert_same(write(tmp_path / "frama.csv", [title, above, header, *rows], "\t"), everything, said="formulaire")


# --- Qualtrics: qualtrics.com/support/…/understanding-your-dataset (names, then question texts, then import ids). -------


def test_qualtrics(everything, tmp_path):
    first = ["StartDate", "EndDate", "Status", "Progress", "Finished", "ResponseId"]
    names = [question.name for question in questions_of(everything)]
    texts = [f"{question.label}\n- suite" for question in questions_of(everything)]
    rows = [[*first, *names], [*first, *texts], [f'{{"ImportId":"QID{n}"}}' for n in range(len(first) + len(names))]]
    rows += [
        ["2024-06-01 10:00", "2024-06-01 10:09", "0", "100", "1", "R_1", *row] for row in RESPONSES.to_numpy().tolist()
    ]
    assert_same(write(tmp_path / "qualtrics.csv", rows), everything, said="qualtrics")


# --- SPSS: value labels as pyreadstat writes them; codes, or numbers whose labels are those of the questionnaire. -------


@pytest.mark.parametrize("coded", ["as the questionnaire", "numbered from 1"])
def test_spss(everything, tmp_path, coded):
    import pyreadstat

    table, value_labels = RESPONSES.rename(columns={"wave": "vague"}), {}
    for question in questions_of(everything):
        if question.kind in ("integer", "decimal"):
            table[question.name] = pd.to_numeric(table[question.name])
        elif question.kind == "select_one" and (coded == "numbered from 1" or question.name.startswith("lie")):
            shift = 0 if question.name.startswith("lie") else 10
            numbers = {choice.name: float(n + shift) for n, choice in enumerate(question.choices, 1)}
            table[question.name] = table[question.name].map(numbers)
            value_labels[question.name] = {numbers[choice.name]: choice.label for choice in question.choices}
    pyreadstat.write_sav(table, str(tmp_path / "x.sav"), variable_value_labels=value_labels)
    assert_same(tmp_path / "x.sav", everything, said="spss")


# --- plain tables, and the choice of a format ---------------------------------------------------------------------------


def test_plain_table_with_names_or_labels(everything, tmp_path):
    RESPONSES.to_csv(tmp_path / "noms.csv", index=False, sep=";")
    assert_same(tmp_path / "noms.csv", everything, said="tableau")
    labelled = RESPONSES.set_axis(
        [question.label.upper().replace("’", "'") for question in questions_of(everything)], axis=1
    )
    labelled.to_csv(tmp_path / "etiquettes.csv", index=False, sep=";", encoding="cp1252")
    assert_same(tmp_path / "etiquettes.csv", everything, said="tableau")


def test_unknown_format(everything, tmp_path):
    with pytest.raises(ResponsesError, match=french("« limesurvei » n’est pas une valeur de « format »")):
        read_export(tmp_path / "x.csv", everything, format="limesurvei")


def test_two_columns_for_one_question(everything, tmp_path):
    twice = RESPONSES.assign(**{"Votre âge": "3"})
    twice.to_csv(tmp_path / "x.csv", index=False, sep=";")
    with pytest.raises(ResponsesError) as caught:
        read_export(tmp_path / "x.csv", everything)
    assert french("deux colonnes répondent à « age » : « age » et « Votre âge ». N’en garder qu’une") in str(
        caught.value
    )


# --- traps --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "cell", "said"),
    [
        ("lie1", "2,37", "valeur hors des réponses possibles"),
        ("age", "132", "Écrire un nombre d’au moins 0 et d’au plus 110, sans unité."),
        ("age", "34 ans", "ce n’est pas un nombre possible"),
        ("heures", "inf", "ce n’est pas un nombre possible"),
        ("debut", "31/02/2024", "Écrire par exemple 2024-03-05 ou 05/03/2024."),
        ("debut", "hier", "ce n’est pas une date"),
        ("gouts", "ordi, dormir", "Réponses possibles : ordi, amis, prix_bas."),
        ("lie1", "0", "Réponses possibles : 1, 2, 3, nsp, illisible."),
        ("mots", "=1+1", "formule, jamais évaluée"),
    ],
)
def test_trap_goes_to_quarantine(everything, tmp_path, column, cell, said):
    table = RESPONSES.copy()
    table.loc[0, column] = cell
    table.to_csv(tmp_path / "x.csv", index=False, sep=";")
    checked = check(read_export(tmp_path / "x.csv", everything), everything)
    assert (len(checked.accepted), checked.quarantined["ligne"].tolist()) == (3, [2])
    assert french(said) in str(checked.problems[0])


@pytest.mark.parametrize(
    "cell", ["2024-03-05", "05/03/2024", "5 mars 2024", "2024-03-05T00:00:00", "05.03.2024 14h30", "05-03-2024"]
)
def test_dates_of_several_forms(everything, tmp_path, cell):
    RESPONSES.assign(debut=cell).to_csv(tmp_path / "x.csv", index=False, sep=";")
    checked = check(read_export(tmp_path / "x.csv", everything), everything)
    assert set(checked.accepted["debut"]) == {"2024-03-05"}


def test_na_is_a_code_unless_the_correspondence_says_otherwise(everything, tmp_path):
    folder = copied(tmp_path)
    RESPONSES.to_csv(folder / "x.csv", index=False, sep=";")
    assert read_export(folder / "x.csv", impact.read_campaign(folder)).table["pays_naissance"].tolist()[:2] == [
        "NA",
        "NA",
    ]
    (folder / "correspondance.toml").write_text('vides = ["NA", "-99"]', "utf-8")
    assert read_export(folder / "x.csv", impact.read_campaign(folder)).table["pays_naissance"].tolist()[:2] == ["", ""]


def test_a_last_row_of_means_is_no_person(everything, tmp_path):
    means = RESPONSES.iloc[0].replace({"AN0907": "Moyenne"})
    pd.concat([RESPONSES, means.to_frame().T]).to_csv(tmp_path / "x.csv", index=False, sep=";")
    checked = check(read_export(tmp_path / "x.csv", everything), everything)
    assert (len(checked.accepted), checked.quarantined["ligne"].tolist()) == (4, [6])
    assert "cette ligne a l’air d’un total ou d’une moyenne" in checked.problems[0].rule


def test_merged_body_cells_are_never_filled_in(everything, tmp_path):
    from openpyxl import Workbook

    book = Workbook()
    for row in [list(RESPONSES.columns), *RESPONSES.to_numpy().tolist()]:
        book.active.append(row)
    book.active.merge_cells("A2:A3")
    book.save(tmp_path / "x.xlsx")
    checked = check(read_export(tmp_path / "x.xlsx", everything), everything)
    assert checked.quarantined["ligne"].tolist() == [3]
    assert "cellule vide" in checked.problems[0].rule


@pytest.mark.parametrize("far", ["AAA9", "C90000", "XFD1"])
def test_a_cell_far_away_is_refused(everything, tmp_path, far):
    from openpyxl import Workbook

    book = Workbook()
    book.active["A1"], book.active[far] = "age", 1
    book.save(tmp_path / "x.xlsx")
    with pytest.raises(ResponsesError, match="une cellule est écrite très loin des autres"):
        read_export(tmp_path / "x.xlsx", everything)


@pytest.mark.parametrize("written", ['r="faraway2"', "r='FARAWAY2'", '\nr = "c90000"'], ids=repr)
def test_a_cell_far_away_is_refused_however_it_is_written(everything, tmp_path, written):
    """Found by damaging files: calamine takes small letters too, and asked for 200 GB of memory."""
    from openpyxl import Workbook

    book = Workbook()
    book.active["A1"], book.active["B2"] = "age", 1
    book.save(tmp_path / "good.xlsx")
    with zipfile.ZipFile(tmp_path / "good.xlsx") as good, zipfile.ZipFile(tmp_path / "x.xlsx", "w") as bad:
        for name in good.namelist():
            bad.writestr(name, good.read(name).replace(b'r="B2"', written.encode()))
    with pytest.raises(ResponsesError, match="une cellule est écrite très loin des autres"):
        read_export(tmp_path / "x.xlsx", everything)


def test_a_header_with_a_hundred_thousand_empty_cells_is_quick(everything, tmp_path):
    """Found by damaging files: trimming them one by one took a minute."""
    lines = RESPONSES.to_csv(index=False, sep=";").splitlines()
    (tmp_path / "x.csv").write_text("\n".join([lines[0] + ";" * 100_000, *lines[1:]]), "utf-8")
    started = time.process_time()
    assert len(read_export(tmp_path / "x.csv", everything).table) == 4
    assert time.process_time() - started < 2


# --- the correspondence of columns --------------------------------------------------------------------------------------


def copied(tmp_path):
    folder = tmp_path / "toutes_questions"
    folder.mkdir()
    for file in FOLDER.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    return folder


def test_correspondence_is_written_read_and_applied(tmp_path):
    from impact.collect.correspondence import guess, write_correspondence

    campaign = impact.read_campaign(copied(tmp_path))
    other = {"age": 'V1 "âge"', "participant": "numéro"}
    RESPONSES.rename(columns=other).to_csv(tmp_path / "x.csv", index=False, sep=";")
    assert (guess("Votre age ?", campaign), guess("numéro", campaign)) == ("age", "")
    write_correspondence({'V1 "âge"': "age"}, campaign)
    write_correspondence({"numéro": "participant"}, campaign)
    assert_same(tmp_path / "x.csv", campaign)


def test_one_row_for_both_waves(tmp_path):
    """`vague.question` in the correspondence: each row becomes one row a wave, under the same row number."""
    from impact.collect.correspondence import write_correspondence

    campaign = impact.read_campaign(copied(tmp_path))
    names = [name for name in RESPONSES.columns if name not in ("association", "wave", "participant")]
    columns = {f"{name}_{n}": f"{wave}.{name}" for n, wave in enumerate(("avant", "apres")) for name in names}
    one = [*RESPONSES.loc[0, ["association", "participant"]], *RESPONSES.loc[0, names], *RESPONSES.loc[1, names]]
    pd.DataFrame([one], columns=["association", "participant", *columns]).to_csv(
        tmp_path / "x.csv", index=False, sep=";"
    )
    write_correspondence(columns, campaign)
    checked = check(read_export(tmp_path / "x.csv", campaign), campaign)
    assert checked.accepted.index.tolist() == [2, 2]
    got = checked.accepted[RESPONSES.columns].fillna("").reset_index(drop=True)
    pd.testing.assert_frame_equal(got, RESPONSES.loc[:1], check_dtype=False)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[colonne]", "clé inconnue « colonne ». Vouliez-vous dire « colonnes » ?"),
        ('colonnes = "x"', "« colonnes » est un tableau et « vides » une liste."),
        ("[colonnes]\nx = 'agge'", "« x » est rapprochée de « agge », inconnu. Vouliez-vous dire « age » ?"),
        ("[colonnes", "le fichier n’est pas du TOML lisible"),
    ],
)
def test_faulty_correspondence(tmp_path, text, said):
    folder = copied(tmp_path)
    (folder / "correspondance.toml").write_text(text, "utf-8")
    RESPONSES.to_csv(folder / "x.csv", index=False, sep=";")
    with pytest.raises(CampaignError) as caught:
        read_export(folder / "x.csv", impact.read_campaign(folder))
    assert french(said) in str(caught.value)
