"""The cube: one pass, the same from every engine, added and saved exactly."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from loyalty_kit.campaigns.campaign import Campaign
from loyalty_kit.campaigns.design.cube import Cube
from loyalty_kit.campaigns.design.metrics import Mean, Profit, Quantile, Rate, Ratio
from loyalty_kit.core.errors import InputError

METRICS = [
    Rate("bought"),
    Mean("spend", cap=0.99),
    Ratio("spend", "orders"),
    Profit("spend", margin=0.4, cost="cost"),
]
GIVEN = {"arm": "arm", "control": "none", "covariates": ["before", "age"]}


def same(first: pd.DataFrame, second: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(first, second, check_dtype=False, rtol=1e-9, atol=1e-12)


def spark(frame):
    """PySpark in local mode, read from Parquet: conversion from pandas warns."""
    session = pytest.importorskip("pyspark.sql", reason="PySpark is not installed").SparkSession
    builder = session.builder.master("local[1]").config("spark.ui.enabled", "false")
    return builder.config("spark.sql.execution.arrow.pyspark.enabled", "true").getOrCreate().read.parquet(frame)


@pytest.fixture
def parquet(shoppers, tmp_path):
    """The shoppers with holes: a missing spend, covariate and channel."""
    shoppers.loc[::9, "spend"] = np.nan
    shoppers.loc[::25, "before"] = np.nan
    shoppers.loc[::50, "channel"] = None
    path = tmp_path / "shoppers.parquet"
    shoppers.to_parquet(path, index=False)
    return str(path)


@pytest.mark.parametrize("options", [{}, {"missing": "zero"}, {"cluster": "household"}], ids=str)
@pytest.mark.parametrize("engine", ["polars", "polars lazy", "duckdb", pytest.param("pyspark", marks=pytest.mark.slow)])
def test_every_engine_gives_the_same_effects(parquet, engine, options):
    if engine == "duckdb":
        frame = pytest.importorskip("duckdb", reason="DuckDB is not installed").read_parquet(parquet)
    elif engine == "pyspark":
        frame = spark(parquet)
    else:
        polars = pytest.importorskip("polars", reason="Polars is not installed")
        frame = polars.scan_parquet(parquet) if engine == "polars lazy" else polars.read_parquet(parquet)
    expected = Campaign(pd.read_parquet(parquet), **GIVEN, **options).evaluate(METRICS, by="channel")
    found = Campaign(frame, **GIVEN, **options).evaluate(METRICS, by="channel")
    same(found.to_frame(), expected.to_frame())


FAR = 1e8


@pytest.fixture
def revenue():
    """400 customers whose revenue has mean 1e8 and sd 1, and whose revenue before goes along with it."""
    rng = np.random.default_rng(0)
    y = FAR + rng.normal(size=400)
    arm, channel = np.resize(["c", "t"], 400), np.resize([1, 1, 2], 400)
    return pd.DataFrame({"arm": arm, "channel": channel, "y": y, "before": y + rng.normal(size=400)})


def read_by(engine, frame, path):
    """The rows in an engine, by way of a Parquet file."""
    frame.to_parquet(path, index=False)
    if engine == "polars lazy":
        return pytest.importorskip("polars", reason="Polars is not installed").scan_parquet(path)
    if engine == "duckdb":
        return pytest.importorskip("duckdb", reason="DuckDB is not installed").read_parquet(str(path))
    return spark(str(path)) if engine == "pyspark" else frame


FAR_ENGINES = ["pandas", "polars lazy", "duckdb", pytest.param("pyspark", marks=pytest.mark.slow)]


@pytest.mark.parametrize("engine", FAR_ENGINES)
def test_errors_far_from_zero_are_those_of_exact_arithmetic(engine, revenue, tmp_path):
    """At mean 1e8 and sd 1 raw squares, near 1e16, made the standard error 72 % too large."""
    source = read_by(engine, revenue, tmp_path / "rows.parquet")
    found = Campaign(source, arm="arm", control="c").evaluate([Mean("y")]).to_frame().iloc[0]
    parts = [[Fraction(value) for value in revenue.loc[revenue["arm"] == arm, "y"]] for arm in ("c", "t")]
    means = [sum(part) / 200 for part in parts]
    spreads = [sum((v - mean) ** 2 for v in part) / 199 for part, mean in zip(parts, means, strict=True)]
    df = float(sum(spreads) ** 2 / sum(s**2 / 199 for s in spreads))
    half = stats.t.ppf(0.975, df) * float(sum(spreads) / 200) ** 0.5
    assert found["difference"] == pytest.approx(float(means[1] - means[0]), abs=1e-7)
    assert found["ci_high"] - found["difference"] == pytest.approx(half, rel=1e-6)


@pytest.mark.parametrize("engine", FAR_ENGINES)
def test_adjusted_effects_and_segments_far_from_zero_are_those_near_it(engine, revenue, tmp_path):
    near = revenue.assign(y=revenue["y"] - FAR, before=revenue["before"] - FAR)
    given = {"arm": "arm", "control": "c", "covariates": ["before"]}
    expected = Campaign(near, **given).evaluate([Mean("y")], by="channel").to_frame()
    source = read_by(engine, revenue, tmp_path / "rows.parquet")
    found = Campaign(source, **given).evaluate([Mean("y")], by="channel").to_frame()
    for name in ("difference", "ci_low", "ci_high", "p_value"):
        np.testing.assert_allclose(found[name], expected[name], atol=1e-6, err_msg=name)


def test_a_hundred_daily_cubes_far_from_zero_add_to_the_whole(revenue):
    campaign = [Campaign(revenue[i : i + 4], arm="arm", control="c").cube([Mean("y")]) for i in range(0, 400, 4)]
    whole = Campaign(revenue, arm="arm", control="c").cube([Mean("y")]).blocks[0]
    total = sum(campaign[1:], start=campaign[0]).blocks[0]
    np.testing.assert_allclose(total.means, whole.means, rtol=1e-15)
    np.testing.assert_allclose(total.scatter, whole.scatter, rtol=1e-6)


def test_a_cube_can_be_read_whole_and_then_by_its_segments(shoppers):
    cube = Campaign(shoppers, arm="arm", control="none").cube(METRICS, by="channel")
    campaign = Campaign.from_cube(cube, control="none")
    whole = campaign.evaluate(METRICS).to_frame()
    again = campaign.evaluate(METRICS, by="channel").to_frame()
    assert len(again) > len(whole)
    same(campaign.evaluate(METRICS).to_frame(), whole)


@given(cut=st.integers(10, 890))
@settings(max_examples=15)
def test_the_cubes_of_two_parts_add_to_the_cube_of_the_whole(cut):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"arm": rng.choice(["c", "t"], 900), "y": rng.integers(0, 50, 900), "by": rng.choice([1, 2], 900)}
    )
    parts = [Campaign(part, arm="arm", control="c").cube([Mean("y")], by="by") for part in (frame[:cut], frame[cut:])]
    whole = Campaign(frame, arm="arm", control="c").cube([Mean("y")], by="by")
    total = parts[0] + parts[1]
    pd.testing.assert_frame_equal(total.cells, whole.cells)
    for part, values in whole.blocks[0].parts().items():
        np.testing.assert_allclose(getattr(total.blocks[0], part), values, rtol=1e-12, err_msg=part)


def test_a_saved_cube_is_the_same_when_loaded(shoppers, tmp_path):
    campaign = Campaign(shoppers, **GIVEN)
    cube = campaign.cube(METRICS, by="channel")
    cube.save(tmp_path / "day.parquet")
    loaded = Cube.load(tmp_path / "day.parquet")
    effects = [
        Campaign.from_cube(c, control="none", covariates=["before", "age"]).evaluate(METRICS, by="channel")
        for c in (cube, loaded)
    ]
    pd.testing.assert_frame_equal(effects[0].to_frame(), effects[1].to_frame())
    assert (cube + loaded).rows.sum() == 2 * cube.rows.sum()


def test_a_cube_gives_the_effects_of_its_rows(shoppers):
    campaign = Campaign(shoppers, arm="arm", control="none")
    by_cube = Campaign.from_cube(campaign.cube(METRICS, by="channel"), control="none").evaluate(METRICS, by="channel")
    same(by_cube.to_frame(), campaign.evaluate(METRICS, by="channel").to_frame())


def test_cubes_with_different_caps_do_not_add(shoppers):
    first = Campaign(shoppers[:400], arm="arm", control="none").cube([Mean("spend", cap=0.9)])
    second = Campaign(shoppers[400:], arm="arm", control="none")
    with pytest.raises(InputError, match="Cubes add only under the same cap"):
        first + second.cube([Mean("spend", cap=0.9)])
    assert (first + second.cube([Mean("spend", cap=0.9)], caps=first.caps)).rows.sum() == 900


def test_cubes_of_different_metrics_do_not_add(shoppers):
    campaign = Campaign(shoppers, arm="arm", control="none")
    with pytest.raises(InputError, match="Cubes add only over the same arm"):
        campaign.cube([Mean("spend")]) + campaign.cube([Mean("orders")])


def test_a_cube_up_to_a_period_is_the_cube_of_its_customers(shoppers):
    cube = Campaign(shoppers, arm="arm", control="none", period="week").cube([Mean("spend")])
    assert cube.until(2).rows.sum() == (shoppers["week"] <= 2).sum()


def test_what_needs_rows_is_refused_for_a_cube(shoppers):
    cube = Campaign(shoppers, arm="arm", control="none").cube([Mean("spend")])
    campaign = Campaign.from_cube(cube, control="none")
    with pytest.raises(InputError, match="needs single customers; got a cube"):
        campaign.evaluate([Quantile("spend")])
    with pytest.raises(InputError, match="drawn from single customers; got a cube"):
        campaign.trust([Mean("spend")])
    with pytest.raises(InputError, match="The cube holds no moments of 'orders'"):
        campaign.evaluate([Mean("orders")])
    with pytest.raises(InputError, match="The cube has no by-column 'channel'"):
        campaign.evaluate([Mean("spend")], by="channel")


def test_a_file_that_is_no_cube_is_refused(shoppers, tmp_path):
    shoppers.to_parquet(tmp_path / "rows.parquet")
    with pytest.raises(InputError, match="is no cube"):
        Cube.load(tmp_path / "rows.parquet")
    with pytest.raises(InputError, match="does not exist"):
        Cube.load(tmp_path / "nothing.parquet")


def test_what_is_no_table_is_refused():
    with pytest.raises(InputError, match="'frame' must be a table: pandas, Polars"):
        Campaign([1, 2], arm="arm", control="none")
