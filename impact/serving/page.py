"""The results page: laid out at publication and sent at once, then the widgets of one notebook where one may choose."""

from __future__ import annotations

import copy
import logging
import time
from collections.abc import Callable
from functools import partial
from math import inf
from queue import Empty
from typing import Any

import nbformat
from jupyter_server.auth.decorator import allow_unauthenticated
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError
from voila.notebook_renderer import NotebookRenderer

from impact.errors import CubeError, french
from impact.page import ACTIVITY, NOTHING, STYLE, Page, read_page
from impact.serving.guard import WEB, Guarded, Missing, Refusal
from impact.serving.health import STOPPING, Life
from impact.serving.identity import LEAD, LEADS, PAGE
from impact.serving.kernels import KERNEL_NAME

FRAME = WEB / "page.css"
TURN = 0.25  # seconds
RESULTS = "."  # the address of one's results, from the other page
OTHERS = {ACTIVITY: "L’activité du service", RESULTS: "Les résultats de l’évaluation"}
NO_RESULTS = (
    "Vos résultats ne sont pas publiés en ce moment. Réessayez dans quelques minutes ; si cela continue, "
    "prévenez le service."
)
NOT_SHOWN = (
    "Vos résultats ne sont pas montrés : ils ont été modifiés après coup, ou sont incomplets. Prévenez le service, et "
    "donnez-lui la référence {}."
)
PART_FAILED = (
    "Une partie de la page n’a pas pu être préparée. Rechargez la page ; si cela continue, donnez au service la "
    "référence {}."
)
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class FixedRenderer(NotebookRenderer):
    """Voila's renderer for a notebook that was read when the server started."""

    def __init__(self, source: nbformat.NotebookNode, **options: Any):
        super().__init__(notebook_path="page.ipynb", **options)
        self._source = source

    async def _jinja_kernel_start(self, *args: Any, **kwargs: Any) -> str:
        """Start as Voila does, then look again for answers that nobody announced (see `listen_again`)."""
        kernel_id = await super()._jinja_kernel_start(*args, **kwargs)
        channel = self.executor.kc.shell_channel
        channel.get_msg = partial(listen_again, channel.get_msg)
        return kernel_id

    async def load_notebook(self, path: str) -> nbformat.NotebookNode:
        """Return a copy of the notebook; the kernel is the server's, whatever the notebook says."""
        notebook = copy.deepcopy(self._source)
        notebook.metadata.kernelspec = {"name": KERNEL_NAME, "display_name": "Python", "language": "python"}
        return notebook


async def listen_again(get_msg: Callable[..., Any], timeout: float | None = None) -> dict[str, Any]:
    """Wait for a message in short turns.

    nbclient sends on this socket while it waits there (when an Output widget is written to), which can swallow the
    wake-up of the message it waits for: left alone, one page in five never ends. A new turn looks at the socket again.
    """
    end = inf if timeout is None else time.monotonic() + timeout
    while True:
        try:
            return await get_msg(timeout=max(0.0, min(TURN, end - time.monotonic())))
        except Empty:
            if time.monotonic() >= end:
                raise


class IncidentLog(logging.LoggerAdapter):
    """Writes what goes wrong in a page under the reference that its reader is told."""

    def process(self, msg: str, kwargs: Any) -> tuple[str, Any]:
        """Put the reference first."""
        return f"Incident {self.extra['reference']} : {msg}", kwargs


class StoryHandler(Guarded):
    """A handler that sends pages laid out before."""

    policy = PAGE_POLICY

    def initialize(self, life: Life, **renderer_options: Any) -> None:
        """Receive what all pages share."""
        self.life, self.renderer_options = life, renderer_options

    def kept(self, folder: str) -> Page:
        """Return the page in this folder; refuse when it is missing, or when anything beside it was altered."""
        cube = self.kernel_manager.cubes.find(folder)
        if cube is None:
            raise Refusal(410, NO_RESULTS)
        try:
            return read_page(cube)
        except CubeError as error:
            self.log.error("Incident %s : %s", self.reference, error)
            raise Refusal(410, NOT_SHOWN.format(self.reference)) from None

    def write_page(self, page: Page, detail: str, other: str) -> None:
        """Write all of the page that needs no kernel; `other` is the one that a link leads to, "" for none."""
        self.set_header("Content-Type", "text/html; charset=utf-8")
        shown = {"page": page, "detail": detail, "other": other, "other_title": OTHERS.get(other)}
        style = FRAME.read_text("utf-8") + STYLE.read_text("utf-8")
        self.write(self.filled("page.html", style=style, xsrf=self.xsrf_form_html(), **shown))


class ActivityHandler(StoryHandler, Missing):
    """Sends the service's activity to the evaluation lead; for anybody else there is no such page."""

    auth_resource = LEADS

    @allow_unauthenticated
    async def get(self) -> None:
        """Send it, where it is published."""
        if self.kernel_manager.cubes.find(ACTIVITY) is None:
            raise HTTPError(404)
        self.write_page(self.kept(ACTIVITY), NOTHING, RESULTS)


class PageHandler(StoryHandler):
    """Sends the page of this session, then a kernel's widgets where there is something to choose."""

    auth_resource = PAGE

    async def get(self) -> None:
        """Send the page, unless there is nothing to show or the server is stopping."""
        if self.life.stopping:
            raise Refusal(503, STOPPING)
        page = self.kept(self.session.code)
        if page.choices:
            await self.kernel_manager.make_room(self.session.code)
        self.life.preparing += 1
        try:
            detail, lead = page.known(self.detail), self.session.code == LEAD
            self.write_page(page, detail, ACTIVITY if lead and self.kernel_manager.cubes.find(ACTIVITY) else "")
            if page.choices:
                await self.send_choice(detail)
        finally:
            self.life.preparing -= 1

    async def send_choice(self, detail: str) -> None:
        """Run the notebook after what is read already; a failure ends the page with a French sentence."""
        kernel_id, failure = None, french(PART_FAILED.format(self.reference))
        try:
            await self.flush()
            renderer = FixedRenderer(base_url=self.base_url, **self.renderer_options)
            await renderer.initialize()
            renderer.log = IncidentLog(self.log, {"reference": self.reference})
            renderer.resources |= {"failure": failure}
            kernel_id = await self.kernel_manager.start_for(self.session, detail)
            kernel = self.kernel_manager.get_kernel(kernel_id)
            async for html, _ in renderer.generate_content_generator(kernel_id, kernel):
                self.write(html)
                await self.flush()
        except StreamClosedError:  # the reader left before the page was whole
            if kernel_id:
                await self.kernel_manager.stop(kernel_id)
        except Exception:
            self.log.exception("Incident %s : la page de %r", self.reference, self.current_user.username)
            self.write(f'<p role="alert" class="panne">{failure}</p>')
