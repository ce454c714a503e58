"""Points that members have, and those that they are about to lose."""

import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.core.checks import check_new_file, check_whole
from loyalty_kit.core.estimates import Estimate
from loyalty_kit.core.messages import message
from loyalty_kit.core.results import Result
from loyalty_kit.core.selection import FEWEST
from loyalty_kit.programme.points.postings import Postings
from loyalty_kit.programme.points.validity import Validity, add_months

Floats = npt.NDArray[np.float64]

BANDS = (0, 100, 500, 1_000, 5_000, 10_000)
"""Lower ends of the bands of points that members are counted in."""
OPEN = message("Points that members have")


@dataclass(frozen=True, eq=False)
class BalancesResult(Result):
    """Points that members have at the end of a day.

    Attributes
    ----------
    table : DataFrame
        band (lower end of points), n_members, points.
    at : date
        The day.
    open : float
        Points of all balances above zero.
    n_used : int
        Members with a posting by then.
    n_negative : int
        Members whose balance is below zero.
    balances : Series of shape (members,)
        Balance by member's id. For your own work; it stands in no report.
    """

    table: pd.DataFrame
    at: date
    open: float
    n_used: int
    n_negative: int
    balances: pd.Series

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame, a row a band: band, n_members, points."""
        return self.table.copy()

    def estimates(self) -> tuple[Estimate, ...]:
        """Points that members have."""
        return (Estimate("points_open", self.open, n=self.n_used, label=OPEN),)


@dataclass(frozen=True, eq=False)
class ExpiringResult(Result):
    """Points that expire soon unless they are used.

    Attributes
    ----------
    table : DataFrame
        month (its first day) in which the points can be used for the last time, band (lower end of a member's points
        of this kind), n_members, points; counts below 5 members are left out.
    at : date
        Day from which is looked ahead.
    within : int
        Months that are looked ahead.
    points : float
        Points of all of them.
    n_used : int
        Members who have such points.
    members : DataFrame
        member, month, points. For your own work; it stands in no report.
    """

    table: pd.DataFrame
    at: date
    within: int
    points: float
    n_used: int
    members: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame, a row a month and band: month, band, n_members, points."""
        return self.table.copy()

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write members, months and points to a new CSV file.

        Raises
        ------
        InputError
            If the file is there already.
        """
        check_new_file(path)
        self.members.to_csv(path, index=False, encoding="utf-8-sig")
        return Path(path)


def balances(postings: Postings, validity: Validity, at: int) -> BalancesResult:
    """Balance of each member at the end of a day; see `PointsLedger.balances`."""
    lots = postings.until(at).lots(validity)
    held = lots.balance_at(at)
    table = _banded(held[held > 0])
    return BalancesResult(
        table=table,
        at=_as_date(at),
        open=float(held[held > 0].sum()),
        n_used=len(held),
        n_negative=int((held < 0).sum()),
        balances=pd.Series(held, index=pd.Index(postings.ids.iloc[lots.member[lots.first]], name="member")),
    )


def expiring(postings: Postings, validity: Validity, at: int, within: int) -> ExpiringResult:
    """Points that expire within months; see `PointsLedger.expiring`."""
    check_whole(within, "within", 1)
    lots = postings.until(at).lots(validity)
    left = lots.open_at(at)
    end = int(add_months(np.array([at]), within)[0])
    soon = np.flatnonzero((left > 0) & (lots.ends - 1 <= end))
    month = (lots.ends[soon] - 1).astype("datetime64[D]").astype("datetime64[M]")
    soon_lost = pd.DataFrame({"member": lots.member[soon], "month": month, "points": left[soon]})
    lost = pd.DataFrame(soon_lost.groupby(["month", "member"], as_index=False).agg(points=("points", "sum")))
    tables = [_banded(part["points"].to_numpy()).assign(month=name) for name, part in lost.groupby("month")]
    columns = ["month", "band", "n_members", "points"]
    table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns[1:]).assign(month=[])
    shown = table[table["n_members"] >= FEWEST]
    return ExpiringResult(
        table=shown[columns].reset_index(drop=True),
        at=_as_date(at),
        within=within,
        points=float(lost["points"].sum()),
        n_used=int(lost["member"].nunique()),
        members=lost.assign(member=postings.ids.iloc[lost["member"]].to_numpy())[["member", "month", "points"]],
    )


def _banded(points: Floats) -> pd.DataFrame:
    place = np.searchsorted(BANDS, points, side="right") - 1
    counts = np.bincount(place, minlength=len(BANDS))
    sums = np.bincount(place, points, minlength=len(BANDS))
    table = pd.DataFrame({"band": BANDS, "n_members": counts, "points": sums})
    return table[table["n_members"] > 0].reset_index(drop=True)


def _as_date(day: int) -> date:
    moment: date = np.datetime64(day, "D").item()
    return moment
