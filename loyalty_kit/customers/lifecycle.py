"""The life cycle: how many customers are new, active, at risk, dormant or lost, and the figures of the base."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from loyalty_kit.core.checks import check_level, check_number, check_share, check_whole
from loyalty_kit.core.errors import InputError, TooLittleError, kind
from loyalty_kit.core.estimates import Estimate
from loyalty_kit.core.messages import Message, message, shown
from loyalty_kit.core.results import Result
from loyalty_kit.core.selection import cell_texts
from loyalty_kit.customers.rfm.moves import Visits, move_table, redrawn, visits_of
from loyalty_kit.customers.transactions.day_numbers import as_date, day_number
from loyalty_kit.customers.transactions.ledger import Ledger
from loyalty_kit.customers.transactions.transactions import Transactions

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]
STAGES = ("new", "active", "at_risk", "dormant", "lost")
AWAY = (1, 2, 4)
"""Periods since the last purchase from which on a customer is at risk, dormant, lost."""
METRICS = ["metric", "estimate", "ci_low", "ci_high", "n"]
LABELS = {
    "retention": message("Retention from period to period"),
    "churn": message("Churn from period to period"),
    "repeat_rate": message("Repeat rate"),
    "average_order": message("Average order"),
    "frequency": message("Orders a customer"),
    "past_value": message("Revenue a customer so far"),
    "acquisition_cost": message("Cost of a new customer"),
    "value_to_cost": message("Value to cost of a customer"),
    "payback": message("Periods until a new customer has paid back"),
    "referral": message("New customers by recommendation"),
}
DEFINITIONS = {
    "retention": message("of those who bought in the period before, the share who bought in the last one"),
    "churn": message("of those who bought in the period before, the share who did not buy in the last one"),
    "repeat_rate": message("share of customers with two orders or more"),
    "average_order": message("revenue over orders"),
    "frequency": message("orders over customers, since the log began"),
    "past_value": message("revenue over customers, since the log began; nothing of the future"),
    "acquisition_cost": message("costs over customers whose first purchase fell into the last period"),
    "value_to_cost": message("earned revenue a customer so far over the cost of a new one"),
    "payback": message("whole periods until earned revenue a customer since the first purchase reaches the cost"),
    "referral": message("of those whose first purchase fell into the last period, the share who were recommended"),
}


@dataclass(frozen=True, eq=False)
class LifecycleResult(Result):
    """Stages of customers, moves between them, and the figures of the base.

    Attributes
    ----------
    table : DataFrame
        stage ('new', 'active', 'at_risk', 'dormant', 'lost'), since (days since the last purchase from which on), until
        (up to which), customers, share, ci_low, ci_high (Wilson), before (customers a period earlier).
    metrics : DataFrame
        metric, estimate, ci_low, ci_high, n, definition.
    at : date
        Last day that counts.
    period : int
        Days.
    n_used : int
        Customers who had bought by then.
    confidence : float
        Level of the intervals.
    """

    table: pd.DataFrame
    metrics: pd.DataFrame
    at: date
    period: int
    n_used: int
    confidence: float
    visits: Visits
    warnings: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame, a row a stage."""
        return self.table.copy()

    def moves(self, *, samples: int = 100, rng: int = 0) -> pd.DataFrame:
        """Give moves since a period earlier, beside those that chance alone makes of steady buyers.

        Parameters
        ----------
        samples : int
            Worlds in which nobody changes: after the first day, each customer's days are drawn anew, all alike likely.
        rng : int
            Seed of these.

        Returns
        -------
        DataFrame
            from, to, customers, share (of those in `from`), ci_low, ci_high, expected_by_chance, p_value (of the
            largest distance of all moves), verdict ('more', 'fewer', 'as_chance').
        """
        check_whole(samples, "samples", 20)
        end, source = day_number(self.at), np.random.default_rng(rng)
        observed = stage_moves(self.visits, end, self.period)
        drawn = [stage_moves(redrawn(self.visits, end, source), end, self.period) for _ in range(samples)]
        return move_table(observed, np.array(drawn), self.confidence, STAGES)

    def estimates(self) -> tuple[Estimate, ...]:
        """Figures of the base, for the history of reports."""
        rows = zip(*(self.metrics[name] for name in METRICS), strict=True)
        return tuple(
            Estimate(f"lifecycle_{name}", value, low, high, int(n), LABELS[name])
            for name, value, low, high, n in rows
            if np.isfinite(value)
        )


