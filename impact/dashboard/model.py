"""What the page shows, without any widget: sections of HTML made from one cube."""

from __future__ import annotations

import base64
from html import escape
from itertools import groupby
from pathlib import Path

from impact import reading, sentences
from impact.cube import read_cube
from impact.errors import french
from impact.tables import breakdown_table, scale_table

NO_BREAKDOWN = ""


class Dashboard:
    """One association's page over its cube; nothing is computed here, only laid out. All methods return HTML."""

    def __init__(self, folder: str | Path):
        self.release, self.figures = read_cube(folder)
        self.context = self.release.context

    @property
    def breakdowns(self) -> list[tuple[str, str]]:
        """(label, name) of each declared breakdown, after « everyone together »."""
        declared = [(breakdown["label"], breakdown["name"]) for breakdown in self.context["breakdowns"]]
        return [("Tout le monde ensemble", NO_BREAKDOWN), *declared]

    def header(self) -> str:
        """Who, what, and whether the data are fictitious."""
        badge = '<p class="fictif">Exemple : données fictives</p>' if self.context["fictif"] else ""
        sector = f" · {escape(self.context['sector'])}" if self.context["sector"] else ""
        return french(
            f"<header>{badge}<h1>{escape(self.context['association'])}</h1>"
            f'<p class="campagne">{escape(self.context["title"])}{sector}</p></header>'
        )

    def answered(self) -> str:
        """Who answered and who is missing: before any result."""
        missing = sentences.who_is_missing(self.release)
        said = sentences.who_answered(self.release)
        if "repondants" not in self.figures:
            words = f'<p class="insuffisant"><strong>{escape(said)}</strong> {WHY_NOTHING}</p>'
        else:
            words = f"<p>{escape(said)}</p><p>{escape(missing)}</p>"
        return f"<section><h2>Qui a répondu{NBSP}?</h2>{words}{self._figure('repondants')}</section>"

    def glance(self) -> str:
        """One sentence a scale, all dimensions at once."""
        lines = []
        for scale in self.context["scales"]:
            mark, word = VERDICTS[way := self._way(scale)]
            lines.append(
                f'<li class="{way}"><span aria-hidden="true">{mark}</span> {escape(scale["label"])}{NBSP}: {word}</li>'
            )
        return f'<section><h2>En bref</h2><ul class="bref">{"".join(lines)}</ul></section>'

    def _way(self, scale: dict) -> str:
        """What the whole interval says of one scale: a key of VERDICTS."""
        row = reading.estimated(self.release, scale["name"])
        if reading.shown(row):
            return reading.direction(row, scale["higher_is_better"])
        levels = [self.release.row("mean", scale=scale["name"], wave=wave["code"]) for wave in self.context["waves"]]
        return "level" if any(reading.shown(level) for level in levels) else "suppressed"

    def dimensions(self) -> str:
        """Each dimension opened, scale by scale."""
        parts = []
        for dimension, scales in groupby(self.context["scales"], key=lambda scale: scale["dimension"]):
            scales = list(scales)
            alone = len(scales) == 1 and scales[0]["label"] == dimension
            cards = "".join(self._scale(scale, title=not alone) for scale in scales)
            parts.append(f"<section><h2>{escape(dimension)}</h2>{cards}</section>")
        return "".join(parts)

    def _scale(self, scale: dict, *, title: bool) -> str:
        name = scale["name"]
        heading = f"<h3>{escape(scale['label'])}</h3>" if title else ""
        if self._way(scale) == "suppressed":
            said = sentences.whole(self.release, name)
            return f"<article>{heading}{self.insufficient()}{self._told(f'ensemble-{name}', said)}</article>"
        said = [text(self.release, name) for text in (sentences.change, sentences.people, sentences.whole)]
        columns = zip(("moyennes", "personnes", "ensemble"), said, strict=True)
        blocks = "".join(self._told(f"{kind}-{name}", text) for kind, text in columns)
        table = _table(scale_table(self.release, name), f"Les chiffres{NBSP}: {scale['label']}")
        source = f'<p class="source">{escape(scale["source"])}</p>'
        return f'<article>{heading}<div class="trio">{blocks}</div>{table}{source}</article>'

    def detail(self, breakdown: str) -> str:
        """One breakdown at a time, scale by scale; an unknown one shows nothing."""
        declared = next((one for one in self.context["breakdowns"] if one["name"] == breakdown), None)
        if declared is None:
            return "<p>Choisir une question ci-dessus pour voir les résultats selon les réponses.</p>"
        cards = []
        for scale in self.context["scales"]:
            name = f"detail-{breakdown}-{scale['name']}"
            said = self._figure(name) or self.insufficient()
            table = _table(breakdown_table(self.release, scale["name"], declared), "Les chiffres")
            cards.append(f"<article><h3>{escape(scale['label'])}</h3>{said}{table}</article>")
        return f'<div class="duo">{"".join(cards)}</div>'

    def cautions(self) -> str:
        """What nobody may conclude."""
        lines = "".join(f"<li>{escape(text)}</li>" for text in sentences.cautions(self.release))
        return f"<section><h2>Ce qu’il ne faut pas conclure</h2><ul>{lines}</ul></section>"

    def insufficient(self) -> str:
        """What is shown in place of a result under the threshold."""
        return f'<p class="insuffisant">{escape(sentences.insufficient(self.release))}</p>'

    def _told(self, name: str, text: str) -> str:
        """A figure and the sentence that says it."""
        return f"<figure>{self._figure(name)}<figcaption>{escape(text)}</figcaption></figure>" if text else ""

    def _figure(self, name: str) -> str:
        if name not in self.figures:
            return ""
        figure = self.figures[name]
        data = base64.b64encode(figure.svg).decode()
        return f'<img alt="{escape(figure.sentence)}" src="data:image/svg+xml;base64,{data}">'


NBSP = "\u00a0"
WHY_NOTHING = (
    "Avec si peu de réponses, un chiffre dirait surtout le hasard, et pourrait faire reconnaître une personne."
)
VERDICTS = {
    "better": ("▲", "une amélioration se lit"),
    "worse": ("▼", "une dégradation se lit"),
    "unclear": ("≈", "ni hausse ni baisse ne se lit"),
    "level": ("•", "un niveau, sans mesure avant"),
    "suppressed": ("○", "effectif insuffisant, ne pas conclure"),
}


def _table(table, title: str) -> str:
    """A data table folded under its title."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in table.columns)
    rows = "".join(
        f'<tr><th scope="row">{escape(first)}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in cells)}</tr>'
        for first, *cells in table.itertuples(index=False, name=None)
    )
    body = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return f'<details><summary>{escape(title)}</summary><div class="defile" tabindex="0">{body}</div></details>'
