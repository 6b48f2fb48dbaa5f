"""The DDI description of the open data follows the published schema of DDI Codebook 2.5."""

import io
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from lxml import etree

import impact
from impact.campaign import DESIGNS
from impact.open_data.codebook import RESPONDENTS, Variable
from impact.open_data.ddi import NAMESPACE, ddi
from impact.questionnaire import Choice

COMMITTED = Path(__file__).parents[1] / "donnees_anonymisees" / "demonstration"
DDI = {"d": NAMESPACE}

# What DDI Codebook 2.5 says of the elements and attributes used here, read in the schema the DDI Alliance published
# (codebook.xsd, 2012-01-17) and written as a DTD, which libxml2 checks: children with their order and occurrences,
# attributes with their type and values, ID and IDREFS. Stricter than the schema: elements and attributes that are not
# used are left out, so refused, as are the formatting of texts and the Dublin Core that may end a citation.
TEXTS = """
titl IDNo AuthEnty producer prodDate software distDate version keyword abstract nation anlyUnit universe dataKind
timeMeth collMode resInstru cleanOps restrctn conditions disclaimer fileName fileCont caseQnty varQnty fileType
labl catValu varFormat
"""
TABLE = """
<!ELEMENT codeBook (docDscr*, stdyDscr+, fileDscr*, dataDscr*, otherMat*)>
<!ATTLIST codeBook xmlns CDATA #FIXED "ddi:codebook:2_5" version CDATA #FIXED "2.5" xml:lang NMTOKEN #IMPLIED>
<!ELEMENT docDscr (citation?, guide?, docStatus?, docSrc*, controlledVocabUsed*, notes*)>
<!ELEMENT stdyDscr (citation+, studyAuthorization*, stdyInfo*, studyDevelopment*, method*, dataAccs*, othrStdyMat*,
                    notes*)>
<!ELEMENT citation (titlStmt, rspStmt?, prodStmt?, distStmt?, serStmt*, verStmt*, biblCit?, holdings*, notes*)>
<!ELEMENT titlStmt (titl, subTitl*, altTitl*, parTitl*, IDNo*)>
<!ATTLIST IDNo agency CDATA #IMPLIED>
<!ELEMENT rspStmt (AuthEnty*, othId*)>
<!ELEMENT prodStmt (producer*, copyright?, prodDate*, prodPlac*, software*, fundAg*, grantNo*)>
<!ATTLIST prodDate date CDATA #IMPLIED>
<!ATTLIST software version CDATA #IMPLIED>
<!ELEMENT distStmt (distrbtr*, contact*, depositr*, depDate*, distDate?)>
<!ATTLIST distDate date CDATA #IMPLIED>
<!ELEMENT verStmt (version?, verResp?, notes*)>
<!ATTLIST version date CDATA #IMPLIED>
<!ELEMENT stdyInfo (studyBudget*, subject*, abstract*, sumDscr*, qualityStatement?, notes*, exPostEvaluation*)>
<!ELEMENT subject (keyword*, topcClas*)>
<!ELEMENT sumDscr (timePrd*, collDate*, nation*, geogCover*, geogUnit*, geoBndBox?, boundPoly?, anlyUnit*, universe*,
                   dataKind*)>
<!ATTLIST nation abbr CDATA #IMPLIED>
<!ELEMENT method (dataColl*, notes*, anlyInfo?, stdyClas?, dataProcessing*, codingInstructions*)>
<!ELEMENT dataColl (timeMeth*, dataCollector*, collectorTraining*, frequenc*, sampProc*, sampleFrame*,
                    targetSampleSize*, deviat*, collMode*, resInstru*, instrumentDevelopment*, sources?, collSitu*,
                    actMin*, ConOps*, weight*, cleanOps*)>
<!ELEMENT dataAccs (setAvail*, useStmt*, notes*)>
<!ELEMENT useStmt (confDec?, specPerm?, restrctn?, contact*, citReq?, deposReq?, conditions?, disclaimer?)>
<!ELEMENT fileDscr (fileTxt*, locMap?, notes*)>
<!ATTLIST fileDscr ID ID #IMPLIED URI CDATA #IMPLIED>
<!ELEMENT fileTxt (fileName?, fileCitation?, fileCont?, fileStrc?, dimensns?, fileType?, format?, filePlac?, dataChck*,
                   ProcStat?, dataMsng?, software*, verStmt?)>
<!ATTLIST fileType charset CDATA #IMPLIED>
<!ELEMENT dimensns (caseQnty*, varQnty*, logRecL*, recPrCas*, recNumTot*)>
<!ELEMENT dataDscr (varGrp*, nCubeGrp*, var*, nCube*, notes*)>
<!ELEMENT var (location*, labl*, imputation?, security?, embargo?, respUnit?, anlysUnit?, qstn*, valrng*, invalrng*,
               undocCod*, universe*, TotlResp?, sumStat*, txt*, stdCatgry*, catgryGrp*, catgry*, codInstr*, verStmt*,
               concept*, derivation?, varFormat?, geoMap*, catLevel*, notes*)>
<!ATTLIST var ID ID #IMPLIED name CDATA #REQUIRED files IDREFS #IMPLIED intrvl (contin | discrete) "discrete">
<!ELEMENT valrng ((item | range)+, key?, notes*)>
<!ELEMENT range EMPTY>
<!ATTLIST range UNITS (INT | REAL) "INT" min CDATA #IMPLIED max CDATA #IMPLIED>
<!ELEMENT catgry (catValu?, labl*, txt*, catStat*, mrow?)>
<!ATTLIST catgry missing (Y | N) "N">
<!ATTLIST varFormat type (character | numeric) "numeric">
"""
SCHEMA = etree.DTD(io.StringIO(TABLE + "".join(f"<!ELEMENT {name} (#PCDATA)>" for name in TEXTS.split())))


