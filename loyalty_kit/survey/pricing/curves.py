"""Cumulative curves of prices, and where a falling one meets a rising one: for one sample or many at a time."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from scipy import sparse, stats

from loyalty_kit.statistics.moments import Floats
from loyalty_kit.statistics.resampling import Integers, over_samples
from loyalty_kit.statistics.weights import effective_n
from loyalty_kit.survey.entries import FOUR

ORIGINAL = {
    "marginal_cheapness": ("too_cheap", "not_cheap"),
    "optimal": ("too_cheap", "too_expensive"),
    "indifference": ("cheap", "expensive"),
    "marginal_expensiveness": ("not_expensive", "too_expensive"),
}
"""The four points of price: the falling curve and the rising one that meet there."""
NARROWER = ORIGINAL | {
    "marginal_cheapness": ("too_cheap", "expensive"),
    "marginal_expensiveness": ("cheap", "too_expensive"),
}
"""The same with the narrower range that some programs give."""
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Crossings:
    """Where two curves meet, in each of some samples.

    Attributes
    ----------
    prices, heights : array of shape (samples,)
        Price and share there. Where they meet over several prices, the middle of these.
    apart : array of shape (samples,)
        Whether they meet at nothing over several prices: nobody is on either side, and no price is told.
    lows, highs : array of shape (samples,)
        First and last price at which they meet.
    """

    prices: Floats
    heights: Floats
    apart: np.ndarray
    lows: Floats
    highs: Floats


def curves_of(answers: Floats, weights: Floats, prices: Floats) -> dict[str, Floats]:
    """Share of respondents behind each curve at each price, samples × prices.

    Parameters
    ----------
    answers : array of shape (respondents, 4)
        Price called too cheap, cheap, expensive and too expensive, all of them in `prices`.
    weights : array of shape (samples, respondents)
        Weight of each respondent in each sample, zero or more.
    prices : array of shape (prices,)
        In order.

    Notes
    -----
    A respondent counts as finding p too cheap where p is at most their own price for it, and too expensive where p is
    at least their own: each price counts as what it was called. 'Not cheap' and 'not expensive' are the complements.
    """
    total = weights.sum(axis=1)[:, None]
    found: dict[str, Floats] = {}
    for key, column in zip(FOUR, answers.T, strict=True):
        counts = weights @ _places(column, prices)
        upward = key in ("expensive", "too_expensive")
        summed = counts.cumsum(axis=1) if upward else counts[:, ::-1].cumsum(axis=1)[:, ::-1]
        found[key] = np.clip(summed / total, 0, 1)
    return found | {"not_cheap": 1 - found["cheap"], "not_expensive": 1 - found["expensive"]}


def crossing(falling: Floats, rising: Floats, prices: Floats) -> Crossings:
    """Where a falling curve meets a rising one, samples × prices each.

    Notes
    -----
    Between two prices that somebody named the curves run straight. The difference of the two never rises, so they
    meet once, or all along a stretch.

    Examples
    --------
    >>> met = crossing(np.array([[1.0, 0.6, 0.0]]), np.array([[0.0, 0.2, 1.0]]), np.array([10.0, 20.0, 30.0]))
    >>> met.prices.round(2).tolist(), met.heights.round(2).tolist()
    ([22.86], [0.43])
    """
    difference = falling - rising
    difference[np.abs(difference) < _ROUNDING] = 0.0
    at = np.arange(len(difference))
    last = len(prices) - 1
    first = np.where((difference <= 0).any(axis=1), (difference <= 0).argmax(axis=1), last)
    below = (difference < 0).any(axis=1)
    end = np.where(below, np.maximum((difference < 0).argmax(axis=1) - 1, 0), last)
    meet = difference[at, first] == 0
    before = np.maximum(first - 1, 0)
    drop = difference[at, before] - difference[at, first]
    part = np.where(drop > 0, difference[at, before] / np.where(drop > 0, drop, 1.0), 1.0)
    between = prices[before] + part * (prices[first] - prices[before])
    height = falling[at, before] + part * (falling[at, first] - falling[at, before])
    lows, highs = np.where(meet, prices[first], between), np.where(meet, prices[np.maximum(end, first)], between)
    heights = np.where(meet, falling[at, first], height)
    return Crossings((lows + highs) / 2, heights, meet & (end > first) & (heights < _ROUNDING), lows, highs)


def resampled_points(
    answers: Floats, weights: Floats, points: dict[str, tuple[str, str]], *, replicates: int, rng: np.random.Generator
) -> Floats:
    """Prices of the points in bootstrap samples of respondents, samples × points; missing where the curves stay apart.

    Notes
    -----
    A sample is a vector of counts, so the curves of all samples are one matrix product a question.
    """
    prices = np.unique(answers)
    return over_samples(partial(_points, answers, weights, prices, points), len(answers), replicates, rng=rng)


def expanded_ends(weights: Floats, confidence: float) -> list[float]:
    """Levels of the quantiles between which an interval of resampled respondents lies.

    Notes
    -----
    Percentiles of a bootstrap are too close in small samples, by what a standard error with n in place of n − 1 and
    normal in place of t quantiles is too short; these levels make up for it. n is Kish's effective size.

    References
    ----------
    Hesterberg, T. C. (2015). What teachers should know about the bootstrap: resampling in the undergraduate
    statistics curriculum. The American Statistician 69(4), 371–386, section 3.3.

    Examples
    --------
    >>> [round(end, 4) for end in expanded_ends(np.ones(30), 0.95)], round(expanded_ends(np.ones(10_000), 0.95)[0], 4)
    ([0.0188, 0.9812], 0.025)
    """
    n = effective_n(weights[weights > 0])
    if n <= 1:
        return [0.0, 1.0]
    low = float(stats.norm.cdf(-np.sqrt(n / (n - 1)) * stats.t.ppf((1 + confidence) / 2, n - 1)))
    return [low, 1 - low]


def _points(
    answers: Floats,
    weights: Floats,
    prices: Floats,
    points: dict[str, tuple[str, str]],
    counts: Floats,
    _: np.random.Generator,
) -> Floats:
    drawn = counts * weights
    drawn = drawn[drawn.sum(axis=1) > 0]
    curves = curves_of(answers, drawn, prices)
    met = [crossing(curves[falling], curves[rising], prices) for falling, rising in points.values()]
    return np.column_stack([np.where(one.apart, np.nan, one.prices) for one in met])


def _places(column: Floats, prices: Floats) -> sparse.csr_array:
    """Which price each respondent named, respondents × prices."""
    codes: Integers = np.searchsorted(prices, column)
    ones = np.ones(len(column))
    return sparse.csr_array((ones, (np.arange(len(column)), codes)), shape=(len(column), len(prices)))


def curve_table(answers: Floats, weights: Floats) -> pd.DataFrame:
    """Curves at each price that somebody named: price, then the share behind each."""
    prices = np.unique(answers)
    found = curves_of(answers, weights[None, :], prices)
    return pd.DataFrame({"price": prices} | {key: values[0] for key, values in found.items()})
