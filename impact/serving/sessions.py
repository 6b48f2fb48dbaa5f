"""Sessions kept by the server alone: the browser holds a random key, so logging out really ends them."""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass

from impact.serving.accounts import Accounts

LIFETIME = 8 * 3600  # seconds: a working day, then log in again; counted by a clock that nobody can set


@dataclass(frozen=True)
class Session:
    """One login: its identity (a hash of the browser's key), whose it is, until when, under which secret."""

    key_hash: str
    code: str
    expires: float
    epoch: str


class Sessions:
    """The open sessions, in memory: a restart of the server ends them all."""

    def __init__(self, accounts: Accounts):
        self._accounts = accounts
        self._open: dict[str, Session] = {}

    def start(self, code: str) -> str:
        """Open a session for `code`, who has just proved their secret, and return the browser's key."""
        key = secrets.token_urlsafe(32)
        epoch = self._accounts.epoch(code) or ""
        session = Session(_hash(key), code, time.monotonic() + LIFETIME, epoch)
        self._open[session.key_hash] = session
        return key

    def find(self, key: str) -> Session | None:
        """Return the session that `key` opens, None if it never was, has ended, or its secret has changed."""
        session = self._open.get(_hash(key))
        return session if session and self.alive(session) else None

    def alive(self, session: Session) -> bool:
        """Say whether `session` still holds; forget it otherwise."""
        valid = (
            session.key_hash in self._open
            and time.monotonic() < session.expires
            and bool(session.epoch)
            and self._accounts.epoch(session.code) == session.epoch
        )
        if not valid:
            self.end(session)
        return valid

    def end(self, session: Session) -> None:
        """Close `session` for good."""
        self._open.pop(session.key_hash, None)


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
