"""Kish's effective sample size."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from loyalty_kit.statistics.weights import effective_n, effective_size

WEIGHTS = arrays(float, st.integers(1, 20), elements=st.floats(0.01, 100.0))


@given(WEIGHTS, st.floats(0.01, 100.0))
def test_it_lies_between_one_and_n_and_knows_no_unit(weights, unit):
    assert 1 - 1e-9 <= effective_n(weights) <= len(weights) + 1e-9
    assert effective_n(weights * unit) == pytest.approx(effective_n(weights))


@given(st.integers(1, 20), st.floats(0.01, 100.0))
def test_equal_weights_count_as_none(n, weight):
    assert effective_n(np.full(n, weight)) == pytest.approx(n)


def test_no_weight_has_no_effective_size():
    assert np.isnan(effective_size(np.zeros(2), np.zeros(2))).all()
