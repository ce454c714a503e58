"""Common method: one factor for everything against the proposed scales."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from surveys import simulate

from loyalty_kit.core.errors import InputError
from loyalty_kit.measurement.cfa.confirmatory import cfa
from loyalty_kit.measurement.common_method import common_method
from loyalty_kit.survey.codebook import Codebook

ROOT = Path(__file__).parents[2]


def test_the_first_axis_is_the_largest_eigenvalue_of_the_correlations():
    responses, codebook = simulate(200, rng=1)
    share = np.linalg.eigvalsh(responses.corr())[-1] / 9
    assert_allclose(common_method(responses, codebook).first_factor_share, share)


def test_both_models_are_those_of_cfa():
    responses, codebook = simulate(200, rng=1)
    result = common_method(responses, codebook)
    whole = cfa(responses, {"all": list(codebook.item_names)})
    assert_allclose(result.models["chi2"], [whole.fit["chi2"], cfa(responses, codebook).fit["chi2"]], atol=1e-6)
    assert_allclose(result.chi2_change, -np.diff(result.models["chi2"])[0])
    assert result.df_change == 1 and result.p_change < 0.001


def test_scales_apart_show_no_sign_of_one_source_which_proves_little():
    verdict = common_method(*simulate(500, correlation=0.2, rng=1)).verdict
    assert verdict.startswith("No sign that one source dominates the answers; the check is weak")


def test_where_nothing_correlates_one_source_cannot_be_judged():
    noise = pd.DataFrame(np.random.default_rng(1).integers(1, 8, (200, 8)).astype(float), columns=list("abcdefgh"))
    verdict = common_method(noise, {"trust": list("abcd"), "value": list("efgh")}).verdict
    assert verdict.startswith("Whether one source dominates the answers cannot be judged: the items hardly correlate")


def test_a_model_without_a_proper_solution_is_no_measure_of_one_source():
    """Items of different scales correlate at .5, those of one at .3: the factors would have to correlate at 1.67."""
    own, other = 0.7 * np.eye(3) + 0.3, np.full((3, 3), 0.5)
    answers = np.random.default_rng(1).multivariate_normal(np.zeros(6), np.block([[own, other], [other, own]]), 400)
    scales = {"trust": ["a", "b", "c"], "value": ["d", "e", "f"]}
    table = pd.DataFrame(answers, columns=list("abcdef"))
    assert "'proposed' has no proper solution" in common_method(table, scales).verdict


def test_factors_that_are_hardly_not_positive_definite_are_judged_with_a_warning(ecsi):
    """lavaan, too, gives the fit of this model and warns (smallest eigenvalue −0.011)."""
    model = cfa(ecsi, Codebook.read(ROOT / "data/ecsi_mobile/codebook.toml"))
    assert model.standing == "proper"
    assert any("not positive definite" in warning for warning in model.warnings)


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
