"""Types of loyalty by two cuts, and how many stand near one."""

import numpy as np
import pandas as pd
import pytest

import loyalty_kit as lk


def log(orders: list[int]):
    rows = pd.DataFrame(
        {"who": np.repeat(np.arange(len(orders)), orders), "when": pd.Timestamp("2026-01-01"), "paid": 1}
    )
    return lk.read_transactions(rows, customer="who", time="when", amount="paid")


def test_each_pair_of_sides_is_one_type():
    table = lk.loyalty_types(log([5, 5, 1, 1]), pd.Series([9, 0, 9, 0]), cuts=(2, 2)).to_frame()
    assert table[["type", "customers"]].values.tolist() == [["active", 1], ["passive", 1], ["chaser", 1], ["lapsed", 1]]


def test_a_customer_far_from_both_cuts_is_not_near_one():
    orders = [1] * 50 + [20] * 50
    sure = lk.loyalty_types(log(orders), pd.Series([0] * 50 + [30] * 50), cuts=(10, 15))
    assert sure.to_frame()["moved"].sum() == 0
    even = lk.loyalty_types(log([*range(1, 101)]), pd.Series(range(100)))
    moved = even.to_frame()
    assert np.average(moved["moved"], weights=moved["customers"]) == pytest.approx(0.2, abs=0.02)


def test_who_never_bought_has_no_type():
    found = lk.loyalty_types(log([5, 1]), pd.Series({0: 3, 77: 9}), cuts=(2, 2))
    assert (found.n_used, found.n_unmatched) == (2, 1)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([1, 2], "'interactions' must be a Series of numbers by customer id; got list"),
        (pd.Series([1, 2], index=[0, 0]), "holds a customer twice"),
        (pd.Series([1, -2]), "must be numbers of zero or more"),
        (pd.Series({"x": 1}), "No id of 'interactions' is a customer of the log"),
    ],
)
def test_what_cannot_be_read_is_said(given, told):
    with pytest.raises(lk.InputError, match=told):
        lk.loyalty_types(log([5, 1]), given)
