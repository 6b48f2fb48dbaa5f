"""What stops the start: nothing is served unless everything is in place."""

import logging
import os
import socket
import time

import nbformat
import pytest
import tornado.web
from conftest import NOTEBOOK

from impact.errors import ServingError
from impact.serving import create_accounts, serve
from impact.serving.accounts import Accounts
from impact.serving.app import ResultsServer, refuse_if_loosened
from impact.serving.cubes import Cubes


@pytest.fixture
def outputs(tmp_path):
    (tmp_path / "alpha").mkdir()
    (tmp_path / "alpha" / "resultats.txt").write_text("alpha")
    create_accounts(tmp_path / "acces.json", ["alpha"])
    return tmp_path


def refusal(outputs, port, **options):
    options = {"notebook": NOTEBOOK, "address": "127.0.0.1"} | options
    with pytest.raises(ServingError) as caught:
        serve(outputs, options["notebook"], port=port, address=options["address"], open_browser=False)
    return str(caught.value)


def test_a_port_in_use_is_said_at_once(outputs):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        begin = time.monotonic()
        text = refusal(outputs, taken.getsockname()[1])
    assert "est déjà pris" in text
    assert "choisir un autre port" in text
    assert time.monotonic() - begin < 1


@pytest.mark.parametrize("port", [0, -1, 99999])
def test_a_port_that_does_not_exist_is_refused(outputs, port):
    assert "ne peut pas être ouvert" in refusal(outputs, port)


@pytest.mark.parametrize("address", ["0.0.0.0", "192.0.2.1", "::", "example.org"])
def test_an_address_that_others_could_reach_without_https_is_refused(outputs, free_port, address):
    assert "en clair" in refusal(outputs, free_port, address=address)


def test_missing_accounts_stop_the_start(outputs, free_port):
    (outputs / "acces.json").unlink()
    assert "Créer d’abord un accès par association" in refusal(outputs, free_port)


def test_no_account_at_all_stops_the_start(tmp_path, free_port):
    create_accounts(tmp_path / "acces.json", [])
    assert "Aucun accès" in refusal(tmp_path, free_port)


@pytest.mark.skipif(os.name != "posix", reason="droits d'accès POSIX")
def test_accounts_that_others_can_read_stop_the_start(outputs, free_port):
    (outputs / "acces.json").chmod(0o644)
    assert "chmod 600" in refusal(outputs, free_port)


@pytest.mark.parametrize("damage", ["absent", "empty", "elsewhere"])
def test_a_cube_that_is_not_there_stops_the_start(outputs, free_port, damage):
    (outputs / "alpha" / "resultats.txt").unlink()
    if damage != "empty":
        (outputs / "alpha").rmdir()
    if damage == "elsewhere":
        (outputs / "alpha").symlink_to("/usr")
    assert "Pas de résultats publiés pour\N{NO-BREAK SPACE}: alpha" in refusal(outputs, free_port)


@pytest.mark.parametrize(
    "content", [None, "", "{}", '{"cells": 3, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}']
)
def test_a_notebook_that_cannot_be_read_stops_the_start(outputs, free_port, tmp_path_factory, content):
    notebook = tmp_path_factory.mktemp("carnets") / "tableau.ipynb"
    if content is not None:
        notebook.write_text(content)
    assert "carnet du tableau de bord" in refusal(outputs, free_port, notebook=notebook)


@pytest.fixture
def server(outputs, tmp_path):
    server = ResultsServer(nbformat.read(NOTEBOOK, 4), Accounts(outputs / "acces.json"), Cubes(outputs))
    server.connection_dir = str(tmp_path / "prive")
    os.mkdir(server.connection_dir, 0o700)
    server.app = tornado.web.Application(**server.init_settings())
    server.app.add_handlers(".*$", server.init_handlers())
    return server


def test_the_configuration_as_it_is_written_passes(server):
    refuse_if_loosened(server)


class _Open(tornado.web.RequestHandler):
    pass


@pytest.mark.parametrize(
    ("loosen", "named"),
    [
        (lambda s: setattr(s.voila_configuration, "show_tracebacks", True), "traces d’erreur"),
        (lambda s: setattr(s.voila_configuration, "strip_sources", False), "gabarit"),
        (lambda s: setattr(s.voila_configuration, "allow_template_override", "YES"), "gabarit"),
        (lambda s: setattr(s.voila_configuration, "progressive_rendering", True), "préchauffage"),
        (lambda s: setattr(s.kernel_manager, "allowed_message_types", []), "messages permis"),
        (lambda s: setattr(s.kernel_manager, "allow_tracebacks", True), "traces d’erreur"),
        (lambda s: setattr(s.identity_provider, "token", "abc"), "identification"),
        (lambda s: s.app.settings.update(allow_unauthenticated_access=True), "accès anonyme"),
        (lambda s: s.app.settings.update(disable_check_xsrf=True), "formulaires"),
        (lambda s: s.app.settings.update(allow_origin="*"), "autres sites"),
        (lambda s: s.app.add_handlers(".*$", [("/voila/files/(.*)", _Open)]), "adresses servies"),
        (lambda s: os.chmod(s.connection_dir, 0o755), "dossier privé"),
    ],
)
def test_anything_loosened_stops_the_start(server, loosen, named):
    loosen(server)
    with pytest.raises(ServingError, match=named):
        refuse_if_loosened(server)


def test_a_configuration_file_found_on_the_way_changes_nothing(server, tmp_path, monkeypatch, outputs):
    (tmp_path / "voila.json").write_text('{"VoilaConfiguration": {"show_tracebacks": true, "strip_sources": false}}')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path))
    monkeypatch.setenv("JUPYTER_TOKEN", "abc")
    again = ResultsServer(server.notebook, server.accounts, server.cubes)
    assert not again.voila_configuration.show_tracebacks
    assert again.voila_configuration.strip_sources
    assert again.log_level == logging.WARNING
