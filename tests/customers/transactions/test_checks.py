"""What the check of a log says: each fault with its rows, in whatever engine the log lies."""

from datetime import date

import duckdb
import pandas as pd
import polars as pl
import pytest

import loyalty_kit as lk

AT = date(2026, 11, 30)


def log(**columns) -> pd.DataFrame:
    days = pd.date_range("2026-01-01", "2026-03-31")
    rows = {"who": [f"c{n % 45}" for n in range(90)], "when": days, "paid": 10.0, "order": range(90)}
    return pd.DataFrame(rows | columns)


def checked(table) -> pd.DataFrame:
    read = lk.read_transactions(table, customer="who", time="when", amount="paid", order="order")
    return read.check(at=AT).to_frame().set_index("check")


def test_a_sound_log_passes_every_check():
    result = checked(log())
    assert (result["outcome"] == "pass").all()
    assert result.loc["periods", "message"] == "The log runs from 2026-01-01 to 2026-03-31."


def changed(column: str, rows: int, value: object) -> pd.DataFrame:
    table = log().astype({"who": object})
    table.loc[: rows - 1, column] = value
    return table


FAULTS = {
    "customer": (changed("who", 30, None), "warn", 30),
    "time": (changed("when", 3, pd.NaT), "warn", 3),
    "amount": (changed("paid", 3, float("nan")), "warn", 3),
    "future": (changed("when", 2, pd.Timestamp("2027-01-01")), "fail", 2),
    "early": (changed("when", 2, pd.Timestamp("1970-01-01")), "fail", 2),
    "repeated": (pd.concat([log(), log().head(4)]), "warn", 4),
    "orders": (changed("order", 6, 7000), "warn", 1),
    "unpaid": (changed("paid", 5, -10.0), "warn", 5),
    "nothing": (changed("paid", 5, 0.0), "pass", 5),
    "silent": (log().drop(index=range(10, 50)), "warn", 0),
    "periods": (log().head(80), "warn", 0),
    "largest": (changed("who", 12, "till"), "warn", 0),
    "alike": (changed("who", 1, "C5"), "warn", 0),
}


@pytest.mark.parametrize(
    ("check", "table", "outcome", "rows"), [(name, *fault) for name, fault in FAULTS.items()], ids=FAULTS
)
def test_each_fault_is_counted(check, table, outcome, rows):
    row = checked(table).loc[check]
    assert (row["outcome"], row["rows"]) == (outcome, rows)


@pytest.mark.parametrize("table", [FAULTS[name][0] for name in ("customer", "unpaid", "repeated", "orders")])
def test_every_engine_finds_the_same(table):
    arrow = pl.from_pandas(table.reset_index(drop=True)).to_arrow()
    held = {"polars": pl.from_arrow(arrow).lazy(), "duckdb": duckdb.from_arrow(arrow)}
    expected = checked(table)[["outcome", "rows"]]
    for frame in held.values():
        pd.testing.assert_frame_equal(checked(frame)[["outcome", "rows"]], expected)


def test_whole_months_are_named_where_the_log_cuts_its_ends_off():
    told = checked(log().iloc[5:85]).loc["periods", "message"]
    assert told.endswith("Whole months are those from 2026-02-01 to 2026-02-28; those at its ends are cut off.")


def test_a_log_within_one_month_has_no_whole_one():
    assert checked(log().head(9)).loc["periods", "message"].endswith("No month of it is whole.")


def test_the_share_of_revenue_without_a_customer_is_said():
    told = checked(changed("who", 9, None)).loc["customer", "message"]
    assert told.startswith("10.0% of the rows, with 10.0% of the revenue, name no customer")
