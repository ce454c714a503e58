"""RFM: when customers last bought, how often and for how much, and the segments that this makes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from loyalty_kit.core.checks import check_new_file, check_whole
from loyalty_kit.core.errors import InputError, TooLittleError, kind
from loyalty_kit.core.results import Result
from loyalty_kit.core.selection import FEWEST
from loyalty_kit.customers.rfm.moves import count_moves, move_table, moves_by_chance, origins, visits_of
from loyalty_kit.customers.rfm.scoring import (
    MEASURES,
    SEGMENTS,
    Scored,
    border_table,
    scored,
    segment,
    ties,
)
from loyalty_kit.customers.transactions.day_numbers import as_date, day_number
from loyalty_kit.customers.transactions.ledger import Ledger
from loyalty_kit.customers.transactions.transactions import Transactions

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MovesResult(Result):
    """Moves between segments from one date to another, beside what chance would do.

    Attributes
    ----------
    table : DataFrame
        from, to, customers, share, ci_low, ci_high, expected_by_chance, p_value, verdict.
    origins : DataFrame
        to, origin ('stayed', 'rose', 'fell', 'new'), customers, revenue_share: where the customers of each segment at
        the second date came from, and what they bring.
    first, last : date
        The two dates.
    n_used : int
        Customers at the first date.
    n_new : int
        Customers who came since.
    changed, changed_by_chance : float
        Share of customers in another segment, and how many that would be by chance.
    samples : int
        Draws.
    confidence : float
        Level of the intervals.
    warnings : tuple of str
        None at present.
    """

    table: pd.DataFrame
    origins: pd.DataFrame
    first: date
    last: date
    n_used: int
    n_new: int
    changed: float
    changed_by_chance: float
    samples: int
    confidence: float
    warnings: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame, a row a move that somebody makes or would by chance."""
        return self.table.copy()

    def _shown(self) -> pd.DataFrame:
        return self.table[self.table["customers"] >= FEWEST]


