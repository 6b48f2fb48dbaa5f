"""What every handler of the server has in common: one door, closed headers, French errors without details."""

from __future__ import annotations

import json
import re
import secrets
from functools import cached_property
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import JupyterHandler, log
from tornado.web import HTTPError, RequestHandler

from impact.errors import french
from impact.serving.identity import PUBLIC, is_https
from impact.serving.sessions import Session

WEB = Path(__file__).parent / "web"
PLAIN_POLICY = (
    "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}
MESSAGES = {
    400: "La demande n’a pas été comprise.",
    403: "Cette page n’est pas accessible. Si vous veniez de vous connecter, vérifiez que votre navigateur "
    "accepte les cookies de ce site, puis recommencez.",
    404: "Cette page n’existe pas.",
    405: "Cette action n’est pas possible ici.",
    410: "Vos résultats ne sont pas publiés en ce moment. Prévenez le service qui vous a donné vos accès.",
    503: "Trop de pages sont ouvertes en ce moment. Fermez celles dont vous ne vous servez plus, "
    "puis réessayez dans une minute.",
}
FAILURE = (
    "La page n’a pas pu être préparée. Réessayez dans un instant ; si cela continue, donnez au service la référence {}."
)
DETAIL = re.compile(r"[A-Za-z0-9_]{1,64}")  # the name of a question; whether it is declared, the page itself knows

pages = Environment(loader=FileSystemLoader(WEB), autoescape=True, undefined=StrictUndefined)


class Refusal(HTTPError):
    """A refusal that has its own French sentence."""

    def __init__(self, status: int, sentence: str):
        super().__init__(status)
        self.sentence = french(sentence)


class Guarded(JupyterHandler):
    """A handler that declares what it hands out (`auth_resource`) and lets the authorizer decide, for each method."""

    auth_resource: str | None = None
    policy = PLAIN_POLICY

    async def prepare(self, **options: Any) -> None:
        """Refuse whoever may not have this resource; what is not theirs looks as if it did not exist."""
        await super().prepare(**options)
        action = "read" if self.request.method in ("GET", "HEAD") else "write"
        if not self._finished and not self.authorizer.is_authorized(
            self, self.current_user, action, self.auth_resource
        ):
            raise HTTPError(404)

    @property
    def session(self) -> Session | None:
        """The live session of this request."""
        return self.identity_provider.session(self)

    @property
    def detail(self) -> str:
        """The question that the address asks to see closer (`?detail=age`); "" for anything but a name."""
        asked = self.get_query_argument("detail", "")
        return asked if DETAIL.fullmatch(asked) else ""

    @cached_property
    def reference(self) -> str:
        """What the reader is told of a failure, and what the journal holds its details under."""
        return secrets.token_hex(4)

    def here(self, page: str = "") -> str:
        """Return the address of one of the server's pages, with the question that is looked at."""
        return f"{self.base_url}{page}" + (f"?detail={self.detail}" if self.detail else "")

    def get_login_url(self) -> str:
        """Return the login page, which will lead back to the same question."""
        return self.here("connexion")

    def set_default_headers(self) -> None:
        """Set the security headers, and do not say which server this is."""
        self.clear_header("Server")
        for name, value in HEADERS.items():
            self.set_header(name, value)
        self.set_header("Content-Security-Policy", self.policy)
        if is_https(self):
            self.set_header("Strict-Transport-Security", "max-age=31536000")

    def set_cookie(self, name: str, value: str, *args: Any, **options: Any) -> None:
        """Set a cookie that never leaves this site, nor HTTPS where there is HTTPS."""
        options |= {"samesite": "Strict", "secure": is_https(self), "path": "/"}
        super().set_cookie(name, value, *args, **options)

    def show(self, template: str, **values: Any) -> None:
        """Send one of the server's own pages."""
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(self.filled(template, **values))

    def filled(self, template: str, **values: Any) -> str:
        """Return one of the server's own pages."""
        return pages.get_template(template).render(base=self.base_url, **values)

    def compute_etag(self) -> None:
        """Send no fingerprint of a page: nothing of it is kept anyway."""

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Send a French sentence; the reason stays in the server's journal."""
        self.set_header("Content-Security-Policy", PLAIN_POLICY)
        self.show("error.html", message=self.told(status_code, **kwargs))

    def told(self, status_code: int, exc_info: Any = (None, None, None), **_kwargs: Any) -> str:
        """Return what the reader is told of a refusal or of a failure."""
        sentence = getattr(exc_info[1], "sentence", MESSAGES.get(status_code))
        return sentence or french(FAILURE.format(self.reference))

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Leave refusals to the journal; anything else is a fault, written in full on the server."""
        if not isinstance(value, HTTPError):
            place = (self.reference, self.request.method, self.request.path)
            self.log.error("Incident %s : %s %r", *place, exc_info=(typ, value, tb))

    async def options(self, *_args: Any, **_kwargs: Any) -> None:
        """Refuse: no other site has anything to ask here."""
        raise HTTPError(405)


def journal(handler: RequestHandler) -> None:
    """Write each refusal and failure on one line, without query strings; successes are not followed."""
    if handler.get_status() >= 400:
        request, user = handler.request, vars(handler).get("_current_user")  # not looked for in what makes no sense
        who = user.username if user else "anonyme"
        line = "%s %r : %s (%s, %s)"
        log().warning(line, request.method, request.path, handler.get_status(), who, network(request.remote_ip))


def network(address: str) -> str:
    """Return the network that an address belongs to: enough to see an attack, too little to tell a person."""
    try:
        wide = 24 if ip_address(address).version == 4 else 48
        return str(ip_network(f"{address}/{wide}", strict=False))
    except ValueError:
        return "inconnue"


class GuardedApi(Guarded):
    """A handler that the page's code calls: a stranger gets a refusal rather than the login page, in JSON."""

    def get_login_url(self) -> str:
        """Refuse where a page would lead to the login form."""
        raise HTTPError(403)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Send a French sentence as JSON."""
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps({"message": self.told(status_code, **kwargs)}))


class Missing(Guarded):
    """Answers every address that leads nowhere, the same way for everyone."""

    auth_resource = PUBLIC

    @allow_unauthenticated
    async def get(self, *_args: str) -> None:
        """Say that there is no such page."""
        raise HTTPError(404)

    head = post = put = patch = delete = options = get
