"""Accounts file: who may open which results. One account per cube, named by its code."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import stat
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from impact.errors import ServingError, nearest

VERSION = 2
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # no 0, o, 1, l, i: secrets are read aloud and copied by hand
GROUPS, GROUP_LENGTH = 4, 4  # 16 symbols among 31 are 79 bits: guessing is hopeless even without a lock
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")  # also a folder name, so neither dot nor slash
KEY_BYTES = 32
LONGEST_SECRET = 128  # beyond this, hashing would only serve an attacker
RECREATE = "Remettre la copie de sauvegarde ; à défaut, l’effacer et lancer « impact acces creer »."

_hasher = PasswordHasher()


@dataclass(frozen=True)
class Account:
    """What is kept of an access: the argon2 hash of its secret, and the key that signs its links."""

    secret: str
    key: str

    def __post_init__(self):
        if not self.secret.startswith("$argon2id$") or len(bytes.fromhex(self.key)) != KEY_BYTES:
            raise ValueError("not an account")

    @property
    def epoch(self) -> str:
        """A mark that changes with the secret or the key: sessions and links of a former one are worth nothing."""
        return hashlib.sha256(f"{self.secret} {self.key}".encode()).hexdigest()


def create_accounts(path: Path, associations: Iterable[str]) -> dict[str, str]:
    """Create an account for each association that has none.

    Parameters: `path`, the JSON file to write, readable by its owner alone; `associations`, their codes.
    Returns the secret of each new account, to be shown once: only a hash is kept.
    Raises ServingError for a code that cannot name a folder, or for a file that cannot be trusted.
    """
    accounts = read_accounts(path) if path.exists() else {}
    new = [code for code in dict.fromkeys(associations) if code not in accounts]
    for code in new:
        if not CODE.fullmatch(code):
            raise ServingError(
                f"« {code} » ne peut pas servir d’identifiant.",
                where=path,
                remedy="Employer des lettres sans accent, des chiffres, « - » ou « _ ».",
            )
    issued = {code: new_secret() for code in new}
    _write(path, accounts | {code: _account(secret) for code, secret in issued.items()})
    return issued


def renew_account(path: Path, code: str) -> str:
    """Give `code` a new secret, returned once; its sessions and its links end."""
    accounts = read_accounts(path)
    _known(path, code, accounts)
    secret = new_secret()
    _write(path, accounts | {code: _account(secret)})
    return secret


def cancel_links(path: Path, code: str) -> None:
    """End every link of `code`, and the sessions that are open: one of them may have come by a link."""
    accounts = read_accounts(path)
    _known(path, code, accounts)
    _write(path, accounts | {code: Account(accounts[code].secret, _new_key())})


def remove_account(path: Path, code: str) -> None:
    """Remove the account of `code`; its sessions end at once."""
    accounts = read_accounts(path)
    _known(path, code, accounts)
    _write(path, {other: account for other, account in accounts.items() if other != code})


def list_accounts(path: Path) -> list[str]:
    """Return the codes that have an account, sorted."""
    return sorted(read_accounts(path))


def read_account(path: Path, code: str) -> Account:
    """Return the account of `code`; ServingError when it has none."""
    accounts = read_accounts(path)
    _known(path, code, accounts)
    return accounts[code]


def read_accounts(path: Path) -> dict[str, Account]:
    """Return the accounts by code; refuse a file that others can read or that is malformed."""
    try:
        mode = path.stat().st_mode
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ServingError(
            "Le fichier des accès n’existe pas.", where=path, remedy="Créer d’abord un accès par association."
        ) from None
    except (OSError, ValueError) as error:
        raise ServingError("Le fichier des accès est illisible.", where=path, remedy=RECREATE) from error
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise ServingError(
            "Le fichier des accès est lisible par d’autres que vous.", where=path, remedy=f"Lancer : chmod 600 {path}"
        )
    try:
        if content["version"] != VERSION or not all(map(CODE.fullmatch, content["comptes"])):
            raise ValueError
        return {code: Account(**kept) for code, kept in content["comptes"].items()}
    except (AttributeError, KeyError, TypeError, ValueError):
        raise ServingError("Le fichier des accès est mal formé.", where=path, remedy=RECREATE) from None


def new_secret() -> str:
    """Draw a secret that a person can read aloud and copy: four groups of four unambiguous symbols."""
    groups = ("".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS))
    return "-".join(groups)


class Accounts:
    """The accounts as the server sees them: read again whenever the file changes, closed when it cannot be trusted."""

    def __init__(self, path: Path):
        self.path = path
        self._stamp: tuple[int, int, int] | None = None
        self._accounts: Mapping[str, Account] = {}
        self._decoy = _hasher.hash(new_secret())

    def verify(self, code: str, secret: str) -> bool:
        """Say whether `secret` opens `code`, in the same time whether the account exists or not."""
        account = self.find(code)
        try:
            matches = _hasher.verify(account.secret if account else self._decoy, _plain(secret[:LONGEST_SECRET]))
        except (Argon2Error, InvalidHashError):
            matches = False
        return matches and account is not None

    def epoch(self, code: str) -> str | None:
        """Return the mark of `code` (see `Account.epoch`), None when there is no such account."""
        account = self.find(code)
        return account.epoch if account else None

    def find(self, code: str) -> Account | None:
        """Return the account of `code`, if there is one now."""
        return self._current().get(code)

    def codes(self) -> list[str]:
        """Return the codes that have an account now."""
        return list(self._current())

    def _current(self) -> Mapping[str, Account]:
        try:
            status = self.path.stat()
            stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
            if stamp != self._stamp:
                self._accounts, self._stamp = read_accounts(self.path), stamp
        except (OSError, ServingError):
            self._accounts, self._stamp = {}, None
        return self._accounts


def _account(secret: str) -> Account:
    return Account(_hasher.hash(_plain(secret)), _new_key())


def _new_key() -> str:
    return secrets.token_hex(KEY_BYTES)


def _plain(secret: str) -> str:
    """Forget what copying by hand changes: case, spaces and dashes."""
    return re.sub(r"[\s\-\u2010-\u2015]", "", secret).lower()


def _known(path: Path, code: str, accounts: Mapping[str, Account]) -> None:
    if code not in accounts:
        raise ServingError(f"« {code} » n’a pas d’accès.", where=path, remedy=nearest(code, accounts))


def _write(path: Path, accounts: Mapping[str, Account]) -> None:
    """Replace the file in one move, so that a crash leaves the former one whole."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    kept = {code: asdict(account) for code, account in sorted(accounts.items())}
    content = json.dumps({"version": VERSION, "comptes": kept}, indent=2)
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
