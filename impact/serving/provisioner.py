"""The server's side of the zygote: start it, ask it for kernels, watch them and stop them."""

from __future__ import annotations

import ast
import asyncio
import ctypes
import gc
import json
import os
import resource
import select
import signal
import socket
import subprocess
import sys
import threading
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.provisioning import KernelProvisionerBase, KernelProvisionerFactory

from impact.serving.confinement import walls_here

NAME = "impact-zygote"
ANSWER = 30  # seconds: the first request waits for the imports


def can_fork() -> bool:
    """Say whether this system can fork kernels and watch them."""
    return sys.platform == "linux" and hasattr(os, "pidfd_open")


def give_back_memory() -> None:
    """Give back to the system what many pages at once have left in this process: glibc keeps it for the next ones."""
    gc.collect()
    if can_fork():
        getattr(ctypes.CDLL(None), "malloc_trim", int)(0)


def imports_of(notebook: nbformat.NotebookNode) -> list[str]:
    """Return the modules that the notebook's cells import."""
    names: set[str] = set()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            for node in ast.walk(ast.parse(cell.source)):
                if isinstance(node, ast.Import):
                    names |= {alias.name for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module:
                    names.add(node.module)
    return sorted(names)


class Zygote:
    """A running zygote, started again should it die."""

    def __init__(self, modules: list[str], home: str):
        self._modules, self._home = modules, home
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # a page takes the server about forty files
        self._turn = threading.Lock()
        self.walls = walls_here(Path(home))
        self._start()

    def fork(self, connection: str, env: dict[str, str]) -> int:
        """Return the process descriptor of a new kernel; OSError when there can be none."""
        request = json.dumps({"connection": connection, "env": env, "walls": self.walls}).encode()
        with self._turn:
            try:
                return self._ask(request)
            except OSError:  # it died, or hangs: another one is asked, whose answer cannot be a late one
                self.stop()
                self._start()
                return self._ask(request)

    def stop(self) -> None:
        """Stop the zygote, and with it any kernel that is left."""
        self._orders.close()
        self._process.kill()
        self._process.wait()

    def _ask(self, request: bytes) -> int:
        self._orders.send(request)
        _, descriptors, _, _ = socket.recv_fds(self._orders, 64, 1)
        if not descriptors:
            raise OSError("the zygote gave no kernel")
        return descriptors[0]

    def _start(self) -> None:
        self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._orders.settimeout(ANSWER)
        env = {"PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONNOUSERSITE": "1", "MPLBACKEND": "agg", "HOME": self._home}
        env |= {"PYTHONPATH": str(Path(__file__).parents[2])}  # the very code that the server runs
        env |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "IPYTHONDIR": self._home}
        env |= {"PYTHONPATH": str(Path(__file__).parents[2])}  # the server's own code, wherever it was started from
        command = [sys.executable, "-m", "impact.serving.zygote", *self._modules]
        with theirs:
            self._process = subprocess.Popen(command, stdin=theirs, env=env, cwd=self._home, start_new_session=True)


class ZygoteProvisioner(KernelProvisionerBase):
    """Gives jupyter_client a kernel forked by the zygote, watched through its process descriptor."""

    _descriptor: int | None = None

    @staticmethod
    def register() -> None:
        """Make this provisioner known to jupyter_client in this process, without installing anything."""
        entry = EntryPoint(NAME, f"{__name__}:ZygoteProvisioner", KernelProvisionerFactory.GROUP_NAME)
        KernelProvisionerFactory.instance().provisioners[NAME] = entry

    @property
    def has_process(self) -> bool:
        """Whether there is a kernel to watch."""
        return self._descriptor is not None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Write the connection file; nothing of the server's own environment goes into the kernel's."""
        self.parent.write_connection_file()
        self.connection_info = self.parent.get_connection_info()
        return {"cmd": [], "env": kwargs["env"]}

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict[str, Any]:
        """Have the kernel forked."""
        zygote, connection = self.parent.parent.zygote, self.parent.connection_file
        loop = asyncio.get_running_loop()
        self._descriptor = await loop.run_in_executor(None, zygote.fork, connection, kwargs["env"])
        return self.connection_info

    async def poll(self) -> int | None:
        """Return None while the kernel lives."""
        if self._descriptor is None:
            return 0
        watch = select.poll()  # `select.select` knows no descriptor above 1024, and twenty pages take as many
        watch.register(self._descriptor, select.POLLIN)
        return 0 if watch.poll(0) else None

    async def wait(self) -> int | None:
        """Wait for the kernel's end."""
        while await self.poll() is None:
            await asyncio.sleep(0.02)
        self._close()
        return 0

    async def send_signal(self, signum: int) -> None:
        """Send a signal to that very process: a descriptor, unlike a number, is never somebody else's."""
        if self._descriptor is not None:
            try:
                signal.pidfd_send_signal(self._descriptor, signum)
            except ProcessLookupError:
                return

    async def kill(self, restart: bool = False) -> None:
        """End the kernel at once."""
        await self.send_signal(signal.SIGKILL)

    async def terminate(self, restart: bool = False) -> None:
        """Ask the kernel to end."""
        await self.send_signal(signal.SIGTERM)

    async def cleanup(self, restart: bool = False) -> None:
        """Let go of the descriptor."""
        self._close()

    def _close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
