"""Families of comparisons: max-t against tables and simulation."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from loyalty_kit.campaigns.campaign import Campaign
from loyalty_kit.campaigns.design.metrics import Mean
from loyalty_kit.campaigns.effects.simultaneous import critical_value, family_coverage, max_t


@pytest.mark.parametrize(("arms", "limit"), [(1, 1.960), (2, 2.212), (3, 2.349), (4, 2.442), (5, 2.511)])
def test_equal_arms_have_dunnetts_limits(arms, limit):
    """Dunnett (1964), two-sided, 5 %, infinite degrees of freedom: 1.96, 2.21, 2.35, 2.44, 2.51."""
    assert critical_value(np.ones(arms + 1), 0.95) == pytest.approx(limit, abs=6e-4)


def test_the_coverage_equals_the_multivariate_normal():
    """scipy.stats.multivariate_normal(cov=R).cdf(lower_limit=…)."""
    variance = np.array([2.0, 1.0, 0.5, 3.0])
    joint = np.diag(variance[1:]) + variance[0]
    scale = np.sqrt(np.diag(joint))
    normal = stats.multivariate_normal(cov=joint / np.outer(scale, scale), abseps=1e-7, releps=1e-7, maxpts=2_000_000)
    expected = normal.cdf(np.full(3, 2.1), lower_limit=np.full(3, -2.1), rng=np.random.default_rng(0))
    assert family_coverage(2.1, variance) == pytest.approx(expected, abs=1e-5)


@given(p=arrays(float, 3, elements=st.floats(1e-12, 1.0)), control=st.floats(0.0, 9.0))
@settings(max_examples=10)
def test_max_t_lies_between_the_plain_p_value_and_bonferroni(p, control):
    adjusted = max_t(p, np.array([control, 1.0, 1.0, 2.0]))
    assert (adjusted >= p - 1e-12).all()
    assert (adjusted <= np.minimum(3 * p, 1.0) + 1e-12).all()


def false_families(times: int, rng: np.random.Generator) -> float:
    """Share of campaigns without effect, 10 % held out of three arms, in which any arm is called different."""
    arm = np.repeat(["none", "A", "B"], [200, 900, 900])
    alarms = 0
    for _ in range(times):
        frame = pd.DataFrame({"arm": arm, "spend": rng.normal(10, 3, len(arm))})
        found = Campaign(frame, arm="arm", control="none").evaluate([Mean("spend")]).to_frame()
        alarms += ((found["ci_low"] > 0) | (found["ci_high"] < 0)).any()
    return alarms / times


def test_three_arms_together_keep_their_level():
    assert false_families(200, np.random.default_rng(0)) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 200)


@pytest.mark.slow
def test_three_arms_together_keep_their_level_in_many_campaigns():
    share = false_families(5000, np.random.default_rng(1))
    assert share == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / 5000))
