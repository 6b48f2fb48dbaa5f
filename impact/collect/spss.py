"""SPSS files (.sav): each cell as the code it holds, or as its value label where the campaign has no such code."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from impact.campaign import Campaign
from impact.collect.coding import plain
from impact.collect.columns import names_of
from impact.collect.responses import Answers, as_text, check_file_there
from impact.errors import ResponsesError


def read_spss(path: Path, campaign: Campaign) -> Answers:
    """Read a .sav file; missing values declared in it are empty cells; rows are numbered from 1, as SPSS shows them.

    Raises
    ------
    ResponsesError when it is not a readable .sav file, or holds no case.
    """
    import pyreadstat

    check_file_there(path)
    try:
        table, meta = pyreadstat.read_sav(str(path))
    except Exception:  # pyreadstat and the readers under it raise whatever they meet
        advice = "L’ouvrir dans SPSS ou PSPP, et l’enregistrer en .sav ou en .csv."
        raise ResponsesError("ce n’est pas un fichier SPSS lisible.", where=path, remedy=advice) from None
    if not len(table):
        raise ResponsesError("il n’y a aucune réponse.", where=path, remedy="Vérifier que c’est le bon fichier.")
    names = names_of(campaign)
    known = {one.name: {choice.name for choice in one.choices} for one in campaign.questionnaire.questions}
    known |= {one.name: {choice.name for choice in one.choices} for one in campaign.key_questions}
    texts = {}
    for column in table:
        labels = {as_text(value): str(label) for value, label in meta.variable_value_labels.get(column, {}).items()}
        for code in known.get(names.get(plain(column), ""), ()):
            labels.pop(code, None)
        cells = table[column].map(lambda value: "" if pd.isna(value) else as_text(value))
        texts[column] = cells.map(lambda cell, labels=labels: labels.get(cell, cell)).to_numpy()
    index = pd.RangeIndex(1, len(table) + 1, name="row")
    return Answers(path, pd.DataFrame(texts, index=index, dtype=str))
