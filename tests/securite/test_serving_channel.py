"""Attacks on a page's connection to its kernel, against the site as it is really served."""

import json
import os
import re
import sys
import time
import uuid
from pathlib import Path

import pytest
import websocket
from jupyter_server.services.kernels.connection.base import serialize_binary_message, serialize_msg_to_ws_v1
from served_site import ASSOCIATIONS, PATIENCE, hear, message

linux = pytest.mark.skipif(sys.platform != "linux", reason="suit les processus par /proc")
V1 = "v1.kernel.websocket.jupyter.org"
FOREIGN = "https://ailleurs.example"
ASKED = {"silent": False, "cursor_pos": 0, "restart": False, "allow_stdin": True, "hist_access_type": "tail", "n": 9}
FORBIDDEN = (
    "execute_request", "inspect_request", "complete_request", "history_request", "is_complete_request",
    "debug_request", "shutdown_request", "interrupt_request", "input_reply", "connect_request",
    "create_subshell_request",
)  # fmt: skip
OUTGOING = {"comm_open", "comm_msg", "comm_close", "status", "comm_info_reply", "kernel_info_reply"}


@pytest.fixture
def visit(site):
    """A visitor of alpha, and the kernel of a page opened for this test."""
    visitor = site.visitor("alpha")
    kernel = visitor.open_page()
    yield visitor, kernel
    visitor.leave(kernel)


@pytest.fixture(scope="module")
def standing(site):
    """A page of alpha that stays open, for the attacks that leave it as it was."""
    visitor = site.visitor("alpha")
    return visitor, visitor.open_page()


@pytest.fixture
def shared(standing):
    opened = standing[0].connect(standing[1])
    hear(opened, 0.15)
    yield opened
    opened.close()


@pytest.fixture
def channel(visit):
    opened = visit[0].connect(visit[1])
    hear(opened, 0.2)
    yield opened
    opened.close()


def say(channel, kind, content, on="shell"):
    channel.send(json.dumps(message(kind, content, on)))


def widgets(channel):
    """Return the state of every widget, as the page asks for it."""
    comm = uuid.uuid4().hex
    opening = message("comm_open", {"comm_id": comm, "target_name": "jupyter.widget.control", "data": {}})
    channel.send(json.dumps(opening | {"metadata": {"version": "1.0.0"}}))
    say(channel, "comm_msg", {"comm_id": comm, "data": {"method": "request_states"}})
    for heard in hear(channel, PATIENCE, until=comm):
        data = heard.get("content", {}).get("data", {})
        if data.get("method") == "update_states":
            return data["states"]
    raise AssertionError("the kernel did not answer")


def named(states, model):
    return next((key, state["state"]) for key, state in states.items() if state["model_name"] == model)


@pytest.mark.parametrize("who", ["beta", "anonyme", "alpha again"])
def test_a_channel_is_for_the_session_that_opened_the_page(site, visit, who):
    other = site.visitor(who.split()[0]) if who != "anonyme" else site.visitor()
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        other.connect(visit[1])
    assert refused.value.status_code in (403, 404)


@pytest.mark.parametrize("origin", [FOREIGN, "null", "http://127.0.0.1:1", None])
def test_a_channel_asked_for_from_elsewhere_is_refused(visit, origin):
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        visit[0].connect(visit[1], origin=origin)
    assert refused.value.status_code == 403


def test_a_foreign_origin_is_refused_through_a_proxy_too(visit):
    through = {"X-Forwarded-Host": "ailleurs.example", "X-Forwarded-Proto": "https"}
    with pytest.raises(websocket.WebSocketBadStatusException):
        visit[0].connect(visit[1], origin=FOREIGN, header=through)


@pytest.mark.parametrize("protocol", ["json", "binary", "v1"])
@pytest.mark.parametrize("on", ["shell", "control", "stdin", "iopub", "inconnu"])
def test_no_request_but_those_of_widgets_reaches_the_kernel(standing, tmp_path, protocol, on):
    visitor, kernel = standing
    mark = tmp_path / "execute"
    channel = visitor.connect(kernel, subprotocols=[V1] if protocol == "v1" else None)
    for kind in FORBIDDEN:
        send_as(protocol, channel, message(kind, {"code": f"open({str(mark)!r}, 'w')", **ASKED}, on))
    heard = json.dumps(hear(channel, 0.3), default=repr)
    channel.close()
    assert "_reply" not in heard.replace("kernel_info_reply", "").replace("comm_info_reply", "")
    assert not mark.exists()
    assert visitor.get(f"/api/kernels/{kernel}").json()["execution_state"] == "idle"


