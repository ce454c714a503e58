"""Checks of an assignment of stores: what was drawn by lot is counted."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from loyalty_kit.campaigns.campaign import Campaign
from loyalty_kit.campaigns.design.metrics import Mean
from loyalty_kit.campaigns.trust.unit_checks import wald_of_units
from loyalty_kit.core.errors import InputError

PLAN = {"none": 0.5, "mail": 0.5}


def dealt(seed: int, stores: int = 40) -> pd.DataFrame:
    """Stores of 20 to 400 customers, half of them drawn by lot."""
    rng = np.random.default_rng(seed)
    size, mood = rng.integers(20, 400, stores), rng.normal(0, 5, stores)
    arm = rng.permutation(np.repeat(["none", "mail"], stores // 2))
    store = np.repeat(np.arange(stores), size)
    spend = 20 + mood[store] + rng.normal(0, 10, len(store))
    before = mood[store] + rng.normal(0, 5, len(store))
    return pd.DataFrame({"store_id": store, "arm": arm[store], "before": before, "spend": spend})


def checked(data: pd.DataFrame, **given):
    named = {"arm": "arm", "control": "none", "cluster": "store_id", "planned": PLAN, "covariates": ["before"]}
    return Campaign(data, **named | given).check([Mean("spend")])


def test_sound_lots_of_stores_pass():
    """Of 60 lots 43 failed the sample ratio and 49 the balance when customers were counted."""
    outcomes = [checked(dealt(seed)).table.set_index("check")["outcome"] for seed in range(12)]
    assert not any((outcome[["sample ratio", "balance"]] == "failed").any() for outcome in outcomes)


def test_arms_are_counted_in_stores_and_said_so():
    result = checked(dealt(0))
    assert result.counts["n"].tolist() == [20, 20]
    assert result.counts["customers"].sum() == result.n_used == len(dealt(0))
    assert "as many stores as the planned shares let expect: none 20, mail 20" in result.table["message"][0]


def test_two_arms_are_tested_exactly():
    data = dealt(1)
    kept = data[data["arm"].eq("mail") | data["store_id"].lt(12)]
    n = kept.groupby("arm")["store_id"].nunique()
    found = checked(kept).table.set_index("check").loc["sample ratio"]
    assert found["p_value"] == pytest.approx(stats.binomtest(int(n["none"]), int(n.sum()), 0.5).pvalue)


def test_a_store_in_two_arms_fails():
    data = dealt(2)
    data.loc[data["store_id"].eq(3) & (np.arange(len(data)) % 2 == 0), "arm"] = "none"
    data.loc[data["store_id"].eq(3) & (np.arange(len(data)) % 2 == 1), "arm"] = "mail"
    row = checked(data).table.set_index("check").loc["whole stores"]
    assert row["outcome"] == "failed"
    assert row["message"].startswith("1 of 40 stores have customers in several arms")


def test_balance_of_one_covariate_is_a_t_test_on_means_of_equal_stores():
    """F with 1 and clusters − 2 degrees of freedom is Student's t squared."""
    rng = np.random.default_rng(4)
    means, arm = rng.normal(size=30), np.repeat([0, 1], 15)
    statistic, p = wald_of_units(9 * means[:, None], np.full(30, 9.0), arm, 2)
    expected = stats.ttest_ind(means[arm == 1], means[arm == 0])
    assert statistic == pytest.approx(expected.statistic**2)
    assert p == pytest.approx(expected.pvalue)


def test_missing_outcomes_are_compared_by_store():
    """A till that was down for one store is no sign that customers were lost for the campaign's sake."""
    data = dealt(5)
    data.loc[data["store_id"].eq(7), "spend"] = np.nan
    row = checked(data).table.set_index("check").loc["missing spend"]
    assert row["p_value"] > 0.1
    assert "counted by stores" in row["message"]


def test_a_customer_without_a_store_is_refused():
    data = dealt(6)
    data["store_id"] = data["store_id"].astype(float).where(data.index > 0)
    with pytest.raises(InputError, match="Column 'store_id' is missing for some customers"):
        checked(data)


def test_the_list_of_assigned_stores_counts_stores():
    data = dealt(7)
    row = checked(data[data["store_id"] != 2]).table.set_index("check")
    found = Campaign(data[data["store_id"] != 2], arm="arm", control="none", cluster="store_id").check(assigned=data)
    assert found.table.set_index("check").loc["attrition", "outcome"] == "passed"
    assert "attrition" not in row.index


def test_too_few_stores_for_so_many_covariates_is_said():
    _, p = wald_of_units(np.random.default_rng(8).normal(size=(5, 4)), np.ones(5), np.array([0, 0, 1, 1, 1]), 2)
    assert np.isnan(p)
