"""Anonymity of a file of persons: sizes of classes, individual risk, diversity, local suppression, shuffling."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from impact.errors import DisclosureError

LEAST_K, LEAST_L = 10, 3
MOST_SUPPRESSED = 0.05


def class_sizes(table: pd.DataFrame, keys: Sequence[str], weights: pd.Series | None = None) -> pd.DataFrame:
    """Return, for each row, how many rows and how much weight share its quasi-identifiers.

    Parameters
    ----------
    table : one row per person. keys : its quasi-identifiers; a missing value is a class of its own.
    weights : how many persons of the population each row stands for, 1 or more (1 for everybody by default).

    Returns
    -------
    DataFrame on the same index: f (rows of the class), F (their total weight).

    Raises
    ------
    DisclosureError for an unknown quasi-identifier, or a weight missing or under 1.

    Referee: sdcMicro `freqCalc` (its published example) and R, synth7_disclosure.json (fk, Fk).
    """
    _require(table, keys)
    weights = pd.Series(1.0, index=table.index) if weights is None else pd.to_numeric(weights)
    if weights.isna().any() or (weights < 1).any():
        raise DisclosureError("un poids manque ou est inférieur à 1.", remedy="Vérifier la colonne des poids.")
    if not keys:
        return pd.DataFrame({"f": len(table), "F": weights.sum()}, index=table.index)
    groups = weights.groupby([table[key] for key in keys], dropna=False, observed=True)
    return pd.DataFrame({"f": groups.transform("size"), "F": groups.transform("sum")})


def wildcard_sizes(table: pd.DataFrame, keys: Sequence[str]) -> pd.Series:
    """Return, for each row, how many rows may share its quasi-identifiers if a missing value can be any value."""
    _require(table, keys)
    alike = np.ones((len(table), len(table)), dtype=bool)
    for key in keys:
        codes = pd.factorize(table[key])[0]
        missing = codes == -1
        alike &= (codes[:, None] == codes) | missing[:, None] | missing
    return pd.Series(alike.sum(axis=1), index=table.index)


def k_anonymity(table: pd.DataFrame, keys: Sequence[str]) -> dict[str, int]:
    """Return k, a missing value being its own class (`own`), or any value (`wildcard`), and the worse of both (`k`)."""
    own, wildcard = int(class_sizes(table, keys)["f"].min()), int(wildcard_sizes(table, keys).min())
    return {"own": own, "wildcard": wildcard, "k": min(own, wildcard)}


def individual_risk(sizes: pd.DataFrame) -> pd.Series:
    """Return each row's risk of re-identification by somebody who does not know who answered.

    Parameters
    ----------
    sizes : f and F, see `class_sizes`.

    Returns
    -------
    Expected 1/(class size in the population), F given f being negative binomial: p^f / f x 2F1(f, f; f + 1; 1 - p),
    p = f/F. Without weights, 1/f: the risk against somebody who knows who answered.

    Source: Benedetti, Franconi (1998); Franconi, Polettini (2004). Referee: R, synth7_disclosure.json.
    """
    from scipy.special import hyp2f1

    share = sizes["f"] / sizes["F"]
    risk = share ** sizes["f"] / sizes["f"] * hyp2f1(sizes["f"], sizes["f"], sizes["f"] + 1, 1 - share)
    return pd.Series(risk, index=sizes.index)


def terciles(values: pd.Series) -> pd.Series:
    """Return in which third of the file each value stands (0, 1, 2); missing stays missing."""
    cuts = values.quantile([1 / 3, 2 / 3]).to_numpy()
    return pd.Series(np.searchsorted(cuts, values.to_numpy(float)), index=values.index).where(values.notna())


def diversity(table: pd.DataFrame, keys: Sequence[str], sensitive: Sequence[str]) -> pd.DataFrame:
    """Return, for each row and sensitive variable, how many distinct thirds its class holds (distinct l-diversity)."""
    _require(table, [*keys, *sensitive])
    thirds = table[list(sensitive)].apply(terciles)
    if not keys:
        return pd.DataFrame({name: thirds[name].nunique() for name in sensitive}, index=table.index)
    groups = thirds.groupby([table[key] for key in keys], dropna=False, observed=True)
    return groups.transform("nunique")


def suppress_locally(table: pd.DataFrame, keys: Sequence[str], sensitive: Sequence[str]) -> pd.DataFrame | None:
    """Blank quasi-identifiers, the least useful first, until every class has k >= 10 and l >= 3.

    Parameters
    ----------
    keys : quasi-identifiers, the most useful first.

    Returns
    -------
    A new table; rows that no blank could protect are left out. None when that would take more than 5 % of the values of
    a quasi-identifier, or of the rows.
    """
    blanked = table.copy()
    for key in reversed(keys):
        blanked.loc[_exposed(blanked, keys, sensitive), key] = pd.NA
    kept = blanked[~_exposed(blanked, keys, sensitive)]
    blanks = (kept[list(keys)].isna() & table.loc[kept.index, list(keys)].notna()).sum()
    most = MOST_SUPPRESSED * len(table)
    if max(blanks.max() if keys else 0, len(table) - len(kept)) > most or _exposed(kept, keys, sensitive).any():
        return None
    return kept


def shuffle(table: pd.DataFrame, keys: Sequence[str], blocks: Sequence[Sequence[str]], rng: np.random.Generator):
    """Give the scores of each class of quasi-identifiers to other rows of the class: no row is anybody's any more.

    Parameters
    ----------
    blocks : columns of numbers, one block a wave; who answered a wave is shuffled as well.

    Returns
    -------
    A new table. In each class, every column keeps exactly its values, hence its mean and its spread; the rank
    correlations between columns are those of the whole file, up to chance.

    Method: data shuffling (Muralidhar, Sarathy 2006): normal scores are drawn with the rank correlations of the file,
    and take the real values by rank.
    """
    columns = [name for block in blocks for name in block]
    answered = {f"present {number}": table[list(block)].notna().any(axis=1) for number, block in enumerate(blocks)}
    drawn = _correlated(pd.concat([table[columns], pd.DataFrame(answered).astype(float)], axis=1), rng)
    shuffled = table.copy()
    groups = table.groupby(list(keys), dropna=False, observed=True).indices.values() if keys else [range(len(table))]
    for places in groups:
        rows = table.index[np.asarray(places)]
        for name, block in zip(answered, blocks, strict=True):
            ranked = drawn.loc[rows, name].sort_values(ascending=False).index
            present = ranked[: int(answered[name][rows].sum())]
            for column in block:
                values = np.sort(table.loc[rows, column].dropna().to_numpy())
                some = pd.Index(rng.permutation(present)[: len(values)])
                shuffled.loc[rows, column] = np.nan
                shuffled.loc[drawn.loc[some, column].sort_values().index, column] = values
    return shuffled


def _correlated(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Standard normal draws with the (rank) correlations of a table; a correlation that cannot be computed is 0."""
    matrix = 2 * np.sin(np.pi / 6 * table.corr(method="spearman").fillna(0.0).to_numpy().copy())
    np.fill_diagonal(matrix, 1.0)
    values, vectors = np.linalg.eigh(matrix)
    root = vectors * np.sqrt(np.clip(values, 0, None))
    draws = rng.standard_normal(table.shape) @ root.T
    return pd.DataFrame(draws, index=table.index, columns=table.columns)


def _exposed(table: pd.DataFrame, keys: Sequence[str], sensitive: Sequence[str]) -> pd.Series:
    """Rows of a class that is too small, or whose scores are too much alike."""
    possible = table[list(sensitive)].apply(terciles).nunique().clip(upper=LEAST_L)
    alike = (diversity(table, keys, sensitive) < possible).any(axis=1)
    return (class_sizes(table, keys)["f"] < LEAST_K) | alike


def _require(table: pd.DataFrame, names: Sequence[str]) -> None:
    missing = [name for name in names if name not in table]
    if missing:
        raise DisclosureError(f"colonnes inconnues : {', '.join(missing)}.", remedy=f"Voir : {', '.join(table)}.")
