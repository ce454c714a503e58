"""The jump at a tier's threshold: told where nobody hurries to reach it, and refused where they do."""

import numpy as np
import pandas as pd
import pytest

import loyalty_kit as lk

NAMES = {"score": "points", "threshold": 1000, "outcome": "spend"}


def members(rng, n=5000, *, push=0.0, jump=0.0):
    """Spend grows with what members are like; some near the threshold, mostly the eager, pull purchases forward."""
    own = rng.gamma(2, 1, n)
    points = own * 300 + rng.normal(0, 150, n)
    near = (points > 700) & (points < 1000) & (rng.random(n) < push * own / own.mean())
    points = np.where(near, 1000 + rng.exponential(30, n), points)
    return pd.DataFrame({"points": points, "spend": 50 * own + jump * (points >= 1000) + rng.normal(0, 40, n)})


def test_a_jump_is_found():
    found = lk.tier_jump(members(np.random.default_rng(0), jump=30.0), **NAMES)
    assert found.verdict == "gain" and found.ci_low < 30 < found.ci_high
    assert found.n_below > 100 and found.n_above > 100 and found.density_p_value > 0.05


def test_where_members_crowd_above_the_threshold_no_jump_is_told():
    found = lk.tier_jump(members(np.random.default_rng(0), push=0.2), **NAMES)
    assert found.verdict == "bunched" and np.isnan(found.estimate) and found.density_ratio > 1.5
    assert found.estimates() == ()


def test_a_given_bandwidth_is_taken():
    found = lk.tier_jump(members(np.random.default_rng(0)), **NAMES, bandwidth=150)
    assert found.bandwidth == found.bias_bandwidth == 150


def test_wrong_input_is_refused():
    table = members(np.random.default_rng(0), 400)
    with pytest.raises(lk.InputError, match="The threshold 9000 lies outside the scores of 'points'"):
        lk.tier_jump(table, **NAMES | {"threshold": 9000})
    with pytest.raises(lk.TooLittleError, match="there are .* members; a jump needs 50 with 10 different"):
        lk.tier_jump(table.head(80), **NAMES)
    with pytest.raises(lk.InputError, match="Column 'spend' holds text"):
        lk.tier_jump(table.assign(spend="much"), **NAMES)
    gaps = table.assign(spend=table["spend"].where(table.index > 3))
    assert lk.tier_jump(gaps, **NAMES | {"threshold": 600}).n_dropped == 4


@pytest.mark.slow
@pytest.mark.parametrize("push", [0.0, 0.2])
def test_false_jumps_are_rare_with_and_without_bunching(push):
    """500 tables of 5,000 members whose tier has no effect: a jump is told in 6 % at most (error 1 %)."""
    rng = np.random.default_rng(7)
    verdicts = [lk.tier_jump(members(rng, push=push), **NAMES).verdict for _ in range(500)]
    shares = pd.Series(verdicts).value_counts(normalize=True)
    print(push, shares.to_dict())
    assert shares.reindex(["gain", "loss"]).fillna(0).sum() <= 0.06 + 3 * np.sqrt(0.06 * 0.94 / 500)
    assert push == 0 or shares["bunched"] > 0.95
