"""Weighted means and raking against R's survey package."""

import numpy as np
import pytest

from impact.errors import StatisticsError
from impact.stats.weighting import rake, weighted_mean
from tests.reference_values import load, read_data

CLOSED = 1e-10  # closed form on both sides
FITTED = 1e-8  # both stop when the shares are met, to 1e-10 here and 1e-14 there


@pytest.fixture(scope="module")
def expected():
    return load("enquete_ponderee")


@pytest.fixture(scope="module")
def people(expected):
    people = read_data(expected["data"]).astype({"age": float})
    people.loc[[row - 1 for row in expected["missing"]], "age"] = np.nan
    return people.astype({"female": str, "ageband": str})


def test_weights_as_given(expected, people):
    found = weighted_mean(people["age"], people["w"])
    assert found["n"] == len(people) - 3
    for name in ("estimate", "std_error"):
        assert found[name] == pytest.approx(expected["given"][name], rel=CLOSED)


def test_raked_weights(expected, people):
    weights = rake(people, expected["margins"], people["w"])
    np.testing.assert_allclose(weights, expected["weights"], rtol=FITTED)
    found = weighted_mean(people["age"], weights)
    for name in ("estimate", "std_error"):
        assert found[name] == pytest.approx(expected["raked"][name], rel=FITTED)


def test_shares_are_met(expected, people):
    weights = rake(people, expected["margins"])
    assert weights.mean() == pytest.approx(1)
    for column, shares in expected["margins"].items():
        for category, share in shares.items():
            assert weights[people[column] == category].sum() / weights.sum() == pytest.approx(share, rel=1e-9)


@pytest.mark.parametrize(
    ("margins", "said"),
    [
        ({"female": {"0": 0.5, "1": 0.6}}, "ne font pas 1"),
        ({"female": {"0": 1.0}}, "des réponses sans part déclarée"),
        ({"female": {"0": 0.4, "1": 0.4, "2": 0.2}}, "personne dans 2"),
        ({"femal": {"0": 1.0}}, "Vouliez-vous dire « female »"),
    ],
)
def test_impossible_margins_are_refused(people, margins, said):
    with pytest.raises(StatisticsError, match=said.replace(" ?", "").replace("« ", "«\u00a0").replace(" »", "\u00a0»")):
        rake(people, margins)


def test_margins_that_contradict_one_another():
    import pandas as pd

    same = pd.DataFrame({"a": ["x", "x", "y"], "b": ["x", "x", "y"]})
    with pytest.raises(StatisticsError, match="se contredisent"):
        rake(same, {"a": {"x": 0.5, "y": 0.5}, "b": {"x": 0.9, "y": 0.1}})


@pytest.mark.parametrize("weights", [[1.0, 0.0], [1.0, -1.0], [1.0]])
def test_impossible_weights_are_refused(weights):
    with pytest.raises(StatisticsError, match="poids sont impossibles"):
        weighted_mean([1.0, 2.0], weights)
