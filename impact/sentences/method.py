"""How the numbers were made, for a funder or a researcher: measures, thresholds, margins, and a glossary."""

from __future__ import annotations

from impact.disclosure import LEAD, PUBLIC, WHOLE, Release
from impact.errors import french
from impact.sentences.reading import has_comparison, shown
from impact.wording import listed, number

DESIGNS = {
    "before_after": "Les mêmes personnes répondent au même questionnaire, au début puis à la fin.",
    "retrospective_separate": "Les personnes répondent à la fin, puis, sur une autre feuille, disent où elles en "
    "étaient au début.",
    "retrospective_same_sheet": "Les personnes disent, sur une même feuille, où elles en sont et où elles en étaient.",
    "after_only": "Les personnes répondent une seule fois, à la fin.",
    "repeated_cross_sections": "Deux enquêtes, auprès de personnes qui ne sont pas les mêmes.",
}


def how_measured(release: Release) -> tuple[str, ...]:
    """Say the design, what is hidden and why, and how margins of error are computed."""
    about, rules = release.context, release.rules
    told = [DESIGNS[about["design"]]]
    if about["paired"]:
        told.append(
            "L’évolution estimée tient compte du score de départ : partir plus bas laisse plus de place pour monter."
        )
        told.append(
            "Une personne est comptée plus haut ou plus bas quand son score bouge de plus que le hasard des réponses "
            "(Jacobson et Truax) ; la marge de ces parts est celle de Wilson."
        )
    told += [
        "La marge d’erreur est un intervalle de confiance à 95 %, arrondi vers l’extérieur : elle dit le hasard des "
        "réponses, pas les défauts du questionnaire ni l’absence de certaines personnes.",
        f"Rien n’est montré sur moins de {rules.threshold} personnes ({2 * rules.threshold} pour une question prise "
        f"seule ou une répartition des scores). Les effectifs sont arrondis à {rules.count_base} près, les moyennes à "
        "un chiffre après la virgule.",
        "L’estimation de toutes les associations ensemble laisse chacune avoir sa propre évolution (modèle à effets "
        "aléatoires, maximum de vraisemblance restreint, Hartung et Knapp).",
    ]
    if release.audience in (PUBLIC, LEAD):
        told.append("La prévision pour une autre association ajoute à cette marge les écarts de l’une à l’autre.")
    if has_comparison(release):
        told.append("L’écart avec le groupe de comparaison est celui des évolutions, à score de départ égal.")
    return tuple(map(french, told))


def instruments(release: Release) -> tuple[str, ...]:
    """Say, of each scale, its range, its sense, where it comes from, and how well its answers hold together."""
    return tuple(
        french(
            f"{scale['label']} : de {scale['low']:g} à {scale['high']:g} ; plus haut, "
            f"{'mieux' if scale['higher_is_better'] else 'moins bien'}. Source : {scale['source'] or 'non dite'}. "
            f"Licence : {scale['licence'] or 'non dite'}.{_reliability(release, scale['name'])}"
        )
        for scale in release.context["scales"]
    )


def _reliability(release: Release, scale: str) -> str:
    """Say alpha at each wave, everybody together."""
    rows = [
        (wave["label"].lower(), release.row("alpha", scale=scale, wave=wave["code"], association=WHOLE))
        for wave in release.context["waves"]
    ]
    told = [f"{number(row['estimate'], 2)} {label}" for label, row in rows if shown(row)]
    return f" Fidélité : {listed(told)}." if told else ""


def glossary() -> tuple[tuple[str, str], ...]:
    """Return the words of these pages and what they mean."""
    return tuple((word, french(meaning)) for word, meaning in WORDS.items())


WORDS = {
    "Évolution": "différence entre le score de la fin et celui du début, chez les mêmes personnes.",
    "Effet": "part d’une évolution due à l’action ; il faut un groupe de comparaison pour en parler.",
    "Marge d’erreur": "intervalle dans lequel se trouve probablement la vraie valeur.",
    "Score": "nombre tiré des réponses à plusieurs questions qui parlent de la même chose.",
    "Fidélité": "de 0 à 1, accord des réponses aux questions d’un même score (alpha de Cronbach, toutes associations).",
    "Effectif insuffisant": "trop peu de personnes pour conclure, ou pour que personne ne soit reconnu.",
}
