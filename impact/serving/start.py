"""Open the results pages: check everything that can be refused, then start the server."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
import threading
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from impact.errors import ServingError, french

ACCOUNTS_FILE = "acces.json"


def serve(outputs: Path, notebook: Path, *, port: int, address: str = "127.0.0.1", open_browser: bool) -> None:
    """Serve each association its own results, until interrupted.

    Parameters: `outputs`, the campaign's folder: one released cube per association, in a folder named by its code,
    and the accounts file acces.json; `notebook`, the page that shows a cube; `port` and `address` to listen on
    (this machine only: for other machines, an HTTPS proxy in front passes X-Forwarded-Proto and X-Real-Ip);
    `open_browser`, whether to open the page here.
    Raises ServingError for a port in use, a campaign that another server serves, another machine's address, a missing
    cube, account or notebook, or a protection that is not in place: nothing is served then.
    """
    sockets = bind(port, address)
    try:
        cubes = find_cubes(outputs)
        server = _prepare(outputs / ACCOUNTS_FILE, notebook, cubes)
        url = f"http://{'[::1]' if ':' in address else address}:{port}/"
        with alone(outputs):
            server.run(sockets, partial(_announce, url, open_browser))
    finally:
        for opened in sockets:
            opened.close()


def bind(port: int, address: str) -> list[socket.socket]:
    """Take the port before anything slow; refuse an address that other machines could reach without HTTPS."""
    from tornado.netutil import bind_sockets

    if not _is_this_machine(address):
        raise ServingError(
            "Sans HTTPS, les codes secrets passeraient en clair sur le réseau.",
            where=address,
            remedy="Garder l’adresse 127.0.0.1 et placer devant un serveur HTTPS (nginx, Caddy…).",
        )
    try:
        return bind_sockets(port if 0 < port < 65536 else -1, address)
    except (OSError, OverflowError) as error:
        in_use = getattr(error, "errno", None) == errno.EADDRINUSE
        raise ServingError(
            f"Le port {port} est déjà pris." if in_use else f"Le port {port} ne peut pas être ouvert.",
            where=address,
            remedy="Fermer l’autre programme, ou choisir un autre port, entre 1024 et 65535.",
        ) from error


@contextmanager
def alone(outputs: Path) -> Iterator[None]:
    """Hold the campaign's folder while it is served: two servers would each count wrong secrets for themselves."""
    if os.name != "posix":  # a folder cannot be held there
        yield
        return
    import fcntl

    folder = os.open(outputs, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(folder)
        raise ServingError(
            "Les pages de cette campagne sont déjà ouvertes par un autre serveur.",
            where=outputs,
            remedy="Se servir de celui-là, ou le fermer d’abord (Ctrl+C).",
        ) from None
    try:
        yield
    finally:
        os.close(folder)


def find_cubes(outputs: Path) -> dict[str, Path]:
    """Return the cube of each account; refuse when one is missing or stands outside the campaign's folder."""
    from impact.serving.accounts import list_accounts

    codes = list_accounts(outputs / ACCOUNTS_FILE)
    root = outputs.resolve()
    cubes = {code: (root / code).resolve() for code in codes}
    missing = [
        code for code, cube in cubes.items() if cube.parent != root or not cube.is_dir() or not any(cube.iterdir())
    ]
    if missing or not cubes:
        raise ServingError(
            f"Pas de résultats publiés pour : {', '.join(missing)}." if missing else "Aucun accès n’a été créé.",
            where=outputs,
            remedy="Publier les résultats de la campagne, ou retirer ces accès." if missing else "Créer les accès.",
        )
    return cubes


def _prepare(accounts: Path, notebook: Path, cubes: dict[str, Path]) -> object:
    """Import the server, which is slow, and give it a notebook that can be read."""
    import nbformat

    from impact.serving.accounts import Accounts
    from impact.serving.app import ResultsServer

    try:
        page = nbformat.read(notebook, as_version=4)
        nbformat.validate(page)
    except Exception as error:  # nbformat raises whatever its parsing meets
        raise ServingError(
            "Le carnet du tableau de bord est absent ou illisible.", where=notebook, remedy="Reprendre celui d’origine."
        ) from error
    return ResultsServer(page, Accounts(accounts), cubes)


def _announce(url: str, open_browser: bool, protection: str) -> None:
    print(french(f"Les pages de résultats sont ouvertes : {url}"), protection, sep="\n")
    print(french("Pour les fermer : Ctrl+C."), flush=True)
    if open_browser:
        threading.Thread(target=webbrowser.open, args=[url], daemon=True).start()


def _is_this_machine(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"
