"""Decisions: probabilities and losses against their closed forms."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from loyalty_kit.campaigns.campaign import Campaign
from loyalty_kit.campaigns.decisions import decide
from loyalty_kit.campaigns.metrics import Mean, Profit
from loyalty_kit.errors import InputError


def test_one_arm_has_the_closed_form():
    """P(d > 0) = Φ(d/s); E max(0, d) = d Φ(d/s) + s φ(d/s)."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"arm": np.repeat(["c", "t"], 400), "spend": rng.gamma(2, 5, 800)})
    effects = Campaign(frame, arm="arm", control="c").evaluate([Profit("spend", margin=0.4, cost=0.05)])
    found = decide(effects, metric="profit(spend)")
    table = found.to_frame().set_index("decision")
    d, s = effects.table[["difference", "standard_error"]].iloc[0]
    worth = d * stats.norm.cdf(d / s) + s * stats.norm.pdf(d / s)
    assert table.loc["roll out", "probability_gain"] == pytest.approx(stats.norm.cdf(d / s), abs=0.005)
    assert table.loc["test more", "expected_gain"] == pytest.approx(worth, abs=0.01 * s)
    assert table.loc["stop", "expected_loss"] == pytest.approx(worth, abs=0.01 * s)
    assert table.loc["roll out", "expected_loss"] == pytest.approx(worth - d, abs=0.01 * s)
    assert found.best == ("roll out t" if d > 0 else "stop")


def test_several_arms_share_their_control(shoppers):
    effects = Campaign(shoppers, arm="arm", control="none").evaluate([Mean("spend")])
    table = decide(effects, metric="spend").to_frame()
    assert table["decision"].tolist() == ["roll out", "roll out", "stop", "test more"]
    assert table["probability_best"][:3].sum() == pytest.approx(1)
    best_arm_chance = effects.between.iloc[0]
    chance = stats.norm.cdf(
        best_arm_chance["difference"] / ((best_arm_chance["ci_high"] - best_arm_chance["difference"]) / 1.96)
    )
    gained = table["probability_best"][0] / table["probability_best"][:2].sum()
    assert gained == pytest.approx(chance, abs=0.03)


def test_the_same_seed_gives_the_same_decision(shoppers):
    effects = Campaign(shoppers, arm="arm", control="none").evaluate([Mean("spend")])
    first, second = (decide(effects, metric="spend", rng=3).to_frame() for _ in range(2))
    pd.testing.assert_frame_equal(first, second)


def test_a_metric_without_interval_is_not_weighed():
    frame = pd.DataFrame({"arm": ["c", "t"] * 10, "spend": 0.0})
    effects = Campaign(frame, arm="arm", control="c").evaluate([Mean("spend")])
    with pytest.raises(InputError, match="The metric 'spend' has no interval in some arm"):
        decide(effects, metric="spend")