def faults(document: bytes) -> list[str]:
    root = etree.fromstring(document)
    SCHEMA.validate(root)
    found = [error.message for error in SCHEMA.error_log]
    # a DTD knows neither namespaces nor dates; the schema has them as text, YYYY-MM-DD being recommended
    found += [] if root.tag == f"{{{NAMESPACE}}}codeBook" else [f"root {root.tag}"]
    return found + [f"date {value}" for value in root.xpath("//@date") if not is_day(value)]


def is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


@pytest.fixture(scope="module")
def committed():
    """The file of the package, which `test_open_data.py` makes again, byte for byte."""
    return (COMMITTED / "ddi.xml").read_bytes()


def test_it_follows_the_schema(committed):
    assert faults(committed) == []


@pytest.mark.parametrize(
    ("pattern", "damage", "said"),
    [
        ("<titlStmt>", "<titlStmt><IDNo/>", "titlStmt"),  # order
        ("<distStmt>", "<distStmt><distDate/>", "distStmt"),  # once at most
        ("<titl>.*</titl>", "", "titlStmt"),  # once at least
        ("<range.*/>", "", "valrng"),  # one of two at least
        ("<keyword>(.*)</keyword>", r"<mot>\1</mot>", "mot"),  # unknown element
        ("<titl>", '<titl lang="fr">', "lang"),  # unknown attribute
        (' name="identifiant"', "", "name"),  # required attribute
        ('intrvl="contin"', 'intrvl="continuous"', "intrvl"),  # enumeration
        ('type="numeric"', 'type="number"', "varFormat"),
        ('ID="F2V1"', 'ID="F1V1"', "F1V1"),  # same ID twice
        ('ID="F2V1"', 'ID="2"', "ID"),  # not an ID
        ('files="F2"', 'files="F2 F9"', "F9"),  # IDREFS to nothing
        ("<dataDscr>", "<dataDscr>texte", "dataDscr"),  # text among elements
        ("(<range.*) />", r"\1> </range>", "range"),  # anything in an empty element
        ('date="....-..-.."', 'date="22/11/2026"', "22/11/2026"),
        ('date="....-..-.."', 'date="2026-02-30"', "2026-02-30"),
        ('version="2.5"', 'version="2.1"', "2.5"),
        ("codebook:2_5", "codebook:2_6", "xmlns"),
        (' xmlns="ddi:codebook:2_5"', "", "root"),
    ],
)
def test_a_damaged_one_is_refused(committed, pattern, damage, said):
    damaged, count = re.subn(pattern, damage, committed.decode(), count=1)
    assert count
    assert any(said in fault for fault in faults(damaged.encode()))


@pytest.mark.parametrize("design", DESIGNS)
def test_any_campaign_is_described(small, design):
    """Whatever its design and its labels: signs that XML keeps for itself, or cannot write (a text editor's line break)."""
    campaign = replace(impact.read_campaign(small()), design=design, title="Un\x0bessai")
    choices = (Choice("oui", "a < b & c"), Choice("nsp", "", missing=True))
    columns = [Variable("a", "note\x00", "number", (), 1, 4.5), Variable("b", "]]>", categories=choices)]
    document = ddi(campaign, {RESPONDENTS: columns}, {RESPONDENTS: 3}, created="2026-11-26")
    assert faults(document) == []
    root = etree.fromstring(document)
    assert root.findtext("d:stdyDscr/d:citation/d:titlStmt/d:titl", namespaces=DDI) == "Un essai"
    assert root.xpath("//d:catgry[1]/d:labl/text()", namespaces=DDI) == ["a < b & c"]


def test_it_says_what_the_files_hold(committed):
    root = etree.fromstring(committed)
    files = {one.get("ID"): one for one in root.iterfind("d:fileDscr", DDI)}
    for identifier, described in files.items():
        table = pd.read_csv(COMMITTED / described.get("URI"))
        variables = root.xpath(f"d:dataDscr/d:var[@files='{identifier}']", namespaces=DDI)
        assert [one.get("name") for one in variables] == list(table.columns)
        sizes = [described.findtext(f".//d:{size}", namespaces=DDI) for size in ("caseQnty", "varQnty")]
        assert sizes == [str(size) for size in table.shape]
        for one in variables:
            for between in one.iterfind("d:valrng/d:range", DDI):
                values = table[one.get("name")].dropna()
                assert values.between(float(between.get("min")), float(between.get("max"))).all()
                assert between.get("UNITS") == "REAL" or (values % 1 == 0).all(), "said to be integers, and are not"
    assert len(files) == 3
