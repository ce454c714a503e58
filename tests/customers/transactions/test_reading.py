"""A log is read from any file and any frame; each way gives the same customers, orders and money."""

import json
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

import loyalty_kit as lk
from loyalty_kit.customers.transactions import transactions
from tests.helpers import spark

ROOT = Path(__file__).parents[3]
LOG = ROOT / "data/online_retail/orders.parquet"
NAMES = {"customer": "customer", "time": "time", "amount": "amount", "order": "order"}
KNOWN = json.loads((ROOT / "tests/reference/customers/cohorts.json").read_text("utf-8"))

SOURCES = {
    "file": lambda: LOG,
    "pandas": lambda: pd.read_parquet(LOG),
    "polars": lambda: pl.read_parquet(LOG),
    "polars, lazy": lambda: pl.scan_parquet(LOG),
    "duckdb": lambda: duckdb.read_parquet(str(LOG)),
}


def small(**columns) -> pd.DataFrame:
    rows = {
        "who": ["a", "a", "b"],
        "when": pd.to_datetime(["2026-01-05", "2026-02-01", "2026-02-01"]),
        "paid": [2, 5, 9],
    }
    return pd.DataFrame(rows | columns)


def rows_of(ledger) -> pd.DataFrame:
    """Customers' days by the text of their ids."""
    ids = ledger.ids.iloc[ledger.customer].to_numpy()
    money = {name: getattr(ledger, name) for name in ("day", "orders", "spend", "refunds")}
    return pd.DataFrame({"id": ids, **money}).sort_values(["id", "day"], ignore_index=True)


def read(table, **options):
    return lk.read_transactions(table, customer="who", time="when", amount="paid", **options)


COUNTED = [
    *(pytest.param(source, id=name) for name, source in SOURCES.items()),
    pytest.param(lambda: spark.held_by_spark(LOG), id="pyspark", marks=spark.MARKS),
]


@pytest.mark.parametrize("source", COUNTED)
def test_every_engine_counts_as_r_does(source):
    """Customers, orders, revenue and refunds of Online Retail, counted by data.table (cohort.R)."""
    log = lk.read_transactions(source(), **NAMES)
    customers, ledger = log.ledger().by_customer(), log.ledger()
    known, refunds = KNOWN["metrics_positive"], KNOWN["refunds"]
    assert (len(customers), customers["orders"].sum()) == (known["customers"], known["orders"])
    assert customers["spend"].sum() == pytest.approx(known["revenue"], abs=0.01)
    assert ledger.refunds.sum() == pytest.approx(refunds["refund_total"], abs=0.01)
    assert len(ledger) - len(customers) == refunds["customers_only_refunds"]
    lost = (customers["net"] <= 0.005).sum() + refunds["customers_only_refunds"]
    assert lost == refunds["customers_net_not_positive"]
    assert (customers["orders"] > 1).mean() == pytest.approx(known["repeat_rate_orders"], abs=1e-10)
    assert (customers["days"] > 1).mean() == pytest.approx(known["repeat_rate_days"], abs=1e-10)


@pytest.mark.parametrize("source", COUNTED)
def test_a_purchase_that_was_given_back_whole_counts_for_nobody_under_net(source):
    """Customer 12346 bought for 77,183.60 and returned it all sixteen minutes later."""
    ledger = lk.read_transactions(source(), **NAMES, refunds="net").ledger()
    kept = lk.read_transactions(source(), **NAMES).ledger()
    bought = [set(book.ids.iloc[book.by_customer().index]) for book in (ledger, kept)]
    assert "12346" not in bought[0] and "12346" in bought[1]
    assert ledger.spend.sum() + ledger.refunds.sum() == pytest.approx(kept.spend.sum() + kept.refunds.sum(), abs=0.01)


@pytest.mark.parametrize("engine", ["polars, lazy", "duckdb"])
@pytest.mark.parametrize("refunds", ["separate", "net"])
def test_a_log_grouped_by_its_engine_is_the_one_that_was_fetched(engine, refunds, monkeypatch):
    names = {name: column for name, column in NAMES.items() if name != "order"}
    fetched = lk.read_transactions(SOURCES[engine](), **names, refunds=refunds).ledger()
    monkeypatch.setattr(transactions, "MANY_ROWS", 0)
    grouped = lk.read_transactions(SOURCES[engine](), **names, refunds=refunds).ledger()
    pd.testing.assert_frame_equal(rows_of(fetched), rows_of(grouped))


