"""The login page and the way out: plain forms that work without JavaScript."""

from __future__ import annotations

import asyncio
from functools import partial

from jupyter_server.auth.decorator import allow_unauthenticated
from tornado.web import HTTPError

from impact.errors import french
from impact.serving.accounts import Accounts
from impact.serving.guard import PLAIN_POLICY, Guarded, network
from impact.serving.identity import PAGE, PUBLIC
from impact.serving.links import opened_by
from impact.serving.throttle import Throttle

WRONG = "L’identifiant ou le code secret est incorrect."
DEAD_LINK = french(
    "Ce lien ne vaut plus rien : il est trop ancien, il a été annulé, ou il manque un morceau de son adresse. "
    "Demandez-en un autre au service, ou entrez avec votre code secret."
)
LOGGED_OUT = "Vous êtes déconnecté."
MOST_WAITING = 40  # a check takes about 50 ms: beyond two seconds of queue, say so rather than wait


class Gate:
    """Checks secrets one at a time, so that many tries at once cannot slip between the counts."""

    def __init__(self, accounts: Accounts):
        self.accounts = accounts
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

    def knows(self, code: str) -> bool:
        """Say whether `code` has an account, for the journal only."""
        return self.accounts.find(code) is not None

    async def _check(self, code: str, secret: str, address: str) -> tuple[bool, int]:
        seconds = self._throttle.wait(code, address)
        if seconds:
            return False, seconds
        verify = partial(self.accounts.verify, code, secret)
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
            self.redirect(self.here())
        else:
            self.show_form()

    @allow_unauthenticated
    async def post(self) -> None:
        """Open a session, or say the same thing whatever was wrong."""
        code = self.get_body_argument("identifiant", "")[:64]
        secret = self.get_body_argument("secret", "", strip=False)
        accepted, seconds = await self.gate.check(code, secret, self.request.remote_ip)
        if accepted:
            self.enter(code)
            return
        known = code if self.gate.knows(code) else "un identifiant inconnu"  # people mistype their secret there
        self.log.warning("Connexion refusée pour %s depuis %s", known, network(self.request.remote_ip))
        self.set_status(429 if seconds else 401)
        if seconds:
            self.set_header("Retry-After", str(seconds))
        self.show_form(error=told_to_wait(seconds) if seconds else WRONG, code=code)

    def enter(self, code: str) -> None:
        """Open a session for `code`, then its page."""
        self.identity_provider.log_in(self, code)
        self.redirect(self.here(), status=303)

    def show_form(self, *, error: str = "", notice: str = "", code: str = "") -> None:
        """Send the login form."""
        action = self.here("connexion")
        self.show("login.html", action=action, error=error, notice=notice, code=code, xsrf=self.xsrf_form_html())


class LinkHandler(LoginHandler):
    """Lets in whoever comes by a link: reading the page does nothing, only its button enters."""

    policy = f"{PLAIN_POLICY}; script-src 'self'"

    @allow_unauthenticated
    async def get(self) -> None:
        """Show the button; nothing is asked of the link yet, and no cookie is set."""
        self.show("lien.html", action=f"{self.base_url}lien", sign_in=f"{self.base_url}connexion", xsrf="")

    @allow_unauthenticated
    async def post(self) -> None:
        """Open a session, or say that the link is worth nothing."""
        code = opened_by(self.gate.accounts, self.get_body_argument("jeton", ""))
        if code:
            self.enter(code)
            return
        self.log.warning("Lien refusé depuis %s", network(self.request.remote_ip))
        self.set_status(401)
        self.show_form(error=DEAD_LINK)

    def check_xsrf_cookie(self) -> None:
        """Ask for the same origin rather than a cookie: who comes from a webmail has sent none yet."""
        if self.request.method == "POST" and not (self.get_origin() and self.check_origin()):
            raise HTTPError(403)


class LogoutHandler(Guarded):
    """Ends the session and everything that it had opened."""

    auth_resource = PAGE

    async def post(self) -> None:
        """Close the session's pages, then show the login form."""
        await self.kernel_manager.shutdown_session(self.session)
        self.identity_provider.log_out(self)
        self.set_header("Clear-Site-Data", '"cache"')
        self.say_goodbye()

    def say_goodbye(self) -> None:
        """Show the login form again."""
        action = self.here("connexion")
        self.show("login.html", action=action, error="", notice=LOGGED_OUT, code="", xsrf=self.xsrf_form_html())


def told_to_wait(seconds: int) -> str:
    """Return what is told after too many tries."""
    minutes = -(-seconds // 60)
    delay = f"{seconds} secondes" if seconds <= 60 else f"{minutes} minutes"
    return f"Trop d’essais avec un code incorrect. Attendez {delay}, puis réessayez."
