"""Stability of loadings: coverage of the truth, alignment, and resamples that fail."""

import numpy as np
import pandas as pd
import pytest
from matching import matched
from numpy.testing import assert_allclose
from surveys import latent, simple_structure

from loyalty_kit.core.errors import InputError
from loyalty_kit.measurement.factors.factors import efa
from loyalty_kit.measurement.factors.loading_stability import _aligned, loading_stability
from loyalty_kit.measurement.factors.rotation import METHODS
from loyalty_kit.statistics.extraction import extract

STRUCTURE = simple_structure(
    {"image": [0.8, 0.7, 0.6, 0.5], "value": [0.7, 0.6, 0.8, 0.5], "loyalty": [0.6, 0.7, 0.5, 0.8]}
)
PHI = pd.DataFrame(np.where(np.eye(3), 1.0, 0.3), STRUCTURE.columns, STRUCTURE.columns)


def coverage(runs, *, bootstrap, extraction="minres"):
    """Share of true loadings inside their 95 % intervals over simulated surveys of 300 respondents."""
    inside = []
    for seed in range(runs):
        answers = latent(300, STRUCTURE, factor_correlations=PHI, rng=seed)
        found = loading_stability(answers, factors=3, extraction=extraction, bootstrap=bootstrap, rng=seed)
        truth = matched(STRUCTURE, found.loadings)
        inside.append(((found.ci_low <= truth) & (truth <= found.ci_high)).mean(axis=None))
    return np.mean(inside)


def test_intervals_cover_the_truth_in_some_surveys():
    assert 0.9 <= coverage(8, bootstrap=100) <= 0.99


@pytest.mark.slow
@pytest.mark.parametrize("extraction", ["minres", "ml"])
def test_intervals_cover_the_truth_as_often_as_they_say(extraction):
    assert 0.92 <= coverage(300, bootstrap=200, extraction=extraction) <= 0.98


def test_loadings_are_those_of_efa(holzinger):
    items = holzinger.filter(like="x")
    found = loading_stability(items, factors=3, bootstrap=20)
    pd.testing.assert_frame_equal(found.loadings, efa(items, factors=3).loadings)


@pytest.mark.parametrize("rotation", METHODS)
def test_a_resample_that_is_the_sample_is_aligned_with_itself(holzinger, rotation):
    fitted = efa(holzinger.filter(like="x"), factors=3, rotation=rotation)
    again = extract(fitted.correlation.matrix, factors=3)
    found = _aligned([again], fitted.correlation, fitted.loadings.to_numpy(), rotation)
    assert_allclose(found[0], fitted.loadings, atol=1e-5)


# Quartimax, and with it oblimax, seeks a general factor, which these five traits do not have: 0.96.
@pytest.mark.parametrize("rotation", [method for method in METHODS if method not in ("quartimax", "oblimax")])
def test_clear_factors_are_found_again_in_every_resample(bfi, rotation):
    found = loading_stability(bfi.iloc[:, :25], factors=5, rotation=rotation, bootstrap=20)
    assert (found.congruence > 0.97).all()


def test_more_respondents_give_narrower_intervals():
    few, many = (
        loading_stability(latent(n, STRUCTURE, factor_correlations=PHI, rng=0), factors=3, bootstrap=60)
        for n in (200, 1800)
    )
    assert 2 < (few.std_errors / many.std_errors).mean(axis=None) < 4.5


def test_same_seed_gives_the_same_intervals(holzinger):
    first, again = (loading_stability(holzinger.filter(like="x"), factors=3, bootstrap=20, rng=5) for _ in range(2))
    pd.testing.assert_frame_equal(first.ci_low, again.ci_low)


def test_table_has_a_row_for_each_loading(holzinger):
    table = loading_stability(holzinger.filter(like="x"), factors=3, bootstrap=20).to_frame()
    assert list(table.columns) == ["item", "factor", "loading", "std_error", "ci_low", "ci_high"]
    assert len(table) == 27
    assert (table["ci_low"] <= table["ci_high"]).all()


def test_resamples_at_the_edge_are_said(ecsi):
    found = loading_stability(ecsi.filter(regex="CUSL|CUSA|PERV"), factors=4, bootstrap=40)
    assert any("of the resamples are Heywood cases" in said for said in found.warnings)


def test_a_matrix_cannot_be_resampled(holzinger):
    with pytest.raises(InputError, match="Shuffling and resampling need the items; got a correlation matrix."):
        loading_stability(holzinger.filter(like="x").corr(), factors=3)


def test_too_few_respondents_to_resample_get_one_sentence(bfi):
    with pytest.raises(InputError, match="of 40 resamples can be factored: 30 respondents are too few for 25 items."):
        loading_stability(bfi.iloc[:, :25].dropna().head(30), factors=2, bootstrap=40)