@dataclass(frozen=True, eq=False)
class RfmResult(Result):
    """Customers by recency, frequency and amount.

    Attributes
    ----------
    table : DataFrame
        segment, customers, share, revenue_share, recency, frequency, monetary (means), and the interval of the
        segment's share of revenue: ci_low, ci_high.
    borders : DataFrame
        measure, score, from, to, customers: values above `from` and up to `to` have the score.
    at : date
        Day from which recency counts.
    bins : int
        Scores of each measure.
    n_used : int
        Customers who ever bought.
    confidence : float
        Level of the interval.
    simulated : bool
        Whether the log is.
    warnings : tuple of str
        Scores that ties make larger than their share.
    """

    table: pd.DataFrame
    borders: pd.DataFrame
    at: date
    bins: int
    n_used: int
    confidence: float
    scored: Scored
    ledger: Ledger
    positions: npt.NDArray[np.int64]
    simulated: bool = False
    warnings: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame, a row a segment that has customers."""
        return self.table.copy()

    def _shown(self) -> pd.DataFrame:
        return self.table[self.table["customers"] >= FEWEST]

    @property
    def frame(self) -> pd.DataFrame:
        """Days since the last purchase, purchases and amount, a row a customer, without their ids."""
        return pd.DataFrame(self.scored.values).set_axis(["days_since_last", "purchases", "amount"], axis=1)

    @property
    def segment(self) -> pd.Series:
        """Segment of each customer, by id: what `ValueResult.by` takes."""
        bought = self.ledger.purchases
        ids = self.ledger.ids.to_numpy()[bought.customer[bought.starts]]
        return pd.Series(np.array(SEGMENTS)[self.positions], index=ids)

    def customers(self, path: str | Path) -> int:
        """Write each customer's values, scores and segment to a CSV file; they stand in no report.

        Parameters
        ----------
        path : str or Path
            File to make; one that is there is not overwritten.

        Returns
        -------
        int
            Customers written.
        """
        check_new_file(path)
        rows = pd.DataFrame({"customer": self.segment.index}).assign(**self.scored.values)
        rows = rows.assign(**{name[0]: self.scored.scores[name] for name in MEASURES})
        rows.assign(segment=self.segment.to_numpy()).to_csv(path, index=False)
        return len(rows)

    def moves(self, later: "RfmResult", *, samples: int = 100, rng: int = 0) -> MovesResult:
        """Who went where by a later date, and whether that is more than chance.

        Parameters
        ----------
        later : RfmResult
            Of the same log at a later date.
        samples : int
            Worlds in which nobody changes.
        rng : int
            Seed of these.

        Returns
        -------
        MovesResult

        Raises
        ------
        InputError
            If the later result is not later, or has other bins or borders of one's own.

        Notes
        -----
        Recency and frequency move by chance alone: of buyers who never change, more than half change segment from
        one half-year to the next. `expected_by_chance` draws each customer's days anew, uniform after the first one,
        as those of somebody who buys at a steady pace.
        """
        if not isinstance(later, RfmResult) or later.at <= self.at or later.bins != self.bins:
            raise InputError(
                "'later' must be an RFM result of the same log with the same bins at a later date than {at}.",
                at=self.at.isoformat(),
            )
        check_whole(samples, "samples", 20)
        ends = (day_number(self.at), day_number(later.at))
        visits = visits_of(later.ledger.purchases)
        observed = count_moves(visits, ends, self.bins)
        drawn = moves_by_chance(visits, ends, self.bins, samples, np.random.default_rng(rng))
        total = observed.sum()
        return MovesResult(
            table=move_table(observed, drawn, self.confidence),
            origins=origins(visits, ends[0], later.positions, later.scored.values["monetary"], self.bins),
            first=self.at,
            last=later.at,
            n_used=int(total),
            n_new=later.n_used - int(total),
            changed=float(1 - np.trace(observed) / total),
            changed_by_chance=float(1 - np.trace(drawn.mean(axis=0)) / total),
            samples=samples,
            confidence=self.confidence,
        )


def rfm(
    transactions: Transactions,
    *,
    at: date | str | None = None,
    bins: int = 5,
    breaks: Mapping[str, Sequence[float]] | None = None,
    confidence: float = 0.95,
) -> RfmResult:
    r"""Segments of customers by recency, frequency and amount.

    Parameters
    ----------
    transactions : Transactions
        A log, as `lk.read_transactions` gives it.
    at : date or str, optional
        Day at whose end the log is read; its last day if absent.
    bins : int
        Scores of each measure, 3 or more.
    breaks : mapping of 'recency', 'frequency' or 'monetary' to list of float, optional
        Borders of the scores, bins − 1 in rising order; quantiles if absent.
    confidence : float
        Level of the interval.

    Returns
    -------
    RfmResult

    Raises
    ------
    TooLittleError
        If nobody had bought by then.
    InputError
        If borders are too many, too few or not in rising order.

    Notes
    -----
    Recency is the days since the last purchase, frequency counts purchases, the amount is what they came to: less
    refunds where the log is read with ``refunds="net"``. A value above a border goes up and equal values stay
    together. A segment's share of revenue R_s / R has the error of a ratio of sums,
    sqrt(n / (n − 1) Σ (x_i 1_s − share x_i)²) / R.

    References
    ----------
    Hughes, A. M. (1994). Strategic Database Marketing. Checked against R's rfm 0.3.0, which adds 1 to each quantile,
    so that its borders depend on the unit: with its borders as `breaks` scores and cells are the same.

    Examples
    --------
    >>> from loyalty_kit.customers.transactions.reading import read_transactions
    >>> days = pd.date_range("2026-01-01", periods=14)
    >>> log = pd.DataFrame({"who": [*range(9), *range(5)], "paid": 9.5, "when": days})
    >>> result = rfm(read_transactions(log, customer="who", time="when", amount="paid"), bins=3)
    >>> result.to_frame()[["segment", "customers"]].to_string(index=False)
    '    segment  customers\n  champions          5\n        new          1\nhibernating          3'
    """
    if not isinstance(transactions, Transactions):
        raise InputError(
            "'transactions' must be a log, as lk.read_transactions gives it; got {given}.", given=kind(transactions)
        )
    check_whole(bins, "bins", 3)
    ledger = transactions.ledger()
    end = int(ledger.purchases.day.max()) if at is None else day_number(at)
    ledger = ledger.until(end)
    customers = ledger.by_customer()
    if customers.empty:
        bought = transactions.ledger().purchases.day
        first = as_date(int(bought.min())).isoformat() if len(bought) else "–"
        raise TooLittleError(
            "No customer had bought anything by {at}; the first purchase of the log is of {first}.",
            at=as_date(end).isoformat(),
            first=first,
        )
    values = {
        "recency": (end - customers["last"]).to_numpy(dtype=float),
        "frequency": customers["orders"].to_numpy(dtype=float),
        "monetary": customers["net" if transactions.refunds == "net" else "spend"].to_numpy(dtype=float),
    }
    del customers  # Of millions they are large.
    found = scored(values, bins, breaks)
    positions = segment(found.scores["recency"], found.scores["frequency"], bins)
    return RfmResult(
        table=_segments(positions, values, confidence),
        borders=border_table(found, bins),
        at=as_date(end),
        bins=bins,
        n_used=len(positions),
        confidence=confidence,
        scored=found,
        ledger=ledger,
        positions=positions,
        simulated=transactions.simulated,
        warnings=ties(found, bins),
    )


def _segments(positions: npt.NDArray[np.int64], values: Mapping[str, Floats], confidence: float) -> pd.DataFrame:
    n = len(positions)
    sizes = np.bincount(positions, minlength=len(SEGMENTS))
    there = np.flatnonzero(sizes)
    sums = {name: np.bincount(positions, column, minlength=len(SEGMENTS)) for name, column in values.items()}
    money = values["monetary"]
    total = money.sum()
    share = sums["monetary"] / total
    squares = np.bincount(positions, money**2, minlength=len(SEGMENTS))
    # Σ (x 1_s − share x)² = Σ_s x² (1 − 2 share) + share² Σ x²
    spread = squares * (1 - 2 * share) + share**2 * (money**2).sum()
    error = np.sqrt(np.maximum(spread, 0) * n / max(n - 1, 1)) / abs(total)
    z = stats.norm.ppf(0.5 + confidence / 2)
    return pd.DataFrame(
        {
            "segment": [SEGMENTS[position] for position in there],
            "customers": sizes[there],
            "share": sizes[there] / n,
            "revenue_share": share[there],
            **{name: sums[name][there] / sizes[there] for name in MEASURES},
            "ci_low": (share - z * error)[there],
            "ci_high": (share + z * error)[there],
        }
    )
