"""The server: Voila reduced to one notebook, a login, and the routes listed here."""

from __future__ import annotations

import logging
import os
import re
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable
from typing import Any

import nbformat
import tornado.ioloop
import tornado.web
import voila
from jupyter_core.utils import ensure_async
from jupyter_server.utils import url_path_join
from tornado.httpserver import HTTPServer
from traitlets.config import Config
from voila.app import Voila
from voila.configuration import VoilaConfiguration
from voila.paths import collect_template_paths

from impact.errors import ServingError
from impact.page import ACTIVITY
from impact.serving.accounts import Accounts
from impact.serving.channel import ChannelHandler, KernelHandler, LeaveHandler, WidgetConnection
from impact.serving.confinement import ALONE, NONE
from impact.serving.cubes import Cubes
from impact.serving.guard import WEB, Missing, journal
from impact.serving.health import HealthHandler, Life
from impact.serving.identity import OwnerAuthorizer, SessionIdentity
from impact.serving.kernels import MESSAGES_IN, OneKernelSpec, OwnedKernels
from impact.serving.library import (
    DownloadHandler,
    LibraryHandler,
    StyleHandler,
    extension_folders,
    page_config,
    voila_static,
)
from impact.serving.login import Gate, LinkHandler, LoginHandler, LogoutHandler
from impact.serving.page import ActivityHandler, PageHandler
from impact.serving.protection import NOT_ALONE, PROTECTION, refuse_if_loosened
from impact.serving.provisioner import Zygote, ZygoteProvisioner, can_fork, imports_of
from impact.serving.sessions import Sessions

CELL_TIMEOUT = 60  # seconds: a page that takes longer is broken, and says so
LARGEST_MESSAGE = 256 * 1024  # bytes from a browser: a widget's value is a few hundred
KERNEL = r"(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)"

STRICT = Config(
    {
        "VoilaConfiguration": {
            "template": "lab",
            "allow_template_override": "NO",
            "allow_theme_override": "NO",
            "strip_sources": True,
            "show_tracebacks": False,
            "preheat_kernel": False,
            "progressive_rendering": False,
            "multi_kernel_manager_class": OwnedKernels,
            "kernel_spec_manager_class": OneKernelSpec,
        },
        "OwnedKernels": {"allow_tracebacks": False, "buffer_offline_messages": False},
        "AsyncIOLoopKernelRestarter": {"restart_limit": 0},  # a page cannot go on with a fresh kernel
        "NotebookClient": {"timeout": CELL_TIMEOUT},
    }
)


