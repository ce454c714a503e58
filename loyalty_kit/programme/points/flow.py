"""Points that came and went, by period or channel."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.core.checks import check_choice
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.results import Result
from loyalty_kit.programme.points.lots import Lots
from loyalty_kit.programme.points.postings import Postings
from loyalty_kit.programme.points.validity import Validity, month_of

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

PERIODS = {"month": 1, "quarter": 3, "year": 12}
MOVES = ("earned", "redeemed", "expired", "adjusted")


@dataclass(frozen=True, eq=False)
class FlowResult(Result):
    """Points that came and went.

    Attributes
    ----------
    table : DataFrame
        period (its first day), or channel and n_members with a posting there; earned, redeemed, expired, adjusted (with
        its sign); by period also open, the sum of all balances at its end.
    by : str
        'month', 'quarter', 'year' or 'channel'.
    at : date
        Day up to which is counted: the last period may be unfinished.
    n_used : int
        Postings.
    """

    table: pd.DataFrame
    by: str
    at: date
    n_used: int

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame, a row a period or channel."""
        return self.table.copy()


def flow(postings: Postings, validity: Validity, by: str, at: int) -> FlowResult:
    """Points by period or channel; see `PointsLedger.flow`."""
    check_choice(by, "by", (*PERIODS, "channel"))
    known = postings.until(at)
    day: date = np.datetime64(at, "D").item()
    if by == "channel":
        return FlowResult(_by_channel(known, validity, at), by, day, len(known.day))
    return FlowResult(_by_period(known, validity, PERIODS[by], at), by, day, len(known.day))


def expired_lots(lots: Lots, at: int) -> tuple[Whole, Floats]:
    """Rows of lots whose points have expired by the end of a day, and how many of these."""
    taken = lots.taken
    used = np.bincount(taken.lot, taken.points, minlength=len(lots.day))
    lost = np.where(lots.ends <= at, lots.earned - used, 0.0)
    rows = np.flatnonzero(lost > 0)
    return rows, lost[rows]


def _by_period(known: Postings, validity: Validity, months: int, at: int) -> pd.DataFrame:
    lots = known.lots(validity)
    rows, lost = expired_lots(lots, at)
    first = int(known.day.min())
    start = _period(np.array([first]), months)[0]
    count = int(_period(np.array([at]), months)[0] - start) + 1

    def sums(day: Whole, points: Floats) -> Floats:
        return np.asarray(np.bincount(_period(day, months) - start, points, minlength=count), dtype=float)

    adjusted = np.where((known.earned > 0) & (known.kind == 3), known.earned, 0.0) - known.withdrawn
    table = pd.DataFrame(
        {
            "period": ((np.arange(count) + start) * months).astype("datetime64[M]").astype("datetime64[D]"),
            "earned": sums(known.day, np.where(known.kind == 0, known.earned, 0.0)),
            "redeemed": sums(known.day, known.burned),
            "expired": sums(lots.ends[rows], lost),
            "adjusted": sums(known.day, adjusted),
        }
    )
    change = table["earned"] - table["redeemed"] - table["expired"] + table["adjusted"]
    return table.assign(open=change.cumsum())


def _period(day: Whole, months: int) -> Whole:
    return month_of(day) // months


def _by_channel(known: Postings, validity: Validity, at: int) -> pd.DataFrame:
    if known.channel is None:
        raise InputError("by='channel' needs the ledger's channels; read it with channel='…'.")
    lots = known.lots(validity)
    rows, lost = expired_lots(lots, at)
    adjusted = np.where(known.kind == 3, known.points, 0.0)
    parts = {
        "earned": (known.channel, np.where(known.kind == 0, known.earned, 0.0)),
        "redeemed": (known.channel, known.burned),
        "expired": (known.channel[rows], lost),
        "adjusted": (known.channel, adjusted),
    }
    # Postings without a channel stand in a row of their own, the first.
    names = ["", *known.channels]
    sums = {name: np.bincount(place + 1, points, minlength=len(names)) for name, (place, points) in parts.items()}
    pairs = np.unique(np.stack([known.channel + 1, known.member]), axis=1)[0]
    table = pd.DataFrame({"channel": names, "n_members": np.bincount(pairs, minlength=len(names)), **sums})
    return table[(table["channel"] != "") | table[list(MOVES)].any(axis=1)].reset_index(drop=True)
