"""Shrunken lifts: against closed forms where a gamma stands alone, and a known truth."""

import numpy as np
import pytest
from scipy import stats

from loyalty_kit.customers.baskets.shrinkage import Prior, lifts_of, prior_of

ALONE = Prior(strength=4.0, shape=1.0, mean=2.0, weight=1 - 1e-12)
TOGETHER, EXPECTED = np.array([3.0, 30.0]), np.array([2.0, 10.0])


def test_a_gamma_alone_is_conjugate_to_the_poisson():
    lifts = lifts_of(ALONE, TOGETHER, EXPECTED)
    np.testing.assert_allclose(lifts.mean, (4 + TOGETHER) / (4 + EXPECTED), rtol=1e-6)
    expected = stats.gamma.ppf(0.975, 4 + TOGETHER, scale=1 / (4 + EXPECTED))
    np.testing.assert_allclose(lifts.quantile(0.975), expected, rtol=1e-6)


def test_quantiles_of_two_gammas_have_their_share_below_them():
    lifts = lifts_of(Prior(50.0, 1.5, 3.0, 0.6), TOGETHER, EXPECTED)
    below = stats.gamma.cdf(lifts.quantile(0.1), lifts.shapes, scale=1 / lifts.rates)
    np.testing.assert_allclose((lifts.weights * below).sum(axis=0), 0.1, atol=1e-9)


def test_orders_that_chance_never_makes_belong_to_the_second_gamma():
    weights = lifts_of(Prior(200.0, 2.0, 5.0, 0.9), np.array([5.0, 60.0]), np.array([5.0, 10.0])).weights
    assert weights[0, 0] > 0.9 and weights[1, 1] > 0.999


def test_the_chance_of_holding_is_that_of_the_binomial_where_the_lift_is_known():
    lifts = lifts_of(Prior(1e9, 1.0, 2.0, 1 - 1e-12), TOGETHER, EXPECTED)
    found = lifts.more_than(np.array([12.0, 12.0]), np.array([100.0, 100.0]), np.array([0.1, 0.1]))
    np.testing.assert_allclose(found, stats.binom.sf(12, 100, 0.1), rtol=1e-3)


def test_the_prior_of_many_rules_is_found():
    """A tenth of 3,000 rules have lifts about 4, the others none: weights and means come back."""
    rng = np.random.default_rng(1)
    real = rng.random(3_000) < 0.1
    expected = rng.uniform(5, 60, 3_000)
    together = rng.poisson(expected * np.where(real, rng.gamma(8, 0.5, 3_000), 1.0)).astype(float)
    prior = prior_of(together, expected)
    assert prior.weight == pytest.approx(0.9, abs=0.03)
    assert prior.mean == pytest.approx(4, rel=0.1)
    assert prior.strength > 100


def test_few_rules_leave_the_usual_prior():
    assert prior_of(np.zeros(0), np.zeros(0)).strength == pytest.approx(np.exp(3))
