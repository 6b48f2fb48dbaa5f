"""One site per test module, stopped at its end."""

import socket
from pathlib import Path

import pytest
import served_site
from argon2 import PasswordHasher

from impact.publication import publish
from impact.serving import accounts

NOTEBOOK = Path(__file__).parent / "page.ipynb"


REAL_HASHER = accounts._hasher


@pytest.fixture(scope="session", autouse=True)
def cheap_hashes():
    """Spend a millisecond rather than fifty on each of the hundreds of hashes of these tests."""
    accounts._hasher = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
    yield
    accounts._hasher = REAL_HASHER


@pytest.fixture
def free_port():
    return _free_port()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    running = served_site.start(tmp_path_factory.mktemp("site"), _free_port(), NOTEBOOK)
    yield running
    running.process.terminate()
    running.process.wait(timeout=30)


@pytest.fixture(scope="session")
def published(campaign, answers_file, tmp_path_factory):
    """The fictitious campaign, published as `impact demo` does: a folder to copy before serving it."""
    outputs = tmp_path_factory.mktemp("publiee") / campaign.name
    publish(campaign, [answers_file], outputs)
    return outputs


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