def send_as(protocol, channel, asked):
    if protocol == "v1":
        parts = [json.dumps(asked[part]).encode() for part in ("header", "parent_header", "metadata", "content")]
        channel.send_binary(serialize_msg_to_ws_v1(parts, asked["channel"]))
    elif protocol == "binary":
        channel.send_binary(serialize_binary_message(asked | {"buffers": [b"x"]}))
    else:
        channel.send(json.dumps(asked))


@pytest.mark.parametrize("on", ["control", "stdin"])
def test_even_what_widgets_need_goes_by_one_channel_only(shared, on):
    say(shared, "kernel_info_request", {}, on)
    assert not [heard for heard in hear(shared, 0.5) if heard.get("msg_type") == "kernel_info_reply"]
    say(shared, "kernel_info_request", {})
    assert [heard for heard in hear(shared, 2) if heard.get("msg_type") == "kernel_info_reply"]


@pytest.mark.parametrize(
    "frame",
    ["", "{", "[]", "{}", '{"channel": "shell"}', '{"header": null, "channel": "shell"}', b"\x00", b"\xff" * 64],
)
def test_a_malformed_message_is_dropped(shared, frame):
    shared.send(frame, websocket.ABNF.OPCODE_BINARY if isinstance(frame, bytes) else websocket.ABNF.OPCODE_TEXT)
    assert named(widgets(shared), "HTMLModel")


def test_a_kernel_answers_the_page_it_was_started_for(shared):
    states = widgets(shared)
    assert "réservés à alpha" in named(states, "HTMLModel")[1]["value"]
    dump = json.dumps(states, ensure_ascii=False)
    assert all(code not in dump for code in ASSOCIATIONS if code != "alpha")
    assert "/" not in named(states, "HTMLModel")[1]["value"].replace("</", "")


@pytest.mark.parametrize("value", [5, -1, "beta", None, [1], {"index": 1}])
def test_a_value_that_is_not_offered_changes_nothing_and_tells_nothing(shared, value):
    comm = named(widgets(shared), "ToggleButtonsModel")[0]
    say(
        shared,
        "comm_msg",
        {"comm_id": comm, "data": {"method": "update", "state": {"index": value}, "buffer_paths": []}},
    )
    silent_about_errors(hear(shared, 0.4))
    assert "réservés à alpha" in named(widgets(shared), "HTMLModel")[1]["value"]


def test_a_value_that_is_offered_is_obeyed(channel):
    comm = named(widgets(channel), "ToggleButtonsModel")[0]
    say(channel, "comm_msg", {"comm_id": comm, "data": {"method": "update", "state": {"index": 1}, "buffer_paths": []}})
    hear(channel, 0.4)
    assert "après" in named(widgets(channel), "HTMLModel")[1]["value"]


def test_a_text_that_a_page_rewrites_stays_its_own(site, channel):
    comm = named(widgets(channel), "HTMLModel")[0]
    state = {"value": "<img src=x onerror=alert(1)>"}
    say(channel, "comm_msg", {"comm_id": comm, "data": {"method": "update", "state": state, "buffer_paths": []}})
    hear(channel, 0.4)
    other = site.visitor("alpha")
    kernel = other.open_page()
    with_other = other.connect(kernel)
    assert "onerror" not in json.dumps(widgets(with_other))
    with_other.close()
    other.leave(kernel)


def test_no_page_creates_a_widget(shared):
    state = {
        "_model_name": "FileUploadModel",
        "_model_module": "@jupyter-widgets/controls",
        "_view_name": "FileUploadView",
    }
    state |= {"_model_module_version": "2.0.0", "_view_module": "@jupyter-widgets/controls"}
    say(shared, "comm_open", {"comm_id": "envoi", "target_name": "jupyter.widget", "data": {"state": state}})
    say(shared, "comm_open", {"comm_id": "autre", "target_name": "inconnu", "data": {}})
    hear(shared, 0.5)
    assert "envoi" not in widgets(shared)
    assert not [s for s in widgets(shared).values() if "Upload" in s["model_name"]]


