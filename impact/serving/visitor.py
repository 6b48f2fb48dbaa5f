"""A visitor without a screen: what a browser and the page's code send, for trying a server."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable

import requests
import websocket

PATIENCE = 60  # seconds for what takes one or two: the machine may be busy


class Visitor:
    """Somebody with a browser: cookies, and the address of the server."""

    def __init__(self, url: str):
        self.url, self.http = url, requests.Session()
        self.http.trust_env = False  # no proxy stands between this machine and itself

    def ask(self, path: str, **form: str) -> requests.Response:
        """Send a form when there is one, else ask for a page; redirections are not followed."""
        options = {"timeout": PATIENCE, "allow_redirects": False}
        if form:
            form["_xsrf"] = self.http.cookies.get("_xsrf", "")
            return self.http.post(self.url + path, data=form, **options)
        return self.http.get(self.url + path, **options)

    def log_in(self, code: str, secret: str) -> int:
        """Return the status that the login form answers."""
        self.ask("connexion")
        return self.ask("connexion", identifiant=code, secret=secret).status_code

    def connect(self, kernel: str) -> websocket.WebSocket:
        """Open the channel of a page's kernel."""
        address = self.url.replace("http", "ws", 1) + f"api/kernels/{kernel}/channels"
        cookie = "; ".join(f"{one.name}={one.value}" for one in self.http.cookies)
        return websocket.create_connection(address, origin=self.url.rstrip("/"), cookie=cookie, timeout=PATIENCE)


def send(channel: websocket.WebSocket, kind: str, **content: object) -> None:
    """Send the kernel a message of this kind, as the page's code does."""
    header = {"msg_id": uuid.uuid4().hex, "msg_type": kind, "username": "", "session": "essai", "version": "5.3"}
    message = {"header": header, "parent_header": {}, "metadata": {"version": "1.0.0"}, "content": content}
    channel.send(json.dumps(message | {"channel": "shell", "buffers": []}))


def hear(channel: websocket.WebSocket, wanted: Callable[[dict], bool]) -> dict:
    """Return the data of the first widget message that is `wanted`."""
    while True:
        frame = channel.recv()
        raw = frame if isinstance(frame, str) else frame[frame.find(b"{") :].decode(errors="replace")
        data = json.JSONDecoder().raw_decode(raw)[0].get("content", {}).get("data", {})
        if wanted(data):
            return data


def states(channel: websocket.WebSocket) -> dict:
    """Return the state of every widget, as the page asks for it."""
    comm = uuid.uuid4().hex
    send(channel, "comm_open", comm_id=comm, target_name="jupyter.widget.control", data={})
    send(channel, "comm_msg", comm_id=comm, data={"method": "request_states"})
    return hear(channel, lambda data: data.get("method") == "update_states")["states"]
