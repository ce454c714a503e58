"""Stages of customers and the figures of the base: R's figures, cases by hand, and bad input."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import loyalty_kit as lk

ROOT = Path(__file__).parents[2]
KNOWN = json.loads((ROOT / "tests/reference/customers/cohorts.json").read_text("utf-8"))["metrics_positive"]
START = pd.Timestamp("2026-01-01")


@pytest.fixture(scope="module")
def found() -> lk.results.LifecycleResult:
    names = {"customer": "customer", "time": "time", "amount": "amount", "order": "order"}
    return lk.lifecycle(lk.read_transactions(ROOT / "data/online_retail/orders.parquet", **names))


def log(*bought: tuple[int, list[int]], paid: float = 10.0) -> lk.Transactions:
    """Customers with the days on which they bought, counted from the first of January."""
    rows = pd.DataFrame([(who, day) for who, days in bought for day in days], columns=["who", "day"])
    rows = rows.assign(when=START + pd.to_timedelta(rows["day"], "D"), paid=paid)
    return lk.read_transactions(rows, customer="who", time="when", amount="paid")


def metric(result, name: str) -> dict[str, float]:
    (row,) = result.metrics[result.metrics["metric"] == name].to_dict("records")
    return row


def test_figures_of_the_base_equal_r(found):
    assert found.n_used == KNOWN["customers"]
    for name, known in (
        ("repeat_rate", "repeat_rate_orders"),
        ("average_order", "average_order_value"),
        ("frequency", "purchase_frequency"),
    ):
        assert metric(found, name)["estimate"] == pytest.approx(KNOWN[known], abs=1e-9)
    assert metric(found, "past_value")["estimate"] == pytest.approx(KNOWN["revenue"] / KNOWN["customers"])


def test_everybody_has_one_stage_now_and_none_or_one_before(found):
    assert found.table["customers"].sum() == found.n_used
    moves = found.moves()
    assert moves.groupby("from")["customers"].sum().to_dict() == {
        row["stage"]: row["before"] for row in found.table.to_dict("records") if row["before"]
    }
    assert moves.groupby("from")["share"].sum().to_numpy() == pytest.approx(1.0)


def test_borders_are_whole_periods_since_the_last_purchase():
    last = [0, 59, 60, 119, 120, 239, 240, 300]
    result = lk.lifecycle(log(*[(who, [0, 400 - days]) for who, days in enumerate(last)]), period=60)
    assert result.table["customers"].tolist() == [0, 2, 2, 2, 2]
    assert result.table["since"].tolist() == [0, 0, 60, 120, 240]


def test_new_is_who_first_bought_within_the_period():
    result = lk.lifecycle(log((1, [0, 140]), (2, [140]), (3, [81]), (4, [80])), period=60)
    assert result.table.set_index("stage")["customers"].to_dict() == {
        "new": 2,
        "active": 1,
        "at_risk": 1,
        "dormant": 0,
        "lost": 0,
    }


def test_retention_is_of_those_who_bought_in_the_period_before():
    result = lk.lifecycle(log((1, [0, 50, 100]), (2, [45]), (3, [0, 100]), (4, [99])), period=50)
    assert metric(result, "retention")["n"] == 2 and metric(result, "retention")["estimate"] == 0.5
    low, high = metric(result, "churn")["ci_low"], metric(result, "churn")["ci_high"]
    told = metric(result, "retention")
    assert (1 - high, 1 - low) == pytest.approx((told["ci_low"], told["ci_high"]))


def test_what_a_new_customer_costs_and_when_it_is_back():
    """Each customer spends 10 a period for four periods, of which half is earned; ten new ones cost 120."""
    base = [(who, [0, 30, 60, 90]) for who in range(20)]
    result = lk.lifecycle(log(*base, *[(who, [119]) for who in range(20, 30)]), period=30, costs=120.0, margin=0.5)
    assert metric(result, "acquisition_cost")["estimate"] == 12.0
    assert metric(result, "payback")["estimate"] == 3.0
    assert metric(result, "value_to_cost")["estimate"] == pytest.approx(0.5 * (20 * 40 + 100) / 30 / 12)
    never = lk.lifecycle(log(*base, *[(who, [119]) for who in range(20, 30)]), period=30, costs=900.0, margin=0.5)
    assert np.isnan(metric(never, "payback")["estimate"])
    assert "lifecycle_payback" not in [one.name for one in never.estimates()]


def test_refunds_lower_what_customers_brought_where_the_log_is_read_net():
    """Ten customers buy for 10 on two days, and five of them give back 5, which is no purchase's amount."""
    rows = pd.DataFrame({"who": [*range(10)] * 2 + [*range(5)], "day": [0] * 10 + [80] * 10 + [75] * 5})
    rows = rows.assign(when=START + pd.to_timedelta(rows["day"], "D"), paid=[10.0] * 20 + [-5.0] * 5)
    apart, net = (
        lk.lifecycle(lk.read_transactions(rows, customer="who", time="when", amount="paid", refunds=how), period=30)
        for how in ("separate", "net")
    )
    assert metric(apart, "past_value")["estimate"] == 20.0 and metric(net, "past_value")["estimate"] == 17.5


