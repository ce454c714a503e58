"""The limit that correlated comparisons keep together, against closed forms and another integration."""

import numpy as np
import pytest
from scipy import stats

from loyalty_kit.campaigns.effects.simultaneous import critical_value, family_coverage
from loyalty_kit.campaigns.factorial.joint import box_probability, joint_limit, joint_p


@pytest.mark.parametrize("k", [1, 3, 8, 15])
def test_independent_comparisons_have_sidaks_limit(k):
    """P(all within ±c) = (2Φ(c) − 1)^k."""
    assert joint_limit(np.eye(k), 0.95) == pytest.approx(stats.norm.isf((1 - 0.95 ** (1 / k)) / 2), abs=1e-6)


@pytest.mark.parametrize("limit", [1.5, 2.0, 2.5, 3.0])
def test_comparisons_with_one_control_have_dunnetts_probability(limit):
    """Dunnett (1955): a one-dimensional integral, as in `family_coverage`."""
    variance = np.array([1.0, 0.5, 2.0, 1.0, 0.3])
    both = variance[0] + variance[1:]
    correlation = variance[0] / np.sqrt(np.outer(both, both))
    np.fill_diagonal(correlation, 1.0)
    assert box_probability(limit, correlation) == pytest.approx(family_coverage(limit, variance), abs=1e-4)
    assert joint_limit(correlation, 0.95) == pytest.approx(critical_value(variance, 0.95), abs=1e-3)


def test_two_correlated_comparisons_have_the_bivariate_normals_probability():
    """scipy.stats.multivariate_normal.cdf, whose two dimensions are integrated without chance."""
    correlation = np.array([[1.0, 0.5], [0.5, 1.0]])
    expected = stats.multivariate_normal(cov=correlation).cdf([2.0, 2.0], lower_limit=[-2.0, -2.0])
    assert box_probability(2.0, correlation) == pytest.approx(expected, abs=1e-5)


def test_equal_comparisons_count_once():
    assert joint_limit(np.ones((4, 4)), 0.95) == pytest.approx(stats.norm.isf(0.025), abs=1e-3)


def test_adjusted_p_agrees_with_the_limit_and_lies_between_plain_and_bonferroni():
    correlation = np.array([[1.0, 0.3, 0.0], [0.3, 1.0, -0.4], [0.0, -0.4, 1.0]])
    at_limit = 2 * stats.norm.sf(joint_limit(correlation, 0.95))
    p = np.array([at_limit, 1e-12, 0.4])
    adjusted = joint_p(p, correlation)
    assert adjusted[0] == pytest.approx(0.05, abs=1e-8)
    assert (p <= adjusted).all()
    assert (adjusted <= np.minimum(3 * p, 1)).all()
    assert np.isnan(joint_p(np.array([np.nan, 0.5]), np.eye(2))[0])
