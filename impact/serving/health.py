"""Whether the server is well, for whoever watches over it: no login, no name, no version."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass

from jupyter_server.auth.decorator import allow_unauthenticated

from impact.serving.accounts import Accounts
from impact.serving.guard import GuardedApi
from impact.serving.identity import PUBLIC
from impact.serving.kernels import MOST

GRACE = 10  # seconds that a page under way is given to be finished before the server stops
STOPPING = "Le service redémarre. Rechargez la page dans une minute."


@dataclass
class Life:
    """Whether the server is stopping, and how many pages it is preparing."""

    stopping: bool = False
    preparing: int = 0

    async def end(self) -> None:
        """Take no new page, and wait for those under way."""
        self.stopping, limit = True, time.monotonic() + GRACE
        while self.preparing and time.monotonic() < limit:
            await asyncio.sleep(0.1)


class HealthHandler(GuardedApi):
    """Answers « en service » with 200, or what is wrong with 503."""

    auth_resource = PUBLIC

    def initialize(self, life: Life, accounts: Accounts) -> None:
        """Receive what is looked at."""
        self.life, self.accounts = life, accounts

    @allow_unauthenticated
    async def get(self) -> None:
        """Send the state and the counts, in JSON."""
        codes = self.accounts.codes()
        missing = sum(self.kernel_manager.cubes.find(code) is None for code in codes)
        state = "en service" if codes and not missing else "résultats absents" if codes else "accès illisibles"
        state = "arrêt en cours" if self.life.stopping else state
        told = {"etat": state, "resultats": len(codes) - missing, "resultats_absents": missing}
        told |= {"pages_ouvertes": len(self.kernel_manager), "pages_possibles": MOST}
        self.set_status(200 if state == "en service" else 503)
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(json.dumps(told, ensure_ascii=False))
