"""Random assignment: exact sizes, and every customer equally likely in each arm, by either way of drawing."""

import numpy as np
import pytest

from loyalty_kit.campaigns.design.random_assignment import LONG, assign_randomly, held


@pytest.mark.parametrize("k", [LONG - 1, LONG, 3 * LONG])
def test_arms_have_exactly_their_sizes(k):
    sizes = np.array([k // 20, k // 3, k - k // 20 - k // 3])
    assigned = assign_randomly(sizes, k, 5, np.random.default_rng(0))
    assert held(assigned, 3).tolist() == [sizes.tolist()] * 5


def test_how_many_of_some_customers_fall_to_an_arm_is_hypergeometric():
    """Mean k a / n and variance k (a / n)(1 − a / n)(n − k) / (n − 1), 4,000 campaigns."""
    k, sizes, times = LONG, np.array([1000, 3 * LONG - 1000]), 4_000
    found = held(assign_randomly(sizes, k, times, np.random.default_rng(1)), 2)[:, 0]
    n, share = sizes.sum(), sizes[0] / sizes.sum()
    variance = k * share * (1 - share) * (n - k) / (n - 1)
    assert abs(found.mean() - k * share) < 4 * np.sqrt(variance / times)
    assert abs(found.var() / variance - 1) < 4 * np.sqrt(2 / times)


def test_customers_are_thrown_alike_and_independently_of_their_place():
    """Sums of any weights over an arm have the mean and variance of sampling without replacement."""
    k, times = LONG, 4_000
    sizes, rng = np.array([k // 10, k - k // 10]), np.random.default_rng(2)
    for weights in (np.arange(k) / k, np.arange(k) % 7, (np.arange(k) < 40).astype(float)):
        sums = np.concatenate([(assign_randomly(sizes, k, 500, rng) == 0) @ weights for _ in range(times // 500)])
        variance = sizes[0] * (1 - sizes[0] / k) * weights.var(ddof=1)
        assert abs(sums.mean() - sizes[0] * weights.mean()) < 4 * np.sqrt(variance / times)
        assert abs(sums.var() / variance - 1) < 4.5 * np.sqrt(2 / times)
