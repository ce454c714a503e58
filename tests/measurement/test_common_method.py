"""Common method: one factor for everything against the proposed scales."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from surveys import simulate

from loyalty_kit.errors import InputError
from loyalty_kit.measurement.common_method import common_method
from loyalty_kit.measurement.confirmatory import cfa


def test_the_first_axis_is_the_largest_eigenvalue_of_the_correlations():
    responses, codebook = simulate(200, rng=1)
    share = np.linalg.eigvalsh(responses.corr())[-1] / 9
    assert_allclose(common_method(responses, codebook).first_factor_share, share)


def test_both_models_are_those_of_cfa():
    responses, codebook = simulate(200, rng=1)
    result = common_method(responses, codebook)
    whole = cfa(responses, {"all": list(codebook.questions)})
    assert_allclose(result.models["chi2"], [whole.fit["chi2"], cfa(responses, codebook).fit["chi2"]], atol=1e-6)
    assert_allclose(result.chi2_change, -np.diff(result.models["chi2"])[0])
    assert result.df_change == 1 and result.p_change < 0.001


def test_scales_apart_are_not_explained_by_one_source():
    assert common_method(*simulate(500, correlation=0.2, rng=1)).verdict.startswith("One source does not explain")


def test_scales_that_are_one_may_be_explained_by_one_source():
    result = common_method(*simulate(500, correlation=0.999, rng=1))
    assert result.verdict.startswith("One source may explain the answers")
    assert "as well as the scales" in result.verdict


def test_a_large_first_axis_is_told_even_where_one_factor_fits_worse():
    result = common_method(*simulate(500, loadings=0.9, correlation=0.7, rng=1))
    assert result.first_factor_share > 0.5
    assert result.verdict.startswith("One source may explain much of the answers")


def test_one_scale_alone_is_refused():
    with pytest.raises(InputError, match="'trust'"):
        common_method(*simulate(100, scales={"trust": 4}))
