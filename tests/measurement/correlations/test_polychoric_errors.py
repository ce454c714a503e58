"""Sampling covariance of polychoric correlations: lavaan's, and that of a simulation."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from surveys import simulate

from loyalty_kit.measurement.correlations.polychoric import polychoric
from loyalty_kit.measurement.correlations.polychoric_errors import polychoric_covariance

REFERENCE = Path(__file__).parents[2] / "reference"
ITEMS = ["A1", "A2", "A3", "A4", "N1", "N2", "N3"]


def pairs(names: list[str]) -> list[tuple[str, str]]:
    """Pairs in the order of the covariance: the lower triangle, row by row."""
    return [(names[j], names[i]) for i, j in zip(*np.tril_indices(len(names), -1), strict=True)]


def test_the_covariance_equals_lavaan(bfi):
    """R> lavInspect(cfa(model, few, ordered = TRUE, estimator = "WLSMV"), "gamma")   # lavaan 0.6-14, 400 rows"""
    figures = json.loads((REFERENCE / "confirmatory.json").read_text())["bfi"]["wlsmv_few"]
    few = bfi[[column for column in bfi if column[0] in "ACENO" and len(column) == 2]].dropna().head(400)[ITEMS]
    values, weights = few.to_numpy(dtype=float), np.ones(400)
    ours = polychoric_covariance(polychoric(ITEMS, values, weights), weights)
    names = figures["gamma_names"]
    place = [names.index(f"{first}~~{second}") for first, second in pairs(ITEMS)]
    assert_allclose(ours, np.array(figures["gamma"])[np.ix_(place, place)], atol=1e-5)


@pytest.mark.slow
def test_the_covariance_is_that_of_simulated_correlations():
    """Polychoric correlations of 400 surveys vary as the mean of their estimated covariances says."""
    drawn, told = [], []
    for seed in range(400):
        responses, _ = simulate(300, scales={"trust": 4}, points=5, rng=seed)
        found = polychoric(list(responses), responses.to_numpy(), np.ones(300))
        drawn.append(found.matrix[np.tril_indices(4, -1)])
        told.append(np.diag(polychoric_covariance(found, np.ones(300))) / 300)
    assert_allclose(np.var(drawn, axis=0), np.mean(told, axis=0), rtol=0.2)


def test_whole_weights_count_rows():
    """A respondent of weight 2 moves twice as far as one of weight 1."""
    responses, _ = simulate(150, scales={"trust": 3}, points=5, rng=1)
    values = responses.to_numpy()
    weights = np.where(np.arange(150) < 50, 2.0, 1.0)
    weights *= 150 / weights.sum()
    first = polychoric_covariance(polychoric("abc", values, weights), weights)
    order = np.random.default_rng(1).permutation(150)
    second = polychoric_covariance(polychoric("abc", values[order], weights[order]), weights[order])
    assert_allclose(first, second, rtol=1e-6)
    assert (
        np.diag(first) > np.diag(polychoric_covariance(polychoric("abc", values, np.ones(150)), np.ones(150))) * 0.8
    ).all()
