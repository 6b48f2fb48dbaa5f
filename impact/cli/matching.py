"""What the commands say of codes: who was found again, and which codes wait for a person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from impact.campaign import Campaign
from impact.cli.shared import console
from impact.errors import french

if TYPE_CHECKING:
    from impact.linking.joining import Joined

SHOWN_CODES = 20
ALONE = "seul : une personne venue une seule fois, ou un code trop changé"
NOTEBOOK = "carnets/01_collecter_et_verifier"


def show_rates(joined: Joined, campaign: Campaign) -> None:
    """Say who was found again at each wave, association by association, and what a person has still to judge.

    Nothing is said of a wave from which no answer has come yet.
    """
    joined = _come(joined)
    labels = {one.code: one.label for one in (*campaign.associations, *campaign.waves)}
    for wave, matching in joined.matchings.items():
        title = f"Personnes retrouvées : {labels[campaign.waves[0].code]}, puis {labels[wave]}"
        table = Table(title=french(title), title_justify="left")
        for column in ("Association", "Réponses d’abord", "Réponses ensuite", "Retrouvées", "Part retrouvée"):
            table.add_column(column, justify="left" if column == "Association" else "right")
        for code, before, after, both, rate in matching.rates.itertuples(index=False):
            share = french(f"{rate:.0%}".replace("%", " %")) if after else "—"
            table.add_row(Text(labels[code]), str(before), str(after), str(both), share)
        console.print(table)
    if joined.matchings:
        repeated = sum(len(one.duplicated) for one in joined.matchings.values())
        alone = sum(len(one.unmatched) for one in joined.matchings.values())
        console.print(
            french(
                f"Codes voisins : {joined.judged('oui')} reliés par une personne, {joined.judged('')} à juger. "
                f"Réponses de même code, reliées à personne : {repeated}. Réponses seules : {alone}."
            )
        )
    if joined.judged(""):
        advice = (
            f"Aucun code voisin n’est relié tant qu’une personne ne l’a pas jugé : le faire dans {NOTEBOOK}, partie 6."
        )
        console.print(french(advice), style="bold yellow")


def show_codes(joined: Joined, campaign: Campaign) -> None:
    """List the codes that were joined with nobody, those that somebody can do something about first."""
    table = Table(title="Codes reliés à personne", title_justify="left")
    for column in ("Association", "Moment", "Code", "Ce qu’il en est"):
        table.add_column(column)
    labels = {one.code: one.label for one in (*campaign.associations, *campaign.waves)}
    lines = [(labels[one[0]], labels[one[1]], *one[2:]) for one in _lines(_come(joined), campaign)]
    for line in lines[:SHOWN_CODES]:
        table.add_row(*(Text(french(cell)) for cell in line))
    if len(lines) > SHOWN_CODES:
        table.caption = french(f"… et {len(lines) - SHOWN_CODES} autres ; tous sont dans {NOTEBOOK}, partie 6.")
    if lines:
        console.print(table)


def _come(joined: Joined) -> Joined:
    come = {wave: one for wave, one in joined.matchings.items() if one.rates[["n_before", "n_after"]].sum().all()}
    return replace(joined, matchings=come)


def _lines(joined: Joined, campaign: Campaign) -> Iterator[tuple[str, str, str, str]]:
    """Yield association, wave, code and what is to be known of it: repeated, near another one, alone."""
    for matching in joined.matchings.values():
        for row in matching.duplicated.itertuples():
            yield row.association, row.wave, row.participant, "le même code plusieurs fois au même moment"
    for wave, matching in joined.matchings.items():
        for row in matching.proposed[matching.proposed["kept"] == ""].itertuples():
            said = row.why if row.code_before == row.code_after else f"à un signe de {row.code_before} : à juger"
            yield row.association, wave, row.code_after, said
    for matching in joined.matchings.values():
        later = matching.unmatched["wave"] != campaign.waves[0].code
        for row in matching.unmatched.loc[later.sort_values(ascending=False).index].itertuples():
            yield row.association, row.wave, row.participant, ALONE
