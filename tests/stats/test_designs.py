"""Cross-sections, after only, retrospective pretest: against R and scipy."""

import numpy as np
import pandas as pd
import pytest
from paired_references import SCALES, synthetic_scores
from scipy import stats

from impact.errors import StatisticsError
from impact.stats.change import pair_moments, pairs
from impact.stats.designs import independent_change, mean_scores, response_shift, retrospective_change, wave_moments
from impact.stats.pooling import pool
from tests.reference_values import load

CLOSED_FORM = 1e-10  # closed formulas


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize(
    ("kind", "waves", "function", "name"),
    [
        ("then", ("then", "post"), retrospective_change, "then_change_separate_sheet"),
        ("respshift", ("pre", "then"), response_shift, "response_shift_separate_sheet"),
    ],
)
def test_retrospective_designs(scale, kind, waves, function, name):
    expected = load(f"synth7_{kind}_{scale}")["results"]
    found = function(pair_moments(pairs(synthetic_scores(scale), scale, *waves), by=()), "separate_sheet").iloc[0]
    assert (found["statistic"], found["n"]) == (name, expected["n"])
    wanted = [expected["mean_diff"], *expected["t_test"]["ci"], expected["d_av"]["g_nu"]]
    names = ["estimate", "ci_low", "ci_high", "effect_size"]
    np.testing.assert_allclose(found[names].astype(float), wanted, rtol=CLOSED_FORM)
    assert found["method"].endswith("pré-test rétrospectif, feuilles séparées")


def test_sheets_are_never_pooled():
    moments = pair_moments(pairs(synthetic_scores("cap"), "cap", "then", "post"))
    sheets = [
        retrospective_change(moments.iloc[:3], "same_sheet"),
        retrospective_change(moments.iloc[3:], "separate_sheet"),
    ]
    with pytest.raises(StatisticsError, match="de nature différente"):
        pool(pd.concat(sheets))
    with pytest.raises(StatisticsError, match=r"«.same.» n’est pas une valeur de «.sheet.»"):
        response_shift(moments, "same")


@pytest.mark.parametrize("scale", SCALES)
def test_independent_change_is_welch(scale):
    scores = synthetic_scores(scale)
    found = independent_change(wave_moments(scores, scale), "pre", "post").set_index("association")
    for association, group in scores.groupby("association"):
        before, after = (group.loc[group["wave"] == wave, scale].dropna() for wave in ("pre", "post"))
        test = stats.ttest_ind(after, before, equal_var=False)
        wanted = [test.df, test.pvalue, *test.confidence_interval(), len(before) + len(after)]
        names = ["df", "p_value", "ci_low", "ci_high", "n"]
        np.testing.assert_allclose(found.loc[association, names].astype(float), wanted, rtol=CLOSED_FORM)


def test_mean_scores():
    scores = synthetic_scores("cap").query("wave == 'post'")
    found = mean_scores(wave_moments(scores, "cap")).set_index("association").loc["A3"]
    values = scores.loc[scores["association"] == "A3", "cap"].dropna()
    wanted = stats.t.interval(0.95, len(values) - 1, values.mean(), values.std() / np.sqrt(len(values)))
    np.testing.assert_allclose([found["ci_low"], found["ci_high"]], wanted, rtol=CLOSED_FORM)
    assert found["n"] == len(values)


@pytest.mark.filterwarnings("error")
def test_cases_without_meaning_say_why():
    scores = pd.DataFrame(
        {
            "association": list("AAAABBBCCCC"),
            "wave": ["pre", "pre", "post", "post", "pre", "pre", "post", "pre", "pre", "post", "post"],
            "cap": [1, 2, 3, 5, 1, 2, 3, 2, 2, 2, 2.0],
        }
    )
    moments = wave_moments(scores, "cap")
    found = independent_change(moments, "pre", "post").set_index("association")
    assert found["estimate"].notna().tolist() == [True, False, False]
    assert found.loc["B", "method"] == "non calculable : moins de deux personnes à l’une des vagues"
    assert found.loc["C", "method"] == "non calculable : toutes les valeurs sont identiques"
    assert mean_scores(moments)["estimate"].notna().sum() == 3
    none = mean_scores(wave_moments(scores.assign(cap=np.nan), "cap"))
    assert set(none["method"]) == {"non calculable : moins de deux personnes"}
    with pytest.raises(StatisticsError, match=r"«.apres.» n’est pas une valeur de «.wave.»"):
        independent_change(moments, "pre", "apres")
    same = pd.DataFrame({"before": [1.0, 2.0], "after": [2.0, 3.0]})
    found = retrospective_change(pair_moments(same, by=()), "same_sheet").iloc[0]
    assert found["method"] == "non calculable : toutes les évolutions sont identiques"
