"""Customers without a covariate stay in: its mean over all arms and an indicator stand in, from whatever store."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from loyalty_kit.campaigns.campaign import Campaign
from loyalty_kit.campaigns.design.cube import Cube
from loyalty_kit.campaigns.design.metrics import Mean, Profit, Rate, Ratio

RELATED = ["to nothing", "to the covariate", "to the arm"]
GIVEN = {"arm": "arm", "control": "none", "covariates": ["before", "age"]}
METRICS = [Mean("spend"), Rate("bought"), Ratio("spend", "orders"), Profit("spend", margin=0.4, cost="cost")]


@pytest.fixture
def newcomers(shoppers):
    """Two in five have no spend before; those of arm B less often."""
    rng = np.random.default_rng(7)
    lost = rng.random(len(shoppers)) < np.where(shoppers["arm"] == "B", 0.3, 0.45)
    return shoppers.assign(before=shoppers["before"].where(~lost))


def first(effects, metric="spend"):
    rows = effects.overall
    return rows[rows["metric"] == metric].set_index("arm")


def same(found, expected):
    pd.testing.assert_frame_equal(found.to_frame(), expected.to_frame(), check_dtype=False, rtol=1e-9, atol=1e-12)


def interacted(data: pd.DataFrame, covariates: list[str]):
    """statsmodels: OLS(spend ~ arms * centred covariates).fit(cov_type="HC2")."""
    centred = data[covariates] - data[covariates].mean()
    design = {"const": np.ones(len(data)), **centred}
    for arm in ("A", "B"):
        inside = (data["arm"] == arm).astype(float)
        design |= {f"arm {arm}": inside} | {f"{arm} x {name}": inside * centred[name] for name in covariates}
    return sm.OLS(data["spend"], pd.DataFrame(design)).fit(cov_type="HC2")


@pytest.mark.parametrize("constant", ["the mean", 0.0, 1000.0])
def test_estimate_and_error_are_those_of_the_regression_with_an_indicator(newcomers, constant):
    """Zhao & Ding (2022): which constant stands in changes nothing beside the indicator."""
    value = newcomers["before"].mean() if constant == "the mean" else constant
    lost = newcomers["before"].isna().astype(float)
    fit = interacted(newcomers.assign(before=newcomers["before"].fillna(value), lost=lost), ["before", "age", "lost"])
    found = first(Campaign(newcomers, **GIVEN).evaluate([Mean("spend")]))
    for arm in ("A", "B"):
        assert found.loc[arm, "difference"] == pytest.approx(fit.params[f"arm {arm}"], abs=1e-8)
        assert found.loc[arm, "standard_error"] == pytest.approx(fit.bse[f"arm {arm}"], abs=1e-8)


def test_newcomers_are_a_stratum_of_their_own_beside_those_whose_spend_before_is_known(newcomers):
    """Statsig, Stratification in CUPED: estimated in each stratum, added up in its share of all customers.

    Where spend before is known the effect is that of Lin's regression in this stratum alone, among newcomers the
    difference of the means.
    """
    known = newcomers["before"].notna()
    found = first(Campaign(newcomers, arm="arm", control="none", covariates=["before"]).evaluate([Mean("spend")]))
    within = first(
        Campaign(newcomers[known], arm="arm", control="none", covariates=["before"]).evaluate([Mean("spend")])
    )
    means = newcomers[~known].groupby("arm")["spend"].mean()
    for arm in ("A", "B"):
        expected = known.mean() * within.loc[arm, "difference"] + (~known).mean() * (means[arm] - means["none"])
        assert found.loc[arm, "difference"] == pytest.approx(expected, abs=1e-9)


def test_every_assigned_customer_is_counted_and_the_result_says_what_stands_in(newcomers):
    effects = Campaign(newcomers, **GIVEN).evaluate(METRICS, by="channel")
    assert (effects.n_used, effects.n_dropped) == (900, 0)
    assert set(effects.overall["n"]) == {540}
    assert effects.table.groupby(["metric", "arm", "kind", "by"])["n"].sum().eq(540).all()
    (said,) = effects.warnings
    assert said.startswith("Some customers lack 'before': the mean over all arms and an indicator stand in")
    assert first(effects)["method"].unique().tolist() == ["adjusted for before, age (Lin, HC2), max-t"]


@pytest.mark.parametrize("engine", ["polars", "polars lazy", "duckdb"])
def test_every_engine_gives_the_same_effects(newcomers, engine, tmp_path):
    newcomers.to_parquet(path := tmp_path / "c.parquet", index=False)
    if engine == "duckdb":
        frame = pytest.importorskip("duckdb", reason="DuckDB is not installed").read_parquet(str(path))
    else:
        polars = pytest.importorskip("polars", reason="Polars is not installed")
        frame = polars.scan_parquet(path) if engine == "polars lazy" else polars.read_parquet(path)
    for options in ({}, {"cluster": "household"}):
        expected = Campaign(newcomers, **GIVEN, **options).evaluate(METRICS, by="channel")
        same(Campaign(frame, **GIVEN, **options).evaluate(METRICS, by="channel"), expected)


def test_cubes_of_days_on_which_others_are_missing_add_to_the_cube_of_all(newcomers, tmp_path):
    full = newcomers["before"].notna() & (newcomers.index % 2 == 0)
    days = [newcomers[full], newcomers[~full & (newcomers.index < 500)], newcomers[~full & (newcomers.index >= 500)]]
    cubes = [Campaign(day, **GIVEN).cube(METRICS) for day in days]
    cubes[1].save(tmp_path / "day.parquet")
    added = cubes[0] + Cube.load(tmp_path / "day.parquet") + cubes[2]
    expected = Campaign.from_cube(
        Campaign(newcomers, **GIVEN).cube(METRICS), control="none", covariates=GIVEN["covariates"]
    ).evaluate(METRICS)
    found = Campaign.from_cube(added, control="none", covariates=GIVEN["covariates"]).evaluate(METRICS)
    same(found, expected)
    assert found.n_used == 900


def test_who_carries_out_the_placebos_finds_every_customer(newcomers):
    campaign = Campaign(newcomers, **GIVEN)
    trust = campaign.trust([Mean("spend")], placebos=200, rng=0)
    assert trust.n_used == 900
    assert (trust.table["kind"] == "adjusted").sum() == 2


def test_a_covariate_that_is_the_same_in_control_leaves_the_estimate_unadjusted_and_says_so(shoppers):
    shoppers["before"] = shoppers["before"].where(shoppers["arm"] != "none", 0.0)
    campaign = Campaign(shoppers, arm="arm", control="none", covariates=["before"])
    effects = campaign.evaluate([Mean("spend")])
    plain = Campaign(shoppers, arm="arm", control="none").evaluate([Mean("spend")])
    columns = ["difference", "ci_low", "ci_high", "p_value", "p_adjusted"]
    pd.testing.assert_frame_equal(first(effects)[columns], first(plain)[columns])
    assert effects.warnings[-1].startswith("'A', 'B': not adjusted by 'before', which is the same for every customer")


def test_a_covariate_that_is_the_same_in_one_arm_leaves_only_that_arm_unadjusted(shoppers):
    shoppers["before"] = shoppers["before"].where(shoppers["arm"] != "B", 0.0)
    campaign = Campaign(shoppers, arm="arm", control="none", covariates=["before"])
    effects = campaign.evaluate([Mean("spend")])
    assert set(campaign.trust([Mean("spend")], placebos=100, rng=0).table["arm"]) == {"A", "B"}
    found = first(effects)
    plain = first(Campaign(shoppers, arm="arm", control="none").evaluate([Mean("spend")]))
    without = Campaign(shoppers[shoppers["arm"] != "B"], arm="arm", control="none", covariates=["before"])
    alone = first(without.evaluate([Mean("spend")]))
    assert found.loc["B", "difference"] == plain.loc["B", "difference"]
    assert found.loc["A", "difference"] == pytest.approx(alone.loc["A", "difference"], abs=1e-12)
    assert found.loc["A", "ci_low"] < alone.loc["A", "ci_low"]
    assert effects.warnings[-1].startswith("'B': not adjusted by 'before'")


def test_a_covariate_that_nobody_has_changes_nothing_but_a_warning(shoppers):
    shoppers["before"] = np.nan
    found = Campaign(shoppers, arm="arm", control="none", covariates=["before"]).evaluate([Mean("spend")])
    plain = Campaign(shoppers, arm="arm", control="none").evaluate([Mean("spend")])
    same(found, plain)
    assert found.n_used == 900
    assert len(found.warnings) == 2


def test_a_covariate_in_large_units_beside_its_indicator_still_adjusts(newcomers):
    """The units of a column do not decide whether another one counts as constant."""
    small = first(Campaign(newcomers, **GIVEN).evaluate([Mean("spend")]))
    large = first(Campaign(newcomers.assign(before=newcomers["before"] * 1e9), **GIVEN).evaluate([Mean("spend")]))
    np.testing.assert_allclose(large["standard_error"], small["standard_error"], rtol=1e-9)


NORMAL, SKEWED = 7, 5
"""Outcomes of one simulated campaign, by the noise that they have: assignment and reading are shared."""


def lost_to(related: str, share: float, before: np.ndarray, arm: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Who lacks the covariate: a share of all, of those who spent much before, or more of control than of the arm."""
    if related == "to the arm":
        return rng.random(len(arm)) < share * np.where(arm == "A", 0.8, 1.4)
    return rng.random(len(arm)) < (share if related == "to nothing" else 2 * share * (before > 16.8))


