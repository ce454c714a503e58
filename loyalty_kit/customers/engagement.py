"""How engaged customers are: active days, depth and breadth from a log of events, and whether that says anything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from loyalty_kit.core.checks import check_columns, check_whole
from loyalty_kit.core.errors import InputError, TooLittleError
from loyalty_kit.core.errors import kind as kind_of
from loyalty_kit.core.messages import message, shown
from loyalty_kit.core.results import Result
from loyalty_kit.core.selection import cell_texts
from loyalty_kit.customers.transactions.days import fetched
from loyalty_kit.customers.transactions.times import times_of
from loyalty_kit.customers.transactions.transactions import Transactions
from loyalty_kit.intake.options import file_argument
from loyalty_kit.intake.tables import read_table

Floats = npt.NDArray[np.float64]
PARTS = ("activity", "depth", "breadth")
LEAST_MATCHED = 50
FOLDS = 10


@dataclass(frozen=True, eq=False)
class EngagementValidity(Result):
    """Whether engagement goes with later purchases, beyond recency and frequency.

    Attributes
    ----------
    correlation, ci_low, ci_high : float
        Partial rank correlation of the index with later orders, given recency and frequency, and its interval.
    r2_without, r2_with : float
        Share of the variation of later orders (log1p) that recency and frequency explain out of sample, and that
        they and the index explain.
    verdict : {'adds', 'adds_nothing', 'unclear'}
        Adds where the interval lies above 0 and the prediction improves.
    n_used, n_unmatched : int
        Customers in both logs; those with events who had not bought by then.
    """

    correlation: float
    ci_low: float
    ci_high: float
    r2_without: float
    r2_with: float
    verdict: str
    n_used: int
    n_unmatched: int

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame of one row."""
        names = ["correlation", "ci_low", "ci_high", "r2_without", "r2_with", "verdict", "n_used", "n_unmatched"]
        return pd.DataFrame([{name: getattr(self, name) for name in names}])


