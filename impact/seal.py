"""What keeps a cube whole: a signed manifest of all its files, checked each time it is read. No pandas needed.

The manifest holds the digest of every file, its own seal (a digest) and a signature (HMAC with the campaign's key).
Who shows a page has no key: it checks digests and seal, which tell accidents and mixed files. Whoever holds the key,
`impact publier` and `impact servir`, checks the signature as well, which tells a cube made or altered on purpose.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from impact.errors import CubeError, ImpactError, system_reason
from impact.keys import keyed_digest

FORMAT = 4
MANIFEST = "manifeste.json"
REPUBLISH = "Les publier de nouveau avec « impact publier »."


@contextmanager
def held(folder: Path, refused: ImpactError) -> Iterator[None]:
    """Hold a folder, or raise `refused` when another process holds it; some systems cannot hold one: nothing there."""
    if os.name != "posix":
        yield
        return
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise refused from None
        yield
    finally:
        os.close(descriptor)


def write_sealed(folder: Path, files: Mapping[str, bytes], about: Mapping, key: bytes) -> Path:
    """Write files and the manifest that seals them, replacing what was there once all the new ones are written.

    Parameters
    ----------
    about : what the manifest says besides; `audience` must be the name of the folder. key : the campaign's.

    Raises
    ------
    CubeError when the folder cannot be written.
    """
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}
    manifest = _sealed({"format": FORMAT, **about, "files": digests}, key)
    written = {**files, MANIFEST: json.dumps(manifest, ensure_ascii=False, indent=1).encode()}
    draft = folder.with_name(f".{folder.name}.nouveau")
    try:
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        for name, content in written.items():
            (draft / name).write_bytes(content)
        shutil.rmtree(folder, ignore_errors=True)
        draft.rename(folder)
    except OSError as error:
        shutil.rmtree(draft, ignore_errors=True)
        advice = "Choisir avec --sorties un dossier où l’on peut écrire."
        raise CubeError(f"impossible d’écrire ({system_reason(error)}).", where=folder, remedy=advice) from None
    return folder


def read_sealed(
    folder: Path, wanted: Collection[str] | None = None, *, key: bytes | None = None
) -> tuple[dict, dict[str, bytes]]:
    """Return the manifest and the files `wanted` (None: all) of a cube in which nothing was altered, added or removed.

    Raises
    ------
    CubeError, in French, when the folder is not a cube, a file differs from what the manifest sealed, it was made for
    another audience, or, with the campaign's `key`, the signature is not the campaign's.
    """
    manifest, found, contents = read_manifest(folder, key), {}, {}
    try:
        for path in sorted(folder.iterdir()):
            if path.name != MANIFEST:
                content = path.read_bytes()
                found[path.name] = hashlib.sha256(content).hexdigest()
                if wanted is None or path.name in wanted:
                    contents[path.name] = content
    except OSError as error:
        raise CubeError(f"impossible de lire ({system_reason(error)}).", where=folder, remedy=REPUBLISH) from None
    altered = sorted({name for name, _ in found.items() ^ manifest["files"].items()})
    if altered:
        raise _altered(folder, ", ".join(altered))
    if manifest["audience"] != folder.name:
        raise _altered(folder, f"il est destiné à « {manifest['audience']} »")
    return manifest, contents


def read_manifest(folder: Path, key: bytes | None = None) -> dict:
    """Return the manifest of a cube, once its seal is checked, and its signature with the campaign's `key`.

    Raises
    ------
    CubeError, in French, when there is none, or it was altered, signed by another, or written by another version.
    """
    path = folder / MANIFEST
    if not path.is_file():
        advice = "Lancer d’abord « impact publier »."
        raise CubeError("il n’y a pas de résultats publiés ici.", where=folder, remedy=advice)
    try:
        manifest = json.loads(path.read_text("utf-8"))
        sealed = manifest.get("seal") == _sealed(manifest, b"")["seal"]
    except (ValueError, AttributeError):
        sealed = False
    if not sealed:
        raise _altered(folder, MANIFEST)
    if key is not None and not hmac.compare_digest(str(manifest.get("signature")), _sealed(manifest, key)["signature"]):
        raise _altered(folder, "la signature n’est pas celle de cette campagne")
    if manifest["format"] != FORMAT:
        raise CubeError("ces résultats viennent d’une autre version.", where=folder, remedy=REPUBLISH)
    return manifest


def _sealed(manifest: dict, key: bytes) -> dict:
    """Return the manifest with the digest of all its other entries, and that digest signed."""
    body = {name: value for name, value in manifest.items() if name not in ("seal", "signature")}
    seal = hashlib.sha256(json.dumps(body, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
    return body | {"seal": seal, "signature": keyed_digest(key, seal)}


def _altered(folder: Path, what: str) -> CubeError:
    return CubeError(
        f"les résultats publiés ont été modifiés après coup ({what}) ; ils ne sont pas montrés.",
        where=folder,
        remedy=REPUBLISH,
    )
