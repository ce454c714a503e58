"""Reading a log of orders: from a file by the one reader, or from any frame as it lies."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import narwhals as nw

from loyalty_kit.core.checks import check_choice
from loyalty_kit.core.errors import InputError
from loyalty_kit.customers.transactions.columns import Columns, check_log
from loyalty_kit.customers.transactions.days import fetched, is_absent, local_time
from loyalty_kit.customers.transactions.files import log_of_file
from loyalty_kit.customers.transactions.transactions import Transactions
from loyalty_kit.intake.customers import is_simulated

MOST_CURRENCIES = 8


def read_transactions(
    source: Any,
    *,
    customer: str,
    time: str,
    amount: str,
    order: str | None = None,
    channel: str | None = None,
    category: str | None = None,
    currency: str | None = None,
    rates: Mapping[str, float] | None = None,
    timezone: str | None = None,
    refunds: Literal["separate", "net", "drop"] = "separate",
    only: Sequence[str] = (),
    file: Mapping[str, object] | Sequence[str] | None = None,
) -> Transactions:
    """Log of orders, one row an order or one row a line of an order.

    Parameters
    ----------
    source : str, Path or table
        A file (CSV, Excel, SPSS, Parquet), or anything that Narwhals takes: pandas, Polars, a DuckDB relation,
        PySpark, Dask. What is held lazily is grouped where it lies.
    customer, time, amount : str
        Columns of the customer's id, of date or time, and of what was paid; a refund is an amount below zero.
    order : str, optional
        Column of the order's id: the rows of one order are then one purchase. Without it each row is one.
    channel, category : str, optional
        Columns of where and what was bought.
    currency : str, optional
        Column of the currency.
    rates : mapping of str to float, optional
        What a unit of each currency is worth in the one that counts.
    timezone : str, optional
        Where days begin and end ('Asia/Shanghai'), for times that know their zone or are written with an offset.
    refunds : {'separate', 'net', 'drop'}
        'separate': refunds stand apart and lower nothing. 'net': a refund removes the purchase that it takes back
        (the same customer, the same amount, earlier), and others lower what their customer is worth. 'drop':
        refunds count nowhere.
    only : list of str
        Conditions on the rows of a file, as 'channel = store'; see `keep_only`. Select rows of a table yourself.
    file : mapping of str to object or list of str, optional
        How a file is to be read where it does not say so itself: {"dates": "dmy"}, {"rows": "leave_out"} and the other
        keys of a codebook's `[file]`.

    Returns
    -------
    Transactions
        Simulated where the truth of its file lies beside it, as truth.json.

    Raises
    ------
    UnreadableError
        If the file is absent, damaged, empty or of another kind.
    InputError
        If a column is absent, times are no dates, amounts are no numbers, or several currencies stand without rates.

    Examples
    --------
    >>> import pandas as pd
    >>> log = pd.DataFrame(
    ...     {"who": [1, 1, 2], "when": pd.to_datetime(["2026-01-05", "2026-02-01", "2026-02-01"]), "paid": [20, 5, 9]}
    ... )
    >>> orders = read_transactions(log, customer="who", time="when", amount="paid")
    >>> orders
    Transactions(customer='who', time='when', amount='paid', refunds='separate')
    >>> orders.ledger().by_customer()["orders"].tolist()
    [2, 1]
    """
    check_choice(refunds, "refunds", ("separate", "net", "drop"))
    columns = Columns(customer, time, amount, order or None, channel or None, category or None, currency or None)
    if only and not isinstance(source, str | Path):
        raise InputError("'only' is for files; select the rows of a table before it is read.")
    is_file = isinstance(source, str | Path)
    native = log_of_file(Path(source), columns, only, file, timezone or None) if is_file else source
    frame = _opened(native)
    check_log(frame, columns)
    frame = local_time(frame.select(columns.names), columns, _zone(timezone or None, frame.collect_schema()[time]))
    if columns.currency is not None:
        frame = _in_one_currency(frame, columns, dict(rates or {}))
    return Transactions(columns, refunds, frame, simulated=is_file and is_simulated(source))


def _opened(native: Any) -> Any:
    try:
        return nw.from_native(native)
    except TypeError:
        raise InputError(
            "'source' must be a file or a table: pandas, Polars, a DuckDB relation, PySpark or Dask; got {given}.",
            given=type(native).__name__,
        ) from None


def _zone(timezone: str | None, kind: Any) -> str | None:
    """Check that the zone is known and that the times know theirs."""
    if timezone is None:
        return None
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError):
        raise InputError(
            "'timezone' must be a zone as 'Europe/Berlin' or 'Asia/Shanghai'; got '{given}'.", given=timezone
        ) from None
    if getattr(kind, "time_zone", None) is None:
        raise InputError(
            "'timezone' is for times that know their zone, and those of this log do not; leave it out: "
            "days then begin and end as the log writes them."
        )
    return timezone


def _in_one_currency(frame: Any, columns: Columns, rates: dict[str, float]) -> Any:
    """Log with its amounts in one currency, refused where rates are lacking."""
    name = columns.currency or ""
    held = frame.filter(~is_absent(frame, name)).select(name).unique()
    table = fetched(held)
    found = sorted(str(code) for code in table[name].to_list())
    if len(found) <= 1 and not rates:
        return frame
    lacking = [code for code in found if code not in rates]
    if lacking:
        raise InputError(
            "Column '{column}' holds the currencies {found}; give `rates` with what a unit of each is worth; "
            "lacking: {lacking}.",
            column=name,
            found=found[:MOST_CURRENCIES],
            lacking=lacking[:MOST_CURRENCIES],
        )
    amount = nw.col(columns.amount).cast(nw.Float64)
    worth = amount
    for code in found:
        worth = nw.when(nw.col(name) == code).then(amount * float(rates[code])).otherwise(worth)
    return frame.with_columns(worth.alias(columns.amount))