@dataclass(frozen=True, eq=False)
class EngagementResult(Result):
    """Engagement of each customer with an event.

    Attributes
    ----------
    scores : DataFrame
        activity (days with an event), depth (weighted events a day), breadth (kinds of events) and index (0 to 100),
        a row a customer, in the order of `ids`.
    n_used : int
        Customers with an event.
    last : date
        Last day of the events.
    """

    scores: pd.DataFrame
    ids: pd.Series
    n_used: int
    last: Any

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame, a row a part: measure, mean, sd, p10, median, p90."""
        shown = self.scores[[*PARTS, "index"]]
        ends = shown.quantile([0.1, 0.5, 0.9])
        return pd.DataFrame(
            {
                "measure": shown.columns,
                "mean": shown.mean().to_numpy(),
                "sd": shown.std().to_numpy(),
                "p10": ends.iloc[0].to_numpy(),
                "median": ends.iloc[1].to_numpy(),
                "p90": ends.iloc[2].to_numpy(),
            }
        )

    def validity(self, transactions: Transactions, *, horizon: int, confidence: float = 0.95) -> EngagementValidity:
        """Say whether the index goes with purchases of the days after the last event, beyond recency and frequency.

        Parameters
        ----------
        transactions : Transactions
            Log of orders with the same ids, before and after the last event.
        horizon : int
            Days after the last event whose orders count.
        confidence : float
            Level of the interval.

        Returns
        -------
        EngagementValidity

        Raises
        ------
        TooLittleError
            If the log does not reach that far, or fewer than 50 customers stand in both.

        Notes
        -----
        The correlation is that of ranks after recency's and frequency's ranks are taken out, with Fisher's interval
        on n − 5; the shares are of squared errors in ten folds that the regressions were not fitted to.
        """
        check_whole(horizon, "horizon", 1)
        end = int(np.datetime64(self.last, "D").astype(int))
        ledger = transactions.ledger()
        if ledger.day.max() < end + horizon:
            raise TooLittleError(
                "The log ends {n} days after the last event, before the horizon of {horizon} days.",
                n=int(ledger.day.max()) - end,
                horizon=horizon,
            )
        before = ledger.until(end).by_customer()
        later = (ledger.day > end) & (ledger.day <= end + horizon)
        orders = np.bincount(ledger.customer[later], ledger.orders[later], minlength=len(ledger.ids))
        place = pd.Index(ledger.ids.iloc[before.index]).get_indexer(pd.Index(self.ids))
        known = place >= 0
        if known.sum() < LEAST_MATCHED:
            raise TooLittleError(
                "Only {n} customers stand in both logs; validity needs {least}.",
                n=int(known.sum()),
                least=LEAST_MATCHED,
            )
        who = before.iloc[place[known]]
        bases = np.column_stack([end - who["last"], who["orders"]]).astype(float)
        return _validity(
            self.scores.loc[known, "index"].to_numpy(), bases, orders[who.index], int((~known).sum()), confidence
        )


def engagement(
    events: Any, *, customer: str, time: str, kind: str, weights: Mapping[str, float] | None = None
) -> EngagementResult:
    """Engagement index of customers from a log of events.

    Parameters
    ----------
    events : table
        A row an event; anything that Narwhals takes.
    customer, time, kind : str
        Columns of the customer's id, of date or time, and of what happened.
    weights : mapping of str to float, optional
        What an event of each kind counts; 1 if absent.

    Returns
    -------
    EngagementResult

    Raises
    ------
    InputError
        If a column is absent, times are no dates, or a weight is lacking, negative or for no kind.

    Notes
    -----
    Activity counts days with an event, depth is the weighted number of events on such a day, breadth the kinds of
    events. The index is the mean of the three parts' percentile ranks, from 0 to 100: it orders the customers of one
    log, and means nothing across logs.

    Examples
    --------
    >>> log = pd.DataFrame(
    ...     {
    ...         "who": [1, 1, 1, 2],
    ...         "when": pd.to_datetime(["2026-01-01", "2026-01-01", "2026-01-02", "2026-01-01"]),
    ...         "what": ["view", "like", "view", "view"],
    ...     }
    ... )
    >>> found = engagement(log, customer="who", time="when", kind="what")
    >>> found.scores[["activity", "depth", "breadth"]].values.tolist()
    [[2.0, 1.5, 2.0], [1.0, 1.0, 1.0]]
    """
    table = _events(events, customer, time, kind)
    given = dict(weights or dict.fromkeys(table[kind].unique(), 1.0))
    lacking = [name for name in table[kind].unique() if name not in given]
    if lacking or any(not weight >= 0 for weight in given.values()):
        raise InputError(
            "'weights' must have a number of zero or more for each kind of event; lacking or wrong: {kinds}.",
            kinds=lacking or [name for name, weight in given.items() if not weight >= 0],
        )
    ids = cell_texts(table[customer])
    codes, who = pd.factorize(ids)
    days = table[time].to_numpy().astype("datetime64[D]").astype(int)
    kinds, _ = pd.factorize(table[kind])
    count = len(who)
    activity = np.bincount(pd.unique(codes * (days.max() + 1) + days) // (days.max() + 1), minlength=count)
    breadth = np.bincount(pd.unique(codes * (kinds.max() + 1) + kinds) // (kinds.max() + 1), minlength=count)
    worth = np.bincount(codes, table[kind].map(given).to_numpy(dtype=float), minlength=count)
    parts = pd.DataFrame({"activity": activity, "depth": worth / activity, "breadth": breadth}, dtype=float)
    index = 100 * parts.rank(pct=True, method="average").sub(0.5 / count).mean(axis=1)
    return EngagementResult(
        scores=parts.assign(index=index.clip(0, 100)),
        ids=pd.Series(who),
        n_used=count,
        last=np.datetime64(int(days.max()), "D").item(),
    )


def read_events(
    events: Sequence[str], *, until: date | None = None, file: Mapping[str, object] | None = None
) -> pd.DataFrame:
    """Log of events in a file, as a notebook's parameter names it.

    Parameters
    ----------
    events : list of str
        The file, and its columns of customer, time and kind.
    until : date, optional
        Last day that counts.
    file : mapping of str to object, optional
        How it is to be read, as in `lk.read_transactions`.

    Returns
    -------
    DataFrame of shape (events, 3)
        customer, time, kind.

    Raises
    ------
    TooLittleError
        If no file is named, or no event lies before the end.
    """
    if not events:
        raise TooLittleError("No log of events is given: name its file and its columns of customer, time and kind.")
    if isinstance(events, str) or len(events) != 4:
        raise InputError(
            "'events' must list a file and its columns of customer, time and kind; got {given}.", given=shown(events)
        )
    path, names = Path(events[0]), list(events[1:])
    table = read_table(path, names, what=message("The table of events"), options=file_argument(file))
    check_columns(table.frame.columns, names, message("The table of events"))
    rows = table.frame[names].set_axis(["customer", "time", "kind"], axis=1)
    if not pd.api.types.is_datetime64_any_dtype(rows["time"]):
        rows = rows.assign(time=times_of(rows["time"], names[1], table.options, None))
    rows = rows if until is None else rows[rows["time"] < pd.Timestamp(until) + pd.Timedelta(days=1)]
    if rows.empty:
        raise TooLittleError("The log of events holds none up to {day}.", day=until.isoformat() if until else "–")
    return rows.reset_index(drop=True)


def _events(events: Any, customer: str, time: str, kind: str) -> pd.DataFrame:
    try:
        frame: Any = nw.from_native(events)
    except TypeError:
        raise InputError("'events' must be a table; got {given}.", given=kind_of(events)) from None
    names = [customer, time, kind]
    schema = frame.collect_schema()
    check_columns(schema.names(), names, message("The table of events"))
    if not isinstance(schema[time], nw.Date | nw.Datetime):
        raise InputError(
            "Column '{column}' of the events holds {dtype}, not dates; store it as dates or times.",
            column=time,
            dtype=schema[time],
        )
    chosen = frame.select(names)
    table: pd.DataFrame = fetched(chosen).to_pandas().dropna()
    if table.empty:
        raise InputError("The events hold no row with a customer, a time and a kind.")
    return table.assign(**{time: pd.to_datetime(table[time]).dt.tz_localize(None)})


def _validity(index: Floats, bases: Floats, later: Floats, unmatched: int, confidence: float) -> EngagementValidity:
    n = len(index)
    design = np.column_stack([np.ones(n), *(stats.rankdata(column) for column in bases.T)])
    left = [_residuals(design, stats.rankdata(values)) for values in (index, later)]
    correlation = float(np.corrcoef(left[0], left[1])[0, 1]) if min(values.std() for values in left) > 0 else 0.0
    z, half = np.arctanh(correlation), stats.norm.ppf(0.5 + confidence / 2) / np.sqrt(n - 5)
    low, high = float(np.tanh(z - half)), float(np.tanh(z + half))
    outcome = np.log1p(later)
    without = np.column_stack([np.ones(n), np.log1p(bases)])
    base, more = (_out_of_sample(x, outcome) for x in (without, np.column_stack([without, index])))
    better = more > base
    verdict = "adds" if low > 0 and better else "adds_nothing" if high <= 0 or not better else "unclear"
    return EngagementValidity(correlation, low, high, base, more, verdict, n, unmatched)


def _residuals(design: Floats, values: Floats) -> Floats:
    found: Floats = values - design @ np.linalg.lstsq(design, values, rcond=None)[0]
    return found


def _out_of_sample(design: Floats, outcome: Floats) -> float:
    """Share of squared error explained in folds that the regression was not fitted to."""
    fold = np.arange(len(outcome)) % FOLDS
    wrong = base = 0.0
    for number in range(FOLDS):
        held = fold == number
        weights = np.linalg.lstsq(design[~held], outcome[~held], rcond=None)[0]
        wrong += float(((outcome[held] - design[held] @ weights) ** 2).sum())
        base += float(((outcome[held] - outcome[~held].mean()) ** 2).sum())
    return 1 - wrong / base if base else 0.0
