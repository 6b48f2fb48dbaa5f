"""Secret keys of a campaign: files readable by their owner only, outside any repository."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from impact.errors import ImpactError, system_reason

FOLDER = "IMPACT_CLES"
KEY_BYTES = 32
PRIVATE = 0o600


class KeyFileError(ImpactError):
    """A key cannot be read, written or trusted."""


def private_file(campaign: str, kind: str) -> Path:
    """Return the path of a campaign's private file: in the folder IMPACT_CLES names, else ~/.config/impact.

    Raises
    ------
    KeyFileError when that folder stands inside a git repository, where the file could be published by mistake.
    """
    folder = Path(os.environ.get(FOLDER) or Path.home() / ".config" / "impact").resolve()
    if any((parent / ".git").exists() for parent in (folder, *folder.parents)):
        advice = f"Donner à {FOLDER} un dossier hors de tout dépôt git."
        raise KeyFileError("une clé ne peut pas être rangée dans un dépôt.", where=folder, remedy=advice)
    return folder / f"{campaign}.{kind}"


def read_private(path: Path) -> bytes:
    """Return what a private file holds, b"" when there is none.

    Raises
    ------
    KeyFileError when others than its owner may read it.
    """
    try:
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise KeyFileError(
                "d’autres que vous peuvent lire ce fichier secret.", where=path, remedy=f"chmod 600 {path}"
            )
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise KeyFileError(f"impossible de lire ({system_reason(error)}).", where=path) from None


def write_private(path: Path, content: bytes) -> None:
    """Write a private file, whole or not at all, readable by its owner only."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE), "wb") as file:
            file.write(content)
        os.replace(draft, path)
    except OSError as error:
        advice = f"Donner à {FOLDER} un dossier où l’on peut écrire."
        raise KeyFileError(f"impossible d’écrire ({system_reason(error)}).", where=path, remedy=advice) from None


def erase(path: Path) -> None:
    """Erase a private file, its content overwritten first; nothing when there is none."""
    if path.exists():
        path.write_bytes(b"\0" * path.stat().st_size)
        path.unlink()


def secret_key(campaign: str, kind: str) -> bytes:
    """Return a campaign's key of one kind ("cle" signs, "liens.cle" makes pseudonyms), drawn the first time."""
    path = private_file(campaign, kind)
    key = read_private(path)
    if not key:
        key = secrets.token_hex(KEY_BYTES).encode()
        write_private(path, key)
    if len(key) != 2 * KEY_BYTES:
        advice = "Remettre la copie de sauvegarde ; à défaut, l’effacer et publier de nouveau."
        raise KeyFileError("ce fichier n’est pas une clé.", where=path, remedy=advice)
    return key


def keyed_digest(key: bytes, *parts: str) -> str:
    """Return the HMAC-SHA-256 of some texts, in hexadecimal; where one text ends and the next begins counts."""
    return hmac.new(key, "\x1f".join(parts).encode(), hashlib.sha256).hexdigest()
