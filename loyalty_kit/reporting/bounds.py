"""Numbers written beside a bound: with the digits that keep them on their own side of it."""

from collections.abc import Iterable
from operator import ge, gt

import pandas as pd

from loyalty_kit.core.language import number


def beside(value: float, *bounds: float, digits: int = 2, above: bool = True) -> str:
    """Write a number with the digits that keep it on its own side of each bound, which itself counts as above or not.

    Examples
    --------
    >>> beside(0.72, 0.5), beside(0.4979, 0.5), beside(0.49996, 0.5)
    ('0.72', '0.498', '0.49996')
    """
    return number(value, digits_beside([value], *bounds, digits=digits, above=above))


def digits_beside(values: Iterable[float], *bounds: float, digits: int = 2, above: bool = True) -> int:
    """Digits that keep every number on its own side of each bound, at most eight."""
    side = ge if above else gt
    known = [float(value) for value in values if pd.notna(value)]
    while digits < 8 and any(side(round(value, digits), b) != side(value, b) for value in known for b in bounds):
        digits += 1
    return digits
