"""Standardised changes against R (definitions of topics.R, metafor::escalc)."""

import numpy as np
import pandas as pd
import pytest
from paired_references import PAIRED, complete

from impact.errors import StatisticsError
from impact.stats.change import pair_moments
from impact.stats.effect_sizes import EFFECTS, d_av, effect_sizes, hedges, noncentrality, paired
from tests.reference_values import load

CLOSED_FORM = 1e-10  # closed formulas
ROOT = 1e-8  # root finding on the noncentral t


@pytest.fixture(scope="module", params=PAIRED)
def case(request):
    moments = pair_moments(complete(request.param), by=())
    found = effect_sizes(moments).set_index("statistic")
    return load(request.param)["results"], found, paired(next(moments.itertuples()))


def test_sizes(case):
    expected, found, _ = case
    wanted = {
        "d_z": expected["d_z"]["d"],
        "g_z": expected["d_z"]["g"],
        "d_av": expected["d_av"]["d"],
        "g_av": expected["d_av"]["g_nu"],
        "d_rm": expected["d_rm"]["d"],
        "smcr": expected["d_pre"]["g"],
    }
    np.testing.assert_allclose(found["estimate"].loc[list(wanted)], list(wanted.values()), rtol=CLOSED_FORM)
    assert (found["n"] == expected["n"]).all()


def test_noncentral_intervals(case):
    expected, found, _ = case
    wanted = {
        "d_z": expected["d_z"]["ci_nct"],
        "g_z": expected["d_z"]["ci_g_nct"],
        "d_av": expected["d_av"]["ci_algina_keselman"],
        "g_av": expected["d_av"]["ci_algina_keselman"],
        "d_rm": expected["d_rm"]["ci_from_dz"],
    }
    for name, interval in wanted.items():
        np.testing.assert_allclose(found.loc[name, ["ci_low", "ci_high"]].astype(float), interval, rtol=ROOT)


def test_escalc(case):
    expected, found, _ = case
    for name in ("SMCC", "SMCR", "SMCRH"):
        wanted = expected["escalc"][name]
        row = found.loc[name.lower()]
        np.testing.assert_allclose(
            [row["estimate"], row["std_error"] ** 2], [wanted["yi"], wanted["vi"]], rtol=CLOSED_FORM
        )


def test_other_intervals_of_d_av(case):
    expected, _, group = case
    bonett, gpc = d_av(group, interval="bonett"), d_av(group, interval="gpc")
    wanted = expected["d_av"]
    np.testing.assert_allclose([bonett.low, bonett.high], wanted["ci_bonett"], rtol=CLOSED_FORM)
    np.testing.assert_allclose(bonett.std_error**2, wanted["var_bonett"], rtol=CLOSED_FORM)
    np.testing.assert_allclose([gpc.low, gpc.high], wanted["ci_gpc_inversion"], rtol=ROOT)


def test_corrections(case):
    expected, _, group = case
    wanted = expected["d_av"]
    found = [group.nu, hedges(group.nu), hedges(group.n - 1)]
    np.testing.assert_allclose(found, [wanted["nu"], wanted["J_nu"], wanted["J_n1"]], rtol=CLOSED_FORM)
    np.testing.assert_allclose([group.r, group.sd_change], [expected["r"], expected["sd_diff"]], rtol=CLOSED_FORM)


def test_noncentrality_is_symmetric():
    low, high = noncentrality(0.0, 12)
    assert low == pytest.approx(-high, rel=ROOT)


def test_an_unknown_interval_is_told(case):
    with pytest.raises(
        StatisticsError, match=r"«.bonet.» n’est pas une valeur de «.interval.»\. Vouliez-vous dire «.bonett.»"
    ):
        d_av(case[2], interval="bonet")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ([1, 2], [2, 4], "moins de trois paires"),
        ([1, 2, 3], [2, 3, 4], "toutes les évolutions sont identiques"),
        ([2, 2, 2], [2, 3, 4], "tous les scores d’une des vagues sont identiques"),
    ],
)
def test_an_effect_without_meaning_says_why(before, after, reason):
    good = pd.DataFrame({"association": "B", "before": [1.0, 2.0, 4.0], "after": [2.0, 2.0, 3.0]})
    bad = pd.DataFrame({"before": before, "after": after}, dtype=float).assign(association="A")
    found = effect_sizes(pair_moments(pd.concat([bad, good])))
    assert found.groupby("association")["estimate"].count().to_dict() == {"A": 0, "B": len(EFFECTS)}
    assert set(found.loc[found["association"] == "A", "method"]) == {f"non calculable : {reason}"}


@pytest.mark.filterwarnings("error")
def test_perfect_correlation():
    moments = pair_moments(pd.DataFrame({"before": [1.0, 2, 3], "after": [2.0, 4, 6]}), by=())
    assert effect_sizes(moments)["estimate"].notna().all()
    with pytest.raises(StatisticsError, match="parfaitement corrélés"):
        d_av(paired(next(moments.itertuples())), interval="gpc")


@pytest.mark.parametrize("t", [47.0, -47.0, 120.0])
@pytest.mark.parametrize("df", [2_000, 24_699, 250_000])
def test_noncentrality_of_large_surveys(t, df):
    """Far from zero the tails underflow; the normal limit t +/- 1.96 sqrt(1 + t^2 / 2 df) holds within 1 %."""
    low, high = noncentrality(t, df)
    half = 1.959964 * np.sqrt(1 + t**2 / (2 * df))
    np.testing.assert_allclose([low, high], [t - half, t + half], atol=0.02 * half)
