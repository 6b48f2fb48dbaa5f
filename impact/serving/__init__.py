"""Serving: each account opens a page of its own released results, and of nobody else's."""

from impact.serving.accounts import (
    cancel_links,
    create_accounts,
    list_accounts,
    read_account,
    remove_account,
    renew_account,
)
from impact.serving.start import ACCOUNTS_FILE, serve

__all__ = [
    "ACCOUNTS_FILE",
    "cancel_links",
    "create_accounts",
    "list_accounts",
    "read_account",
    "remove_account",
    "renew_account",
    "serve",
]
