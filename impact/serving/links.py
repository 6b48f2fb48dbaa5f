"""Links that open an account without its secret: signed, for some days, ended all at once by a new key.

A link can be used again until it ends: several people of one association read the same mailbox. The token stands after
the « # » of the address, which browsers never send: neither a proxy's journal nor a mail scanner ever holds it.
"""

from __future__ import annotations

import hashlib
import hmac
import time

from impact.errors import ServingError
from impact.serving.accounts import Account, Accounts

USUAL_DAYS, MOST_DAYS = 7, 31
DAY = 24 * 3600  # seconds
LONGEST_TOKEN = 256


def make_token(code: str, account: Account, days: int) -> tuple[str, float]:
    """Return a token that opens `code` for `days` days, and when it ends (seconds since 1970).

    Formula: HMAC-SHA-256, under the account's key, of its code, its epoch and the end.
    Raises ServingError for a duration that is not between one day and MOST_DAYS.
    """
    if not 1 <= days <= MOST_DAYS:
        raise ServingError(f"Un lien vaut entre 1 et {MOST_DAYS} jours.", where=code, remedy="Changer --jours.")
    end = int(time.time()) + days * DAY
    return f"{code}.{end}.{_signature(code, account, end)}", end


def opened_by(accounts: Accounts, token: str) -> str | None:
    """Return the code that `token` opens, None when it is forged, ended or cancelled."""
    code, _, rest = token[:LONGEST_TOKEN].partition(".")
    end, _, signature = rest.partition(".")
    account = accounts.find(code)
    if account is None or not (end.isascii() and end.isdigit()):
        return None
    sound = hmac.compare_digest(_signature(code, account, int(end)).encode(), signature.encode())
    return code if sound and time.time() < int(end) else None


def _signature(code: str, account: Account, end: int) -> str:
    text = f"{code} {account.epoch} {end}"
    return hmac.new(bytes.fromhex(account.key), text.encode(), hashlib.sha256).hexdigest()
