"""The points ledger: what it reads, what it refuses, and what it says of balances, flow and faults."""

import narwhals as nw
import numpy as np
import pandas as pd
import pytest
from points import ledger, scheme

from loyalty_kit.core.errors import InputError, TooLittleError

ROWS = pd.DataFrame(
    [
        ("anna", "2026-01-10", "earn", 100, "till", "b1"),
        ("anna", "2026-02-01", "redeem", -30, "web", "r1"),
        ("anna", "2026-03-05", "earn", 50, "web", "b2"),
        ("bert", "2026-01-20", "获得", 80, "till", "b3"),
        ("bert", "2026-05-02", "expire", 80, "", None),
    ],
    columns=["member", "time", "kind", "points", "channel", "reference"],
).assign(time=lambda table: pd.to_datetime(table["time"]))
COLUMNS = {"channel": "channel", "reference": "reference"}


def test_balances_are_those_of_the_day():
    held = ledger(ROWS, "3 months", **COLUMNS)
    assert held.balances("2026-02-28").balances.to_dict() == {"anna": 70, "bert": 80}
    # The rest of anna's first 100 points is gone on 10 April, bert's 80 on 20 April.
    assert held.balances("2026-04-30").balances.to_dict() == {"anna": 50, "bert": 0}
    assert held.balances("2026-04-30").open == 50


def test_flow_adds_up_to_the_balances():
    held = ledger(ROWS, "3 months", **COLUMNS)
    months = held.flow("month", at="2026-06-30").to_frame()
    assert months["earned"].tolist() == [180, 0, 50, 0, 0, 0]
    assert months["redeemed"].tolist() == [0, 30, 0, 0, 0, 0]
    assert months["expired"].tolist() == [0, 0, 0, 150, 0, 50]
    assert months["open"].tolist() == [180, 150, 200, 50, 50, 0]
    channels = held.flow("channel", at="2026-06-30").to_frame().set_index("channel")
    assert channels.loc["till", ["earned", "redeemed", "expired"]].tolist() == [180, 0, 150]
    assert channels.loc["web", ["earned", "redeemed", "expired"]].tolist() == [50, 30, 50]


@pytest.mark.parametrize("seed", [1, 2])
def test_flow_and_balances_agree_on_a_simulated_scheme(seed):
    rows, _ = scheme(seed, members=200)
    held = ledger(rows)
    for by in ("month", "quarter", "year"):
        table = held.flow(by).to_frame()
        assert table["open"].iloc[-1] == pytest.approx(held.balances().open)
    assert held.check().sound


@pytest.mark.parametrize("kind", ["polars", "pyarrow", "duckdb"])
def test_a_ledger_is_the_same_from_any_frame(kind):
    rows, _ = scheme(3, members=100)
    there = nw.from_native(rows.drop(columns="month"))
    if kind == "duckdb":
        duckdb = pytest.importorskip("duckdb")
        table = there.to_arrow()
        native = duckdb.from_arrow(table)
    else:
        native = there.to_polars() if kind == "polars" else there.to_arrow()
    assert ledger(native).balances().open == ledger(rows).balances().open


def test_ids_that_are_one_member_are_one():
    rows = pd.DataFrame({"time": pd.Timestamp("2026-01-01"), "kind": "earn", "points": [5, 7], "member": [17.0, 18.0]})
    held = ledger(rows).balances().balances
    assert held.to_dict() == {"17": 5, "18": 7}


def test_adjustments_come_and_go_without_being_redeemed():
    rows = ROWS.iloc[:3].assign(kind=["earn", "reversal", "adjust"], points=[100, -30, 50])
    found = ledger(rows, "never").flow("year").to_frame()
    assert found[["earned", "redeemed", "adjusted", "open"]].values.tolist() == [[100, 0, 20, 120]]


def test_a_sound_ledger_has_no_findings():
    found = ledger(ROWS.iloc[:4], "3 months", **COLUMNS).check()
    assert found.sound and found.to_frame().empty


