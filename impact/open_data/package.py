"""The open data package of a campaign: rounded results, respondents, a synthetic file, their description and "
"the risks."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import pandas as pd

from impact import __version__
from impact.campaign import Campaign
from impact.clearance import protected
from impact.clearance.vintages import past_groups
from impact.collect.validation import check_files
from impact.disclosure import PUBLIC, Release
from impact.errors import ImpactError, french, system_reason
from impact.evidence import with_evidence
from impact.keys import keyed_digest, secret_key
from impact.linking import link
from impact.open_data.codebook import (
    NOT_FOR_INFERENCE,
    RESPONDENTS,
    RESULTS,
    SYNTHETIC,
    TITLES,
    Variable,
    codebook,
    indicators,
    known_indicators,
    variables,
)  # fmt: skip
from impact.open_data.crate import CRATE, crate
from impact.open_data.ddi import ddi
from impact.open_data.documents import to_markdown, write_pdf
from impact.open_data.respondents import Respondents, respondents
from impact.open_data.risk_report import report
from impact.open_data.risks import Risk, measure
from impact.open_data.told import told_files
from impact.questionnaire import Scale
from impact.scoring import score
from impact.sentences.panorama import kind
from impact.simulation import SEED, is_example, simulate

PACKAGE, REPORT, DICTIONARY, DDI = "datapackage.json", "rapport_de_risque", "dictionnaire.md", "ddi.xml"
Progress = Callable[[str], None]
LICENCE = {"name": "etalab-2.0", "title": "Licence Ouverte 2.0 (Etalab)"}


def write_open_data(
    campaign: Campaign,
    files: Sequence[str | Path],
    folder: Path,
    *,
    format: str | None = None,
    progress: Progress = lambda step: None,
) -> tuple[Path, Risk]:
    """Write the open data package of a campaign into `folder`, replacing what was there.

    Parameters
    ----------
    files, format : files of answers, as for `publish`.

    Returns
    -------
    The folder and the risks measured. The same answers give the same files: the date stays that of the first time.

    Raises
    ------
    DisclosureError when the audit, k, l or an attack forbids it: nothing is written. ImpactError for whatever else a
    user can cause.
    """
    progress("Vérification des réponses")
    checked = check_files([Path(file) for file in files], campaign, format=format)
    responses = link([one.accepted for one in checked], campaign).responses
    progress("Résultats arrondis et audit")
    past = [] if is_example(campaign, files) else past_groups(campaign.name)
    releases, groups = protected(responses, campaign, past)
    cleared = {one.audience: one for one in releases}
    [public] = with_evidence([cleared[PUBLIC]], campaign, responses)
    cleared[PUBLIC] = public
    progress("Fichier des répondants et attaques")
    seed, said = _seed(campaign, responses)
    made = respondents(responses, score(responses, campaign.questionnaire), campaign, seed)
    risk = measure(made, responses, groups, campaign)
    tables = {RESULTS: public.table, RESPONDENTS: made.public, SYNTHETIC: _synthetic(campaign)}
    contents = {name: table.to_csv(index=False, lineterminator="\n").encode() for name, table in tables.items()}
    created = _date_of(folder, contents)
    progress("Description et rapport de risque")
    contents |= _description(campaign, made, tables, public, created) | told_files(cleared.values(), campaign)
    blocks = report(risk, made, campaign, seed=said, created=created)
    contents[f"{REPORT}.md"] = to_markdown(blocks).encode()
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        contents[f"{REPORT}.pdf"] = write_pdf(blocks, folder / f"{REPORT}.pdf").read_bytes()
        contents[PACKAGE] = _package(campaign, variables(campaign, made), public, contents, created)
        contents[CRATE] = crate(campaign, files, contents, created)
        for name, content in contents.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
    except OSError as error:
        advice = "Choisir un dossier où l’on peut écrire."
        raise ImpactError(f"impossible d’écrire ({system_reason(error)}).", where=folder, remedy=advice) from None
    return folder, risk


def _seed(campaign: Campaign, responses: pd.DataFrame) -> tuple[int, str]:
    """The seed and what is said of it: known for fictitious data; else secret, or the order of rows would tell."""
    if campaign.fictif:
        return SEED, f"{SEED} (données fictives)"
    digest = keyed_digest(secret_key(campaign.name, "cle"), *responses.astype(str).to_numpy().ravel())
    return int(digest[:16], 16), "secrète, tirée de la clé de la campagne"


def _synthetic(campaign: Campaign) -> pd.DataFrame:
    """A simulated campaign, made from the questionnaire alone: no real answer had any part in it."""
    table = simulate(campaign, mistakes=False).rename(columns={name: key for key, name in campaign.columns.items()})
    names = [question.name for question in campaign.questionnaire.questions]
    return table[["association", "wave", "participant", *names]]


def _date_of(folder: Path, contents: dict[str, bytes]) -> str:
    """The date of the package already there when it holds the same data, else today's."""
    try:
        same = all((folder / name).read_bytes() == content for name, content in contents.items())
        created = json.loads((folder / PACKAGE).read_text("utf-8"))["created"][:10]
    except (OSError, ValueError, KeyError):
        return date.today().isoformat()
    return created if same else date.today().isoformat()


