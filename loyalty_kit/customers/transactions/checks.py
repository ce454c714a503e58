"""Can this log be read? What it lacks, repeats or holds that no sale explains."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

import narwhals as nw
import numpy as np
import pandas as pd

from loyalty_kit.core.messages import Message, message
from loyalty_kit.core.results import Result, keep_messages
from loyalty_kit.customers.transactions.columns import Columns
from loyalty_kit.customers.transactions.days import Orders, fetched, is_absent
from loyalty_kit.customers.transactions.ledger import Ledger
from loyalty_kit.customers.transactions.refunds import unpaid

FIRST_YEAR = 1990
MANY_WITHOUT_ID, MONEY_WITHOUT_ID = 0.20, 0.10
LARGE_CUSTOMER = 0.05
SILENT_DAYS = 0.2


@dataclass(frozen=True, eq=False)
class LogCheckResult(Result):
    """What a reader of a log must know before any figure.

    Attributes
    ----------
    table : DataFrame
        check, outcome ('pass', 'warn' or 'fail'), rows, share, message.
    rows : int
        Rows of the log.
    n_used : int
        Customers.
    first, last : date
        First and last day.
    whole_first, whole_last : date
        First and last day of the whole months among them: others are cut off by the log's ends.
    warnings : tuple of str
        Messages of the checks that failed.
    """

    table: pd.DataFrame
    rows: int
    n_used: int
    first: date
    last: date
    whole_first: date
    whole_last: date
    warnings: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame, a row a check: check, outcome, rows, share, message."""
        return self.table.copy()

    @property
    def sound(self) -> bool:
        """Whether no check failed."""
        return not (self.table["outcome"] == "fail").any()


class _Check(NamedTuple):
    check: str
    outcome: str
    rows: float
    message: Message


def check_rows(frame: Any, columns: Columns, ledger: Ledger, orders: Orders | None, at: date) -> LogCheckResult:
    """Run every check that the log's columns allow."""
    counts = _counts(frame, columns, at)
    total = max(counts["rows"], 1)
    first, last = (_date(ledger.day[ledger.orders > 0], pick) for pick in (np.min, np.max))
    whole_first, whole_last = _whole_months(first, last)
    found = [
        *_absent(counts),
        *_times(counts, at),
        _repeated(frame, columns),
        *_refunds(counts, orders),
        _silent_days(ledger, first, last),
        _partial(first, last, whole_first, whole_last),
        _largest(ledger),
        _alike(ledger.ids),
    ]
    if columns.order is not None:
        found.append(_shared_orders(frame, columns))
    records = [{**check._asdict(), "share": check.rows / total} for check in found]
    table = pd.DataFrame(records, columns=["check", "outcome", "rows", "share", "message"])
    return LogCheckResult(
        table=keep_messages(table, records, "message"),
        rows=int(counts["rows"]),
        n_used=len(ledger.purchases.starts),
        first=first,
        last=last,
        whole_first=whole_first,
        whole_last=whole_last,
        warnings=tuple(check.message for check in found if check.outcome == "fail"),
    )


def _counts(frame: Any, columns: Columns, at: date) -> dict[str, float]:
    """Count every kind of row, in one pass."""
    time, amount = nw.col(columns.time), nw.col(columns.amount).cast(nw.Float64)
    gone = {name: is_absent(frame, getattr(columns, name)) for name in ("customer", "time", "amount")}
    day = time.cast(nw.Date)
    kinds = {
        "rows": nw.lit(True),
        **gone,
        "orphans": gone["customer"] & ~gone["time"] & ~gone["amount"],
        "future": ~gone["time"] & (day > at),
        "early": ~gone["time"] & (day < date(FIRST_YEAR, 1, 1)),
        "refunds": ~gone["amount"] & (amount < 0),
        "nothing": ~gone["amount"] & (amount == 0),
    }
    money = nw.when(~gone["amount"] & (amount > 0)).then(amount).otherwise(0.0)
    rows = frame.with_columns(
        *(nw.when(kind).then(1.0).otherwise(0.0).alias(f"lk_{name}") for name, kind in kinds.items()),
        money.alias("lk_money"),
        nw.when(gone["customer"]).then(money).otherwise(0.0).alias("lk_orphan_money"),
    )
    sums = rows.select(*(nw.col(f"lk_{name}").sum() for name in (*kinds, "money", "orphan_money")))
    table = fetched(sums)
    return {name: float(table[f"lk_{name}"].to_list()[0] or 0) for name in (*kinds, "money", "orphan_money")}


def _absent(counts: dict[str, float]) -> Iterator[_Check]:
    share = counts["customer"] / max(counts["rows"], 1)
    money = counts["orphan_money"] / counts["money"] if counts["money"] else 0.0
    many = share > MANY_WITHOUT_ID or money > MONEY_WITHOUT_ID
    outcome = "fail" if share == 1 else "warn" if many else "pass"
    told = message(
        "{share} of the rows, with {money} of the revenue, name no customer; they count for no customer.",
        share=f"{share:.1%}",
        money=f"{money:.1%}",
    )
    yield _Check("customer", outcome, counts["customer"], told)
    for name, column in (("time", message("time")), ("amount", message("amount"))):
        told = message("{n} rows have no {column}; they are left out.", n=int(counts[name]), column=column)
        yield _Check(name, "warn" if counts[name] else "pass", counts[name], told)


