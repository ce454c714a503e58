"""Assignment checks: each passes, warns or fails, with a sentence."""

import numpy as np
import pandas as pd
import pytest

from loyalty_kit.campaigns.campaign import Campaign
from loyalty_kit.campaigns.design.metrics import Mean, Rate
from loyalty_kit.campaigns.trust.lee import lee_bounds
from loyalty_kit.core.errors import InputError


def outcome(result, check):
    return result.to_frame().set_index("check").loc[check]


def test_the_table_has_the_columns_of_the_contract(shoppers):
    frame = Campaign(shoppers, arm="arm", control="none").check().to_frame()
    assert list(frame.columns) == ["check", "outcome", "statistic", "p_value", "message"]


def test_hillstrom_sample_ratio_is_the_known_one(hillstrom):
    """chi² 0.2025, p 0.904; 6,562 rows repeat an earlier one, and there is no id to call them duplicates."""
    third = dict.fromkeys(["No E-Mail", "Mens E-Mail", "Womens E-Mail"], 1 / 3)
    result = Campaign(hillstrom, arm="segment", control="No E-Mail", planned=third).check()
    found = outcome(result, "sample ratio")
    assert (round(found["statistic"], 4), round(found["p_value"], 3), found["outcome"]) == (0.2025, 0.904, "passed")
    assert outcome(result, "duplicates")["message"] == "Without a customer id, duplicates cannot be checked."


def test_a_broken_ratio_fails_and_names_the_arm(shoppers):
    planned = {"none": 0.1, "A": 0.45, "B": 0.45}
    result = Campaign(shoppers, arm="arm", control="none", planned=planned).check()
    assert outcome(result, "sample ratio")["outcome"] == "failed"
    assert result.warnings[0].startswith("Arm 'none' has 180 customers where 90 were expected")
    assert not result.sound


def test_unplanned_shares_only_warn(shoppers):
    result = Campaign(shoppers, arm="arm", control="none").check()
    assert outcome(result, "sample ratio")["outcome"] == "warned"


@pytest.mark.parametrize(("sizes", "outcome_of_it"), [((95_100, 4_900), "passed"), ((94_500, 5_500), "failed")])
def test_a_split_that_was_meant_to_be_uneven_is_judged_by_its_own_shares(sizes, outcome_of_it):
    """mozilla/experimenter 16010: branches of 95 % and 5 % raised the alarm, since equal ones were assumed.

    Against 95,000 and 5,000: chi² = 100²/95,000 + 100²/5,000 = 2.1 (p = 0.15), and 52.6.
    """
    table = pd.DataFrame({"arm": np.repeat(["delivered", "held back"], sizes)})
    planned = {"delivered": 0.95, "held back": 0.05}
    found = outcome(Campaign(table, arm="arm", control="held back", planned=planned).check(), "sample ratio")
    gap = sizes[1] - 5_000
    assert found["statistic"] == pytest.approx(gap**2 / 95_000 + gap**2 / 5_000)
    assert found["outcome"] == outcome_of_it


def test_unequal_attrition_fails(shoppers):
    assigned = pd.concat([shoppers, shoppers[shoppers["arm"] == "A"][:120]])
    result = Campaign(shoppers, arm="arm", control="none").check(assigned=assigned)
    assert outcome(result, "attrition")["outcome"] == "failed"
    even = Campaign(shoppers, arm="arm", control="none").check(assigned=pd.concat([shoppers, shoppers[::10]]))
    assert outcome(even, "attrition")["outcome"] == "passed"


def test_an_assignment_list_shorter_than_the_analysis_is_refused(shoppers):
    with pytest.raises(InputError, match="The assignment list has fewer customers in arm"):
        Campaign(shoppers, arm="arm", control="none").check(assigned=shoppers[:100])


def test_balance_passes_under_chance_and_fails_where_an_arm_was_chosen(shoppers):
    campaign = Campaign(shoppers, arm="arm", control="none", covariates=["before", "age"])
    assert outcome(campaign.check(), "balance")["outcome"] == "passed"
    shoppers.loc[shoppers["arm"] == "B", "age"] += 10
    result = Campaign(shoppers, arm="arm", control="none", covariates=["before", "age"]).check()
    assert outcome(result, "balance")["outcome"] == "failed"
    assert "'age', arm 'B'" in outcome(result, "balance")["message"]


def test_standardized_differences_are_those_of_the_means(shoppers):
    balance = Campaign(shoppers, arm="arm", control="none", covariates=["age"]).check().balance
    arms = shoppers.groupby("arm")["age"].agg(["mean", "var"])
    by_hand = (arms.loc["A", "mean"] - arms.loc["none", "mean"]) / np.sqrt(
        (arms.loc["A", "var"] + arms.loc["none", "var"]) / 2
    )
    assert balance.set_index("arm").loc["A", "standardized_difference"] == pytest.approx(by_hand)


def test_duplicates_and_contamination_are_counted(shoppers):
    other = shoppers[:2].assign(arm=np.where(shoppers["arm"][:2] == "A", "B", "A"))
    doubled = pd.concat([shoppers, shoppers[5:8], other])
    result = Campaign(doubled, arm="arm", control="none", customer="id").check()
    assert outcome(result, "duplicates")[["outcome", "statistic"]].tolist() == ["failed", 3]
    assert outcome(result, "contamination")[["outcome", "statistic"]].tolist() == ["warned", 2]
    assert result.n_used == 900


def test_outcomes_missing_unequally_fail_and_get_bounds(shoppers):
    shoppers.loc[shoppers.index[shoppers["arm"] == "B"][:90], "spend"] = np.nan
    result = Campaign(shoppers, arm="arm", control="none").check([Mean("spend"), Rate("bought")])
    assert outcome(result, "missing spend")["outcome"] == "failed"
    assert outcome(result, "missing bought")["outcome"] == "passed"
    bounds = result.bounds.set_index("arm").loc["B"]
    assert bounds["low"] < bounds["high"]
    assert bounds["trimmed"] == pytest.approx(0.25)


def test_lee_bounds_equal_hand_computation():
    """Control sees 2 of 4, treatment 4 of 4: half is cut from the bottom or the top."""
    control, treatment = np.array([1.0, 3.0, np.nan, np.nan]), np.array([1.0, 2.0, 5.0, 8.0])
    assert lee_bounds(control, treatment) == (1.5 - 2.0, 6.5 - 2.0, 0.5)
    low, high, _ = lee_bounds(treatment, control)
    assert (low, high) == (2.0 - 6.5, 2.0 - 1.5)


def test_a_lazily_held_table_is_checked_too(shoppers):
    duckdb = pytest.importorskip("duckdb", reason="DuckDB is not installed")
    given = {"arm": "arm", "control": "none", "customer": "id", "covariates": ["before"]}
    lazy = Campaign(duckdb.from_df(shoppers), **given).check([Mean("spend")]).to_frame()
    pd.testing.assert_frame_equal(lazy, Campaign(shoppers, **given).check([Mean("spend")]).to_frame(), rtol=1e-6)
