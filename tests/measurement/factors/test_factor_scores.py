"""Factor scores: psych's weights, and what each method promises."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from loyalty_kit.core.errors import InputError
from loyalty_kit.measurement.factors.factor_scores import score_weights

FIGURES = json.loads((Path(__file__).parents[2] / "reference" / "factors.json").read_text())
LOADINGS, PHI = np.array(FIGURES["loadings"]), np.array(FIGURES["phi"])


@pytest.fixture
def correlation(bfi):
    return bfi.iloc[:, :25].dropna().corr().to_numpy()


@pytest.mark.parametrize("method", ["regression", "bartlett", "tenberge"])
def test_weights_equal_psych(method, correlation):
    """R> psych::factor.scores(r, loadings, Phi = phi, method = method)$weights   # psych 2.2.9"""
    assert_allclose(score_weights(correlation, LOADINGS, PHI, method), FIGURES["weights"][method], atol=1e-8)


def test_ten_berge_scores_correlate_as_the_factors(correlation):
    weights = score_weights(correlation, LOADINGS, PHI, "tenberge")
    assert_allclose(weights.T @ correlation @ weights, PHI, atol=1e-10)


def test_bartlett_scores_are_unbiased_for_given_factors(correlation):
    assert_allclose(score_weights(correlation, LOADINGS, PHI, "bartlett").T @ LOADINGS, np.eye(5), atol=1e-10)


def test_bartlett_stands_a_heywood_case(correlation):
    heywood = LOADINGS.copy()
    heywood[0] = [1.1, 0, 0, 0, 0]
    assert np.isfinite(score_weights(correlation, heywood, np.eye(5), "bartlett")).all()


def test_unknown_method_gets_the_choices():
    with pytest.raises(InputError, match="'method' must be one of 'regression', 'bartlett', 'tenberge'; got 'mean'."):
        score_weights(np.eye(2), np.ones((2, 1)) / 2, np.eye(1), "mean")
