"""Files: the page's code, from the installed packages and from nowhere else, and the results one may take away."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import voila
from jupyter_core.paths import jupyter_path
from jupyter_server.auth.decorator import allow_unauthenticated
from tornado.web import HTTPError, StaticFileHandler

from impact.errors import ServingError
from impact.serving.cubes import TYPES, released_file
from impact.serving.guard import WEB, Guarded, GuardedApi
from impact.serving.identity import PAGE, PUBLIC

EXTENSIONS = {
    "@voila-dashboards/widgets-manager8": "voila/labextensions",
    "@jupyter-widgets/jupyterlab-manager": "labextensions",
}
STYLES = {
    "formulaire.css": "text/css",
    "page.js": "text/javascript",
    "lien.js": "text/javascript",
}
ONE_DAY = 24 * 3600  # these addresses carry a version, and hold nothing of anybody


def voila_static() -> Path:
    """Return the folder of Voila's scripts."""
    return _installed("voila/templates/base/static")


def extension_folders() -> dict[str, Path]:
    """Return the folder of each front-end extension the page loads."""
    return {name: _installed(f"{parent}/{name}") for name, parent in EXTENSIONS.items()}


def page_config(folders: dict[str, Path], base: str) -> dict[str, Any]:
    """Return what Voila's scripts read in the page: addresses on this server, and two extensions."""
    extensions = []
    for name, folder in folders.items():
        build = json.loads((folder / "package.json").read_text(encoding="utf-8"))["jupyterlab"]["_build"]
        extensions.append({"name": name, **build})
    return {
        "appUrl": "voila/",
        "baseUrl": base,
        "fullStaticUrl": f"{base}voila/static/{voila.__version__}",
        "fullLabextensionsUrl": f"{base}voila/labextensions",
        "federated_extensions": extensions,
        "jupyterLabTheme": "light",
        "fullMathjaxUrl": None,  # MathJax as Voila ships it, should a text hold a formula
        "mathjaxConfig": None,
        "terminalsAvailable": False,
        "progressiveRendering": False,
    }


class LibraryHandler(GuardedApi, StaticFileHandler):
    """Hands out installed scripts to who is logged in."""

    auth_resource = PAGE

    def parse_url_path(self, url_path: str) -> str:
        """Refuse a name that no file can have."""
        if "\0" in url_path:
            raise HTTPError(404)
        return super().parse_url_path(url_path)

    def set_extra_headers(self, path: str) -> None:
        """Let the browser keep them."""
        self.set_header("Cache-Control", f"private, max-age={ONE_DAY}")


class StyleHandler(Guarded):
    """Hands out the few files of this folder that the login page needs as well."""

    auth_resource = PUBLIC

    @allow_unauthenticated
    async def get(self, name: str) -> None:
        """Send one of them, by its exact name."""
        if name not in STYLES:
            raise HTTPError(404)
        self.set_header("Content-Type", f"{STYLES[name]}; charset=utf-8")
        self.set_header("Cache-Control", "no-cache")
        self.finish((WEB / name).read_bytes())


class DownloadHandler(Guarded):
    """Gives the files of one's own results, by the exact name that their manifest lists."""

    auth_resource = PAGE

    async def get(self, name: str) -> None:
        """Send one of them, to be saved rather than shown."""
        cube = self.kernel_manager.cubes.find(self.session.code)
        kind = TYPES.get(Path(name).suffix)
        content = released_file(cube, name) if cube and kind else None
        if content is None:
            raise HTTPError(404)
        self.set_header("Content-Type", kind)
        self.set_header("Content-Disposition", f'attachment; filename="{name}"')
        self.set_header("Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'")
        self.finish(content)


def _installed(relative: str) -> Path:
    for root in jupyter_path():
        folder = Path(root) / relative
        if folder.is_dir():
            return folder.resolve()
    raise ServingError(f"Voila est installé sans « {relative} ».", remedy="Réinstaller l’atelier (make installer).")
