"""What the first order of each customer was: its channel or category, from one look at the log."""

import narwhals as nw
import numpy as np
import pandas as pd

from loyalty_kit.core.checks import check_choice
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.selection import cell_texts
from loyalty_kit.customers.transactions.days import fetched
from loyalty_kit.customers.transactions.ledger import Ledger
from loyalty_kit.customers.transactions.transactions import Transactions

KINDS = ("channel", "category")


def first_values(transactions: Transactions, ledger: Ledger, by: str) -> pd.Series:
    """Give the channel or category of each customer's first purchase, a row a customer of the ledger.

    Parameters
    ----------
    transactions : Transactions
        A log.
    ledger : Ledger
        Its purchases.
    by : {'channel', 'category'}
        What is asked for.

    Returns
    -------
    Series of shape (customers who bought,)
        In their order in the ledger; missing where the log does not say.

    Notes
    -----
    The first purchase is of the first day in the ledger, so that one which a refund took back counts as never made.
    Of several rows at its earliest time that with the largest amount speaks for it, then the first in alphabetic order.
    """
    check_choice(by, "by", KINDS)
    columns = transactions.columns
    name = getattr(columns, by)
    if name is None:
        raise InputError(
            'The log names no column of the {by}; give it when the log is read: lk.read_transactions(…, {by}="…").',
            by=by,
        )
    chosen = transactions.frame.filter(nw.col(columns.amount) > 0).select(
        columns.customer, columns.time, columns.amount, name
    )
    rows = (
        fetched(chosen)
        .to_pandas()
        .set_axis(["customer", "time", "amount", "value"], axis=1)
        .dropna(subset=["customer", "time", "amount"])
    )
    place = pd.Index(ledger.ids).get_indexer(pd.Index(cell_texts(rows["customer"])))
    day = rows["time"].to_numpy().astype("datetime64[D]").astype(np.int64)
    first = np.full(len(ledger.ids), -(2**62))
    starts = ledger.starts
    who = ledger.customer[starts]
    first[who] = ledger.day[starts]
    kept = (place >= 0) & (day == first[place])
    rows = rows.assign(place=place, value=cell_texts(rows["value"]))[kept]
    rows = rows.sort_values(["place", "time", "amount", "value"], ascending=[True, True, False, True], kind="stable")
    found: pd.Series = rows.drop_duplicates("place").set_index("place")["value"].reindex(who).reset_index(drop=True)
    return found
