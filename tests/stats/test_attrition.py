"""Attrition against R glm and survey."""

import numpy as np
import pandas as pd
import pytest
from paired_references import synthetic_scores

from impact.errors import StatisticsError
from impact.stats.attrition import attrition, return_model, returned, standardised_difference, weighted_change
from tests.reference_values import load, read_data

CLOSED_FORM = 1e-10  # closed formulas, and a logistic regression run until it no longer moves
PREDICTORS = ("cap.pre", "est.pre", "soc.pre", "age", "female")


@pytest.fixture(scope="module")
def data():
    return read_data("synth7_attrition.csv")


@pytest.fixture(scope="module")
def expected():
    return load("synth7_attrition_cap")["results"]


@pytest.fixture(scope="module")
def model(data):
    return return_model(data, PREDICTORS, returned="resp")


def test_model_of_coming_back(model, expected):
    np.testing.assert_allclose(model.params, list(expected["coef"].values()), rtol=CLOSED_FORM)
    np.testing.assert_allclose(model.bse, expected["se"], rtol=CLOSED_FORM)
    np.testing.assert_allclose(model.pvalues, expected["p"], rtol=CLOSED_FORM)
    np.testing.assert_allclose(model.fittedvalues, expected["ps"], rtol=CLOSED_FORM)
    found = [model.deviance, model.null_deviance, model.aic]
    np.testing.assert_allclose(found, [expected[k] for k in ("deviance", "null_deviance", "aic")], rtol=CLOSED_FORM)


def test_weighted_change(data, model, expected):
    found = weighted_change(data["change"], model.fittedvalues).iloc[0]
    wanted = [expected["ipw_mean"], expected["ipw_se_survey"]]
    np.testing.assert_allclose([found["estimate"], found["std_error"]], wanted, rtol=CLOSED_FORM)
    assert found["n"] == data["change"].notna().sum()
    equal = weighted_change(data["change"], np.full(len(data), 0.8)).iloc[0]
    np.testing.assert_allclose(equal["estimate"], expected["unweighted_mean"], rtol=CLOSED_FORM)
    np.testing.assert_allclose(equal["std_error"], data["change"].sem(), rtol=CLOSED_FORM)


def test_standardised_differences(data, expected):
    came = data["resp"] == 1
    for name, wanted in expected["smd_resp_vs_drop"].items():
        found = standardised_difference(data.loc[came, name].to_numpy(), data.loc[~came, name].to_numpy())
        np.testing.assert_allclose(found["estimate"], wanted, rtol=CLOSED_FORM)
        assert found["ci_low"] < wanted < found["ci_high"]


def test_the_standardised_interval_covers():
    """Seeded simulation, true difference 0.5, 12 and 30 persons: 2,000 runs, so one standard error is 0.5 %."""
    rng = np.random.default_rng(7)
    runs = [standardised_difference(rng.normal(0.5, 1, 30), rng.normal(0, 1, 12)) for _ in range(2000)]
    covered = np.mean([run["ci_low"] <= 0.5 <= run["ci_high"] for run in runs])
    assert 0.93 < covered < 0.97


def test_who_came_back():
    scores = synthetic_scores("cap")
    table = returned(scores, "cap", "pre", "post")
    found = attrition(table)
    wide = scores.pivot(index=["association", "participant"], columns="wave", values="cap").dropna(subset="pre")
    shares = found[found["statistic"] == "returned_share"].set_index("association")
    wanted = wide["post"].notna().groupby("association").agg(["mean", "count"])
    np.testing.assert_allclose(shares["estimate"], wanted["mean"], rtol=CLOSED_FORM)
    assert shares["n"].tolist() == wanted["count"].tolist()
    whole = attrition(table, by=()).set_index("statistic")
    lost = wide.loc[wide["post"].isna(), "pre"]
    np.testing.assert_allclose(whole.loc["first_score_lost", "estimate"], lost.mean(), rtol=CLOSED_FORM)
    assert whole.loc["first_score_lost", "n"] == len(lost)


@pytest.mark.filterwarnings("error")
def test_cases_without_meaning_say_why():
    table = pd.DataFrame(
        {"association": list("AAAABB"), "before": [1, 2, 3, 5, 1, 2.0], "returned": [1, 1, 0, 0, 1, 1]}
    )
    found = attrition(table).set_index(["association", "statistic"])
    assert found.loc["A", "estimate"].notna().all()
    lost = found.loc[("B", "returned_minus_lost"), "method"]
    assert lost == "non calculable : moins de deux personnes dans l’un des groupes"
    flat = standardised_difference(np.ones(3), np.ones(4))
    assert flat["method"] == "non calculable : toutes les valeurs sont identiques"
    for change, why in (
        ([1.0, np.nan], "moins de deux personnes"),
        ([1.0, 1.0], "toutes les valeurs sont identiques"),
    ):
        assert weighted_change(change, [0.5, 0.5]).iloc[0]["method"] == f"non calculable : {why}"


@pytest.mark.filterwarnings("error")
def test_faults_are_told(data):
    with pytest.raises(StatisticsError, match=r"Toutes les personnes sont revenues, ou aucune\."):
        return_model(data.assign(resp=1), PREDICTORS, returned="resp")
    with pytest.raises(StatisticsError, match=r"Il manque des valeurs pour le modèle des départs\."):
        return_model(data, ("cap.post",), returned="resp")
    with pytest.raises(StatisticsError, match="redondantes ou constantes"):
        return_model(data.assign(one=1), ("one",), returned="resp")
    with pytest.raises(StatisticsError, match="séparent exactement"):
        return_model(data.assign(x=data["resp"] * 2 - 1), ("x",), returned="resp")
    with pytest.raises(StatisticsError, match="probabilités de retour sont impossibles"):
        weighted_change(data["change"], np.zeros(len(data)))
    with pytest.raises(StatisticsError, match="la table est vide"):
        attrition(pd.DataFrame({"association": [], "before": [], "returned": []}))
