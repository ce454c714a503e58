"""Times as files write them: orders of day and month, offsets, and what is refused."""

import pandas as pd
import pytest

import loyalty_kit as lk


def days(tmp_path, written: list[str], **options) -> list[str]:
    file = tmp_path / "orders.csv"
    file.write_text("who,when,paid\n" + "".join(f'a,"{text}",1\n' for text in written), encoding="utf-8")
    log = lk.read_transactions(file, customer="who", time="when", amount="paid", **options)
    return log.ledger().day.astype("datetime64[D]").astype(str).tolist()


WRITTEN = {
    "slashes": (["2026/1/5 9:30", "2026/11/30"], ["2026-01-05", "2026-11-30"]),
    "chinese": (["2026年1月5日", "2026年11月30日 18:05"], ["2026-01-05", "2026-11-30"]),
    "compact": (["20260105", "20261130 18:05"], ["2026-01-05", "2026-11-30"]),
    "points": (["05.01.2026", "30.11.2026 18:05"], ["2026-01-05", "2026-11-30"]),
    "twelve hours": (["1/5/2026 9:30 AM", "11/30/2026 11:59 PM"], ["2026-01-05", "2026-11-30"]),
    "one offset": (["2026-01-05T23:30:00+08:00", "2026-11-30T00:10:00+08:00"], ["2026-01-05", "2026-11-30"]),
    "utc": (["2026-01-05 23:30:00 UTC", "2026-11-30 00:10:00 UTC"], ["2026-01-05", "2026-11-30"]),
}


@pytest.mark.parametrize(("written", "read"), WRITTEN.values(), ids=WRITTEN)
def test_days_are_read(tmp_path, written, read):
    assert days(tmp_path, written) == read


def test_the_order_that_the_caller_gives_decides(tmp_path):
    assert days(tmp_path, ["03/04/2026"], file={"dates": "dmy"}) == ["2026-04-03"]
    assert days(tmp_path, ["03/04/2026"], file={"dates": "mdy"}) == ["2026-03-04"]


def test_days_of_summer_and_winter_time_are_cut_where_the_zone_says(tmp_path):
    """Half past midnight in Berlin, in winter and in summer; both are the evening before in UTC."""
    written = ["2026-01-05T00:30:00+01:00", "2026-07-05T00:30:00+02:00"]
    assert days(tmp_path, written, timezone="Europe/Berlin") == ["2026-01-05", "2026-07-05"]
    assert days(tmp_path, written, timezone="UTC") == ["2026-01-04", "2026-07-04"]
    with pytest.raises(lk.InputError, match=r"times of several offsets \('\+01:00', '\+02:00'\); say where days"):
        days(tmp_path, written)


def test_times_with_and_without_a_zone_are_not_mixed(tmp_path):
    with pytest.raises(lk.InputError, match="with a zone .* and without one .*; give all of them one"):
        days(tmp_path, ["2026-01-05T00:30:00+01:00", "2026-07-05T00:30:00"])


def test_the_first_cell_that_is_no_date_is_named(tmp_path):
    with pytest.raises(lk.InputError, match="holds 'soon', which is no date"):
        days(tmp_path, ["2026-01-05", "soon"])


def test_a_total_stops_the_reading_until_somebody_decides(tmp_path):
    text = "when,who,paid\n" + "".join(f"2026-01-{day:02d},a,1\n" for day in range(1, 9)) + "Total,,8\n"
    (tmp_path / "orders.csv").write_text(text)
    names = {"customer": "who", "time": "when", "amount": "paid"}
    with pytest.raises(lk.InputError, match=r"begins with 'Total'.*file={\"rows\": \"leave_out\"}"):
        lk.read_transactions(tmp_path / "orders.csv", **names)
    log = lk.read_transactions(tmp_path / "orders.csv", **names, file={"rows": "leave_out"})
    assert log.ledger().spend.sum() == 8


def test_an_amount_that_is_none_is_named(tmp_path):
    (tmp_path / "orders.csv").write_text("who,when,paid\na,2026-01-05,1\nb,2026-01-05,free\nb,2026-01-06,2\n")
    with pytest.raises(lk.InputError, match=r"holds 'free' in 1 row of column 'paid'"):
        lk.read_transactions(tmp_path / "orders.csv", customer="who", time="when", amount="paid")


def test_text_in_parquet_is_read_as_in_csv(tmp_path):
    rows = pd.DataFrame({"who": ["a", "b"], "when": ["2026-01-05", "2026-02-01 10:00"], "paid": ["1.50", "2"]})
    rows.to_parquet(tmp_path / "orders.parquet")
    log = lk.read_transactions(tmp_path / "orders.parquet", customer="who", time="when", amount="paid")
    assert log.ledger().spend.sum() == 3.5