def test_a_message_too_large_is_not_read(visit):
    channel = visit[0].connect(visit[1])
    say(channel, "comm_msg", {"comm_id": "x", "data": "a" * 1_000_000})
    assert closed(channel)
    assert visit[0].get(f"/api/kernels/{visit[1]}").status_code == 200


def silent_about_errors(heard):
    text = json.dumps(heard, default=repr, ensure_ascii=False)
    for sign in (
        "Traceback",
        "traceback",
        "FileNotFoundError",
        "TraitError",
        "site-packages",
        "/chemin",
        "/tmp",
        "File ",
    ):
        assert sign not in text, sign
    assert {h.get("msg_type", "status") for h in heard} <= OUTGOING


def test_an_error_in_a_callback_shows_nothing(site, channel):
    comm = named(widgets(channel), "RadioButtonsModel")[0]
    say(channel, "comm_msg", {"comm_id": comm, "data": {"method": "update", "state": {"index": 1}, "buffer_paths": []}})
    silent_about_errors(hear(channel, 0.8))
    assert "réservés à alpha" in named(widgets(channel), "HTMLModel")[1]["value"]  # answered after the error
    assert "FileNotFoundError" in site.journal.read_text()


def test_logging_out_closes_the_channel(site):
    visitor = site.visitor("beta")
    kernel = visitor.open_page()
    channel = visitor.connect(kernel)
    hear(channel, 0.3)
    visitor.post("/deconnexion", data={"_xsrf": visitor.xsrf})
    assert closed(channel)


@linux
def test_a_kernel_that_dies_closes_its_channel(site):
    visitor, before = site.visitor("beta"), site.kernels()
    kernel = visitor.open_page()
    channel = visitor.connect(kernel)
    hear(channel, 0.3)
    os.kill((site.kernels() - before).pop(), 9)
    assert closed(channel, 12)
    assert visitor.get(f"/api/kernels/{kernel}").status_code == 404


def closed(channel, seconds=5):
    channel.settimeout(seconds)
    try:
        while channel.connected:
            if channel.recv() == "":
                return True
    except (websocket.WebSocketConnectionClosedException, OSError):
        return True
    except websocket.WebSocketTimeoutException:
        return False
    return True


def test_a_kernel_is_told_its_cube_and_nothing_else(site, shared):
    told = dict(line.split("=", 1) for line in named(widgets(shared), "TextareaModel")[1]["value"].splitlines())
    private = {"HOME", "TMPDIR", "IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "MPLCONFIGDIR"}
    fixed = {
        "IMPACT_CUBE",
        "IMPACT_DETAIL",
        "IMPACT_MISE_EN_PAGE",
        "MPLBACKEND",
        "PATH",
        "LANG",
        "PYTHONNOUSERSITE",
        "PYTHONDONTWRITEBYTECODE",
    }
    displays = {"CLICOLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "PAGER", "GIT_PAGER", "TERM"}
    set_by_jupyter = {"VOILA_KERNEL_ID", "JPY_PARENT_PID", "PYDEVD_USE_FRAME_EVAL"} | displays
    assert set(told) <= private | fixed | set_by_jupyter
    assert told["IMPACT_CUBE"] == str(site.outputs / "alpha")
    assert len({told[name] for name in private}) == 1
    assert not {code for code in ("beta", "gamma") if code in str(told)}


@linux
def test_a_page_that_is_left_leaves_no_process_and_no_folder(site):
    visitor, before = site.visitor("gamma"), site.kernels()
    kernel = visitor.open_page()
    channel = visitor.connect(kernel)
    told = named(widgets(channel), "TextareaModel")[1]["value"]
    folder = Path(re.search("HOME=(.*)", told)[1])
    assert folder.is_dir()
    assert site.kernels() > before
    visitor.leave(kernel)
    for _ in range(50):
        if site.kernels() == before and not folder.exists():
            return
        time.sleep(0.1)
    raise AssertionError("the kernel outlived its page")