def campaign_without_effect(share: float, related: str, rng: np.random.Generator) -> np.ndarray:
    """Share of outcomes of 300 customers that is called an effect: normal ones, and skewed ones adjusted and plain."""
    before, arm = rng.gamma(2.0, 10.0, 300), rng.permutation(np.repeat(["none", "A"], [90, 210]))
    lost = lost_to(related, share, before, arm, rng)
    base = 0.8 * before
    if related != "to the arm":  # there, whether it is recorded says something of the arm and nothing of spend
        base = base + np.where(lost, 5.0, 0.0)
    spend = {f"normal {i}": base + rng.normal(10.0, 10.0, 300) for i in range(NORMAL)}
    spend |= {f"skewed {i}": base + rng.gamma(1.0, 10.0, 300) for i in range(SKEWED)}
    table = pd.DataFrame({"arm": arm, "before": np.where(lost, np.nan, before), **spend})
    found = Campaign(table, arm="arm", control="none", covariates=["before"]).evaluate([Mean(name) for name in spend])
    assert set(found.overall["n"]) == {300}
    called = ((found.table["ci_low"] > 0) | (found.table["ci_high"] < 0)).to_numpy()
    adjusted, plain = (called[(found.table["kind"] == kind).to_numpy()] for kind in ("adjusted", "plain"))
    return np.array([adjusted[:NORMAL].mean(), adjusted[NORMAL:].mean(), plain[NORMAL:].mean()])


