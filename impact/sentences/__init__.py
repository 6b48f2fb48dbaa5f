"""Plain French sentences from a Release: what changed, for whom, how sure one can be, what not to conclude."""

from __future__ import annotations

import math

from impact.disclosure import WHOLE, Release
from impact.errors import french
from impact.sentences.reading import (
    DIFFERENCE,
    DIRECTIONS,
    REPORTED,
    class_shares,
    direction,
    estimated,
    forest_rows,
    has_comparison,
    item_rows,
    on_one_sheet,
    remembered_start,
    scale_context,
    shown,
    tenths_of,
)
from impact.wording import between, difference, number, of_ten, points, share


def insufficient(release: Release) -> str:
    """Return what is said instead of a result under the threshold."""
    return french(f"Effectif insuffisant (moins de {release.rules.threshold} personnes) : ne pas conclure.")


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
    both = "rempli les deux parties" if on_one_sheet(release) else "répondu les deux fois"
    if shown(returned):
        text += f" Environ {returned['n']:.0f} ont {both} : les évolutions ne parlent que d’elles."
    else:
        text += f" Moins de {release.rules.threshold} ont {both}."
    return french(text)


def who_is_missing(release: Release) -> str:
    """Say what the absence of those who did not come back forbids to conclude; empty when it does not apply."""
    first, returned = release.row("responded", wave=release.context["waves"][0]["code"]), release.row("returned")
    if not (release.context["paired"] and shown(first) and shown(returned)) or first["n"] <= returned["n"]:
        return ""
    count = max(1, math.floor(10 * (first["n"] - returned["n"]) / first["n"] + 0.5))
    if on_one_sheet(release):
        return french(f"Environ {of_ten(count)} sans réponse complète : on ne sait pas ce qui a changé pour elles.")
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
    """Say what changed on one scale, how sure one can be, and how it compares; after only, say the level."""
    if release.context["design"] == "after_only":
        return level(release, scale)
    row = estimated(release, scale)
    if not shown(row):
        return insufficient(release)
    word = {
        "better": "Une amélioration se lit",
        "worse": "Une dégradation se lit",
        "unclear": "On ne peut dire ni hausse ni baisse",
    }[direction(row, scale_context(release, scale)["higher_is_better"])]
    verdict = f"{word} : {between(row['ci_low'], row['ci_high'])}, marge d’erreur comprise."
    told = (means(release, scale), verdict, compared(release, scale), remembered(release, scale))
    return french(" ".join(text for text in told if text))


def level(release: Release, scale: str) -> str:
    """Say the mean score of each wave, where nothing was measured before."""
    rows = [(wave["label"], release.row("mean", scale=scale, wave=wave["code"])) for wave in release.context["waves"]]
    told = [
        f"{label.lower()}, {number(row['estimate'])} (entre {number(row['ci_low'])} et {number(row['ci_high'])}, "
        "marge d’erreur comprise)"
        for label, row in rows
        if shown(row)
    ]
    return french(f"Score moyen : {' ; '.join(told)}, {_span(release, scale)}.") if told else insufficient(release)


def means(release: Release, scale: str) -> str:
    """Say the mean before and after, on the scale's own range."""
    before, after = release.row("mean_before", scale=scale), release.row("mean_after", scale=scale)
    if not (shown(before) and shown(after)):
        return ""
    waves = release.context["waves"]
    first, last = waves[0]["label"].lower(), waves[-1]["label"].lower()
    recalled = " (d’après leur souvenir)" if remembered_start(release) else ""
    return french(
        f"Score moyen : {number(before['estimate'])} {first}{recalled}, {number(after['estimate'])} {last} "
        f"({_span(release, scale)})."
    )


def _span(release: Release, scale: str) -> str:
    about = scale_context(release, scale)
    sense = "" if about["higher_is_better"] else " ; plus le score est haut, moins la situation est bonne"
    return f"de {about['low']:g} à {about['high']:g}{sense}"


def compared(release: Release, scale: str) -> str:
    """Say whether the change differs from that of the comparison group; empty without one."""
    row = release.row(DIFFERENCE, scale=scale)
    if not shown(row):
        return ""
    way = direction(row, scale_context(release, scale)["higher_is_better"])
    if way == "unclear":
        return french(
            "On ne peut pas dire que l’évolution diffère de celle du groupe de comparaison : écart "
            f"{between(row['ci_low'], row['ci_high'])}, marge d’erreur comprise."
        )
    word = {"better": "plus favorable", "worse": "moins favorable"}[way]
    return french(
        f"L’évolution est {word} que celle du groupe de comparaison : "
        f"{difference(row['ci_low'], row['ci_high'])}, marge d’erreur comprise."
    )


def remembered(release: Release, scale: str) -> str:
    """Say how the memory of the start differs from the first measure, and the change from it; empty without both."""
    sheet = REPORTED.get(release.context["design"])
    shift = release.row(f"response_shift_{sheet}", scale=scale)
    then = release.row(f"then_change_{sheet}", scale=scale)
    if not (shown(shift) and shown(then)):
        return ""
    way = direction(shift, True)
    told = (
        between(shift["ci_low"], shift["ci_high"])
        if way == "unclear"
        else difference(shift["ci_low"], shift["ci_high"])
    )
    words = {
        "better": "Après coup, les personnes situent leur départ plus haut qu’elles ne l’avaient dit",
        "worse": "Après coup, les personnes situent leur départ plus bas qu’elles ne l’avaient dit",
        "unclear": "Le souvenir du départ ne diffère pas lisiblement de ce qui avait été dit",
    }[way]
    return french(f"{words} : {told}. Depuis ce souvenir, l’évolution est {between(then['ci_low'], then['ci_high'])}.")


