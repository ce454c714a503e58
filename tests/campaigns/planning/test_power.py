"""Planning: equality with statsmodels and tea-tasting, and what must hold for any plan."""

import importlib.util

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.power import TTestIndPower, normal_power_het

from loyalty_kit.campaigns.factorial.joint import joint_limit
from loyalty_kit.campaigns.planning.power import plan_campaign, t_power
from loyalty_kit.core.errors import InputError

tea = pytest.mark.skipif(importlib.util.find_spec("tea_tasting") is None, reason="tea-tasting is not installed")


def test_a_rate_has_the_power_of_statsmodels():
    """statsmodels: normal_power_het(0.01, n_control, 0.05, std_null, std_alternative)."""
    plan = plan_campaign(0.1, mde=0.01, allocation={"holdout": 0.1, "A": 0.9})
    spread = np.sqrt(0.1 * 0.9 + 0.11 * 0.89 / 9)
    expected = normal_power_het(0.01, plan.n_total * 0.1, 0.05, std_null=spread, std_alternative=spread)
    assert plan.table["power"].iloc[0] == pytest.approx(expected, abs=1e-9)
    assert 0.8 <= expected < 0.8001


def test_a_mean_has_the_power_of_statsmodels():
    """statsmodels: TTestIndPower().power(0.5, 64, 0.05); equal arms have the pooled test's degrees of freedom."""
    assert t_power(np.ones(2), np.full(2, 64.0), 0.5, 0.05) == pytest.approx(
        TTestIndPower().power(0.5, 64, 0.05), rel=1e-9
    )


@tea
@pytest.mark.parametrize("ratio", [1, 9])
def test_the_smallest_effect_equals_tea_tasting(ratio):
    """tea-tasting 1.14: Mean("y", n_obs=5000, ratio=…).solve_power(data, "effect_size")."""
    tt = pytest.importorskip("tea_tasting")
    data = pd.DataFrame({"y": np.random.default_rng(0).exponential(3, 5000)})
    theirs = next(iter(tt.Mean("y", n_obs=5000, ratio=ratio, power=0.8, alpha=0.05).solve_power(data, "effect_size")))
    shares = {"holdout": 1 / (1 + ratio), "A": ratio / (1 + ratio)}
    plan = plan_campaign(data["y"].mean(), n=5000, sd=data["y"].std(), allocation=shares)
    assert plan.mde == pytest.approx(theirs.effect_size, rel=1e-8)


@tea
def test_the_size_equals_tea_tasting():
    """tea-tasting 1.14: Mean("y", effect_size=0.1).solve_power(data, "n_obs")."""
    tt = pytest.importorskip("tea_tasting")
    data = pd.DataFrame({"y": np.random.default_rng(0).exponential(3, 5000)})
    theirs = next(iter(tt.Mean("y", effect_size=0.1, ratio=1, power=0.8, alpha=0.05).solve_power(data, "n_obs")))
    assert plan_campaign(data["y"].mean(), mde=0.1, sd=data["y"].std()).n_total == theirs.n_obs


@given(baseline=st.floats(0.02, 0.4), mde=st.floats(0.005, 0.1), control=st.floats(0.05, 0.9))
@settings(max_examples=15)
def test_the_size_for_an_effect_finds_that_effect(baseline, mde, control):
    shares = {"holdout": control, "A": 1 - control}
    size = plan_campaign(baseline, mde=mde, allocation=shares).n_total
    assert plan_campaign(baseline, n=size, allocation=shares).mde == pytest.approx(mde, rel=0.02)


def test_covariates_and_clusters_change_the_size_by_their_factor():
    plain = plan_campaign(20.0, mde=0.5, sd=30.0).n_total
    assert plan_campaign(20.0, mde=0.5, sd=30.0, correlation=0.6).n_total == pytest.approx(0.64 * plain, rel=1e-3)
    assert plan_campaign(20.0, mde=0.5, sd=30.0, cluster_size=5, icc=0.1).n_total == pytest.approx(
        1.4 * plain, rel=1e-3
    )


def test_zero_inflation_gives_the_spread_of_the_mixture():
    rng = np.random.default_rng(0)
    spend = np.where(rng.random(400_000) < 0.1, rng.normal(50, 20, 400_000), 0.0)
    assert plan_campaign(5.0, n=1000, buyers=0.1, buyer_sd=20.0).sd == pytest.approx(spend.std(), rel=0.01)


def test_several_arms_need_more_customers_each():
    two = plan_campaign(0.1, mde=0.01, allocation={"none": 0.5, "A": 0.5}).table["n_treatment"].iloc[0]
    three = plan_campaign(0.1, mde=0.01, allocation={"none": 0.4, "A": 0.3, "B": 0.3})
    assert three.table["n_treatment"].iloc[0] > two
    assert three.method == "unpooled Wald, max-t"


