"""The activity laid out for a notebook: each action line, what is counted, what is only said, what is not counted."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from html import escape

import pandas as pd
from IPython.display import HTML

from impact.activity import charts
from impact.activity.tables import (
    DATE,
    INDICATOR,
    Activity,
    as_written,
    doubtful,
    evolution_sentence,
    evolutions,
    natures,
    sources,
    together,
)
from impact.errors import ImpactError, check_option, french
from impact.page import STYLE

NO_EVOLUTION = "Aucun chiffre n’est donné pour deux années : l’évolution ne se voit pas."
NO_FIGURE = "Aucun chiffre n’est propre à cette action."
DASHED = " Tireté : les documents se contredisent."
HATCHED = "Plein : compté. Hachuré : dit sans être compté."
OWN_STYLE = """
.impact-page.activite { margin: 0; }
.activite h3 { font-weight: 700; }
.activite figure { margin: 0 0 12px; }
.activite figcaption { margin: 0; }
.activite .trio { columns: 300px; column-gap: 32px; }
.activite .trio figure { break-inside: avoid; }
.activite .manque { border-left: 5px solid var(--alerte); background: var(--alerte-fond); padding: 8px 14px; }
.impact-page.activite td, .impact-page.activite th { text-align: left; white-space: normal; }
@media (max-width: 600px) {
  .activite thead { display: none; }
  .activite tr, .impact-page.activite td, .impact-page.activite th { display: block; border: 0; padding: 1px 0; }
  .activite tr { border-bottom: 1px solid var(--trait); padding: 6px 0; }
}
"""


def show_overview(activity: Activity) -> HTML:
    """Show how many figures there are of each nature, and how many sentences without a figure."""
    table = natures(activity)
    lines = [f"{row.Index} : {row.chiffres} chiffres, {row.sans_chiffre} sans chiffre" for row in table.itertuples()]
    counts = table["chiffres"]
    sentence = f"{counts.sum()} chiffres ; sur ce que l’action change pour des personnes : {counts['effet']}."
    drawing = charts.counted_and_said(table)
    return _page([f"<article>{_figure(drawing, sentence, HATCHED, alt='. '.join(lines))}</article>"])


def show_axis(activity: Activity, name: str) -> HTML:
    """Show the action lines of one axis (column `axe` of the actions), in the order of the package.

    Raises ImpactError for an axis that no action has.
    """
    check_option("axe", name, activity.actions["axe"].unique(), ImpactError)
    moving = evolutions(activity)
    codes = activity.actions.index[activity.actions["axe"] == name]
    return _page(_action(activity, code, moving[moving["action"] == code]) for code in codes)


def show_contradictions(activity: Activity) -> HTML:
    """Show each contradiction: the question, what the documents say, their figures side by side."""
    blocks = []
    for code, row in activity.contradictions.iterrows():
        rows = activity.figures[activity.figures["contradiction"] == code]
        drawn = [_side_by_side(activity, same) for _, same in rows.groupby("unite") if len(same) > 1]
        words = f"<h3>{escape(row['question'])}</h3><p>{escape(together(row['explication']))}</p>"
        blocks.append(
            f'<article>{words}<div class="trio">{"".join(drawn)}</div>{_quotations(activity, rows)}</article>'
        )
    return _page(blocks)


def _action(activity: Activity, code: str, moving: pd.DataFrame) -> str:
    """One action line: its evolutions, what is said without a number, what is not counted, every sentence."""
    about = activity.actions.loc[code]
    rows = activity.figures[activity.figures["action"] == code]
    drawn = "".join(_evolution(activity, one) for _, one in moving.groupby(INDICATOR, sort=False))
    nothing = NO_EVOLUTION if rows["valeur"].notna().any() else NO_FIGURE
    seen = f'<div class="trio">{drawn}</div>' if drawn else f"<p>{nothing}</p>"
    effects = rows[rows["nature"] == "effet"]
    said = f"<p><strong>Dit, sans être compté :</strong></p>{_quotations(activity, effects)}" if len(effects) else ""
    missing = f'<p class="manque"><strong>Pas compté :</strong> {escape(about["non_compte"])}.</p>'
    served = " ; ".join(activity.criteria.loc[about["criteres"].split(), "intitule"])
    criteria = f"<p>Critères que cette action peut servir : {escape(served)}.</p>"
    table = f"<details><summary>Les phrases des documents ({len(rows)})</summary>{_table(activity, rows)}</details>"
    return f"<article><h3>{escape(about['intitule'])}</h3>{seen}{said}{missing}{criteria}{table}</article>"


def _evolution(activity: Activity, rows: pd.DataFrame) -> str:
    note = sources(activity, rows) + (DASHED if doubtful(rows) else "")
    return _figure(charts.evolution(rows), evolution_sentence(rows), note)


def _side_by_side(activity: Activity, rows: pd.DataFrame) -> str:
    names, unit = activity.documents.loc[rows["document"], "court"], rows["unite"].iloc[0]
    several = rows["indicateur"].nunique() > 1
    labels = [f"{name} : {one}" if several else name for name, one in zip(names, rows["indicateur"], strict=True)]
    told = ", ".join(f"{as_written(one)} ({name})" for name, one in zip(names, rows.itertuples(), strict=True))
    sentence = f"{'Années' if unit == DATE else unit[0].upper() + unit[1:]} : {told}."
    return _figure(charts.side_by_side(rows, [french(label) for label in labels]), sentence)


def _table(activity: Activity, rows: pd.DataFrame) -> str:
    """Every row of an action: what, when, how much, the sentence and its document."""
    lines = "".join(
        f'<tr><th scope="row">{escape(one.indicateur)}</th><td>{escape(one.periode)}</td>'
        f"<td>{escape(as_written(one)) or 'pas de chiffre'}</td><td>{_quoted(activity, one)}</td></tr>"
        for one in rows.itertuples()
    )
    names = ("Ce qui est dit", "Quand", "Valeur", "Phrase et document")
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    return f'<div class="defile" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>'


def _quotations(activity: Activity, rows: pd.DataFrame) -> str:
    return f"<ul>{''.join(f'<li>{_quoted(activity, one)}</li>' for one in rows.itertuples())}</ul>"


def _quoted(activity: Activity, one: tuple) -> str:
    return f"« {escape(one.phrase)} » ({activity.documents.loc[one.document, 'court']})"


def _figure(svg: bytes, sentence: str, note: str = "", *, alt: str = "") -> str:
    """A drawing under its sentence, above its note."""
    image = f'<img alt="{escape(alt or sentence)}" src="data:image/svg+xml;base64,{base64.b64encode(svg).decode()}">'
    under = f'<p class="source">{escape(note)}</p>' if note else ""
    return f"<figure><figcaption>{escape(sentence)}</figcaption>{image}{under}</figure>"


def _page(blocks: Iterable[str]) -> HTML:
    sheet = f"<style>{STYLE.read_text('utf-8')}{OWN_STYLE}</style>"
    return HTML(sheet + french(f'<div class="impact-page activite">{"".join(blocks)}</div>'))
