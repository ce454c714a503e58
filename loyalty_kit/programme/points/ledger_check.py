"""Whether a points ledger can be believed."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.core.results import Result
from loyalty_kit.programme.points.flow import expired_lots
from loyalty_kit.programme.points.lots import Lots
from loyalty_kit.programme.points.postings import BURN, EARN, EXPIRE, Postings
from loyalty_kit.programme.points.validity import Validity

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

FINDINGS = (
    *("negative_balance", "burn_without_earn", "repeated", "reference_twice", "fraction", "incomplete", "future"),
    *("expired_unposted", "expired_too_much"),
)
SERIOUS = frozenset({"negative_balance", "repeated", "reference_twice", "expired_unposted", "expired_too_much"})
"""Findings by which balances, or what is owed, are wrong."""


@dataclass(frozen=True, eq=False)
class LedgerCheck(Result):
    """What a reader of a points ledger must know before any figure.

    Attributes
    ----------
    table : DataFrame
        finding, n_rows, n_members, points; only what was found.
        'negative_balance': postings that took more than there was. 'burn_without_earn': burns before the member's
        first points. 'repeated': postings equal to one before in all columns. 'reference_twice': references that a kind
        bears more than once. 'fraction': fractions of a point. 'incomplete': rows without member, time, kind or points,
        left out of all figures. 'future': postings after the day asked for. 'expired_unposted', 'expired_too_much':
        points that the validity ends and no posting does, and the reverse; only where expiries are posted at all.
    at : date
        Day after which a posting lies in the future.
    n_used : int
        Postings that were looked at.
    n_members : int
        Their members.
    rows : Series
        Finding by row of the ledger's table, counted from 1. For your own work; it stands in no report.
    """

    table: pd.DataFrame
    at: date
    n_used: int
    n_members: int
    rows: pd.Series

    @property
    def sound(self) -> bool:
        """Whether nothing was found by which balances are wrong."""
        return not SERIOUS & set(self.table["finding"])

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame, a row a finding: finding, n_rows, n_members, points."""
        return self.table.copy()


def check_ledger(postings: Postings, validity: Validity, at: int) -> LedgerCheck:
    """Look for what makes a ledger wrong; see `PointsLedger.check`."""
    lots = postings.lots(validity)
    flags: dict[str, Flags] = {
        "negative_balance": (lots.used > 0) & (lots.balance < 0),
        "burn_without_earn": (postings.kind == BURN) & (lots.earned_so_far == 0),
        "repeated": _repeated(postings),
        "reference_twice": _reference_twice(postings),
        "fraction": postings.points != np.round(postings.points),
        "future": postings.day > at,
    }
    records = [
        (name, int(flag.sum()), len(np.unique(postings.member[flag])), float(np.abs(postings.points[flag]).sum()))
        for name, flag in flags.items()
        if flag.any()
    ]
    if postings.n_incomplete:
        records.append(("incomplete", postings.n_incomplete, 0, 0.0))
    records += _expiries(postings, lots, at)
    table = pd.DataFrame(records, columns=["finding", "n_rows", "n_members", "points"])
    order = table["finding"].map({name: place for place, name in enumerate(FINDINGS)})
    found = [pd.Series(name, index=postings.row[flag] + 1) for name, flag in flags.items() if flag.any()]
    moment: date = np.datetime64(at, "D").item()
    return LedgerCheck(
        table=table.iloc[order.argsort(kind="stable")].reset_index(drop=True),
        at=moment,
        n_used=len(postings.day),
        n_members=len(np.unique(postings.member)),
        rows=pd.concat(found).sort_index() if found else pd.Series(dtype=object),
    )


def _repeated(postings: Postings) -> Flags:
    parts = {"member": postings.member, "time": postings.time, "kind": postings.kind, "points": postings.points}
    if postings.channel is not None:
        parts["channel"] = postings.channel
    if postings.reference is not None:
        parts["reference"] = postings.reference
    return np.asarray(pd.DataFrame(parts, copy=False).duplicated())


def _reference_twice(postings: Postings) -> Flags:
    """Earnings or burns whose reference an earlier one of the same kind bears, repeated postings not counted again."""
    if postings.reference is None:
        return np.zeros(len(postings.day), dtype=bool)
    asked = (postings.reference >= 0) & np.isin(postings.kind, [EARN, BURN])
    keys = pd.DataFrame({"reference": postings.reference[asked], "kind": postings.kind[asked]})
    order = np.argsort(postings.time[asked], kind="stable")
    twice = np.zeros(len(postings.day), dtype=bool)
    twice[np.flatnonzero(asked)[order]] = keys.iloc[order].duplicated().to_numpy()
    return twice & ~_repeated(postings)


def _expiries(postings: Postings, lots: Lots, at: int) -> list[tuple[str, int, int, float]]:
    """Members whose posted expiries are not those of the validity, over the whole time up to a day."""
    posted_rows = (postings.kind == EXPIRE) & (postings.day <= at)
    if not posted_rows.any():
        return []
    rows, lost = expired_lots(lots, at)
    size = int(postings.member.max()) + 1
    due = np.bincount(postings.member[rows], lost, minlength=size)
    posted = np.bincount(postings.member[posted_rows], postings.points[posted_rows], minlength=size)
    apart = due - posted
    found = []
    for name, wrong in (("expired_unposted", apart > 0.5), ("expired_too_much", apart < -0.5)):
        if wrong.any():
            found.append((name, 0, int(wrong.sum()), float(np.abs(apart[wrong]).sum())))
    return found
