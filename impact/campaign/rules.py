"""Disclosure rules: thresholds are data, with a reason."""

from __future__ import annotations

from dataclasses import dataclass, fields

from impact.errors import CampaignError, nearest

LOWEST_THRESHOLD = 5
USUAL_THRESHOLD = 10
MOST_KEYS = 2


@dataclass(frozen=True)
class Rules:
    """What may be shown: nothing on fewer than `threshold` persons; counts rounded to `count_base`.

    The pooled view of "the others" needs `others_least` other associations of at least `others_pairs` pairs each,
    none above `others_share` of them. `reason` says why, and is compulsory when the threshold is lowered.
    `quasi_identifiers`: the breakdown questions, two at most, the more useful first, kept in the open respondent file.
    """

    threshold: int = USUAL_THRESHOLD
    reason: str = ""
    count_base: int = 5
    others_least: int = 3
    others_pairs: int = 5
    others_share: float = 0.5
    quasi_identifiers: tuple[str, ...] = ()

    def __post_init__(self):
        object.__setattr__(self, "quasi_identifiers", _names(self.quasi_identifiers))
        if isinstance(self.others_share, bool) or not isinstance(self.others_share, int | float):
            raise CampaignError("une part est un nombre entre 0 et 1.", where="[disclosure] others_share")
        counts = (self.threshold, self.count_base, self.others_least, self.others_pairs)
        if any(isinstance(value, bool) or not isinstance(value, int) for value in counts):
            raise CampaignError("les seuils du secret statistique sont des nombres entiers.", where="[disclosure]")
        if self.threshold < LOWEST_THRESHOLD:
            raise CampaignError(
                f"un seuil de {self.threshold} est refusé : il montrerait des personnes.",
                where="[disclosure] threshold",
                remedy=f"Mettre {USUAL_THRESHOLD}, ou au moins {LOWEST_THRESHOLD} avec sa raison.",
            )
        if self.threshold < USUAL_THRESHOLD and not self.reason.strip():
            raise CampaignError(
                f"un seuil sous {USUAL_THRESHOLD} demande une raison.",
                where="[disclosure] reason",
                remedy="Écrire en une phrase pourquoi il est plus bas.",
            )
        if self.count_base < 5 or self.others_least < 3 or self.others_pairs < 5 or not 0 < self.others_share <= 0.5:
            raise CampaignError(
                "une règle est plus faible que ce que la méthode permet.",
                where="[disclosure]",
                remedy="Au moins : count_base 5, others_pairs 5, others_least 3. Au plus : others_share 0.5.",
            )

    @classmethod
    def from_mapping(cls, mapping: dict[str, object]) -> Rules:
        """Build from the `[disclosure]` table; an unknown key is refused, with the nearest one."""
        allowed = [field.name for field in fields(cls)]
        for key in mapping:
            if key not in allowed:
                raise CampaignError(f"règle inconnue « {key} ».", where="[disclosure]", remedy=nearest(key, allowed))
        return cls(**mapping)


def _names(declared: object) -> tuple[str, ...]:
    """Return the quasi-identifiers as a tuple of distinct names, two at most."""
    names = tuple(declared) if isinstance(declared, list | tuple) else (declared,)
    if any(not isinstance(name, str) for name in names) or len(set(names)) < len(names) or len(names) > MOST_KEYS:
        raise CampaignError(
            "les quasi-identifiants du fichier ouvert sont deux questions au plus.",
            where="[disclosure] quasi_identifiers",
            remedy='Écrire par exemple : quasi_identifiers = ["genre", "age"]',
        )
    return names
