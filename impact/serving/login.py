"""The login page and the way out: plain forms that work without JavaScript."""

from __future__ import annotations

import asyncio
from functools import partial

from jupyter_server.auth.decorator import allow_unauthenticated
from tornado.web import HTTPError

from impact.serving.accounts import Accounts
from impact.serving.guard import Guarded
from impact.serving.identity import PAGE, PUBLIC
from impact.serving.throttle import Throttle

WRONG = "L’identifiant ou le code secret est incorrect."
LOGGED_OUT = "Vous êtes déconnecté."
MOST_WAITING = 40  # a check takes about 50 ms: beyond two seconds of queue, say so rather than wait


class Gate:
    """Checks secrets one at a time, so that many tries at once cannot slip between the counts."""

    def __init__(self, accounts: Accounts):
        self._accounts = accounts
        self._throttle = Throttle()
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def check(self, code: str, secret: str, address: str) -> tuple[bool, int]:
        """Return whether `secret` opens `code`, and the seconds to wait before another try."""
        if self._waiting >= MOST_WAITING:
            raise HTTPError(503)
        self._waiting += 1
        try:
            async with self._turn:
                return await self._check(code, secret, address)
        finally:
            self._waiting -= 1

    async def _check(self, code: str, secret: str, address: str) -> tuple[bool, int]:
        seconds = self._throttle.wait(code, address)
        if seconds:
            return False, seconds
        verify = partial(self._accounts.verify, code, secret)
        if await asyncio.get_running_loop().run_in_executor(None, verify):
            self._throttle.succeeded(code)
            return True, 0
        self._throttle.failed(code, address)
        return False, self._throttle.wait(code, address)


class LoginHandler(Guarded):
    """Asks for an identifier and a secret."""

    auth_resource = PUBLIC

    def initialize(self, gate: Gate) -> None:
        """Receive the gate that all login attempts share."""
        self.gate = gate

    @allow_unauthenticated
    async def get(self) -> None:
        """Show the form, or the results to whoever is already logged in."""
        if self.session:
            self.redirect("/")
        else:
            self.show_form()

    @allow_unauthenticated
    async def post(self) -> None:
        """Open a session, or say the same thing whatever was wrong."""
        code = self.get_body_argument("identifiant", "")[:64]
        secret = self.get_body_argument("secret", "", strip=False)
        accepted, seconds = await self.gate.check(code, secret, self.request.remote_ip)
        if accepted:
            self.identity_provider.log_in(self, code)
            self.log.info("Connexion de %r", code)
            self.redirect("/", status=303)
            return
        self.log.warning("Connexion refusée pour %r depuis %s", code, self.request.remote_ip)
        self.set_status(429 if seconds else 401)
        if seconds:
            self.set_header("Retry-After", str(seconds))
        self.show_form(error=_wait(seconds) if seconds else WRONG, code=code)

    def show_form(self, *, error: str = "", notice: str = "", code: str = "") -> None:
        """Send the login form."""
        self.show("login.html", error=error, notice=notice, code=code, xsrf=self.xsrf_form_html())


class LogoutHandler(Guarded):
    """Ends the session and everything that it had opened."""

    auth_resource = PAGE

    async def post(self) -> None:
        """Close the session's pages, then show the login form."""
        await self.kernel_manager.shutdown_session(self.session)
        self.identity_provider.log_out(self)
        self.set_header("Clear-Site-Data", '"cache"')
        self.show("login.html", error="", notice=LOGGED_OUT, code="", xsrf=self.xsrf_form_html())


def _wait(seconds: int) -> str:
    minutes = -(-seconds // 60)
    delay = f"{seconds} secondes" if seconds <= 60 else f"{minutes} minutes"
    return f"Trop d’essais avec un code incorrect. Attendez {delay}, puis réessayez."
