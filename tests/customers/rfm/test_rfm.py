"""RFM against R, and moves against chance."""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import loyalty_kit as lk
from loyalty_kit.customers.rfm.scoring import SEGMENTS, score, segment

sys.path.insert(0, str(Path(__file__).parents[2] / "helpers"))

from clouds import told

REFERENCE = Path(__file__).parents[2] / "reference/customers"
KNOWN = json.loads((REFERENCE / "rfm.json").read_text("utf-8"))
MEASURES = ("recency", "frequency", "monetary")


def transactions(customer, day, amount=1.0):
    when = np.datetime64("2026-01-01") + np.asarray(day, dtype=int)
    return lk.read_transactions(
        pd.DataFrame({"who": customer, "when": when.astype("datetime64[us]"), "paid": amount}),
        customer="who",
        time="when",
        amount="paid",
    )


@pytest.fixture(scope="module")
def example() -> lk.results.RfmResult:
    """R's example with R's borders: its quantiles plus 1, from which on a value goes up."""
    orders = lk.read_transactions(
        REFERENCE / "rfm_orders.csv", customer="customer_id", time="order_date", amount="revenue"
    )
    values = lk.rfm(orders, at=KNOWN["analysis_date"]).scored.values
    breaks = {name: np.nextafter(np.quantile(values[name], [0.2, 0.4, 0.6, 0.8]) + 1, 0) for name in MEASURES}
    return lk.rfm(orders, at=KNOWN["analysis_date"], breaks=breaks)


def test_values_equal_rfm(example, tmp_path):
    """R> rfm::rfm_table_order(rfm_data_orders, customer_id, order_date, revenue, as.Date("2006-12-31"))   # 0.3.0"""
    example.customers(tmp_path / "customers.csv")
    table = pd.read_csv(tmp_path / "customers.csv").set_index("customer")
    assert len(table) == KNOWN["customers"]
    for person in KNOWN["first_five"]:
        row = table.loc[person["customer_id"]]
        assert [row[name] for name in MEASURES] == [person[name] for name in ("recency", "n", "amount")]
        assert [row[name] for name in "rfm"] == [person[name] for name in "RFM"]


def test_counts_of_scores_and_cells_equal_rfm(example):
    scores = example.scored.scores
    for name, letter in zip(MEASURES, "RFM", strict=True):
        assert dict(zip("12345", np.bincount(scores[name])[1:].tolist(), strict=True)) == KNOWN["counts"][letter]
    cells = pd.Series(scores["recency"] * 100 + scores["frequency"] * 10 + scores["monetary"]).value_counts()
    assert {str(cell): int(n) for cell, n in cells.items()} == KNOWN["cells"]


def test_segments_share_out_all_customers_and_all_revenue(example):
    table = example.to_frame()
    assert table["customers"].sum() == KNOWN["customers"]
    assert table["share"].sum() == pytest.approx(1) and table["revenue_share"].sum() == pytest.approx(1)
    assert ((table["ci_low"] < table["revenue_share"]) & (table["revenue_share"] < table["ci_high"])).all()


def test_borders_hold_each_customer_once(example):
    assert example.borders.groupby("measure")["customers"].sum().eq(KNOWN["customers"]).all()


def test_the_interval_of_a_revenue_share_is_that_of_a_ratio_of_sums(example):
    """Linearised by hand, customer by customer."""
    money = example.scored.values["monetary"]
    champions = example.positions == SEGMENTS.index("champions")
    share = money[champions].sum() / money.sum()
    residual = money * (champions - share)
    error = np.sqrt(len(money) / (len(money) - 1) * (residual**2).sum()) / money.sum()
    row = example.to_frame().set_index("segment").loc["champions"]
    assert row["ci_high"] - row["revenue_share"] == pytest.approx(1.959964 * error, rel=1e-6)


@given(st.lists(st.integers(0, 20), min_size=5, max_size=60))
def test_equal_values_have_equal_scores_and_larger_ones_no_smaller(values):
    numbers = np.array(values, dtype=float)
    scores = score(numbers, np.quantile(numbers, [0.2, 0.4, 0.6, 0.8]), turned=False)
    order = np.argsort(numbers)
    assert (np.diff(scores[order]) >= 0).all()
    assert all(len(set(scores[numbers == value])) == 1 for value in set(values))


