"""Several associations, several tests, several imputations, several scores: against R."""

import numpy as np
import pandas as pd
import pytest
from paired_references import SCALES, sai_pairs, synthetic_scores

from impact.errors import StatisticsError
from impact.stats.between import kruskal_test, welch_test
from impact.stats.change import pair_moments, paired_change, pairs
from impact.stats.correlation import correlations
from impact.stats.imputation import combine_imputations
from impact.stats.multiplicity import adjust
from tests.reference_values import load

CLOSED_FORM = 1e-10  # closed formulas
BETWEEN = [("between_sai7", None), *((f"synth7_between_{scale}", scale) for scale in SCALES)]


def people(scale):
    return pairs(synthetic_scores(scale), scale, "pre", "post") if scale else sai_pairs()


@pytest.mark.parametrize(("identifier", "scale"), BETWEEN)
def test_differences_between_associations(identifier, scale):
    expected, table = load(identifier)["results"], people(scale)
    welch, kruskal = welch_test(pair_moments(table)).iloc[0], kruskal_test(table).iloc[0]
    wanted = [expected["welch"]["F"], expected["welch"]["df"][1], expected["welch"]["p"]]
    np.testing.assert_allclose(welch[["estimate", "df", "p_value"]].astype(float), wanted, rtol=CLOSED_FORM)
    wanted = [expected["kruskal"][name] for name in ("H", "df", "p")]
    np.testing.assert_allclose(kruskal[["estimate", "df", "p_value"]].astype(float), wanted, rtol=CLOSED_FORM)


@pytest.mark.parametrize(("identifier", "scale"), BETWEEN)
def test_adjusted_p_by_association(identifier, scale):
    expected = pd.DataFrame(load(identifier)["results"]["per_group"]).set_index("g")
    changes = paired_change(pair_moments(people(scale))).query("statistic == 'change'")
    for method, name in (("holm", "p_holm"), ("bh", "p_BH")):
        found = adjust(changes, method=method).set_index("association")["p_adjusted"].loc[expected.index]
        np.testing.assert_allclose(found, expected[name], rtol=CLOSED_FORM)


@pytest.mark.parametrize("identifier", ["padjust", "padjust7"])
def test_adjusted_p(identifier):
    expected = load(identifier)["results"]
    table = pd.DataFrame({"p_value": expected["p"]})
    np.testing.assert_allclose(adjust(table)["p_adjusted"], expected["holm"], rtol=CLOSED_FORM)
    np.testing.assert_allclose(adjust(table, method="bh")["p_adjusted"], expected["BH"], rtol=CLOSED_FORM)


def test_families_are_apart_and_missing_p_do_not_count():
    table = pd.DataFrame({"scale": list("aabba"), "p_value": [0.01, 0.04, 0.02, 0.03, np.nan]})
    assert adjust(table, family=("scale",))["p_adjusted"].tolist()[:4] == pytest.approx([0.02, 0.04, 0.04, 0.04])
    assert adjust(table)["p_adjusted"].isna().tolist() == [False] * 4 + [True]
    assert "p_adjusted" not in table
    assert adjust(table.iloc[4:])["p_adjusted"].isna().all()


def test_rubin():
    expected = load("pool_rubin")["results"]
    found = combine_imputations(expected["q"], expected["u"], n=expected["n"]).iloc[0]
    wanted = [expected["qbar"], np.sqrt(expected["t"]), expected["df"], *expected["ci"]]
    names = ["estimate", "std_error", "df", "ci_low", "ci_high"]
    np.testing.assert_allclose(found[names].astype(float), wanted, rtol=CLOSED_FORM)


def test_correlations():
    expected = load("cor_sai7")["results"]
    found = correlations(sai_pairs(), "before", "after").set_index("statistic")
    pearson = found.loc["pearson", ["n", "estimate", "p_value", "ci_low", "ci_high"]].astype(float)
    np.testing.assert_allclose(
        pearson, [expected["n"], expected["r"], expected["p"], *expected["ci"]], rtol=CLOSED_FORM
    )
    wanted = [expected[name] for name in ("spearman", "spearman_p", "kendall_tau_b", "kendall_p")]
    rows = found.loc[["spearman", "kendall_tau_b"], ["estimate", "p_value"]]
    np.testing.assert_allclose(rows.to_numpy(float).ravel(), wanted, rtol=CLOSED_FORM)


@pytest.mark.filterwarnings("error")
def test_cases_without_meaning_say_why():
    one = pd.DataFrame({"association": "A", "before": [1.0, 2.0, 4.0], "after": [2.0, 2.0, 3.0]})
    for found in (welch_test(pair_moments(one)), kruskal_test(one)):
        assert found.iloc[0]["method"] == "non calculable : il faut deux associations dont les évolutions varient"
    few, flat = (
        correlations(one, "before", "after"),
        correlations(pd.concat([one] * 2).assign(after=1.0), "before", "after"),
    )
    assert set(few["method"]) == {"non calculable : moins de quatre personnes"}
    assert set(flat["method"]) == {"non calculable : l’un des scores ne varie pas"}
    with pytest.raises(StatisticsError, match="ne se combinent pas"):
        combine_imputations([1.0], [0.1], n=10)
    with pytest.raises(StatisticsError, match=r"p-valeurs sortent de l’intervalle"):
        adjust(pd.DataFrame({"p_value": [1.2]}))
    with pytest.raises(StatisticsError, match=r"«.bonf.» n’est pas une valeur de «.method.»"):
        adjust(pd.DataFrame({"p_value": [0.2]}), method="bonf")
    with pytest.raises(StatisticsError, match="la table est vide"):
        kruskal_test(one.iloc[:0])
