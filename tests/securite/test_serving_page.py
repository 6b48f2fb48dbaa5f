"""The page itself: what a failure shows, what a hang would cost, and kernels that are not forked."""

import asyncio
import re
from queue import Empty

import nbformat
import pytest
import served_site
from conftest import NOTEBOOK, _free_port
from test_serving_channel import named, widgets
from voila.execute import VoilaExecutor

from impact.serving.app import CELL_TIMEOUT, STRICT
from impact.serving.page import listen_again

BROKEN = (
    "import ipywidgets as widgets, sys\nprint('impression', file=sys.stderr)\nprint('impression')",
    "widgets.HTML('avant la panne')",
    "raise ValueError('chemin /secret')",
    "widgets.HTML('jamais atteint')",
)
DYING = ("import os\nos._exit(3)",)


def served(tmp_path, cells, system=""):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbformat.write(notebook, tmp_path / "page.ipynb")
    return served_site.start(tmp_path, _free_port(), tmp_path / "page.ipynb", system)


@pytest.mark.parametrize("cells", [BROKEN, DYING])
def test_a_page_that_fails_says_so_in_french_and_nothing_more(tmp_path, cells):
    site = served(tmp_path, cells)
    try:
        text = site.visitor("alpha").get("/").text
    finally:
        site.process.terminate()
        site.process.wait(timeout=20)
    visible = re.sub(r"(?s)<script.*?</script>|<[^>]+>", "", text)
    assert "n’a pas pu être préparée" in visible
    assert text.rstrip().endswith("</html>") or cells is DYING
    for sign in ("ValueError", "/secret", "Traceback", "Error", "exception", "executing", "impression", "jamais"):
        assert sign not in text.replace("/voila/static", ""), sign


def test_kernels_started_anew_work_as_well(tmp_path):
    """On a system that cannot fork kernels, the pages are the same; the protection announced is not."""
    site = served_site.start(tmp_path, _free_port(), NOTEBOOK, "without_fork")
    try:
        visitor = site.visitor("beta")
        kernel = visitor.open_page()
        states = widgets(visitor.connect(kernel))
        assert visitor.leave(kernel).status_code == 204
    finally:
        site.process.terminate()
        site.process.wait(timeout=20)
    assert "réservés à beta" in named(states, "HTMLModel")[1]["value"]
    assert "ne permet pas, en plus, d’enfermer" in site.journal.read_text()


def test_a_wake_up_that_is_lost_costs_a_turn_and_not_the_page():
    turns = []

    async def deaf_twice(timeout):
        turns.append(timeout)
        if len(turns) < 3:
            raise Empty
        return {"content": "réponse"}

    assert asyncio.run(listen_again(deaf_twice)) == {"content": "réponse"}
    assert all(0 < turn <= 0.25 for turn in turns)


def test_waiting_ends_when_the_time_is_over():
    async def deaf(timeout):
        await asyncio.sleep(timeout)
        raise Empty

    with pytest.raises(Empty):
        asyncio.run(listen_again(deaf, timeout=0.3))


def test_a_cell_that_never_ends_is_given_up():
    assert VoilaExecutor(nbformat.v4.new_notebook(), config=STRICT).timeout == CELL_TIMEOUT
