"""The jump at a threshold equals rdrobust's on the Senate's elections; the density test keeps its level."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from loyalty_kit.statistics.causal.threshold.jump import bandwidths, density_difference, jump
from loyalty_kit.statistics.causal.threshold.local_polynomials import Side, neighbour_residuals

FOLDER = Path(__file__).parents[3] / "reference/programme"
REFERENCE = json.loads((FOLDER / "rdd.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def senate():
    table = pd.read_csv(FOLDER / "senate.csv").dropna()
    x, y = table["margin"].to_numpy(), table["vote"].to_numpy()
    return Side.of(x[x < 0], y[x < 0]), Side.of(x[x >= 0], y[x >= 0])


@pytest.mark.parametrize("name", ["mserd_nn", "fixed_h15_b25_nn"])
def test_the_jump_equals_rdrobust_at_its_bandwidths(senate, name):
    """rdrobust 2.1.1: rdrobust(vote, margin, h = …, b = …, vce = 'nn')"""
    reference = REFERENCE[name]
    found = jump(*senate, reference["h"][0], reference["b"][0])
    assert [found.conventional, found.corrected] == pytest.approx(
        [reference["conventional"], reference["bias_corrected"]], rel=1e-6
    )
    assert [found.conventional_error, found.robust_error] == pytest.approx(
        [reference["se_conventional"], reference["se_robust"]], rel=1e-6
    )
    assert [found.n_below, found.n_above] == reference["n_h"]


def test_the_bandwidths_are_those_published(senate):
    """Calonico, Cattaneo, Farrell & Titiunik (2017): h 17.754, b 28.028."""
    assert bandwidths(*senate) == pytest.approx((17.754, 28.028), abs=0.001)


def test_nobody_crowds_at_the_threshold_of_the_senate(senate):
    """rddensity 3.0 (another estimator) says p = .38."""
    difference, error, _ = density_difference(senate[0].x, senate[1].x)
    assert abs(difference) < 1.5 * error


def test_neighbours_of_one_score_are_all_taken():
    """By hand: five customers of score 0; each differs from the mean of the other four."""
    y = np.array([1.0, 2.0, 3.0, 4.0, 10.0])
    expected = np.sqrt(4 / 5) * (y - (y.sum() - y) / 4)
    np.testing.assert_allclose(neighbour_residuals(np.zeros(5), y), expected)


def test_the_density_test_keeps_its_level_on_smooth_and_on_whole_scores():
    """400 samples of 2,000 each: 5 % with a Monte Carlo error of 1.1 %."""
    rng = np.random.default_rng(0)
    rejected = np.zeros((400, 2))
    for i in range(400):
        x = rng.gamma(3, 100, 2000) - 300
        for j, scores in enumerate((x, np.round(x / 5) * 5)):
            difference, error, _ = density_difference(scores[scores < 0], scores[scores >= 0])
            rejected[i, j] = abs(difference) > 1.96 * error
    print(rejected.mean(axis=0))
    assert (rejected.mean(axis=0) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)).all()


def test_a_crowd_above_the_threshold_is_seen():
    rng = np.random.default_rng(1)
    x = rng.gamma(3, 100, 4000) - 300
    x = np.where((x > -40) & (x < 0) & (rng.random(4000) < 0.6), rng.exponential(10, 4000), x)
    difference, error, _ = density_difference(x[x < 0], x[x >= 0])
    assert difference > 4 * error
