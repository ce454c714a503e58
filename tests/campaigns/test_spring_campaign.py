"""The simulated campaign: the file is what its script makes, and the analysis finds what was put in."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import spring_campaign

from loyalty_kit.campaigns.campaign import Campaign
from loyalty_kit.campaigns.design.metrics import Mean, Rate

FOLDER = Path(__file__).parents[2] / "data/spring_campaign"


@pytest.fixture(scope="module")
def spring():
    return pd.read_parquet(FOLDER / "members.parquet")


def test_the_file_is_what_the_script_makes(spring):
    frame, truth = spring_campaign.campaign(np.random.default_rng(spring_campaign.SEED))
    pd.testing.assert_frame_equal(frame, spring, check_dtype=False)
    assert truth == json.loads((FOLDER / "truth.json").read_text("utf-8"))


def test_the_truth_lies_in_the_intervals_and_the_null_arm_is_not_called(spring):
    truth = json.loads((FOLDER / "truth.json").read_text("utf-8"))
    campaign = Campaign(spring, customer="member", arm="arm", control="holdout", covariates=["pre_spend"])
    frame = campaign.evaluate([Rate("bought"), Mean("spend")]).to_frame()
    for _, found in frame.iterrows():
        assert found["ci_low"] <= truth[found["arm"]][found["metric"]] <= found["ci_high"]
    points, coupon = (
        frame.query("metric == 'bought' and arm == @arm")["p_adjusted"].iloc[0] for arm in ("points", "coupon")
    )
    assert points < 0.01
    assert coupon > 0.05


def test_the_assignment_is_sound(spring):
    campaign = Campaign(
        spring,
        customer="member",
        arm="arm",
        control="holdout",
        planned=spring_campaign.SHARES,
        covariates=["pre_spend"],
    )
    assert (campaign.check([Rate("bought")]).to_frame()["outcome"] == "passed").all()


@pytest.mark.slow
def test_the_estimates_centre_on_the_truth_over_many_campaigns():
    missed = []
    for seed in range(200):
        frame, truth = spring_campaign.campaign(np.random.default_rng(seed))
        effects = Campaign(frame, arm="arm", control="holdout").evaluate([Rate("bought")]).to_frame()
        found = effects.set_index("arm")["difference"]
        missed.append({arm: found[arm] - truth[arm]["bought"] for arm in ("points", "coupon")})
    table = pd.DataFrame(missed)
    assert (table.mean().abs() < 3 * table.sem()).all()
