"""Brake on wrong secrets, per account and per address: a lock that grows, and that nobody else feels."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

ACCOUNT_TRIES = 5  # a person who copies a secret wrongly needs three or four tries
ADDRESS_TRIES = 30  # one address may serve a whole association, so it is given more
FIRST_LOCK, LONGEST_LOCK = 30, 15 * 60  # seconds
MEMORY = 3600  # seconds after which failures are forgotten
MOST_KEYS = 10_000  # invented account names must not fill the memory


@dataclass
class _Failures:
    count: int = 0
    last: float = 0.0
    locked_until: float = 0.0


class Throttle:
    """Counts failures; after too many, each further one doubles the waiting time."""

    def __init__(self) -> None:
        self._failures: dict[tuple[str, str], _Failures] = {}

    def wait(self, account: str, address: str) -> int:
        """Return how many seconds this account from this address must still wait, 0 if it may try."""
        now = time.monotonic()
        ends = (self._failures[key].locked_until for key in _keys(account, address) if key in self._failures)
        return math.ceil(max(0.0, *(end - now for end in ends), 0.0))

    def failed(self, account: str, address: str) -> None:
        """Record a wrong secret."""
        now = time.monotonic()
        if len(self._failures) > MOST_KEYS:
            self._forget(now)
        for key, allowed in zip(_keys(account, address), (ACCOUNT_TRIES, ADDRESS_TRIES), strict=True):
            failures = self._failures.setdefault(key, _Failures())
            failures.count = 1 if now - failures.last > MEMORY else failures.count + 1
            failures.last = now
            if failures.count >= allowed:
                lock = min(LONGEST_LOCK, FIRST_LOCK * 2 ** min(failures.count - allowed, 10))
                failures.locked_until = now + lock

    def succeeded(self, account: str) -> None:
        """Forget the failures of an account whose owner has come in; the address keeps its own."""
        self._failures.pop(("account", account), None)

    def _forget(self, now: float) -> None:
        """Drop the old failures; then, if names are being invented, the accounts that are not locked."""
        kept = {key: f for key, f in self._failures.items() if now - f.last <= MEMORY}
        if len(kept) > MOST_KEYS:
            kept = {key: f for key, f in kept.items() if f.locked_until > now}
        self._failures = kept


def _keys(account: str, address: str) -> tuple[tuple[str, str], tuple[str, str]]:
    return ("account", account), ("address", address)
