"""The main tables of the demonstration campaign, recomputed in R from the open data package alone, beside ours.

R's values are made by tests/reference/paquet_ouvert.R, and remade whenever the package changes.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import impact
from impact.analysis.designs import ends
from impact.stats.items import item_moments
from impact.stats.reliability import alpha
from impact.stats.structure import cfa

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "donnees_anonymisees" / "demonstration"
R = json.loads((Path(__file__).parent / "reference" / "paquet_ouvert.json").read_text("utf-8"))
SCALES = list(R["scales"])
CLOSED = 1e-10  # closed forms on both sides
OPTIMISED = 1e-8  # two optimisers of tau2, metafor's threshold set to 1e-12
LAVAAN, LAVAAN_LOADINGS = 1e-6, 1e-5  # lavaan's optimiser stops at 1e-8 of the likelihood; SRMR follows the loadings


@pytest.fixture(scope="module")
def responses(campaign):
    read = impact.read_answers(PACKAGE / "synthetique.csv")
    return impact.check(read, campaign).accepted


@pytest.fixture(scope="module")
def found(campaign, responses):
    return impact.analyse_for_lead(responses, campaign)


def rows(found, scale: str, statistic: str, by: str = "association") -> pd.DataFrame:
    mine = found[
        (found["scale"] == scale) & (found["statistic"] == statistic) & found["breakdown"].isin(["", None, np.nan])
    ]
    return mine.set_index(by)


def test_r_read_these_very_files():
    package = json.loads((PACKAGE / "datapackage.json").read_text("utf-8"))
    hashes = {one["path"]: one["hash"] for one in package["resources"]}
    remedy = "lancer Rscript tests/reference/paquet_ouvert.R"
    assert R["files"] == {name: hashes[name] for name in R["files"]}, remedy
    assert list(R["packages"]) == ["psych", "metafor", "lavaan"]


@pytest.mark.parametrize("scale", SCALES)
def test_reliability(campaign, responses, scale):
    for expected in R["scales"][scale]["reliability"]:
        items = impact.item_values(
            responses[responses["wave"] == expected["wave"]], campaign.questionnaire.scale(scale)
        )
        ours = alpha(item_moments(items)).query("statistic == 'alpha'").iloc[0]
        assert (ours["n"], ours["estimate"]) == (expected["n"], pytest.approx(expected["alpha"], rel=CLOSED))


@pytest.mark.parametrize("scale", SCALES)
def test_change_of_each_association(found, scale):
    ours = rows(found, scale, "change")
    for expected in R["scales"][scale]["change"]:
        row = ours.loc[expected["association"]]
        assert row["n"] == expected["n"]
        for name in ("estimate", "ci_low", "ci_high"):
            assert row[name] == pytest.approx(expected[name], rel=CLOSED, abs=CLOSED)


@pytest.mark.parametrize("scale", SCALES)
def test_adjusted_change_and_its_pooling(found, scale):
    expected, ours = R["scales"][scale], rows(found, scale, "adjusted_change")
    for name in ("estimate", "std_error"):
        np.testing.assert_allclose(ours[name].to_numpy(float), expected["adjusted"][name], rtol=CLOSED, atol=CLOSED)
    whole = expected["pooled"]
    pooled, foreseen = (rows(found, scale, name).iloc[0] for name in ("pooled_change", "prediction_interval"))
    for name in ("estimate", "ci_low", "ci_high"):
        assert pooled[name] == pytest.approx(whole[name], rel=OPTIMISED)
    assert (foreseen["ci_low"], foreseen["ci_high"]) == pytest.approx(
        (whole["prediction_low"], whole["prediction_high"]), rel=OPTIMISED
    )
    for name in ("tau2", "i2", "q"):
        assert rows(found, scale, name)["estimate"].iloc[0] == pytest.approx(whole[name], rel=OPTIMISED, abs=OPTIMISED)


@pytest.mark.parametrize("scale", SCALES)
def test_one_factor(campaign, responses, scale):
    first = responses[responses["wave"] == ends(campaign)[0]]
    items = impact.item_values(first, campaign.questionnaire.scale(scale))
    fit = cfa(item_moments(items), {"f": list(items)}).set_index("statistic")["estimate"]
    expected = R["scales"][scale]["cfa"]
    assert fit["chi2"] == pytest.approx(expected["chisq"], rel=LAVAAN)
    assert (fit["cfi"], fit["rmsea"]) == pytest.approx((expected["cfi"], expected["rmsea"]), rel=LAVAAN, abs=LAVAAN)
    assert fit["srmr"] == pytest.approx(expected["srmr"], rel=LAVAAN_LOADINGS)


@pytest.mark.parametrize("scale", SCALES)
def test_respondents_file(campaign, scale):
    """The change of everybody together, from the protected rows."""
    first, last = ends(campaign)
    table = pd.read_csv(PACKAGE / "repondants.csv")
    change = (table[f"{scale}_{last}"] - table[f"{scale}_{first}"]).dropna()
    expected, interval = (
        R["respondents"][scale],
        stats.t.interval(0.95, len(change) - 1, change.mean(), stats.sem(change)),
    )
    assert len(change) == expected["n"]
    assert (change.mean(), *interval) == pytest.approx(
        (expected["change"], expected["ci_low"], expected["ci_high"]), rel=CLOSED
    )
