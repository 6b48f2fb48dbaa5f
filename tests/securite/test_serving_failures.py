"""What breaks while the pages are open: a French sentence, nothing lost, nothing leaked, and the others read on."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest
import served_site
from conftest import NOTEBOOK, _free_port
from served_site import PATIENCE
from test_serving_channel import closed, linux, named, widgets

from impact.cube import RESULTS, Figure, read_cube, write_cube
from impact.errors import CubeError
from impact.seal import MANIFEST
from impact.serving import create_accounts, list_accounts, renew_account
from impact.serving.sessions import LIFETIME
from impact.serving.start import JOURNAL

pytestmark = linux
NOT_READY = "Une partie de la page n’a pas pu être préparée."
TINY = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]  # a disk of its own, that a test can fill
ON_TINY_DISK = 'mount -t tmpfs -o size=2m disque "$TMPDIR" && exec "$@"'


def french_only(answer, *names):
    """A sentence for the reader: no trace, no path, and nothing of what others have."""
    for sign in ("Traceback", "Error", "site-packages", "/tmp", "errno", *names):
        assert sign not in re.sub(r"(?s)<script.*?</script>", "", answer.text), sign


def reads(visitor, said):
    """Open the page, and return whether it says this; then leave."""
    text = visitor.get("/").text
    kernel = served_site.kernel_of(text)
    channel = visitor.connect(kernel)
    found = said in text + str(widgets(channel))
    channel.close()
    visitor.leave(kernel)
    return found


@pytest.fixture
def two(published, tmp_path):
    """Two associations of the fictitious campaign, really published."""
    outputs = tmp_path / "sorties"
    for code in ("asso_a", "asso_b"):
        shutil.copytree(published / code, outputs / code)
    site = served_site.launch(outputs, ("asso_a", "asso_b"), _free_port(), served_site.DASHBOARD)
    with served_site.closing(site):
        yield site


def test_a_killed_kernel(site):
    alpha, beta = site.visitor("alpha"), site.visitor("beta")
    other = beta.open_page()
    before = site.kernels()
    channel = alpha.connect(alpha.open_page())
    os.kill((site.kernels() - before).pop(), signal.SIGKILL)
    assert closed(channel, PATIENCE)
    assert beta.get(f"/api/kernels/{other}").status_code == 200
    assert reads(alpha, "réservés à alpha")


def test_a_killed_zygote_while_many_pages_open(site):
    """Its kernels end with it; those who open a page at that very moment get one, from the next zygote."""
    visitors = [site.visitor(code) for code in served_site.ASSOCIATIONS for _ in range(2)]
    with ThreadPoolExecutor(len(visitors)) as pool:
        pages = [pool.submit(visitor.get, "/") for visitor in visitors]
        time.sleep(0.3)
        (zygote,) = served_site.children(site.process.pid)
        os.kill(zygote, signal.SIGKILL)
        for answer in (page.result() for page in pages):
            french_only(answer)
    assert all(reads(visitor, "réservés à") for visitor in visitors)


def test_a_stuck_zygote_is_replaced(site):
    (zygote,) = served_site.children(site.process.pid)
    os.kill(zygote, signal.SIGSTOP)
    assert reads(site.visitor("alpha"), "réservés à alpha")
    assert not Path(f"/proc/{zygote}").exists()


def test_a_killed_server(tmp_path):
    """Nothing of it goes on, no result is left behind, and the next server gives everybody their page."""
    site = served_site.start(tmp_path, _free_port(), NOTEBOOK)
    visitor = site.visitor("alpha")
    channel = visitor.connect(visitor.open_page())
    home = Path(re.search("HOME=(.*)", named(widgets(channel), "TextareaModel")[1]["value"])[1])
    processes = site.kernels() | served_site.children(site.process.pid)
    site.process.kill()
    site.process.wait(timeout=PATIENCE)
    assert closed(channel)
    assert gone(processes)
    left = [path for path in home.parent.rglob("*") if path.is_file()]
    assert not [path for path in left if "Résultats" in path.read_text(errors="ignore")]
    shutil.rmtree(home.parent)
    with served_site.closing(served_site.launch(site.outputs, (), _free_port(), NOTEBOOK)) as again:
        again.secrets.update(site.secrets)
        assert reads(again.visitor("alpha"), "réservés à alpha")


def gone(processes):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and any(Path(f"/proc/{process}").exists() for process in processes):
        time.sleep(0.1)
    return not any(Path(f"/proc/{process}").exists() for process in processes)


@pytest.mark.skipif(
    subprocess.run([*TINY, "mount -t tmpfs disque /mnt"], capture_output=True).returncode != 0,
    reason="ce système ne permet pas de monter un petit disque sans privilège",
)
def test_a_full_disk(tmp_path, monkeypatch):
    """No room for the server's own files: a sentence; once there is room again, the page."""
    small = tmp_path / "disque"
    small.mkdir()
    monkeypatch.setenv("TMPDIR", str(small))
    outputs = tmp_path / "site" / "sorties"
    served_site.publish(outputs / "alpha", "alpha")
    within = [*TINY, ON_TINY_DISK, "sh"]
    with served_site.closing(served_site.launch(outputs, ["alpha"], _free_port(), NOTEBOOK, within=within)) as site:
        visitor = site.visitor("alpha")
        seen = Path(f"/proc/{site.process.pid}/root{small}")
        filling = seen / "remplissage"
        fill(filling)
        answer = visitor.get("/")
        assert NOT_READY in answer.text
        assert "À la fin : réservés à alpha" in answer.text
        french_only(answer)
        assert site.visitor("alpha").get("/connexion").status_code == 302  # logging in needs no disk
        filling.unlink()
        assert reads(visitor, "réservés à alpha")
        assert [path.name for path in next(seen.iterdir()).iterdir()] == ["depart"]  # what failed left nothing


