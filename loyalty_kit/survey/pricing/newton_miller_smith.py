"""Chance that each respondent buys at each price, from their own four prices and two answers on buying."""

from collections.abc import Mapping

import numpy as np

from loyalty_kit.statistics.moments import Floats

FIVE = {1.0: 0.0, 2.0: 0.1, 3.0: 0.3, 4.0: 0.5, 5.0: 0.7}
"""Chance of buying by answer from 1 to 5, as Newton, Miller and Smith's practice has it."""
MOST_PRICES = 200


def chances_of(answers: Floats, chances: Mapping[float, float]) -> Floats:
    """Chance of buying by answer; missing where an answer has none.

    Examples
    --------
    >>> chances_of(np.array([5.0, 1.0, np.nan]), FIVE).tolist()
    [0.7, 0.0, nan]
    """
    known = np.array(sorted(chances))
    values = np.array([chances[one] for one in known])
    places = np.clip(np.searchsorted(known, answers), 0, len(known) - 1)
    return np.where(known[places] == answers, values[places], np.nan)


def price_grid(answers: Floats) -> Floats:
    """Prices that somebody named; of more than 200 as many, evenly among them."""
    prices = np.unique(answers)
    if len(prices) <= MOST_PRICES:
        return prices
    return np.asarray(prices[np.linspace(0, len(prices) - 1, MOST_PRICES).round().astype(int)])


def buying_chances(answers: Floats, at_cheap: Floats, at_expensive: Floats, prices: Floats) -> Floats:
    """Chance of buying of each respondent at each price.

    Parameters
    ----------
    answers : array of shape (respondents, 4)
        Price called too cheap, cheap, expensive and too expensive, in this order.
    at_cheap, at_expensive : array of shape (respondents,)
        Chance of buying at the price called cheap, and at that called expensive.
    prices : array of shape (prices,)
        In order.

    Notes
    -----
    Nobody buys at the price called too cheap and below, nor at that called too expensive and above; between their own
    four prices the chance runs straight. Where two of the four are one price, the chance jumps there: the price counts
    as cheap before too cheap, and as expensive before too expensive and before cheap.

    Examples
    --------
    >>> four = np.array([[10.0, 20.0, 30.0, 40.0]])
    >>> buying_chances(four, np.array([0.7]), np.array([0.3]), np.array([10.0, 15, 20, 25, 35, 40])).round(2).tolist()
    [[0.0, 0.35, 0.7, 0.5, 0.15, 0.0]]
    """
    too_cheap, cheap, expensive, too_expensive = (column[:, None] for column in answers.T)
    at_cheap, at_expensive = at_cheap[:, None], at_expensive[:, None]
    rise = _part(prices, too_cheap, cheap) * at_cheap
    middle = at_cheap + _part(prices, cheap, expensive) * (at_expensive - at_cheap)
    fall = (1 - _part(prices, expensive, too_expensive)) * at_expensive
    found = np.where(prices < cheap, rise, np.where(prices < expensive, middle, fall))
    found = np.where(prices == expensive, at_expensive, found)
    return np.asarray(np.where((prices == cheap) & (cheap < expensive), at_cheap, found))


def _part(prices: Floats, low: Floats, high: Floats) -> Floats:
    """How far a price is from one end to the other, 0 to 1; past both where they are one."""
    with np.errstate(invalid="ignore", divide="ignore"):
        part = (prices - low) / (high - low)
    return np.where(high > low, np.clip(part, 0, 1), (prices >= high).astype(float))
