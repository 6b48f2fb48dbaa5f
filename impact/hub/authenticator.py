"""Who comes in by the hub: the same accounts, the same brake on wrong secrets, the same form as `impact servir`."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from jupyterhub.auth import Authenticator
from tornado.web import RequestHandler
from traitlets import Unicode

from impact.errors import french
from impact.hub.door import routes
from impact.hub.protection import refuse_if_loosened, said_or_stopped
from impact.serving.accounts import Accounts
from impact.serving.guard import Refusal, network
from impact.serving.links import opened_by
from impact.serving.login import DEAD_LINK, WRONG, Gate, told_to_wait
from impact.serving.start import ACCOUNTS_FILE, alone

NAME = 32  # signs of an epoch: 128 bits, which nobody guesses


class AccountsAuthenticator(Authenticator):
    """Lets an account in, under a name that only lasts as long as its secret and its links' key.

    The hub's name of an account, which stands in addresses, is the beginning of its epoch. So nobody can try names to
    learn which associations are there, and renewing or removing an access leaves a name that stands for nobody: its
    sessions, at the hub and on its pages, end at the next look.
    """

    outputs = Unicode(config=True, help="The campaign's folder: the released cubes and the accounts file.")

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        folder, self._held = Path(self.outputs), ExitStack()
        with said_or_stopped():
            self._held.enter_context(alone(folder))  # two servers would each count wrong secrets for themselves
        self.accounts = Accounts(folder / ACCOUNTS_FILE)
        self.gate = Gate(self.accounts)

    def code(self, name: str) -> str | None:
        """Return the code of the account that has this name now."""
        return next((code for code in self.accounts.codes() if self._name(code) == name), None)

    async def authenticate(self, handler: RequestHandler, data: dict[str, str]) -> str:
        """Return the name of who proves to be an account, by its secret or by a link; refuse anybody else alike."""
        if "jeton" in data:
            code = opened_by(self.accounts, data["jeton"])
            if code is None:
                raise Refusal(401, DEAD_LINK)
        else:
            code = data["identifiant"][:64]
            await self._check(code, data["secret"], handler.request.remote_ip)
        return self._name(code)

    async def refresh_user(self, user: Any, handler: RequestHandler | None = None) -> bool:
        """Say whether this name still stands for an account."""
        return self.code(user.name) is not None

    def get_handlers(self, app: Any) -> list[tuple]:
        """Return the hub's doors, in front of JupyterHub's own; refuse a hub that protects less than it should."""
        with said_or_stopped():
            refuse_if_loosened(app)
        return routes()

    async def _check(self, code: str, secret: str, address: str) -> None:
        accepted, seconds = await self.gate.check(code, secret, address)
        if accepted:
            return
        known = code if self.gate.knows(code) else "un identifiant inconnu"  # people mistype their secret there
        self.log.warning("Connexion refusée pour %s depuis %s", known, network(address))
        if seconds:
            refusal = Refusal(429, told_to_wait(seconds))
            refusal.headers = {"Retry-After": str(seconds)}
            raise refusal
        raise Refusal(401, french(WRONG))

    def _name(self, code: str) -> str:
        return (self.accounts.epoch(code) or "")[:NAME]
