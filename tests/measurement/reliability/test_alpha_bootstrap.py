"""Bootstrap intervals of Cronbach's coefficient."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from surveys import simulate

from loyalty_kit.measurement.correlations.items import ItemTable
from loyalty_kit.measurement.reliability.alpha_bootstrap import alpha_intervals
from loyalty_kit.measurement.reliability.coefficients import feldt_interval
from loyalty_kit.statistics.moments import Moments


def tables(answers: pd.DataFrame, weights: np.ndarray) -> dict[str, ItemTable]:
    """Items 'scale_1' … by their scale."""
    scales = answers.T.groupby(answers.columns.str.split("_").str[0])
    return {name: ItemTable(tuple(own.index), own.T.to_numpy(), weights) for name, own in scales}


def loop(table: ItemTable, drawn: np.ndarray, confidence: float) -> np.ndarray:
    """Percentiles of the coefficient of each sample, one by one."""
    values = []
    for rows in drawn:
        moments = Moments.of(pd.DataFrame(table.values[rows], columns=table.names), weight=table.weights[rows])
        covariance, k = moments.covariance.to_numpy(), len(table.names)
        values.append(k / (k - 1) * (1 - np.trace(covariance) / covariance.sum()))
    return np.quantile(values, [(1 - confidence) / 2, (1 + confidence) / 2])


def test_one_pass_equals_a_loop_over_samples():
    """Weights, unequal scales, missing answers; resampled are the respondents complete on any scale."""
    answers, _ = simulate(60, missing_share=0.1, rng=3)
    answers.iloc[:5] = np.nan
    weights = np.random.default_rng(4).uniform(0.5, 2, 60)
    given = tables(answers, weights)
    kept = np.logical_or.reduce([np.isfinite(table.values).all(axis=1) for table in given.values()])
    assert 20 < kept.sum() < 55
    found = alpha_intervals(given, replicates=200, confidence=0.9, rng=np.random.default_rng(5))
    (chance,) = np.random.default_rng(5).spawn(1)  # as `run_blocks` does for its one block
    drawn = np.flatnonzero(kept)[chance.integers(0, kept.sum(), size=(200, kept.sum()))]
    for name, table in given.items():
        assert_allclose(found.loc[name], loop(table, drawn, 0.9), rtol=1e-9)


def test_the_interval_comes_near_feldts_where_feldts_is_exact():
    """Parallel normal items, 2,000 respondents: the population value is 0.8."""
    rng = np.random.default_rng(0)
    answers = rng.standard_normal((2000, 1)) + rng.standard_normal((2000, 4))
    table = ItemTable(("a", "b", "c", "d"), answers, np.ones(2000))
    covariance = np.cov(answers, rowvar=False)
    estimate = 4 / 3 * (1 - np.trace(covariance) / covariance.sum())
    found = alpha_intervals({"s": table}, replicates=2000, confidence=0.95, rng=rng)
    assert_allclose(found.loc["s"], feldt_interval(estimate, items=4, n=2000, confidence=0.95), atol=0.003)


def test_samples_without_variance_are_left_out():
    table = ItemTable(("a", "b"), np.array([[1.0, 2.0], [1.0, 2.0], [4.0, 5.0]]), np.ones(3))
    found = alpha_intervals({"s": table}, replicates=500, confidence=0.95, rng=np.random.default_rng(0))
    assert found.loc["s"].tolist() == pytest.approx([1.0, 1.0])


def test_no_scale_makes_no_interval():
    assert alpha_intervals({}, replicates=10, confidence=0.95, rng=np.random.default_rng(0)).empty
