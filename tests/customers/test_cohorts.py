"""Cohorts against counts of R's data.table, and where a log cuts a period off."""

import json
from pathlib import Path

import pandas as pd
import pytest

import loyalty_kit as lk

ROOT = Path(__file__).parents[2]
KNOWN = json.loads((ROOT / "tests/reference/customers/cohorts.json").read_text("utf-8"))["positive_orders"]


@pytest.fixture(scope="module")
def shop() -> lk.Transactions:
    file = ROOT / "data/online_retail/orders.parquet"
    return lk.read_transactions(file, customer="customer", time="time", amount="amount", order="order")


def log(days, who=None) -> lk.Transactions:
    rows = pd.DataFrame({"who": who or range(len(days)), "when": pd.to_datetime(days), "paid": 9.0})
    return lk.read_transactions(rows, customer="who", time="when", amount="paid")


@pytest.mark.parametrize("measure", ["customers", "orders", "revenue"])
def test_every_cell_equals_r(shop, measure):
    """Customers, orders and revenue by month of the first purchase and months since (cohort.R)."""
    found = lk.retention(shop, measure=measure).to_frame().set_index(["cohort", "age"])
    assert len(found) == len(KNOWN["table"])
    for cell in KNOWN["table"]:
        row = found.loc[(cell["cohort"], cell["age"])]
        name = "active" if measure == "customers" else measure
        assert row["active"] == pytest.approx(cell[name], abs=0.006 if measure == "revenue" else 0)
        assert row["size"] == cell["size"]
        if measure == "customers":
            assert [row["ci_low"], row["ci_high"]] == pytest.approx([cell["ci_low"], cell["ci_high"]], abs=1e-9)


def test_all_cohorts_together_equal_r(shop):
    found = lk.retention(shop).pooled(complete=False)
    known = pd.DataFrame(KNOWN["pooled_weighted"])
    assert found[["age", "active", "size"]].to_numpy().tolist() == known[["age", "active", "size"]].to_numpy().tolist()


def test_a_month_that_the_log_cuts_off_is_marked(shop):
    """The log ends on 9 December 2011."""
    table = lk.retention(shop).to_frame()
    month = pd.PeriodIndex(table["cohort"], freq="M") + table["age"].to_numpy()
    assert (table["complete"] == (month < pd.Period("2011-12", "M"))).all()
    assert lk.retention(log(["2026-01-05", "2026-02-28"])).to_frame()["complete"].all()


@pytest.mark.parametrize(
    ("cohort", "labels"), [("week", ["2025-12-29", "2026-01-05"]), ("quarter", ["2025-Q4", "2026-Q1"])]
)
def test_periods_begin_where_calendars_have_it(cohort, labels):
    days = ["2026-01-04", "2026-01-05"] if cohort == "week" else ["2025-12-31", "2026-01-01"]
    assert lk.retention(log(days), cohort=cohort).to_frame()["cohort"].unique().tolist() == labels


def test_one_period_is_too_little():
    with pytest.raises(lk.TooLittleError, match="lies within one month; cohorts need two or more"):
        lk.retention(log(["2026-01-04", "2026-01-05"]))


def test_cohorts_of_which_nobody_came_back_count_in_the_share_of_all():
    days = ["2026-01-05"] * 10 + ["2026-02-05"] * 10 + ["2026-02-06"] * 6 + ["2026-03-31"]
    found = lk.retention(log(days, [*range(20), *range(6), 99]))
    (row,) = found.pooled().query("age == 1").to_dict("records")
    assert (row["active"], row["size"]) == (6, 20)
    nobody = lk.retention(log(["2026-01-05"] * 40 + ["2026-02-28"] * 40))
    assert str(lk.describe(nobody)).startswith("Of 40 customers, fewer than 5 bought in the period 1 after")
    assert lk.plot(nobody) is None
