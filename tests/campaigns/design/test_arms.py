"""Arms go by their names, whatever type, case and blanks they are stored with; some are left out by name."""

import numpy as np
import pandas as pd
import pytest

from loyalty_kit.campaigns.campaign import Campaign
from loyalty_kit.campaigns.customer_file import read_campaign
from loyalty_kit.campaigns.design.metrics import Mean, Profit, Rate
from loyalty_kit.core.errors import InputError

TREATED = np.random.default_rng(2).integers(0, 2, 400)
BOUGHT = (np.random.default_rng(3).random(400) < 0.3).astype(int)
RIGHT = BOUGHT[TREATED == 1].mean() - BOUGHT[TREATED == 0].mean()
STORED = {
    "whole numbers": TREATED,
    "floats": TREATED.astype(float),
    "truths": TREATED == 1,
    "text": TREATED.astype(str),
    "text of floats": np.where(TREATED == 1, "1.0", "0.0"),
    "text with blanks": np.where(TREATED == 1, " 1", "0 "),
    "a category": pd.Categorical(TREATED.astype(str)),
    "mixed": np.array([t if i % 2 else str(t) for i, t in enumerate(TREATED)], dtype=object),
}


@pytest.mark.parametrize("control", [0, "0", 0.0, False, " 0", "FALSE"])
@pytest.mark.parametrize("stored", STORED)
def test_zero_and_one_of_any_type_are_the_same_arms(stored, control):
    """uber/causalml 382: control group level 0 not found."""
    frame = pd.DataFrame({"arm": STORED[stored], "y": BOUGHT})
    campaign = Campaign(frame, arm="arm", control=control, planned={control: 0.5, 1: 0.5})
    row = campaign.evaluate([Rate("y")]).to_frame().iloc[0]
    assert row["difference"] == pytest.approx(RIGHT, abs=1e-12)
    assert campaign.check().table["outcome"].iloc[0] == "passed"


@pytest.mark.parametrize("engine", ["pandas", "polars lazy", "duckdb"])
def test_spellings_of_one_arm_are_one_arm_and_the_result_says_so(engine, tmp_path):
    arm = np.where(TREATED == 1, np.where(np.arange(400) % 7, "mail", " Mail "), "Control")
    frame = pd.DataFrame({"arm": arm, "y": BOUGHT, "x": np.arange(400.0)})
    frame.to_parquet(path := tmp_path / "c.parquet", index=False)
    if engine == "polars lazy":
        frame = pytest.importorskip("polars", reason="Polars is not installed").scan_parquet(path)
    if engine == "duckdb":
        frame = pytest.importorskip("duckdb", reason="DuckDB is not installed").read_parquet(str(path))
    campaign = Campaign(frame, arm="arm", control="control", covariates=["x"])
    effects = campaign.evaluate([Rate("y")])
    row = effects.table[effects.table["kind"] == "plain"].iloc[0]
    assert (row["arm"], row["n"]) == ("mail", 400)
    assert row["difference"] == pytest.approx(RIGHT, abs=1e-12)
    assert effects.control == "Control"
    assert effects.warnings == ("The arm 'mail' is written in 2 ways; these count as one.",)


@pytest.mark.parametrize("kind", ["csv", "parquet", "xlsx"])
@pytest.mark.parametrize("stored", ["whole numbers", "floats", "truths", "text"])
def test_every_kind_of_file_has_the_same_arms(stored, kind, tmp_path):
    frame = pd.DataFrame({"arm": STORED[stored], "bought": BOUGHT, "spend": BOUGHT * 10.0})
    file = tmp_path / f"c.{kind}"
    {"csv": frame.to_csv, "parquet": frame.to_parquet, "xlsx": frame.to_excel}[kind](file, index=False)
    campaign = read_campaign(
        file, arm="arm", shares=["0: 1", "1: 1"], outcomes=["bought", "spend"], profit="0.4 * spend"
    )
    found = campaign.evaluate([Rate("bought")]).to_frame()["difference"].iloc[0]
    assert found == pytest.approx(RIGHT, abs=1e-12)


@pytest.mark.parametrize("engine", ["pandas", "duckdb", "cube"])
def test_arms_left_out_by_name_leave_the_intervals_of_the_others_alone(shoppers, engine):
    metrics = [Mean("spend"), Rate("bought"), Profit("spend", margin=0.4, cost={"A": 0.1, "B": 0.2})]
    planned = {"none": 0.2, "A": 0.4, "B": 0.4}
    frame = shoppers
    if engine == "duckdb":
        frame = pytest.importorskip("duckdb", reason="DuckDB is not installed").from_df(shoppers)
    if engine == "cube":
        frame = Campaign(shoppers, arm="arm", control="none").cube(metrics)
    metrics = metrics[:2]
    campaign = Campaign(frame, arm="arm", control="none", planned=planned, arms=[" b"])
    found = campaign.evaluate(metrics)
    alone = Campaign(shoppers[shoppers["arm"] != "A"], arm="arm", control="none").evaluate(metrics)
    pd.testing.assert_frame_equal(found.to_frame(), alone.to_frame(), check_dtype=False)
    assert campaign.planned == pytest.approx({"none": 1 / 3, "B": 2 / 3})
    assert found.n_used == 540
    if engine != "cube":
        assert found.warnings[0] == "360 customers of other arms are left out, since 'arms' does not name these."
        assert campaign.check(metrics).counts["n"].tolist() == [180, 360]


def test_an_arm_that_nobody_is_in_cannot_be_named(shoppers):
    with pytest.raises(InputError, match="'arms' names 'C', but no customer is in it"):
        Campaign(shoppers, arm="arm", control="none", arms=["C"])
