"""Points at risk and what became of them, by month of their age, summed over blocks of members."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from loyalty_kit.programme.points.postings import Postings
from loyalty_kit.programme.points.validity import Validity, add_months, months_between

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

MOST_BLOCKS = 2000
"""Groups of members drawn by lot that are resampled in place of members, where there are more of these."""


@dataclass(frozen=True, eq=False)
class LifeTable:
    """Sums over blocks of members; a block is one member where there are few enough.

    Attributes
    ----------
    at_risk, redeemed, withdrawn : array of shape (blocks, ages)
        Points still there at the beginning of each month of age that was seen to its end, and what became of them
        within it.
    open : array of shape (blocks, ages)
        Points that are there on the day of valuation, by the month of age that they are in.
    rest : array of shape (blocks, ages)
        Of these, the points times the share of the month that is still to come.
    n_members : int
        Members.
    """

    at_risk: Floats
    redeemed: Floats
    withdrawn: Floats
    open: Floats
    rest: Floats
    n_members: int

    def weighted(self, weights: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        """Give the sums with weights of shape (samples, blocks), each of shape (samples, ages)."""
        return (
            weights @ self.at_risk,
            weights @ self.redeemed,
            weights @ self.withdrawn,
            weights @ self.open,
            weights @ self.rest,
        )


def life_table(postings: Postings, validity: Validity, at: int) -> LifeTable:
    """Count points at risk by blocks of members, up to the end of a day."""
    known = postings.until(at)
    lots = known.lots(validity)
    members, place = np.unique(known.member, return_inverse=True)
    block = _blocks(len(members))[place]
    rows = np.flatnonzero(lots.earned > 0)
    after = np.full(len(rows), at + 1)
    passed = months_between(lots.day[rows], after)
    ages = validity.ages or max(int(passed.max(initial=0)), 1)
    # A lot's month of age counts once it was seen to its end, or to that of the lot.
    seen = np.zeros(len(lots.day), dtype=np.int64)
    seen[rows] = np.where(lots.ends[rows] <= at + 1, ages, np.minimum(passed, ages))
    shape = (int(block.max(initial=0)) + 1, ages)
    risk = _spread(shape, block[rows], np.zeros(len(rows), dtype=np.int64), seen[rows], lots.earned[rows])
    taken = lots.taken
    age = np.minimum(months_between(lots.day[taken.lot], np.maximum(lots.day[taken.by], lots.day[taken.lot])), ages - 1)
    within = age < seen[taken.lot]
    lot, by, points, age = taken.lot[within], taken.by[within], taken.points[within], age[within]
    risk -= _spread(shape, block[lot], age + 1, seen[lot], points)
    burned = known.burned[by] > 0
    redeemed, withdrawn = (_sums(shape, block[lot[kept]], age[kept], points[kept]) for kept in (burned, ~burned))
    left = lots.open_at(at)
    there = np.flatnonzero(left > 0)
    old = np.minimum(months_between(lots.day[there], np.full(len(there), at + 1)), ages - 1)
    rest = _rest(lots.day[there], lots.ends[there], old, at + 1)
    return LifeTable(
        at_risk=risk,
        redeemed=redeemed,
        withdrawn=withdrawn,
        open=_sums(shape, block[there], old, left[there]),
        rest=_sums(shape, block[there], old, left[there] * rest),
        n_members=len(members),
    )


def _blocks(members: int) -> Whole:
    """Block of each member: by lot, the same at each run."""
    if members <= MOST_BLOCKS:
        return np.arange(members)
    return np.random.default_rng(0).permutation(np.arange(members) % MOST_BLOCKS)


def _rest(day: Whole, ends: Whole, age: Whole, now: int) -> Floats:
    """Share of the month of age that each lot is in that is still to come."""
    start, end = add_months(day, age), np.minimum(add_months(day, age + 1), ends)
    return np.clip((end - now) / np.maximum(end - start, 1), 0.0, 1.0)


def _sums(shape: tuple[int, int], block: Whole, age: Whole, points: Floats) -> Floats:
    sums = np.bincount(block * shape[1] + age, points, minlength=shape[0] * shape[1])
    return np.asarray(sums.reshape(shape), dtype=float)


def _spread(shape: tuple[int, int], block: Whole, start: Whole, stop: Whole, points: Floats) -> Floats:
    """Points added to each age from start up to, not with, stop."""
    some = start < stop
    wide = (shape[0], shape[1] + 1)
    change = _sums(wide, block[some], start[some], points[some]) - _sums(wide, block[some], stop[some], points[some])
    return np.cumsum(change, axis=1)[:, :-1]
