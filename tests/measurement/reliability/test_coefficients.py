"""Coefficients as functions of a covariance matrix."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from loyalty_kit.measurement.reliability.coefficients import (
    _least_found,
    best_split,
    cronbach,
    feldt_interval,
    one_factor,
)


@st.composite
def covariances(draw: st.DrawFn, items: st.SearchStrategy[int]) -> np.ndarray:
    """Covariances of positively related items of unlike variances."""
    k = draw(items)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    answers = rng.standard_normal((40, k)) * rng.uniform(0.5, 2, k) + rng.standard_normal((40, 1))
    return np.cov(answers, rowvar=False)


def every_split(c: np.ndarray) -> list[float]:
    """Lambda 4 of each split, one by one."""
    items = range(len(c))
    parts = [list(part) for size in range(1, len(c)) for part in combinations(items, size)]
    return [4 * c[np.ix_(part, [i for i in items if i not in part])].sum() / c.sum() for part in parts]


@given(covariances(st.integers(2, 7)))
def test_lambda4_is_the_best_of_all_splits(covariance):
    value, exact = best_split(covariance)
    assert exact
    assert value == pytest.approx(max(every_split(covariance)))


def test_lambda4_counts_proper_splits_only():
    """Items that run against each other: every split is negative, and no split at all would give 0."""
    assert best_split(np.array([[1.0, -0.4], [-0.4, 1.0]]))[0] == pytest.approx(4 * -0.4 / 1.2)


@given(covariances(st.sampled_from([2, 4, 6, 8])))
def test_lambda4_is_at_least_cronbachs_coefficient_for_an_even_number_of_items(covariance):
    """Cronbach (1951): the coefficient is the mean of lambda 4 over all splits into halves."""
    assert best_split(covariance)[0] >= cronbach(covariance) - 1e-12


@given(covariances(st.sampled_from([3, 5, 7])))
def test_lambda4_nearly_reaches_cronbachs_coefficient_for_an_odd_number_of_items(covariance):
    """Over splits as even as may be, lambda 4 averages (1 − 1/k²) of the coefficient."""
    assert best_split(covariance)[0] >= (1 - 1 / len(covariance) ** 2) * cronbach(covariance) - 1e-12


@given(covariances(st.integers(8, 14)))
def test_the_local_search_comes_within_a_hair_of_the_best_split(covariance):
    found = 1 - _least_found(covariance) / covariance.sum()
    assert found == pytest.approx(best_split(covariance)[0], abs=0.005)


def test_lambda4_of_twenty_items_is_exact_and_of_more_is_said_not_to_be():
    twenty = np.full((20, 20), 0.3) + np.diag([0.7] * 20)
    more = np.full((30, 30), 0.3) + np.diag([0.7] * 30)
    assert best_split(twenty) == (pytest.approx(4 * 100 * 0.3 / twenty.sum()), True)
    assert best_split(more) == (pytest.approx(4 * 225 * 0.3 / more.sum()), False)


def test_parallel_items_have_one_reliability():
    """Four items of variance 1 and covariance 0.5: coefficient, omega and lambda 4 are 4·0.5 / (1 + 3·0.5)."""
    covariance = np.full((4, 4), 0.5) + np.diag([0.5] * 4)
    values = [cronbach(covariance), one_factor(covariance, list("abcd")).omega, best_split(covariance)[0]]
    assert_allclose(values, 0.8)


def test_feldt_interval_narrows_with_respondents_and_widens_with_confidence():
    def width(n: float, confidence: float) -> float:
        low, high = feldt_interval(0.8, items=4, n=n, confidence=confidence)
        return high - low

    assert width(400, 0.95) < width(100, 0.95) < width(100, 0.99)


@given(covariances(st.integers(3, 8)), st.floats(0.1, 50))
def test_omega_does_not_depend_on_the_unit(covariance, unit):
    names = [f"i{n}" for n in range(len(covariance))]
    assert one_factor(covariance * unit**2, names).omega == pytest.approx(one_factor(covariance, names).omega, abs=1e-6)


def test_two_items_have_no_omega():
    found = one_factor(np.array([[1.0, 0.5], [0.5, 1.0]]), ["a", "b"])
    assert np.isnan(found.omega)
    assert "two items" in found.notes[0]


def test_a_perfectly_correlated_pair_is_named():
    covariance = np.array([[1.0, 0.5, 1.0], [0.5, 1.0, 0.5], [1.0, 0.5, 1.0]])
    found = one_factor(covariance, ["a", "b", "c"])
    assert np.isnan(found.omega)
    assert found.notes[0].startswith("'a' and 'c' are perfectly correlated")


def test_an_item_that_is_a_sum_of_others_is_told():
    mixing = np.array([[1.0, 0, 0], [0.4, 1, 0], [0.4, 0.2, 1], [1.8, 1.2, 1]])
    assert one_factor(mixing @ mixing.T, list("abcd")).notes[0].startswith("an item is determined by the others")


def test_a_heywood_case_has_a_value_and_a_note():
    correlation = np.array([[1.0, 0.6, 0.7], [0.6, 1.0, 0.3], [0.7, 0.3, 1.0]])
    found = one_factor(correlation, ["a", "b", "c"])
    assert 0 < found.omega < 1
    assert "Heywood case: the one-factor model leaves 'a' no variance" in found.notes[0]