class ResultsServer(Voila):
    """Shows each account its own results, and nothing to anybody else."""

    def __init__(self, notebook: nbformat.NotebookNode, accounts: Accounts, cubes: Cubes, prefix: str = "/"):
        super().__init__(
            config=STRICT.copy(),
            log_level=logging.WARNING,
            authorizer_class=OwnerAuthorizer,
            identity_provider_class=SessionIdentity,
            kernel_websocket_connection_class=WidgetConnection,
            open_browser=False,
            root_dir=str(WEB),
            base_url=prefix,
        )
        self.life = Life()
        self.notebook, self.accounts, self.cubes = notebook, accounts, cubes
        self.voila_configuration = VoilaConfiguration(parent=self)
        self.template_paths = [str(WEB), *collect_template_paths(["voila", "nbconvert"], "lab", prune=True)]

    def init_settings(self) -> dict[str, Any]:
        """Let Voila build its parts, then tie them to the accounts and the cubes."""
        settings = super().init_settings()
        sessions = Sessions(self.accounts)
        self.identity_provider.sessions = sessions
        self.kernel_manager.cubes = self.cubes
        self.kernel_manager.is_alive_session = sessions.alive
        self.kernel_manager.allowed_message_types = MESSAGES_IN
        return settings | {
            "login_url": url_path_join(self.base_url, "connexion"),
            "allow_unauthenticated_access": False,
            "allow_origin": "",
            "xsrf_cookie_kwargs": {"expires_days": None},
            "default_handler_class": Missing,
            "websocket_max_message_size": LARGEST_MESSAGE,
            "ws_ping_interval": 10_000,  # milliseconds: a connection that is silent three times is given up
            "compress_response": True,
            "log_function": journal,
        }

    def door(self) -> list[Any]:
        """Return the routes by which one comes in and goes out, and the one that says whether all is well."""
        gate = {"gate": Gate(self.accounts)}
        return [
            (r"/connexion", LoginHandler, gate),
            (r"/lien", LinkHandler, gate),
            (r"/deconnexion", LogoutHandler),
            (r"/sante", HealthHandler, {"life": self.life, "accounts": self.accounts}),
        ]

    def init_handlers(self) -> list[Any]:
        """Return every route of the server: Voila's own are not added."""
        folders = extension_folders()
        page = {
            "life": self.life,
            "source": self.notebook,
            "voila_configuration": self.voila_configuration,
            "traitlet_config": self.config,
            "template_paths": self.template_paths,
            "contents_manager": self.contents_manager,
            "kernel_spec_manager": self.kernel_spec_manager,
            "page_config": page_config(folders, self.base_url),
        }
        library = [
            (rf"/voila/labextensions/{name}/static/(.*)", LibraryHandler, {"path": str(folder / "static")})
            for name, folder in folders.items()
        ]
        routes = [
            (r"/", PageHandler, page),
            (rf"/{ACTIVITY}", ActivityHandler, page),
            *self.door(),
            (r"/fichiers/([\w.-]+)", DownloadHandler),
            (r"/style/([a-z.]+)", StyleHandler),
            (rf"/api/kernels/{KERNEL}", KernelHandler),
            (rf"/api/kernels/{KERNEL}/channels", ChannelHandler),
            (rf"/voila/api/shutdown/{KERNEL}", LeaveHandler),
            (rf"/voila/static/{re.escape(voila.__version__)}/(.*)", LibraryHandler, {"path": str(voila_static())}),
            *library,
        ]
        return [(re.escape(self.base_url.rstrip("/")) + route, *rest) for route, *rest in routes]

    def run(self, sockets: list[socket.socket], opened: Callable[[str], None], *, strict: bool) -> None:
        """Serve on `sockets` until asked to stop; call `opened` with the protection in place; leave nothing behind.

        Raises ServingError with `strict` when a page cannot be wholly shut in.
        """
        self.connection_dir = tempfile.mkdtemp(prefix="impact-")
        try:
            zygote = self.start_zygote() if can_fork() else None
            walls = zygote.walls if zygote else NONE
            if strict and walls != ALONE:
                raise ServingError(NOT_ALONE, where="--strict", remedy=PROTECTION[walls])
            settings = self.init_settings()
            self.app = tornado.web.Application(**settings)
            self.app.add_handlers(".*$", self.init_handlers())
            self.kernel_manager.zygote = zygote
            refuse_if_loosened(self)
            server = HTTPServer(self.app, xheaders=True, max_body_size=LARGEST_MESSAGE, idle_connection_timeout=75)
            server.add_sockets(sockets)
            self.ioloop = tornado.ioloop.IOLoop.current()
            self.ioloop.time = (
                time.monotonic
            )  # else, should the clock be set back, all that is periodic would wait for it
            signal.signal(signal.SIGTERM, self._handle_signal_stop)
            opened(PROTECTION[walls])
            self.ioloop.start()
        except KeyboardInterrupt:
            pass
        finally:
            self.stop()

    def _handle_signal_stop(self, *_signal: Any) -> None:
        """Stop gently when asked by the system: pages under way are finished first."""
        self.ioloop.add_callback_from_signal(self._end)

    async def _end(self) -> None:
        await self.life.end()
        self.ioloop.stop()

    def start_zygote(self) -> Zygote:
        """Start importing what the page needs, while the rest gets ready."""
        ZygoteProvisioner.register()
        home = os.path.join(self.connection_dir, "depart")
        os.mkdir(home, 0o700)
        return Zygote(imports_of(self.notebook), home)

    def stop(self) -> None:
        """Stop every kernel, then remove the server's private folder."""
        loop = tornado.ioloop.IOLoop.current()
        if hasattr(self, "kernel_manager"):
            loop.run_sync(lambda: ensure_async(self.kernel_manager.shutdown_all(now=True)))
            if self.kernel_manager.zygote:
                self.kernel_manager.zygote.stop()
        shutil.rmtree(self.connection_dir, ignore_errors=True)
