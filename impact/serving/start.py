"""Open the results pages: check everything that can be refused, then start the server."""

from __future__ import annotations

import errno
import ipaddress
import logging
import os
import re
import socket
import threading
import webbrowser
from contextlib import AbstractContextManager
from functools import partial
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING

from impact.errors import ServingError, french
from impact.seal import held

if TYPE_CHECKING:
    from impact.serving.app import ResultsServer
    from impact.serving.cubes import Cubes

ACCOUNTS_FILE, JOURNAL = "acces.json", "serveur.log"
LOCAL = "127.0.0.1"  # HTTPS, and what other machines reach, is the proxy's business
JOURNAL_SIZE, JOURNALS = 1_000_000, 5  # bytes, and how many former ones are kept
PREFIX = re.compile(r"/([A-Za-z0-9_-]+/)*")


def serve(
    outputs: Path,
    notebook: Path,
    *,
    port: int,
    address: str = LOCAL,
    prefix: str = "/",
    strict: bool = False,
    open_browser: bool,
) -> None:
    """Serve each account its own results, until interrupted.

    Parameters: `outputs`, the campaign's folder: one released cube per account, in a folder named by its code,
    and the accounts file acces.json; `notebook`, the page that shows a cube; `port` and `address` to listen on
    (this machine only: for other machines, an HTTPS proxy in front passes X-Forwarded-Proto and X-Real-Ip);
    `prefix`, the path below which that proxy shows the pages; `strict`, whether to refuse to start when the system
    cannot wholly shut a page in; `open_browser`, whether to open the page here.
    What happens is written in the rotated journal `serveur.log` of `outputs`, without secrets or whole addresses.
    Raises ServingError for a port in use, a campaign that another server serves, another machine's address, a missing
    cube, account or notebook, or a protection that is not in place: nothing is served then.
    """
    if not PREFIX.fullmatch(prefix):
        remedy = "Écrire par exemple /resultats/ : une barre au début et à la fin, des lettres sans accent entre elles."
        raise ServingError("Ce chemin ne convient pas.", where=prefix, remedy=remedy)
    sockets = bind(port, address)
    try:
        server = _prepare(outputs / ACCOUNTS_FILE, notebook, find_cubes(outputs), prefix)
        url = f"http://{'[::1]' if ':' in address else address}:{port}{prefix}"
        with alone(outputs):
            _keep_journal(outputs / JOURNAL, server.log)
            server.run(sockets, partial(_announce, url, open_browser), strict=strict)
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


def alone(outputs: Path) -> AbstractContextManager[None]:
    """Hold the campaign's folder while it is served: two servers would each count wrong secrets for themselves."""
    refused = ServingError(
        "Les pages de cette campagne sont déjà ouvertes par un autre serveur.",
        where=outputs,
        remedy="Se servir de celui-là, ou le fermer d’abord (Ctrl+C).",
    )
    return held(outputs, refused)


def find_cubes(outputs: Path) -> Cubes:
    """Return where the cubes are; refuse when an account has none, or one outside the campaign's folder."""
    from impact.serving.accounts import list_accounts
    from impact.serving.cubes import Cubes

    codes, cubes = list_accounts(outputs / ACCOUNTS_FILE), Cubes(outputs)
    missing = [code for code in codes if cubes.find(code) is None]
    if missing or not codes:
        raise ServingError(
            f"Pas de résultats publiés pour : {', '.join(missing)}." if missing else "Aucun accès n’a été créé.",
            where=outputs,
            remedy="Publier les résultats de la campagne, ou retirer ces accès." if missing else "Créer les accès.",
        )
    return cubes


def _prepare(accounts: Path, notebook: Path, cubes: Cubes, prefix: str) -> ResultsServer:
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
    return ResultsServer(page, Accounts(accounts), cubes, prefix)


def _keep_journal(path: Path, *loggers: logging.Logger) -> None:
    """Write refusals and faults to a journal of a bounded size that its owner alone can read."""
    os.umask(0o077)
    try:
        keeper = RotatingFileHandler(path, maxBytes=JOURNAL_SIZE, backupCount=JOURNALS, encoding="utf-8")
    except OSError as error:
        raise ServingError("Le journal ne peut pas être écrit.", where=path, remedy="Vérifier le dossier.") from error
    keeper.setLevel(logging.WARNING)
    keeper.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    for logger in (logging.getLogger("tornado.application"), *loggers):
        logger.addHandler(keeper)


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
