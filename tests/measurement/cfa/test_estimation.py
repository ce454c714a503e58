"""The search: maxima of the likelihood, and orientation of factors."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from surveys import simulate

from loyalty_kit.measurement.cfa.estimation import Likelihood, maximise, reflected, starting_values
from loyalty_kit.measurement.cfa.likelihood import Sample, evaluate
from loyalty_kit.measurement.cfa.model import LOADING, confirmatory_model
from loyalty_kit.measurement.cfa.saturated import saturated

SCALES = {"image": [f"image_{n}" for n in range(1, 6)], "loyalty": [f"loyalty_{n}" for n in range(1, 5)]}


def sample_of(seed: int, missing: float = 0.0, n: int = 150) -> Sample:
    responses, _ = simulate(n, missing_share=missing, rng=seed)
    return Sample.by_pattern(responses.dropna(how="all").to_numpy(), np.ones(len(responses.dropna(how="all"))))[0]


@settings(max_examples=10)
@given(st.integers(0, 1000))
def test_the_slope_is_flat_at_the_maximum(seed):
    sample, model = sample_of(seed, missing=0.1), confirmatory_model(SCALES, means=True)
    found = maximise(Likelihood(model, [sample]), starting_values(model, [saturated(sample)[:2]]))
    assert found.converged
    assert_allclose(evaluate(model, [sample], found.values)[1], 0, atol=1e-3)


def test_the_maximum_does_not_depend_on_the_start():
    sample, model = sample_of(1), confirmatory_model(SCALES, means=True)
    objective, start = Likelihood(model, [sample]), starting_values(model, [saturated(sample)[:2]])
    far = start * np.random.default_rng(1).uniform(0.6, 1.6, len(start))
    assert_allclose(maximise(objective, far).loglik, maximise(objective, start).loglik, atol=1e-8)


def test_the_start_is_near_the_maximum():
    sample, model = sample_of(2, n=2000), confirmatory_model(SCALES, means=True)
    start = starting_values(model, [saturated(sample)[:2]])
    found = maximise(Likelihood(model, [sample]), start)
    own = model.elements.parameter[model.elements.kind == LOADING]
    assert_allclose(start[own], found.values[own], rtol=0.15)


def test_turning_factors_keeps_the_likelihood_and_makes_anchors_positive():
    sample, model = sample_of(6), confirmatory_model(SCALES, means=True)
    values = starting_values(model, [saturated(sample)[:2]])
    other = reflected(model, values, [2, 7])
    values[model.elements.parameter[(model.elements.kind == LOADING) & (model.elements.column == 1)]] *= -1
    back = reflected(model, values, [2, 7])
    assert (np.diag(model.matrices(back)[0].loadings[[2, 7]]) > 0).all()
    assert_allclose(np.abs(back), np.abs(other))