def _description(
    campaign: Campaign, made: Respondents, tables: dict[str, pd.DataFrame], public: Release, created: str
) -> dict[str, bytes]:
    """The codebook page, the DDI document, the questionnaire and, if there is one, the référentiel."""
    columns, rows = variables(campaign, made), {name: len(table) for name, table in tables.items()}
    files = {DICTIONARY: to_markdown([*codebook(campaign, made), *known_indicators(public)]).encode()}
    files[DDI] = ddi(campaign, columns, rows, created=created)
    for path in (campaign.questionnaire.path, campaign.folder / "referentiel.csv"):
        if path.is_file():
            files[path.name] = path.read_bytes()
    return files


def _package(
    campaign: Campaign,
    columns: dict[str, list[Variable]],
    public: Release,
    contents: dict[str, bytes],
    created: str,
) -> bytes:
    """The Frictionless data package: every file with its digest, every table with its schema."""
    package = {
        "name": campaign.name.replace("_", "-"),
        "title": campaign.title,
        "description": french("Exemple, données fictives." if campaign.fictif else "Données anonymisées."),
        "version": campaign.version,
        "created": f"{created}T00:00:00Z",
        "licenses": [LICENCE],
        "sources": [{"title": f"impact {__version__}"}],
        "scales": [_scoring_key(scale) for scale in campaign.questionnaire.scales],
        "indicators": [{"name": one["code"], "evidence": kind(one)} for _, one in indicators(public)],
        "resources": [_resource(name, content, columns.get(name)) for name, content in contents.items()],
    }
    return (json.dumps(package, ensure_ascii=False, indent=1) + "\n").encode()


def _scoring_key(scale: Scale) -> dict[str, object]:
    """What another program needs to score one scale: rule, range, items, which are reversed, what codes are worth."""
    items = [{"name": item.name, "reverse": item.reverse, "values": dict(item.values)} for item in scale.items]
    rule = {"score": scale.score, "min_answered": scale.min_answered, "range": list(scale.range)}
    return {"name": scale.name, "title": french(scale.label)} | rule | {"items": items}


def _resource(path: str, content: bytes, columns: list[Variable] | None) -> dict[str, object]:
    stem, _, extension = path.rpartition(".")
    name = f"{stem.replace('_', '-').replace('/', '-')}-{extension}"
    resource = {"name": name, "path": path, "format": extension, "bytes": len(content)}
    resource["hash"] = f"sha256:{hashlib.sha256(content).hexdigest()}"
    if columns is None:
        return resource | {"type": "file"}  # what it holds is not checked as a table
    about = NOT_FOR_INFERENCE if path == SYNTHETIC else f"{TITLES[path]}."
    schema = {"fields": [_field(variable) for variable in columns], "missingValues": [""]}
    tabular = {"profile": "tabular-data-resource", "mediatype": "text/csv", "encoding": "utf-8"}
    return resource | tabular | {"title": french(TITLES[path]), "description": french(about), "schema": schema}


def _field(variable: Variable) -> dict[str, object]:
    constraints: dict[str, object] = {"required": True, "unique": True} if variable.unique else {}
    if variable.categories:
        constraints["enum"] = [choice.name for choice in variable.categories]
    if variable.low is not None:
        constraints |= {"minimum": variable.low, "maximum": variable.high}
    field = {"name": variable.name, "type": variable.kind, "title": french(variable.label)}
    return field | ({"constraints": constraints} if constraints else {})
