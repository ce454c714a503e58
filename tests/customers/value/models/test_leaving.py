"""Integrals over the time of leaving: the table of days against nodes of each history, and both against quadrature."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from shops import histories

from loyalty_kit.customers.value.models import leaving, pareto_nbd
from loyalty_kit.customers.value.models.counts import of_counts
from loyalty_kit.customers.value.models.fitting import MANY, fit

CDNOW = np.array([0.553, 10.58, 0.606, 11.66])


def store(rng: np.random.Generator, n: int = 800, days: int = 280) -> tuple[np.ndarray, ...]:
    """Histories on whole days, some of which buy on most of them."""
    T = rng.integers(days // 2, days, n)
    x = np.minimum(rng.geometric(0.15, n) - 1, T)
    t_x = np.where(x > 0, x + np.floor(rng.random(n) * (T - x + 1)), 0)
    return x.astype(float), t_x / 7, T / 7


@settings(max_examples=15)
@given(shift=st.tuples(*[st.floats(-1.5, 1.5)] * 4), seed=st.integers(0, 99))
def test_a_table_of_days_equals_the_nodes_of_each_history(shift, seed):
    """To 1e-9 of each integral; those with logarithms against the largest of them."""
    p = CDNOW * np.exp(shift)
    data = store(np.random.default_rng(seed))
    shared = leaving._shared(p, *data)
    some = tuple(part[shared] for part in data)
    table = leaving._by_days(p, *some, leaving.start_of(p, *some[:2]))
    nodes = leaving._by_nodes(p, *some)
    for place, size in ((0, 1.0), (1, 10.0), (2, 1.0), (3, 10.0), (4, 1.0)):
        assert np.abs(table[place] - nodes[place]).max(initial=0.0) <= 1e-9 * size
        kept = nodes[0] > 0
        assert table[place][kept] == pytest.approx(nodes[place][kept], rel=1e-9, abs=1e-12)


def test_most_histories_share_a_table():
    """Else the speed of large logs is gone."""
    assert leaving._shared(CDNOW, *store(np.random.default_rng(1), 20_000)).mean() > 0.9


@pytest.mark.parametrize("scale", [0.2, 1.0, 5.0])
def test_a_table_of_days_equals_quadrature(scale):
    """QUADPACK to 1e-11 relative."""
    p = CDNOW * np.array([scale, 1.0, 1 / scale, scale])
    r, alpha, s, beta = p
    data = store(np.random.default_rng(2))
    x, t_x, T = (part[leaving._shared(p, *data)][:200:10] for part in data)
    found = leaving._by_days(p, x, t_x, T, leaving.start_of(p, x, t_x))
    for place, (n, low, high) in enumerate(zip(x, t_x, T, strict=True)):
        start = leaving.start_of(p, n, low)

        def density(time: float, n: float = n, start: float = start) -> float:
            return s * np.exp(-(r + n) * np.log(alpha + time) - (s + 1) * np.log(beta + time) - start)

        whole = quad(density, low, high, epsabs=0, epsrel=1e-11, limit=500)[0] if high > low else 0.0
        assert found[0, place] == pytest.approx(whole, rel=1e-9, abs=1e-14)
        mean = quad(lambda time: density(time) / (beta + time), low, high, epsabs=0, epsrel=1e-11)[0]  # noqa: B023
        assert found[4, place] == pytest.approx(mean, rel=1e-9, abs=1e-14)


def test_times_between_days_and_steep_powers_take_nodes():
    """Half days share nothing; somebody who buys three times a day leaves no table within its powers."""
    x, t_x, T = store(np.random.default_rng(3))
    assert not leaving._shared(CDNOW, x, t_x + 0.5 / 7, T + 0.5 / 7).any()
    assert not leaving._shared(np.array([800.0, 10.0, 0.6, 12.0]), x, t_x, T).any()


def test_values_of_counts_are_those_of_each_count():
    x = np.random.default_rng(1).integers(0, 9, 100).astype(float)
    function = lambda n: np.stack([np.sqrt(n), n**3])  # noqa: E731
    assert np.array_equal(of_counts(function, x), function(x))
    assert np.array_equal(of_counts(function, x, x), function(x))


def test_a_fit_that_climbs_from_a_part_ends_where_a_slow_one_does(monkeypatch):
    """10,000 customers: by the curvature of 3,000 of them, and by quasi-Newton steps from the start."""
    known, _ = histories("pareto_nbd", 10_000, np.random.default_rng(4))
    data = known.x.astype(float), known.t_x / 7, known.T / 7
    names, start = ("r", "alpha", "s", "beta"), (1.0, 5.0, 0.5, 20.0)
    assert len(data[0]) > 2 * MANY
    quick = fit(pareto_nbd.likelihood, names, data, np.ones(10_000), start)
    monkeypatch.setattr("loyalty_kit.customers.value.models.fitting.MANY", 10**9)
    slow = fit(pareto_nbd.likelihood, names, data, np.ones(10_000), start)
    assert quick.ll == pytest.approx(slow.ll, abs=1e-6)
    assert quick.theta == pytest.approx(slow.theta, abs=1e-7)
    assert quick.covariance == pytest.approx(slow.covariance, rel=1e-5)
