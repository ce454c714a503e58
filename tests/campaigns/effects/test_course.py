"""The course over time: cumulative estimates, with a band that is wider than one look's interval."""

import pytest

from loyalty_kit.campaigns.campaign import Campaign
from loyalty_kit.campaigns.design.metrics import Mean, Rate
from loyalty_kit.core.errors import InputError


def test_each_period_holds_the_customers_so_far(shoppers):
    course = Campaign(shoppers, arm="arm", control="none", period="week").course([Mean("spend"), Rate("bought")])
    frame = course.to_frame().query("metric == 'spend' and arm == 'A'")
    assert frame["period"].tolist() == [1, 2, 3, 4]
    so_far = shoppers[shoppers["week"] <= 2].groupby("arm")["spend"].mean()
    assert frame["difference"].iloc[1] == pytest.approx(so_far["A"] - so_far["none"])
    assert frame["n"].iloc[-1] == (shoppers["arm"] != "B").sum()


def test_the_band_is_wider_than_the_interval_of_one_look(shoppers):
    campaign = Campaign(shoppers, arm="arm", control="none", period="week")
    last = campaign.course([Mean("spend")]).to_frame().query("arm == 'B'").iloc[-1]
    once = campaign.evaluate([Mean("spend")]).to_frame().query("arm == 'B'").iloc[0]
    assert last["ci_low"] < once["ci_low"] < once["ci_high"] < last["ci_high"]


def test_a_period_before_every_arm_has_customers_is_left_out(shoppers):
    shoppers.loc[shoppers["arm"] == "B", "week"] = shoppers["week"].clip(lower=2)
    course = Campaign(shoppers, arm="arm", control="none", period="week").course([Mean("spend")])
    assert course.warnings == ("Too few customers up to 1; these periods are left out.",)
    assert course.to_frame()["period"].min() == 2


def test_a_course_needs_a_period(shoppers):
    with pytest.raises(InputError, match="The course needs 'period'"):
        Campaign(shoppers, arm="arm", control="none").course([Mean("spend")])
