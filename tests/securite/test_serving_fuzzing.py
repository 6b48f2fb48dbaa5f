"""Thousands of requests that make no sense, from a stranger: a refusal, never a failure, a trace or a path."""

import random
import re
import socket
import string

import pytest
import requests
from served_site import PATIENCE

REQUESTS = 3000
SEED = 5
METHODS = (
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "PROPFIND",
    "get",
    "G\u00c9T",
    "A" * 300,
)
LEAKS = re.compile(r"Traceback|site-packages|/tmp|/usr/|/home/|/root|\.py\b|Error:|errno|tornado|jupyter_server", re.I)
NASTY = (
    "", "%00", "%", "%zz", "..", "../", "..%2f", "%2e%2e%2f", "\\", "'", '"', "<script>", "{{7*7}}", "${7}", "\u202e", "é", "%ff",
    "a" * 5000, "-1", "1e999", "null", "[]", "None", "/etc/passwd", "//ailleurs.example", "http://x", ";", "&", "?", "#", "%0d%0aX: y",
    "00000000-0000-0000-0000-000000000000",
)  # fmt: skip
HEADERS = (
    "Host", "Origin", "Referer", "Cookie", "Authorization", "Content-Type", "Content-Length", "Content-Encoding", "Transfer-Encoding",
    "Accept", "Accept-Encoding", "Range", "If-None-Match", "If-Modified-Since", "X-Forwarded-For", "X-Forwarded-Proto", "X-Real-Ip",
    "X-Scheme", "X-XSRFToken", "Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version", "Sec-WebSocket-Protocol", "Expect",
    "User-Agent", "X-HTTP-Method-Override", "X-Original-URL",
)  # fmt: skip
VALUES = (
    *NASTY, "close", "keep-alive", "gzip", "chunked", "https", "websocket", "Upgrade", "127.0.0.1", "::1", "bytes=0-99999999", "bytes=-1",
    "application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary=x", "application/json; charset=zz",
    "_xsrf=2|x|y|z", "_xsrf=", "impact-80=a; impact-80=b", "Basic YTpi", "token x", "13", "100-continue", "Thu, 32 Foo 9999",
)  # fmt: skip
BODIES = (
    "",
    "a=b",
    "identifiant=alpha&secret=x",
    "_xsrf=",
    "identifiant=%ff&secret=%00",
    "{",
    "\x00" * 50,
    "--x\r\n\r\n",
    "0\r\n\r\n",
    "&" * 3000,
)


def raw_request(chance, routes, host):
    """Return a request made of a route of the server and of anything."""
    path = re.sub(r"\(.*\)", lambda _: chance.choice(NASTY), chance.choice(routes).rstrip("$")).replace("\\", "")
    path = path if path.startswith("/") else "/" + path
    for _ in range(chance.choice((0, 0, 0, 1, 2))):
        cut = chance.randrange(len(path) + 1)
        path = path[:cut] + chance.choice((*NASTY, *string.punctuation)) + path[cut:]
    if chance.random() < 0.3:
        path += "?" + "&".join(f"{chance.choice(NASTY)}={chance.choice(NASTY)}" for _ in range(3))
    headers = {"Host": host} | {chance.choice(HEADERS): chance.choice(VALUES) for _ in range(chance.randrange(5))}
    if chance.random() < 0.2:
        headers |= {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": "eA==",
            "Sec-WebSocket-Version": "13",
        }
    body = chance.choice(BODIES) if chance.random() < 0.4 else ""
    if body and chance.random() < 0.8:
        headers = {"Content-Type": "application/x-www-form-urlencoded"} | headers | {"Content-Length": str(len(body))}
    lines = [f"{chance.choice(METHODS)} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\nConnection: close\r\n\r\n" + body).encode("utf-8", "surrogateescape")


def answer_to(request, port):
    """Send these very bytes, say no more, and return whatever comes back."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as line:
        line.sendall(request)
        line.shutdown(socket.SHUT_WR)
        parts = []
        try:
            while part := line.recv(65536):
                parts.append(part)
        except ConnectionResetError:
            pass  # cut in the middle of what made no sense: nothing was said
    return b"".join(parts).decode("utf-8", "replace")


@pytest.mark.parametrize("part", range(3))
def test_a_stranger_gets_refusals_only(site, part):
    chance, port = random.Random(SEED + part), int(site.url.rpartition(":")[2])
    statuses = {}
    for _ in range(REQUESTS // 3):
        request = raw_request(chance, site.routes, f"127.0.0.1:{port}")
        answer = answer_to(request, port)
        assert not LEAKS.search(answer.replace("/connexion", "")), (request[:300], answer[:800])
        status = ["", *re.findall(r"HTTP/1\.1 (\d+) ", answer)][-1]
        assert status == "" or status[0] in "234", (request[:300], answer[:300])
        assert "réservés à" not in answer
        statuses[status] = statuses.get(status, 0) + 1
    print(f"\n{dict(sorted(statuses.items()))}")
    assert "Traceback" not in site.journal.read_text()
    assert requests.get(site.url + "/connexion", timeout=PATIENCE).status_code == 200


def test_who_is_logged_in_gets_no_failure_either(site):
    """The same from inside, by whole requests: paths, names and bodies that make no sense."""
    chance, visitor = random.Random(SEED), site.visitor("alpha")
    for _ in range(300):
        route = chance.choice([one for one in site.routes if one not in ("/$", "/deconnexion$")])
        path = re.sub(r"\(.*\)", lambda _: chance.choice(NASTY), route.rstrip("$")).replace("\\", "")
        path = path.encode("ascii", "ignore").decode()
        answer = visitor.ask(
            chance.choice(METHODS[:7]), path, headers={"X-XSRFToken": visitor.xsrf, "Origin": site.url}
        )
        assert answer.status_code < 500, (path, answer.status_code)
        assert not LEAKS.search(answer.text) or "/static/" in path, path
    assert "Traceback" not in site.journal.read_text()
