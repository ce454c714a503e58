"""How many would buy at a price and what that brings: one curve of demand, its revenue and its best price."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from loyalty_kit.core.estimates import Estimate
from loyalty_kit.core.messages import message
from loyalty_kit.core.results import Result
from loyalty_kit.statistics.moments import Floats
from loyalty_kit.statistics.resampling import over_samples
from loyalty_kit.survey.entries import Price
from loyalty_kit.survey.pricing.curves import expanded_ends

COLUMNS = ("price", "n", "demand", "ci_low", "ci_high", "revenue", "revenue_low", "revenue_high", "p_best")


@dataclass(frozen=True, eq=False)
class DemandResult(Result):
    """Demand and revenue by price, with bootstrap intervals.

    Attributes
    ----------
    table : DataFrame of shape (prices, 9)
        price, n (respondents behind its demand), demand (share who would buy, 0 to 1) with ci_low and ci_high, revenue
        (per respondent asked) with revenue_low and revenue_high, p_best: share of bootstrap samples in which revenue is
        highest there.
    method : str
        'Newton, Miller and Smith' or 'Gabor and Granger'.
    best, best_low, best_high : float
        Price of highest revenue, and its interval; NaN where nobody would buy.
    reach : float
        Price at which most would buy.
    out_of_order : DataFrame
        Answers of respondents who would buy at a higher price but not at a lower one, by respondent.
    left_out : bool
        Whether these are left out.
    filled : bool
        Whether answers that were not asked for were taken from those at other prices.
    n_used, n_dropped : int
        Respondents who count, and those who do not because an answer is missing.
    confidence : float
        Level of the intervals.
    bootstrap : int
        Samples.
    label, currency : str
        What is priced; what its prices are in.
    warnings : tuple of str
        What a reader must know.
    """

    table: pd.DataFrame
    method: str
    best: float
    best_low: float
    best_high: float
    reach: float
    out_of_order: pd.DataFrame
    left_out: bool
    filled: bool
    n_used: int
    n_dropped: int
    confidence: float
    bootstrap: int
    label: str = ""
    currency: str = ""
    warnings: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Table of demand and revenue, a row a price."""
        return self.table.copy()

    def estimates(self) -> tuple[Estimate, ...]:
        """Price of highest revenue."""
        name = "best_price/ladder" if self.method == GABOR_GRANGER else "best_price"
        return (Estimate(name, self.best, self.best_low, self.best_high, self.n_used, message("Best price")),)


GABOR_GRANGER = message("Gabor and Granger")
NEWTON_MILLER_SMITH = message("Newton, Miller and Smith")


@dataclass(frozen=True)
class Buying:
    """Who would buy at each price.

    Attributes
    ----------
    prices : array of shape (prices,)
        In order.
    chances, known : array of shape (respondents, prices)
        Chance that a respondent buys, 0 to 1, and whether it is known; the chance is 0 where it is not.
    weights : array of shape (respondents,)
        Survey weights.
    falling : bool
        Whether demand is made to fall with the price.
    """

    prices: Floats
    chances: Floats
    known: np.ndarray
    weights: Floats
    falling: bool

    def demand(self, counts: Floats) -> Floats:
        """Share who would buy at each price, samples × prices, for counts of respondents, samples × respondents."""
        w = counts * self.weights
        return _shares(w @ self.chances, w @ self.known, falling=self.falling)


