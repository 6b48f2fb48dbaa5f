"""Where a data package comes from, as an RO-Crate 1.1: what was read, with which code, what was written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from impact.campaign import Campaign
from impact.errors import french
from impact.provenance import software
from impact.simulation import SEED

CRATE = "ro-crate-metadata.json"
CONTEXT = "https://w3id.org/ro/crate/1.1/context"
STANDARD = "https://w3id.org/ro/crate/1.1"
LICENCE = "https://spdx.org/licenses/etalab-2.0"


def crate(campaign: Campaign, inputs: Sequence[str | Path], written: Mapping[str, bytes], created: str) -> bytes:
    """Return the RO-Crate metadata of a package.

    Parameters
    ----------
    inputs : the files of answers, of which only the fingerprint is given, neither name nor place. written : path in the
        package -> content. created : ISO date.
    """
    answers = [
        _input(f"#reponses-{number}", Path(file), "Réponses, non publiées") for number, file in enumerate(inputs, 1)
    ]
    declared = [_input(f"#{path.stem}", path, path.name) for path in sorted(campaign.folder.glob("*.*"))]
    programs = [
        {"@id": f"#{name}", "@type": "SoftwareApplication", "name": name, "softwareVersion": number}
        for name, number in software().items()
    ]
    files = [_written(name, content) for name, content in written.items()]
    action = {
        "@id": "#publication",
        "@type": "CreateAction",
        "name": french("Données ouvertes : vérification, secret statistique, attaques, écriture"),
        "endTime": created,
        "object": _ids([*answers, *declared]),
        "instrument": _ids(programs),
        "result": _ids(files),
        "description": french(
            f"Graine : {SEED}." if campaign.fictif else "Graine secrète, tirée de la clé de la campagne."
        ),
    }
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": campaign.title,
        "description": french("Exemple, données fictives." if campaign.fictif else "Données anonymisées."),
        "version": campaign.version,
        "datePublished": created,
        "license": {"@id": LICENCE},
        "hasPart": _ids(files),
        "mentions": {"@id": "#publication"},
    }
    itself = {"@id": CRATE, "@type": "CreativeWork", "about": {"@id": "./"}, "conformsTo": {"@id": STANDARD}}
    licence = {"@id": LICENCE, "@type": "CreativeWork", "name": "Licence Ouverte 2.0 (Etalab)"}
    graph = [itself, root, licence, action, *answers, *declared, *programs, *files]
    return (json.dumps({"@context": CONTEXT, "@graph": graph}, ensure_ascii=False, indent=1) + "\n").encode()


def _input(identifier: str, path: Path, name: str) -> dict[str, object]:
    return {"@id": identifier, "@type": "CreativeWork", "name": name, "sha256": _digest(path.read_bytes())}


def _written(name: str, content: bytes) -> dict[str, object]:
    return {"@id": name, "@type": "File", "contentSize": str(len(content)), "sha256": _digest(content)}


def _ids(entities: Sequence[Mapping[str, object]]) -> list[dict[str, object]]:
    return [{"@id": one["@id"]} for one in entities]


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
