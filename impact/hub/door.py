"""The hub's own addresses: those that a page needs, with our form; all the others of JupyterHub are closed."""

from __future__ import annotations

import secrets
from typing import Any

from jupyterhub.handlers.base import BaseHandler
from jupyterhub.handlers.login import LoginHandler as HubLoginHandler
from jupyterhub.handlers.login import LogoutHandler as HubLogoutHandler
from tornado.httputil import url_concat
from tornado.web import HTTPError

from impact.serving.guard import MESSAGES, PLAIN_POLICY, WEB, pages
from impact.serving.login import LOGGED_OUT

STYLES = {"formulaire.css": "text/css", "lien.js": "text/javascript"}
NEEDED = (  # each as a regular expression, after the hub's prefix
    "", "login", "logout", "lien", "health", r"style/[a-z.]+", r"error/\d+", r"spawn(?:/\w+)?", r"spawn-pending/\w+",
    r"user/\w+(?:/.*)?", "api/oauth2/authorize", "api/oauth2/token", "api/user",
)  # fmt: skip


def routes() -> list[tuple]:
    """Return our routes, which JupyterHub looks at first, and the one that closes whatever is not needed."""
    return [
        (r"/login", LoginHandler),
        (r"/lien", LinkHandler),
        (r"/logout", LogoutHandler),
        (r"/style/([a-z.]+)", StyleHandler),
        (rf"/(?!(?:{'|'.join(NEEDED)})$).*", Closed),
    ]


class LoginHandler(HubLoginHandler):
    """Shows the form of `impact servir`, and answers the same whatever was wrong."""

    async def post(self) -> None:
        """Open a session at the hub, then the account's page."""
        fields = ("jeton",) if "jeton" in self.request.body_arguments else ("identifiant", "secret")
        data = {name: self.get_body_argument(name, "", strip=name != "secret") for name in fields}
        user = await self.login_user(data)  # or a Refusal, see write_error
        if user is None:
            raise HTTPError(403)
        self.redirect(self.get_next_url(user), status=303)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Show the form again, with what went wrong."""
        refusal = kwargs.get("exc_info", (None, None))[1]
        for name, value in getattr(refusal, "headers", {}).items():
            self.set_header(name, value)
        told = getattr(refusal, "sentence", MESSAGES.get(status_code, MESSAGES[400]))
        self.finish(self.form(error=told, code=self.get_body_argument("identifiant", "")[:64]))

    async def _render(self, **_options: Any) -> str:
        """Return what JupyterHub shows to who is not logged in."""
        return self.form(notice=LOGGED_OUT if self.get_query_argument("sortie", "") else "")

    def get_content_type(self) -> str:
        """Say in what the form is written."""
        return "text/html; charset=utf-8"

    def form(self, *, error: str = "", notice: str = "", code: str = "") -> str:
        """Return the form; it keeps the address that was asked for."""
        action = url_concat(self.settings["login_url"], {"next": self.get_query_argument("next", "")})
        options = {"base": self.hub.base_url, "xsrf": self.xsrf_form_html()}
        return pages.get_template("login.html").render(action=action, error=error, notice=notice, code=code, **options)


class LinkHandler(LoginHandler):
    """Lets in whoever comes by a link: reading the page does nothing, only its button enters."""

    async def get(self) -> None:
        """Show the button, whose form goes to the login page; the token stands after the « # »."""
        self.set_header("Content-Security-Policy", f"{PLAIN_POLICY}; script-src 'self'")
        action = self.settings["login_url"]
        options = {"action": action, "sign_in": action, "xsrf": self.xsrf_form_html()}
        self.finish(pages.get_template("lien.html").render(base=self.hub.base_url, **options))


class LogoutHandler(HubLogoutHandler):
    """Ends the hub's session and, with it, every page that it had opened."""

    async def default_handle_logout(self) -> None:
        """Have the account's login cookies worth nothing, copies too; the pages of others stay open."""
        user = self.current_user
        await super().default_handle_logout()
        if user:
            user.orm_user.cookie_id = secrets.token_urlsafe(32)
            self.db.commit()

    async def render_logout_page(self) -> None:
        """Show the form, which says so."""
        self.redirect(url_concat(self.settings["login_url"], {"sortie": "oui"}))


class StyleHandler(BaseHandler):
    """Hands out, by their exact name, the files of the form."""

    def get(self, name: str) -> None:
        """Send one of them."""
        if name not in STYLES:
            raise HTTPError(404)
        self.set_header("Content-Type", f"{STYLES[name]}; charset=utf-8")
        self.set_header("Cache-Control", "no-cache")
        self.finish((WEB / name).read_bytes())


class Closed(BaseHandler):
    """Answers every other address of JupyterHub: administration, tokens, sharing, other servers, its API."""

    async def prepare(self) -> None:
        """Say that there is no such page."""
        await super().prepare()
        raise HTTPError(404)
