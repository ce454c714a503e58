"""Who takes part: counts by hand, Wilson's intervals, members from the period in which they enrolled."""

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

import loyalty_kit as lk


@pytest.fixture
def table() -> pd.DataFrame:
    """Forty customers over three months: half join in the second, of whom half buy; segment a and b."""
    frame = pd.DataFrame({"id": np.repeat(np.arange(40), 3), "month": ["2026-01", "2026-02", "2026-03"] * 40})
    frame["joined"] = np.where(frame["id"] % 2 == 0, "2026-02-10", None)
    frame["orders"] = (frame["id"] % 4 == 0).astype(float)
    frame["segment"] = np.where(frame["id"] < 20, "a", "b")
    return frame


NAMES = {"enrolled": "joined", "active": "orders", "by": ["segment"], "period": "month"}


def test_members_count_from_the_period_in_which_they_enrol(table):
    found = lk.participation(table, **NAMES)
    overall = found.shares[found.shares["by"] == ""]
    assert overall[overall["measure"] == "enrolled"]["count"].tolist() == [0, 20, 20]
    assert overall[overall["measure"] == "active"][["count", "n"]].to_numpy().tolist() == [[0, 0], [10, 20], [10, 20]]
    assert found.periods == ("2026-01", "2026-02", "2026-03") and found.n_used == 40
    assert found.latest("segment")["group"].tolist() == ["a", "a", "b", "b"]


def test_intervals_are_wilsons(table):
    """10 of 20 at 95 %: 0.299 to 0.701 (Newcombe 1998, formula of Wilson's method)."""
    row = lk.participation(table, **NAMES).latest().set_index("measure").loc["active"]
    assert [row["ci_low"], row["ci_high"]] == pytest.approx([0.2993, 0.7007], abs=1e-4)
    assert np.isnan(lk.participation(table, **NAMES).shares["share"]).sum() == 3


@pytest.mark.parametrize("make", [pl.from_pandas, lambda frame: duckdb.sql("select * from frame")])
def test_other_frames_give_the_same(table, make):
    found = lk.participation(make(table), **NAMES)
    pd.testing.assert_frame_equal(found.shares, lk.participation(table, **NAMES).shares)


def test_flags_say_who_is_a_member_where_there_are_no_dates():
    table = pd.DataFrame({"member": [True, True, False, True, False, False], "points": [0, 5, 3, None, 0, 0]})
    found = lk.participation(table, enrolled="member", redeeming="points")
    assert found.shares[["measure", "count", "n"]].to_numpy().tolist() == [["enrolled", 3, 6], ["redeeming", 1, 2]]
    assert found.warnings == ("'points' is missing in 1 rows of members, which count for neither.",)


def test_a_missing_group_is_a_group_and_ids_are_none(table):
    gaps = table.assign(segment=table["segment"].where(table["id"] >= 6))
    assert "(missing)" in lk.participation(gaps, **NAMES).latest("segment")["group"].tolist()
    with pytest.raises(lk.InputError, match="'id' holds hardly any value twice, as ids do"):
        lk.participation(table, enrolled="joined", by=["id"], period="month")


def test_wrong_input_is_refused(table):
    with pytest.raises(lk.InputError, match="'by' must be a list of columns; got the single name 'segment'"):
        lk.participation(table, enrolled="joined", by="segment")
    with pytest.raises(lk.InputError, match="'month' is missing in 1 rows; every row needs a period"):
        lk.participation(table.assign(month=table["month"].where(table.index > 0)), **NAMES)
    with pytest.raises(lk.InputError, match="lacks the column 'joind'; did you mean 'joined'"):
        lk.participation(table, enrolled="joind")
    with pytest.raises(lk.TooLittleError, match="holds no rows"):
        lk.participation(table.head(0), **NAMES)
