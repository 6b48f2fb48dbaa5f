"""Planning against R power.t.test and pwr."""

import numpy as np
import pytest
from scipy import stats

from impact.errors import StatisticsError
from impact.stats.planning import paired_power, persons_needed, pooled_power, readable_change
from tests.reference_values import load

POWER = 1e-9  # noncentral t computed by two libraries
PWR = 2e-5  # pwr::pwr.t.test stops its root finding at 1e-4
ONE_TAIL = 5e-6  # R's default leaves out the far tail, a few millionths of the power at 80 %


@pytest.mark.parametrize("case", range(5))
def test_power_is_that_of_r(case):
    expected = load("power_paired")["results"][case]
    n, change, sd = (expected[name] for name in ("n", "delta", "sd"))
    np.testing.assert_allclose(paired_power(n, change, sd), expected["power_strict"], rtol=POWER)
    np.testing.assert_allclose(persons_needed(change, sd), expected["pwr_n80"], rtol=PWR)
    np.testing.assert_allclose(persons_needed(change, sd), expected["n_for_80"], rtol=ONE_TAIL)
    np.testing.assert_allclose(persons_needed(change, sd, power=0.9), expected["n_for_90"], rtol=ONE_TAIL)
    np.testing.assert_allclose(readable_change(n, sd), expected["delta_for_80"], rtol=ONE_TAIL)


def test_functions_are_inverses():
    n = persons_needed(0.4, 1.1)
    assert paired_power(n, 0.4, 1.1) == pytest.approx(0.8, rel=POWER)
    assert paired_power(30, readable_change(30, 1.1), 1.1) == pytest.approx(0.8, rel=POWER)


def test_several_associations():
    found = pooled_power(7, 20, 0.3, sd=0.6, tau=0.1)
    assert found == pytest.approx(paired_power(7, 0.3, np.sqrt(0.1**2 + 0.6**2 / 20)), rel=POWER)
    assert pooled_power(7, 1e9, 0.1, sd=0.6, tau=0.3) < 0.2


@pytest.mark.filterwarnings("error")
def test_faults_are_told():
    with pytest.raises(StatisticsError, match=r"«.sd.» vaut 0\. Donner un nombre positif\."):
        paired_power(20, 0.3, 0)
    with pytest.raises(StatisticsError, match="Il faut 0 < seuil < puissance < 1"):
        persons_needed(0.3, 1, power=1.0)
    with pytest.raises(StatisticsError, match=r"«.n.» vaut"):
        readable_change(1, 1)
    with pytest.raises(StatisticsError, match=r"«.change.» vaut 0"):
        persons_needed(0, 1)
    with pytest.raises(StatisticsError, match=r"«.tau.» vaut -1"):
        pooled_power(7, 20, 0.3, sd=0.6, tau=-1)


@pytest.mark.parametrize("n", [120, 500, 5000])
def test_large_surveys_have_a_readable_change(n):
    """Far from zero the second tail is tiny: it must not make the power NaN. Normal theory is within 2 % there."""
    normal = (stats.norm.ppf(0.975) + stats.norm.ppf(0.8)) / np.sqrt(n)
    assert readable_change(n, 1.0) == pytest.approx(normal, rel=0.02)
    assert paired_power(n, 1.0, 1.0) == pytest.approx(1.0)
    assert pooled_power(7, n, 5.0, sd=1.0, tau=0.01) == pytest.approx(1.0)
