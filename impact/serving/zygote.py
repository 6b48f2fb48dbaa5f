"""A process that has imported what a page needs, and forks a kernel from itself for each page.

It has seen no cube and nobody's session: what it passes on is code. A kernel starts in a tenth of a second and
shares most of its memory with the others. Run by the server as `python -m impact.serving.zygote`.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import random
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import Any

from impact.serving.confinement import ALONE, NONE, confine

PR_SET_PDEATHSIG = 1
OPTIONS = ["--HistoryManager.enabled=False", "--IPKernelApp.log_level=50"]  # no history kept, no journal of its own
WIDGETS = "--IPKernelApp.extensions=ipywidgets"  # imported before there was a kernel, it has still to meet it
LARGEST_REQUEST = 64 * 1024
ALWAYS = ("ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.zmqshell", "ipywidgets")


def main() -> None:
    """Import, then answer the server's requests until it goes away."""
    _die_with_parent()
    orders = socket.socket(fileno=os.dup(0))
    for module in (*ALWAYS, *sys.argv[1:]):
        with contextlib.suppress(Exception):  # the page itself will say what is wrong with its imports
            importlib.import_module(module)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system buries the kernels that end
    gc.collect()
    gc.freeze()
    while request := orders.recv(LARGEST_REQUEST):
        _fork(orders, json.loads(request))


def _fork(orders: socket.socket, request: dict[str, Any]) -> None:
    """Fork a kernel and hand its process descriptor to the server."""
    if threading.active_count() > 1:
        raise RuntimeError("a thread would be lost by forking")
    server = os.getpid()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            _become_kernel(server, **request)
            code = 0
        finally:
            os._exit(code)
    descriptor = os.pidfd_open(pid)
    socket.send_fds(orders, [str(pid).encode()], [descriptor])
    os.close(descriptor)


def _become_kernel(parent: int, connection: str, env: dict[str, str], walls: str) -> None:
    """Forget the zygote, shut oneself in, and run the kernel; any failure ends the process."""
    _die_with_parent()
    if os.getppid() != parent:
        return
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _leave_files()
    os.environ.clear()
    os.environ.update(env)
    os.chdir(env["HOME"])
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    if walls != NONE:
        alone = confine(Path(env["IMPACT_CUBE"]), Path(env["HOME"]))
        if walls == ALONE and not alone:
            return
    from ipykernel.kernelapp import IPKernelApp

    IPKernelApp.launch_instance(["-f", connection, *OPTIONS, WIDGETS])


def _leave_files() -> None:
    """Keep no open file of the zygote's, its orders least of all."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


if __name__ == "__main__":
    main()
