"""The bilan: what it says is released, the PDF is accessible, the document to edit says the same, mistakes are told."""

import io
import re
import shutil
import time
from dataclasses import replace
from datetime import date
from itertools import pairwise

import docx
import pypdf
import pytest
from docx.oxml.ns import qn

import impact
from impact.bilan import FILES, bilan, bilan_files, hand_over
from impact.bilan.contents import fingerprint
from impact.bilan.pdf import to_pdf
from impact.campaign.rules import USUAL_THRESHOLD
from impact.clearance import clear
from impact.cube import RESULTS, read_cube, results_digest
from impact.disclosure import LEAD, PUBLIC
from impact.errors import french
from impact.keys import secret_key
from impact.story.whole import NOT_TOGETHER
from tests.test_cli import impact as command
from tests.test_pages import ENGLISH

AUDIENCES = [*(f"asso_{letter}" for letter in "abcdefg"), PUBLIC]
MOST = 20  # seconds of work for the eight bilans, imports done: what was asked for
METHOD = {"95", str(2 * USUAL_THRESHOLD)}  # of the intervals; the threshold where two groups are subtracted
NUMBER = re.compile(r"\d+(?:,\d+)?")


@pytest.fixture(scope="module")
def outputs(campaign, answers_file, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sorties")
    impact.publish(campaign, [answers_file], folder / campaign.name)
    return folder


@pytest.fixture(scope="module")
def cubes(outputs, campaign):
    return {code: read_cube(outputs / campaign.name / code) for code in AUDIENCES}


@pytest.fixture(scope="module")
def pdfs(outputs, campaign):
    return {code: pypdf.PdfReader(outputs / campaign.name / code / FILES[0]) for code in AUDIENCES}


@pytest.fixture(scope="module")
def texts(pdfs):
    """The text of each PDF, as a reader copies it."""
    return {code: "\n".join(page.extract_text() for page in reader.pages) for code, reader in pdfs.items()}


@pytest.fixture(scope="module")
def words(outputs, campaign):
    return {code: docx.Document(outputs / campaign.name / code / FILES[1]) for code in AUDIENCES}


def squeezed(text: str) -> str:
    """Without any space: lines are cut differently in each file."""
    return re.sub(r"\s", "", text)


def all_words(document) -> str:
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([paragraph.text for paragraph in document.paragraphs] + cells)


def sentences_of(section):
    """Everything a section says, its tables included."""
    yield section.title
    yield from (one.text for one in (*section.statements, *section.points))
    for table in section.tables:
        yield from (text for line in table.cells.values.tolist() for text in line)
    for part in section.parts:
        yield from sentences_of(part)


def titles_of_figures(made) -> list[str]:
    """The alternatives, in order; their sentences stand beside them."""

    def found(section):
        yield from (one.figure.title for one in section.statements if one.figure)
        for part in section.parts:
            yield from found(part)

    return [title for section in (made.essentials, *made.sections) for title in found(section)]


def composed(cube, made=None):
    return bilan(*cube, made or date.today())


@pytest.mark.parametrize("code", AUDIENCES)
def test_two_to_four_pages(pdfs, code):
    assert 2 <= len(pdfs[code].pages) <= 4


@pytest.mark.parametrize("code", AUDIENCES)
def test_both_files_say_all_that_is_composed(cubes, texts, words, code):
    made = composed(cubes[code])
    pdf, edited = squeezed(texts[code]), squeezed(all_words(words[code]))
    for section in (made.essentials, *made.sections):
        for text in sentences_of(section):
            assert squeezed(text) in pdf
            assert squeezed(text) in edited
    for number, label in made.counts:
        assert squeezed(number + label) in pdf
        assert squeezed(number + label) in edited


def released_numbers(release) -> set[str]:
    """Every number of the release as readers may see it, and those of its labels."""
    shown = release.table[release.table["status"] == "shown"]
    values = shown[["n", "estimate", "ci_low", "ci_high"]].to_numpy().ravel()
    found = {form(value) for value in values if value == value for form in FORMS}
    scales = [f"{scale[end]:g}" for scale in release.context["scales"] for end in ("low", "high")]
    labels = re.findall(r"\d+", str(release.context))
    return found | {*scales, *labels, str(release.rules.threshold), str(release.rules.count_base)}


FORMS = (
    lambda value: f"{abs(value):.0f}",
    lambda value: f"{abs(value):.1f}".replace(".", ","),
    lambda value: f"{abs(value):.2f}".replace(".", ","),
    lambda value: f"{100 * abs(value):.0f}",
)


@pytest.mark.parametrize("code", AUDIENCES)
def test_every_number_is_released(cubes, pdfs, texts, code):
    release, _ = cubes[code]
    made = composed(cubes[code])
    pages = {str(page) for page in range(1, len(pdfs[code].pages) + 1)}
    dated = set(NUMBER.findall(made.kind))
    text = texts[code]
    for name in (fingerprint(release), impact.__version__, "SHA-256"):
        text = text.replace(name, "")
    strange = set(NUMBER.findall(text)) - released_numbers(release) - pages - dated - METHOD
    assert not strange


@pytest.mark.parametrize("code", AUDIENCES)
def test_no_count_is_under_the_threshold(cubes, texts, code):
    release, _ = cubes[code]
    text = texts[code]
    counts = [int(n) for n in re.findall(r"\((\d+)\)|[Ee]nviron (\d+)", text) for n in n if n]
    assert all(n >= release.rules.threshold for n in counts)
    assert counts


def test_too_few_answers_say_so_and_nothing_else(cubes, texts, words):
    release, _ = cubes["asso_g"]
    assert (release.table[release.table["association"] == "asso_g"]["status"] == "suppressed").all()
    text = texts["asso_g"]
    assert "Effectif insuffisant" in text
    assert not re.search(r"Score (moyen|plus haut)", text)
    assert not words["asso_g"].inline_shapes


@pytest.mark.parametrize("code", AUDIENCES)
def test_nobody_else_is_named(campaign, texts, code):
    text = texts[code]
    for other in campaign.associations:
        assert (other.label in text) == (other.code == code)


@pytest.mark.parametrize("code", AUDIENCES)
def test_it_is_in_french_and_says_that_data_are_fictitious(texts, words, code):
    for text in (texts[code], all_words(words[code])):
        assert not ENGLISH.search(text), ENGLISH.search(text)
        assert french("Exemple, données fictives") in text


def test_the_fingerprint_is_that_of_the_published_file(cubes, outputs, campaign):
    import hashlib

    for code, (release, _) in cubes.items():
        content = (outputs / campaign.name / code / RESULTS).read_bytes()
        assert results_digest(release) == hashlib.sha256(content).hexdigest()


def tags(element, found=None):
    """The structure of a PDF, in reading order: (tag, its element)."""
    found = [] if found is None else found
    if isinstance(element, pypdf.generic.DictionaryObject) and "/S" in element:
        found.append((element["/S"], element))
    kids = element.get("/K", []) if isinstance(element, pypdf.generic.DictionaryObject) else []
    for kid in kids if isinstance(kids, list) else [kids]:
        tags(kid.get_object(), found)
    return found


@pytest.mark.parametrize("code", AUDIENCES)
def test_the_pdf_is_accessible(cubes, pdfs, code):
    """What can be checked of PDF/UA-1 without a validator: tags, language, title, alternatives, headings, fonts."""
    reader = pdfs[code]
    root = reader.trailer["/Root"]
    made = composed(cubes[code])
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "fr-FR"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata.title == made.title
    assert b"<pdfuaid:part>1</pdfuaid:part>" in root["/Metadata"].get_data()
    structure = tags(root["/StructTreeRoot"])
    kinds = [kind for kind, _ in structure]
    drawn = [element for kind, element in structure if kind == "/Figure"]
    assert [element["/Alt"] for element in drawn] == titles_of_figures(made)
    headings = [int(kind[2]) for kind in kinds if re.fullmatch(r"/H\d", kind)]
    assert headings[0] == 1
    assert headings.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(headings))
    assert kinds.count("/Table") == 0 or "/TH" in kinds
    for page in reader.pages:
        assert page["/Tabs"] == "/S" or "/Annots" not in page
        for font in page["/Resources"]["/Font"].values():
            inner = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"]
            assert {"/FontFile2", "/FontFile3"} & set(inner)


