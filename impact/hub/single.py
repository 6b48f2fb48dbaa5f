"""The server of one account behind the hub: the hub says who comes, every other wall is that of `impact servir`.

JupyterHub's spawner runs `python -m impact.hub.single` in place of a Jupyter server, on this machine or in a container:
IMPACT_SORTIES is the folder that holds the account's cube (and need hold no other), IMPACT_COMPTE its code.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import nbformat
from jupyter_server.auth.decorator import allow_unauthenticated
from jupyterhub.services.auth import HubOAuth
from tornado.httputil import url_concat
from tornado.ioloop import IOLoop, PeriodicCallback
from tornado.netutil import bind_sockets
from tornado.web import HTTPError

from impact.campaign import example_folder
from impact.hub.protection import said_or_stopped
from impact.serving.app import ResultsServer
from impact.serving.cubes import Cubes
from impact.serving.guard import Guarded
from impact.serving.identity import PUBLIC
from impact.serving.login import LogoutHandler
from impact.serving.sessions import Session

LOOK = 5  # seconds between two questions to the hub about the sessions that are open
UNUSED = 600  # seconds without an open page before this server stops; the hub starts it again in three


class OneAccount:
    """The account of this server; whether it still holds, the hub knows."""

    def __init__(self, code: str, name: str):
        self.code, self.name = code, name

    def epoch(self, code: str) -> str | None:
        """Return the hub's name of the account, which changes with its secret; None for any other account."""
        return self.name if code == self.code else None


class SingleServer(ResultsServer):
    """Shows one account its results, to whom the hub sends as being that account."""

    def __init__(self, notebook: nbformat.NotebookNode, account: OneAccount, cubes: Cubes, prefix: str):
        super().__init__(notebook, account, cubes, prefix)
        self.hub = HubOAuth.instance()
        self.tokens: dict[Session, str] = {}
        self.used = time.monotonic()

    def door(self) -> list[Any]:
        """Return the routes by which the hub lets in, and the way out."""
        hub = {"server": self}
        return [
            (r"/connexion", EnterHandler, hub),
            (r"/oauth_callback", CallbackHandler, hub),
            (r"/deconnexion", LeaveHandler, hub),
        ]

    def init_settings(self) -> dict[str, Any]:
        """Look after the sessions, once the loop runs and follows the monotonic clock."""
        IOLoop.current().add_callback(PeriodicCallback(self.look, LOOK * 1000).start)
        return super().init_settings()

    async def look(self) -> None:
        """End the sessions that the hub no longer vouches for, and this server when nobody has used it for long."""
        for session, token in list(self.tokens.items()):
            if not await self.vouched(token):
                self.identity_provider.sessions.end(session)
            if not self.identity_provider.sessions.alive(session):
                del self.tokens[session]
        if len(self.kernel_manager):
            self.used = time.monotonic()
        elif time.monotonic() - self.used > UNUSED:
            await self._end()

    async def vouched(self, token: str) -> bool:
        """Say whether the hub still knows this token as the account's; a hub that cannot answer vouches for nobody."""
        with suppress(Exception):  # whatever the reason
            user = await self.hub.user_for_token(token, use_cache=False, sync=False) or {"name": "", "scopes": []}
            return user["name"] == self.accounts.name and bool(self.hub.check_scopes(self.hub.access_scopes, user))
        return False


class HubHandler(Guarded):
    """A handler that knows the hub."""

    auth_resource = PUBLIC

    def initialize(self, server: SingleServer) -> None:
        """Receive the server, which holds what ties it to the hub."""
        self.server, self.hub = server, server.hub


class EnterHandler(HubHandler):
    """Sends to the hub whoever is not known here."""

    @allow_unauthenticated
    async def get(self) -> None:
        """Ask the hub who this is, or show the results to whoever is already in."""
        if self.session:
            self.redirect(self.here())
            return
        verifier, challenge, method = self.hub.generate_pkce_code_challenge()
        state = self.hub.set_state_cookie(self, self.here(), code_verifier=verifier)
        asked = {"state": state, "code_challenge": challenge, "code_challenge_method": method}
        self.redirect(url_concat(self.hub.login_url, asked))


class CallbackHandler(HubHandler):
    """Receives who comes back from the hub."""

    @allow_unauthenticated
    async def get(self) -> None:
        """Open a session for whoever left from here with this state and is, for the hub, this server's account."""
        state = self.get_query_argument("state", "")
        kept = self.get_secure_cookie(self.hub.get_state_cookie_name(state))
        self.hub.clear_oauth_state_cookies(self)
        if not kept or kept.decode() != state:
            raise HTTPError(403)
        back, verifier = self.hub.get_next_url(state), self.hub.get_code_verifier(state)
        self.hub.clear_oauth_state(state)
        code = self.get_query_argument("code", "")
        token = await self.hub.token_for_code(code, code_verifier=verifier, sync=False)
        if not await self.server.vouched(token):
            raise HTTPError(403)
        session = self.identity_provider.log_in(self, self.server.accounts.code)
        self.server.tokens[session], self.server.used = token, time.monotonic()
        self.redirect(back)


class LeaveHandler(LogoutHandler, HubHandler):
    """Ends the session here, then at the hub."""

    auth_resource = LogoutHandler.auth_resource

    def say_goodbye(self) -> None:
        """Leave by the hub's way out."""
        self.redirect(f"{self.hub.hub_prefix}logout", status=303)


def main(*options: str) -> None:
    """Serve the account that the spawner names, where it says; `--strict` as for `impact servir`."""
    folder, code, name = (os.environ[key] for key in ("IMPACT_SORTIES", "IMPACT_COMPTE", "JUPYTERHUB_USER"))
    place = urlsplit(os.environ["JUPYTERHUB_SERVICE_URL"])
    notebook = nbformat.read(example_folder("carnets") / "tableau_de_bord.ipynb", as_version=4)
    server = SingleServer(notebook, OneAccount(code, name), Cubes(Path(folder)), place.path)
    server.run(bind_sockets(place.port, place.hostname), server.log.info, strict="--strict" in options)


if __name__ == "__main__":
    with said_or_stopped():
        main(*sys.argv[1:])
