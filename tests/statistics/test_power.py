"""How many customers a comparison of two rates needs: a closed form, and statsmodels."""

import numpy as np
import pytest
from scipy.stats import norm

from loyalty_kit.statistics.power import rate_power, size_of_halves, smallest_size


def test_the_size_is_that_of_the_textbook():
    """n a group = (z_.975 + z_.8)² (p1 q1 + p2 q2) / d²."""
    z = norm.ppf(0.975) + norm.ppf(0.8)
    each = z**2 * (0.1 * 0.9 + 0.11 * 0.89) / 0.01**2
    assert size_of_halves(0.10, 0.01) == pytest.approx(2 * each, abs=2)


def test_power_at_the_size_is_the_power_asked_for():
    n = size_of_halves(0.6, -0.05, power=0.9)
    assert rate_power(0.6, -0.05, np.full(2, n / 2), error=0.05) == pytest.approx(0.9, abs=1e-3)


def test_no_workable_size_is_none():
    assert smallest_size(lambda n: 0.1, least=2, power=0.8) is None
    assert smallest_size(lambda n: 0.9, least=2.5, power=0.8) == 3
