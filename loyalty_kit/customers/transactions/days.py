"""The one pass over a log: what each customer bought and gave back on each day."""

from typing import Any, NamedTuple

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from loyalty_kit.core.selection import cell_texts
from loyalty_kit.customers.transactions.columns import Columns

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

DAY, BOUGHT, SPEND, REFUNDS = "lk_day", "lk_orders", "lk_spend", "lk_refunds"
NOTHING = 0.0005
"""Amounts of an order up to this are nothing: lines that cancel out leave rounding."""
MICROSECONDS = 86_400_000_000


class Orders(NamedTuple):
    """Orders in memory: the customer's number among `ids`, microseconds since 1970, amount."""

    ids: pd.Series
    customer: Whole
    time: Whole
    amount: Floats


class CustomerDays(NamedTuple):
    """Rows of customer and day, in any order: number among `ids`, days since 1970, orders, spend, refunds (below 0)."""

    ids: pd.Series
    customer: Whole
    day: Whole
    orders: Floats
    spend: Floats
    refunds: Floats


def known_rows(frame: Any, columns: Columns) -> Any:
    """Rows that say who bought, when and for how much."""
    needed = (columns.customer, columns.time, columns.amount)
    return frame.filter(*(~is_absent(frame, name) for name in needed))


def is_absent(frame: Any, name: str) -> Any:
    """Whether a cell says nothing: null, not a number, or blank text."""
    kind, cell = frame.collect_schema()[name], nw.col(name)
    if kind.is_float():
        return cell.is_null() | cell.is_nan()
    if kind == nw.String:
        return cell.is_null() | (cell.str.strip_chars() == "")
    return cell.is_null()


def local_time(frame: Any, columns: Columns, timezone: str | None) -> Any:
    """Log whose times are those of the clock on the wall in `timezone`, or in their own."""
    kind = frame.collect_schema()[columns.time]
    if getattr(kind, "time_zone", None) is None:
        return frame
    time = nw.col(columns.time)
    time = time.dt.convert_time_zone(timezone) if timezone else time
    return frame.with_columns(time.dt.replace_time_zone(None).alias(columns.time))


def one_row_an_order(rows: Any, columns: Columns) -> Any:
    """Rows of one order of a customer as one, at its first time, with its amount."""
    if columns.order is None:
        return rows
    grouped = rows.group_by(columns.customer, columns.order).agg(
        nw.col(columns.time).min(), nw.col(columns.amount).cast(nw.Float64).sum()
    )
    return grouped.drop(columns.order)


def days_by_engine(rows: Any, columns: Columns) -> CustomerDays:
    """Customer-days grouped by the engine that holds the log.

    Notes
    -----
    Orders are counted as floating numbers: DuckDB gives sums of whole ones as 128-bit numbers, which become Python
    objects in memory.
    """
    amount = nw.col(columns.amount).cast(nw.Float64)
    grouped = (
        one_row_an_order(rows, columns)
        .with_columns(
            nw.col(columns.time).cast(nw.Date).alias(DAY),
            nw.when(amount > NOTHING).then(1.0).otherwise(0.0).alias(BOUGHT),
            nw.when(amount > NOTHING).then(amount).otherwise(0.0).alias(SPEND),
            nw.when(amount < -NOTHING).then(amount).otherwise(0.0).alias(REFUNDS),
        )
        .group_by(columns.customer, DAY)
        .agg(*(nw.col(name).sum() for name in (BOUGHT, SPEND, REFUNDS)))
    )
    table = grouped.collect("pyarrow").to_arrow()
    customer, ids = _coded(table[columns.customer])
    day = table[DAY].cast(pa.date32()).cast(pa.int32()).to_numpy().astype(np.int64)
    sums = (np.asarray(table[name].cast(pa.float64())) for name in (BOUGHT, SPEND, REFUNDS))
    return CustomerDays(ids, customer, day, *sums)


def orders_in_memory(rows: Any, columns: Columns) -> Orders:
    """Orders of a log, fetched: where rows have no orders, each is one."""
    names = [columns.customer, columns.time, columns.amount, *([columns.order] if columns.order else [])]
    chosen = rows.select(names)
    table = (chosen.collect("pyarrow") if isinstance(chosen, nw.LazyFrame) else chosen).to_arrow()
    customer, ids = _coded(table[columns.customer])
    time = table[columns.time].cast(pa.timestamp("us")).cast(pa.int64()).to_numpy()
    amount = np.asarray(table[columns.amount].cast(pa.float64()))
    if columns.order is None:
        return Orders(ids, customer, time, amount)
    order = np.asarray(_codes(table[columns.order]), dtype=np.int64)
    width = int(order.max(initial=0)) + 2
    sorting = np.argsort(customer * width + order, kind="stable")
    key = (customer * width + order)[sorting]
    starts = np.flatnonzero(np.r_[True, np.diff(key) != 0][: len(key)])
    return Orders(
        ids,
        customer[sorting][starts],
        np.minimum.reduceat(time[sorting], starts) if len(starts) else time,
        np.add.reduceat(amount[sorting], starts) if len(starts) else amount,
    )


def days_of(orders: Orders) -> CustomerDays:
    """Customer-days of orders in memory, one row an order: the ledger adds up what falls on one day."""
    bought, back = orders.amount > NOTHING, orders.amount < -NOTHING
    return CustomerDays(
        orders.ids,
        orders.customer,
        orders.time // MICROSECONDS,
        bought.astype(float),
        np.where(bought, orders.amount, 0.0),
        np.where(back, orders.amount, 0.0),
    )


def _codes(column: pa.ChunkedArray) -> npt.NDArray[np.intp]:
    coded = column.combine_chunks().dictionary_encode()
    return np.asarray(coded.indices.fill_null(-1)).astype(np.intp) + 1


def _coded(column: pa.ChunkedArray) -> tuple[Whole, pd.Series]:
    """Give the number of each row's customer, and the customers by their one text: 17850.0 and '17850' are one."""
    coded = column.combine_chunks().dictionary_encode()
    if pa.types.is_integer(coded.dictionary.type):
        # Each whole number has a text of its own, so that nothing is merged.
        return np.asarray(coded.indices).astype(np.int64), coded.dictionary.cast(pa.string()).to_pandas()
    texts = cell_texts(pd.Series(coded.dictionary.to_pandas()))
    merged, ids = pd.factorize(texts)
    return merged[np.asarray(coded.indices)].astype(np.int64), pd.Series(ids)
