"""What fictitious persons write at an open question: every name, place and sentence is invented, and says so."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

THEMES = ("confiance", "rencontre", "difficulte", "rien", "")
FICTITIOUS = " (exemple fictif)"
NAMES = ("Yanna", "Corentine", "Malo", "Soizic", "Ibrahim", "Mme Kervadoz", "Anselme", "Fatima", "Loïck", "Zélie")
PLACES = ("Traonquizic", "Kerzalou", "Port-Bihan", "la rue des Goélands bleus", "Lanvaëlec", "la tour Ar Mor")
ABOUT = {  # question -> theme -> sentences; the first entry is for any other open question
    "": {
        "confiance": (
            "J’ai repris confiance, {name} m’a montré sans se moquer.",
            "J’ose enfin faire mes papiers sur internet.",
            "Je n’ai plus peur de me tromper.",
            "J’ai écrit un article et je l’ai signé.",
            "Maintenant c’est moi qui explique à {name}.",
        ),
        "rencontre": (
            "J’ai rencontré des gens du quartier, surtout {name} de {place}.",
            "Je ne connaissais personne à {place}, maintenant on se salue.",
            "On s’entraide entre voisins.",
            "J’appelle ma famille en vidéo chaque dimanche.",
            "Nous avons monté un petit journal à plusieurs.",
        ),
        "difficulte": (
            "Ça va trop vite pour moi.",
            "J’ai arrêté deux mois, après mon déménagement à {place}.",
            "Je me débrouille un peu, mais il faut revenir souvent.",
            "Je n’ai pas d’ordinateur chez moi, alors j’oublie.",
        ),
        "rien": ("Rien de particulier.", "Pas grand-chose pour l’instant."),
    },
    "inattendu": {
        "confiance": (
            "J’ai montré à mes petits-enfants ce que j’ai appris.",
            "J’ai parlé devant tout le monde à {place}, jamais je n’aurais cru.",
            "On m’a proposé d’aider à l’atelier avec {name}.",
        ),
        "rencontre": (
            "On a monté un groupe de marche entre nous.",
            "Je me suis réconcilié avec {name}.",
            "À la maison on se dispute moins pour l’écran.",
        ),
        "difficulte": ("Je passe trop de temps sur le téléphone maintenant.", "Mon fils s’est moqué de moi."),
        "rien": ("Rien d’inattendu.",),
    },
    "negatif": {
        "confiance": ("Au début j’avais honte.", "Je me compare à {name}, qui va plus vite."),
        "rencontre": ("Trop de bruit certains jours.", "Une dispute avec une personne de {place}."),
        "difficulte": (
            "Les séances sont trop rapides.",
            "J’ai mal aux yeux devant l’écran.",
            "L’ordinateur tombait toujours en panne.",
            "L’horaire ne va pas avec le bus de {place}.",
            "Je suis parti fâché, le 06 12 34 56 78 n’a jamais répondu.",
        ),
        "rien": ("Rien.",),
    },
}


def words(question: str, themes: Sequence[str], rng: np.random.Generator) -> list[str]:
    """Return one answer a person to an open question, "" for a person who has no theme.

    Parameters
    ----------
    question : its name; a name that ABOUT does not know gets sentences on what changed. themes : one of THEMES each.
    """
    about = ABOUT.get(question, ABOUT[""])
    return [_sentence(about[theme], rng) if theme else "" for theme in themes]


def _sentence(sentences: Sequence[str], rng: np.random.Generator) -> str:
    chosen = sentences[rng.integers(len(sentences))]
    filled = chosen.format(name=NAMES[rng.integers(len(NAMES))], place=PLACES[rng.integers(len(PLACES))])
    return f"{filled.removesuffix('.')}{FICTITIOUS}."
