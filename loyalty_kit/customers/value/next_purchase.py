"""When each customer will buy next, into a file; and how often such intervals held when they were last tried."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from loyalty_kit.core.checks import check_level, check_new_file, check_whole
from loyalty_kit.core.errors import InputError, kind
from loyalty_kit.core.estimates import Estimate
from loyalty_kit.core.messages import message
from loyalty_kit.core.results import Result
from loyalty_kit.customers.transactions.day_numbers import as_date
from loyalty_kit.customers.transactions.ledger import Ledger
from loyalty_kit.customers.transactions.transactions import Transactions
from loyalty_kit.customers.value.customer_value import customer_value
from loyalty_kit.customers.value.holdout import Holdout, standing
from loyalty_kit.customers.value.limits import last_day
from loyalty_kit.customers.value.models.fitting import Fit
from loyalty_kit.customers.value.models.histories import WEEK, Cells
from loyalty_kit.customers.value.waiting import weeks_until

Floats = npt.NDArray[np.float64]
FEWEST_TRIED = 30
LABEL = message("How often the interval of the next purchase held")


@dataclass(frozen=True, eq=False)
class NextPurchaseResult(Result):
    """When customers will buy next.

    Attributes
    ----------
    table : DataFrame
        tried ('interval', 'not_before'), customers, held, ci_low, ci_high (Wilson), due, verdict ('holds',
        'too_narrow', 'too_few'): the holdout's answer for intervals that end within it, and for their lower ends.
    used : str
        Model behind the figures.
    at : date
        Day from which days are counted.
    weeks : int
        Weeks of the holdout.
    n_used : int
        Customers.
    confidence : float
        Level of the intervals of customers.
    warnings : tuple of str
        What must be known beside them.
    """

    table: pd.DataFrame
    used: str
    at: date
    weeks: int
    n_used: int
    confidence: float
    rows: pd.DataFrame = field(repr=False)
    simulated: bool = False
    warnings: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame, a row a thing that was tried."""
        return self.table.copy()

    def customers(self, path: str | Path) -> int:
        """Write when each customer will buy next to a CSV file; they stand in no report.

        Parameters
        ----------
        path : str or Path
            File to make, with customer, days (by which a purchase is as likely as not), days_low, days_high; empty
            where it is likelier that none comes at all, or later than the log is long. One that is there stays.

        Returns
        -------
        int
            Customers written.
        """
        check_new_file(path)
        self.rows.to_csv(path, index=False)
        return len(self.rows)

    def estimates(self) -> tuple[Estimate, ...]:
        """How often the interval held."""
        row = self.table.iloc[0]
        if row["verdict"] == "too_few":
            return ()
        held, low, high = (float(row[name]) for name in ("held", "ci_low", "ci_high"))
        return (Estimate("next_purchase_held", held, low, high, int(row["customers"]), LABEL),)


def next_purchase(
    transactions: Transactions, *, at: date | str | None = None, weeks: int = 13, confidence: float = 0.8
) -> NextPurchaseResult:
    """Say when each customer will buy next, with an interval, and how often that held in the last holdout.

    Parameters
    ----------
    transactions : Transactions
        A log, as `lk.read_transactions` gives it; purchases of one day are one.
    at : date or str, optional
        Last day that counts; the last of the log if absent.
    weeks : int
        Weeks at its end in which the intervals are tried.
    confidence : float
        Level of a customer's interval.

    Returns
    -------
    NextPurchaseResult

    Raises
    ------
    TooLittleError
        As `lk.customer_value` does.

    Notes
    -----
    The model is that which `lk.customer_value` takes. 'Never' counts among the answers: the interval of a customer who
    may have left has no upper end. Tried are intervals that end within the holdout, chosen by what was known before it,
    and lower ends that lie within it; parameters are taken as known.

    Examples
    --------
    >>> from loyalty_kit.customers.transactions.reading import read_transactions
    >>> draw = np.random.default_rng(1)
    >>> days = pd.Timestamp("2026-01-01") + pd.to_timedelta(draw.integers(0, 200, 900), unit="D")
    >>> log = pd.DataFrame({"who": draw.integers(0, 200, 900), "when": days, "paid": draw.gamma(9, 3, 900)})
    >>> found = next_purchase(read_transactions(log, customer="who", time="when", amount="paid"), weeks=8)
    >>> found.to_frame()["tried"].tolist()
    ['interval', 'not_before']
    """
    if not isinstance(transactions, Transactions):
        raise InputError(
            "'transactions' must be a log, as lk.read_transactions gives it; got {given}.", given=kind(transactions)
        )
    check_whole(weeks, "weeks", 1)
    check_level(confidence, "confidence")
    log = transactions if at is None else transactions.until(at)
    value = customer_value(log, horizon=weeks, holdout=weeks)
    end = last_day(value.ledger)
    days = _days(value.used, value.forecast.fitted, value.forecast.cells, confidence)
    known = end - int(value.ledger.purchases.day.min())
    ids = value.ledger.ids.to_numpy()[value.forecast.histories.who]
    table = _tried(value.held, value.used, value.ledger, confidence)
    off = table["verdict"].eq("too_narrow").any()
    return NextPurchaseResult(
        table=table,
        used=value.used,
        at=as_date(end),
        weeks=weeks,
        n_used=len(ids),
        confidence=confidence,
        rows=pd.DataFrame({"customer": ids} | {name: np.where(of > known, np.nan, of) for name, of in days.items()}),
        simulated=log.simulated,
        warnings=(
            message(
                "Intervals of the next purchase held less often in the last {weeks} weeks than they say; do not act on "
                "a single customer's.",
                weeks=weeks,
            ),
        )
        if off
        else (),
    )


def _days(name: str, fitted: Fit, cells: Cells, confidence: float) -> dict[str, Floats]:
    """Days until the next purchase of each customer: as likely as not, and the ends of the interval."""
    tail = (1 - confidence) / 2
    chances = {"days": 0.5, "days_low": tail, "days_high": 1 - tail}
    return {
        key: np.maximum(np.ceil(WEEK * weeks_until(name, fitted, cells, chance)), 1.0)[cells.back]
        for key, chance in chances.items()
    }


def _tried(held: Holdout, used: str, ledger: Ledger, confidence: float) -> pd.DataFrame:
    """Compare intervals at the cut with the days on which customers came."""
    name = standing(held, used)
    days, span = _days(name, held.fits[name], held.cells, confidence), round(WEEK * held.weeks)
    after = ledger.purchases
    later = after.day > held.histories.end
    who, first = np.unique(after.customer[later], return_index=True)
    waited = np.full(len(ledger.ids), np.inf)
    waited[who] = after.day[later][first] - held.histories.end
    came = waited[held.histories.who]
    inside, begun = days["days_high"] <= span, days["days_low"] <= span
    early = came < days["days_low"]
    kept = (~early & (came <= days["days_high"]))[inside]
    rows = [_row("interval", kept, confidence), _row("not_before", ~early[begun], (1 + confidence) / 2)]
    return pd.DataFrame(rows, columns=["tried", "customers", "held", "ci_low", "ci_high", "due", "verdict"])


def _row(tried: str, kept: npt.NDArray[np.bool_], due: float) -> tuple[object, ...]:
    if len(kept) < FEWEST_TRIED:
        return (tried, len(kept), np.nan, np.nan, np.nan, due, "too_few")
    low, high = proportion_confint(kept.sum(), len(kept), method="wilson")
    verdict: Literal["holds", "too_narrow"] = "too_narrow" if high < due else "holds"
    return (tried, len(kept), kept.mean(), low, high, due, verdict)
