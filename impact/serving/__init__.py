"""Serving: each association opens a page of its own released results, and of nobody else's."""

from impact.serving.accounts import create_accounts, list_accounts, remove_account, renew_account
from impact.serving.start import ACCOUNTS_FILE, serve

__all__ = ["ACCOUNTS_FILE", "create_accounts", "list_accounts", "remove_account", "renew_account", "serve"]
