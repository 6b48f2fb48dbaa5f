"""The page's connection to its kernel: same origin, same owner, and only what widgets need, both ways."""

from __future__ import annotations

import json
from typing import Any

from jupyter_server.services.kernels.connection.base import deserialize_binary_message, deserialize_msg_from_ws_v1
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.services.kernels.websocket import KernelWebsocketHandler
from tornado.web import HTTPError

from impact.serving.guard import GuardedApi
from impact.serving.identity import KERNEL
from impact.serving.kernels import MESSAGES_IN

MESSAGES_OUT = {"comm_open", "comm_msg", "comm_close", "status", "comm_info_reply", "kernel_info_reply"}
WIDGET_CONTROL = "jupyter.widget.control"  # the page asks for the state of widgets; it never creates one
CLOSED_BY_SERVER = 4001
REFERENCE = 8  # signs of the kernel's name that the page tells its reader when a choice fails
LONGEST_TOLD = 4000  # signs: the end of a traceback says most


class WidgetConnection(ZMQChannelsWebsocketConnection):
    """Carries widget messages; drops everything else, code to run and error texts alike."""

    def handle_incoming_message(self, incoming_msg: Any) -> None:
        """Pass a widget message on to the kernel's shell channel."""
        try:
            allowed = self._is_allowed(incoming_msg)
        except Exception:  # whatever is wrong with it, a message that cannot be read is not passed on
            allowed = False
        if allowed:
            super().handle_incoming_message(incoming_msg)
        else:
            self.log.warning("Message refusé sur le canal du noyau %s", self.kernel_id)

    def _is_allowed(self, incoming: Any) -> bool:
        if self.subprotocol == "v1.kernel.websocket.jupyter.org":
            channel, parts = deserialize_msg_from_ws_v1(incoming)
            header, content = self.session.unpack(parts[0]), self.session.unpack(parts[3])
        else:
            message = deserialize_binary_message(incoming) if isinstance(incoming, bytes) else json.loads(incoming)
            channel, header, content = message.get("channel"), message["header"], message["content"]
        kind = header["msg_type"]
        if channel != "shell" or kind not in MESSAGES_IN:
            return False
        return kind != "comm_open" or content["target_name"] == WIDGET_CONTROL

    def handle_outgoing_message(self, stream: Any, outgoing_msg: list[Any]) -> None:
        """Pass on what widgets say; errors, prints and sources stay on the server."""
        _, parts = self.session.feed_identities(outgoing_msg)
        header = self.session.unpack(parts[1])
        if header["msg_type"] in MESSAGES_OUT:
            super().handle_outgoing_message(stream, outgoing_msg)
        elif header["msg_type"] in ("error", "stream"):
            content = self.session.unpack(parts[4])
            told = content.get("ename") or content.get("text", "")
            self.log.error("Incident %s : %s", self.kernel_id[:REFERENCE], told[-LONGEST_TOLD:])


class ChannelHandler(GuardedApi, KernelWebsocketHandler):
    """Opens the connection of a page to the kernel that was started for it."""

    auth_resource = KERNEL

    async def prepare(self, **options: Any) -> None:
        """Refuse a request that does not say which page it comes from: every browser does."""
        if not self.get_origin():
            self.current_user = None
            raise HTTPError(403)
        await super().prepare(**options)

    async def open(self, kernel_id: str) -> None:
        """Follow the kernel, unless it stopped meanwhile."""
        if self.kernel_manager.owner(kernel_id) is None:
            self.close(CLOSED_BY_SERVER)
            return
        self.kernel_manager.joined(kernel_id, self)
        await super().open(kernel_id)

    def on_message(self, ws_message: Any) -> None:
        """Carry a message while the session that opened this connection still holds."""
        owner = self.kernel_manager.owner(self.kernel_id)
        sessions = self.identity_provider.sessions
        if owner is None or not sessions.alive(owner):
            self.close(CLOSED_BY_SERVER)
        else:
            sessions.touch(owner)
            super().on_message(ws_message)

    def on_close(self) -> None:
        """Stop following the kernel."""
        self.kernel_manager.left(self.kernel_id, self)
        super().on_close()


class KernelHandler(GuardedApi):
    """Tells a page that its kernel runs; nothing else can be asked about a kernel."""

    auth_resource = KERNEL

    async def get(self, kernel_id: str) -> None:
        """Send the kernel's state."""
        if kernel_id not in self.kernel_manager:
            raise HTTPError(404)
        model = self.kernel_manager.kernel_model(kernel_id)
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(model, default=str))


class LeaveHandler(GuardedApi):
    """Stops a kernel when its page is closed (the browser's last word, sent without waiting for an answer)."""

    auth_resource = KERNEL

    async def post(self, kernel_id: str) -> None:
        """Stop the kernel."""
        if not self.get_origin():
            raise HTTPError(403)
        await self.kernel_manager.stop(kernel_id)
        self.set_status(204)
        self.finish()