@pytest.mark.parametrize("code", AUDIENCES)
def test_the_document_to_edit_is_accessible(cubes, words, code):
    document = words[code]
    assert document.core_properties.title == composed(cubes[code]).title
    assert document.core_properties.language == "fr-FR"
    assert {one.get(qn("w:val")) for one in document.styles.element.iter(qn("w:lang"))} == {"fr-FR"}
    levels = [int(p.style.name[-1]) for p in document.paragraphs if p.style.name.startswith("Heading")]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    shapes = [shape._inline.docPr.get("descr") for shape in document.inline_shapes]
    assert shapes == titles_of_figures(composed(cubes[code]))
    for table in document.tables:
        assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
    assert "Écrire ici" in all_words(document)


def test_the_whole_comes_from_what_is_public(cubes, texts, outputs, campaign):
    assert "Toutes les associations" in texts[PUBLIC]
    assert not [name for name in FILES if (outputs / campaign.name / LEAD / name).exists()]


def test_eight_bilans_are_made_in_time(cubes):
    """Imports done: the other tests made the same files."""
    start = time.process_time()
    for cube in cubes.values():
        bilan_files(*cube, date.today())
    assert time.process_time() - start < MOST


def test_of_the_whole_nothing_is_said_where_nothing_may_be(campaign, checked):
    """After only: there is no change to pool, and no level of everybody is released."""
    after = replace(campaign, design="after_only", waves=campaign.waves[1:])
    responses = checked.accepted[checked.accepted["wave"] == "apres"].reset_index(drop=True)
    whole = next(one for one in clear(responses, after)[0] if one.audience == PUBLIC)
    made = bilan(whole, {}, date.today())
    said = " ".join(text for section in (made.essentials, *made.sections) for text in sentences_of(section))
    assert french(NOT_TOGETHER) in said
    assert "Effectif insuffisant (" not in said
    assert not any(section.tables for section in made.sections)
    read = pypdf.PdfReader(io.BytesIO(to_pdf(made)))
    assert len(read.pages) <= 4


