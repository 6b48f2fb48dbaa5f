"""A page whose code would be hostile: what the system still refuses it. And a zygote that holds nothing."""

import os
import re
import signal
import socket
import time
from pathlib import Path

import nbformat
import pytest
import served_site
from conftest import _free_port
from test_serving_channel import linux, named, widgets

from impact.serving import confinement
from impact.serving.confinement import ALONE, NONE, confine, landlock_version, walls_here
from impact.serving.provisioner import imports_of

HERE = Path(__file__).parent
pytestmark = linux


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    folder, port = tmp_path_factory.mktemp("hostile"), _free_port()
    prize, key = folder / "prise", folder / "cle"
    key.write_bytes(b"secret")
    told = {"port.txt": str(port), "prise.txt": str(prize), "cles.txt": str(key)}
    with (
        socket.socket(socket.AF_UNIX) as named,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as unconnected,
        served_site.closing(served_site.start(folder, port, HERE / "hostile.ipynb", more=told)) as running,
    ):
        named.bind(str(prize))
        named.listen()
        unconnected.bind(f"{prize}2")
        yield running


@pytest.fixture(scope="module")
def outcomes(hostile):
    if "sans réseau" not in hostile.journal.read_text():
        pytest.skip("ce système ne permet pas d'enfermer une page")
    visitor = hostile.visitor("alpha")
    channel = visitor.connect(visitor.open_page())
    told = named(widgets(channel), "TextareaModel")[1]["value"]
    channel.close()
    return dict(line.split("=", 1) for line in told.splitlines())


@pytest.mark.parametrize("allowed", ["own cube", "own folder"])
def test_a_page_has_its_cube_and_its_folder(outcomes, allowed):
    assert outcomes[allowed].startswith("done")


@pytest.mark.parametrize(
    "forbidden",
    [
        "other cube", "list of cubes", "accounts", "write to own cube", "remove from own cube", "link to other cube",
        "temporary files", "passwords", "home", "processes", "server memory", "trace", "kill", "program", "server",
        "outside", "listen", "fill disk", "fill memory", "keys", "server environment", "shared memory", "named socket",
        "named socket unconnected", "named socket message",
    ],
)  # fmt: skip
def test_hostile_code_gets_nothing_else(outcomes, forbidden):
    assert not outcomes[forbidden].startswith("done")


def test_hostile_code_changed_nothing(hostile, outcomes):
    left, beside = ({path.name for path in (hostile.outputs / code).iterdir()} for code in ("alpha", "beta"))
    assert left == beside | {"cles.txt", "port.txt", "prise.txt"}


def test_the_zygote_has_opened_no_cube(site):
    (zygote,) = served_site.children(site.process.pid)
    site.visitor("alpha").open_page()
    opened = [os.readlink(link) for link in Path(f"/proc/{zygote}/fd").iterdir()]
    mapped = Path(f"/proc/{zygote}/maps").read_text()
    assert not [path for path in (*opened, mapped) if str(site.outputs) in path]


def test_pages_do_not_share_their_random_numbers_nor_their_folder(site):
    first, second = site.visitor("alpha"), site.visitor("alpha")
    told = []
    for visitor in (first, second):
        channel = visitor.connect(visitor.open_page())
        told.append(named(widgets(channel), "TextareaModel")[1]["value"])
    assert len({re.search("HOME=(.*)", text)[1] for text in told}) == 2


def test_a_zygote_that_dies_takes_its_kernels_along_and_is_started_again(site):
    visitor = site.visitor("beta")
    visitor.open_page()
    kernels, (zygote,) = site.kernels(), served_site.children(site.process.pid)
    os.kill(zygote, signal.SIGKILL)
    for _ in range(50):
        if not any(Path(f"/proc/{kernel}").exists() for kernel in kernels):
            break
        time.sleep(0.1)
    assert not any(Path(f"/proc/{kernel}").exists() for kernel in kernels)
    assert "réservés à beta" in str(widgets(visitor.connect(visitor.open_page())))


def test_stopping_the_server_leaves_nothing(tmp_path):
    running = served_site.start(tmp_path, _free_port(), HERE / "page.ipynb")
    visitor = running.visitor("alpha")
    told = named(widgets(visitor.connect(visitor.open_page())), "TextareaModel")[1]["value"]
    private = Path(re.search("HOME=(.*)", told)[1]).parent
    processes = running.kernels() | served_site.children(running.process.pid)
    assert private.is_dir()
    running.process.terminate()
    running.process.wait(timeout=20)
    assert not private.exists()
    assert not any(Path(f"/proc/{process}").exists() for process in processes)


def test_the_walls_are_tried_before_they_are_announced(tmp_path, monkeypatch):
    monkeypatch.setattr(confinement, "landlock_version", lambda: 3)
    assert walls_here(tmp_path) == NONE


def test_results_kept_among_the_programs_files_are_not_enclosed(tmp_path):
    inside = Path(confinement.__file__).parents[1] / "sorties" / "alpha"
    with pytest.raises(OSError, match="among the program's own files"):
        confine(inside, tmp_path)


@pytest.mark.skipif(landlock_version() < confinement.NEWEST_NEEDED, reason="Landlock trop ancien")
def test_a_wall_that_cannot_be_built_ends_the_process_that_asked(tmp_path):
    assert walls_here(tmp_path) == ALONE or os.environ.get("CI")
    pid = os.fork()
    if pid == 0:
        code = 0
        try:
            confine(tmp_path / "absent", tmp_path)
        except OSError:
            code = 7
        os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7


def test_the_modules_to_import_beforehand_are_read_in_the_notebook():
    assert imports_of(nbformat.read(HERE / "page.ipynb", 4)) == ["ipywidgets", "os", "pathlib"]
