"""Limits that chance keeps to: their share of simulated surveys, and what they shrink to where less is equal."""

import numpy as np
import pytest

from loyalty_kit.measurement.chance.limits import Limit, limits, refused


def test_all_levels_together_go_beyond_their_limits_in_no_more_than_the_error():
    rng = np.random.default_rng(0)
    found = {level: (rng.normal(size=199), rng.normal(size=199)) for level in ("metric", "scalar")}
    own = limits(found, error=0.05)
    assert refused(found, own) <= (0.05 * 200 - 1) / 199
    assert refused(found, limits(found, error=0.5)) > 0.4


def test_a_single_column_has_the_rank_of_a_monte_carlo_test():
    """Of 199 draws nine may lie beyond: the tenth largest of 1 to 199 is 190."""
    column = np.arange(1.0, 200.0)
    own = limits({"metric": (column, np.zeros(199))}, error=0.05)["metric"]
    assert own.cfi_fall == pytest.approx(190, abs=1e-5)


def test_limits_shrink_with_the_share_that_is_equal():
    """Means by the share, spreads by its root; a limit that a user names stays."""
    whole = Limit(0.02, -0.001, usual_fall=0.0, usual_rise=-0.004, simulated=True)
    quarter = whole.of(0.25)
    assert (quarter.cfi_fall, quarter.rmsea_rise) == pytest.approx((0.01, -0.001 + 0.0015))
    assert Limit(0.01, 0.015).of(0.25) == Limit(0.01, 0.015)
