"""Fit indices: lavaan's figures, and what they do where there is nothing to test."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.special import chndtr

from loyalty_kit.measurement.factors.fit_indices import (
    ChiSquares,
    cfi,
    fit_indices,
    leading_indices,
    p_value,
    rmsea,
    rmsea_interval,
    srmr,
    tli,
)

REFERENCE = Path(__file__).parents[2] / "reference"


@pytest.mark.parametrize("name", ["bfi", "holzinger1939", "ecsi_mobile"])
def test_indices_of_a_chi_square_equal_lavaan(name):
    """R> fitMeasures(fit)   # lavaan 0.6-14, from its own chi² alone"""
    figures = json.loads((REFERENCE / f"{name}.json").read_text())
    theirs = figures["cfa_ml"]["fit"]
    test = ChiSquares(theirs["chisq"], theirs["df"], theirs["baseline.chisq"], theirs["baseline.df"])
    ours = fit_indices(test, n=figures["n_complete"])
    expected = {
        "p_value": "pvalue", "cfi": "cfi", "tli": "tli", "rmsea": "rmsea", "rmsea_low": "rmsea.ci.lower",
        "rmsea_high": "rmsea.ci.upper",
    }  # fmt: skip
    for key, other in expected.items():
        assert_allclose(ours[key], theirs[other], atol=1e-7, err_msg=key)


@given(st.floats(0.1, 5000), st.integers(1, 500), st.floats(20, 5000), st.integers(1, 5))
def test_the_interval_of_rmsea_puts_chi_square_at_its_tails(chi2, df, n, groups):
    low, high = rmsea_interval(chi2, df, n=n, groups=groups)
    assert 0 <= low <= high
    for end, tail in ((low, 0.95), (high, 0.05)):
        if end > 0:
            assert_allclose(chndtr(chi2, df, end**2 * n * df / groups), tail, atol=1e-6)


def test_rmsea_lies_in_its_interval():
    low, high = rmsea_interval(85.3, 24, n=301)
    assert low < rmsea(85.3, 24, n=301) < high


@given(st.floats(0, 1000), st.integers(1, 100), st.floats(0, 5000), st.integers(1, 200))
def test_cfi_lies_between_zero_and_one(chi2, df, baseline, baseline_df):
    assert 0 <= cfi(ChiSquares(chi2, df, baseline, baseline_df)) <= 1


def test_without_degrees_of_freedom_there_is_nothing_to_test():
    """R> fitMeasures(cfa("speed =~ x7 + x8 + x9", data), c("cfi", "tli", "rmsea", "pvalue"))   # 1, 1, 0, NA"""
    ours = fit_indices(ChiSquares(0.0, 0, 156.6, 3), n=301)
    assert (ours["cfi"], ours["tli"], ours["rmsea"], ours["rmsea_high"]) == (1.0, 1.0, 0.0, 0.0)
    assert np.isnan(ours["p_value"]) and np.isnan(p_value(1.0, 0))


def test_a_report_leads_with_scaled_indices_where_the_robust_ones_are_no_numbers():
    fit = {"cfi": 0.9, "cfi_scaled": 0.91, "cfi_robust": np.nan, "rmsea": 0.08, "rmsea_scaled": 0.07, "srmr": 0.05}
    fit |= {"rmsea_scaled_low": 0.06, "rmsea_scaled_high": 0.08, "rmsea_robust": np.nan}
    assert leading_indices(fit)["cfi"] == 0.91
    assert (
        leading_indices(fit | {"cfi_robust": 0.93, "rmsea_robust_low": 0.05, "rmsea_robust_high": 0.09})["cfi"] == 0.93
    )


def test_scaling_factors_make_indices_robust():
    """R> fitMeasures(cfa(model, HolzingerSwineford1939, estimator = "MLR"), c("cfi.robust", "tli.robust"))"""
    theirs = json.loads((REFERENCE / "holzinger1939.json").read_text())["cfa_mlr"]["fit"]
    test = ChiSquares(theirs["chisq"], theirs["df"], theirs["baseline.chisq"], theirs["baseline.df"])
    scaling = theirs["chisq.scaling.factor"]
    # The baseline's factor is not among the figures; cfi.scaled holds it.
    scaled = (theirs["chisq.scaled"] - 24) / (1 - theirs["cfi.scaled"]) + 36
    baseline = theirs["baseline.chisq"] / scaled
    assert_allclose(cfi(test, scaling, baseline), theirs["cfi.robust"], atol=1e-7)
    assert_allclose(tli(test, scaling, baseline), theirs["tli.robust"], atol=1e-7)
    assert_allclose(rmsea(test.chi2, test.df, n=301, scaling=scaling), theirs["rmsea.robust"], atol=1e-7)


def test_srmr_averages_groups_by_their_size_and_counts_means_where_given():
    covariances = np.array([[0.0, 0.0], [0.3, 0.0]])
    assert_allclose(srmr([(covariances, None)], [1]), np.sqrt(0.09 / 3))
    assert_allclose(srmr([(covariances, np.array([0.1, 0.0]))], [1]), np.sqrt(0.1 / 5))
    assert_allclose(srmr([(covariances, None), (0 * covariances, None)], [1, 3]), np.sqrt(0.09 / 3) / 4)
