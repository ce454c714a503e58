"""The ledger sorts customers' days and adds up those of one day, however large the numbers are."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty_kit.customers.transactions.days import MICROSECONDS, CustomerDays, Orders, days_of
from loyalty_kit.customers.transactions.ledger import Ledger
from loyalty_kit.customers.transactions.reading import read_transactions
from loyalty_kit.statistics import sorting

ROWS = st.lists(
    st.tuples(st.integers(0, 4), st.integers(-9, 20_000), st.sampled_from([-8.0, -0.0001, 0.0, 0.25, 3.0, 4.5])),
    min_size=1,
    max_size=30,
)


def orders(rows) -> Orders:
    who, day, amount = (np.array(column) for column in zip(*rows, strict=True))
    return Orders(100, who.astype(np.int64), day.astype(np.int64) * MICROSECONDS + 5, amount.astype(float))


def table(ledger: Ledger) -> pd.DataFrame:
    ids = ledger.ids.iloc[ledger.customer].to_numpy()
    return pd.DataFrame({"id": ids, "day": ledger.day, "n": ledger.orders, "in": ledger.spend, "out": ledger.refunds})


@settings(max_examples=30)
@given(rows=ROWS)
def test_days_are_those_that_pandas_groups(rows):
    frame = pd.DataFrame(rows, columns=["who", "day", "amount"])
    bought, back = frame["amount"] > 0.0005, frame["amount"] < -0.0005
    counted = frame.assign(n=bought * 1.0, **{"in": frame["amount"] * bought, "out": frame["amount"] * back})
    known = counted.groupby(["who", "day"])[["n", "in", "out"]].sum().reset_index()
    found = table(Ledger.of_orders(orders(rows)))
    assert found["id"].tolist() == (known["who"] + 100).astype(str).tolist()
    np.testing.assert_allclose(found.drop(columns="id"), known.drop(columns="who"))


@settings(max_examples=30)
@given(rows=ROWS)
def test_orders_and_their_days_give_one_ledger(rows):
    pd.testing.assert_frame_equal(table(Ledger.of_orders(orders(rows))), table(Ledger.of(days_of(orders(rows)))))


@pytest.mark.parametrize("word", [8, 63])
def test_numbers_too_large_for_one_word_come_in_the_same_order(word, monkeypatch):
    monkeypatch.setattr(sorting, "WORD", word)
    ids = pd.Series(["b", "a"])
    zeros = np.zeros(4)
    days = CustomerDays(ids, np.array([1, 0, 1, 1]), np.array([9, 3, 2, 9]), np.arange(4.0), zeros, zeros)
    ledger = Ledger.of(days)
    assert (ledger.customer.tolist(), ledger.day.tolist(), ledger.orders.tolist()) == ([0, 1, 1], [3, 2, 9], [1, 2, 3])
    assert ledger.ids.tolist() == ["b", "a"]


def test_times_finer_than_microseconds_are_read():
    when = pd.Timestamp("2026-01-01") + pd.to_timedelta(np.array([1, 90_000_000_000_001]), unit="ns")
    log = pd.DataFrame({"who": [1, 1], "when": when, "paid": [2.0, 3.0]})
    assert read_transactions(log, customer="who", time="when", amount="paid").ledger().day.tolist() == [20454, 20455]
