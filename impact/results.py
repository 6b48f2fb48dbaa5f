"""The vocabulary of results: one row = one estimate, its `n` compulsory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from impact.errors import StatisticsError

COLUMNS = (
    "association", "wave", "scale", "breakdown", "category", "statistic",
    "n", "estimate", "std_error", "ci_low", "ci_high", "df", "p_value", "p_adjusted",
    "effect_size", "effect_low", "effect_high", "effect_name", "method",
)  # fmt: skip


def as_results(rows: Iterable[Mapping[str, object]]) -> pd.DataFrame:
    """Return rows of estimates as a DataFrame in the results vocabulary.

    Parameters
    ----------
    rows : mappings whose keys are all in COLUMNS; each must give `statistic` and `n`
        (the count of persons used, after deletions). NaN estimate = not computable, `method` then says why.

    Returns
    -------
    DataFrame with the columns given, in the order of COLUMNS.

    Raises
    ------
    StatisticsError for a name outside the vocabulary, or a row without `statistic` or `n`.
    """
    table = pd.DataFrame(list(rows))
    unknown = [name for name in table.columns if name not in COLUMNS]
    if unknown:
        raise StatisticsError(f"Colonnes de résultats inconnues : {', '.join(unknown)}.")
    for name in ("statistic", "n"):
        if len(table) and (name not in table or table[name].isna().any()):
            raise StatisticsError(f"Chaque résultat doit porter « {name} ».")
    return table[[name for name in COLUMNS if name in table]]


FRENCH = {
    "association": "association", "wave": "vague", "scale": "échelle", "breakdown": "question", "category": "modalité",
    "statistic": "statistique", "n": "effectif", "estimate": "estimation", "std_error": "erreur type", "ci_low": "de",
    "ci_high": "à", "df": "ddl", "p_value": "p", "p_adjusted": "p ajusté", "effect_size": "taille d’effet",
    "effect_low": "effet, de", "effect_high": "effet, à", "effect_name": "effet", "method": "méthode",
    "complete": "complets", "prorated": "complétés", "dropped": "écartés", "empty": "sans réponse",
    "status": "décision", "reason": "raison", "bound": "borne",
    "participant": "code", "row": "ligne", "code_before": "code avant", "code_after": "code après",
    "row_before": "ligne avant", "row_after": "ligne après", "why": "pourquoi", "n_before": "réponses avant",
    "n_after": "réponses après", "n_joined": "reliées", "rate": "part reliée", "kept": "reliés",
}  # fmt: skip
FRENCH_STATISTICS = {
    "responded": "ont répondu", "returned": "ont répondu les deux fois", "counted": "personnes comptées",
    "alpha": "alpha de Cronbach",
    "alpha_standardised": "alpha standardisé", "alpha_if_dropped": "alpha sans cette question",
    "item_rest_correlation": "lien avec les autres questions", "sem": "erreur type de mesure",
    "omega_total": "oméga total", "ordinal_alpha": "alpha ordinal",
    "reliable_change": "plus petit écart lisible pour une personne", "mean": "moyenne", "mean_before": "moyenne avant",
    "mean_after": "moyenne après", "change": "évolution", "adjusted_change": "évolution, à départ égal",
    "independent_change": "écart entre deux enquêtes", "difference_of_changes": "écart au groupe de comparaison",
    "then_change_same_sheet": "évolution depuis le souvenir (même feuille)",
    "then_change_separate_sheet": "évolution depuis le souvenir (feuilles séparées)",
    "response_shift_same_sheet": "souvenir moins premier score (même feuille)",
    "response_shift_separate_sheet": "souvenir moins premier score (feuilles séparées)",
    "risen": "part plus haut", "stable": "part à peu près pareil", "fallen": "part plus bas",
    "pooled_change": "évolution, toutes associations", "prediction_interval": "évolution d’une autre association",
    "shrunken_change": "évolution, compte tenu des autres", "tau": "écart type entre associations",
    "tau2": "variance entre associations", "i2": "part de l’écart due aux associations (I²)", "q": "Q de Cochran",
    "icc1": "ressemblance dans une association (CCI)", "coefficient": "coefficient",
    "reference_mean": "repère (moyenne pondérée)", "returned_share": "part revenue",
    "first_score_returned": "premier score, revenus",
    "first_score_lost": "premier score, non revenus", "returned_minus_lost": "différence standardisée au départ",
    "weighted_change": "évolution pondérée", "pooled_weighted_change": "évolution pondérée, toutes associations",
    "little_mcar": "test de Little", "little_mcar_adjusted": "test de Little, corrigé",
    "chi2": "khi-deux", "cfi": "CFI", "tli": "TLI", "rmsea": "RMSEA", "srmr": "SRMR",
    "loading_standardised": "poids standardisé", "factor_correlation": "corrélation entre dimensions",
    "item_change": "évolution d’une question", "class_share": "part des scores dans cette tranche",
    "invariance": "verdict", "latent_mean_change": "évolution de la moyenne latente",
}  # fmt: skip


def in_french(table: pd.DataFrame, digits: int = 2) -> pd.DataFrame:
    """Return a table of results (or a scoring summary) as the evaluation lead reads it: French names, rounded."""
    shown = (
        table.round(digits).replace({"statistic": FRENCH_STATISTICS}) if "statistic" in table else table.round(digits)
    )
    kept = shown.rename(columns=FRENCH).dropna(axis="columns", how="all").astype(object)
    return kept.where(kept.notna(), "")
