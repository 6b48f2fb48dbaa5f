"""Who is asking, and whether this is theirs: every handler goes through these two classes."""

from __future__ import annotations

from typing import Any

from jupyter_server.auth.authorizer import Authorizer
from jupyter_server.auth.identity import IdentityProvider, User
from tornado.web import RequestHandler
from traitlets import Instance

from impact.serving.sessions import LIFETIME, Session, Sessions

PUBLIC, PAGE, KERNEL, LEADS = "public", "page", "kernels", "activity"  # what a handler hands out
LEAD = "responsable"  # the account of the evaluation lead, as impact.disclosure names it


class SessionIdentity(IdentityProvider):
    """Reads the session cookie and nothing else: no token, no header, no query string says who someone is."""

    sessions = Instance(Sessions)

    def session(self, handler: RequestHandler) -> Session | None:
        """Return the live session of this request, if any."""
        key = handler.get_cookie(_cookie_name(handler))
        return self.sessions.find(key) if key else None

    def get_user(self, handler: RequestHandler) -> User | None:
        """Return the association that asks, None for a stranger."""
        session = self.session(handler)
        return User(username=session.code) if session else None

    def log_in(self, handler: RequestHandler, code: str) -> Session | None:
        """Open a new session for `code` and return it; a key that the browser already held is never reused."""
        former = self.session(handler)
        if former:
            self.sessions.end(former)
        key = self.sessions.start(code)
        handler.set_cookie(_cookie_name(handler), key, httponly=True, max_age=LIFETIME)
        return self.sessions.find(key)

    def log_out(self, handler: RequestHandler) -> None:
        """End the session of this request on the server, then in the browser."""
        session = self.session(handler)
        if session:
            self.sessions.end(session)
        handler.clear_cookie(_cookie_name(handler), path="/", secure=is_https(handler), samesite="Strict")

    def get_handlers(self) -> list[tuple[str, object]]:
        """Return none: the application lists all its routes in one place."""
        return []


class OwnerAuthorizer(Authorizer):
    """Says yes to what is declared and owned; to anything else, no."""

    def is_authorized(self, handler: Any, user: User | None, action: str, resource: str | None) -> bool:
        """Allow public pages to all, theirs to who is logged in, a kernel to its starter, the activity to the lead."""
        if resource == PUBLIC:
            return True
        session = self.identity_provider.session(handler)
        if session is None or user is None or user.username != session.code:
            return False
        if resource == KERNEL:
            return handler.kernel_manager.owner(handler.path_kwargs.get("kernel_id")) == session
        allowed = resource == PAGE or (resource == LEADS and session.code == LEAD)
        if allowed:
            self.identity_provider.sessions.touch(session)
        return allowed


def is_https(handler: RequestHandler) -> bool:
    """Say whether the browser came through HTTPS."""
    return handler.request.protocol == "https"


def _cookie_name(handler: RequestHandler) -> str:
    """Name the cookie: __Host- binds it to this very site; the path, or the port, keeps two servers apart.

    A cookie named __Host- must hold for the whole site: below a sub-path too, its own path is « / ».
    """
    if is_https(handler):
        return "-".join(["__Host-impact", *filter(None, handler.base_url.split("/"))])
    return f"impact-{handler.request.host.rpartition(':')[2] or '80'}"
