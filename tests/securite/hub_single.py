"""The server of one account, as the hub starts it; it writes down its routes, and looks at its sessions every second."""

import json
import os
import sys
from pathlib import Path

from impact.hub import single
from impact.serving import app

checked = app.refuse_if_loosened


def check_and_report(server):
    checked(server)
    rules = [rule for router in server.app.default_router.rules for rule in router.target.rules]
    routes = [rule.matcher.regex.pattern for rule in rules]
    (Path(os.environ["IMPACT_SORTIES"]).parents[1] / f"{server.accounts.code}.json").write_text(json.dumps(routes))


app.refuse_if_loosened = check_and_report
single.LOOK = 1
single.main(*sys.argv[1:])
