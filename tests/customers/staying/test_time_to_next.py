"""Time to the next order against R's survival, and what must hold for any log."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.duration.hazard_regression import PHReg

import loyalty_kit as lk
from loyalty_kit.customers.staying.survival import cox, curve, log_rank, median

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "tests/reference/customers"
FIGURES = json.loads((FOLDER / "survival.json").read_text("utf-8"))
KNOWN, ROSSI = FIGURES["second_order"], FIGURES["rossi"]


@pytest.fixture(scope="module")
def waits():
    return pd.read_csv(FOLDER / "online_retail_second_order.csv")


@pytest.fixture(scope="module")
def shop() -> lk.Transactions:
    file = ROOT / "data/online_retail/orders.parquet"
    return lk.read_transactions(file, customer="customer", time="time", amount="amount", order="order")


def made(rng: int = 0, n: int = 300, faster: float = 1.0) -> pd.DataFrame:
    """Customers by web and store of whom those of the web come back so many times as fast, watched for 120 days."""
    source = np.random.default_rng(rng)
    first = source.integers(0, 60, n)
    web = np.arange(n) % 2 == 0
    wait = 1 + source.exponential(np.where(web, 60 / faster, 60)).astype(int)
    rows = pd.DataFrame({"who": np.arange(n), "day": first, "shop": np.where(web, "web", "store")})
    again = rows.assign(day=first + wait, shop="phone")[first + wait <= 120]
    rows = pd.concat([rows, again, pd.DataFrame({"who": [n], "day": [120], "shop": ["web"]})])
    return rows.assign(when=pd.Timestamp("2026-01-01") + pd.to_timedelta(rows["day"], "D"), paid=10.0)


def log(rows: pd.DataFrame) -> lk.Transactions:
    return lk.read_transactions(rows, customer="who", time="when", amount="paid", channel="shop")


def test_the_curve_equals_survfit(shop):
    """R> survfit(Surv(days, event) ~ 1, conf.type = "log-log")   # survival 3.5-3"""
    found = lk.time_to_next(shop)
    assert (found.n_used, found.n_events) == (KNOWN["n"], KNOWN["events"])
    for known in KNOWN["km"]:
        (row,) = found.returned_by(known["time"]).to_dict("records")
        expected = [1 - known["survival"], 1 - known["ci_high"], 1 - known["ci_low"]]
        assert [row["returned"], row["ci_low"], row["ci_high"]] == pytest.approx(expected, abs=1e-6)
    assert found.to_frame()[["median", "ci_low", "ci_high"]].iloc[0].tolist() == KNOWN["median"]


def test_log_rank_and_cox_equal_survdiff_and_coxph(waits):
    days, event = waits["days"].to_numpy(float), waits["event"].to_numpy(float)
    assert log_rank(days, event, waits["uk"].to_numpy()) == pytest.approx(
        [KNOWN["logrank_uk"]["chisq"], KNOWN["logrank_uk"]["p"]], abs=1e-6
    )
    weights, errors = cox(days, event, waits[KNOWN["cox"]["names"]].to_numpy(float))
    assert weights == pytest.approx(KNOWN["cox"]["coef"], abs=1e-6)
    assert errors == pytest.approx(KNOWN["cox"]["se"], abs=1e-6)


def test_cox_equals_r_on_rossi_published_too():
    """R> coxph(Surv(week, arrest) ~ fin + age + race + wexp + mar + paro + prio, Rossi); Fox & Weisberg (2011)."""
    rows, known = pd.read_csv(FOLDER / "rossi.csv"), ROSSI["cox"]
    weights, errors = cox(
        rows["week"].to_numpy(float), rows["arrest"].to_numpy(float), rows[known["names"]].to_numpy(float)
    )
    assert weights == pytest.approx(known["coef"], abs=1e-6)
    assert errors == pytest.approx(known["se"], abs=1e-6)


def test_cox_on_counts_by_day_and_kind_equals_statsmodels_on_customers():
    rng = np.random.default_rng(2)
    kind = rng.integers(0, 3, 600)
    wait, watched = np.ceil(rng.exponential(20 / (1 + kind))), rng.integers(1, 40, 600)
    days, event = np.minimum(wait, watched).astype(float), (wait <= watched).astype(float)
    design = (kind[:, None] == [1, 2]).astype(float)
    known = PHReg(days, design, event, ties="efron").fit(disp=0)
    rows = pd.DataFrame({"days": days, "kind": kind, "event": event}).groupby(["days", "kind"])["event"]
    cells = rows.agg(["size", "sum"]).reset_index()
    counted = (cells["kind"].to_numpy()[:, None] == [1, 2]).astype(float)
    found = cox(cells["days"].to_numpy(), cells["sum"].to_numpy(), counted, cells["size"].to_numpy(float))
    for one in (found, cox(days, event, design)):
        assert one[0] == pytest.approx(known.params, abs=1e-8)
        assert one[1] == pytest.approx(known.bse, abs=1e-8)


