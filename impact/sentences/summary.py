"""What is said first and last: the whole in three sentences, one line a scale, and questions for the next meeting."""

from __future__ import annotations

from impact.disclosure import Release
from impact.errors import french
from impact.sentences import insufficient, who_answered, who_is_missing
from impact.sentences.reading import DIFFERENCE, on_one_sheet, shown, verdict
from impact.wording import listed

VERDICTS = {
    "better": ("▲", "une amélioration se lit"),
    "worse": ("▼", "une dégradation se lit"),
    "unclear": ("≈", "ni hausse ni baisse ne se lit"),
    "level": ("•", "un niveau est connu, sans mesure avant"),
    "suppressed": ("○", "effectif insuffisant, ne pas conclure"),
}
READABLE = (
    "« Se lit » veut dire : l’écart est trop grand pour venir du seul hasard des réponses (marge d’erreur à 95 %)."
)


def three_sentences(release: Release) -> tuple[str, ...]:
    """Say the whole in three sentences: who answered, what changed, what it is not; only the first if nothing shows."""
    if not by_verdict(release).keys() - {"suppressed"}:
        return (insufficient(release),)
    return tuple(map(french, (_who(release), _what(release), _what_it_is_not(release))))


def glance(release: Release) -> tuple[tuple[str, str], ...]:
    """Return one line a scale: a sign, and the words it doubles."""
    lines = ((scale["label"], VERDICTS[verdict(release, scale["name"])]) for scale in release.context["scales"])
    return tuple((sign, french(f"{label} : {words}")) for label, (sign, words) in lines)


def by_verdict(release: Release) -> dict[str, list[str]]:
    """Return the labels of the scales, quoted, under what may be said of them."""
    found: dict[str, list[str]] = {}
    for scale in release.context["scales"]:
        found.setdefault(verdict(release, scale["name"]), []).append(f"« {scale['label']} »")
    return found


def questions(release: Release) -> tuple[str, ...]:
    """Return what to discuss at the next meeting: questions that follow from the results, never conclusions."""
    found = by_verdict(release)
    asked = [f"{listed(found[way])} : {text}" for way, text in ABOUT.items() if way in found]
    if lower := [f"« {s['label']} »" for s in release.context["scales"] if _some_fell(release, s["name"])]:
        asked.append(f"Des personnes vont moins bien qu’au départ ({listed(lower)}) : les avons-nous vues, entendues ?")
    if who_is_missing(release) and not on_one_sheet(release):
        asked.append("Qui n’est pas revenu répondre, et pourquoi ? Comment prendre de leurs nouvelles ?")
    return tuple(map(french, (*asked, *ALWAYS)))


ABOUT = {
    "better": "qu’avons-nous fait qui a pu y contribuer ? Qui d’autre, ou quoi d’autre, a pu jouer ?",
    "worse": "que s’est-il passé entre les deux mesures ? Est-ce attendu, et pour qui ?",
    "unclear": "attendions-nous un changement ? Le questionnaire parle-t-il de ce que nous faisons vraiment ?",
    "level": "ce niveau nous surprend-il ? Comment pourrions-nous interroger les personnes dès leur arrivée ?",
    "suppressed": "avec si peu de réponses, comment raconter autrement ce qui change (observations, paroles) ?",
}
ALWAYS = (
    "Quels effets inattendus, bons ou mauvais, avons-nous vus que ce questionnaire ne montre pas ?",
    "Que disent de ces résultats les personnes qui ont répondu ?",
)


def _who(release: Release) -> str:
    returned = release.row("returned")
    if not (release.context["paired"] and shown(returned)):
        return who_answered(release)
    if on_one_sheet(release):
        return f"Environ {returned['n']:.0f} personnes ont rempli les deux parties du questionnaire."
    first = release.row("responded", wave=release.context["waves"][0]["code"])
    of = f", sur environ {first['n']:.0f} la première fois" if shown(first) and first["n"] > returned["n"] else ""
    return f"Environ {returned['n']:.0f} personnes ont répondu les deux fois{of}."


def _what(release: Release) -> str:
    """One sentence, one clause a verdict: signs before silence."""
    found = by_verdict(release)
    told = [f"{VERDICTS[way][1]} pour {listed(found[way])}" for way in VERDICTS if way in found]
    text = " ; ".join(told)
    return f"{text[0].upper()}{text[1:]}, marge d’erreur comprise."


def _what_it_is_not(release: Release) -> str:
    if release.context["design"] == "after_only":
        return "Ce sont des niveaux, pas une évolution : sans mesure avant, on ne sait pas ce qui a changé."
    if release.context.get("comparison"):
        return "C’est ce qui arrive sans l’action : ce groupe sert de comparaison."
    differences = release.table[release.table["statistic"] == DIFFERENCE]
    if (differences["status"] == "shown").any():
        return "Seule une différence avec le groupe de comparaison peut parler d’un effet, et avec prudence."
    missing = ""
    if who_is_missing(release) and not on_one_sheet(release):
        missing = ", et l’on ne sait rien de ce qui a changé pour les personnes qui ne sont pas revenues répondre"
    return f"C’est une évolution, pas un effet : on ne sait pas ce qui se serait passé sans l’action{missing}."


def _some_fell(release: Release, scale: str) -> bool:
    """Whether some persons, enough to be said, went the wrong way."""
    higher = next(one["higher_is_better"] for one in release.context["scales"] if one["name"] == scale)
    row = release.row("fallen" if higher else "risen", scale=scale)
    return shown(row) and row["bound"] != "<"
