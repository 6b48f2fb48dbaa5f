"""The référentiel in words: what an action changes, for whom, with what evidence, and who shares its criteria."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from impact.disclosure import Release
from impact.errors import french
from impact.sentences.reading import verdict
from impact.sentences.summary import VERDICTS
from impact.wording import listed, number

NATURES = {  # nature -> what its column is called, from what is done to what it changes
    "réalisation": "Ce qui est fait",
    "résultat": "Ce que cela change",
    "impact": "Plus loin, plus tard",
}
HOW = {
    "echelle": "questionnaire",
    "question": "question ouverte",
    "comptage": "comptage",
    "observation": "observation",
    "verbatim": "paroles",
}
NOT_YET = "pas encore mesuré"
MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
    "décembre",
)  # fmt: skip
INTENDED = "Ce schéma dit ce qui est attendu, et non ce qui est prouvé."
Entry = Mapping[str, object]


def cards(framework: Entry) -> dict[str, list[tuple[Entry, list[Entry]]]]:
    """Return, for each nature, the criteria that have indicators of it, with these."""
    found = {}
    for nature in NATURES:
        kept = [(one, [i for i in one["indicators"] if i["nature"] == nature]) for one in framework["criteria"]]
        found[nature] = [(criterion, indicators) for criterion, indicators in kept if indicators]
    return found


def sentence(framework: Entry) -> str:
    """Say what should lead to what, for whom, and which effects are only watched."""
    verbs = dict(zip(NATURES, ("Ce qui est fait", "doit changer", "puis, plus loin"), strict=True))
    told = [
        f"{verbs[nature]} : {listed(found)}"
        for nature, column in cards(framework).items()
        if (found := [_quoted(criterion) for criterion, _ in column if wished(criterion)])
    ]
    watched = [_quoted(one) for one in framework["criteria"] if not wished(one)]
    whom = listed(list(dict.fromkeys(one["for_whom"] for one in framework["criteria"])))
    also = f" À surveiller : {listed(watched)}." if watched else ""
    return french(f"{' ; '.join(told)}. Pour {whom}.{also} {INTENDED}")


def wished(criterion: Entry) -> bool:
    """Whether a criterion has some effect that is expected and wished for."""
    return any(not kinds_of(one) for one in criterion["indicators"])


def criterion_said(criterion: Entry, framework: Entry) -> str:
    """Say for whom a criterion is, what it leads to, and the common criterion it is close to."""
    labels = {one["code"]: _quoted(one) for one in framework["criteria"]}
    told = [f"Pour {criterion['for_whom']}."]
    if criterion["leads_to"]:
        told.append(f"Doit mener à : {listed([labels[code] for code in criterion['leads_to']])}.")
    if criterion["close_to"]:
        told.append(f"Proche du critère commun « {criterion['close_to']} ».")
    return french(" ".join(told))


def indicator_said(release: Release, indicator: Entry) -> str:
    """Say an indicator, its evidence, and how it is collected."""
    kinds = [indicator["nature"], *kinds_of(indicator)]
    made = f"{HOW[indicator['how']]}, {indicator['when']}, par {indicator['by']}"
    return french(f"{indicator['label']} : {evidence(release, indicator)} ({', '.join(kinds)} ; {made}).")


def kinds_of(indicator: Entry) -> list[str]:
    """Return what is unusual in an indicator: unexpected, negative."""
    unexpected = [] if indicator["expected"] else ["inattendu"]
    return unexpected + ([] if indicator["positive"] else ["effet négatif"])


def evidence(release: Release, indicator: Entry) -> str:
    """Say what is known of an indicator: what its score says, its counts, approved words, or « pas encore mesuré »."""
    if indicator["scale"]:
        return VERDICTS[verdict(release, indicator["scale"])][1]
    if indicator["counts"]:
        return _counted(indicator, release.rules.threshold)
    return f"« {indicator['texts'][0]} »" if indicator["texts"] else NOT_YET


def kind(indicator: Entry) -> str:
    """Return what evidence there is of an indicator: score, comptage, paroles or « pas encore mesuré »."""
    found = {"score": indicator["scale"], "comptage": indicator["counts"], "paroles": indicator["texts"]}
    return next((name for name, held in found.items() if held), NOT_YET)


def measured(indicator: Entry) -> bool:
    """Whether there is some evidence of an indicator."""
    return kind(indicator) != NOT_YET


def _quoted(criterion: Entry) -> str:
    return f"« {criterion['label']} »"


def _counted(indicator: Entry, threshold: int) -> str:
    """Counts period by period; their total only for things: the same person may come back in another period."""
    counts, about = indicator["counts"], "environ " if indicator["people"] else ""
    told = [f"moins de {threshold}" if one["value"] is None else f"{about}{_amount(one['value'])}" for one in counts]
    when = [period(one["period"]) for one in counts]
    if indicator["people"] or len(counts) == 1:
        told[0] = f"{told[0]} {indicator['unit']}"
        return listed([f"{many} {moment}" for many, moment in zip(told, when, strict=True)])
    total = _amount(sum(one["value"] for one in counts))
    parts = ", ".join(f"{many} {moment}" for many, moment in zip(told, when, strict=True))
    return f"{total} {indicator['unit']} en tout, dont {parts}"


def _amount(value: float) -> str:
    return number(value, 0 if float(value).is_integer() else 1)


def period(code: str) -> str:
    """Say when: « 2014-T1 » is « au 1er trimestre 2014 », « 2014-03 » « en mars 2014 »."""
    year, _, part = code.partition("-")
    if part.startswith("T"):
        return f"au {part[1]}{'er' if part == 'T1' else 'e'} trimestre {year}"
    return f"en {MONTHS[int(part) - 1]} {year}" if part else f"en {year}"


def table(release: Release) -> pd.DataFrame:
    """Return one line an indicator, all text."""
    framework = release.context["framework"]
    lines = [
        [
            criterion["label"],
            criterion["for_whom"],
            indicator["label"],
            ", ".join([indicator["nature"], *kinds_of(indicator)]),
            f"{HOW[indicator['how']]}, {indicator['when']}",
            evidence(release, indicator),
        ]
        for criterion in framework["criteria"]
        for indicator in criterion["indicators"]
    ]
    columns = ["Critère", "Pour qui", "Indicateur", "Nature", "Comment", "Ce que l’on en sait"]
    return pd.DataFrame(lines, columns=columns).map(french)


def sharing_sentence(framework: Entry) -> str:
    """Say how many structures have a criterion close to each common one: a closeness, never a rank."""
    told = [f"{one['label']}, {shared(one, framework)}" for one in framework["sharing"]]
    return french(
        f"Combien de structures ont un critère proche : {' ; '.join(told)}. "
        "C’est une proximité entre ce que chacune cherche, jamais un classement."
    )


def shared(one: Entry, framework: Entry) -> str:
    """Say by how many structures a common criterion is shared."""
    many = f"{one['n']} sur {framework['structures']}" if one["n"] else "aucune pour l’instant"
    return f"{many}{', dont la vôtre' if one['own'] else ''}"


def sharing_table(framework: Entry) -> pd.DataFrame:
    """Return one line a common criterion, all text."""
    lines = [[one["label"], shared(one, framework)] for one in framework["sharing"]]
    return pd.DataFrame(lines, columns=["Critère commun", "Structures qui ont un critère proche"]).map(french)
