"""The next test, planned from the spread of this one."""

import numpy as np
import pandas as pd
import pytest

from loyalty_kit.campaigns.campaign import Campaign
from loyalty_kit.campaigns.design.metrics import Mean, Rate
from loyalty_kit.campaigns.planning.next_test import plan_next
from loyalty_kit.campaigns.planning.power import plan_campaign

PLANNED = {"none": 0.2, "A": 0.4, "B": 0.4}


@pytest.fixture
def effects(shoppers):
    return Campaign(shoppers, arm="arm", control="none", planned=PLANNED).evaluate([Mean("spend")])


def test_the_same_test_again_is_planned_with_controls_spread(effects, shoppers):
    control = shoppers.loc[shoppers["arm"] == "none", "spend"]
    again = plan_next(effects, metric="spend", planned=PLANNED).to_frame().iloc[0]
    plan = plan_campaign(control.mean(), n=900, sd=control.std(), allocation=PLANNED)
    assert again["mde"] == pytest.approx(plan.mde, rel=1e-9)


def test_equal_arms_find_less_and_half_the_effect_takes_more(effects):
    table = plan_next(effects, metric="spend", planned=PLANNED).to_frame().set_index("design")
    assert table.loc["equal arms", "mde"] < table.loc["again", "mde"]
    assert table.loc["half the effect", "mde"] == pytest.approx(table.loc["again", "mde"] / 2)
    assert table.loc["half the effect", "n"] > 900


def test_a_covariate_that_explains_spend_makes_the_next_test_smaller(shoppers):
    plain = Campaign(shoppers, arm="arm", control="none").evaluate([Mean("spend")])
    told = shoppers.assign(told=shoppers["spend"] + shoppers["age"] / 10)
    adjusted = Campaign(told, arm="arm", control="none", covariates=["told"])
    found = [
        plan_next(effects, metric="spend", planned=PLANNED).table["mde"].iloc[0]
        for effects in (adjusted.evaluate([Mean("spend")]), plain)
    ]
    assert found[0] < found[1]


def test_the_treated_lend_their_spread_where_nobody_in_control_buys():
    spend = np.r_[np.zeros(50), np.random.default_rng(0).gamma(1, 5, 50)]
    frame = pd.DataFrame({"arm": ["c"] * 50 + ["t"] * 50, "spend": spend})
    effects = Campaign(frame, arm="arm", control="c").evaluate([Mean("spend")])
    plan = plan_next(effects, metric="spend", planned={"c": 0.5, "t": 0.5})
    assert plan.table["mde"].iloc[0] > 0
    assert np.isnan(plan.table["lift"].iloc[0])


def test_an_outcome_that_does_not_vary_plans_nothing():
    frame = pd.DataFrame({"arm": ["c", "t"] * 10, "bought": 0})
    effects = Campaign(frame, arm="arm", control="c").evaluate([Rate("bought")])
    plan = plan_next(effects, metric="bought", planned={"c": 0.5, "t": 0.5})
    assert plan.to_frame().empty
    assert plan.warnings == ("The outcome does not vary; no next test can be planned from it.",)
