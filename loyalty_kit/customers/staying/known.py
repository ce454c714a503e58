"""What is known of each customer at the end of a day, and who stayed away after it."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.core.checks import check_numbers
from loyalty_kit.core.errors import InputError, kind
from loyalty_kit.core.messages import message
from loyalty_kit.core.selection import cell_texts
from loyalty_kit.customers.transactions.ledger import Ledger
from loyalty_kit.statistics.prediction import auc

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
OWN = ("recency", "tenure", "log_days", "log_amount")
LEAK = 0.98
"""Area under the curve of one column from which on it is taken to hold the outcome."""
SAME = 0.01
"""Standard deviations that a column keeps when those before it are given, below which it tells nothing of its own."""
GAPS = 3


def known_at(ledger: Ledger, day: int) -> pd.DataFrame:
    """Give recency, tenure, log of purchase days and of the amount (log1p), a row a customer who had bought by then.

    Parameters
    ----------
    ledger : Ledger
        Customers' days.
    day : int
        Days since 1970; what happened on it counts.

    Returns
    -------
    DataFrame
        Its index is the customer's position in `ledger.ids`.
    """
    rows = ledger.until(day).by_customer()
    return pd.DataFrame(
        {
            "recency": (day - rows["last"]).astype(float),
            "tenure": (day - rows["first"]).astype(float),
            "log_days": np.log(rows["days"]),
            "log_amount": np.log1p(rows["spend"]),
        }
    )


def stayed_away(ledger: Ledger, who: Whole, day: int, horizon: int) -> Floats:
    """Whether each of some customers bought nothing in so many days after a day: 1 where not."""
    later = (ledger.day > day) & (ledger.day <= day + horizon) & (ledger.orders > 0)
    came = np.zeros(len(ledger.ids), dtype=bool)
    came[ledger.customer[later]] = True
    found: Floats = (~came[who]).astype(float)
    return found


def median_gaps(ledger: Ledger, day: int) -> pd.Series:
    """Median of the days between purchase days, of customers with three gaps or more by a day.

    Examples
    --------
    >>> log = Ledger(pd.Series(["a"]), np.zeros(4, int), np.array([0, 2, 12, 15]), *np.ones((3, 4)))
    >>> median_gaps(log, 20).tolist()
    [3.0]
    """
    bought = ledger.until(day).purchases
    inside = np.diff(bought.customer) == 0
    customer, gap = bought.customer[1:][inside], np.diff(bought.day)[inside]
    order = np.lexsort((gap, customer))
    customer, gap = customer[order], gap[order]
    starts = np.flatnonzero(np.r_[True, np.diff(customer) != 0][: len(customer)])
    sizes = np.diff(np.r_[starts, len(customer)])
    middle = (gap[starts + (sizes - 1) // 2] + gap[starts + sizes // 2]) / 2
    found: pd.Series = pd.Series(middle, index=customer[starts])[sizes >= GAPS]
    return found


def more_features(features: object, ids: pd.Series) -> pd.DataFrame:
    """Read columns that the user adds, a row a customer of the ledger, missing where the table lacks one."""
    if not isinstance(features, pd.DataFrame):
        raise InputError(
            "'features' must be a table of numbers with customers' ids as its index; got {given}.", given=kind(features)
        )
    check_numbers(features, list(features.columns), message("The table of features"))
    texts = pd.Index(cell_texts(pd.Series(features.index)))
    if texts.has_duplicates:
        raise InputError("'features' holds a customer twice; keep one row of each.")
    taken = [name for name in features.columns if name in OWN]
    if taken:
        raise InputError("'features' holds {columns}, which the log gives; call them something else.", columns=taken)
    found: pd.DataFrame = features.set_axis(texts, axis=0).reindex(ids).reset_index(drop=True).astype(float)
    return found


def with_more(table: pd.DataFrame, more: pd.DataFrame | None) -> pd.DataFrame:
    """Join what the log tells with the user's columns, refused where these lack customers."""
    if more is None:
        return table
    joined = table.join(more)
    lacking = int(joined.isna().any(axis=1).sum())
    if lacking:
        raise InputError(
            "'features' has no number for {n} of the {all} customers; give each a row without gaps, or leave the "
            "column out.",
            n=lacking,
            all=len(joined),
        )
    return joined


def usable(table: pd.DataFrame, away: Floats) -> tuple[list[str], list[str]]:
    """Give columns that tell something of their own, and those that do not; one that holds the outcome is refused."""
    constant = [str(name) for name in table.columns if table[name].nunique() < 2]
    for name in table.columns.difference([*OWN, *constant], sort=False):
        area = auc(away, table[name].to_numpy(dtype=float)).auc
        if max(area, 1 - area) > LEAK:
            raise InputError(
                "Column '{column}' of 'features' tells who leaves almost without error (area {area:.3f}): it holds "
                "what came after the day of the forecast; leave it out.",
                column=name,
                area=max(area, 1 - area),
            )
    varied = table.drop(columns=constant)
    kept = np.abs(np.diag(np.linalg.qr(((varied - varied.mean()) / varied.std(ddof=0)).to_numpy(), mode="r")))
    own = kept > SAME * np.sqrt(len(table))
    return [str(name) for name in varied.columns[own]], [*constant, *map(str, varied.columns[~own])]
