"""The widgets of the page: what stays, one choice of breakdown, and what follows it."""

from __future__ import annotations

import os
from pathlib import Path

import ipywidgets as widgets

from impact.dashboard.model import NOTHING, Dashboard
from impact.errors import ImpactError, french

CUBE = "IMPACT_CUBE"
STYLE = Path(__file__).with_name("page.css")
FAILED = "Cette partie de la page ne peut pas être montrée. Recharger la page ; si cela continue, prévenir le service."


def show(folder: str | Path | None = None) -> widgets.Widget:
    """Return the page of the cube in `folder`, by default the one the server gave (IMPACT_CUBE).

    A cube that is missing or altered gives a French sentence in place of the page, never a traceback.
    """
    style = f"<style>{STYLE.read_text('utf-8')}</style>"
    try:
        page = Dashboard(folder or os.environ.get(CUBE, "."))
        blocks = _blocks(page)
    except ImpactError as error:
        return _html(f'{style}<p role="alert" class="panne">{error.what}</p>')
    except Exception:
        return _html(f'{style}<p role="alert" class="panne">{french(FAILED)}</p>')
    return widgets.VBox([_html(style), *blocks], layout={"width": "100%"}).add_class("impact-page")


def _blocks(page: Dashboard) -> list[widgets.Widget]:
    if not page.picked:
        return [_html(page.before()), _html(page.after())]
    detail = _html(page.detail(NOTHING))
    choice = widgets.RadioButtons(options=page.choices, value=NOTHING, layout={"width": "auto"})

    def follow(change: dict) -> None:
        """Show the chosen breakdown; whatever happens, the reader gets a sentence."""
        try:
            detail.value = page.detail(change["new"])
        except Exception:
            detail.value = f'<p role="alert" class="panne">{french(FAILED)}</p>'

    choice.observe(follow, names="value")
    closer = widgets.VBox([_html(page.pick_title()), choice, detail]).add_class("de-pres")
    return [_html(page.before()), closer, _html(page.after())]


def _html(content: str) -> widgets.HTML:
    return widgets.HTML(content, layout={"width": "100%", "margin": "0"})
