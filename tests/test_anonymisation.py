"""k, l, individual risk, local suppression and shuffling, against sdcMicro, R, pycanon and properties."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import impact
from impact.errors import DisclosureError
from impact.open_data.anonymisation import (
    class_sizes,
    diversity,
    individual_risk,
    k_anonymity,
    shuffle,
    suppress_locally,
    terciles,
    wildcard_sizes,
)
from impact.open_data.attacks import known_answers, linkage
from impact.open_data.respondents import ID, respondents
from impact.simulation import Truth
from tests.reference_values import load, read_data

RISK = 1e-10  # closed form on both sides; R sums its series to 1e-17
PYCANON = Path(__file__).parent / "reference" / "pycanon.json"


def test_sdcmicro_freqcalc():
    """The published example of freqCalc (sdcMicro, francdat)."""
    table = pd.DataFrame({"A": [2, 3, 2, 2, 3, 3, 1, 2], "B": [3, 3, 3, 3, 3, 3, 4, 3], "C": [1, 3, 1, 2, 1, 1, 1, 1]})
    weights = pd.Series([18, 45.5, 39, 17, 92, 8, 123.5, 51])
    sizes = class_sizes(table, ["A", "B", "C"], weights)
    assert sizes["f"].tolist() == [3, 1, 3, 1, 2, 2, 1, 3]
    assert sizes["F"].tolist() == [108, 45.5, 108, 17, 100, 100, 123.5, 108]


def test_r_class_sizes_and_individual_risk():
    expected, data = load("synth7_disclosure")["results"], read_data("synth7_disclosure.csv")
    keys = ["assoc", "ageband", "female"]
    sizes = class_sizes(data, keys, data["w"])
    assert sizes["f"].tolist() == expected["fk"]
    assert sizes["F"].tolist() == expected["Fk"]
    assert k_anonymity(data, keys)["k"] == expected["k_anonymity"]
    for least in (2, 3, 5):
        assert (sizes["f"] < least).sum() == expected[f"n_viol_k{least}"]
    risk = individual_risk(sizes)
    np.testing.assert_allclose(risk, expected["risk_exact_negbin"], rtol=RISK)
    assert risk.sum() == pytest.approx(expected["expected_reident"], rel=RISK)
    assert risk.mean() == pytest.approx(expected["global_risk"], rel=RISK)
    np.testing.assert_allclose(individual_risk(class_sizes(data, keys)), 1 / sizes["f"], rtol=RISK)


@pytest.mark.parametrize("stored", json.loads(PYCANON.read_text("utf-8")), ids=lambda stored: stored["file"])
def test_pycanon_agrees(stored):
    """Values made by tests/reference/verifier_pycanon.py in an environment of its own, on four files."""
    path = PYCANON.parents[2] / stored["file"]
    if not path.is_file():
        pytest.skip(f"{stored['file']} n’est pas sur cette machine")
    table, keys = pd.read_csv(path), stored["keys"]
    table[stored["sensitive"]] = pd.to_numeric(table[stored["sensitive"]], errors="coerce")
    assert k_anonymity(table, keys)["own"] == stored["k"]
    assert diversity(table, keys, [stored["sensitive"]]).min().item() == stored["l"]
    assert individual_risk(class_sizes(table, keys)).max() == pytest.approx(1 / stored["k"], rel=RISK)


def test_a_missing_quasi_identifier_counts():
    table = pd.DataFrame({"age": ["a", "a", "a"], "sexe": ["f", "f", None]})
    assert table.groupby(["age", "sexe"]).size().min() == 2, "what pandas answers by default"
    assert k_anonymity(table, ["age", "sexe"]) == {"own": 1, "wildcard": 3, "k": 1}
    assert wildcard_sizes(table, ["age", "sexe"]).tolist() == [3, 3, 3]


@pytest.mark.parametrize("weights", [[1, 1, -2], [1, 1, np.nan], [1, 1, 0]])
def test_impossible_weights_are_refused(weights):
    with pytest.raises(DisclosureError, match="un poids manque ou est inférieur à 1"):
        class_sizes(pd.DataFrame({"a": [1, 1, 2]}), ["a"], pd.Series(weights))


def test_unknown_quasi_identifiers_are_refused():
    with pytest.raises(DisclosureError, match="colonnes inconnues\u00a0: agee"):
        k_anonymity(pd.DataFrame({"age": [1]}), ["agee"])


cells = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from(["f", "h", None])), min_size=1, max_size=60)


@settings(max_examples=40)
@given(cells, st.randoms())
def test_merging_never_lowers_k_and_order_does_not_count(rows, random):
    table = pd.DataFrame(rows, columns=["age", "sexe"])
    merged = table.assign(age=table["age"].map({"a": "ab", "b": "ab", "c": "cd", "d": "cd"}))
    for kind in ("own", "wildcard", "k"):
        assert k_anonymity(merged, ["age", "sexe"])[kind] >= k_anonymity(table, ["age", "sexe"])[kind]
    order = list(range(len(table)))
    random.shuffle(order)
    assert k_anonymity(table.iloc[order], ["age", "sexe"]) == k_anonymity(table, ["age", "sexe"])


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.integers(40, 160))
def test_local_suppression_keeps_its_promises(seed, size):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "age": rng.choice(list("aabbcd"), size),
            "sexe": rng.choice(list("ffffhhho"), size),
            "score": rng.normal(size=size),
        }
    )
    kept = suppress_locally(table, ["age", "sexe"], ["score"])
    if kept is None:
        return
    assert k_anonymity(kept, ["age", "sexe"])["k"] >= 10
    assert diversity(kept, ["age", "sexe"], ["score"]).min().item() >= 3
    assert len(table) - len(kept) <= 0.05 * size
    assert kept[["age", "sexe"]].isna().sum().max() <= 0.05 * size
    assert kept["age"].isna().sum() <= kept["sexe"].isna().sum(), "the more useful one is kept"
    assert kept.index.isin(table.index).all()


def test_shuffling_keeps_columns_and_breaks_rows():
    rng = np.random.default_rng(5)
    first = rng.normal(size=400)
    table = pd.DataFrame(
        {"age": rng.choice(list("abc"), 400), "x_1": first, "x_2": 0.7 * first + rng.normal(0, 0.7, 400)}
    )
    table.loc[rng.random(400) < 0.2, "x_2"] = np.nan
    done = shuffle(table, ["age"], [["x_1"], ["x_2"]], rng)
    for name in ("x_1", "x_2"):
        pd.testing.assert_series_equal(
            done.groupby("age")[name].apply(lambda v: sorted(v.dropna())),
            table.groupby("age")[name].apply(lambda v: sorted(v.dropna())),
        )
    assert abs(done["x_1"].corr(done["x_2"]) - table["x_1"].corr(table["x_2"])) < 0.12  # 2.5 standard errors, n = 320
    assert (done["x_1"] == table["x_1"]).mean() < 0.03


def test_terciles_of_equal_values():
    assert terciles(pd.Series([1.0, 1.0, 1.0, np.nan])).dropna().nunique() == 1


# --- the respondent file --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made(campaign, checked):
    return respondents(checked.accepted, impact.score(checked.accepted, campaign.questionnaire), campaign, 1)


def test_the_file_names_nobody(made, checked, campaign):
    assert list(made.public) == [ID, "age", "genre", *made.scores]
    assert made.public[ID].is_unique
    text = made.public.to_csv()
    assert not [code for code in checked.accepted["participant"].unique() if code in text]
    assert not [one.code for one in campaign.associations if one.code in text]
    assert k_anonymity(made.public, made.keys)["k"] >= 10
    order = made.public.merge(made.people.reset_index(), on=made.scores, how="left")
    assert order["participant"].isna().mean() > 0.9, "hardly any row is somebody's"


def test_faulty_declarations_are_refused(campaign, checked):
    from dataclasses import replace

    wrong = replace(campaign, rules=replace(campaign.rules, quasi_identifiers=("agee",)))
    with pytest.raises(DisclosureError, match="Vouliez-vous dire «\u00a0age\u00a0»"):
        respondents(checked.accepted, impact.score(checked.accepted, campaign.questionnaire), wrong, 1)


def test_linkage_is_no_better_than_chance_on_eight_campaigns(campaign):
    """Shuffled: eight campaigns together stay under the 99 % limit of chance; not shuffled, the same attack succeeds."""
    found, chance, variance, before = 0.0, 0.0, 0.0, 0.0
    for seed in range(8):
        responses = impact.simulate(campaign, truth=Truth((40, 50, 60)), seed=seed, mistakes=False)
        responses = responses.rename(columns={"vague": "wave"}).replace("", pd.NA)
        made = respondents(responses, impact.score(responses, campaign.questionnaire), campaign, seed)
        known = known_answers(responses, campaign, np.random.default_rng(seed))
        attack = linkage(made.shuffled, made.people, made.keys, known, campaign)
        before += linkage(made.protected, made.people, made.keys, known, campaign).successes
        found, chance, variance = found + attack.successes, chance + attack.by_chance, variance + attack.spread**2
    assert found <= chance + 2.33 * variance**0.5
    assert before > 3 * chance


def test_somebody_whom_no_row_can_be_is_not_found(campaign, checked):
    """Her category is nowhere in the file: she is neither found nor findable by chance, and the count stays a number."""
    made = respondents(checked.accepted, impact.score(checked.accepted, campaign.questionnaire), campaign, 1)
    key = made.keys[0]
    full = made.shuffled[made.shuffled[key].notna()]
    strange = made.people.loc[full.index]
    strange[key] = strange[key].where(strange.index != strange.index[0], "nulle part")
    known = known_answers(checked.accepted, campaign, np.random.default_rng(1))
    with_her, without = (linkage(full, table, [key], known, campaign) for table in (strange, made.people))
    assert with_her.by_chance < without.by_chance
    assert 0 < with_her.successes <= with_her.persons
