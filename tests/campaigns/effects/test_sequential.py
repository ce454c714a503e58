"""Looking before the end: limits equal published ones and hold their level over all looks."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from loyalty_kit.campaigns.campaign import Campaign
from loyalty_kit.campaigns.design.metrics import Mean
from loyalty_kit.campaigns.effects.sequential import always_valid_limit, always_valid_p, spending_limits, spending_p
from loyalty_kit.core.errors import InputError


@pytest.mark.parametrize(
    ("looks", "limits"),
    [
        ([0.5, 1.0], [2.9626, 1.9686]),
        ([0.2, 0.4, 0.6, 0.8, 1.0], [4.8769, 3.3569, 2.6803, 2.2898, 2.0310]),
    ],
)
def test_planned_looks_have_the_limits_of_lan_and_demets(looks, limits):
    """R> ldbounds::ldBounds(t = looks, iuse = c(1, 1), alpha = c(0.025, 0.025))$upper.bounds   # ldbounds 2.0"""
    assert spending_limits(looks, 0.95) == pytest.approx(limits, abs=2e-4)


def test_one_planned_look_is_the_ordinary_test():
    assert spending_limits([1.0], 0.95) == pytest.approx([stats.norm.isf(0.025)], abs=1e-9)


@pytest.mark.parametrize("z", [0.3, 1.9686, 2.5, 4.0])
def test_the_p_value_at_a_planned_look_agrees_with_its_limit(z):
    p = spending_p(z, [0.5, 1.0])
    assert spending_limits([0.5, 1.0], 1 - p)[-1] == pytest.approx(z, abs=1e-4)


def test_the_always_valid_p_value_agrees_with_its_limit():
    n = np.array([500.0, 10_000.0, 80_000.0])
    np.testing.assert_allclose(always_valid_p(always_valid_limit(n, 0.95), n, 0.95), 0.05)


def test_the_always_valid_limit_is_tightest_near_the_customers_it_is_tuned_for():
    n = 20_000.0
    tuned = [always_valid_limit(np.array([n]), 0.95, tuned_for=size)[0] for size in (2_000, n, 200_000)]
    assert tuned[1] == min(tuned)


@pytest.mark.parametrize("looks", ["continuous", [0.5], [0.25, 0.5]])
def test_limits_that_hold_over_looks_are_wider_and_agree_with_their_p_value(shoppers, looks):
    campaign = Campaign(pd.concat([shoppers] * 5), arm="arm", control="none")
    once, often = campaign.evaluate([Mean("spend")], multiple="none"), campaign.evaluate([Mean("spend")], looks=looks)
    assert (often.table["ci_low"] < once.table["ci_low"]).all()
    assert often.table["p_value"].tolist() == once.table["p_value"].tolist()
    outside = (often.table["ci_low"] > 0) | (often.table["ci_high"] < 0)
    assert (outside == (often.table["p_adjusted"] < 0.05)).all()


def watched(times: int, looks: int, rng: np.random.Generator) -> tuple[float, float]:
    """Share of campaigns without effect that a band and an ordinary interval call different at any look."""
    size = 400
    alarms = np.zeros(2)
    for _ in range(times):
        draws = rng.exponential(size=(looks, 2, size))
        n = size * np.arange(1, looks + 1)
        means = draws.sum(axis=2).cumsum(axis=0) / n[:, None]
        squares = (draws**2).sum(axis=2).cumsum(axis=0) / n[:, None] - means**2
        z = np.abs(means[:, 1] - means[:, 0]) / np.sqrt((squares / n[:, None]).sum(axis=1))
        alarms += (z > always_valid_limit(2.0 * n, 0.95)).any(), (z > 1.96).any()
    return tuple(alarms / times)


def test_fourteen_looks_stay_below_five_in_a_hundred():
    band, ordinary = watched(1000, 14, np.random.default_rng(0))
    assert band < 0.05
    assert ordinary > 0.15


@pytest.mark.slow
def test_fourteen_looks_stay_below_five_in_a_hundred_in_many_campaigns():
    band, _ = watched(20_000, 14, np.random.default_rng(1))
    assert band < 0.05


def test_planned_looks_keep_the_level_together():
    looks = np.array([0.25, 0.5, 0.75, 1.0])
    rng = np.random.default_rng(0)
    paths = rng.normal(size=(200_000, 4)).cumsum(axis=1) / np.sqrt(np.arange(1, 5))
    crossed = (np.abs(paths) > spending_limits(looks.tolist(), 0.95)).any(axis=1).mean()
    assert crossed == pytest.approx(0.05, abs=0.002)


@pytest.mark.parametrize("looks", ["daily", [], [0.5, 0.4], [0.0, 1.0], [0.5, 1.5]])
def test_looks_that_make_no_plan_are_refused(looks):
    frame = pd.DataFrame({"arm": ["c", "t"] * 5, "spend": range(10)})
    with pytest.raises(InputError, match="'looks' must be 'continuous' or growing shares"):
        Campaign(frame, arm="arm", control="c").evaluate([Mean("spend")], looks=looks)
