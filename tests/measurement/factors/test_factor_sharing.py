"""How often two scales share a factor: certain where correlations leave no doubt, a share where resamples differ."""

import numpy as np
from surveys import simulate

import loyalty_kit as lk
from loyalty_kit.measurement.factors.factor_sharing import sharing

ITEMS = {"a": [0, 1, 2], "b": [3, 4, 5]}


def blocks(within: float, between: float) -> np.ndarray:
    """Correlations of two scales of three items."""
    r = np.kron(np.full((2, 2), between) + np.eye(2) * (within - between), np.ones((3, 3)))
    np.fill_diagonal(r, 1.0)
    return r


def test_scales_share_a_factor_in_the_resamples_that_hold_one_for_both():
    drawn = np.stack([blocks(0.6, 0.6), blocks(0.6, 0.1), blocks(0.6, 0.1), blocks(0.6, 0.1)])
    assert sharing(drawn, np.array([1, 2, 2, 2]), ITEMS).loc["a", "b"] == 0.25


def test_a_resample_without_a_factor_shares_nothing():
    assert sharing(blocks(0.6, 0.6)[None], np.array([0]), ITEMS).to_numpy().max() == 0


def test_a_scale_that_falls_apart_shares_nothing():
    r = blocks(0.6, 0.1)
    mixed = {"a": [0, 1, 3, 4], "b": [2, 5]}
    table = sharing(r[None], np.array([2]), mixed)
    assert table.to_numpy().tolist() == [[0, 0], [0, 0]]


def test_retention_tells_how_often_claimed_scales_share_a_factor():
    responses, book = simulate(300, scales={"a": 4, "b": 4}, correlation=0.2, rng=1)
    apart = lk.retain(responses[list(book.measures)], codebook=book, bootstrap=60, simulations=50)
    responses, book = simulate(300, scales={"a": 4, "b": 4}, correlation=0.999, rng=1)
    one = lk.retain(responses[list(book.measures)], codebook=book, bootstrap=60, simulations=50)
    assert apart.together.loc["a", "b"] <= 0.05 and one.together.loc["a", "b"] >= 0.9
    assert lk.retain(responses[list(book.measures)], codebook=book).together is None
