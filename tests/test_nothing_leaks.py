"""What is hidden changes nothing that anyone can see: files, names of files, figures, words for the eye or the ear, pages."""

import tempfile
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

import impact
from impact.analysis import releasable
from impact.bilan.contents import bilan
from impact.bilan.pdf import to_pdf
from impact.charts import figures
from impact.clearance import context
from impact.clearance.partitions import merge
from impact.cube import write_cube
from impact.disclosure import KEYS, LEAD, PUBLIC, release
from impact.disclosure.journal import journal
from impact.disclosure.rounding import NUMBERS
from impact.first_pass import summarise
from impact.layout import lay_out
from impact.simulation import Truth

CAMPAIGN = impact.read_campaign(Path(__file__).parent / "campaigns" / "sept")
SIZES = st.lists(st.integers(3, 34), min_size=7, max_size=7)
SEEDS = st.integers(0, 10_000)
DAY = date(2026, 1, 5)
ALIKE = "réponses presque toutes semblables"  # decided from the numbers themselves: those may not be changed at will


def answers(sizes, seed) -> pd.DataFrame:
    rows = impact.simulate(CAMPAIGN, truth=Truth(tuple(sizes), (0.4, 0.0, -0.3)), seed=seed, mistakes=False)
    return rows.replace("", pd.NA)


def exact(responses) -> tuple[pd.DataFrame, dict]:
    """The results as `clear` computes them, and the categories each association is shown in."""
    recoded, partitions = merge(summarise(responses, CAMPAIGN), CAMPAIGN)
    return releasable(recoded, CAMPAIGN), partitions


def cleared(results, partitions, association):
    about = context(CAMPAIGN, association, partitions[association.code])
    return release(results, CAMPAIGN.rules, audience=association.code, context=about)


def everything_said(one) -> dict[str, object]:
    """Name -> content of each file of the cube (bilan; manifest, with the alternative texts), the page, the journal."""
    with tempfile.TemporaryDirectory() as folder:
        drawn = {} if one.audience in (PUBLIC, LEAD) else figures(one)
        paper = {"bilan.pdf": to_pdf(bilan(one, drawn, DAY))} if drawn else {}
        written = paper | lay_out(one, drawn).file()
        cube = write_cube(one, drawn.values(), Path(folder) / one.audience, inputs="", key=b"", documents=written)
        files = {path.name: path.read_bytes() for path in cube.iterdir()}
    return files | {"journal": journal(one).to_csv()}


def disturbed(results, hidden, seed) -> pd.DataFrame:
    """Other numbers in place of those of the hidden rows; their n stays, since it decides what is hidden beside them."""
    rng, results = np.random.default_rng(seed), results.copy()
    marks = pd.MultiIndex.from_frame(results[KEYS].fillna("")).isin(pd.MultiIndex.from_frame(hidden[KEYS]))
    shares = results["statistic"].isin(["risen", "stable", "fallen"])
    middle = np.where(
        shares, rng.uniform(0.1, 0.9, len(results)), rng.uniform(5, 10, len(results))
    )  # 3 to 12: the scale
    for column, values in {"estimate": middle, "ci_low": middle - 1, "ci_high": middle + 1, "std_error": 1.0}.items():
        results[column] = results[column].mask(marks, values)
    return results


@settings(max_examples=5, derandomize=True)
@given(SIZES, SEEDS, st.sampled_from(CAMPAIGN.associations))
def test_hidden_numbers_are_nowhere(sizes, seed, association):
    """Whatever the hidden numbers, every byte that leaves is the same; nothing under the threshold has a number."""
    results, partitions = exact(answers(sizes, seed))
    one = cleared(results, partitions, association)
    few = one.table.merge(results.fillna(dict.fromkeys(KEYS, "")), on=KEYS, suffixes=("", "_true")).query("n_true < 10")
    assert few[list(NUMBERS)].isna().all(axis=None)
    hidden = one.table[(one.table["status"] == "suppressed") & (one.table["reason"] != ALIKE)]
    again = cleared(disturbed(results, hidden, seed), partitions, association)
    assert everything_said(again) == everything_said(one)


@settings(max_examples=4, derandomize=True)
@given(SIZES, SEEDS, st.sampled_from([one.code for one in CAMPAIGN.associations]))
def test_permuting_and_renaming_people_changes_nothing(sizes, seed, code):
    rows = answers(sizes, seed)
    shuffled = rows.sample(frac=1, random_state=seed).assign(participant="p" + rows["participant"].str[::-1])
    said = []
    for responses in (rows, shuffled):
        one = cleared(*exact(responses), CAMPAIGN.association(code))
        ordered = one.table.sort_values(KEYS, ignore_index=True)
        said.append(everything_said(type(one)(one.audience, ordered, one.context, one.rules)))
    assert said[0] == said[1]


def test_the_test_would_see_a_leak():
    """A shown number that changes is seen in the table and on the page."""
    results, partitions = exact(answers([30] * 7, 1))
    association = CAMPAIGN.associations[0]
    one = cleared(results, partitions, association)
    shown = one.table[(one.table["status"] == "shown") & (one.table["association"] == association.code)]
    again = cleared(disturbed(results, shown[shown["statistic"] == "mean_after"], 1), partitions, association)
    before, after = everything_said(one), everything_said(again)
    assert {name for name in before if before[name] != after[name]} >= {
        "resultats.csv",
        "moyennes-liens.svg",
        "page.json",
    }
