"""Plain French sentences from a Release: what changed, for whom, how sure one can be, what not to conclude."""

from __future__ import annotations

import math

from impact.disclosure import WHOLE, Release
from impact.errors import french

MINUS = "−"
REPORTED = {"retrospective_separate": "d’après leur souvenir", "retrospective_same_sheet": "d’après leur souvenir"}


def number(value: float, digits: int = 1, *, sign: bool = False) -> str:
    """Return a number as French readers write it: decimal comma, true minus, no useless zero after an integer."""
    text = f"{abs(value):.{digits}f}".replace(".", ",")
    zero = not text.strip("0,")
    return f"{'' if zero else MINUS if value < 0 else '+' if sign else ''}{text}"


def points(value: float) -> str:
    """Return a number of points, in the plural from two on."""
    return f"{number(value)} point{'s' if abs(value) >= 2 else ''}"


def of_ten(count: int) -> str:
    """Return a count of persons out of ten in words."""
    words = ("aucune", "une", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix")
    return f"{words[count]} personne{'s' if count > 1 else ''} sur dix"


def tenths(shares: list[float]) -> list[int]:
    """Round shares to persons out of ten so that they still add up (largest remainder)."""
    exact = [10 * share for share in shares]
    counts = [math.floor(value + 1e-9) for value in exact]
    left = math.floor(sum(exact) + 0.5) - sum(counts)
    order = sorted(range(len(exact)), key=lambda place: counts[place] - exact[place])
    return [count + (place in order[:left]) for place, count in enumerate(counts)]


def insufficient(release: Release) -> str:
    """Return what is said instead of a result under the threshold."""
    return french(f"Effectif insuffisant (moins de {release.rules.threshold} personnes) : ne pas conclure.")


def scale_context(release: Release, scale: str) -> dict:
    """Return what the release says of one scale: label, dimension, direction, range."""
    return next(entry for entry in release.context["scales"] if entry["name"] == scale)


def shown(row) -> bool:
    """Whether a row of the release exists and carries a number."""
    return row is not None and row["status"] == "shown"


def direction(row, higher_is_better: bool) -> str:
    """Return "better", "worse" or "unclear": what the whole interval says, in the sense the scale declares."""
    if row["ci_low"] > 0:
        return "better" if higher_is_better else "worse"
    if row["ci_high"] < 0:
        return "worse" if higher_is_better else "better"
    return "unclear"


def who_answered(release: Release) -> str:
    """Say how many answered, each time and both times."""
    waves = release.context["waves"]
    counts = [release.row("responded", wave=wave["code"]) for wave in waves]
    told = [
        f"environ {row['n']:.0f} personnes ({wave['label'].lower()})"
        for wave, row in zip(waves, counts, strict=True)
        if shown(row)
    ]
    if not told:
        return insufficient(release)
    text = f"Ont répondu : {', '.join(told[:-1])}{' et ' if told[:-1] else ''}{told[-1]}."
    returned = release.row("returned")
    if not release.context["paired"]:
        return french(text)
    if shown(returned):
        text += f" Environ {returned['n']:.0f} ont répondu les deux fois : les évolutions ne parlent que d’elles."
    else:
        text += f" Moins de {release.rules.threshold} ont répondu les deux fois."
    return french(text)


def who_is_missing(release: Release) -> str:
    """Say what the absence of those who did not come back forbids to conclude; empty when it does not apply."""
    first, returned = release.row("responded", wave=release.context["waves"][0]["code"]), release.row("returned")
    if not (release.context["paired"] and shown(first) and shown(returned)) or first["n"] <= returned["n"]:
        return ""
    count = max(1, math.floor(10 * (first["n"] - returned["n"]) / first["n"] + 0.5))
    verbs = (
        ("n’a pas répondu", "n’a pas pu être reconnue")
        if count == 1
        else ("n’ont pas répondu", "n’ont pas pu être reconnues")
    )
    return french(
        f"Environ {of_ten(count)} {verbs[0]} la seconde fois, ou {verbs[1]}. "
        "On ne sait pas ce qui a changé pour elles : celles qui restent vont peut-être mieux, ou moins bien."
    )


def change(release: Release, scale: str) -> str:
    """Say in two sentences what changed on one scale, and how sure one can be."""
    row = release.row("adjusted_change", scale=scale)
    if not shown(row):
        return insufficient(release)
    about = scale_context(release, scale)
    low, high = (number(row[name], sign=True) for name in ("ci_low", "ci_high"))
    way = direction(row, about["higher_is_better"])
    verdict = {
        "better": f"Une amélioration se lit : entre {low} et {high} points, marge d’erreur comprise.",
        "worse": f"Une dégradation se lit : entre {low} et {high} points, marge d’erreur comprise.",
        "unclear": f"On ne peut dire ni hausse ni baisse : entre {low} et {high} points, marge d’erreur comprise.",
    }[way]
    return french(f"{means(release, scale)} {verdict}")


def means(release: Release, scale: str) -> str:
    """Say the mean before and after, on the scale's own range."""
    before, after = release.row("mean_before", scale=scale), release.row("mean_after", scale=scale)
    if not (shown(before) and shown(after)):
        return ""
    about = scale_context(release, scale)
    first, last = (wave["label"].lower() for wave in release.context["waves"][:: len(release.context["waves"]) - 1])
    recalled = f" ({REPORTED[release.context['design']]})" if release.context["design"] in REPORTED else ""
    sense = "" if about["higher_is_better"] else " ; plus le score est haut, moins la situation est bonne"
    return french(
        f"Score moyen : {number(before['estimate'])} {first}{recalled}, {number(after['estimate'])} {last} "
        f"(de {about['low']:g} à {about['high']:g}{sense})."
    )


def people(release: Release, scale: str) -> str:
    """Say for how many persons out of ten the score rose, stayed and fell, beyond what the scale can tell."""
    rows = [release.row(name, scale=scale) for name in ("risen", "stable", "fallen")]
    if not all(shown(row) for row in rows):
        return ""
    exact = [row for row in rows if not row["bound"]]
    told = dict(zip((row["statistic"] for row in exact), tenths([row["estimate"] for row in exact]), strict=True))
    bounds = {"<": "moins d’une personne sur dix", ">": "plus de neuf personnes sur dix"}
    rose, same, fell = (
        of_ten(told[row["statistic"]]) if not row["bound"] else bounds[row["bound"]] for row in rows
    )  # fmt: skip
    least = release.row("reliable_change", scale=scale, association=WHOLE)
    beyond = ""
    if shown(least):
        beyond = f" (un écart de moins de {points(least['estimate'])} ne se distingue pas du hasard des réponses)"
    return french(f"Score plus haut pour {rose}, plus bas pour {fell}, à peu près le même pour {same}{beyond}.")


def whole(release: Release, scale: str) -> str:
    """Say the pooled estimate across associations, and where a new association would stand."""
    row = release.row("pooled_change", scale=scale, association=WHOLE)
    if not shown(row):
        return ""
    way = direction(row, scale_context(release, scale)["higher_is_better"])
    word = {"better": "amélioration", "worse": "dégradation", "unclear": "évolution incertaine"}[way]
    low, high = (number(row[name], sign=True) for name in ("ci_low", "ci_high"))
    sense = "" if scale_context(release, scale)["higher_is_better"] else " (plus haut, moins bien)"
    return french(f"Toutes associations ensemble : {word}, entre {low} et {high} points{sense}.")


def cautions(release: Release) -> list[str]:
    """Say what nobody may conclude from these results."""
    words = [
        "Ces chiffres disent une évolution, pas un effet : sans groupe de comparaison, on ne sait pas ce qui se serait "
        "passé sans l’association.",
        "Ils ne permettent pas de comparer les associations entre elles : les publics et les actions diffèrent.",
        "Ils sont arrondis, et rien n’est montré sur moins de "
        f"{release.rules.threshold} personnes, pour que personne ne puisse être reconnu.",
    ]
    if release.context["design"] in REPORTED:
        words.insert(
            1, "La situation de départ est un souvenir : il est souvent plus sombre que ce qui avait été vécu."
        )
    if release.context["design"] == "repeated_cross_sections":
        words.insert(1, "Les personnes des deux vagues ne sont pas les mêmes : une partie de l’écart peut venir de là.")
    return [french(text) for text in words]