@pytest.mark.slow
@pytest.mark.parametrize(("share", "related"), [(0.0, "to nothing"), *product([0.2, 0.4], RELATED)])
def test_level_and_coverage_hold_whatever_the_missing_covariates_are_related_to(share, related):
    """400 campaigns of 12 outcomes without effect: 5 % are called one, hence 95 % of intervals hold the truth.

    A constant effect moves estimate and interval by itself, so that it is covered as often. Skewed outcomes of 90
    customers in control err somewhat more often whatever is done, which trust() finds; missing covariates may not
    add to what they err without covariates. The Monte Carlo error, of means over campaigns, is some 0.4 points;
    three of them are allowed.
    """
    rng = np.random.default_rng([int(100 * share), len(related)])
    rows = np.array([campaign_without_effect(share, related, rng) for _ in range(400)])
    (normal, skewed, plain), error = rows.mean(axis=0), rows.std(axis=0, ddof=1) / 20
    added = rows[:, 1] - rows[:, 2]
    print(
        f"{share:.0%} missing, related {related}: {normal:.2%} called (MC {error[0]:.2%}), "
        f"skewed {skewed:.2%} (MC {error[1]:.2%}), without the covariate {plain:.2%}"
    )
    assert normal <= 0.05 + 3 * error[0]
    assert added.mean() <= 3 * added.std(ddof=1) / 20
