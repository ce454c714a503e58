"""The saturated model: EM's maximum, and its curvature."""

import numpy as np
from numpy.testing import assert_allclose
from surveys import simulate

from loyalty_kit.measurement.cfa.likelihood import Sample, loglik, moment_slopes, observed_information
from loyalty_kit.measurement.cfa.model import unrestricted_model
from loyalty_kit.measurement.cfa.saturated import item_moments, saturated, saturated_information


def sample_of(seed: int, missing: float = 0.0, n: int = 150) -> Sample:
    responses, _ = simulate(n, missing_share=missing, rng=seed)
    answered = responses.dropna(how="all")
    return Sample.by_pattern(answered.to_numpy(), np.linspace(1, 2, len(answered)))[0]


def test_em_ends_where_the_saturated_likelihood_is_flat():
    sample = sample_of(3, missing=0.2)
    mean, covariance, _ = saturated(sample)
    omega, slope = moment_slopes(sample, mean, covariance)
    assert_allclose(omega, 0, atol=1e-4)
    assert_allclose(slope, 0, atol=1e-4)


def test_em_of_complete_rows_are_their_moments():
    responses, _ = simulate(100, rng=4)
    mean, covariance, _ = saturated(sample_of(4, n=100))
    weights = np.linspace(1, 2, 100)
    assert_allclose(mean, np.average(responses, axis=0, weights=weights), atol=1e-9)
    assert_allclose(covariance, np.cov(responses.T, aweights=weights, ddof=0), atol=1e-9)


def test_margins_maximise_the_likelihood_of_uncorrelated_items():
    sample = sample_of(5, missing=0.2)
    mean, variance = item_moments(sample)
    best = loglik(sample, mean, np.diag(variance))
    for move in (0.99, 1.01):
        assert loglik(sample, mean, np.diag(variance * move)) < best
        assert loglik(sample, mean * move, np.diag(variance)) < best


def test_its_information_is_that_of_a_model_that_frees_every_moment():
    sample = sample_of(6, missing=0.2)
    mean, covariance, _ = saturated(sample)
    model = unrestricted_model([f"i{j}" for j in range(9)], means=True)
    values = np.concatenate([covariance[np.tril_indices(9)], mean]) * 1.05
    (off,) = model.matrices(values)
    expected = observed_information(model, [sample], values)
    assert_allclose(saturated_information(sample, off.mean, off.covariance), expected, rtol=1e-8, atol=1e-6)
