"""A new campaign to fill in: questionnaire, référentiel, declaration and notebooks, copied from the example."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from impact.campaign import CODE, example_folder
from impact.errors import CampaignError, french, system_reason

EXAMPLE = "demonstration"
DECLARATION = """\
# Campagne à compléter. Ce qui suit un dièse est une explication.
title = "{title}"
version = "1"

# true : les réponses sont inventées, pour essayer, et chaque page le dit. Mettre false quand les vraies arrivent.
fictif = true

# before_after, retrospective_separate, retrospective_same_sheet, after_only ou repeated_cross_sections
design = "before_after"

[[waves]]
code = "avant"
label = "Avant"

[[waves]]
code = "apres"
label = "Après"

# Un bloc par association : un code sans espace ni accent, qui ne changera plus, et le nom que l’on lira.
[[associations]]
code = "asso_1"
label = "Première association (nom à écrire)"
sector = "secteur à écrire"

[[associations]]
code = "asso_2"
label = "Deuxième association (nom à écrire)"
sector = "secteur à écrire"

[[associations]]
code = "asso_3"
label = "Troisième association (nom à écrire)"
sector = "secteur à écrire"

# Noms, dans les fichiers reçus, des colonnes association, wave et participant, quand ils sont autres.
[columns]
wave = "vague"

# Secret statistique : rien n’est montré sur moins de `threshold` personnes.
[disclosure]
threshold = 10
reason = "Seuil usuel : une personne connue de ses voisins ne doit pas pouvoir être reconnue."

# Fichier ouvert des répondants : deux questions au plus, la plus utile d’abord ; ni association, ni date, ni texte.
quasi_identifiers = ["age", "genre"]
"""


def new_campaign(name: str, *, title: str = "", root: str | Path = ".") -> list[Path]:
    """Write a campaign that passes `impact verifier` at once, to be filled in.

    Parameters
    ----------
    name : letters without accents, digits and _ ; names `questionnaires/<name>/` and `carnets/<name>/` under `root`.
    title : what people read; by default the name.

    Returns
    -------
    The files written: questionnaire.md, campagne.toml, referentiel.csv, repere.toml (a fictitious landmark, to be
    completed or removed) and the notebooks.

    Raises
    ------
    CampaignError when the name cannot be one, is taken, or the folder cannot be written: nothing is overwritten.
    """
    if not CODE.fullmatch(name):
        advice = "Employer des lettres minuscules sans accent, des chiffres et _."
        raise CampaignError(f"« {name} » ne peut pas nommer une campagne.", remedy=advice)
    declared, notebooks = Path(root) / "questionnaires" / name, Path(root) / "carnets" / name
    for folder in (declared, notebooks):
        if folder.exists():
            raise CampaignError(
                "ce dossier existe déjà, rien n’y est changé.", where=folder, remedy="Choisir un autre nom."
            )
    title = (title or name.replace("_", " ").capitalize()).replace('"', "”")
    files = _declarations(name, title, declared) | _notebooks(name, notebooks)
    try:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    except OSError as error:
        advice = "Se placer dans un dossier où l’on peut écrire."
        raise CampaignError(f"impossible d’écrire ({system_reason(error)}).", where=root, remedy=advice) from None
    return list(files)


def _declarations(name: str, title: str, folder: Path) -> dict[Path, str]:
    source = example_folder("questionnaires") / EXAMPLE
    questionnaire = (source / "questionnaire.md").read_text("utf-8")
    questionnaire = re.sub(r"\A# .*", f"# {title}, questionnaire à compléter", questionnaire)
    settings = f"|          | {title} | {name} | 1       | fr               |"
    questionnaire = re.sub(rf"^\|.*\| {EXAMPLE} \|.*$", settings, questionnaire, flags=re.MULTILINE)
    files = {
        folder / "questionnaire.md": questionnaire,
        folder / "campagne.toml": french(DECLARATION.format(title=title)),
        folder / "repere.toml": (source / "repere.toml").read_text("utf-8"),
    }
    framework = source / "referentiel.csv"
    return files | (
        {folder / framework.name: _transversal(framework.read_text("utf-8"))} if framework.is_file() else {}
    )


def _transversal(framework: str) -> str:
    """The rows of the référentiel that name no association."""
    rows = list(csv.DictReader(io.StringIO(framework), delimiter=";"))
    written = io.StringIO()
    table = csv.DictWriter(written, rows[0], delimiter=";", lineterminator="\n")
    table.writeheader()
    table.writerows(row for row in rows if not row["association"])
    return written.getvalue()


def _notebooks(name: str, folder: Path) -> dict[Path, str]:
    """The numbered notebooks, their parameter `campagne` changed, one folder further from sorties/."""
    sources = sorted(example_folder("carnets").glob("[0-9][0-9]_*.ipynb"))
    return {
        folder / source.name: source.read_text("utf-8")
        .replace(f'campagne = \\"{EXAMPLE}\\"', f'campagne = \\"{name}\\"')
        .replace("../sorties", "../../sorties")
        for source in sources
    }
