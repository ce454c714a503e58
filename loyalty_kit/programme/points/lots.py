"""Points first in, first out: what has gone of each member's points, and which lot each burn took, without a loop.

With E the points earned so far, lots leave in the order in which they came, whether burned or expired. At each posting
first what has expired goes, then what is burned: the points gone are C = max(C before, E of the lots expired by then) +
burn, so that C = B + max over the postings so far of (E expired − B before), B what was burned: a running maximum.
A lot is a stretch of its member's axis from E before to E after, a burn one from C before to C after; who took what is
where they overlap. A burn above the balance reaches into points yet to come, which settle it.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from loyalty_kit.programme.points.validity import Validity

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


class Taken(NamedTuple):
    """Points of a lot that a posting took: rows of the lot and of the posting, points."""

    lot: Whole
    by: Whole
    points: Floats


@dataclass(frozen=True, eq=False)
class Lots:
    """Postings of members in order (member, time, what is earned before what is taken) as stretches of their axes.

    Attributes
    ----------
    member, day : array of shape (postings,)
        Place of the member, in order; days since 1970.
    earned, used : array of shape (postings,)
        Points that came and that were taken; one of the two is 0.
    ends : array of shape (postings,)
        First day on which the points of a posting are gone.
    """

    member: Whole
    day: Whole
    earned: Floats
    used: Floats
    ends: Whole

    @classmethod
    def of(cls, member: Whole, day: Whole, earned: Floats, used: Floats, validity: Validity) -> "Lots":
        """Lots of postings in order."""
        return cls(member, day, earned, used, validity.ends(day))

    @cached_property
    def first(self) -> Whole:
        """Where each member begins."""
        return np.flatnonzero(np.diff(self.member, prepend=-1))

    @cached_property
    def _last(self) -> Whole:
        return np.append(self.first[1:], len(self.member)) - 1

    @cached_property
    def _place(self) -> Whole:
        """Place of each posting's member among those with a posting."""
        return np.repeat(np.arange(len(self.first)), np.diff(np.append(self.first, len(self.member))))

    def _within(self, values: Floats) -> Floats:
        """Add up within members."""
        total = np.cumsum(values)
        before = (total - values)[self.first]
        return np.asarray(total - before[self._place])

    @cached_property
    def earned_so_far(self) -> Floats:
        """Points that the member has earned up to each posting."""
        return self._within(self.earned)

    @cached_property
    def _lot_rows(self) -> Whole:
        return np.flatnonzero(self.earned > 0)

    def _expired_by(self, place: Whole, day: Whole | int) -> Floats:
        """Points earned by members whose validity has ended by a day."""
        lots = self._lot_rows
        if not len(lots):
            return np.zeros(len(place))
        low = int(self.day.min(initial=0))
        span = int(max(self.ends.max(initial=0), np.max(day, initial=0))) - low + 2
        key = self._place[lots] * span + (self.ends[lots] - low)
        found = np.searchsorted(key, place * span + (day - low), side="right") - 1
        row = lots[np.maximum(found, 0)]
        return np.where((found >= 0) & (self._place[row] == place), self.earned_so_far[row], 0.0)

    @cached_property
    def expired_so_far(self) -> Floats:
        """Points of the member that have expired up to each posting."""
        expired, used = self._expired_by(self._place, self.day), self._within(self.used)
        beyond = expired - (used - self.used)
        # One running maximum for all: each member's values stand above those of the member before.
        step = float(np.abs(beyond).max(initial=0)) * 2 + 1
        highest: Floats = np.maximum.accumulate(beyond + self._place * step) - self._place * step
        return np.maximum(highest, 0.0)

    @cached_property
    def gone(self) -> Floats:
        """Points of the member that have gone, burned or expired, up to each posting."""
        return self._within(self.used) + self.expired_so_far

    @cached_property
    def balance(self) -> Floats:
        """Points that the member has after each posting; below zero where more was taken than there was."""
        return self.earned_so_far - self.gone

    def gone_at(self, day: int) -> Floats:
        """Points of each member that have gone by the end of a day on which or before which all postings lie."""
        members = np.arange(len(self.first))
        gone: Floats = np.maximum(self.gone[self._last], self._expired_by(members, day))
        return gone

    def balance_at(self, day: int) -> Floats:
        """Points that each member has at the end of a day on which or before which all postings lie."""
        return np.asarray(self.earned_so_far[self._last] - self.gone_at(day))

    def open_at(self, day: int) -> Floats:
        """Points of each posting's lot that are still there at the end of a day."""
        left = self.earned_so_far - np.maximum(self.gone_at(day)[self._place], self.earned_so_far - self.earned)
        return np.maximum(left, 0.0)

    @cached_property
    def taken(self) -> Taken:
        """Which points of which lot each posting took; points that never came are in none."""
        lots, uses = self._lot_rows, np.flatnonzero(self.used > 0)
        reach = np.maximum(self.earned_so_far[self._last], self.gone[self._last]) + 1
        offset = (np.cumsum(reach) - reach)[self._place]
        lot_end, use_end = (offset + self.earned_so_far)[lots], (offset + self.gone)[uses]
        lot_start, use_start = lot_end - self.earned[lots], use_end - self.used[uses]
        first = np.searchsorted(lot_end, use_start, side="right")
        count = np.maximum(np.searchsorted(lot_start, use_end, side="left") - first, 0)
        use = np.repeat(np.arange(len(uses)), count)
        lot = np.arange(len(use)) + np.repeat(first - (np.cumsum(count) - count), count)
        points = np.minimum(lot_end[lot], use_end[use]) - np.maximum(lot_start[lot], use_start[use])
        return Taken(lots[lot], uses[use], points)
