"""Accounts file: who may open which results. One account per association, identified by its code."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import stat
from collections.abc import Iterable
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from impact.errors import ServingError, nearest

VERSION = 1
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # no 0, o, 1, l, i: secrets are read aloud and copied by hand
GROUPS, GROUP_LENGTH = 4, 4  # 16 symbols among 31 are 79 bits: guessing is hopeless even without a lock
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")  # also a folder name, so neither dot nor slash
LONGEST_SECRET = 128  # beyond this, hashing would only serve an attacker

_hasher = PasswordHasher()


def create_accounts(path: Path, associations: Iterable[str]) -> dict[str, str]:
    """Create an account for each association that has none.

    Parameters: `path`, the JSON file to write, readable by its owner alone; `associations`, their codes.
    Returns the secret of each new account, to be shown once: only a hash is kept.
    Raises ServingError for a code that cannot name a folder, or for a file that cannot be trusted.
    """
    hashes = read_hashes(path) if path.exists() else {}
    new = [code for code in dict.fromkeys(associations) if code not in hashes]
    for code in new:
        if not CODE.fullmatch(code):
            raise ServingError(
                f"« {code} » ne peut pas servir d’identifiant.",
                where=path,
                remedy="Employer des lettres sans accent, des chiffres, « - » ou « _ ».",
            )
    issued = {code: new_secret() for code in new}
    _write(path, hashes | {code: _hasher.hash(_plain(secret)) for code, secret in issued.items()})
    return issued


def renew_account(path: Path, code: str) -> str:
    """Give `code` a new secret, returned once; every session opened with the former one ends."""
    hashes = read_hashes(path)
    _known(path, code, hashes)
    secret = new_secret()
    _write(path, hashes | {code: _hasher.hash(_plain(secret))})
    return secret


def remove_account(path: Path, code: str) -> None:
    """Remove the account of `code`; its sessions end at once."""
    hashes = read_hashes(path)
    _known(path, code, hashes)
    _write(path, {other: digest for other, digest in hashes.items() if other != code})


def list_accounts(path: Path) -> list[str]:
    """Return the codes that have an account, sorted."""
    return sorted(read_hashes(path))


def read_hashes(path: Path) -> dict[str, str]:
    """Return the argon2 hash of each account; refuse a file that others can read or that is malformed."""
    try:
        mode = path.stat().st_mode
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ServingError(
            "Le fichier des accès n’existe pas.", where=path, remedy="Créer d’abord un accès par association."
        ) from None
    except (OSError, ValueError) as error:
        raise ServingError("Le fichier des accès est illisible.", where=path, remedy="Recréer les accès.") from error
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise ServingError(
            "Le fichier des accès est lisible par d’autres que vous.", where=path, remedy=f"Lancer : chmod 600 {path}"
        )
    hashes = content.get("comptes") if isinstance(content, dict) and content.get("version") == VERSION else None
    if not isinstance(hashes, dict) or not all(CODE.fullmatch(c) and isinstance(h, str) for c, h in hashes.items()):
        raise ServingError("Le fichier des accès est mal formé.", where=path, remedy="Recréer les accès.")
    return hashes


def new_secret() -> str:
    """Draw a secret that a person can read aloud and copy: four groups of four unambiguous symbols."""
    groups = ("".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS))
    return "-".join(groups)


class Accounts:
    """The accounts as the server sees them: read again whenever the file changes, closed when it cannot be trusted."""

    def __init__(self, path: Path):
        self.path = path
        self._stamp: tuple[int, int, int] | None = None
        self._hashes: dict[str, str] = {}
        self._decoy = _hasher.hash(new_secret())

    def verify(self, code: str, secret: str) -> bool:
        """Say whether `secret` opens `code`, in the same time whether the account exists or not."""
        digest = self._current().get(code)
        try:
            matches = _hasher.verify(digest or self._decoy, _plain(secret[:LONGEST_SECRET]))
        except (Argon2Error, InvalidHashError):
            matches = False
        return matches and digest is not None

    def epoch(self, code: str) -> str | None:
        """Return a mark that changes with the secret of `code`, None when there is no such account."""
        digest = self._current().get(code)
        return hashlib.sha256(digest.encode()).hexdigest() if digest else None

    def _current(self) -> dict[str, str]:
        try:
            status = self.path.stat()
            stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
            if stamp != self._stamp:
                self._hashes, self._stamp = read_hashes(self.path), stamp
        except (OSError, ServingError):
            self._hashes, self._stamp = {}, None
        return self._hashes


def _plain(secret: str) -> str:
    """Forget what copying by hand changes: case, spaces and dashes."""
    return re.sub(r"[\s\-\u2010-\u2015]", "", secret).lower()


def _known(path: Path, code: str, hashes: dict[str, str]) -> None:
    if code not in hashes:
        raise ServingError(f"« {code} » n’a pas d’accès.", where=path, remedy=nearest(code, hashes))


def _write(path: Path, hashes: dict[str, str]) -> None:
    """Replace the file in one move, so that a crash leaves the former one whole."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    content = json.dumps({"version": VERSION, "comptes": dict(sorted(hashes.items()))}, indent=2)
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(content + "\n")
        os.replace(draft, path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise ServingError(
            "Le fichier des accès ne peut pas être écrit.", where=path, remedy="Vérifier le dossier et ses droits."
        ) from error
