"""What invariance results allow one to say, in French words that know when there are too few persons."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

MIN_PER_GROUP = 100  # below, real differences mostly go unseen (Meade & Bauer 2007)
MIN_CFI, MAX_SRMR = 0.90, 0.08  # of the configural model (Hu & Bentler 1999); RMSEA misleads with few df
FEW_IN_ALL = 300  # Chen's stricter bounds apply up to this total


class Bounds(NamedTuple):
    """Largest changes compatible with invariance: fall of CFI, rise of RMSEA and of SRMR."""

    cfi: float
    rmsea: float
    srmr: float


# Chen (2007), by level; the first for up to 300 persons in all, the second beyond
CHEN = {
    "metric": (Bounds(0.005, 0.010, 0.025), Bounds(0.010, 0.015, 0.030)),
    "scalar": (Bounds(0.005, 0.010, 0.005), Bounds(0.010, 0.015, 0.010)),
    "strict": (Bounds(0.005, 0.010, 0.005), Bounds(0.010, 0.015, 0.010)),
}
HELD = {
    "configural": "La même structure convient partout.",
    "metric": "Les items pèsent partout de la même façon\u00a0: les liens entre scores peuvent être comparés.",
    "scalar": "Les moyennes peuvent être comparées.",
    "strict": "Les items sont partout mesurés avec la même précision.",
}
NOT_HELD = {
    "configural": "La structure attendue ne convient pas\u00a0: la comparaison n’a pas de sens.",
    "metric": "Les items ne pèsent pas partout de la même façon\u00a0: la comparaison est fragile.",
    "scalar": "Des items changent de niveau indépendamment de ce qu’ils mesurent\u00a0: ne comparez pas les moyennes.",
    "strict": "La précision de la mesure n’est pas partout la même\u00a0; la comparaison des moyennes reste possible.",
}
UNDECIDED = "Les indices ne s’accordent pas\u00a0: comparez avec prudence."


def judge(level: str, rows: Sequence[dict], n: int, smallest: int, *, established: bool) -> dict[str, object]:
    """Return the `invariance` row of one level.

    Parameters
    ----------
    level : configural, metric, scalar or strict.
    rows : that level's fit indices and changes; n : persons in all; smallest : persons of the smallest group.
    established : whether the levels before are held, without which this one says nothing.

    Returns
    -------
    `statistic` invariance, `estimate` 1 held, 0 not held, NaN undecided or not verifiable, `method` a sentence.

    Notes
    -----
    Not held: CFI falls beyond its bound and so does RMSEA or SRMR; held: none does; otherwise undecided.
    Source: Chen (2007).
    """
    found = {row["statistic"]: row["estimate"] for row in rows}
    reason = next((row["method"] for row in rows if np.isnan(row["estimate"])), None)
    if smallest < MIN_PER_GROUP:
        least = f"il faut au moins {MIN_PER_GROUP} personnes par groupe, le plus petit en a {smallest}"
        return _row(np.nan, f"Non vérifiable\u00a0: {least}.")
    if reason:
        return _row(np.nan, f"Non vérifiable ({reason}).")
    if not established:
        return _row(np.nan, "Sans objet\u00a0: le niveau précédent n’est pas établi.")
    if level == "configural":
        good = found["cfi"] >= MIN_CFI and found["srmr"] <= MAX_SRMR
        return _row(1.0 if good else 0.0, (HELD if good else NOT_HELD)[level])
    bounds = CHEN[level][n > FEW_IN_ALL]
    beyond = [found["delta_rmsea"] > bounds.rmsea, found["delta_srmr"] > bounds.srmr]
    falls = found["delta_cfi"] < -bounds.cfi
    if falls and any(beyond):
        return _row(0.0, NOT_HELD[level])
    return _row(np.nan, UNDECIDED) if falls or any(beyond) else _row(1.0, HELD[level])


def verdict(results: pd.DataFrame) -> str:
    """Return the sentence of the first level that is not held, or that of the scalar level when it is.

    Parameters
    ----------
    results : rows of `group_invariance` or `longitudinal_invariance`.

    Returns
    -------
    A French sentence; strict invariance, which comparing means does not need, never changes it.
    """
    rows = results[results["statistic"] == "invariance"].set_index("category")
    ladder = rows.loc[["configural", "metric", "scalar"]]
    stopped = ladder[ladder["estimate"] != 1]
    return str((stopped if len(stopped) else ladder.iloc[-1:])["method"].iloc[0])


def _row(estimate: float, words: str) -> dict[str, object]:
    return {"statistic": "invariance", "estimate": estimate, "method": words}
