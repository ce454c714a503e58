"""Families of tests: Holm and Benjamini–Hochberg against statsmodels."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from statsmodels.stats.multitest import multipletests

from loyalty_kit.statistics.multiplicity import benjamini_hochberg, holm

P_VALUES = arrays(float, st.integers(1, 12), elements=st.floats(1e-6, 1.0))


@given(P_VALUES)
@settings(max_examples=10)
def test_holm_equals_statsmodels(p):
    np.testing.assert_allclose(holm(p), multipletests(p, method="holm")[1])


@given(P_VALUES)
@settings(max_examples=10)
def test_benjamini_hochberg_equals_statsmodels(p):
    np.testing.assert_allclose(benjamini_hochberg(p), multipletests(p, method="fdr_bh")[1])


def test_missing_p_values_do_not_count_in_the_family():
    assert np.array_equal(holm(np.array([0.02, np.nan, 0.5])), [0.04, np.nan, 0.5], equal_nan=True)
