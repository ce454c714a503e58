"""Arms and segments that are true and false, or numbers with '.0': one text in results, any spelling in calls."""

import duckdb
import numpy as np
import pandas as pd
import pytest

import loyalty_kit as lk
from loyalty_kit.campaigns.design.metrics import Mean, Profit, Quantile, Rate


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    mailed = rng.random(400) < 0.5
    return pd.DataFrame(
        {
            "mailed": mailed,
            "group": mailed.astype(float),
            "member": rng.random(400) < 0.5,
            "bought": rng.random(400) < 0.3 + 0.2 * mailed,
            "spend": rng.gamma(2.0, 10.0, 400),
        }
    )


@pytest.mark.parametrize("spelling", [(False, True), ("FALSE", "TRUE"), ("false", "True"), (0, 1), ("0", "1")])
@pytest.mark.parametrize("store", ["pandas", "duckdb", "cube"])
def test_arms_are_accepted_in_any_spelling_and_shown_in_one(table, spelling, store):
    off, on = spelling
    frame = duckdb.from_df(table) if store == "duckdb" else table
    campaign = lk.Campaign(frame, arm="mailed", control=off, planned={off: 0.5, on: 0.5})
    metrics = [Rate("bought"), Profit("spend", margin=0.4, cost={on: 0.5})]
    if store == "cube":
        campaign = lk.Campaign.from_cube(campaign.cube(metrics), control=off, planned={off: 0.5, on: 0.5})
    effects = campaign.evaluate(metrics)
    assert (effects.control, set(effects.table["arm"])) == ("FALSE", {"TRUE"})
    expected = lk.Campaign(table.assign(mailed=np.where(table["mailed"], "yes", "no")), arm="mailed", control="no")
    same = expected.evaluate([Rate("bought"), Profit("spend", margin=0.4, cost={"yes": 0.5})])
    np.testing.assert_allclose(effects.table["difference"], same.table["difference"], rtol=1e-12)


def test_segments_are_shown_as_text_and_as_whole_numbers(table):
    campaign = lk.Campaign(table, arm="mailed", control=False)
    effects = campaign.evaluate([Rate("bought"), Quantile("spend", 0.5)], by="member")
    assert {"TRUE", "FALSE"} <= set(effects.table["level"])
    by_number = lk.Campaign(table, arm="group", control=0).evaluate([Mean("spend")])
    assert [str(arm) for arm in by_number.table["arm"]] == ["1"]


def test_the_assignment_is_checked_with_truth_arms(table):
    campaign = lk.Campaign(table, arm="mailed", control="false", planned={"false": 0.5, "true": 0.5})
    assert campaign.check(assigned=table).counts["arm"].tolist() == ["FALSE", "TRUE"]


def test_labels_call_arms_by_any_spelling_as_shares_do(tmp_path):
    """Arms of 0 and 1 in one file are True and False in another; the same labels serve both."""
    for name, arms in {"a": [0, 1], "b": [False, True], "c": [0.0, 1.0]}.items():
        frame = pd.DataFrame({"arm": arms * 40, "bought": [0, 1, 1, 1] * 20, "spend": 1.0})
        frame.to_csv(path := tmp_path / f"{name}.csv", index=False)
        known = lk.read_campaign(
            path,
            arm="arm",
            shares=["0: 1", "1: 1"],
            outcomes=["bought", "spend"],
            profit="spend",
            labels={"1": "Text message", "0": "Nobody", "bought": "Bought at all"},
        )
        said = str(lk.describe(known.evaluate([lk.Rate("bought")])))
        assert "Bought at all: Text message raises the share" in said, name


def test_checks_call_arms_by_their_labels():
    table = pd.DataFrame({"arm": [0, 1] * 60, "store": np.arange(120) // 2 * 2 + np.arange(120) % 2, "y": 1.0})
    known = lk.Campaign(table, arm="arm", control=0, cluster="store", labels={"0": "Nobody", "1": "Text message"})
    assert "expect: Nobody 60, Text message 60 (p = 1)" in lk.table(known.check()).as_raw_html()