def test_many_scales_keep_their_numbers_and_their_words(cubes):
    """More scales than stand side by side: tables follow one another, the words say all, the page has the figures."""
    release, figures = cubes["asso_c"]
    scales = [one | {"label": f"{one['label']} {place}"} for place in (1, 2) for one in release.context["scales"]]
    made = bilan(replace(release, context={**release.context, "scales": scales}), figures, date.today())
    tables = [table for section in made.sections for table in section.tables]
    assert [len(table.cells.columns) for table in tables] == [5, 5]
    drawn = [one.figure.name for section in made.sections for one in section.statements if one.figure]
    assert drawn == ["parcours"]


def test_the_command_hands_over_what_was_published(outputs, campaign):
    code, said = command("bilan", campaign.name, "--sorties", outputs)
    assert code == 0
    assert french("8 bilans écrits dans") in said
    folder = outputs / campaign.name / "bilans"
    assert len(list(folder.iterdir())) == 2 * len(AUDIENCES)
    for suffix, file in ((".pdf", FILES[0]), (".docx", FILES[1])):
        published = (outputs / campaign.name / PUBLIC / file).read_bytes()
        assert (folder / f"toutes_les_associations{suffix}").read_bytes() == published


@pytest.mark.parametrize(
    ("association", "said"),
    [("asso_x", "demonstration : l’association « asso_x » est inconnue. Vouliez-vous dire « asso_"), ("asso_a", "il n’y a pas de résultats publiés ici. Lancer d’abord « impact publier ».")],
)  # fmt: skip
def test_mistakes_are_told(campaign, tmp_path, association, said):
    code, text = command("bilan", campaign.name, association, "--sorties", tmp_path)
    assert code == 1
    assert french(said) in text
    assert not list(tmp_path.rglob("*.pdf"))


def test_an_altered_bilan_is_not_handed_over(outputs, campaign, tmp_path):
    cube = shutil.copytree(outputs / campaign.name / "asso_a", tmp_path / "asso_a")
    (cube / FILES[0]).write_bytes((cube / FILES[0]).read_bytes() + b" ")
    with pytest.raises(impact.ImpactError, match="modifiés après coup"):
        hand_over(cube, tmp_path / "bilans", secret_key(campaign.name, "cle"))
    assert not (tmp_path / "bilans").exists()
