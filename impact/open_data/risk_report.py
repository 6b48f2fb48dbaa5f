"""The risk report published with the open data: every figure, the attacks, the three questions, in words."""

from __future__ import annotations

from impact import __version__
from impact.campaign import Campaign
from impact.clearance.audit import FEW
from impact.open_data.anonymisation import LEAST_K, LEAST_L
from impact.open_data.attacks import Attack
from impact.open_data.documents import Block, Grid, Heading, Paragraph
from impact.open_data.respondents import Respondents
from impact.open_data.risks import Risk
from impact.wording import number


def report(risk: Risk, made: Respondents, campaign: Campaign, *, seed: str, created: str) -> list[Block]:
    """Write the report. `seed`: what may be said of the seed; `created`: the date of the package."""
    labels = {question.name: question.label for question in campaign.questionnaire.breakdowns}
    kept = ", ".join(f"« {labels.get(key, key)} »" for key in made.keys) or "aucun"
    notice = [Paragraph("Exemple, données fictives.")] if campaign.fictif else []
    return [
        Heading(f"Rapport de risque : {campaign.title}", 1),
        *notice,
        Paragraph(
            "Ce rapport accompagne les données ouvertes. Il dit ce qui pourrait faire reconnaître une personne, "
            "ce qui a "
            "été fait pour l’empêcher, et ce que donnent les attaques réellement essayées."
        ),
        Heading("Ce qui est publié"),
        Paragraph(f"Personnes qui ont répondu la première fois : {len(made.people)}. Publiées : {len(made.public)}."),
        Paragraph(f"Quasi-identifiants gardés : {kept}. Ni association, ni date, ni texte libre."),
        Paragraph(
            "Dans chaque classe de quasi-identifiants, les scores ont été redistribués entre les personnes "
            "(brassage) : "
            "chaque colonne garde ses valeurs, donc ses moyennes ; aucune ligne, sauf hasard, n’est celle d’une "
            "personne. Les "
            "identifiants et l’ordre des lignes sont tirés au hasard."
        ),
        *_anonymity(risk, labels),
        *_attacks(risk),
        *_three_questions(risk),
        Heading("Utilité"),
        Grid(
            ("Plus grand écart dû à la protection", "Valeur"),
            [(name, number(value, 2)) for name, value in risk.utility["plus grand écart"].items()],
        ),
        Paragraph(
            "L’alpha de Cronbach ne se recalcule pas sur ce fichier, qui donne des scores et non des réponses : il est "
            "publié avec les résultats."
        ),
        Heading("Version et signature"),
        Paragraph(f"Version du logiciel : {__version__}. Campagne : {campaign.name}, version {campaign.version}."),
        Paragraph(f"Graine : {seed}. Date : {created}."),
        Paragraph("Relu et accepté par (nom, fonction, date, signature) : ……………………………………………………"),
    ]


def _anonymity(risk: Risk, labels: dict[str, str]) -> list[Block]:
    rows = [
        (name, *(f"{row[key]:.0f}" for key in ("lignes", "uniques", "sous 5", "sous 10")),
         *(number(row[key], 2) for key in ("risque maximal", "risque moyen")), number(row["attendues"], 1))
        for name, row in risk.sizes.iterrows()
    ]  # fmt: skip
    columns = ("Fichier", "Lignes", "Uniques", "Classe < 5", "Classe < 10", "Risque max.", "Risque moyen", "Attendus")
    blanks = [(labels.get(key, key), str(count)) for key, count in risk.suppressed.items()]
    lines = [(name, f"{row['avant']:.0f}", f"{row['publié']:.0f}") for name, row in risk.diversity.iterrows()]
    return [
        Heading("Anonymat du fichier des répondants"),
        Paragraph(
            f"k = {risk.k['k']} (au moins {LEAST_K} demandé) : la plus petite classe, une valeur absente comptant "
            f"comme "
            f"une modalité ({risk.k['own']}) ou pouvant être n’importe laquelle ({risk.k['wildcard']}) ; la pire "
            f"est retenue."
        ),
        Paragraph(
            "Le risque d’une ligne est 1/f, f étant l’effectif de sa classe : l’attaquant sait qui a répondu. « "
            "Attendues » : "
            "la somme des risques, le nombre de succès qu’il aurait en tirant au sort dans chaque classe."
        ),
        Grid(columns, rows),
        Paragraph("Valeurs effacées (suppression locale), par quasi-identifiant :"),
        Grid(("Question", "Valeurs effacées"), blanks or [("aucune", "0")]),
        Paragraph(f"Diversité : nombre de tiers du fichier présents dans chaque classe, au moins {LEAST_L} demandés."),
        Grid(("Variable", "l avant", "l publié"), lines),
    ]


def _attacks(risk: Risk) -> list[Block]:
    before, after, guess = (risk.attacks[name] for name in ("avant", "après", "déduction"))
    return [
        Heading("Attaques essayées"),
        Grid(
            ("Attaque", "Personnes", "Réussites", "Par hasard"),
            [
                ("Reconnaissance d’une ligne unique", f"{after.persons}", f"{risk.unique}", "0"),
                ("Rapprochement, avant protection", *_attack(before)),
                ("Rapprochement, fichier publié", *_attack(after)),
                ("Déduction d’un score (le pire)", *_attack(guess)),
                ("Soustraction de résultats publiés", f"{after.persons}", f"{risk.exposed}", "0"),
            ],
        ),
        Paragraph(
            "Rapprochement : un collègue connaît l’association, les quasi-identifiants et deux réponses d’une "
            "personne ; il "
            "choisit la ligne la plus proche. Sur le fichier publié, il réussit "
            f"{number(100 * after.successes / after.persons)} % du temps ; en tirant au sort dans la classe, "
            f"{number(100 * after.by_chance / after.persons)} %. "
            + ("Il ne fait pas mieux que le hasard." if after.no_better_than_chance else "Il fait mieux que le hasard.")
        ),
        Paragraph(
            "Déduction : deviner dans quel tiers se trouve le dernier score d’une personne d’après la ligne qui "
            "porte ses "
            "quasi-identifiants, plutôt que d’après une autre ligne de la même classe."
        ),
        Paragraph(
            f"Soustraction et collusion : {risk.coalitions} points de vue essayés (le public, chaque association, deux "
            f"associations ensemble, publications passées comprises) ; {risk.exposed} personne isolée, seule ou "
            f"dans un "
            f"groupe de {FEW} au plus."
        ),
    ]


def _attack(attack: Attack) -> tuple[str, str, str]:
    return f"{attack.persons}", number(attack.successes), number(attack.by_chance)


def _three_questions(risk: Risk) -> list[Block]:
    """The three questions of opinion 05/2014 of the G29 on anonymisation."""
    return [
        Heading("Les trois questions du G29 (avis 05/2014)"),
        Paragraph(
            "Peut-on isoler une personne ? Non : chaque combinaison de quasi-identifiants est portée par "
            f"{risk.k['k']} lignes au moins, et aucune ligne de scores n’est celle d’une personne.",
            item=True,
        ),
        Paragraph(
            "Peut-on relier deux enregistrements d’une personne ? Non : les identifiants sont neufs, l’ordre est "
            "tiré au "
            "sort, et le rapprochement avec ce que sait un collègue ne fait pas mieux que le hasard.",
            item=True,
        ),
        Paragraph(
            "Peut-on déduire quelque chose d’une personne ? Rien de plus que de sa classe : chaque classe contient des "
            f"scores bas, moyens et hauts (l = {risk.diversity['publié'].min():.0f}).",
            item=True,
        ),
    ]