@pytest.mark.parametrize("ids", [[-7, 2, -7], [3, 2**62, 3], [2**60, 2**60 + 2**45, 2**60]])
def test_whole_numbers_of_any_size_are_ids(ids):
    ledger = read(small(who=ids)).ledger()
    assert ledger.by_customer()["orders"].set_axis(ledger.ids).to_dict() == {str(ids[0]): 2, str(ids[1]): 1}


def test_the_order_of_rows_changes_nothing():
    log = pd.read_parquet(LOG)
    shuffled = log.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(*(rows_of(lk.read_transactions(rows, **NAMES).ledger()) for rows in (log, shuffled)))


def test_refunds_count_nowhere_when_dropped():
    log = read(small(paid=[20.0, -20.0, 9.0]), refunds="drop")
    assert log.ledger().refunds.sum() == 0 and log.ledger().spend.sum() == 29


def test_rows_of_one_order_are_one_purchase():
    lines = small(order=["1", "1", "2"])
    assert read(lines, order="order").ledger().by_customer()["orders"].tolist() == [1, 1]
    assert read(lines).ledger().by_customer()["orders"].tolist() == [2, 1]


def test_a_discount_within_an_order_is_no_refund():
    lines = small(who=["a"] * 3, order=["1", "1", "2"], paid=[20.0, -5.0, 9.0])
    ledger = read(lines, order="order").ledger()
    assert (ledger.refunds.sum(), ledger.spend.sum()) == (0, 24)


@pytest.mark.parametrize("ids", [[17850.0, 17850.0, 2.0], ["17850.0", "１７８５０", "2"], [17850, 17850, 2]])
def test_ids_of_one_customer_are_one_in_whatever_spelling(ids):
    assert sorted(read(small(who=ids)).ledger().ids) == ["17850", "2"]


@pytest.mark.parametrize("nobody", [None, "", " ", float("nan")])
def test_rows_without_an_id_are_no_customer(nobody):
    ids = pd.Series(["a", nobody, "b"]) if not isinstance(nobody, float) else pd.Series([1.0, nobody, 2.0])
    log = read(small(who=ids))
    assert len(log.ledger()) == 2
    check = log.check(at=pd.Timestamp("2026-11-30").date()).to_frame().set_index("check")
    assert check.loc["customer", "rows"] == 1


def test_a_day_begins_at_midnight_of_the_time_zone():
    times = pd.to_datetime(["2026-01-05 15:59", "2026-01-05 16:01", "2026-01-06 03:00"]).tz_localize("UTC")
    log = small(who=["a", "a", "b"], when=times)
    here = read(log, timezone="Asia/Shanghai").ledger().by_customer()
    assert here["days"].tolist() == [2, 1]
    assert read(log).ledger().by_customer()["days"].tolist() == [1, 1]


def test_until_is_the_log_as_it_stood_that_evening():
    log = read(small(when=pd.to_datetime(["2026-01-05 00:00", "2026-02-01 23:59", "2026-02-02 00:00"])))
    assert log.until("2026-02-01").ledger().by_customer()["orders"].tolist() == [2]


def test_amounts_are_brought_into_one_currency_by_rates():
    log = small(money=["EUR", "CNY", "EUR"], paid=[10.0, 80.0, 5.0])
    worth = read(log, currency="money", rates={"EUR": 8.0, "CNY": 1.0}).ledger()
    assert worth.spend.sum() == 200
    with pytest.raises(lk.InputError, match="holds the currencies 'CNY', 'EUR'; give `rates`"):
        read(log, currency="money")
    assert read(log.assign(money="EUR"), currency="money").ledger().spend.sum() == 95


def test_a_csv_is_read_by_the_one_reader(tmp_path):
    file = tmp_path / "orders.csv"
    file.write_bytes(
        "客户;日期;金额\n007;2026-01-05 10:00;12,50\n7;2026-02-01;3\n007;2026-03-01;-3\n".encode("gb18030")
    )
    log = lk.read_transactions(file, customer="客户", time="日期", amount="金额")
    assert sorted(log.ledger().ids) == ["007", "7"]
    assert log.ledger().spend.sum() == 15.5


@pytest.mark.parametrize(
    ("written", "days"),
    [
        (["13/01/2026", "02/01/2026"], ["2026-01-13", "2026-01-02"]),
        (["01/13/2026", "01/02/2026"], ["2026-01-13", "2026-01-02"]),
        (["2026/1/13", "2026/1/2"], ["2026-01-13", "2026-01-02"]),
        (["2026年1月13日", "2026年1月2日"], ["2026-01-13", "2026-01-02"]),
        (["13 Jan 2026", "2 January 2026"], ["2026-01-13", "2026-01-02"]),
        (["13.01.26", "02.01.26"], ["2026-01-13", "2026-01-02"]),
        (["2026-01-13T10:00:00", "2026-01-02"], ["2026-01-13", "2026-01-02"]),
    ],
)
def test_one_unmistakable_date_decides_on_the_order_of_all(tmp_path, written, days):
    file = tmp_path / "orders.csv"
    file.write_text("who,when,paid\n" + "".join(f"a,{text},1\n" for text in written))
    ledger = read(file).ledger()
    assert ledger.day.astype("datetime64[D]").astype(str).tolist() == sorted(days)


