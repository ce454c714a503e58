"""Numbers written beside a bound: with the digits that keep them on their own side of it."""

from collections.abc import Iterable
from operator import ge, gt

import pandas as pd

from loyalty_kit.core.language import number


def number_near_bound(value: float, *bounds: float, digits: int = 2, above: bool = True) -> str:
    """Write a number with the digits that keep it on its own side of each bound, which itself counts as above or not.

    Examples
    --------
    >>> number_near_bound(0.72, 0.5), number_near_bound(0.4979, 0.5), number_near_bound(0.49996, 0.5)
    ('0.72', '0.498', '0.49996')
    """
    return number(value, digits_near_bound([value], *bounds, digits=digits, above=above))


def digits_near_bound(values: Iterable[float], *bounds: float, digits: int = 2, above: bool = True) -> int:
    """Digits that keep every number on its own side of each bound, at most eight."""
    side = ge if above else gt
    known = [float(value) for value in values if pd.notna(value)]
    while digits < 8 and any(side(round(value, digits), b) != side(value, b) for value in known for b in bounds):
        digits += 1
    return digits
