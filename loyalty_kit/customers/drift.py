"""Drift: how segments grew or shrank between two dates, beside what steady buyers would do."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.core.checks import check_whole
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.results import Result
from loyalty_kit.core.selection import FEWEST
from loyalty_kit.customers.rfm.moves import Visits, redrawn, visits_of
from loyalty_kit.customers.rfm.rfm import RfmResult
from loyalty_kit.customers.segments.segments import SegmentsResult
from loyalty_kit.statistics.multiplicity import max_t

Floats = npt.NDArray[np.float64]
LEVEL = 0.05


@dataclass(frozen=True, eq=False)
class DriftResult(Result):
    """Sizes of segments at two dates.

    Attributes
    ----------
    table : DataFrame
        segment, share (at the first date), later_share, change, expected_by_chance (the change had every customer
        bought at a steady pace), low_by_chance, high_by_chance (of nineteen in twenty such worlds), p_value, verdict
        ('grew', 'shrank' beyond chance, 'as_chance').
    first, last : date
        The two dates.
    n_first, n_last : int
        Customers.
    samples : int
        Worlds of steady buyers.
    """

    table: pd.DataFrame
    first: date
    last: date
    n_first: int
    n_last: int
    samples: int

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame, a row a segment."""
        return self.table.copy()

    def _shown(self) -> pd.DataFrame:
        return self.table[
            np.minimum(self.table["share"] * self.n_first, self.table["later_share"] * self.n_last) >= FEWEST
        ]


def drift(
    groups: SegmentsResult, earlier: RfmResult, later: RfmResult, *, samples: int = 39, rng: int = 0
) -> DriftResult:
    """Say which segments grew or shrank between two dates of a log, beyond what steady buyers would do.

    Parameters
    ----------
    groups : SegmentsResult
        Segments of `later.frame`, of all three columns.
    earlier, later : RfmResult
        Of one log at two dates.
    samples : int
        Worlds in which every customer buys at a steady pace.
    rng : int
        Seed of these.

    Returns
    -------
    DriftResult

    Raises
    ------
    InputError
        If the segments have other columns, or the dates are in the wrong order.

    Notes
    -----
    A log grows: at a later date everybody has bought more often, and many have been away for longer, without anybody
    having changed. So the customers of the earlier date and of the later one get their segments by the same centres,
    the amount being what was spent, and so in worlds in which each customer's days after the first are drawn anew,
    uniform until the last date. p values are those of the largest distance over all segments (Westfall and Young).
    """
    if set(groups.features.columns) != set(later.frame.columns):
        raise InputError(
            "'groups' must be segments of the columns {columns}, as they stand in `frame` of an RFM result.",
            columns=list(later.frame.columns),
        )
    if earlier.at >= later.at:
        raise InputError(
            "'later' must be of a later day than {first}; got {last}.",
            first=earlier.at.isoformat(),
            last=later.at.isoformat(),
        )
    check_whole(samples, "samples", 19)
    bought = later.ledger.purchases
    visits, spend = visits_of(bought), bought.spend
    ends = tuple(int(np.datetime64(day.at, "D").astype(int)) for day in (earlier, later))
    source = np.random.default_rng(rng)
    worlds = [visits, *(redrawn(visits, ends[1], source) for _ in range(samples))]
    shares = np.array([[_shares(world, spend, end, groups) for end in ends] for world in worlds])
    return DriftResult(
        table=_table(shares, groups.k),
        first=earlier.at,
        last=later.at,
        n_first=earlier.n_used,
        n_last=later.n_used,
        samples=samples,
    )


def _shares(visits: Visits, spend: Floats, end: int, groups: SegmentsResult) -> Floats:
    """Share of each segment at the end of a day."""
    reached = visits.day <= end
    known = visits.first[visits.starts] <= end
    last = np.maximum.reduceat(np.where(reached, visits.day, visits.first), visits.starts)
    sums = [np.add.reduceat(np.where(reached, part, 0.0), visits.starts) for part in (visits.orders, spend)]
    frame = pd.DataFrame(
        {"days_since_last": (end - last)[known], "purchases": sums[0][known], "amount": sums[1][known]}
    )
    labels = groups.fitted.labels(groups.features.values(frame.astype(float)))
    return np.bincount(labels, minlength=groups.k) / max(len(labels), 1)


def _table(shares: Floats, k: int) -> pd.DataFrame:
    change = shares[:, 1] - shares[:, 0]
    drawn = change[1:]
    distance = (change - change.mean(axis=0)) / np.maximum(change.std(axis=0), np.finfo(float).tiny)
    p = max_t(np.abs(distance))
    verdict = np.where(p > LEVEL, "as_chance", np.where(change[0] > drawn.mean(axis=0), "grew", "shrank"))
    return pd.DataFrame(
        {
            "segment": np.arange(1, k + 1),
            "share": shares[0, 0],
            "later_share": shares[0, 1],
            "change": change[0],
            "expected_by_chance": drawn.mean(axis=0),
            "low_by_chance": np.quantile(drawn, 0.025, axis=0),
            "high_by_chance": np.quantile(drawn, 0.975, axis=0),
            "p_value": p,
            "verdict": verdict,
        }
    )
