"""Time to the next order: how many came back by when, and whether that hangs on how they began."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from loyalty_kit.core.checks import check_level, check_whole
from loyalty_kit.core.errors import InputError, TooLittleError, kind
from loyalty_kit.core.estimates import Estimate
from loyalty_kit.core.messages import Message, message
from loyalty_kit.core.results import Result
from loyalty_kit.core.selection import FEWEST
from loyalty_kit.customers.staying.first_orders import first_values
from loyalty_kit.customers.staying.survival import cox, curve, log_rank, median
from loyalty_kit.customers.transactions.ledger import Ledger
from loyalty_kit.customers.transactions.transactions import Transactions

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
LEAST = 20
"""Customers below whom a group is not compared."""
LEAST_EVENTS = 5
EVERYBODY = "all"
NOT_COMPARED = dict.fromkeys(("hazard_ratio", "hr_low", "hr_high", "p_value"), float("nan"))
CURVE = ["group", "day", "at_risk", "events", "returned", "ci_low", "ci_high"]


@dataclass(frozen=True, eq=False)
class TimeToNextResult(Result):
    """Days from one order of a customer to the next.

    Attributes
    ----------
    table : DataFrame
        group ('all' first, then those of the first order), customers, returned (customers who came back), median (days
        until half have; infinite where half have not), ci_low, ci_high, longest (days that any of them was
        watched), hazard_ratio (against `reference`; missing where fewer than five came back, or all before or after all
        others), hr_low, hr_high, p_value.
    curve : DataFrame
        group, day, at_risk, events, returned (share who came back by then), ci_low, ci_high.
    order : int
        Which purchase is waited for; 2 is the second.
    by : str or None
        'channel' or 'category' of the first purchase.
    reference : str or None
        Largest group, with which the others are compared.
    p_value : float
        Of equal curves in all groups (log-rank); NaN without groups.
    n_used, n_events : int
        Customers who got so far, and those who came back.
    n_left_out : int
        Customers whose group the log does not say or that is too small to be compared; they count among 'all'.
    confidence : float
        Level of the intervals.
    warnings : tuple of str
        Groups that are not compared.
    """

    table: pd.DataFrame
    curve: pd.DataFrame
    order: int
    by: str | None
    reference: str | None
    p_value: float
    n_used: int
    n_events: int
    n_left_out: int
    confidence: float
    warnings: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame, a row a group, all customers first."""
        return self.table.copy()

    def _shown(self) -> pd.DataFrame:
        return self.table[self.table["customers"] >= FEWEST]

    def returned_by(self, day: int) -> pd.DataFrame:
        """Share of each group who came back within so many days: group, day, returned, ci_low, ci_high.

        Parameters
        ----------
        day : int
            Days after the purchase before; a group that was not watched as long has no row.
        """
        check_whole(day, "day", 1)
        rows = self.curve[self.curve["day"] <= day].groupby("group", sort=False).tail(1)
        watched = self.table.set_index("group")["longest"] >= day
        rows = rows[rows["group"].map(watched).to_numpy(dtype=bool)]
        return rows.assign(day=day).drop(columns=["events", "at_risk"]).reset_index(drop=True)

    def estimates(self) -> tuple[Estimate, ...]:
        """Median days until the next order."""
        row = self.table.iloc[0]
        label = message("Days until half bought again")
        return (
            Estimate(
                "median_days", float(row["median"]), float(row["ci_low"]), float(row["ci_high"]), self.n_used, label
            ),
        )


def time_to_next(
    transactions: Transactions,
    *,
    order: int = 2,
    by: Literal["channel", "category"] | None = None,
    confidence: float = 0.95,
) -> TimeToNextResult:
    """How long customers take to their next order, those who have not come back yet counted as long as they waited.

    Parameters
    ----------
    transactions : Transactions
        A log, as `lk.read_transactions` gives it.
    order : int
        Which purchase is waited for, from the one before it on; purchases of one day are one.
    by : {'channel', 'category'}, optional
        Compare customers by the channel or category of their first purchase.
    confidence : float
        Level of the intervals.

    Returns
    -------
    TimeToNextResult

    Raises
    ------
    InputError
        If the log names no such column.
    TooLittleError
        If fewer than 20 customers got so far, or fewer than five came back.

    Notes
    -----
    Kaplan and Meier's curve with Greenwood's error on log(−log S), the log-rank test, and Cox's model with Efron's
    ties, against the largest group. A hazard ratio sums a curve up in one number and holds as far as the curves keep
    one distance; where they cross, look at `returned_by`. Who bought before the log begins has a first purchase here
    that is none.

    References
    ----------
    Kaplan, E. L. & Meier, P. (1958). Journal of the American Statistical Association 53, 457–481. Efron, B. (1977).
    The efficiency of Cox's likelihood function for censored data. Journal of the American Statistical Association 72,
    557–565. Checked against R's survival 3.5-3.

    Examples
    --------
    >>> from loyalty_kit.customers.transactions.reading import read_transactions
    >>> day = pd.Timestamp("2026-01-01") + pd.to_timedelta([*[0] * 20, *range(1, 13)], "D")
    >>> log = pd.DataFrame({"who": [*range(20), *range(12)], "when": day, "paid": 9.0})
    >>> time_to_next(read_transactions(log, customer="who", time="when", amount="paid")).to_frame()["median"].tolist()
    [10.5]
    """
    if not isinstance(transactions, Transactions):
        raise InputError(
            "'transactions' must be a log, as lk.read_transactions gives it; got {given}.", given=kind(transactions)
        )
    check_whole(order, "order", 2)
    check_level(confidence, "confidence")
    bought = transactions.ledger().purchases
    place, days, event = _waits(bought, order)
    if len(days) < LEAST or event.sum() < LEAST_EVENTS:
        raise TooLittleError(
            "Of {n} customers with purchase {before}, {events} made purchase {order}; time to it needs {least} "
            "customers of whom {fewest} came back.",
            n=len(days),
            before=order - 1,
            events=int(event.sum()),
            order=order,
            least=LEAST,
            fewest=LEAST_EVENTS,
        )
    names = None if by is None else first_values(transactions, bought, by).iloc[place].reset_index(drop=True)
    codes, groups = (np.full(len(days), -1), []) if names is None else _comparable(names)
    kept = codes >= 0
    p_value, ratios = float("nan"), {}
    if len(groups) > 1:
        p_value = log_rank(days[kept], event[kept], codes[kept])[1]
        ratios = _ratios(days, event, codes, confidence)
    parts = {EVERYBODY: np.ones(len(days), dtype=bool)}
    parts |= {f"'{name}'" if name == EVERYBODY else name: codes == code for code, name in enumerate(groups)}
    curves = {name: curve(days[held], event[held], confidence) for name, held in parts.items()}
    rows = [_row(name, days[held], event[held], curves[name]) for name, held in parts.items()]
    return TimeToNextResult(
        table=pd.DataFrame([row | ratios.get(place - 1, NOT_COMPARED) for place, row in enumerate(rows)]),
        curve=pd.concat([_returned(name, table) for name, table in curves.items()], ignore_index=True)[CURVE],
        order=order,
        by=by,
        reference=groups[0] if len(groups) > 1 else None,
        p_value=p_value,
        n_used=len(days),
        n_events=int(event.sum()),
        n_left_out=0 if names is None else int((~kept).sum()),
        confidence=confidence,
        warnings=() if names is None else _told(names, kept, by or ""),
    )


