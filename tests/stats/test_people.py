"""Persons who rose, stayed or fell; proportions; McNemar: against R."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from paired_references import paired_data, sai_pairs

from impact.errors import StatisticsError
from impact.stats.people import mcnemar, people, proportion, reliable_change
from tests.reference_values import load

CLOSED_FORM = 1e-10  # closed formulas
NAMES = {"improved": 1, "unchanged": 0, "deteriorated": -1}


@pytest.mark.parametrize(
    ("identifier", "data"), [("rci_anorexia", "paired_anorexia_all"), ("rci_sai7", "paired_sai7_all")]
)
def test_reliable_change(identifier, data):
    reference = load(identifier)
    expected, sign = reference["results"], 1 if reference["params"].get("higher_better", True) else -1
    table = paired_data(data).dropna()
    threshold = reliable_change(table["before"].std(), expected["rxx"])
    np.testing.assert_allclose(threshold, expected["mdc"], rtol=CLOSED_FORM)
    index = sign * (table["after"] - table["before"]) / (threshold / expected["z"])
    np.testing.assert_allclose(index, expected["rci"], rtol=CLOSED_FORM, atol=CLOSED_FORM)
    shares = people(table, threshold, by=()).set_index("statistic")
    counts = (shares["estimate"] * shares["n"]).round(6)
    wanted = expected["counts"]
    higher, lower = ("improved", "deteriorated") if sign > 0 else ("deteriorated", "improved")
    assert counts[["risen", "stable", "fallen"]].tolist() == [wanted[higher], wanted["unchanged"], wanted[lower]]


@pytest.mark.parametrize("case", range(4))
def test_proportions(case):
    expected = load("props")["results"][case]
    for interval in ("wilson", "clopper_pearson"):
        found = proportion(expected["x"], expected["n"], interval=interval)
        limits = [found["ci_low"], found["ci_high"]]
        np.testing.assert_allclose(limits, expected[interval], rtol=CLOSED_FORM, atol=CLOSED_FORM)


def test_mcnemar():
    expected = load("mcnemar")["results"]
    table = np.array(expected["table"])
    rows = [(i, j) for i in (0, 1) for j in (0, 1) for _ in range(table[i, j])]
    before, after = zip(*[(1 - i, 1 - j) for i, j in rows], strict=True)
    found = mcnemar(pd.Series([*before, None]), pd.Series([*after, 1])).iloc[0]
    np.testing.assert_allclose(found["p_value"], expected["p_exact"], rtol=CLOSED_FORM)
    assert found["n"] == table.sum()
    np.testing.assert_allclose(found["estimate"], np.mean(after) - np.mean(before), rtol=CLOSED_FORM)


def test_people_by_association_and_binary_noise():
    table = sai_pairs()
    results = people(table)
    assert results.groupby("association", observed=True)["estimate"].sum().to_numpy() == pytest.approx(1)
    noisy = pd.DataFrame({"association": "A", "before": [0.1 + 0.2, 0.3], "after": [0.3, 0.1 + 0.2]})
    assert people(noisy).set_index("statistic").loc["stable", "estimate"] == 1


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(8, 40), st.integers(8, 40)), min_size=1, max_size=30),
    st.randoms(),
    st.integers(-9, 9),
)
def test_order_and_origin_change_nothing(rows, random, constant):
    table = pd.DataFrame(rows, columns=["before", "after"]) / 8
    shuffled = table.sample(frac=1, random_state=random.randrange(2**31)) + constant
    pd.testing.assert_frame_equal(people(shuffled, 0.5, by=()), people(table, 0.5, by=()))


@pytest.mark.filterwarnings("error")
def test_faults_are_told():
    table = sai_pairs()
    with pytest.raises(StatisticsError, match=r"Personnes en hausse ou en baisse : la table est vide"):
        people(table.iloc[:0])
    with pytest.raises(StatisticsError, match=r"Le seuil vaut nan\. Donner un nombre positif ou nul"):
        people(table, float("nan"))
    with pytest.raises(StatisticsError, match=r"L’écart-type vaut 0\."):
        reliable_change(0, 0.8)
    with pytest.raises(StatisticsError, match=r"La fidélité vaut 1\.0\. Donner un nombre de 0 à 1"):
        reliable_change(1, 1.0)
    with pytest.raises(StatisticsError, match=r"3 personnes sur 2 : effectifs impossibles"):
        proportion(3, 2)
    assert proportion(0, 0)["method"] == "non calculable : aucune personne"
    with pytest.raises(StatisticsError, match="même longueur"):
        mcnemar(pd.Series([1]), pd.Series([1, 0]))
    with pytest.raises(StatisticsError, match="Recoder la question en deux modalités"):
        mcnemar(pd.Series([1, 2]), pd.Series([1, 0]))
    same = mcnemar(pd.Series([True, False]), pd.Series([True, False])).iloc[0]
    assert same["method"] == "non calculable : personne n’a changé de réponse"
