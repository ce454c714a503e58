"""Missing outcomes: named where nothing was bought, asked about, counted, and said with the result."""

import numpy as np
import pandas as pd
import pytest

import loyalty_kit as lk
from loyalty_kit.campaigns.campaign import Campaign
from loyalty_kit.campaigns.design.metrics import Mean, Profit, Rate, Ratio
from loyalty_kit.core.errors import InputError

METRICS = [Rate("bought"), Mean("spend"), Profit("spend", margin=0.4, cost=0.05)]
GIVEN = {"arm": "arm", "control": "control"}


@pytest.fixture
def joined():
    """Customers LEFT JOIN orders: who bought nothing has no spend. Baskets of the mailed are dearer."""
    rng = np.random.default_rng(1)
    n = 6000
    arm = rng.choice(["control", "mail"], n)
    bought = rng.random(n) < 0.05
    spend = rng.gamma(2, np.where(arm == "mail", 40, 30), n)
    table = {"id": np.arange(n), "arm": arm, "bought": bought.astype(int), "spend": np.where(bought, spend, np.nan)}
    return pd.DataFrame(table | {"store": np.arange(n) // 20})


def held(frame, engine, folder):
    frame.to_parquet(folder / "c.parquet", index=False)
    if engine == "duckdb":
        return pytest.importorskip("duckdb", reason="DuckDB is not installed").read_parquet(str(folder / "c.parquet"))
    polars = pytest.importorskip("polars", reason="Polars is not installed")
    return (
        polars.scan_parquet(folder / "c.parquet")
        if engine == "polars lazy"
        else polars.read_parquet(folder / "c.parquet")
    )


ROADS = {
    "evaluate": lambda campaign: campaign.evaluate(METRICS),
    "cube": lambda campaign: campaign.cube(METRICS),
    "trust": lambda campaign: campaign.trust(METRICS, placebos=100, rng=0),
}


@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize("engine", ["pandas", "polars", "polars lazy", "duckdb"])
def test_spend_that_is_missing_where_nobody_bought_stops_the_report(joined, engine, road, tmp_path):
    frame = joined if engine == "pandas" else held(joined, engine, tmp_path)
    with pytest.raises(
        InputError, match=r"'spend' is missing for 57\d\d of 6000 customers, only where bought is 0; say"
    ):
        ROADS[road](Campaign(frame, **GIVEN))


def test_it_stops_a_campaign_of_stores_too(joined):
    with pytest.raises(InputError, match="only where bought is 0"):
        Campaign(joined, **GIVEN, cluster="store").evaluate(METRICS)


def test_it_fails_a_check_of_its_own(joined):
    checks = Campaign(joined, **GIVEN).check(METRICS)
    assert not checks.sound
    assert any("only where bought is 0" in warning for warning in checks.warnings)


def test_zero_gives_the_effects_of_the_full_table_and_says_how_many(joined):
    full = Campaign(joined.fillna({"spend": 0.0}), **GIVEN).evaluate(METRICS)
    found = Campaign(joined, **GIVEN, missing="zero").evaluate(METRICS)
    pd.testing.assert_frame_equal(found.to_frame(), full.to_frame())
    lost = int(joined["spend"].isna().sum())
    assert found.warnings == (f"{lost} of 6000 customers lack 'spend'; it counts as 0, as missing = \"zero\" says.",)
    assert Campaign(joined, **GIVEN, missing="zero").check(METRICS).sound


def test_buyers_whose_spend_is_missing_are_told_of_where_it_counts_as_zero(joined):
    joined.loc[joined.index[joined["bought"] == 1][:7], "spend"] = np.nan
    with pytest.raises(InputError, match="nearly only where bought is 0"):
        Campaign(joined, **GIVEN).evaluate(METRICS)
    found = Campaign(joined, **GIVEN, missing="zero").evaluate(METRICS)
    assert found.warnings[-1] == "Of these, 7 have 1 in a rate and may have bought for more."


def test_drop_leaves_them_out_and_the_sentence_says_of_how_many(joined):
    effects = Campaign(joined, **GIVEN, missing="drop").evaluate(METRICS)
    n = int(joined["bought"].sum())
    assert effects.n_used == n
    assert effects.warnings[0].startswith(f"{6000 - n} of 6000 customers lack an outcome")
    said = str(lk.describe(effects)).replace("\xa0", " ")
    assert f"n = {n} of 6,000 assigned" in said
    assert "n = 6,000)" in said


def test_an_indicator_that_is_one_or_missing_stops_the_report(joined):
    joined["bought"] = joined["bought"].where(joined["bought"] == 1)
    with pytest.raises(InputError, match="'bought' is 1 or missing, never 0"):
        Campaign(joined, **GIVEN).evaluate([Rate("bought")])
    zero = Campaign(joined, **GIVEN, missing="zero").evaluate([Rate("bought")])
    assert zero.n_used == 6000


@pytest.mark.parametrize(("lost", "outcome"), [(100, "passed"), (150, "failed")])
def test_more_than_two_in_a_hundred_missing_by_chance_fail_a_check_but_stop_nothing(joined, lost, outcome):
    full = joined.fillna({"spend": 0.0})
    full.loc[np.random.default_rng(3).permutation(6000)[:lost], "spend"] = np.nan
    campaign = Campaign(full, **GIVEN)
    checks = campaign.check(METRICS).to_frame().set_index("check")
    assert checks.loc["missing spend", "outcome"] == outcome
    assert checks.loc["missing bought", "outcome"] == "passed"
    row = campaign.evaluate(METRICS).overall.set_index("metric").loc["spend"]
    assert (row["n"], row["n_assigned"]) == (6000 - lost, 6000)
    decided = Campaign(full, **GIVEN, missing="drop").check(METRICS).to_frame().set_index("check")
    assert decided.loc["missing spend", "outcome"] == {"passed": "passed", "failed": "warned"}[outcome]


def test_outcomes_missing_in_one_arm_fail_whatever_was_said(joined):
    full = joined.fillna({"spend": 0.0})
    lost = (full["arm"] == "mail") & (full.index % 10 == 0)
    full.loc[lost, "spend"] = np.nan
    checks = Campaign(full, **GIVEN, missing="drop").check([Mean("spend")])
    assert "spend is missing unequally" in checks.warnings[0]
    assert len(checks.bounds)


def test_a_few_missing_among_those_who_bought_nothing_are_no_pattern(joined):
    full = joined.fillna({"spend": 0.0})
    full.loc[full.index[full["bought"] == 0][:3], "spend"] = np.nan
    effects = Campaign(full, **GIVEN).evaluate([*METRICS, Ratio("spend", "bought")])
    assert effects.n_dropped == 3
