"""Effect among those reached: two-stage least squares by hand, and the truth of a simulation."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.sandbox.regression.gmm import IV2SLS

from loyalty_kit.campaigns.campaign import Campaign
from loyalty_kit.campaigns.design.metrics import Mean, Ratio
from loyalty_kit.core.errors import InputError


@pytest.fixture
def mail():
    """4,000 customers, half mailed, two in five of them open, opening is worth 3."""
    rng = np.random.default_rng(0)
    mailed, opens = rng.random(4000) < 0.5, rng.random(4000) < 0.4
    opened = (mailed & opens).astype(int)
    spend = rng.gamma(2, 5, 4000) + 4 * opens + 3 * opened
    return pd.DataFrame({"arm": np.where(mailed, "mail", "none"), "opened": opened, "spend": spend})


def test_the_effect_equals_two_stage_least_squares(mail):
    """statsmodels: IV2SLS(spend, [1, opened], [1, mailed]).fit().params; robust error by its formula."""
    ones, z = np.ones(len(mail)), (mail["arm"] == "mail").to_numpy(dtype=float)
    fit = IV2SLS(mail["spend"], np.c_[ones, mail["opened"]], np.c_[ones, z]).fit()
    found = Campaign(mail, arm="arm", control="none").complier("opened", [Mean("spend")]).to_frame().iloc[0]
    assert found["effect"] == pytest.approx(fit.params.iloc[1], rel=1e-9)
    left = (mail["spend"] - fit.fittedvalues).to_numpy()
    centred = z - z.mean()
    error = np.sqrt((left**2 * centred**2).sum()) / abs(centred @ mail["opened"])
    assert (found["ci_high"] - found["effect"]) / 1.959964 == pytest.approx(error, rel=2e-3)
    assert found["ci_low"] < 3 < found["ci_high"]


def test_opens_are_said_to_be_mismeasured(mail):
    assert (
        "Opens are mismeasured"
        in Campaign(mail, arm="arm", control="none").complier("opened", [Mean("spend")]).warnings[0]
    )


def test_an_arm_that_hardly_reaches_anybody_is_not_believed(mail):
    mail["opened"] = np.random.default_rng(1).integers(0, 2, len(mail))
    found = Campaign(mail, arm="arm", control="none").complier("opened", [Mean("spend")]).to_frame().iloc[0]
    assert found["warning"].startswith("The arm hardly changes who is reached")


def test_what_has_no_complier_effect_is_refused(mail):
    campaign = Campaign(mail, arm="arm", control="none")
    with pytest.raises(InputError, match="'spend/opened' has no complier effect"):
        campaign.complier("opened", [Ratio("spend", "opened")])
    with pytest.raises(InputError, match="'spend' must hold 0 and 1"):
        campaign.complier("spend", [Mean("opened")])
