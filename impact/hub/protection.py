"""What protects the hub: set by `configure`, and checked again on the hub that starts."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from impact.errors import ImpactError, ServingError
from impact.serving.guard import HEADERS, PLAIN_POLICY, journal

# What an account may do at the hub: start and open its own server, and be told to it by name.
USER = {"name": "user", "scopes": ["access:servers!user", "servers!user", "read:users:groups!user"]}
SESSION = 8 / 24  # days at the hub before logging in again
ACCOUNT_IS_CHECKED = 1  # seconds at most between two looks at whether an access still holds
REQUIRED = {
    "JupyterHub": {
        "allow_named_servers": False,
        "services": [],
        "extra_handlers": [],
        "load_roles": [USER],
        "custom_scopes": {},
        "cookie_max_age_days": SESSION,
        "default_url": "",
        "subdomain_host": "",
    },
    "Authenticator": {
        "allow_all": True,  # whoever proves to be an account is one
        "admin_users": set(),
        "auto_login": False,
        "auth_refresh_age": ACCOUNT_IS_CHECKED,
        "auth_refresh_strict": True,
        "post_auth_hook": None,
    },
    "Spawner": {"options_form": "", "oauth_client_allowed_scopes": [], "server_token_scopes": []},
}
UNSAID = {"X-JupyterHub-Version": "", "Server": ""}
CLOSED = {
    "Content-Security-Policy": PLAIN_POLICY,
    "Strict-Transport-Security": "max-age=31536000",
}  # ignored without HTTPS
TORNADO = {
    "headers": HEADERS | CLOSED | UNSAID,
    "cookie_options": {"samesite": "Strict"},
    "log_function": journal,
    "static_path": None,
}


@contextmanager
def said_or_stopped() -> Iterator[None]:
    """Stop the program with the sentence of an ImpactError, where JupyterHub would write a traceback."""
    try:
        yield
    except ImpactError as error:
        sys.exit(str(error))


def refuse_if_loosened(app: Any) -> None:
    """Raise ServingError unless everything that protects the hub is in place."""
    authenticator, tornado = app.authenticator, app.tornado_settings
    loosened = [key for key, value in REQUIRED["JupyterHub"].items() if getattr(app, key) != value]
    loosened += [key for key, value in REQUIRED["Authenticator"].items() if getattr(authenticator, key) != value]
    loosened += [key for key, value in REQUIRED["Spawner"].items() if app.config.Spawner.get(key) != value]
    loosened += [key for key, value in TORNADO.items() if tornado.get(key, "") != value]
    starts_proxy = app.config.ConfigurableHTTPProxy.get("should_start", True)
    if starts_proxy and urlsplit(app.bind_url).hostname not in ("127.0.0.1", "::1", "localhost"):
        loosened.append("bind_url")  # without HTTPS in front, secrets would be read on the network
    if loosened:
        raise ServingError(
            f"Les réglages suivants ne protègent plus les pages : {', '.join(loosened)}.",
            where="jupyterhub_config.py",
            remedy="Rien n’a été ouvert. Reprendre le fichier d’origine ; ne changer que ce que dit la documentation.",
        )
