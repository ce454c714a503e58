"""Polychoric correlations: R's, the maximum of the likelihood, and what sparse tables do."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.optimize import minimize_scalar
from scipy.special import ndtr, ndtri

from loyalty_kit.core.errors import InputError
from loyalty_kit.measurement.correlations.polychoric import _integral, polychoric

REFERENCE = Path(__file__).parents[2] / "reference"


def estimate(values, weights=None):
    values = np.asarray(values, dtype=float)
    names = [f"A{i + 1}" for i in range(values.shape[1])]
    return polychoric(names, values, np.ones(len(values)) if weights is None else weights)


def rectangles(rho, h, k):
    """Bivariate normal probabilities of a table's cells, by adaptive quadrature over one margin."""

    def below(a, b):
        return quad(lambda t: np.exp(-t * t / 2) * ndtr((b - rho * t) / np.sqrt(1 - rho**2)), -9, a)[0] / np.sqrt(
            2 * np.pi
        )

    grid = np.array([[below(a, b) for b in [-9, *k, 9]] for a in [-9, *h, 9]])
    return np.diff(np.diff(grid, axis=0), axis=1)


def test_matrix_equals_psych(bfi):
    """R> psych::polychoric(na.omit(bfi[, 1:25]), correct = 0)$rho   # psych 2.2.9"""
    figures = json.loads((REFERENCE / "bfi.json").read_text())["polychoric"]
    found = estimate(bfi[figures["rows"]].dropna())
    assert_allclose(found.matrix, figures["values"], atol=1e-4)
    assert found.doubtful == ()


def test_five_items_equal_lavaan(bfi):
    """R> lavaan::lavCor(five, ordered = names(five), output = "cor")   # lavaan 0.6-14"""
    figures = json.loads((REFERENCE / "factors.json").read_text())
    complete = bfi.iloc[:, :25].dropna()
    found = estimate(complete[["A1", "A2", "C1", "C4", "N1"]])
    assert_allclose(found.matrix, figures["polychoric"], atol=2e-6)
    assert_allclose(found.thresholds[0], figures["thresholds_A1"], atol=1e-10)


@pytest.mark.parametrize("rho", [-0.99, -0.6, 0.0, 0.3, 0.79, 0.81, 0.95, 0.999])
def test_quadrature_equals_an_adaptive_rule(rho):
    for h, k in [(0.0, 0.0), (-1.2, 0.4), (2.5, 2.4), (1.0, -3.0)]:
        found = ndtr(h) * ndtr(k) + _integral(np.array([[[h * h + k * k]]]), np.array([[[h * k]]]), np.array([rho]))
        exact = quad(
            lambda t, h=h, k=k: np.exp(-t * t / 2) / np.sqrt(2 * np.pi) * ndtr((k - rho * t) / np.sqrt(1 - rho**2)),
            -12,
            h,
            epsabs=1e-13,
            limit=500,
        )
        assert_allclose(found.item(), exact[0], atol=1e-12)


@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([20, 60, 200]),
    st.floats(-0.9, 0.9),
    st.integers(2, 5),
    st.integers(2, 5),
)
def test_estimate_is_the_maximum_of_the_likelihood(seed, n, rho, rows, columns):
    rng = np.random.default_rng(seed)
    z = rng.multivariate_normal([0, 0], [[1, rho], [rho, 1]], n)
    values = np.column_stack(
        [np.digitize(z[:, 0], np.linspace(-1, 1, rows - 1)), np.digitize(z[:, 1], np.linspace(-1, 1, columns - 1))]
    )
    table = np.zeros((rows, columns))
    np.add.at(table, tuple(values.T), 1)
    table = table[table.any(axis=1)][:, table.any(axis=0)]
    assume(min(table.shape) > 1)
    h, k = (ndtri(np.cumsum(table.sum(axis=axis))[:-1] / n) for axis in (1, 0))

    def misfit(value):
        return -(table * np.log(np.maximum(rectangles(value, h, k), 1e-14))).sum()

    found = estimate(values).matrix[0, 1]
    near = minimize_scalar(misfit, bounds=(max(found - 0.02, -0.9999), min(found + 0.02, 0.9999)), method="bounded")
    assert misfit(found) <= near.fun + 1e-6
    assert misfit(found) <= min(misfit(value) for value in (-0.9, -0.5, 0.0, 0.5, 0.9)) + 1e-6


def test_turning_an_item_turns_the_sign(bfi):
    values = bfi[["A1", "A2"]].dropna().to_numpy()
    turned = values * [-1, 1]
    assert_allclose(estimate(values).matrix[0, 1], -estimate(turned).matrix[0, 1], atol=1e-7)


def test_whole_weights_equal_repeated_respondents(bfi):
    values = bfi[["A1", "A2", "A3"]].dropna().to_numpy()[:200]
    weights = np.arange(200) % 3 + 1
    repeated = estimate(np.repeat(values, weights, axis=0))
    assert_allclose(estimate(values, weights.astype(float)).matrix, repeated.matrix, atol=1e-8)


def test_many_respondents_in_blocks_equal_one_block(bfi):
    values = bfi[["A1", "A2", "A3"]].dropna().to_numpy()
    assert_allclose(estimate(np.tile(values, (4, 1))).matrix, estimate(values).matrix, atol=1e-8)


def test_a_perfect_table_stops_short_of_one_and_is_called_doubtful():
    found = estimate(np.repeat([[1, 1], [2, 2], [3, 3]], 10, axis=0))
    assert 0.999 < found.matrix[0, 1] < 1
    assert found.doubtful == ((0, 1),)


def test_items_with_few_answers_have_no_thresholds_beyond_their_own():
    rng = np.random.default_rng(0)
    found = estimate(np.column_stack([rng.integers(0, 2, 50), rng.integers(0, 4, 50)]))
    assert np.isfinite(found.thresholds).sum(axis=1).tolist() == [1, 3]


def test_an_item_with_too_many_distinct_answers_is_refused_by_name():
    with pytest.raises(
        InputError, match="Item 'A2' holds 30 distinct answers; a polychoric correlation takes at most 20."
    ):
        estimate(np.column_stack([np.arange(30) % 5, np.arange(30)]))
