"""The page an association reads, in widgets: what stays, one choice of breakdown, and what follows it."""

from __future__ import annotations

import os
import traceback
from pathlib import Path

import ipywidgets as widgets

from impact.errors import ImpactError, french
from impact.page import STYLE, Page, read_page

CUBE, DETAIL = "IMPACT_CUBE", "IMPACT_DETAIL"
LAID_OUT = "IMPACT_MISE_EN_PAGE"  # given by a server that has sent all the rest already: the choice alone is wanted
KEPT = "choix--"  # the class by which the served page's script knows the question to keep in the address
FAILED = "Cette partie de la page ne peut pas être montrée. Recharger la page ; si cela continue, prévenir le service."


def show(folder: str | Path | None = None) -> widgets.Widget:
    """Return the page of the cube in `folder`, by default the one the server gave (IMPACT_CUBE).

    A cube that is missing or altered gives a French sentence in place of the page, never a traceback.
    """
    style = f"<style>{STYLE.read_text('utf-8')}</style>"
    try:
        page = read_page(folder or os.environ.get(CUBE, "."))
        choice = _choice(page) if page.choices else []
    except ImpactError as error:
        return _html(f'{style}<p role="alert" class="panne">{error.what}</p>')
    except Exception:
        return _html(f'{style}<p role="alert" class="panne">{french(FAILED)}</p>')
    if LAID_OUT in os.environ:
        return widgets.VBox(choice)
    closer = [widgets.VBox([_html(page.pick), *choice]).add_class("de-pres")] if choice else []
    blocks = [_html(style), _html(page.before), *closer, _html(page.after)]
    return widgets.VBox(blocks, layout={"width": "100%"}).add_class("impact-page")


def _choice(page: Page) -> list[widgets.Widget]:
    """One choice, and under it what is chosen."""
    first = page.known(os.environ.get(DETAIL, ""))
    choice = widgets.RadioButtons(options=page.choices, value=first, layout={"width": "auto"}).add_class(KEPT + first)
    detail = _html(page.details[first])

    def follow(change: dict) -> None:
        """Show the chosen breakdown; whatever happens, the reader gets a sentence."""
        try:
            detail.value = page.details[change["new"]]
            choice.remove_class(KEPT + change["old"]).add_class(KEPT + change["new"])
        except Exception:
            traceback.print_exc()  # the server's journal keeps it under the reference
            detail.value = f'<p role="alert" class="panne">{french(FAILED + _reference())}</p>'

    choice.observe(follow, names="value")
    return [choice, detail]


def _reference() -> str:
    """What leads the service to the details in the server's journal; "" outside of a server."""
    kernel = os.environ.get("VOILA_KERNEL_ID", "")
    return f" Référence : {kernel[:8]}." if kernel else ""


def _html(content: str) -> widgets.HTML:
    return widgets.HTML(content, layout={"width": "100%", "margin": "0"})
