"""What the hub's configuration file asks for in one call."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import Any

from jupyterhub.spawner import LocalProcessSpawner, Spawner

from impact.activity.served import write_activity
from impact.campaign import read_campaign
from impact.cli.serve import check_published
from impact.hub.authenticator import AccountsAuthenticator
from impact.hub.protection import REQUIRED, TORNADO, said_or_stopped
from impact.keys import secret_key
from impact.serving.guard import WEB
from impact.serving.start import find_cubes


class LocalSpawner(LocalProcessSpawner):
    """Runs the server of an account as a process of the hub's own system user.

    JupyterHub wants a system user each where people run code of their own. Nobody does here: the server is ours, takes
    widget messages only, and its kernels are shut in with one cube.
    """

    def make_preexec_fn(self, name: str) -> None:
        """Change nothing of the process."""

    def user_env(self, env: dict[str, str]) -> dict[str, str]:
        """Name no system user."""
        return env


def configure(c: Any, outputs: Path, campaign: str, *, strict: bool = True) -> None:
    """Set, in a JupyterHub configuration, all that serves a published campaign and protects it.

    Parameters: `c`, what JupyterHub gives its configuration file; `outputs`, the folder given to `impact publier`;
    `campaign`, its name; `strict`, whether a server refuses to start when the system cannot wholly shut a page in.
    What is written after this call may choose another spawner, or addresses. The hub does not start when that loosens
    a protection (`refuse_if_loosened`), without a cube for each account, or with one that the campaign did not sign.
    """
    with said_or_stopped():
        check_published(read_campaign(campaign), outputs)
        find_cubes(outputs / campaign)
        write_activity(outputs / campaign, secret_key(campaign, "cle"))
    os.umask(0o077)
    for part, settings in REQUIRED.items():
        c[part].update(settings)
    c.JupyterHub.authenticator_class = AccountsAuthenticator
    c.JupyterHub.spawner_class = LocalSpawner
    c.JupyterHub.bind_url = "http://127.0.0.1:8000"
    c.JupyterHub.template_paths = [str(Path(__file__).parent / "web"), str(WEB)]
    c.JupyterHub.tornado_settings = dict(TORNADO)
    c.JupyterHub.log_level = logging.WARNING
    c.ConfigurableHTTPProxy.log_level = "warn"
    c.AccountsAuthenticator.outputs = str(outputs / campaign)
    c.Spawner.cmd = [sys.executable, "-P", "-m", "impact.hub.single", *(["--strict"] if strict else [])]
    c.Spawner.environment = {"IMPACT_SORTIES": str(outputs / campaign), "IMPACT_COMPTE": account}
    c.Spawner.poll_interval = 5  # seconds


def account(spawner: Spawner) -> str:
    """Return the code of the account that a server is started for."""
    code = spawner.authenticator.code(spawner.user.name)
    if code is None:
        raise PermissionError("this access was renewed or removed")
    return code
