"""Serve a campaign as `impact` does, and write down the routes that the running application answers."""

import json
import sys
import time
from pathlib import Path

from impact.serving import app, kernels, serve


def main(outputs: str, notebook: str, port: str, routes: str, system: str = "", prefix: str = "/") -> None:
    if system.startswith("without_fork"):
        app.can_fork = kernels.can_fork = lambda: False
    if system.startswith("clock="):  # the hour is the true one plus what this file says
        hour, shift = time.time, Path(system.removeprefix("clock="))
        time.time = lambda: hour() + float(shift.read_text())
    checked = app.refuse_if_loosened

    def check_and_report(server: app.ResultsServer) -> None:
        checked(server)
        rules = [rule for router in server.app.default_router.rules for rule in router.target.rules]
        Path(routes).write_text(json.dumps([rule.matcher.regex.pattern for rule in rules]))

    app.refuse_if_loosened = check_and_report
    options = {"prefix": prefix, "strict": system.endswith("strict")}
    serve(Path(outputs), Path(notebook), port=int(port), open_browser=False, **options)


if __name__ == "__main__":
    main(*sys.argv[1:])
