"""Covariate adjustment equals interacted regression with HC2 errors, wherever the rows lie."""

import importlib.util

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from loyalty_kit.campaigns.campaign import Campaign
from loyalty_kit.campaigns.design.metrics import Mean, Ratio
from loyalty_kit.campaigns.effects import adjustment
from loyalty_kit.core.errors import InputError


def interacted(data: pd.DataFrame, outcome: str, covariates: list[str], control: str):
    """statsmodels: OLS(y ~ arms * centred covariates).fit(cov_type="HC2")."""
    centred = data[covariates] - data[covariates].mean()
    design = {"const": np.ones(len(data)), **centred}
    for arm in sorted(set(data["arm"]) - {control}):
        inside = (data["arm"] == arm).astype(float)
        design |= {f"arm {arm}": inside} | {f"{arm} x {name}": inside * centred[name] for name in covariates}
    return sm.OLS(data[outcome], pd.DataFrame(design)).fit(cov_type="HC2")


def adjusted(effects):
    return effects.table[effects.table["kind"] == "adjusted"].set_index("arm")


def test_estimate_and_error_equal_statsmodels(shoppers):
    fit = interacted(shoppers, "spend", ["before", "age"], "none")
    campaign = Campaign(shoppers, arm="arm", control="none", covariates=["before", "age"])
    found = adjusted(campaign.evaluate([Mean("spend")]))
    for arm in ("A", "B"):
        assert found.loc[arm, "difference"] == pytest.approx(fit.params[f"arm {arm}"], abs=1e-8)
        assert found.loc[arm, "standard_error"] == pytest.approx(fit.bse[f"arm {arm}"], abs=1e-8)


def test_hillstrom_estimate_and_error_equal_statsmodels(hillstrom):
    data = hillstrom.rename(columns={"segment": "arm"})
    fit = interacted(data, "spend", ["history", "recency"], "No E-Mail")
    campaign = Campaign(data, arm="arm", control="No E-Mail", covariates=["history", "recency"])
    found = adjusted(campaign.evaluate([Mean("spend")]))
    assert found.loc["Mens E-Mail", "difference"] == pytest.approx(fit.params["arm Mens E-Mail"], abs=1e-8)
    assert found.loc["Mens E-Mail", "standard_error"] == pytest.approx(fit.bse["arm Mens E-Mail"], abs=1e-8)


def test_segments_are_adjusted_within_themselves(shoppers):
    inside = shoppers[shoppers["channel"] == "门店"]
    fit = interacted(inside, "spend", ["before"], "none")
    effects = Campaign(shoppers, arm="arm", control="none", covariates=["before"]).evaluate(
        [Mean("spend")], by="channel"
    )
    cells = effects.table.query("kind == 'adjusted' and level == '门店' and arm == 'A'").iloc[0]
    assert cells["difference"] == pytest.approx(fit.params["arm A"], abs=1e-8)
    assert cells["standard_error"] == pytest.approx(fit.bse["arm A"], abs=1e-8)


def test_the_estimate_is_within_a_hundredth_of_an_error_of_cuped(hillstrom):
    """CUPED: one slope for all arms, θ = cov(y, x) / var(x)."""
    data = hillstrom[hillstrom["segment"] != "Mens E-Mail"]
    slope = data["spend"].cov(data["history"]) / data["history"].var()
    means = (data["spend"] - slope * data["history"]).groupby(data["segment"]).mean()
    found = adjusted(
        Campaign(data, arm="segment", control="No E-Mail", covariates=["history"]).evaluate([Mean("spend")])
    ).iloc[0]
    gap = found["difference"] - (means["Womens E-Mail"] - means["No E-Mail"])
    assert abs(gap) < 0.01 * found["standard_error"]


@pytest.mark.skipif(importlib.util.find_spec("tea_tasting") is None, reason="tea-tasting is not installed")
def test_an_adjusted_ratio_is_close_to_tea_tasting(shoppers):
    """tea-tasting 1.14: RatioOfMeans("spend", "orders", "before"); one slope for both arms there."""
    tt = pytest.importorskip("tea_tasting")
    data = shoppers[shoppers["arm"] != "A"]
    metric = tt.RatioOfMeans("spend", "orders", "before")
    theirs = tt.Experiment(ratio=metric, variant="arm").analyze(data, control="none")["ratio"]
    campaign = Campaign(data, arm="arm", control="none", covariates=["before"])
    found = adjusted(campaign.evaluate([Ratio("spend", "orders")])).loc["B"]
    assert abs(found["difference"] - theirs.effect_size) < 0.2 * found["standard_error"]


def test_a_cube_alone_gives_the_same_estimate_and_nearly_the_same_error(shoppers):
    campaign = Campaign(shoppers, arm="arm", control="none", covariates=["before"])
    whole = adjusted(campaign.evaluate([Mean("spend")]))
    cube = campaign.cube([Mean("spend")])
    effects = Campaign.from_cube(cube, control="none", covariates=["before"]).evaluate([Mean("spend")])
    np.testing.assert_allclose(adjusted(effects)["difference"], whole["difference"], rtol=1e-12)
    np.testing.assert_allclose(adjusted(effects)["standard_error"], whole["standard_error"], rtol=0.02)
    assert effects.warnings[-1].endswith("since a cube holds no rows.")


def test_a_covariate_that_is_constant_in_a_segment_is_left_out_there(shoppers):
    shoppers["app"] = (shoppers["channel"] == "app").astype(int)
    campaign = Campaign(shoppers, arm="arm", control="none", covariates=["before", "app"])
    frame = campaign.evaluate([Mean("spend")], by="channel").to_frame()
    methods = frame[(frame["level"] == "app") & (frame["arm"] == "A")]["method"]
    assert methods.tolist() == ["adjusted for before (Lin, HC2)", "Welch"]


def test_a_covariate_measured_after_the_campaign_is_refused_by_name(shoppers):
    shoppers["sent"] = pd.Timestamp("2026-03-01")
    shoppers["seen"] = pd.Timestamp("2026-02-01")
    shoppers.loc[:2, "seen"] = pd.Timestamp("2026-03-05")
    with pytest.raises(InputError, match="The covariate 'before' was measured after the campaign for 3 customers"):
        Campaign(shoppers, arm="arm", control="none", covariates=["before"], sent="sent", measured={"before": "seen"})


def test_a_table_too_large_to_fetch_has_errors_by_moments_and_says_so(shoppers, monkeypatch):
    duckdb = pytest.importorskip("duckdb", reason="DuckDB is not installed")
    monkeypatch.setattr(adjustment, "IN_MEMORY", 0)
    given = {"arm": "arm", "control": "none", "covariates": ["before", "age"]}
    effects = Campaign(duckdb.from_df(shoppers), **given).evaluate([Mean("spend")])
    expected = adjusted(Campaign(shoppers, **given).evaluate([Mean("spend")]))
    np.testing.assert_allclose(adjusted(effects)["difference"], expected["difference"], rtol=1e-12)
    np.testing.assert_allclose(adjusted(effects)["standard_error"], expected["standard_error"], rtol=0.05)
    assert effects.warnings[-1].endswith("and not from HC2, since the table is too large to fetch.")
