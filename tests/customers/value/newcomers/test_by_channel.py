"""New customers by channel: against a fit to each channel alone, known truths, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from clouds import told
from shops import orders

import loyalty_kit as lk


def shop(seed: int, n: int = 1_200) -> pd.DataFrame:
    """Customers of two channels, of whom those of the web spend half as much a day; and a few of a fair."""
    rows, _ = orders("steady", n, 65, 0, np.random.default_rng(seed))
    where = np.where(rows["who"] % 2, "web", "shop")
    rows = rows.assign(where=np.where(rows["who"] < 12, "fair", where))
    return rows.assign(paid=rows["paid"] * np.where(where == "web", 0.5, 1.0))


def read(table: pd.DataFrame, **options) -> lk.Transactions:
    return lk.read_transactions(table, customer="who", time="when", amount="paid", channel="where", **options)


@pytest.fixture(scope="module")
def value():
    return lk.customer_value(read(shop(1)), horizon=13, margin=0.5, model="mbg_nbd", currency="€")


@pytest.fixture(scope="module")
def found(value):
    return lk.acquisition(value, {"web": 3.0, "shop": 500.0}).to_frame().set_index("level")


def test_a_channel_is_worth_what_its_customers_alone_say(value, found):
    """The same model on the log of one channel, its margin and the correction of the whole shop."""
    alone = lk.customer_value(read(shop(1).query("where == 'shop'")), horizon=13, margin=0.5, model="mbg_nbd")
    own = lk.allowable_cost(alone).to_frame().iloc[0]["estimate"]
    first = shop(1).query("where == 'shop'").groupby("who")["paid"].first().mean()
    assert (found.loc["shop", "estimate"] - 0.5 * first) / value.factor == pytest.approx(
        (own - 0.5 * first) / alone.factor, rel=1e-6
    )


def test_costs_are_judged_by_both_ends(found):
    assert found["verdict"].to_dict() == {"shop": "does_not_pay", "web": "pays", "fair": "too_few"}
    web = found.loc["web"]
    assert web["ratio_low"] == pytest.approx(web["ci_low"] / 3.0)
    assert web["ratio_low"] < web["ratio"] < web["ratio_high"]
    # Three are less than half of a first day's twelve, at a margin of a half.
    assert web["payback"] == 0.0
    assert found.loc["fair", ["estimate", "ratio", "payback"]].isna().all()
    assert np.isnan(found.loc["shop", "payback"])


def test_few_customers_of_a_channel_have_no_name(value):
    found = lk.acquisition(value, {"web": 3.0, "fair": 2.0}, min_cell=20)
    table = found.to_frame()
    assert "1 of the costs stand with channels of few customers" in str(found.warnings[0])
    assert set(table["level"]) == {"few", "web"}
    assert table.loc[table["level"] == "few", "verdict"].item() == "no_cost"


def test_what_the_channels_lack_is_said(value):
    told = [str(text) for text in lk.acquisition(value, {"web": 3.0}).warnings]
    assert told == [
        "1 parts have fewer than 100 customers who came again, or cannot be modelled by themselves; what a new "
        "customer of theirs brings is not told."
    ]


@pytest.mark.parametrize(
    ("costs", "sentence"),
    [
        ({"web": 0.0}, "'costs' must be above 0"),
        ({"web": "three"}, "'costs'"),
        ({"fax": 3.0}, "'costs' names 'fax', and no first order of the log stands with it; there are 'fair', 'shop'"),
        (3.0, "'costs' must name what a new customer of each channel costs"),
    ],
)
def test_costs_that_are_none_are_refused(value, costs, sentence):
    with pytest.raises(lk.InputError, match=sentence):
        lk.acquisition(value, costs)


def test_a_log_without_channels_is_refused(value):
    with pytest.raises(lk.InputError, match="names no column of the category"):
        lk.acquisition(value, {}, by="category")
    with pytest.raises(lk.InputError, match="'value' must be what lk.customer_value gives"):
        lk.acquisition(read(shop(1)), {})


@pytest.mark.slow
def test_the_value_of_a_channels_newcomers_lies_within_its_interval():
    """24 a day in the shop, 12 on the web; a chance of 1 - 84 / 85 a day while there, which 40 / (40 + t) are."""
    bought = (1 - 84 / 85) * (40 / (40 + np.arange(1, 92) / 7)).sum()
    truth, held = {"shop": 24.0 * (1 + bought), "web": 12.0 * (1 + bought)}, 0
    for seed in range(120):
        table = lk.acquisition(lk.customer_value(read(shop(seed, 1_500)), horizon=13, rng=seed), {}).to_frame()
        rows = table.set_index("level")
        held += sum(rows.loc[name, "ci_low"] <= one <= rows.loc[name, "ci_high"] for name, one in truth.items())
    assert told("value of a channel's new customer within its interval", held, 240) >= 0.90