def lifecycle(
    transactions: Transactions,
    *,
    at: date | str | None = None,
    period: int = 91,
    costs: float | None = None,
    margin: float = 1.0,
    referred: Iterable[object] | None = None,
    confidence: float = 0.95,
) -> LifecycleResult:
    """Say at which stage of their life with the brand customers are, and what they came to so far.

    Parameters
    ----------
    transactions : Transactions
        A log, as `lk.read_transactions` gives it.
    at : date or str, optional
        Last day that counts; the last day of the log if absent.
    period : int
        Days of a period: customers who bought within the last one are active, or new if it was their first purchase.
    costs : float, optional
        Money spent in the last period on winning new customers.
    margin : float
        Share of revenue that is earned, for what is compared with costs.
    referred : list of ids, optional
        Customers whom another customer recommended.
    confidence : float
        Level of the intervals.

    Returns
    -------
    LifecycleResult

    Raises
    ------
    TooLittleError
        If fewer than two customers had bought by then, or the log does not hold two periods before.

    Notes
    -----
    At risk: away for one period to two; dormant: two to four; lost: longer. Retention is the share of those who bought
    in the period before who bought in the last one; churn the rest. Repeat rate: customers with two orders or more of
    all. Average order is a ratio of sums, its error by the delta method over customers. Cost of a new customer: costs
    over customers whose first purchase fell into the last period, whose number is taken as Poisson. Payback: whole
    periods until the customers whom the log holds so long had brought the cost on average. A log that begins in
    mid-life takes customers of long standing for new ones in its first period.

    Examples
    --------
    >>> from loyalty_kit.customers.transactions.reading import read_transactions
    >>> days = pd.to_datetime(["2026-01-05", "2026-06-01", "2026-01-20", "2026-06-20", "2026-03-20"])
    >>> log = pd.DataFrame({"who": [1, 1, 2, 3, 4], "when": days, "paid": 9.0})
    >>> found = lifecycle(read_transactions(log, customer="who", time="when", amount="paid"), period=60)
    >>> found.to_frame()[["stage", "customers"]].values.tolist()
    [['new', 1], ['active', 1], ['at_risk', 1], ['dormant', 1], ['lost', 0]]
    """
    if not isinstance(transactions, Transactions):
        raise InputError(
            "'transactions' must be a log, as lk.read_transactions gives it; got {given}.", given=kind(transactions)
        )
    check_whole(period, "period", 1)
    check_share(margin, "margin")
    check_level(confidence, "confidence")
    if costs is not None:
        check_number(costs, "costs")
        if costs <= 0:
            raise InputError("'{name}' must be above 0; got {given}.", name="costs", given=shown(costs))
    ledger, customers, end = _base(transactions, at, period)
    mine, unknown = (None, 0) if referred is None else _referred(referred, ledger.ids, customers.index)
    now = _stages(customers, end, period)
    then = _stages_before(ledger, customers, end - period, period)
    metrics = [
        *_metrics(ledger, customers, then, now, confidence),
        *_referrals(mine, now, confidence),
        *_money(ledger, customers, end, period, costs, margin, transactions.net_share, confidence),
    ]
    return LifecycleResult(
        table=_table(now, then, period, confidence),
        metrics=pd.DataFrame(metrics, columns=METRICS).assign(definition=lambda rows: rows["metric"].map(DEFINITIONS)),
        at=as_date(end),
        period=period,
        n_used=len(customers),
        confidence=confidence,
        visits=visits_of(ledger.purchases),
        warnings=tuple(_told(costs, margin, 0 if mine is None else unknown)),
    )