def test_dates_that_may_be_two_days_are_asked_about(tmp_path):
    file = tmp_path / "orders.csv"
    file.write_text("who,when,paid\na,03/04/2026,1\n")
    with pytest.raises(lk.InputError, match=r"'03/04/2026', which may mean two days; say .*dates"):
        read(file)
    for order, day in (("dmy", "2026-04-03"), ("mdy", "2026-03-04")):
        log = lk.read_transactions(file, customer="who", time="when", amount="paid", file={"dates": order})
        assert log.ledger().day.astype("datetime64[D]").astype(str).tolist() == [day]


WRONG = {
    "no table": (5, {}, "'source' must be a file or a table: .*got int"),
    "column absent": (small().drop(columns="paid"), {}, "The log lacks the column 'paid'"),
    "text amounts": (
        small(paid=["¥1", "2", "3"]),
        {},
        "'paid' of the log holds String, not amounts; store it as numbers",
    ),
    "text times": (small(when=["a", "b", "c"]), {}, "'when' of the log holds String, not dates"),
    "two meanings": (small(), {"order": "who"}, "'who' stands for 'customer' and for 'order'"),
    "zone of naive times": (small(), {"timezone": "Asia/Shanghai"}, "'timezone' is for times that know their zone"),
    "no such zone": (small(), {"timezone": "Mars/Base"}, "'timezone' must be a zone as 'Europe/Berlin'"),
    "refunds": (small(), {"refunds": "ignore"}, "'refunds' must be one of 'separate', 'net', 'drop'; got 'ignore'"),
}


@pytest.mark.parametrize(("table", "options", "told"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_read_is_said(table, options, told):
    with pytest.raises(lk.InputError, match=told):
        read(table, **options)


def test_an_empty_log_is_said():
    with pytest.raises(lk.InputError, match="no row with a customer, a time and an amount"):
        read(small(who=[None, None, None])).ledger()


@pytest.mark.parametrize("frame", [lambda rows: rows, lambda rows: pl.from_pandas(rows).lazy()], ids=["eager", "lazy"])
def test_a_log_of_refunds_alone_is_said(frame):
    log = read(frame(small(paid=[-2.0, -5.0, 0.0])))
    for ask in (log.ledger, log.check, lambda: lk.rfm(log)):
        with pytest.raises(lk.InputError, match="The log holds no purchase: every amount is 0 or below"):
            ask()


def test_the_log_shows_no_row():
    shown = repr(read(small())) + read(small())._repr_html_() + repr(read(small()).ledger())
    assert "2026" not in shown and "who" in shown


def test_nothing_of_the_callers_is_changed():
    table = small()
    before = table.copy()
    read(table, refunds="net").ledger()
    pd.testing.assert_frame_equal(table, before)


def test_amounts_that_cancel_to_rounding_are_nothing():
    cancelled = small(who=["a"] * 3, order=["1", "1", "1"], paid=[0.1, 0.2, -0.3])
    lines = pd.concat([cancelled, small(who=["b"] * 3, order=["2", "2", "2"])])
    ledger = read(lines, order="order").ledger()
    assert ledger.orders[ledger.customer == ledger.ids.tolist().index("a")].tolist() == [0.0]
    assert np.count_nonzero(ledger.orders) == 1


def test_a_log_whose_truth_lies_beside_it_is_simulated(tmp_path):
    rows = pd.DataFrame({"who": [1, 2], "when": ["2026-01-01", "2026-01-02"], "paid": [5, 6]})
    rows.to_csv(tmp_path / "orders.csv", index=False)
    names = {"customer": "who", "time": "when", "amount": "paid"}
    assert not lk.read_transactions(tmp_path / "orders.csv", **names).simulated
    (tmp_path / "truth.json").write_text("{}")
    log = lk.read_transactions(tmp_path / "orders.csv", **names)
    assert log.until("2026-01-01").simulated
    told = lk.describe(lk.rfm(log))
    assert told[0].tone == "warning" and told[0].startswith("Simulated data: no customer in this report is real")