def test_each_fault_is_found_and_counted():
    rows = pd.concat([ROWS, ROWS.iloc[[2]]], ignore_index=True)
    more = pd.DataFrame(
        [
            ("carl", "2026-01-05", "burn", -10, "web", "r7"),
            ("carl", "2026-02-05", "earn", 4.5, "web", "b1"),
            (None, "2026-02-05", "earn", 5, "web", "b8"),
        ],
        columns=rows.columns,
    ).assign(time=lambda table: pd.to_datetime(table["time"]))
    found = ledger(pd.concat([rows, more], ignore_index=True), "12 months", **COLUMNS).check(at="2026-04-30")
    table = found.to_frame().set_index("finding")
    assert not found.sound
    assert table["n_rows"].to_dict() == {
        "negative_balance": 1,
        "burn_without_earn": 1,
        "repeated": 1,
        "reference_twice": 1,
        "fraction": 1,
        "incomplete": 1,
        "future": 1,
    }
    assert found.rows[found.rows == "burn_without_earn"].index.tolist() == [7]


def test_expiries_that_were_posted_are_held_against_the_validity():
    found = ledger(ROWS, "3 months").check(at="2026-06-30").to_frame().set_index("finding")
    assert found.loc["expired_unposted", ["n_members", "points"]].tolist() == [1, 120]
    early = ledger(ROWS, "12 months").check(at="2026-06-30").to_frame().set_index("finding")
    assert early.loc["expired_too_much", ["n_members", "points"]].tolist() == [1, 80]


def test_points_about_to_be_lost_are_counted_by_month_and_written_only_when_asked_for(tmp_path):
    rows = pd.DataFrame({"member": range(12), "time": pd.Timestamp("2026-01-15"), "kind": "earn", "points": 10})
    rows.loc[10:, "time"] = pd.Timestamp("2026-02-15")
    found = ledger(rows, "3 months").expiring("2026-03-31", within=2)
    assert found.to_frame().values.tolist() == [[pd.Timestamp("2026-04-01"), 0, 10, 100.0]]
    assert (found.points, found.n_used) == (120, 12)
    assert found.save(tmp_path / "lost.csv").exists()
    assert len(pd.read_csv(tmp_path / "lost.csv")) == 12
    with pytest.raises(InputError, match="is there already"):
        found.save(tmp_path / "lost.csv")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"kind": "gift"}, r"holds 'gift'.*in 5 rows.*kinds=\{'gift': 'adjust'\}"),
        ({"points": -5}, "'earn' have the wrong sign in 3 rows, first in row 1"),
        ({"points": "many"}, "Column 'points' holds text"),
        ({"time": "2026-01-01"}, "'time' of the points ledger holds String, not times"),
        ({"member": None}, "holds no row with a member"),
        ({"points": np.inf}, "infinite points"),
    ],
)
def test_what_cannot_be_read_is_told_with_the_place(change, told):
    with pytest.raises(InputError, match=told):
        ledger(ROWS.assign(**change), "3 months")


def test_burns_of_both_signs_are_refused():
    rows = pd.concat([ROWS, ROWS.iloc[[1, 1]].assign(points=[20, -20])], ignore_index=True)
    with pytest.raises(InputError, match="Points of kind 'burn' have the wrong sign in 1 row, first in row 6"):
        ledger(rows, "3 months")


def test_words_of_the_house_are_named_by_the_user():
    rows = ROWS.assign(kind=["vergeben", "redeem", "vergeben", "获得", "expire"])
    held = ledger(rows, "3 months", kinds={"vergeben": "earn"})
    assert held.balances("2026-03-31").open == 200


def test_a_day_before_the_first_posting_is_refused():
    with pytest.raises(InputError, match=r"'at' \(2025-12-31\) lies before the first posting \(2026-01-10\)"):
        ledger(ROWS, "3 months").balances("2025-12-31")


def test_a_bare_ledger_shows_nobody():
    shown = repr(ledger(ROWS, "3 months")) + repr(ledger(ROWS, "3 months").balances())
    assert "anna" not in shown


def test_few_members_have_no_life_table():
    with pytest.raises(TooLittleError, match="takes 30 members or more; the ledger has 2"):
        ledger(ROWS, "3 months").redemption()
