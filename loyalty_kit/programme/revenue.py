"""What of a sale is revenue now and what is owed as points: the allocation that IFRS 15 asks for."""

from dataclasses import dataclass

import pandas as pd

from loyalty_kit.core.checks import check_number, check_share
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.results import Result


@dataclass(frozen=True, eq=False)
class RevenueResult(Result):
    """Price of sales, split between the goods and the points that came with them.

    Attributes
    ----------
    price : float
        What was paid, which is also what the goods cost by themselves.
    points : float
        Points that were granted.
    expected : float
        Points of these that are expected to be redeemed.
    goods : float
        Revenue of the goods, now.
    deferred : float
        Revenue of the points, as they are redeemed.
    redemption_rate, point_value : float
        Share of points expected to be redeemed, and what a point is worth to a customer.
    """

    price: float
    points: float
    expected: float
    goods: float
    deferred: float
    redemption_rate: float
    point_value: float

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame, a row a part: part ('goods', 'points'), standalone, share, revenue."""
        alone = [self.price, self.expected * self.point_value]
        revenue = [self.goods, self.deferred]
        shares = [part / sum(alone) for part in alone]
        return pd.DataFrame({"part": ["goods", "points"], "standalone": alone, "share": shares, "revenue": revenue})

    def recognised(self, redeemed: float, *, expected: float | None = None) -> float:
        """Revenue of the points that have been redeemed so far.

        Parameters
        ----------
        redeemed : float
            Points redeemed in all.
        expected : float, optional
            Points that are now expected to be redeemed in all, where that has changed.

        Returns
        -------
        float
            deferred × redeemed / expected; what is left of `deferred` is the contract liability.

        Raises
        ------
        InputError
            If more is redeemed than expected.
        """
        check_number(redeemed, "redeemed")
        total = self.expected if expected is None else expected
        check_number(total, "expected")
        if not 0 <= redeemed <= total or total <= 0:
            raise InputError(
                "'redeemed' must lie from 0 to the points expected to be redeemed ({total}); got {given}; where more "
                "are, give expected=… anew.",
                total=total,
                given=redeemed,
            )
        return self.deferred * redeemed / total


def allocate_revenue(price: float, *, points: float, redemption_rate: float, point_value: float) -> RevenueResult:
    """Split the price of sales between the goods and the points that came with them, by IFRS 15.

    Parameters
    ----------
    price : float
        What was paid for goods that cost as much by themselves.
    points : float
        Points that were granted.
    redemption_rate : float
        Share of them expected to be redeemed, as `PointsLedger.redemption` or `.liability` gives it.
    point_value : float
        What a redeemed point is worth to a customer, in the price's currency.

    Returns
    -------
    RevenueResult

    Raises
    ------
    InputError
        If a figure is out of its range.

    Notes
    -----
    Points are a right that a customer buys along (IFRS 15.B40), worth points × redemption rate × value by themselves.
    The price is split in proportion to what the parts are worth by themselves (IFRS 15.74), and the points' part
    becomes revenue as points are redeemed, in proportion to all that are expected to be (Illustrative Example 52).

    References
    ----------
    IFRS 15 Revenue from Contracts with Customers, B39–B43; Illustrative Examples, Example 52 (IE267–IE270).

    Examples
    --------
    >>> sale = allocate_revenue(100_000, points=10_000, redemption_rate=0.95, point_value=1)
    >>> round(sale.goods), round(sale.deferred), round(sale.recognised(4_500))
    (91324, 8676, 4110)
    """
    check_share(redemption_rate, "redemption_rate")
    for name, given in (("price", price), ("points", points), ("point_value", point_value)):
        check_number(given, name)
        if given <= 0:
            raise InputError("'{name}' must be above 0; got {given}.", name=name, given=given)
    expected = points * redemption_rate
    goods = price * price / (price + expected * point_value)
    return RevenueResult(price, points, expected, goods, price - goods, redemption_rate, point_value)