def fill(path):
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return


@pytest.fixture
def no_room(monkeypatch):
    """Files can be opened, and not written: what a full disk does to a program."""

    def full(*_args, **_options):
        raise OSError(28, "No space left on device")

    def fail(*names):
        for where, name in names:
            monkeypatch.setattr(where, name, full)

    return fail


def test_a_full_disk_while_publishing_keeps_what_was_published(cleared, tmp_path, no_room):
    drawn = Figure("f", "titre", "phrase", pd.DataFrame({"": ["a"]}), b"<svg/>")
    folder = write_cube(cleared["asso_a"], [drawn], tmp_path / "asso_a", inputs="v1", key=b"cle")
    no_room((Path, "write_bytes"))
    with pytest.raises(CubeError, match="impossible d’écrire"):
        write_cube(cleared["asso_a"], [], folder, inputs="v2", key=b"cle")
    assert list(read_cube(folder, b"cle")[1]) == ["f"]
    assert os.listdir(tmp_path) == ["asso_a"]


def test_a_full_disk_while_renewing_an_access_keeps_the_former_one(tmp_path, no_room):
    from impact.errors import ServingError

    path = tmp_path / "acces.json"
    create_accounts(path, ["alpha"])
    former = path.read_bytes()
    no_room((os, "fsync"), (os, "fdopen"))
    with pytest.raises(ServingError, match="ne peut pas être écrit"):
        renew_account(path, "alpha")
    assert path.read_bytes() == former
    assert list_accounts(path) == ["alpha"]
    assert os.listdir(tmp_path) == ["acces.json"]


def test_a_cube_removed_while_it_is_served(two):
    alpha, beta = two.visitor("asso_a"), two.visitor("asso_b")
    aside = two.outputs.parent / "aside"
    (two.outputs / "asso_a").rename(aside)
    answer = alpha.get("/")
    assert answer.status_code == 410
    assert "Vos résultats ne sont pas publiés en ce moment" in answer.text
    french_only(answer)
    assert reads(beta, "Association B")
    aside.rename(two.outputs / "asso_a")
    assert reads(alpha, "Association A")


@pytest.mark.parametrize("damage", ["changed", "emptied", "taken from another"])
def test_a_cube_altered_while_it_is_served(two, damage):
    cube = two.outputs / "asso_a"
    if damage == "changed":
        (cube / RESULTS).write_text((cube / RESULTS).read_text("utf-8").replace("0", "1"), "utf-8")
    elif damage == "emptied":
        (cube / MANIFEST).unlink()
    else:
        shutil.copytree(two.outputs / "asso_b", cube, dirs_exist_ok=True)
    visitor = two.visitor("asso_a")
    answer = visitor.get("/")
    assert answer.status_code == 410
    assert "ils ont été modifiés après coup, ou sont incomplets" in answer.text
    french_only(answer, "Association", "asso_")  # neither one's own page, nor the other's
    assert two.kernels() == set()
    assert re.search(r"Incident \w{8} : .*asso_a", (two.outputs / JOURNAL).read_text())
    assert reads(two.visitor("asso_b"), "Association B")


@pytest.mark.parametrize("jump", [LIFETIME * 2, -LIFETIME * 2])
def test_the_clock_is_set(tmp_path, jump):
    """Neither early nor late: sessions, locks and the giving back of kernels follow a clock that nobody sets."""
    shift = tmp_path / "heure"
    shift.write_text("0")
    site = served_site.start(tmp_path / "site", _free_port(), NOTEBOOK, f"clock={shift}")
    with served_site.closing(site):
        visitor = site.visitor("alpha")
        kernel = visitor.open_page()
        channel = visitor.connect(kernel)
        (tmp_path / "ensuite").write_text(str(jump))
        os.replace(tmp_path / "ensuite", shift)  # at once: the server may look at any moment, and must not find nothing
        assert visitor.get(f"/api/kernels/{kernel}").status_code == 200
        assert "réservés à alpha" in str(widgets(channel))
        assert reads(site.visitor("beta"), "réservés à beta")
        for process in site.kernels():
            os.kill(process, signal.SIGKILL)
        assert closed(channel, PATIENCE)  # found dead by a look that is periodic


def test_two_servers_on_one_folder(site):
    """The second one refuses to start, and says why; the first one serves on."""
    command = [sys.executable, str(served_site.HERE / "served_launch.py"), str(site.outputs), str(NOTEBOOK)]
    second = [*command, str(_free_port()), str(site.outputs.parent / "autres_routes.json")]
    said = subprocess.run(second, capture_output=True, text=True, timeout=PATIENCE)
    assert said.returncode != 0
    assert "déjà ouvertes par un autre serveur" in said.stderr
    assert reads(site.visitor("alpha"), "réservés à alpha")
