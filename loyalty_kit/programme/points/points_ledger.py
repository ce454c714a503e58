"""The points ledger: one noun, a few verbs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np

from loyalty_kit.core.checks import check_choice
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.summaries import Summarized
from loyalty_kit.programme.points.balances import BalancesResult, ExpiringResult, balances, expiring
from loyalty_kit.programme.points.flow import FlowResult, flow
from loyalty_kit.programme.points.ledger_check import LedgerCheck, check_ledger
from loyalty_kit.programme.points.liability import LiabilityResult, liability
from loyalty_kit.programme.points.postings import KINDS, LedgerColumns, Postings, postings_of
from loyalty_kit.programme.points.redemption import RedemptionResult, redemption
from loyalty_kit.programme.points.triangle import TriangleResult, triangle
from loyalty_kit.programme.points.validity import Validity, validity_of


@dataclass(frozen=True, eq=False, init=False)
class PointsLedger(Summarized):
    """A ledger of points: what members earned, redeemed and lost, posting by posting.

    Attributes
    ----------
    postings : Postings
        The postings in order of member and time, what is earned at a time before what is taken at it.
    validity : Validity
        How long points are valid.
    """

    postings: Postings
    validity: Validity

    def __init__(
        self,
        rows: Any,
        *,
        member: str,
        time: str,
        kind: str,
        points: str,
        validity: int | str,
        channel: str | None = None,
        reference: str | None = None,
        kinds: Mapping[str, str] | None = None,
    ) -> None:
        """Read a ledger.

        Parameters
        ----------
        rows : table
            A row a posting, of anything that Narwhals takes: pandas, Polars, a DuckDB relation, PySpark, Dask.
        member, time, kind, points : str
            Columns of the member's id, of date or time, of what the posting is ('earn', 'burn', 'expire', 'adjust', or
            words that mean one of these, English or Chinese) and of its points. Burns and expiries may be written with
            a minus; adjustments take away below zero.
        validity : int or str
            How long points are valid: days, '24 months', '2 years' or 'never'. The oldest points are used first. A
            lot earned on a day can be used up to the day before the one that the validity ends on.
        channel, reference : str, optional
            Columns of where points were posted, and of the purchase or reward that they belong to.
        kinds : mapping of str to str, optional
            What other words of the column `kind` mean: {"refund": "adjust"}.

        Raises
        ------
        InputError
            If a column is absent or of a wrong kind, a kind is unknown, points have the wrong sign, or the validity is
            none.

        Examples
        --------
        >>> import pandas as pd
        >>> rows = pd.DataFrame(
        ...     {
        ...         "who": ["a", "a", "b"],
        ...         "when": pd.to_datetime(["2026-01-05", "2026-02-01", "2026-02-01"]),
        ...         "what": ["earn", "burn", "earn"],
        ...         "points": [100, 30, 50],
        ...     }
        ... )
        >>> ledger = PointsLedger(rows, member="who", time="when", kind="what", points="points", validity="12 months")
        >>> ledger.balances("2026-02-28").open
        120.0
        """
        for word, meaning in (kinds or {}).items():
            check_choice(meaning, f"kinds['{word}']", KINDS)
        columns = LedgerColumns(member, time, kind, points, channel or None, reference or None)
        object.__setattr__(self, "validity", validity_of(validity))
        object.__setattr__(self, "postings", postings_of(rows, columns, dict(kinds or {})))

    def check(self, *, at: date | str | None = None) -> LedgerCheck:
        """Say whether the ledger can be believed.

        Parameters
        ----------
        at : date or str, optional
            Day after which a posting lies in the future; the last posting's if absent.

        Returns
        -------
        LedgerCheck
            Balances below zero, burns without a point earned before, repeated postings, references used twice,
            fractions of points, rows that lack something, postings in the future, and expiries posted against those
            that the validity gives.
        """
        return check_ledger(self.postings, self.validity, self._day(at))

    def balances(self, at: date | str | None = None) -> BalancesResult:
        """Points that members have at the end of a day; the last posting's if absent."""
        return balances(self.postings, self.validity, self._day(at))

    def flow(self, by: str = "month", *, at: date | str | None = None) -> FlowResult:
        """Points earned, redeemed, expired and adjusted.

        Parameters
        ----------
        by : {'month', 'quarter', 'year', 'channel'}
            Period, or channel that points were posted in; what expires belongs to the channel that granted it.
        at : date or str, optional
            Day up to which is counted; the last posting's if absent.
        """
        return flow(self.postings, self.validity, by, self._day(at))

    def redemption(
        self, at: date | str | None = None, *, bootstrap: int = 1000, confidence: float = 0.95, rng: int = 0
    ) -> RedemptionResult:
        """Life table of points: which share of those still there is redeemed in each month of their age.

        Parameters
        ----------
        at : date or str, optional
            Day up to which is counted; the last posting's if absent.
        bootstrap : int
            Samples of members.
        confidence : float
            Level of the intervals.
        rng : int
            Seed.
        """
        return redemption(self.postings, self.validity, self._day(at), bootstrap, confidence, rng)

    def liability(
        self,
        at: date | str | None = None,
        *,
        point_value: float,
        since: date | str | None = None,
        bootstrap: int = 1000,
        confidence: float = 0.95,
        rng: int = 0,
    ) -> LiabilityResult:
        """Find what is owed to members: points that are there, those of them that will be redeemed, and their worth.

        Parameters
        ----------
        at : date or str, optional
            Day of valuation; the last posting's if absent.
        point_value : float
            What a redeemed point costs.
        since : date or str, optional
            Day that the roll-forward starts from.
        bootstrap : int
            Samples of members.
        confidence : float
            Level of the intervals.
        rng : int
            Seed.
        """
        since_day = None if since is None else self._day(since)
        return liability(
            self.postings, self.validity, self._day(at), point_value, since_day, bootstrap, confidence, rng
        )

    def triangle(self, at: date | str | None = None) -> TriangleResult:
        """Points redeemed by month of earning and age, with the reserve as actuaries reckon it."""
        return triangle(self.postings, self.validity, self._day(at))

    def expiring(self, at: date | str | None = None, *, within: int = 3) -> ExpiringResult:
        """Points that members will lose if they do not use them.

        Parameters
        ----------
        at : date or str, optional
            Day from which is looked ahead; the last posting's if absent.
        within : int
            Months to look ahead.
        """
        return expiring(self.postings, self.validity, self._day(at), within)

    @cached_property
    def _last(self) -> int:
        return int(self.postings.day.max())

    def _day(self, at: date | str | None) -> int:
        """Days since 1970 of a day that the ledger reaches."""
        if at is None:
            return self._last
        try:
            day = int(np.datetime64(str(at)[:10], "D").astype(int))
        except ValueError:
            raise InputError("'at' must be a date as '2026-11-30'; got '{given}'.", given=at) from None
        if day < int(self.postings.day.min()):
            first = np.datetime64(int(self.postings.day.min()), "D").item()
            raise InputError(
                "'at' ({given}) lies before the first posting ({first}); give a later day.", given=at, first=first
            )
        return day
