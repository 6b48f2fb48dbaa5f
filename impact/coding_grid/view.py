"""The widgets of the grid: a list of answers, and one answer opened; every action is kept before it is shown."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from html import escape
from pathlib import Path

import ipywidgets as widgets

from impact.coding_grid.log import KEEP, PUBLISH, Answer
from impact.coding_grid.masking import masked, suggestions
from impact.coding_grid.model import CodingGrid
from impact.errors import ImpactError, french

STYLE = Path(__file__).with_name("grid.css")
EVERY, TO_DECIDE = "", "à décider"
STATES = {EVERY: "toutes", TO_DECIDE: "à décider", PUBLISH: "à publier", KEEP: "à garder pour nous"}
SIGNS = {"": "○", PUBLISH: "✓", KEEP: "–"}
SHORT = 70
FAILED = "Cette action n’a pas pu se faire. Ce qui était déjà dit est gardé : recharger la page."
HELP = (
    "Au clavier : les flèches changent de réponse dans la liste, Tabulation passe à la suite, Espace coche. "
    "Chaque action est enregistrée tout de suite. ○ à décider, ✓ à publier, – à garder pour nous."
)


def show_grid(grid: CodingGrid, who: str = "") -> widgets.Widget:
    """Return the grid as widgets.

    Parameters
    ----------
    who : the name of the person who codes, written beside each of her actions; she may type it in the grid instead.
    """
    if not grid.answers:
        return widgets.HTML(f"<p>{french('Il n’y a aucune réponse à coder : personne n’a écrit.')}</p>")
    return _Grid(grid, who).box


class _Grid:
    """The widgets of one grid, and what each of them does."""

    def __init__(self, grid: CodingGrid, who: str):
        self.grid, self.filling = grid, False
        self.who = widgets.Text(who, description="Votre nom", placeholder="obligatoire", continuous_update=False)
        self.association = _choice("Association", [("toutes", EVERY), *self._associations()])
        self.question = _choice("Question", [("toutes", EVERY), *self._questions()])
        self.state = _choice("Réponses", [(label, state) for state, label in STATES.items()])
        self.list = widgets.Select(rows=18, tooltip="Réponses à coder", layout={"width": "100%"})
        self.opened, self.said, self.progress, self.counts = (widgets.HTML() for _ in range(4))
        self.criteria = widgets.Box().add_class("criteres")
        self.shown = widgets.Textarea(tooltip="Texte qui serait montré", layout={"width": "100%"})
        self.box = widgets.VBox([widgets.HTML(f"<style>{STYLE.read_text('utf-8')}</style>"), *self._layout()])
        self.box.add_class("impact-grille")
        for choice in (self.association, self.question, self.state):
            choice.observe(self._safely(lambda _: self._fill_list()), names="value")
        self.list.observe(self._safely(lambda _: self._open()), names="value")
        self.shown.observe(self._safely(self._mask), names="value")
        self._fill_list()

    def _layout(self) -> list[widgets.Widget]:
        buttons = [
            ("Masquer ce qui est surligné", lambda _: self._rewrite(masked), ""),
            ("Remettre le texte entier", lambda _: self._rewrite(str), ""),
            ("Publier ce texte", lambda _: self._decide(self.grid.publish), "principal"),
            ("Garder pour nous", lambda _: self._decide(self.grid.keep), ""),
            ("Suivante", lambda _: self._next(), ""),
        ]
        made = [self._button(*one) for one in buttons]
        card = [
            self.opened,
            _title("De quoi parle cette réponse ?"),
            self.criteria,
            _title("Le texte qui serait montré"),
            self.shown,
            widgets.Box(made[:2], layout={"flex_flow": "row wrap"}),
            widgets.Box(made[2:], layout={"flex_flow": "row wrap"}),
            self.said,
        ]
        filters = widgets.Box([self.who, self.association, self.question, self.state], layout={"flex_flow": "row wrap"})
        columns = widgets.Box([_column("liste", [self.list]), _column("fiche", card)]).add_class("colonnes")
        return [filters, self.progress, columns, widgets.HTML(f"<p>{french(HELP)}</p>"), self.counts]

    def _associations(self) -> list[tuple[str, str]]:
        present = {answer.association for answer in self.grid.answers}
        return [(one.label, one.code) for one in self.grid.campaign.associations if one.code in present]

    def _questions(self) -> list[tuple[str, str]]:
        present = {answer.question for answer in self.grid.answers}
        return [(one.label, one.name) for one in self.grid.campaign.questionnaire.questions if one.name in present]

    @property
    def answer(self) -> Answer | None:
        """The answer that is opened."""
        return None if self.list.value is None else self.grid.answers[self.list.value]

    def _fill_list(self, keep: int | None = None) -> None:
        """Show the answers that the three choices let through; `keep`: the one to leave opened."""
        wanted = [place for place, answer in enumerate(self.grid.answers) if place == keep or self._wanted(answer)]
        self.filling = True
        self.list.options = [(self._line(self.grid.answers[place]), place) for place in wanted]
        self.list.value = keep if keep is not None else (wanted[0] if wanted else None)
        self.filling = False
        self._open()

    def _wanted(self, answer: Answer) -> bool:
        decision = self.grid.state(answer).decision
        state = (
            self.state.value == EVERY
            or decision == self.state.value
            or (self.state.value == TO_DECIDE and not decision)
        )
        same = (self.association.value in (EVERY, answer.association), self.question.value in (EVERY, answer.question))
        return state and all(same)

    def _line(self, answer: Answer) -> str:
        state = self.grid.state(answer)
        coded = f" [{len(state.criteria)}]" if state.criteria else ""
        text = answer.text if len(answer.text) <= SHORT else f"{answer.text[:SHORT]}…"
        return f"{SIGNS[state.decision]}{coded} {text}"

    def _open(self) -> None:
        """Show the answer chosen in the list, and where everything stands."""
        if self.filling:
            return
        answer, self.filling = self.answer, True
        self.criteria.children = [self._box(one, answer) for one in self.grid.criteria(answer)] if answer else []
        self.opened.value = self._heading(answer) if answer else "<p>Aucune réponse ne correspond à ces choix.</p>"
        self.shown.value = self.grid.state(answer).shown if answer else ""
        self.said.value = ""
        self.filling = False
        self._show_progress()

    def _heading(self, answer: Answer) -> str:
        campaign, state = self.grid.campaign, self.grid.state(answer)
        label = campaign.questionnaire.question(answer.question).label
        many = f" · écrit par {answer.persons} personnes" if answer.persons > 1 else ""
        decided = ""
        if state.decision:
            day = f"{state.decided_on:%d/%m/%Y}"
            decided = f"<p>Décidé par {escape(state.by)} le {day} : {STATES[state.decision]}.</p>"
        return french(
            f"<p><strong>{escape(campaign.association(answer.association).label)}</strong>{many}<br>{escape(label)}</p>"
            f"<blockquote>{_highlighted(answer.text)}</blockquote>{decided}"
        )

    def _box(self, criterion, answer: Answer) -> widgets.Checkbox:
        ticked = criterion.code in self.grid.state(answer).criteria
        common = "" if criterion.association else " (commun)"
        box = widgets.Checkbox(ticked, description=f"{criterion.label}{common}", indent=False)
        box.observe(self._safely(partial(self._tick, answer, criterion.code)), names="value")
        return box

    def _tick(self, answer: Answer, code: str, change: dict) -> None:
        others = [one for one in self.grid.state(answer).criteria if one != code]
        self.grid.code(answer, [*others, code] if change["new"] else others, self.who.value)
        self._refresh_line("Enregistré.")

    def _mask(self, change: dict) -> None:
        if not self.filling and self.answer:
            self.grid.mask(self.answer, change["new"], self.who.value)
            self._refresh_line("Enregistré.")

    def _rewrite(self, how: Callable[[str], str]) -> None:
        if self.answer:
            self.shown.value = how(self.answer.text)

    def _decide(self, decide: Callable[[Answer, str], None]) -> None:
        if self.answer:
            decide(self.answer, self.who.value)
            self._next(f"Enregistré : {STATES[self.grid.state(self.answer).decision]}.")

    def _next(self, said: str = "") -> None:
        """Open the following answer, with the keyboard back in the list."""
        places = [place for _, place in self.list.options]
        following = places[(places.index(self.list.value) + 1) % len(places)] if places else None
        self._fill_list(following)
        self.list.focus()
        self._say(said)

    def _refresh_line(self, said: str) -> None:
        """Rewrite the line of the list without opening the answer again: the keyboard stays where it is."""
        self.filling, place = True, self.list.value
        self.list.options = [(self._line(self.grid.answers[one]), one) for _, one in self.list.options]
        self.list.value = place
        self.filling = False
        self._say(said)
        self._show_progress()

    def _show_progress(self) -> None:
        self.progress.value = f"<p>{french(self.grid.progress())}</p>"
        self.counts.value = _counts(self.grid)

    def _say(self, words: str, kind: str = "") -> None:
        self.said.value = f'<p class="dit {kind}" role="status">{escape(french(words))}</p>' if words else ""

    def _safely(self, action: Callable) -> Callable:
        """Return the action such that whatever happens is told in French, and shows only what is kept."""

        def run(change) -> None:
            try:
                action(change)
            except ImpactError as error:
                self._open()
                self._say(f"{error.what[0].upper()}{error.what[1:]} {error.remedy}", "refus")
            except Exception:
                self._say(FAILED, "refus")

        return run

    def _button(self, words: str, action: Callable, style: str) -> widgets.Button:
        button = widgets.Button(description=words)
        button.on_click(self._safely(action))
        return button.add_class(style) if style else button


def _choice(words: str, options: list[tuple[str, str]]) -> widgets.Dropdown:
    return widgets.Dropdown(options=options, value=EVERY, description=words)


def _title(words: str) -> widgets.HTML:
    return widgets.HTML(f"<h3>{french(words)}</h3>")


def _column(name: str, children: list[widgets.Widget]) -> widgets.Widget:
    return widgets.VBox(children).add_class(name)


def _highlighted(text: str) -> str:
    """The text with what could tell who or where marked, and why."""
    parts, place = [], 0
    for one in suggestions(text):
        parts.append(escape(text[place : one.start]))
        parts.append(f'<mark title="{one.why}">{escape(text[one.start : one.end])}</mark>')
        place = one.end
    return "".join([*parts, escape(text[place:])])


def _counts(grid: CodingGrid) -> str:
    """How many persons speak of each criterion, association by association: for the evaluation lead only."""
    rows = "".join(
        f"<tr><td>{escape(grid.campaign.association(association).label)}</td><td>{escape(label)}</td>"
        f'<td class="nombre">{persons}</td><td class="nombre">{quotes}</td></tr>'
        for association, label, persons, quotes in grid.by_criterion().itertuples(index=False)
    )
    names = ("Association", "Critère", "Personnes", "Citations à publier")
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    title = "Combien de personnes par critère (pour l’évaluation seulement)"
    return f"<details><summary>{title}</summary><table><tr>{head}</tr>{rows}</table></details>"
