# ruff: noqa: F821 - `c` is given by JupyterHub
"""The hub's own configuration file, with the folders and the ports of a test; it writes down the hub's routes."""

import json
import os
import sys
from pathlib import Path

from jupyterhub.app import JupyterHub

from impact.serving.confinement import ALONE, walls_here

HERE = Path(__file__).parent
STATE, PORTS = Path(os.environ["HUB_TEST"]), json.loads(os.environ["HUB_PORTS"])
shown = (HERE.parents[1] / "deploiement" / "jupyterhub_config.py").read_text("utf-8")
for written, here in {'"/var/lib/impact"': repr(str(STATE)), "ma_campagne": "demonstration"}.items():
    assert written in shown, written
    shown = shown.replace(written, here)
exec(compile(shown, "jupyterhub_config.py", "exec"))

c.JupyterHub.bind_url = f"http://127.0.0.1:{PORTS[0]}"
c.JupyterHub.hub_port = PORTS[1]
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{PORTS[2]}"
assert c.Spawner.cmd == [sys.executable, "-P", "-m", "impact.hub.single", "--strict"]
strict = ["--strict"] if walls_here(STATE) == ALONE else []
c.Spawner.cmd = [sys.executable, str(HERE / "hub_single.py"), *strict]
exec(os.environ.get("HUB_MORE", ""))

made = JupyterHub.init_tornado_application


def make_and_report(app):
    made(app)
    routers = [rule.target for rule in app.tornado_application.default_router.rules]
    rules = [rule.matcher.regex.pattern for router in routers for rule in router.rules]
    (STATE / "routes.json").write_text(json.dumps(rules))


JupyterHub.init_tornado_application = make_and_report
