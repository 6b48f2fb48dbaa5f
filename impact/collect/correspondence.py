"""The correspondence of columns: what a file calls otherwise, written once in `correspondance.toml` and kept."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

import pandas as pd

from impact.campaign import Campaign
from impact.collect.coding import plain
from impact.collect.columns import names_of
from impact.errors import CampaignError, nearest, system_reason
from impact.questionnaire import KEY_COLUMNS

FILE = "correspondance.toml"
KEYS = ("colonnes", "vides")


@dataclass(frozen=True)
class Correspondence:
    """`columns`: column of the file -> column of the contract, or `vague.question` in a file with one row a person.

    `empty`: what stands for « no answer » in the file (« NA », « 0 », « -99 » ...).
    """

    columns: dict[str, str] = field(default_factory=dict)
    empty: tuple[str, ...] = ()


def read_correspondence(campaign: Campaign) -> Correspondence:
    """Read `correspondance.toml` beside the questionnaire; nothing is declared when there is none.

    Raises
    ------
    CampaignError when it is faulty, or names a question or a wave that does not exist.
    """
    path = Path(campaign.folder) / FILE
    if not path.is_file():
        return Correspondence()
    try:
        declared = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CampaignError(f"le fichier n’est pas du TOML lisible ({error}).", where=path) from None
    for key in declared:
        if key not in KEYS:
            raise CampaignError(f"clé inconnue « {key} ».", where=path, remedy=nearest(key, KEYS))
    columns, empty = declared.get("colonnes", {}), declared.get("vides", [])
    if not isinstance(columns, dict) or not isinstance(empty, list):
        raise CampaignError("« colonnes » est un tableau et « vides » une liste.", where=path)
    allowed = targets_of(campaign)
    for column, target in columns.items():
        if target not in allowed:
            advice = nearest(str(target), allowed)
            raise CampaignError(f"« {column} » est rapprochée de « {target} », inconnu.", where=path, remedy=advice)
    return Correspondence(columns, tuple(str(cell) for cell in empty))


def targets_of(campaign: Campaign) -> list[str]:
    """Everything a column may be: the columns of the contract, and `vague.question` for a row that holds both waves."""
    questions = [question.name for question in campaign.questionnaire.questions]
    keys = [campaign.columns.get(key, key) for key in KEY_COLUMNS]
    return [*keys, *questions, *(f"{wave.code}.{name}" for wave in campaign.waves for name in questions)]


def write_correspondence(columns: dict[str, str], campaign: Campaign) -> Path:
    """Keep a correspondence beside the questionnaire, with what was already there; it is checked when it is read."""
    path = Path(campaign.folder) / FILE
    known = read_correspondence(campaign)
    lines = ["# Nom de la colonne dans le fichier reçu = nom de la question (ou vague.question).", ""]
    lines += [f"vides = {json.dumps(list(known.empty), ensure_ascii=False)}", "", "[colonnes]"]
    quoted = {json.dumps(name, ensure_ascii=False): value for name, value in (known.columns | columns).items()}
    lines += [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in quoted.items()]
    try:
        path.write_text("\n".join(lines) + "\n", "utf-8")
    except OSError as error:
        raise CampaignError(f"impossible d’écrire ({system_reason(error)}).", where=path) from None
    return path


def guess(column: str, campaign: Campaign) -> str:
    """Return the question whose name or label is nearest to a column's, "" when none is near; a person decides."""
    names = names_of(campaign)
    close = get_close_matches(plain(column), names, n=1, cutoff=0.7)
    return names[close[0]] if close else ""


def apply_correspondence(table: pd.DataFrame, declared: Correspondence, campaign: Campaign) -> pd.DataFrame:
    """Return the table with its declared columns renamed; a row that holds several waves becomes one row for each.

    Both rows keep the number of the row they come from. Columns without a wave are repeated in each.
    """
    if declared.empty:
        empty = {plain(cell) for cell in declared.empty}
        table = table.map(lambda cell: "" if plain(cell) in empty else cell)
    columns = {column: target for column, target in declared.columns.items() if column in table}
    wide = {column: target for column, target in columns.items() if "." in target}
    table = table.rename(columns={column: target for column, target in columns.items() if column not in wide})
    if not wide:
        return table
    common, halves = table.drop(columns=list(wide)), []
    for wave in campaign.waves:
        targets = {column: target.partition(".") for column, target in wide.items()}
        mine = {column: name for column, (code, _, name) in targets.items() if code == wave.code}
        half = pd.concat([common, table[list(mine)].rename(columns=mine)], axis="columns")
        halves.append(half.assign(**{campaign.columns.get("wave", "wave"): wave.code}))
    return pd.concat(halves).fillna("").sort_index(kind="stable")
