"""Fit of an exploratory model: psych's figures and the edges of their range."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from loyalty_kit.measurement.factors.factor_fit import factor_fit
from loyalty_kit.statistics.extraction import extract

FIGURES = json.loads((Path(__file__).parents[2] / "reference" / "factors.json").read_text())


def fitted(r, factors, n):
    loadings = extract(r, factors=factors, method="ml").loadings
    return factor_fit(r, loadings @ loadings.T, factors, n)


def test_chi2_and_rmsea_interval_equal_psych(bfi):
    """R> psych::fa(r, 5, n.obs = 2436, fm = "ml")[c("STATISTIC", "PVAL", "RMSEA")]   # psych 2.2.9"""
    complete = bfi.iloc[:, :25].dropna()
    fit = fitted(complete.corr().to_numpy(), 5, len(complete))
    assert_allclose(fit["chi2"], FIGURES["chi2"], atol=1e-5)
    assert_allclose(fit["p_value"], FIGURES["p_value"], rtol=1e-5)
    assert_allclose(fit[["rmsea", "rmsea_low", "rmsea_high"]], FIGURES["rmsea"], atol=1e-6)


def test_a_model_that_fits_better_than_chance_has_an_rmsea_of_zero_and_an_upper_limit(bfi):
    """R> psych::fa(r[1:5, 1:5], 1, n.obs = 60, fm = "ml")$RMSEA   # psych 2.2.9"""
    complete = bfi.iloc[:, :25].dropna().iloc[:, :5]
    fit = fitted(complete.corr().to_numpy(), 1, 60)
    assert_allclose(fit[["rmsea", "rmsea_low", "rmsea_high"]], FIGURES["one_factor_rmsea"], atol=1e-6)


def test_the_true_model_has_no_misfit():
    loadings = np.array([[0.8], [0.7], [0.6], [0.5]])
    r = np.where(np.eye(4) > 0, 1, loadings @ loadings.T)
    fit = factor_fit(r, loadings @ loadings.T, 1, 300)
    assert_allclose(fit[["chi2", "rmsr", "rmsea"]], 0, atol=1e-10)
    assert fit["tli"] > 1


def test_without_n_only_residuals_are_told():
    fit = factor_fit(np.eye(4), np.zeros((4, 4)), 1, np.nan)
    assert fit.dropna().to_dict() == {"df": 2.0, "rmsr": 0.0}


def test_without_degrees_of_freedom_nothing_is_tested():
    loadings = np.array([[0.8], [0.7], [0.6]])
    r = np.where(np.eye(3) > 0, 1, loadings @ loadings.T)
    fit = factor_fit(r, loadings @ loadings.T, 1, 100)
    assert fit["df"] == 0
    assert fit[["p_value", "rmsea", "rmsea_low", "rmsea_high", "tli", "bic"]].isna().all()


def test_communalities_above_one_do_not_stop_the_fit():
    common = np.array([[1.3, 0.9, 0.9, 0.1], [0.9, 0.6, 0.95, 0.1], [0.9, 0.95, 0.7, 0.9], [0.1, 0.1, 0.9, 0.5]])
    r = np.full((4, 4), 0.5) + np.eye(4) / 2
    assert np.isfinite(factor_fit(r, common, 1, 200)["chi2"])


@pytest.mark.parametrize("n", [3, 1])
def test_too_few_respondents_for_the_correction_leave_no_test(n):
    assert np.isnan(factor_fit(np.eye(4), np.zeros((4, 4)), 1, n)["chi2"])