def _times(counts: dict[str, float], at: date) -> Iterator[_Check]:
    yield _Check(
        "future",
        "fail" if counts["future"] else "pass",
        counts["future"],
        message("{n} rows lie after {day}.", n=int(counts["future"]), day=at.isoformat()),
    )
    yield _Check(
        "early",
        "fail" if counts["early"] else "pass",
        counts["early"],
        message("{n} rows lie before {year}.", n=int(counts["early"]), year=FIRST_YEAR),
    )


def _repeated(frame: Any, columns: Columns) -> _Check:
    """Rows that repeat an earlier one in every column of the log; two equal purchases may be two purchases."""
    if isinstance(frame, nw.LazyFrame):
        groups = frame.with_columns(nw.lit(1.0).alias("lk_n")).group_by(columns.names).agg(nw.col("lk_n").sum())
        extra = groups.filter(nw.col("lk_n") > 1).select((nw.col("lk_n") - 1).sum().alias("lk_n"))
        n = float((fetched(extra)["lk_n"].to_list() or [0])[0] or 0)
    else:
        # What lies in memory pandas compares ten times as fast as groups are made.
        n = float(frame.select(columns.names).to_pandas().duplicated().sum())
    told = message("{n} rows repeat an earlier row whole; they are kept.", n=int(n))
    return _Check("repeated", "warn" if n else "pass", n, told)


def _shared_orders(frame: Any, columns: Columns) -> _Check:
    """Orders that stand with more than one customer."""
    rows = frame.filter(~is_absent(frame, columns.customer), ~is_absent(frame, columns.order or ""))
    pairs = rows.select(columns.order, columns.customer).unique()
    counts = pairs.with_columns(nw.lit(1.0).alias("lk_n")).group_by(columns.order).agg(nw.col("lk_n").sum())
    shared = counts.filter(nw.col("lk_n") > 1).select((nw.col("lk_n") > 0).sum().alias("lk_n"))
    table = fetched(shared)
    n = float((table["lk_n"].to_list() or [0])[0] or 0)
    told = message("{n} orders stand with more than one customer; each counts for every one of them.", n=int(n))
    return _Check("orders", "warn" if n else "pass", n, told)


def _refunds(counts: dict[str, float], orders: Orders | None) -> Iterator[_Check]:
    n = int(counts["refunds"])
    yield _Check(
        "refunds",
        "pass",
        counts["refunds"],
        message("{n} rows are refunds, which are no purchases.", n=n),
    )
    if counts["nothing"]:
        told = message("{n} rows have an amount of 0, which is no purchase.", n=int(counts["nothing"]))
        yield _Check("nothing", "pass", counts["nothing"], told)
    if orders is not None and n:
        lone = int(unpaid(orders.customer, orders.time, orders.amount).sum())
        told = message("{n} refunds have no earlier purchase of their customer in the log.", n=lone)
        yield _Check("unpaid", "warn" if lone else "pass", lone, told)


def _silent_days(ledger: Ledger, first: date, last: date) -> _Check:
    span = (last - first).days + 1
    silent = span - len(np.unique(ledger.day[ledger.orders > 0]))
    told = message("{n} of {span} days have no sale.", n=silent, span=span)
    return _Check("silent", "warn" if silent > SILENT_DAYS * span else "pass", 0, told)


def _partial(first: date, last: date, whole_first: date, whole_last: date) -> _Check:
    cut = (first != whole_first) + (last != whole_last)
    told = message("The log runs from {first} to {last}.", first=first.isoformat(), last=last.isoformat())
    if whole_last < whole_first:
        told = message("{span} No month of it is whole.", span=told)
    elif cut:
        told = message(
            "{span} Whole months are those from {whole_first} to {whole_last}; those at its ends are cut off.",
            span=told,
            whole_first=whole_first.isoformat(),
            whole_last=whole_last.isoformat(),
        )
    return _Check("periods", "warn" if cut else "pass", 0, told)


def _largest(ledger: Ledger) -> _Check:
    """Find the customer with the most orders: a reseller, a till, or a member of staff."""
    customers = ledger.by_customer()
    orders, spend = customers["orders"], customers["spend"]
    most = int(orders.to_numpy().argmax())
    share = orders.iloc[most] / orders.sum()
    told = message(
        "The customer with the most orders has {orders} of them and {spend} of the revenue.",
        orders=f"{share:.1%}",
        spend=f"{spend.iloc[most] / spend.sum():.1%}",
    )
    large = len(customers) >= 1 / LARGE_CUSTOMER and share > LARGE_CUSTOMER
    return _Check("largest", "warn" if large else "pass", 0, told)


def _alike(ids: pd.Series) -> _Check:
    n = int(ids.str.casefold().duplicated().sum()) if len(ids) else 0
    told = message("{n} ids differ from another in upper and lower case only; they count as different customers.", n=n)
    return _Check("alike", "warn" if n else "pass", 0, told)


def _whole_months(first: date, last: date) -> tuple[date, date]:
    """First day of the first and last day of the last month that the log holds whole."""
    begins = first if first.day == 1 else (first.replace(day=1) + timedelta(days=32)).replace(day=1)
    next_day = last + timedelta(days=1)
    return begins, next_day.replace(day=1) - timedelta(days=1)


def _date(days: Any, pick: Any) -> date:
    moment: date = np.datetime64(int(pick(days)), "D").item()
    return moment
