"""The one-factor model that omega total needs."""

from __future__ import annotations

import numpy as np

from impact.stats.factor_design import factor, measurement, relations
from impact.stats.factor_model import FactorModel
from impact.stats.items import ItemMoments, NotComputable
from impact.stats.maximum_likelihood import Estimate, complete_block, estimate


def one_factor(moments: ItemMoments) -> Estimate:
    """Fit one factor of variance 1, its parameters labelled by kind and item."""
    block = complete_block(moments)
    rows = {name: row for row, name in enumerate(moments.names)}
    common = factor((0, 0), "factor", rows, block.covariance, marker=False)
    entries = measurement(common, (block.mean, block.covariance), lambda kind, item, _: (kind, item))
    entries += relations([common], block.covariance, fixed=["factor"])
    return estimate(FactorModel(len(rows), 1, 1, tuple(entries)), [block])


def omega_and_error(moments: ItemMoments) -> tuple[float, float]:
    """Return omega total and its delta-method standard error; NotComputable under a negative residual variance."""
    fit = one_factor(moments)
    loadings, residuals = (_of_kind(fit, kind) for kind in ("loading", "residual_variance"))
    if (fit.parameters[residuals] <= 0).any():
        negative = [name for name, value in zip(moments.names, fit.parameters[residuals], strict=True) if value <= 0]
        raise NotComputable(f"variance résiduelle négative pour {', '.join(negative)} (cas de Heywood)")
    total, noise = fit.parameters[loadings].sum(), fit.parameters[residuals].sum()
    slopes = np.zeros(len(fit.parameters))
    slopes[loadings], slopes[residuals] = 2 * total * noise, -(total**2)
    slopes /= (total**2 + noise) ** 2
    return total**2 / (total**2 + noise), np.sqrt(slopes @ fit.covariance @ slopes)


def _of_kind(fit: Estimate, kind: str) -> list[int]:
    return [i for i, label in enumerate(fit.model.labels) if label[0] == kind]