def test_a_group_that_came_back_before_all_others_has_no_hazard_ratio():
    shop = np.repeat(["web", "store"], [30, 40])
    begun = pd.DataFrame({"who": range(70), "day": 0, "shop": shop})
    rows = pd.concat([begun, begun.assign(day=np.where(shop == "web", 3, 20))])
    rows = rows.assign(when=pd.Timestamp("2026-01-01") + pd.to_timedelta(rows["day"], "D"), paid=1.0)
    table = lk.time_to_next(log(rows), by="channel").to_frame().set_index("group")
    assert np.isnan(table.loc["web", "hazard_ratio"]) and table.loc["web", "median"] == 3


def test_groups_are_those_of_the_first_order():
    """Every second order is by phone; nobody is of that group."""
    found = lk.time_to_next(log(made()), by="channel")
    assert found.to_frame()["group"].tolist() == ["all", "store", "web"]
    assert found.to_frame()["customers"].tolist() == [300, 150, 150]
    assert found.n_left_out == 0
    assert lk.time_to_next(log(made(faster=3)), by="channel").p_value < 0.001
    assert found.p_value > 0.05


def test_who_comes_back_three_times_as_fast_has_a_hazard_ratio_of_three():
    rows = lk.time_to_next(log(made(1, 4000, 3)), by="channel").to_frame().set_index("group")
    assert rows.loc["web", "hr_low"] < 3 < rows.loc["web", "hr_high"]
    assert np.isnan(rows.loc["store", "hazard_ratio"])


def test_the_third_order_is_waited_for_from_the_second_on():
    days = {0: 0, 1: 10, 2: 40}
    rows = pd.DataFrame([(who, day) for who in range(30) for day in days.values()], columns=["who", "day"])
    rows = rows.assign(when=pd.Timestamp("2026-01-01") + pd.to_timedelta(rows["day"], "D"), paid=1.0, shop="a")
    assert lk.time_to_next(log(rows), order=3).to_frame()["median"].tolist() == [30]
    with pytest.raises(lk.TooLittleError, match="Of 0 customers with purchase 3, 0 made purchase 4"):
        lk.time_to_next(log(rows), order=4)


def test_small_and_unknown_groups_are_counted_and_not_compared():
    rows = made()
    rows.loc[rows["who"] < 7, "shop"] = "fax"
    rows.loc[rows["who"].between(7, 9), "shop"] = None
    found = lk.time_to_next(log(rows), by="channel")
    assert "fax" not in set(found.to_frame()["group"])
    assert found.n_left_out == 10
    assert list(map(str, found.warnings)) == [
        "Of 3 customers the log does not say the channel of the first order.",
        "7 customers belong to groups of fewer than 20 by channel; these are not compared.",
    ]


def test_nobody_came_back():
    rows = pd.DataFrame({"who": range(60), "when": pd.date_range("2026-01-01", periods=60), "paid": 5.0, "shop": "a"})
    with pytest.raises(lk.TooLittleError, match="Of 59 customers with purchase 1, 0 made purchase 2"):
        lk.time_to_next(log(rows))


def test_a_log_without_channels_says_how_to_give_them(shop):
    with pytest.raises(lk.InputError, match="names no column of the channel; give it when the log is read"):
        lk.time_to_next(shop, by="channel")


def test_a_refund_that_takes_back_the_first_order_takes_its_channel_too():
    rows = made(n=40)
    undone = pd.DataFrame({"who": range(40), "when": pd.Timestamp("2025-12-01"), "paid": 77.0, "shop": "fair"})
    back = undone.assign(when=pd.Timestamp("2025-12-02"), paid=-77.0)
    whole = pd.concat([undone, back, rows])
    names = dict(customer="who", time="when", amount="paid", channel="shop")
    kept = lk.time_to_next(lk.read_transactions(whole, **names), by="channel").to_frame()
    net = lk.time_to_next(lk.read_transactions(whole, refunds="net", **names), by="channel").to_frame()
    assert kept["group"].tolist() == ["all", "fair"]
    assert net["group"].tolist() == ["all", "store", "web"]


def test_a_median_that_is_not_reached_is_infinite():
    assert median(curve(np.arange(1.0, 11.0), np.array([1.0, 1, *[0] * 8]), 0.95))[0] == np.inf
