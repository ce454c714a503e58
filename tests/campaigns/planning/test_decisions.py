"""Decisions: probabilities and losses against their closed forms."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from skewed_spend import skewed

from loyalty_kit.campaigns.campaign import Campaign
from loyalty_kit.campaigns.design.metrics import Mean, Profit
from loyalty_kit.campaigns.planning.decisions import decide, gain_density
from loyalty_kit.core.errors import InputError


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
    assert (found.now["decision"], found.now["arm"]) == (("roll out", "t") if d > 0 else ("stop", None))


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


def test_where_nobody_buys_there_is_nothing_to_weigh():
    frame = pd.DataFrame({"arm": ["c", "t"] * 10, "spend": 0.0})
    effects = Campaign(frame, arm="arm", control="c").evaluate([Profit("spend", margin=0.4, cost=0.05)])
    found = decide(effects, metric="profit(spend)")
    assert found.now["decision"] == "stop"
    assert found.to_frame()["expected_gain"].tolist() == pytest.approx([-0.05, 0.0, 0.0])
    assert found.warnings == ("The outcome does not vary in control and in 't': there is nothing to weigh there.",)
    assert gain_density(effects, metric="profit(spend)", grid=np.linspace(-1, 1, 5)).empty


def test_a_permutation_result_decides_as_its_p_value_says():
    """P(gain) is one less the one-sided p; the density is that of the draws."""
    data = skewed(9, 9, np.random.default_rng(2))
    campaign, metrics = Campaign(data, arm="arm", control="c"), [Mean("spend")]
    effects = campaign.evaluate(metrics, trust=campaign.trust(metrics, rng=0))
    (test,) = effects.permutations.values()
    found = decide(effects, metric="spend")
    assert found.to_frame()["probability_gain"].iloc[0] == pytest.approx(1 - test.above(0.0), abs=0.005)
    assert found.method.endswith("permutation where it stands")
    grid = np.linspace(-3, 3, 601)
    density = gain_density(effects, metric="spend", grid=grid)["t"]
    assert density[grid > 0].sum() / density.sum() == pytest.approx(1 - test.above(0.0), abs=0.02)


def test_arms_that_no_method_can_judge_are_named():
    frame = pd.DataFrame({"arm": ["c"] * 50 + ["t"] * 450, "spend": 0.0})
    frame.loc[[60, 70, 80, 90], "spend"] = 30.0
    campaign, metrics = Campaign(frame, arm="arm", control="c"), [Mean("spend")]
    effects = campaign.evaluate(metrics, trust=campaign.trust(metrics, placebos=100))
    told = "Too few customers bought for the probabilities of 't' to be believed."
    assert decide(effects, metric="spend").warnings == (told,)


def test_gains_and_losses_add_up_to_what_knowing_the_truth_is_worth():
    """Gain and loss of every choice sum to one figure, that of a test that shows the truth."""
    data = skewed(9, 9, np.random.default_rng(2))
    campaign, metrics = Campaign(data, arm="arm", control="c"), [Mean("spend")]
    effects = campaign.evaluate(metrics, trust=campaign.trust(metrics, rng=0))
    found = decide(effects, metric="spend")
    table = found.to_frame().set_index("decision")
    assert table.loc["roll out", "expected_gain"] == effects.table["difference"].iloc[0]
    worth = table["expected_gain"] + table["expected_loss"]
    np.testing.assert_allclose(worth, worth.iloc[-1], rtol=1e-12)
    assert (table["expected_loss"] >= 0).all()


@pytest.mark.parametrize("d", [1.5, 1.6, 1.645, 1.7, 1.8])
def test_no_seed_turns_the_advice_about_a_borderline(d):
    """P(gain) = Φ(d), from 0.933 to 0.964 about the 0.95 that is asked for."""
    values = np.array([-1.0, 1.0] * 50) * np.sqrt(99 / 100 * 50)
    frame = pd.DataFrame({"arm": np.repeat(["c", "t"], 100), "spend": np.r_[values, values + d]})
    effects = Campaign(frame, arm="arm", control="c").evaluate([Mean("spend")])
    assert effects.table["standard_error"].iloc[0] == pytest.approx(1.0)
    advice = {decide(effects, metric="spend", rng=seed).arms["advice"].iloc[0] for seed in range(5)}
    assert advice == {"borderline"}


def test_totals_are_the_effect_times_the_members_and_returns_have_the_limits_of_fieller():
    """Added profit over a fixed cost of contact c: limits are (d ± z s) / c − 1 of margin × spend."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"arm": np.repeat(["c", "t"], 400), "spend": rng.gamma(2, 5, 800)})
    metric = Profit("spend", margin=0.4, cost=0.05)
    effects = Campaign(frame, arm="arm", control="c").evaluate([metric])
    found = decide(effects, metric="profit(spend)", members=400_000, currency="€").totals.iloc[0]
    row = effects.table.iloc[0]
    expected = 400_000 * row[["difference", "ci_low", "ci_high"]].to_numpy(dtype=float)
    np.testing.assert_allclose(found[["total", "ci_low", "ci_high"]].astype(float), expected)
    treated, control = (0.4 * frame.loc[frame["arm"] == arm, "spend"] for arm in ("t", "c"))
    moved, error = treated.mean() - control.mean(), np.sqrt(treated.var() / 400 + control.var() / 400)
    limits = np.array([moved, moved - 1.959964 * error, moved + 1.959964 * error]) / 0.05 - 1
    np.testing.assert_allclose(found[["roi", "roi_low", "roi_high"]].astype(float), limits, rtol=1e-6)
    assert decide(effects, metric="profit(spend)").totals.empty
    with pytest.raises(InputError, match="'members' must be a whole number of at least 1"):
        decide(effects, metric="profit(spend)", members=0)
