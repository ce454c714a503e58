"""Extraction: psych's unrotated loadings, right gradients, honest failures."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.optimize import check_grad
from surveys import latent, simple_structure

from loyalty_kit.core.errors import InputError
from loyalty_kit.statistics.extraction import LOWEST_UNIQUENESS, _likelihood, _minres, _principal_axes, _start, extract

REFERENCE = Path(__file__).parents[1] / "reference"
SETS = {"bfi": ("bfi", 5), "holzinger": ("holzinger1939", 3), "ecsi": ("ecsi_mobile", 6)}


@pytest.fixture(params=SETS)
def problem(request):
    """Correlation matrix of a data set, number of factors and psych's answers."""
    name, factors = SETS[request.param]
    figures = json.loads((REFERENCE / f"{name}.json").read_text())["efa"]
    items = figures["ml_none"]["loadings"]["rows"]
    data = request.getfixturevalue(request.param)
    return data[items].dropna().corr().to_numpy(), factors, figures


def oriented(loadings: np.ndarray) -> np.ndarray:
    """Columns by variance explained, each with a positive sum: the order and the signs that `extract` gives."""
    loadings = loadings[:, np.argsort(-(loadings**2).sum(axis=0), kind="stable")]
    return loadings * np.sign(loadings.sum(axis=0))


@pytest.mark.parametrize("method", ["minres", "ml"])
def test_unrotated_loadings_equal_psych(problem, method):
    """R> psych::fa(R, k, n.obs = n, fm = method, rotate = "none", max.iter = 1000)$loadings   # psych 2.2.9

    psych's optim stops earlier: on ecsi, ml, its discrepancy is 2e-9 above ours, its loadings 9e-5 away.
    """
    correlation, factors, figures = problem
    found = extract(correlation, factors=factors, method=method)
    expected = figures[f"{method}_none"]
    assert found.converged
    assert_allclose(found.loadings, oriented(np.array(expected["loadings"]["values"])), atol=1e-4)
    assert_allclose(found.uniqueness, list(expected["uniqueness"].values()), atol=1e-4)


def test_principal_axes_equal_psych_under_its_stopping_rule(problem):
    """R> psych::fa(R, k, n.obs = n, fm = "pa", rotate = "none", max.iter = 1000)$loadings   # psych 2.2.9

    psych stops where the sum of the communalities moves by less than 0.001 in a step.
    """
    correlation, factors, figures = problem
    psi, total = _start(correlation, smallest=1.0), np.inf
    while abs(total - psi.sum()) >= 0.001:
        total = psi.sum()
        loadings = _minres(psi, correlation, factors)[2]
        psi = 1 - (loadings**2).sum(axis=1)
    assert_allclose(oriented(loadings), oriented(np.array(figures["pa_none"]["loadings"]["values"])), atol=1e-4)


def test_principal_axes_reach_the_minres_solution(problem):
    correlation, factors, _ = problem
    axes, minres = (extract(correlation, factors=factors, method=method) for method in ("pa", "minres"))
    assert axes.converged
    assert_allclose(axes.loadings, minres.loadings, atol=5e-4)


@given(st.integers(0, 2**32 - 1), st.sampled_from([_minres, _likelihood]))
def test_gradients_equal_differences(seed, function):
    rng = np.random.default_rng(seed)
    correlation = np.corrcoef(rng.standard_normal((40, 6)) + rng.standard_normal((40, 1)), rowvar=False)
    psi = rng.uniform(0.2, 0.9, 6)
    error = check_grad(lambda p: function(p, correlation, 2)[0], lambda p: function(p, correlation, 2)[1], psi)
    assert error < 1e-4 * max(1, np.linalg.norm(function(psi, correlation, 2)[1]))


@given(st.integers(0, 2**32 - 1), st.sampled_from(["minres", "ml"]))
def test_an_exact_structure_is_recovered(seed, method):
    rng = np.random.default_rng(seed)
    truth = rng.uniform(0.4, 0.9, (6, 1))
    implied = truth @ truth.T
    np.fill_diagonal(implied, 1)
    found = extract(implied, factors=1, method=method)
    assert_allclose(found.loadings, truth, atol=1e-4)
    assert_allclose(found.uniqueness, 1 - truth[:, 0] ** 2, atol=1e-4)


