"""Kernels with an owner: the only way to start one is for a session, on the cube of its association."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado.ioloop import IOLoop, PeriodicCallback
from tornado.web import HTTPError
from traitlets import Callable as CallableTrait
from traitlets import Instance

from impact.serving.cubes import Cubes
from impact.serving.provisioner import NAME, Zygote, can_fork, give_back_memory
from impact.serving.sessions import Session
from impact.serving.zygote import OPTIONS

KERNEL_NAME = "impact"
MOST_PER_ACCOUNT = 8  # several people of one association, each with a page or two
MOST = 64  # every account of seven associations and the lead, full: about 32 MiB each
UNSEEN = 20  # seconds that a page has to join its kernel before the kernel may be given up
SWEEP = 1  # seconds between two looks: a session that ends takes its kernels along at once
FORGOTTEN = 60  # seconds without a page before a kernel is shut: its page gives up a lost connection after 20
MESSAGES_IN = ["comm_open", "comm_msg", "comm_close", "comm_info_request", "kernel_info_request"]


class OneKernelSpec(KernelSpecManager):
    """Knows one kernel, written here: no file of the user's or the system's can change what is run."""

    def find_kernel_specs(self) -> dict[str, str]:
        """Return the one name."""
        return {KERNEL_NAME: ""}

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Return the one kernel: this very Python, forked where the system can, started anew elsewhere."""
        launch = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", *OPTIONS]
        metadata = {"kernel_provisioner": {"provisioner_name": NAME}} if can_fork() else {}
        return KernelSpec(argv=launch, display_name="Python", language="python", resource_dir="", metadata=metadata)


@dataclass
class Tenancy:
    """A running kernel: whose, its private folder, the pages that follow it, and since when none does."""

    session: Session
    scratch: Path
    alone_since: float
    pages: set[Any] = field(default_factory=set)


class OwnedKernels(AsyncMappingKernelManager):
    """Starts, finds and stops kernels by owner."""

    cubes = Instance(Cubes, help="Where each account's released results are.")
    zygote = Instance(Zygote, allow_none=True, help="Where kernels are forked from, where the system can.")
    is_alive_session: Callable[[Session], bool] = CallableTrait(help="Whether a session still holds.")

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self._tenancies: dict[str, Tenancy] = {}
        self._starting: Counter[str] = Counter()
        self._sweeper = PeriodicCallback(self.sweep, SWEEP * 1000)

    def owner(self, kernel_id: str | None) -> Session | None:
        """Return the session that started this kernel, None if there is no such kernel."""
        tenancy = self._tenancies.get(kernel_id or "")
        return tenancy.session if tenancy else None

    async def start_kernel(self, **_kwargs: Any) -> str:
        """Refuse: a kernel without an owner must not exist."""
        raise HTTPError(403)

    def pre_start_kernel(self, kernel_name: str | None, kwargs: Any) -> Any:
        """Keep all the files of a kernel, its sockets too, in its own private folder."""
        manager, name, kernel_id = super().pre_start_kernel(kernel_name, kwargs)
        manager.connection_file = str(Path(kwargs["env"]["HOME"]) / "noyau.json")
        manager.transport = "ipc" if os.name == "posix" else "tcp"
        return manager, name, kernel_id

    async def start_for(self, session: Session, detail: str = "") -> str:
        """Start a kernel for `session`, on its cube, at the question `detail`; 410 without a cube, 503 when full."""
        cube = self.cubes.find(session.code)
        if cube is None:
            raise HTTPError(410)
        await self.make_room(session.code)
        scratch = Path(tempfile.mkdtemp(prefix="page-", dir=self.connection_dir))
        self._starting[session.code] += 1
        try:
            env = kernel_environment(cube, scratch, detail)
            kernel_id = await self._async_start_kernel(kernel_name=KERNEL_NAME, env=env, cwd=str(scratch))
        except BaseException:
            shutil.rmtree(scratch, ignore_errors=True)
            raise
        finally:
            self._starting[session.code] -= 1
        self._tenancies[kernel_id] = Tenancy(session, scratch, time.monotonic())
        if not self._sweeper.is_running():
            self._sweeper.start()
        return kernel_id

    async def make_room(self, code: str) -> None:
        """Give up the kernels that no page follows; refuse when that is not enough."""
        if self._full(code):
            await self.stop(*self._alone(UNSEEN))
        if self._full(code):
            raise HTTPError(503)

    def joined(self, kernel_id: str, page: Any) -> None:
        """Note that a page's connection follows this kernel."""
        self._tenancies[kernel_id].pages.add(page)

    def left(self, kernel_id: str, page: Any) -> None:
        """Note that a page's connection is gone."""
        tenancy = self._tenancies.get(kernel_id)
        if tenancy:
            tenancy.pages.discard(page)
            tenancy.alone_since = time.monotonic()

    def remove_kernel(self, kernel_id: str) -> Any:
        """Forget a kernel that has stopped, with its folder and its connections."""
        tenancy = self._tenancies.pop(kernel_id, None)
        if tenancy:
            shutil.rmtree(tenancy.scratch, ignore_errors=True)
            for page in list(tenancy.pages):
                page.close()
        return super().remove_kernel(kernel_id)

    async def stop(self, *kernel_ids: str) -> None:
        """Stop these kernels at once; one that has already died is forgotten."""
        for kernel_id in kernel_ids:
            if kernel_id in self:
                await self.shutdown_kernel(kernel_id, now=True)
            else:
                self.remove_kernel(kernel_id)

    def _handle_kernel_died(self, kernel_id: str) -> None:
        """Put away all that a kernel leaves when it dies by itself."""
        IOLoop.current().spawn_callback(self.stop, kernel_id)

    async def shutdown_session(self, session: Session) -> None:
        """Stop every kernel of `session`."""
        await self.stop(*[key for key, tenancy in self._tenancies.items() if tenancy.session == session])

    async def sweep(self) -> None:
        """Stop the kernels whose session has ended, and those whose page left unsaid; rest when none is left."""
        ended = [key for key, tenancy in self._tenancies.items() if not self.is_alive_session(tenancy.session)]
        await self.stop(*ended)
        await self.stop(*self._alone(FORGOTTEN))
        if not self._tenancies:
            self._sweeper.stop()
            give_back_memory()

    def _full(self, code: str) -> bool:
        opened = self._starting + Counter(tenancy.session.code for tenancy in self._tenancies.values())
        return opened[code] >= MOST_PER_ACCOUNT or opened.total() >= MOST

    def _alone(self, patience: float) -> list[str]:
        """Return the kernels that no page has followed for `patience` seconds."""
        limit = time.monotonic() - patience
        return [key for key, tenancy in self._tenancies.items() if not tenancy.pages and tenancy.alone_since < limit]


def kernel_environment(cube: Path, scratch: Path, detail: str) -> dict[str, str]:
    """Return all that a kernel is told: its cube, the question to open it at, and the few things Python needs."""
    private = {name: str(scratch) for name in ("HOME", "TMPDIR", "IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "MPLCONFIGDIR")}
    fixed = {"PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONNOUSERSITE": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    shown = {"IMPACT_CUBE": str(cube), "IMPACT_DETAIL": detail, "IMPACT_MISE_EN_PAGE": "faite"}
    return shown | {"MPLBACKEND": "agg", **fixed, **private}
