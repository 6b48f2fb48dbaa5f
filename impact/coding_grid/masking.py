"""Names, places and numbers that a text may hold: suggestions only, a person reads each text and decides.

The method, in five rules: (1) a number, an address, a telephone; (2) what follows a title (« mme ») or a word for a
place (« rue des »); (3) a capitalised word inside a sentence; (4) a capitalised word that opens a sentence, unless it
is one of the usual opening words; (5) a known French first name, even without its capital. Nothing is looked up
elsewhere: everything runs offline. What it misses is measured in tests/test_verbatims.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

MASK = "[…]"
USUAL_OPENERS = """
a ah ai ainsi alors après assez au aucun aucune aujourd aussi autre autrement autres aux avant avec beaucoup
bien bof bon bonne c car ce cela certains ces cet cette chacun chaque chez comme comment côté d dans de depuis
des deux difficile dommage donc du elle elles en encore enfin ensuite entre envie est et eu faire grâce génial
hélas ici il ils j jamais je juste l la le les leur leurs lors lorsque là ma maintenant mais malgré merci mes
mieux moi moins mon même n ne ni non nos notre nous oh on ou oui où par parce parfois parler partout pas pendant
petit petite peu peut plein plus plusieurs pour pourquoi pouvoir presque puis quand que quel quelle quelqu
quelques qui quoi r rien s sa sans savoir se selon ses seul seule seulement si sinon son souvent super sur
surtout t tant tard tellement tous tout toute toutes trop très tu un une vivre voilà vous vraiment y à ça être
"""
WORD = r"[^\W\d_]+(?:['’-][^\W\d_]+)*"
LINKS = r"(?:(?:de|du|des|la|le|les)\s+|[dl]['’])+"
TITLES = r"(?:m\.|mr|mme|mlle|monsieur|madame|mademoiselle|docteur|dr|maître)"
SPOTS = (
    r"(?:rue|avenue|boulevard|bd|place|quartier|cité|résidence|tour|bâtiment|école|collège|lycée|hôpital|foyer|"
    r"centre social|village|ville)"
)
CLUES = {
    "adresse": re.compile(r"\S+@\S+|\bhttps?://\S+|\bwww\.\S+", re.IGNORECASE),
    "nombre": re.compile(r"\d(?:[\d .,/:h-]*\d)?"),
    "nom": re.compile(rf"\b{TITLES}\s+({WORD}(?:\s+[A-ZÀ-Þ]{WORD})?)", re.IGNORECASE),
    "lieu": re.compile(rf"\b{SPOTS}\s+{LINKS}({WORD}(?:\s+{WORD})?)", re.IGNORECASE),
}
CAPITALISED = re.compile(r"[A-ZÀ-ÞŒ][^\W\d_]*(?:['’-][^\W\d_]+)*")
ELIDED = re.compile(r"^(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quelqu|aujourd)['’]", re.IGNORECASE)
OPENERS = frozenset(USUAL_OPENERS.split())
SENTENCE_START = re.compile(r"(?:^|[.!?…:;]|\n)[\s\"«“(—-]*$")


@dataclass(frozen=True)
class Suggestion:
    """A part of a text that could tell who or where: its place in the text, and why it is proposed."""

    start: int
    end: int
    why: str


def suggestions(text: str) -> tuple[Suggestion, ...]:
    """Return what to look at in a text before it is shown, in order, without overlap."""
    found = [
        Suggestion(*match.span(match.lastindex or 0), why)
        for why, clue in CLUES.items()
        for match in clue.finditer(text)
    ]
    for match in re.finditer(WORD, text):
        elided = ELIDED.match(match[0])
        start = match.start() + (elided.end() if elided else 0)
        word = text[start : match.end()]
        opens = not elided and SENTENCE_START.search(text[: match.start()])
        if CAPITALISED.fullmatch(word) and not (opens and re.split("['’-]", word.lower())[0] in OPENERS):
            found.append(Suggestion(start, match.end(), "majuscule"))
        elif word.lower() in first_names():
            found.append(Suggestion(start, match.end(), "prénom"))
    return _merged(found, text)


def masked(text: str) -> str:
    """Return the text with every suggestion replaced by the mask."""
    for one in reversed(suggestions(text)):
        text = text[: one.start] + MASK + text[one.end :]
    return text


@cache
def first_names() -> frozenset[str]:
    """French first names in lower case (package Faker, MIT)."""
    from faker.providers.person.fr_FR import Provider

    return frozenset(name.lower() for name in Provider.first_names)


def _merged(found: list[Suggestion], text: str) -> tuple[Suggestion, ...]:
    """Join the suggestions that overlap or that only a space parts; the reason of the first is kept."""
    kept: list[Suggestion] = []
    for one in sorted(found, key=lambda one: (one.start, -one.end)):
        if kept and not text[kept[-1].end : one.start].strip():
            kept[-1] = Suggestion(kept[-1].start, max(kept[-1].end, one.end), kept[-1].why)
        else:
            kept.append(one)
    return tuple(kept)