def _base(transactions: Transactions, at: date | str | None, period: int) -> tuple[Ledger, pd.DataFrame, int]:
    """Ledger and customers as they stood on a day, and that day; refused where the log does not hold two periods."""
    ledger = transactions.ledger()
    end = int(ledger.purchases.day.max()) if at is None else day_number(at)
    last = int(ledger.day.max())
    if end > last:
        raise InputError(
            "'at' is {at}, after the log's last day, {last}; everybody would look lost: take a day of the log.",
            at=as_date(end).isoformat(),
            last=as_date(last).isoformat(),
        )
    ledger = ledger.until(end)
    customers = ledger.by_customer()
    if transactions.refunds == "net":
        customers = customers.assign(spend=customers["net"])
    if len(customers) < 2:
        raise TooLittleError(
            "Stages need two customers or more; {n} had bought by {at}.", n=len(customers), at=as_date(end).isoformat()
        )
    first = int(customers["first"].min())
    if end - first < 2 * period:
        raise TooLittleError(
            "Stages by periods of {period} days need a log of two; this one holds {n} days by {at}: take a shorter "
            "period.",
            period=period,
            n=end - first,
            at=as_date(end).isoformat(),
        )
    return ledger, customers, end


def _stages(customers: pd.DataFrame, end: int, period: int) -> Places:
    """Place among `STAGES` of each customer."""
    away = (end - customers["last"]).to_numpy()
    place = 1 + np.searchsorted(np.array(AWAY) * period, away, side="right")
    return np.where(end - customers["first"].to_numpy() < period, 0, place)


def stage_moves(visits: Visits, end: int, period: int) -> Floats:
    """Count customers by stage a period before the end of a day and by stage then, of those known at both."""
    first = visits.first[visits.starts]
    day = end - period
    places = []
    for at in (day, end):
        last = np.maximum.reduceat(np.where(visits.day <= at, visits.day, visits.first), visits.starts)
        places.append(_stages(pd.DataFrame({"first": first, "last": last}), at, period)[first <= day])
    cells = np.bincount(places[0] * len(STAGES) + places[1], minlength=len(STAGES) ** 2)
    return cells.reshape(len(STAGES), -1).astype(float)


def _referred(referred: Iterable[object], ids: pd.Series, known: pd.Index) -> tuple[Truths, int]:
    """Which customers were recommended, and how many of those given the log does not know."""
    if isinstance(referred, str) or not isinstance(referred, Iterable):
        raise InputError("'referred' must be a list of customers' ids; got {given}.", given=kind(referred))
    texts = pd.Index(cell_texts(pd.Series(list(referred)))).unique()
    return np.asarray(ids.iloc[known].isin(texts)), int((~texts.isin(ids)).sum())


def _referrals(mine: Truths | None, now: Places, confidence: float) -> Iterator[tuple[str, float, float, float, int]]:
    """Share of new customers who were recommended, where that is given."""
    n = int((now == 0).sum())
    if mine is not None and n:
        count = int(mine[now == 0].sum())
        yield "referral", count / n, *proportion_confint(count, n, 1 - confidence, "wilson"), n


def _told(costs: float | None, margin: float, unknown: int) -> Iterator[Message]:
    if costs is not None and margin >= 1:
        yield message("Value is compared with costs as revenue; give 'margin', the share of it that is earned.")
    if unknown:
        yield message("The log does not know {n} of the ids in 'referred'; they count nowhere.", n=unknown)


def _stages_before(ledger: Ledger, customers: pd.DataFrame, day: int, period: int) -> Places:
    """Stage of the same customers at an earlier day; -1 who had not bought by then."""
    earlier = ledger.until(day).by_customer()
    found = pd.Series(_stages(earlier, day, period), index=earlier.index)
    return np.asarray(found.reindex(customers.index, fill_value=-1))


def _table(now: Places, then: Places, period: int, confidence: float) -> pd.DataFrame:
    counts = np.bincount(now, minlength=len(STAGES))
    low, high = proportion_confint(counts, len(now), 1 - confidence, "wilson")
    since = [0, 0, *(periods * period for periods in AWAY)]
    return pd.DataFrame(
        {
            "stage": STAGES,
            "since": since,
            "until": [period - 1, period - 1, *(after - 1 for after in since[3:]), np.inf],
            "customers": counts,
            "share": counts / len(now),
            "ci_low": low,
            "ci_high": high,
            "before": np.bincount(then[then >= 0], minlength=len(STAGES)),
        }
    )