def test_the_holdout_costs_the_margin_that_it_forgoes():
    plan = plan_campaign(1.0, mde=0.2, sd=10.0, margin=0.4, contact_cost=0.02)
    assert plan.holdout_cost == pytest.approx(plan.table["n_control"].iloc[0] * (0.2 * 0.4 - 0.02))


def test_the_curve_passes_through_the_plan():
    plan = plan_campaign(0.1, mde=0.01)
    middle = plan.curve.iloc[12]
    assert (middle["n"], round(middle["mde"], 6), round(middle["power"], 3)) == (plan.n_total, 0.01, 0.8)
    assert plan.curve["power"].is_monotonic_increasing


def test_few_buyers_in_the_smallest_arm_are_warned_of():
    assert (
        "about 10 buyers"
        in plan_campaign(1.0, n=10_000, buyers=0.01, buyer_sd=50.0, allocation={"c": 0.1, "t": 0.9}).warnings[0]
    )


@pytest.mark.parametrize(
    ("given_", "sentence"),
    [
        ({"baseline": 0.1}, "Give either 'mde'"),
        ({"baseline": 0.1, "mde": 0.01, "n": 10}, "Give either 'mde'"),
        ({"baseline": 3.0, "mde": 0.01}, "'baseline' must be a rate between 0 and 1"),
        ({"baseline": 0.1, "mde": 0.95}, "'mde' must be an effect other than 0"),
        ({"baseline": 0.1, "mde": 0.01, "buyers": 0.1}, "The spread is given by 'sd'"),
        ({"baseline": 0.1, "mde": 0.01, "allocation": {"a": 0.5, "b": 0.6}}, "'allocation' must hold two or more"),
        ({"baseline": 1.0, "n": -5, "sd": 1.0}, "'n' must be above 0; got -5."),
        ({"baseline": 1.0, "n": 50, "sd": 1.0, "icc": 2.0}, "'icc' lies between 0 and 1"),
        ({"baseline": 1.0, "n": 50, "sd": 1.0, "power": 1.0}, "'power' must be a number between 0 and 1"),
    ],
)
def test_an_impossible_plan_is_refused(given_, sentence):
    with pytest.raises(InputError) as error:
        plan_campaign(**given_)
    assert sentence in str(error.value)


def test_a_factorial_plan_finds_each_main_effect_as_two_arms_of_its_levels_would():
    """2 × 3 combinations: three comparisons of a factor's levels each hold a third or a half of the customers."""
    plan = plan_campaign(10.0, sd=30.0, n=6000, factors={"subject": 2, "offer": ["none", "5", "10"]})
    table = plan.table
    assert table["arm"].map(str).tolist() == ["subject", "offer", "subject × offer (interaction)"]
    assert table[["n_control", "n_treatment"]].to_numpy().tolist() == [[3000, 3000], [2000, 2000], [2000, 2000]]
    limit = stats.norm.ppf(0.8) + joint_limit(_correlation(), 0.95)
    # Σ c² over combinations of 1000: 1/3·2 for subject, 1/2·2 for offer, 4 for the interaction.
    expected = [limit * 30 * np.sqrt(part / 1000) for part in (2 / 3, 1.0, 4.0)]
    assert table["mde"].to_numpy(dtype=float) == pytest.approx(expected, rel=2e-3)


def _correlation() -> np.ndarray:
    """Of the five contrasts, worked by hand: levels of one factor share control's, interactions their own."""
    found = np.eye(5)
    found[1, 2] = found[2, 1] = found[3, 4] = found[4, 3] = 0.5
    return found


def test_a_factorial_plan_says_what_an_interaction_of_the_same_size_takes():
    plan = plan_campaign(0.1, mde=0.01, factors={"subject": 2, "offer": 2})
    assert plan.table["power"].iloc[0] == pytest.approx(0.8, abs=1e-4)
    assert plan.table["power"].iloc[2] < 0.3
    need = int(str(plan.warnings[0]).split(" takes ")[1].split()[0])
    assert need / plan.n_total == pytest.approx(4.0, abs=0.01)
    with pytest.raises(InputError, match="two or more factors with their numbers of levels"):
        plan_campaign(0.1, mde=0.01, factors={"subject": 2})
    with pytest.raises(InputError, match="either 'allocation' or 'factors'"):
        plan_campaign(0.1, mde=0.01, factors={"a": 2, "b": 2}, allocation={"x": 0.5, "y": 0.5})