def test_cost_without_a_margin_is_warned_of():
    assert "give 'margin'" in lk.lifecycle(log((1, [0, 99]), (2, [98])), period=30, costs=5.0).warnings[0]


def test_refunds_and_later_days_count_nowhere():
    rows = pd.DataFrame({"who": [1, 1, 2, 3, 4], "when": START + pd.to_timedelta([0, 99, 50, 300, 9], "D")})
    rows["paid"] = [5.0, 5.0, -5.0, 5.0, 5.0]
    orders = lk.read_transactions(rows, customer="who", time="when", amount="paid")
    assert lk.lifecycle(orders, at="2026-04-30", period=30).n_used == 2


def test_steady_buyers_move_as_chance_has_it_and_those_who_stop_do_not():
    rng = np.random.default_rng(4)
    steady = [(who, [0, *rng.integers(1, 401, rng.poisson(8) + 1)]) for who in range(400)]
    moves = lk.lifecycle(log(*steady, (999, [0, 400])), period=60).moves()
    assert set(moves["verdict"]) == {"as_chance"}
    many = moves[moves["customers"] >= 20]
    assert many["expected_by_chance"].to_numpy() == pytest.approx(many["share"].to_numpy(), abs=0.1)
    stopped = [(who, [day for day in days if day < 340]) for who, days in steady[:200]]
    moves = lk.lifecycle(log(*stopped, *steady[200:], (999, [0, 400])), period=60).moves()
    verdict = moves.set_index(["from", "to"])["verdict"]
    assert verdict["active", "at_risk"] == "more" and verdict["active", "active"] == "fewer"


def test_expected_moves_of_two_repeat_days_are_their_chance_by_hand():
    """Two days, uniform on three periods: who was active after the second is again with chance 2/5, else at risk."""
    result = lk.lifecycle(log(*[(who, [0, 100, 170]) for who in range(300)], (999, [180])), period=60)
    moves = result.moves(samples=400).set_index(["from", "to"])
    assert moves.loc[("active", "active"), "expected_by_chance"] == pytest.approx(0.4, abs=0.01)
    assert moves.loc[("active", "at_risk"), "expected_by_chance"] == pytest.approx(0.6, abs=0.01)
    assert (moves.loc[("active", "active"), "share"], moves.loc[("active", "active"), "verdict"]) == (1.0, "more")
    assert result.moves(samples=400).equals(result.moves(samples=400))


def test_a_move_that_all_worlds_make_is_not_told_to_be_more_than_chance():
    result = lk.lifecycle(log(*[(who, [0, 30]) for who in range(300)], (999, [0, 120])), period=60)
    assert set(result.moves()["verdict"]) == {"as_chance"}


def test_who_was_recommended_counts_among_the_new_only():
    shop = log((1, [0, 140]), (2, [140]), (3, [81]), (4, [130]))
    result = lk.lifecycle(shop, period=60, referred=[1, 2.0, "4", "ghost"])
    assert (metric(result, "referral")["estimate"], metric(result, "referral")["n"]) == (pytest.approx(2 / 3), 3)
    assert "does not know 1 of the ids" in result.warnings[0]
    assert "lifecycle_referral" in [one.name for one in result.estimates()]
    with pytest.raises(lk.InputError, match="'referred' must be a list"):
        lk.lifecycle(shop, period=60, referred="all")


def test_every_figure_has_its_definition(found):
    assert found.metrics["definition"].notna().all()
    assert "share who bought in the last one" in metric(found, "retention")["definition"]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"period": 91}, "need a log of two; this one holds 99 days by 2026-04-10: take a shorter period"),
        ({"period": 30, "costs": 0.0}, "'costs' must be above 0"),
        ({"period": 30, "margin": 1.5}, "'margin'"),
        ({"period": 30, "at": "yesterday"}, "'at' must be a date"),
        ({"period": 30, "at": "2027-01-01"}, "after the log's last day, 2026-04-10"),
        ({"period": 30, "at": "2025-01-01"}, "need two customers or more; 0 had bought"),
    ],
)
def test_bad_input_gives_a_sentence(asked, told):
    with pytest.raises((lk.InputError, lk.TooLittleError), match=told):
        lk.lifecycle(log((1, [0, 99]), (2, [98])), **asked)