def people(release: Release, scale: str) -> str:
    """Say for how many persons out of ten the score rose, stayed and fell, beyond what the scale can tell."""
    rows = [release.row(name, scale=scale) for name in DIRECTIONS]
    if not all(shown(row) for row in rows):
        return ""
    told = tenths_of(rows)
    bounds = {"<": "moins d’une personne sur dix", ">": "plus de neuf personnes sur dix"}
    rose, same, fell = (
        of_ten(told[row["statistic"]]) if not row["bound"] else bounds[row["bound"]] for row in rows
    )  # fmt: skip
    least = release.row("reliable_change", scale=scale, association=WHOLE)
    beyond = ""
    if shown(least):
        beyond = f" (un écart de moins de {points(least['estimate'])} ne se distingue pas du hasard des réponses)"
    return french(f"Score plus haut pour {rose}, plus bas pour {fell}, à peu près le même pour {same}{beyond}.")


def spread(release: Release, scale: str) -> str:
    """Say how many persons lie in each class of scores, moment by moment."""
    classes: dict[str, list[str]] = {}
    for moment, label, row in class_shares(release, scale):
        if shown(row):
            classes.setdefault(label, []).append(f"{share(row)} {moment.lower()}")
    told = " ".join(f"{label} : {', '.join(parts)}." for label, parts in classes.items())
    return french(told)


def items(release: Release, scale: str) -> str:
    """Say which questions of a scale moved, in the order of the questionnaire; few ever do readably."""
    rows = [(label, row) for label, row in item_rows(release, scale) if shown(row)]
    if not rows:
        return ""
    higher = scale_context(release, scale)["higher_is_better"]
    told = []
    for way, verb in (("better", "En mieux"), ("worse", "En moins bien")):
        if moved := [f"« {label} »" for label, row in rows if direction(row, higher) == way]:
            told.append(f"{verb} : {' ; '.join(moved)}.")
    few = " ".join(told) or "Aucune question prise seule ne bouge de façon lisible."
    return french(f"Question par question, avec une marge élargie parce qu’on en lit plusieurs à la fois. {few}")


def across(release: Release, scale: str) -> str:
    """Say to the evaluation lead the whole, and what another association may expect."""
    another = release.row("prediction_interval", scale=scale, association=WHOLE)
    expected = ""
    if shown(another):
        expected = f"Une autre association pourrait observer {between(another['ci_low'], another['ci_high'])}."
    hidden = [label for label, row in forest_rows(release, scale) if row is not None and not shown(row)]
    unread = f"Non montré, effectif insuffisant : {', '.join(hidden)}." if hidden else ""
    return french(" ".join(filter(None, (whole(release, scale), expected, unread))))


def whole(release: Release, scale: str) -> str:
    """Say the pooled estimate across associations, comparison groups left out."""
    row = release.row("pooled_change", scale=scale, association=WHOLE)
    if not shown(row):
        return ""
    higher = scale_context(release, scale)["higher_is_better"]
    words = {"better": "amélioration", "worse": "dégradation", "unclear": "on ne peut dire ni hausse ni baisse"}
    sense = "" if higher else " (plus haut, moins bien)"
    among = " (sans le groupe de comparaison)" if has_comparison(release) else ""
    return french(
        f"Toutes associations ensemble{among} : {words[direction(row, higher)]}, "
        f"{between(row['ci_low'], row['ci_high'])}{sense}."
    )


def cautions(release: Release) -> list[str]:
    """Say what nobody may conclude from these results."""
    words = [
        _about_effect(release),
        "Ils ne permettent pas de comparer les associations entre elles : les publics et les actions diffèrent.",
        "Ils sont arrondis, et rien n’est montré sur moins de "
        f"{release.rules.threshold} personnes, pour que personne ne puisse être reconnu.",
    ]
    if remembered_start(release):
        words.insert(
            1, "La situation de départ est un souvenir : il est souvent plus sombre que ce qui avait été vécu."
        )
    if release.context["design"] == "repeated_cross_sections":
        words.insert(1, "Les personnes des deux vagues ne sont pas les mêmes : une partie de l’écart peut venir de là.")
    return [french(text) for text in words]


def _about_effect(release: Release) -> str:
    """Say why these figures are not an effect, or on what condition a difference would be one."""
    if release.context["design"] == "after_only":
        return "Ces chiffres disent où en sont les personnes : sans mesure avant, on ne sait pas ce qui a changé."
    if release.context.get("comparison"):
        return "Ces chiffres viennent du groupe de comparaison : ils disent ce qui arrive sans l’action."
    rows = release.table[release.table["statistic"] == DIFFERENCE]
    if (rows["status"] == "shown").any():
        return (
            "Ces chiffres disent une évolution ; seule une différence avec le groupe de comparaison peut parler d’un "
            "effet, si les deux groupes se ressemblaient au départ et ont vécu la même période."
        )
    enough = " assez grand" if len(rows) else ""
    return (
        f"Ces chiffres disent une évolution, pas un effet : sans groupe de comparaison{enough}, on ne sait pas ce qui "
        "se serait passé sans l’action."
    )