def _shares(sums: Floats, totals: Floats, *, falling: bool) -> Floats:
    """Shares of sums in totals; where they are to fall with the price, the closest shares that do."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return falling_means(sums, totals) if falling else np.asarray(sums / totals)


def falling_means(sums: Floats, totals: Floats) -> Floats:
    """Weighted least-squares means that never rise from column to column, row by row.

    Notes
    -----
    g(k) = min over i ≤ k of max over j ≥ k of the mean of columns i to j.

    References
    ----------
    Robertson, T., Wright, F. T. & Dykstra, R. L. (1988). Order restricted statistical inference. Wiley, theorem 1.4.4.

    Examples
    --------
    >>> falling_means(np.array([[8.0, 2.0, 4.0]]), np.array([[10.0, 10.0, 10.0]])).round(2).tolist()
    [[0.8, 0.3, 0.3]]
    """
    width = sums.shape[1]
    s = np.pad(sums.cumsum(axis=1), ((0, 0), (1, 0)))
    t = np.pad(totals.cumsum(axis=1), ((0, 0), (1, 0)))
    found = np.full(sums.shape, np.nan)
    for k in range(width):
        for i in range(k + 1):
            with np.errstate(invalid="ignore", divide="ignore"):
                means = (s[:, k + 1 :] - s[:, [i]]) / (t[:, k + 1 :] - t[:, [i]])
            found[:, k] = np.fmin(found[:, k], np.fmax.reduce(means, axis=1))
    return found


def measured(
    buying: Buying,
    method: str,
    price: Price,
    *,
    confidence: float,
    bootstrap: int,
    rng: np.random.Generator,
    **rest: Any,
) -> DemandResult:
    """Demand, revenue and best price, with intervals over bootstrap samples; `rest` are further fields of the result.

    Notes
    -----
    A sample is a vector of counts of respondents, so the demand of all samples is two weighted matrix products.
    """
    n = len(buying.weights)
    demand = buying.demand(np.ones((1, n)))[0]
    drawn = over_samples(partial(_demand, buying), n, bootstrap, rng=rng)
    best, low, high = _best_price(buying.prices, demand, drawn, confidence)
    return DemandResult(
        table=_table(buying, demand, drawn, confidence),
        method=method,
        best=best,
        best_low=low,
        best_high=high,
        reach=float(buying.prices[int(np.nanargmax(demand))]),
        n_used=n,
        confidence=confidence,
        bootstrap=bootstrap,
        label=price.label or "",
        currency=price.currency,
        **rest,
    )


def _demand(buying: Buying, counts: Floats, _: np.random.Generator) -> Floats:
    return buying.demand(counts)


def _table(buying: Buying, demand: Floats, drawn: Floats, confidence: float) -> pd.DataFrame:
    """Demand, revenue and their intervals by price."""
    low, high = _quantiles(drawn, expanded_ends(buying.weights, confidence))
    best = _best(buying.prices, drawn)
    columns = {
        "price": buying.prices,
        "n": (buying.known & (buying.weights > 0)[:, None]).sum(axis=0),
        "demand": demand,
        "ci_low": low,
        "ci_high": high,
        "revenue": buying.prices * demand,
        "revenue_low": buying.prices * low,
        "revenue_high": buying.prices * high,
        "p_best": [float(np.mean(best == price)) if len(best) else np.nan for price in buying.prices],
    }
    return pd.DataFrame(columns)


def _best_price(prices: Floats, demand: Floats, drawn: Floats, confidence: float) -> tuple[float, float, float]:
    """Price of highest revenue, and its interval; NaN where nobody would buy."""
    best, found = _best(prices, demand[None, :]), _best(prices, drawn)
    if not len(best) or not len(found):
        return (float(best[0]) if len(best) else np.nan), np.nan, np.nan
    ends = [(1 - confidence) / 2, (1 + confidence) / 2]
    low, high = np.quantile(found, ends, method="inverted_cdf")
    return float(best[0]), float(low), float(high)


def _best(prices: Floats, demand: Floats) -> Floats:
    """Price of highest revenue in each sample in which anybody would buy; the lowest where several bring as much."""
    revenue = np.nan_to_num(prices * demand)
    sold = revenue.max(axis=1, initial=0.0) > 0
    return np.asarray(prices[revenue[sold].argmax(axis=1)])


def _quantiles(values: Floats, ends: list[float]) -> Floats:
    if not len(values):
        return np.full((2, values.shape[1]), np.nan)
    return np.asarray(np.nanquantile(values, ends, axis=0))