def _waits(bought: Ledger, order: int) -> tuple[Whole, Floats, Floats]:
    """Give customers with the purchase before (their place among all), days since it, and whether they came back.

    The log ends for all on its last day with a purchase; who bought then has not been watched at all.
    """
    sizes = np.diff(np.r_[bought.starts, len(bought.day)])
    last = int(bought.day.max())
    place = np.flatnonzero(sizes >= order - 1)
    before = bought.day[bought.starts[place] + order - 2]
    event = sizes[place] >= order
    after = bought.day[np.minimum(bought.starts[place] + order - 1, len(bought.day) - 1)]
    days = np.where(event, after, last) - before
    watched = days > 0
    return place[watched], days[watched].astype(float), event[watched].astype(float)


def _comparable(names: pd.Series) -> tuple[Whole, list[str]]:
    """Give the number of each customer's group, largest first; −1 where it is not known or too small."""
    counts = names.value_counts()
    counts = counts[counts >= LEAST].sort_index().sort_values(ascending=False, kind="stable")
    groups = [str(name) for name in counts.index]
    return pd.Index(groups).get_indexer(pd.Index(names)).astype(np.int64), groups


def _ratios(days: Floats, event: Floats, codes: Whole, confidence: float) -> dict[int, dict[str, float]]:
    """Hazard ratios of the groups of whom some came back, against the largest."""
    came = np.bincount(codes[codes >= 0], event[codes >= 0])
    fit = [code for code, count in enumerate(came) if count >= LEAST_EVENTS]
    if not fit or fit[0] != 0 or len(fit) < 2:
        return {}
    kept = np.isin(codes, fit)
    cell = days[kept].astype(np.int64) * len(came) + codes[kept]
    count, back = np.bincount(cell), np.bincount(cell, event[kept]).astype(float)
    there = np.flatnonzero(count)
    design = (there[:, None] % len(came) == np.array(fit[1:])).astype(float)
    weights, errors = cox((there // len(came)).astype(float), back[there], design, count[there].astype(float))
    half = stats.norm.ppf(0.5 + confidence / 2) * errors
    columns = np.exp([weights, weights - half, weights + half])
    p = 2 * stats.norm.sf(np.abs(weights / errors))
    rows = np.column_stack([*columns, p]).tolist()
    return {code: dict(zip(NOT_COMPARED, row, strict=True)) for code, row in zip(fit[1:], rows, strict=True)}


def _row(name: str, days: Floats, event: Floats, table: pd.DataFrame) -> dict[str, object]:
    middle, low, high = median(table)
    return {
        "group": name,
        "customers": len(days),
        "returned": int(event.sum()),
        "median": middle,
        "ci_low": low,
        "ci_high": high,
        "longest": int(days.max()),
    }


def _returned(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """Curve of those who came back: one less that of those who wait."""
    ends = {"returned": 1 - table["waiting"], "ci_low": 1 - table["ci_high"], "ci_high": 1 - table["ci_low"]}
    return table.assign(group=name, **ends)


def _told(names: pd.Series, kept: npt.NDArray[np.bool_], by: str) -> tuple[Message, ...]:
    """Say who is in no group that is compared."""
    unknown = int(names.isna().sum())
    small = int((~kept).sum()) - unknown
    told = []
    if unknown:
        told.append(message("Of {n} customers the log does not say the {by} of the first order.", n=unknown, by=by))
    if small:
        told.append(
            message(
                "{n} customers belong to groups of fewer than {least} by {by}; these are not compared.",
                n=small,
                least=LEAST,
                by=by,
            )
        )
    return tuple(told)
