"""Cluster-robust regression against R clubSandwich."""

import numpy as np
import pytest
from paired_references import SCALES, sai_pairs, synthetic_scores

from impact.errors import StatisticsError
from impact.stats.change import pairs
from impact.stats.robust import cluster_robust
from tests.reference_values import load

CLOSED_FORM = 1e-10  # closed formulas, up to the square root of a small matrix


def data(scale):
    table = pairs(synthetic_scores(scale), scale, "pre", "post") if scale else sai_pairs()
    return table.assign(change=table["after"] - table["before"])


@pytest.mark.parametrize(
    ("identifier", "scale", "predictors"),
    [
        ("crobust_sai7", None, ()),
        ("crobust_sai7_ancova", None, ("before",)),
        *((f"synth7_crobust_{scale}", scale, ()) for scale in SCALES),
    ],
)
def test_cr2_is_that_of_r(identifier, scale, predictors):
    expected = load(identifier)["results"]
    found = cluster_robust(data(scale), "change", predictors)
    cr2 = expected["CR2"]
    wanted = {
        "estimate": list(expected["coef"].values()),
        "std_error": list(cr2["se"].values()),
        "df": cr2["df_satt"],
        "p_value": cr2["p_satt"],
        "ci_low": cr2["ci_satt"]["lower"],
        "ci_high": cr2["ci_satt"]["upper"],
    }
    for name, values in wanted.items():
        np.testing.assert_allclose(found[name], values, rtol=CLOSED_FORM)
    assert found["category"].tolist() == ["intercept", *predictors]


def test_order_and_names_change_nothing():
    table = data(None)
    shuffled = table.sample(frac=1, random_state=1).assign(association=lambda t: "x" + t["association"])
    found, wanted = (cluster_robust(t, "change", ("before",))["std_error"] for t in (shuffled, table))
    np.testing.assert_allclose(found, wanted, rtol=CLOSED_FORM)


@pytest.mark.filterwarnings("error")
def test_faults_are_told():
    table = data(None)
    with pytest.raises(StatisticsError, match=r"Il n’y a qu’un groupe\. Utiliser l’évolution"):
        cluster_robust(table[table["association"] == "Fast"], "change")
    with pytest.raises(StatisticsError, match="redondantes ou constantes"):
        cluster_robust(table.assign(one=1.0), "change", ("one",))
    with pytest.raises(StatisticsError, match="ajuste exactement"):
        cluster_robust(table.assign(change=2.0), "change")
    with pytest.raises(StatisticsError, match="la table est vide"):
        cluster_robust(table.assign(change=np.nan), "change")
