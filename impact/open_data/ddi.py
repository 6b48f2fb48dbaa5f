"""The DDI Codebook 2.5 description of the open data: study, files, variables, in the order the standard imposes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree as ET

from impact import __version__
from impact.campaign import Campaign
from impact.open_data.codebook import NOT_FOR_INFERENCE, SYNTHETIC, TITLES, Variable

NAMESPACE = "ddi:codebook:2_5"
PRODUCER = "Ville de Brest, service Internet et expression multimédia"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
UNWRITABLE = re.compile(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0 has no way to write these
DESIGNS = {
    "before_after": "Mêmes personnes, avant puis après",
    "retrospective_separate": "Mêmes personnes, situation de départ remémorée sur une autre feuille",
    "retrospective_same_sheet": "Mêmes personnes, situation de départ remémorée sur la même feuille",
    "after_only": "Une seule mesure, après",
    "repeated_cross_sections": "Enquêtes répétées, personnes différentes",
}


def ddi(
    campaign: Campaign, columns: Mapping[str, Sequence[Variable]], rows: Mapping[str, int], *, created: str
) -> bytes:
    """Return the XML document.

    Parameters
    ----------
    columns : file name -> its variables, see `codebook.variables`. rows : file name -> number of rows.
    created : date of the package, YYYY-MM-DD.

    Source: DDI Alliance, DDI Codebook 2.5, codebook.xsd of 17 January 2012.
    """
    ET.register_namespace("", NAMESPACE)
    root = ET.Element(_name("codeBook"), {"version": "2.5", LANG: "fr"})
    _document(root, campaign, created)
    _study(root, campaign, created)
    for number, (file, variables) in enumerate(columns.items(), start=1):
        _file(root, number, file, len(variables), rows[file])
    data = _add(root, "dataDscr")
    for number, variables in enumerate(columns.values(), start=1):
        for place, variable in enumerate(variables, start=1):
            _variable(data, variable, f"F{number}", f"F{number}V{place}")
    ET.indent(root, " ")
    return ET.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"


def _document(root: ET.Element, campaign: Campaign, created: str) -> None:
    citation = _add(_add(root, "docDscr"), "citation")
    _add(_add(citation, "titlStmt"), "titl", f"Description des données : {campaign.title}")
    product = _add(citation, "prodStmt")
    _add(product, "producer", PRODUCER)
    _add(product, "prodDate", created, date=created)
    _add(product, "software", "impact", version=__version__)


def _study(root: ET.Element, campaign: Campaign, created: str) -> None:
    study = _add(root, "stdyDscr")
    citation = _add(study, "citation")
    titles = _add(citation, "titlStmt")
    _add(titles, "titl", campaign.title)
    _add(titles, "IDNo", f"{campaign.name}-{campaign.version}", agency="impact")
    _add(_add(citation, "rspStmt"), "AuthEnty", PRODUCER)
    _add(_add(citation, "prodStmt"), "producer", PRODUCER)
    _add(_add(citation, "distStmt"), "distDate", created, date=created)
    _add(_add(citation, "verStmt"), "version", campaign.version, date=created)
    info = _add(study, "stdyInfo")
    subject = _add(info, "subject")
    for dimension in dict.fromkeys(scale.dimension for scale in campaign.questionnaire.scales):
        _add(subject, "keyword", dimension)
    fictive = " Exemple, données fictives." if campaign.fictif else ""
    _add(info, "abstract", f"Ce que change la médiation numérique, d’après les personnes qui y prennent part.{fictive}")
    summary = _add(info, "sumDscr")
    _add(summary, "nation", "France", abbr="FRA")
    _add(summary, "anlyUnit", "Personne")
    _add(summary, "universe", "Personnes qui prennent part aux actions des associations de la campagne")
    _add(summary, "dataKind", "Enquête par questionnaire")
    method = _add(study, "method")
    collection = _add(method, "dataColl")
    _add(collection, "timeMeth", DESIGNS[campaign.design])
    _add(collection, "collMode", "Questionnaire rempli seul, avec de l’aide, ou lu")
    _add(collection, "resInstru", campaign.questionnaire.title)
    _add(
        collection, "cleanOps", "Réponses hors des modalités mises de côté ; anonymisation décrite au rapport de risque"
    )
    access = _add(study, "dataAccs")
    use = _add(access, "useStmt")
    _add(use, "restrctn", "Ne pas chercher à reconnaître une personne.")
    _add(use, "conditions", "Licence Ouverte 2.0 (Etalab)")
    _add(use, "disclaimer", NOT_FOR_INFERENCE.replace("Fichier synthétique", SYNTHETIC))


def _file(root: ET.Element, number: int, file: str, variables: int, rows: int) -> None:
    text = _add(_add(root, "fileDscr", ID=f"F{number}", URI=file), "fileTxt")
    _add(text, "fileName", file)
    _add(text, "fileCont", TITLES[file] + (f". {NOT_FOR_INFERENCE}" if file == SYNTHETIC else ""))
    sizes = _add(text, "dimensns")
    _add(sizes, "caseQnty", str(rows))
    _add(sizes, "varQnty", str(variables))
    _add(text, "fileType", "text/csv", charset="utf-8")


def _variable(data: ET.Element, variable: Variable, file: str, identifier: str) -> None:
    numeric = variable.kind == "number"
    names = {"ID": identifier, "name": variable.name, "files": file, "intrvl": "contin" if numeric else "discrete"}
    element = _add(data, "var", **names)
    _add(element, "labl", variable.label)
    if variable.low is not None:
        # said, because the standard takes a range for integers: a score is seldom whole
        _add(_add(element, "valrng"), "range", UNITS="REAL", min=f"{variable.low:g}", max=f"{variable.high:g}")
    for choice in variable.categories:
        category = _add(element, "catgry", **({"missing": "Y"} if choice.missing else {}))
        _add(category, "catValu", choice.name)
        _add(category, "labl", choice.label)
    _add(element, "varFormat", type="numeric" if numeric else "character")


def _add(parent: ET.Element, name: str, text: str = "", /, **attributes: str) -> ET.Element:
    child = ET.SubElement(parent, _name(name), attributes)
    child.text = UNWRITABLE.sub(" ", text) or None
    return child


def _name(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"