def _metrics(
    ledger: Ledger, customers: pd.DataFrame, then: Places, now: Places, confidence: float
) -> Iterator[tuple[str, float, float, float, int]]:
    """Give shares and means of the base, each with its interval and n."""
    z, n = float(stats.norm.ppf(0.5 + confidence / 2)), len(customers)
    before = (then == 0) | (then == 1)
    stayed = int((now[before] <= 1).sum())
    low, high = proportion_confint(stayed, before.sum(), 1 - confidence, "wilson") if before.any() else (np.nan, np.nan)
    kept = stayed / before.sum() if before.any() else np.nan
    yield "retention", kept, low, high, int(before.sum())
    yield "churn", 1 - kept, 1 - high, 1 - low, int(before.sum())
    again = int((customers["orders"] >= 2).sum())
    yield "repeat_rate", again / n, *proportion_confint(again, n, 1 - confidence, "wilson"), n
    spend, orders = customers["spend"].to_numpy(), customers["orders"].to_numpy(dtype=float)
    average = spend.sum() / orders.sum()
    half = z * float(np.sqrt(((spend - average * orders) ** 2).sum())) / orders.sum()
    yield "average_order", average, average - half, average + half, int(orders.sum())
    for name, values in (("frequency", orders), ("past_value", spend)):
        half = z * float(values.std(ddof=1)) / np.sqrt(n)
        yield name, float(values.mean()), float(values.mean() - half), float(values.mean() + half), n


def _money(
    ledger: Ledger,
    customers: pd.DataFrame,
    end: int,
    period: int,
    costs: float | None,
    margin: float,
    net_share: float,
    confidence: float,
) -> Iterator[tuple[str, float, float, float, int]]:
    """Give the cost of a new customer, value to cost and payback, where costs are given."""
    n = int((end - customers["first"] < period).sum())
    if costs is None or not n or margin * net_share <= 0:
        return
    tail = (1 - confidence) / 2
    fewest, most = stats.chi2.ppf(tail, 2 * n) / 2, stats.chi2.ppf(1 - tail, 2 * n + 2) / 2
    cost = costs / n
    yield "acquisition_cost", cost, costs / most, costs / fewest, n
    worth = margin * customers["spend"].to_numpy()
    z = float(stats.norm.ppf(1 - tail))
    off = z * np.sqrt((worth.std(ddof=1) / worth.mean()) ** 2 / len(worth) + 1 / n)
    ratio = float(worth.mean() / cost)
    yield "value_to_cost", ratio, ratio * float(np.exp(-off)), ratio * float(np.exp(off)), len(worth)
    yield "payback", *_payback(ledger, customers, end, period, cost / (margin * net_share), z)


def _payback(
    ledger: Ledger, customers: pd.DataFrame, end: int, period: int, needed: float, z: float
) -> tuple[float, float, float, int]:
    """Periods until the mean revenue since the first purchase reaches what is needed; missing where it never does.

    The ends of the interval are where the ends of the mean's interval reach it.
    """
    bought = ledger.purchases
    first = np.repeat(customers["first"].to_numpy(), customers["days"].to_numpy())
    age = (bought.day - first) // period
    reached: list[float] = [np.nan] * 3
    count = len(customers)
    for periods in range(1, (end - int(customers["first"].min())) // period + 1):
        old = (end - customers["first"]).to_numpy() >= periods * period
        inside = (age < periods) & np.repeat(old, customers["days"].to_numpy())
        spent = np.bincount(
            np.repeat(np.arange(len(old)), customers["days"].to_numpy())[inside], bought.spend[inside], len(old)
        )[old]
        if len(spent) < 2:
            break
        half = z * spent.std(ddof=1) / np.sqrt(len(spent))
        for place, mean in enumerate((spent.mean(), spent.mean() + half, spent.mean() - half)):
            if np.isnan(reached[place]) and mean >= needed:
                reached[place] = float(periods)
                count = len(spent) if place == 0 else count
    return reached[0], reached[1], reached[2], count
