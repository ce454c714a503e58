"""Likelihood of a factor model: its slopes and curvatures are those of its values, with gaps and over groups."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import multivariate_normal

from loyalty_kit.measurement.cfa.estimation import starting_values
from loyalty_kit.measurement.cfa.likelihood import Sample, evaluate, loglik, observed_information, scores
from loyalty_kit.measurement.cfa.model import INTERCEPT, LOADING, RESIDUAL, Elements, confirmatory_model
from loyalty_kit.measurement.cfa.saturated import saturated

SCALES = {"a": ["a1", "a2", "a3"], "b": ["b1", "b2", "b3"]}


def rows(n: int, *, missing: float = 0.15, rng: int = 0) -> np.ndarray:
    generator = np.random.default_rng(rng)
    factors = generator.normal(size=(n, 2)) @ np.array([[1, 0.4], [0, 0.9]])
    values = factors.repeat(3, axis=1) + generator.normal(size=(n, 6)) + np.arange(6)
    values[generator.random(values.shape) < missing] = np.nan
    return values[np.isfinite(values).any(axis=1)]


@pytest.fixture(params=["one group", "marker", "two groups with equal loadings and intercepts"])
def case(request):
    """Model, samples with gaps, and values off the maximum."""
    count = 2 if "two" in request.param else 1
    samples = [Sample.by_pattern(rows(80, rng=g), np.linspace(0.5, 2, len(rows(80, rng=g))))[0] for g in range(count)]
    equal = frozenset({LOADING, INTERCEPT}) if count == 2 else frozenset()
    model = confirmatory_model(SCALES, groups=count, means=True, marker=request.param == "marker", equal=equal)
    start = starting_values(model, [saturated(sample)[:2] for sample in samples])
    return model, samples, start + np.random.default_rng(1).normal(size=model.size) * 0.05


def differences(function, values: np.ndarray, step: float = 1e-5) -> np.ndarray:
    """Central differences of a function, parameters along the first axis."""
    out = []
    for j in range(len(values)):
        move = np.zeros(len(values))
        move[j] = step
        out.append((function(values + move) - function(values - move)) / (2 * step))
    return np.array(out)


def test_the_value_is_the_density_of_what_each_respondent_answered():
    values = rows(60)
    weights = np.linspace(0.5, 2, len(values))
    mean, covariance = np.arange(6.0), np.eye(6) + 0.5
    expected = sum(
        w
        * multivariate_normal.logpdf(x[np.isfinite(x)], mean[np.isfinite(x)], covariance[np.ix_(*[np.isfinite(x)] * 2)])
        for x, w in zip(values, weights, strict=True)
    )
    assert_allclose(loglik(Sample.by_pattern(values, weights)[0], mean, covariance), expected)


def test_the_slope_is_that_of_the_value(case):
    model, samples, values = case
    expected = differences(lambda x: evaluate(model, samples, x)[0], values)
    assert_allclose(evaluate(model, samples, values)[1], expected, rtol=1e-5, atol=1e-4)


def test_the_observed_information_is_that_of_the_slope(case):
    model, samples, values = case
    expected = -differences(lambda x: evaluate(model, samples, x)[1], values)
    assert_allclose(observed_information(model, samples, values), expected, rtol=1e-5, atol=1e-3)


def test_the_expected_information_is_the_mean_of_the_observed_one_where_the_model_is_true():
    model = confirmatory_model(SCALES, means=True)
    complete = [Sample.by_pattern(rows(60_000, missing=0, rng=2), np.ones(60_000))[0]]
    values = starting_values(model, [saturated(complete[0])[:2]])
    (truth,) = model.matrices(values)
    sample = Sample(np.array([1.0]), complete[0].present, truth.mean[None], truth.covariance[None])
    assert_allclose(evaluate(model, [sample], values)[2], observed_information(model, [sample], values), atol=1e-10)


def test_scores_are_slopes_along_elements_that_the_model_fixes(case):
    """A cross-loading freed by hand: the slope of the likelihood of the larger model."""
    model, samples, values = case
    place = (LOADING, 0, 0, 1)
    elements = model.elements
    wider = Elements.of(
        [*zip(elements.kind, elements.group, elements.row, elements.column, strict=True), place],
        [*elements.parameter, model.size],
    )
    larger = type(model)(model.items, model.scales, model.groups, wider, model.fixed)
    found = scores(model, samples, values, Elements.of([place]))
    _, slope, expected = evaluate(larger, samples, np.append(values, 0.0))
    assert_allclose(found.slopes, slope[-1:])
    assert_allclose(found.own, expected[-1, -1])
    assert_allclose(found.between[:, 0], expected[:-1, -1], atol=1e-9)
    assert_allclose(found.variance(), 1 / np.linalg.inv(expected)[-1, -1])


def test_a_covariance_that_is_not_positive_definite_has_no_value(case):
    model, samples, values = case
    residuals = model.elements.parameter[model.elements.kind == RESIDUAL]
    with pytest.raises(np.linalg.LinAlgError):
        evaluate(model, samples, np.where(np.isin(np.arange(model.size), residuals), -5.0, values))