def test_every_pair_of_scores_has_one_segment():
    recency, frequency = (grid.ravel() for grid in np.meshgrid(np.arange(1, 6), np.arange(1, 6)))
    found = np.array(SEGMENTS)[segment(recency, frequency, 5)]
    assert set(found) == set(SEGMENTS)
    assert set(found[(recency >= 4) & (frequency >= 4)]) == {"champions"}


def test_ties_that_swell_a_score_are_said():
    rows = np.repeat(np.arange(100), np.where(np.arange(100) < 60, 1, 3))
    result = lk.rfm(transactions(rows, np.arange(len(rows))))
    assert "Equal values of frequency stay together: one score holds 60% of the customers." in result.warnings


def test_a_later_date_is_read_from_the_same_log():
    log = transactions([1, 2, 2, 3], [0, 1, 2, 3])
    assert lk.rfm(log, at="2026-01-02").n_used == 2
    with pytest.raises(lk.InputError, match="anything by 2025-12-31; the first purchase of the log is of 2026-01-01"):
        lk.rfm(log, at="2025-12-31")


def test_refunds_under_net_take_a_returned_purchase_from_the_top():
    rows = pd.DataFrame(
        {
            "who": [1, 1, *range(2, 12)],
            "when": pd.to_datetime("2026-01-01") + pd.to_timedelta(range(12), unit="D"),
            "paid": [77183.6, -77183.6, *[20.0] * 10],
        }
    )
    names = {"customer": "who", "time": "when", "amount": "paid"}
    assert lk.rfm(lk.read_transactions(rows, **names, refunds="net")).n_used == 10
    assert lk.rfm(lk.read_transactions(rows, **names)).scored.values["monetary"].max() == 77183.6


def steady(seed: int, customers: int = 1_500, days: int = 360):
    """Buyers who never change: a rate each, gamma 1.2, mean .3 a month."""
    rng = np.random.default_rng(seed)
    counts = rng.poisson(rng.gamma(1.2, size=customers) / 4 * days / 30)
    return np.repeat(np.arange(customers), counts), rng.integers(0, days, counts.sum())


def moved(who, day, samples: int = 100):
    log = transactions(who, day)
    return lk.rfm(log, at="2026-06-30").moves(lk.rfm(log, at="2026-12-26"), samples=samples)


def test_most_moves_of_buyers_who_never_change_are_called_chance():
    result = moved(*steady(1))
    assert result.changed > 0.4
    assert result.changed_by_chance == pytest.approx(result.changed, abs=0.04)
    assert (result.to_frame()["verdict"] == "as_chance").all()


def test_champions_who_leave_together_are_more_than_chance():
    who, day = steady(2, customers=3_000)
    frequent = np.bincount(who[day <= 180], minlength=who.max() + 1) >= 3
    lost = frequent[who] & (who % 2 == 0) & (day > 180)
    table = moved(who[~lost], day[~lost]).to_frame().set_index(["from", "to"])
    assert table.loc[("champions", "at_risk"), "verdict"] == "more"


@pytest.mark.slow
def test_chance_is_called_more_than_chance_in_at_most_a_twentieth_of_worlds():
    """Family-wise over all moves by Westfall and Young: .05 is due; normal tails had called 12.3 % news."""
    false = sum((moved(*steady(seed)).to_frame()["verdict"] != "as_chance").any() for seed in range(600))
    assert told("worlds without change with a move called news", false, 600) <= 0.05 + 2 * 0.0089


def test_moves_need_a_later_date():
    log = transactions([1, 2], [0, 5])
    first = lk.rfm(log)
    with pytest.raises(lk.InputError, match="'later' must be an RFM result of the same log"):
        first.moves(first)


def test_a_file_that_is_there_is_not_overwritten(tmp_path, example):
    (tmp_path / "a.csv").write_text("mine")
    with pytest.raises(lk.InputError, match="is there already"):
        example.customers(tmp_path / "a.csv")


def test_a_bare_result_shows_no_customer(example):
    shown = repr(example) + example._repr_html_()
    assert KNOWN["first_five"][0]["customer_id"] not in shown
