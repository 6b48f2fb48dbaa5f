"""The results page: one notebook, run for whoever is logged in, on their own cube."""

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
from tornado.iostream import StreamClosedError
from voila.notebook_renderer import NotebookRenderer

from impact.errors import french
from impact.serving.guard import FAILURE, Guarded, Refusal
from impact.serving.health import STOPPING, Life
from impact.serving.identity import PAGE
from impact.serving.kernels import KERNEL_NAME

TURN = 0.25  # seconds
NO_RESULTS = (
    "Vos résultats ne sont pas publiés en ce moment. Réessayez dans quelques minutes ; si cela continue, "
    "prévenez le service."
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


class PageHandler(Guarded):
    """Starts a kernel for this session and streams the page while the notebook runs."""

    auth_resource = PAGE
    policy = PAGE_POLICY

    def initialize(self, life: Life, **renderer_options: Any) -> None:
        """Receive what all pages share."""
        self.life, self.renderer_options = life, renderer_options

    async def get(self) -> None:
        """Send the page, unless there is nothing to show or the server is stopping."""
        if self.life.stopping:
            raise Refusal(503, STOPPING)
        if self.kernel_manager.cubes.find(self.session.code) is None:
            raise Refusal(410, NO_RESULTS)
        self.life.preparing += 1
        try:
            await self.send_page()
        finally:
            self.life.preparing -= 1

    async def send_page(self) -> None:
        """Stream the page; a failure half-way ends it with a French sentence."""
        renderer = FixedRenderer(base_url=self.base_url, **self.renderer_options)
        await renderer.initialize()
        renderer.log = IncidentLog(self.log, {"reference": self.reference})
        renderer.resources |= {"xsrf": self.xsrf_form_html(), "reference": self.reference}
        kernel_id = await self.kernel_manager.start_for(self.session, self.detail)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        try:
            kernel = self.kernel_manager.get_kernel(kernel_id)
            async for html, _ in renderer.generate_content_generator(kernel_id, kernel):
                self.write(html)
                await self.flush()
        except StreamClosedError:  # the reader left before the page was whole
            await self.kernel_manager.stop(kernel_id)
        except Exception:
            self.log.exception("Incident %s : la page de %r", self.reference, self.current_user.username)
            self.write(f'<p role="alert" class="panne">{french(FAILURE.format(self.reference))}</p>')
