"""Guardrails and margins by direction: kept, broken and not settled, in outcome units and relative to control."""

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from loyalty_kit.campaigns.campaign import Campaign
from loyalty_kit.campaigns.design.guardrails import Guardrail, guardrails_of
from loyalty_kit.campaigns.design.metrics import Mean, Profit, Rate
from loyalty_kit.campaigns.effects.margins import against_margin
from loyalty_kit.campaigns.planning.decisions import decide
from loyalty_kit.core.errors import InputError


def people(unsubscribed, n=10_000):
    """Arms c and t of n customers, of whom so many unsubscribed."""
    left = np.concatenate([np.arange(n) < k for k in unsubscribed]).astype(int)
    return Campaign(pd.DataFrame({"arm": np.repeat(["c", "t"], n), "left": left}), arm="arm", control="c")


@pytest.mark.parametrize(("left", "verdict"), [(100, "kept"), (160, "not settled"), (300, "broken")])
def test_more_unsubscribes_than_the_margin_allows_break_the_guardrail(left, verdict):
    """1.0 % in control; margin 0.5 points; one-sided Wald at 5 %: z = (0.005 − d) / s."""
    guardrail = Guardrail(Rate("left", better="lower"), margin=0.005)
    found = people((100, left)).evaluate([Rate("left")], guardrails=[guardrail]).guardrails
    row = found.to_frame().iloc[0]
    p0, p1 = 0.01, left / 10_000
    error = np.sqrt(p0 * (1 - p0) / 10_000 + p1 * (1 - p1) / 10_000)
    assert row["verdict"] == verdict
    assert row["p_value"] == pytest.approx(stats.norm.sf((0.005 - (p1 - p0)) / error), rel=1e-9)


def test_the_direction_turns_the_verdict():
    """2 points fewer buyers are harm where more is better, and none where fewer is."""
    campaign = people((1000, 800))
    verdicts = [
        campaign.evaluate([Rate("left")], guardrails=[Guardrail(Rate("left", better=better), 0.005)]).guardrails
        for better in ("higher", "lower")
    ]
    assert [found.to_frame()["verdict"].iloc[0] for found in verdicts] == ["broken", "kept"]
    assert verdicts[0].broken("t") == ["left"]


def test_a_drop_of_less_than_two_percent_of_control_is_kept():
    """Non-inferiority with a relative margin, as growthbook 5514 asks for: the limit is Fieller's, found as a root."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"arm": np.repeat(["c", "t"], 4000), "y": rng.gamma(9, 10, 8000)})
    effects = Campaign(frame, arm="arm", control="c").evaluate([Mean("y")])
    row = against_margin(effects, margin=0.02, metric="y", claim="noninferiority", relative=True).to_frame().iloc[0]
    (c, vc), (t, vt) = ((part.mean(), part.var(ddof=1) / 4000) for _, part in frame.groupby("arm")["y"])
    z = stats.t.isf(0.05, effects.table["df"].iloc[0])
    low = optimize.brentq(lambda r: (t - (1 + r) * c) - z * np.sqrt(vt + (1 + r) ** 2 * vc), -0.5, t / c - 1)
    assert row["ci_low"] == pytest.approx(low, abs=1e-9)
    assert row["difference"] == pytest.approx(t / c - 1)
    assert row["shown"] == (low > -0.02)
    expected = stats.t.sf((t - 0.98 * c) / np.sqrt(vt + 0.98**2 * vc), effects.table["df"].iloc[0])
    assert row["p_value"] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("margin", [0.005, 0.01, 0.02, 0.04, 0.08])
def test_a_relative_claim_is_shown_exactly_where_its_interval_lies_within_the_margin(margin, shoppers):
    campaign = Campaign(shoppers, arm="arm", control="none")
    for better in ("higher", "lower"):
        effects = campaign.evaluate([Mean("before", better=better)], multiple="none")
        table = against_margin(effects, margin=margin, metric="before", claim="noninferiority", relative=True).table
        inside = table["ci_high"] < margin if better == "lower" else table["ci_low"] > -margin
        assert table["shown"].tolist() == inside.tolist()


def test_a_margin_relative_to_a_control_of_zero_settles_nothing():
    guardrail = Guardrail(Mean("left", better="lower"), margin=0.1, relative=True)
    found = people((0, 50)).evaluate([Rate("left")], guardrails=[guardrail]).guardrails
    assert found.to_frame()["verdict"].tolist() == ["not settled"]


def test_the_verdict_errs_in_at_most_five_percent_at_the_margin():
    """Harm of exactly the margin, 2,000 draws: 'kept' in 5 %, 'broken' in 5 %; MC error 0.5 %."""
    rng, n = np.random.default_rng(5), 4000
    low, said = 0.05, []
    for _ in range(2000):
        k0, k1 = rng.binomial(n, low), rng.binomial(n, 0.06)
        d, s = (k1 - k0) / n, np.sqrt(k0 * (n - k0) + k1 * (n - k1)) / n**1.5
        said.append(((d - 0.01) / s < -stats.norm.isf(0.05), (d - 0.01) / s > stats.norm.isf(0.05)))
    assert (np.abs(np.mean(said, axis=0) - 0.05) < 0.015).all()
    found = people((200, 300), n=4000).evaluate([Rate("left")], guardrails=guardrails_of(["left: lower 1 points"]))
    d, s = 0.025, np.sqrt(200 * 3800 + 300 * 3700) / 4000**1.5
    assert found.guardrails.to_frame()["ci_low"].iloc[0] == pytest.approx(d - stats.norm.isf(0.05) * s)


def test_guardrails_are_named_in_words():
    found = guardrails_of(["left: lower 0.2 points", "calls: lower 0.1", "visits : higher 2 %"])
    assert [one.metric for one in found] == [
        Rate("left", better="lower"),
        Mean("calls", better="lower"),
        Mean("visits"),
    ]
    assert [(one.margin, one.relative) for one in found] == [(0.002, False), (0.1, False), (0.02, True)]
    with pytest.raises(InputError, match="'guardrails' must name a column, its better direction and the margin"):
        guardrails_of(["left 0.2"])


def test_what_is_no_guardrail_is_refused():
    with pytest.raises(InputError, match="'guardrails' must list guardrails"):
        people((1, 2)).evaluate([Rate("left")], guardrails=[Rate("left")])
    twice = [Guardrail(Rate("left"), margin=0.1), Guardrail(Rate("left"), margin=0.2)]
    with pytest.raises(InputError, match="'guardrails' names 'left' twice"):
        people((1, 2)).evaluate([Rate("left")], guardrails=twice)
    with pytest.raises(InputError, match="must be above 0; got 0"):
        Guardrail(Rate("left"), margin=0)
    with pytest.raises(InputError, match="'better' must be one of 'higher', 'lower'; got 'less'"):
        Rate("left", better="less")


def test_placebos_call_fewer_complaints_better(shoppers):
    campaign = Campaign(shoppers, arm="arm", control="none")
    up, down = (
        campaign.trust([Mean("spend", better=better)], placebos=200, rng=0).to_frame() for better in ("higher", "lower")
    )
    assert up["false_better"].tolist() == down["false_worse"].tolist()
    assert up["false_worse"].tolist() == down["false_better"].tolist()


def test_what_is_better_where_it_is_lower_is_no_gain_to_decide_on():
    effects = people((100, 120)).evaluate([Rate("left", better="lower"), Profit("left", margin=1.0)])
    with pytest.raises(InputError, match="'left' is better where it is lower"):
        decide(effects, metric="left")
    assert decide(effects, metric="profit(left)").metric == "profit(left)"
