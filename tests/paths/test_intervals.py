"""BCa intervals of path models equal those of an independent library on the same samples."""

import numpy as np
import pytest
from scipy.stats import bootstrap

from loyalty_kit.paths.model.intervals import bias_corrected


@pytest.mark.parametrize("statistic", [np.mean, np.var])
def test_bca_intervals_equal_scipy(statistic):
    """Of scipy.stats.bootstrap((values,), statistic, method="BCa", n_resamples=2000): its samples, and its interval."""
    values = np.random.default_rng(3).exponential(size=60)
    theirs = bootstrap((values,), statistic, method="BCa", n_resamples=2000, rng=np.random.default_rng(4))
    samples = theirs.bootstrap_distribution[:, None]
    left_out = np.array([[statistic(np.delete(values, place))] for place in range(60)])
    low, high = bias_corrected(samples, np.array([statistic(values)]), left_out, 0.95)[:, 0]
    assert (low, high) == pytest.approx(tuple(theirs.confidence_interval), abs=1e-8)
