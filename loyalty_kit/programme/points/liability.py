"""What is owed for points: those that will be redeemed, with the interval that the past allows."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from loyalty_kit.core.checks import check_number
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.estimates import Estimate
from loyalty_kit.core.messages import message
from loyalty_kit.core.results import Result
from loyalty_kit.programme.points.flow import MOVES, flow
from loyalty_kit.programme.points.postings import Postings
from loyalty_kit.programme.points.redemption import drawn_members, hazards
from loyalty_kit.programme.points.validity import Validity

Floats = npt.NDArray[np.float64]

FUTURE = 2**0.5
"""By which errors over resampled members are widened, for what members do is chance in the future as in the past."""


@dataclass(frozen=True, eq=False)
class LiabilityResult(Result):
    """Points that are there, and what of them will be redeemed.

    Attributes
    ----------
    verdict : {'told', 'ages_unseen'}
        'ages_unseen': points are there that will reach ages at which nobody's points have been seen yet, so that only
        bounds can be told: nothing more redeemed at these ages, or everything.
    open : float
        Points that are there.
    expected_redeemed, ci_low, ci_high : float
        Points of these that will be redeemed; NaN and bounds where the verdict is 'ages_unseen'.
    breakage : float
        Share of the open points that will not be redeemed; NaN where it cannot be told.
    amount, amount_ci_low, amount_ci_high : float
        What they cost, at `point_value` each.
    point_value : float
        What a redeemed point costs.
    roll_forward : DataFrame
        item ('opening', 'earned', 'redeemed', 'expired', 'adjusted', 'closing'), points; empty without a day to start
        from.
    at : date
        Day of valuation.
    n_used : int
        Members.
    bootstrap : int
        Samples of members.
    confidence : float
        Level of the interval.
    """

    verdict: Literal["told", "ages_unseen"]
    open: float
    expected_redeemed: float
    ci_low: float
    ci_high: float
    breakage: float
    amount: float
    amount_ci_low: float
    amount_ci_high: float
    point_value: float
    roll_forward: pd.DataFrame
    at: date
    n_used: int
    bootstrap: int
    confidence: float

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame of one row: open, expected_redeemed, ci_low, ci_high, breakage, amount with its interval."""
        names = ("open", "expected_redeemed", "ci_low", "ci_high", "breakage", "amount")
        return pd.DataFrame([{name: getattr(self, name) for name in (*names, "amount_ci_low", "amount_ci_high")}])

    def estimates(self) -> tuple[Estimate, ...]:
        """Amount owed and points that are there."""
        owed = (self.amount, self.amount_ci_low, self.amount_ci_high)
        return (
            Estimate("points_liability", *owed, self.n_used, message("What is owed for points")),
            Estimate("points_open", self.open, n=self.n_used, label=message("Points that members have")),
        )


def liability(
    postings: Postings,
    validity: Validity,
    at: int,
    point_value: float,
    since: int | None,
    bootstrap: int,
    confidence: float,
    rng: int,
) -> LiabilityResult:
    """Find what is owed at the end of a day; see `PointsLedger.liability`.

    Notes
    -----
    With h the share of points still there that is redeemed within a month of age, and g the share taken away, a point
    that has reached age a is redeemed later with probability R(a) = h(a) + (1 − h(a) − g(a)) R(a + 1), R at the end of
    the validity being 0; of the month that it is in only what is still to come counts. The interval is
    normal: its error is that over resampled members, whose points move together, times √2, since what today's members
    will do is chance as large again. A chain ladder over months of earning takes points for independent and errs far
    more when redemption changes; it stands beside, in `PointsLedger.triangle`.
    """
    check_number(point_value, "point_value")
    if point_value < 0:
        raise InputError("'point_value' must be 0 or above; got {given}.", given=point_value)
    table, weights = drawn_members(postings, validity, at, bootstrap, confidence, rng)
    there = table.weighted(np.ones((1, len(table.at_risk))))
    found, unseen = _redeemed(*there, expires=validity.expires)
    total = float(table.open.sum())
    if unseen:
        bounds = [float(_redeemed(*there, expires=validity.expires, beyond=beyond)[0][0]) for beyond in (0.0, 1.0)]
        expected, low, high = float("nan"), *bounds
    else:
        expected = float(found[0])
        error = FUTURE * float(np.nanstd(_redeemed(*table.weighted(weights), expires=True, beyond=0.0)[0], ddof=1))
        half = stats.norm.ppf(0.5 + confidence / 2) * error
        low, high = max(expected - half, 0.0), min(expected + half, total)
    moment: date = np.datetime64(at, "D").item()
    return LiabilityResult(
        verdict="ages_unseen" if unseen else "told",
        open=total,
        expected_redeemed=expected,
        ci_low=low,
        ci_high=high,
        breakage=1 - expected / total if total else float("nan"),
        amount=expected * point_value,
        amount_ci_low=low * point_value,
        amount_ci_high=high * point_value,
        point_value=point_value,
        roll_forward=_roll_forward(postings, validity, since, at),
        at=moment,
        n_used=table.n_members,
        bootstrap=bootstrap,
        confidence=confidence,
    )


def _redeemed(
    risk: Floats, redeemed: Floats, withdrawn: Floats, held: Floats, rest: Floats, *, expires: bool, beyond: float = 0.0
) -> tuple[Floats, bool]:
    """Open points that will be redeemed, by sample, and whether some reach ages that nobody's points have seen.

    Where points do not expire, what lies beyond the oldest age is unseen too; `beyond` is what is redeemed there.
    """
    hazard, gone = hazards(risk, redeemed, withdrawn)
    lacking = np.isnan(hazard)
    reached = np.cumsum(held, axis=1) > 0
    unseen = bool((lacking & reached)[0].any() or (not expires and held[0].any()))
    hazard, gone = np.where(lacking, beyond, hazard), np.where(lacking, 0.0, gone)
    later = np.full(len(held), 0.0 if expires else beyond)
    total = np.zeros(len(held))
    for age in range(held.shape[1] - 1, -1, -1):
        h, g = hazard[:, age], gone[:, age]
        with np.errstate(invalid="ignore", divide="ignore"):
            part = np.where(held[:, age] > 0, rest[:, age] / held[:, age], 0.0)
        leave = 1 - (1 - np.minimum(h + g, 1.0)) ** part
        share = np.divide(h, h + g, out=np.zeros_like(h), where=h + g > 0)
        total += held[:, age] * (leave * share + (1 - leave) * later)
        later = h + (1 - np.minimum(h + g, 1.0)) * later
    return total, unseen


def _roll_forward(postings: Postings, validity: Validity, since: int | None, at: int) -> pd.DataFrame:
    """Points from one day to another, by what became of them."""
    if since is None:
        return pd.DataFrame({"item": pd.Series(dtype=object), "points": pd.Series(dtype=float)})
    if since >= at:
        raise InputError("'since' must lie before 'at'; got the same day or a later one.")
    sums = [flow(postings, validity, "year", day).table[list(MOVES)].sum() for day in (since, at)]
    signs = pd.Series({"earned": 1.0, "redeemed": -1.0, "expired": -1.0, "adjusted": 1.0})
    opening = float((sums[0] * signs).sum())
    moves = (sums[1] - sums[0]) * signs
    items = {"opening": opening, **moves.to_dict(), "closing": opening + float(moves.sum())}
    return pd.DataFrame({"item": list(items), "points": list(items.values())})