@given(st.integers(0, 2**32 - 1), st.sampled_from(["minres", "ml", "pa"]), st.integers(1, 3))
def test_solutions_keep_their_word(seed, method, factors):
    """Bounded uniquenesses, columns by variance with positive sums, no start better than the end."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((60, factors)) @ rng.normal(0, 0.6, (factors, 8)) + rng.standard_normal((60, 8))
    correlation = np.corrcoef(x, rowvar=False)
    found = extract(correlation, factors=factors, method=method)
    explained = (found.loadings**2).sum(axis=0)
    assert (found.uniqueness >= LOWEST_UNIQUENESS * (1 - 1e-9)).all()
    assert (np.diff(explained) <= 0).all()
    assert (found.loadings.sum(axis=0) >= 0).all()
    function = _likelihood if method == "ml" else _minres
    start = function(_start(correlation, smallest=1.0), correlation, factors)[0]
    assert found.objective <= start + 1e-12


def test_the_order_of_the_items_does_not_matter(problem):
    correlation, factors, _ = problem
    turned = extract(correlation[::-1, ::-1], factors=factors, method="ml")
    assert_allclose(turned.loadings[::-1], extract(correlation, factors=factors, method="ml").loadings, atol=1e-4)


def test_loadings_are_recovered_from_a_sample():
    truth = simple_structure({"trust": [0.8, 0.7, 0.6, 0.5]})
    answers = latent(5000, truth, factor_correlations=pd.DataFrame([[1.0]]), rng=1)
    found = extract(answers.corr(), factors=1, method="ml")
    assert_allclose(found.loadings, truth, atol=0.04)


@pytest.mark.parametrize("method", ["minres", "ml", "pa"])
def test_a_heywood_case_is_told_and_bounded(ecsi, method):
    found = extract(ecsi[["CUSL1", "CUSL2", "CUSL3"]].corr(), factors=1, method=method)
    assert found.heywood == (2,)
    assert found.uniqueness[2] == pytest.approx(LOWEST_UNIQUENESS)


def test_principal_axes_tell_where_they_did_not_converge(monkeypatch):
    monkeypatch.setattr("loyalty_kit.statistics.extraction._PRINCIPAL_AXIS_STEPS", 2)
    _, converged = _principal_axes(np.full((4, 4), 0.5) + np.diag([0.5] * 4), 1, np.full(4, 0.1))
    assert not converged


def test_minres_takes_a_singular_matrix():
    items = np.random.default_rng(0).standard_normal((50, 4)) + np.random.default_rng(1).standard_normal((50, 1))
    correlation = np.corrcoef(np.column_stack([items, items.sum(axis=1)]), rowvar=False)
    assert extract(correlation, factors=1).converged


HALVES = np.full((3, 3), 0.5) + np.diag([0.5] * 3)
UNEVEN = HALVES + np.triu(np.full((3, 3), 0.1), 1)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: extract(HALVES, factors=3), "'factors' must be fewer than the 3 items; got 3"),
        (lambda: extract(HALVES, factors=0), "'factors' must be a whole number of at least 1"),
        (lambda: extract(HALVES, factors=1, method="uls"), "'method' must be one of 'minres', 'ml', 'pa'; got 'uls'"),
        (lambda: extract(HALVES[:2], factors=1), r"must be square; got shape \(2, 3\)"),
        (lambda: extract(HALVES * np.nan, factors=1), "must be finite"),
        (lambda: extract(UNEVEN, factors=1), "must be symmetric"),
        (lambda: extract(2 * HALVES, factors=1), "ones on the diagonal"),
        (lambda: extract(np.ones((3, 3)), factors=1, method="ml"), "needs a positive definite correlation matrix"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(call, sentence):
    with pytest.raises(InputError, match=sentence):
        call()
