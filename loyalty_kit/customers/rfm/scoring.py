"""Recency, frequency and amount of customers, their scores, and the segments that these make."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import Message, message

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

MEASURES = ("recency", "frequency", "monetary")
SEGMENTS = ("champions", "loyal", "new", "need_attention", "about_to_sleep", "at_risk", "hibernating")
LOW, HIGH = 0.4, 0.6
UNEVEN = 1.5
"""A score that holds this many times its share of customers is named."""


class Scored(NamedTuple):
    """Values, scores and borders of the three measures; recency's scores are turned, so that 5 is lately."""

    values: dict[str, Floats]
    scores: dict[str, Whole]
    breaks: dict[str, Floats]


def scored(values: Mapping[str, Floats], bins: int, breaks: Mapping[str, Sequence[float]] | None) -> Scored:
    """Scores of 1 to `bins`: a value above a border goes up, equal values stay together."""
    borders = {name: _borders(name, values[name], bins, breaks) for name in values}
    scores = {name: score(values[name], borders[name], turned=name == "recency") for name in values}
    return Scored(dict(values), scores, borders)


def score(values: Floats, borders: Floats, *, turned: bool) -> Whole:
    """Score of each value: 1 more than the borders that lie below it; counted from above where turned."""
    below = np.searchsorted(borders, values, side="left").astype(np.int64)
    return len(borders) + 1 - below if turned else below + 1


def quantiles(values: Floats, bins: int) -> Floats:
    """Borders between `bins` parts of equal size, as far as ties allow."""
    return np.asarray(np.quantile(values, np.arange(1, bins) / bins))


def _borders(name: str, values: Floats, bins: int, breaks: Mapping[str, Sequence[float]] | None) -> Floats:
    if breaks is None or name not in breaks:
        return quantiles(values, bins)
    given = np.asarray(breaks[name], dtype=float)
    if len(given) != bins - 1 or (np.diff(given) <= 0).any():
        raise InputError(
            "breaks['{measure}'] must be {n} borders in rising order, one fewer than bins; got {given}.",
            measure=name,
            n=bins - 1,
            given=[f"{value:g}" for value in given],
        )
    return given


def segment(recency: Whole, frequency: Whole, bins: int) -> Whole:
    """Position in `SEGMENTS` of each customer, by the scores of recency and frequency.

    Notes
    -----
    High is above three fifths of the scores, low up to two fifths; the middle of frequency needs attention.

    Examples
    --------
    >>> found = segment(np.array([5, 5, 1, 1, 3]), np.array([5, 1, 5, 1, 3]), 5)
    >>> [SEGMENTS[position] for position in found]
    ['champions', 'new', 'at_risk', 'hibernating', 'need_attention']
    """
    late, often = recency > HIGH * bins, frequency > HIGH * bins
    gone, seldom = recency <= LOW * bins, frequency <= LOW * bins
    where = [late & often, ~late & ~gone & often, late & seldom, ~often & ~seldom, ~late & ~gone & seldom, gone & often]
    return np.select(where, list(range(6)), default=6).astype(np.int64)


def ties(found: Scored, bins: int) -> tuple[Message, ...]:
    """Sentences on scores that ties make larger than their share."""
    told = []
    for name, scores in found.scores.items():
        sizes = np.bincount(scores, minlength=bins + 1)[1:] / len(scores)
        if len(scores) >= bins and sizes.max() > UNEVEN / bins:
            told.append(
                message(
                    "Equal values of {measure} stay together: one score holds {share} of the customers.",
                    measure=NAMES[name],
                    share=f"{sizes.max():.0%}",
                )
            )
    return tuple(told)


def border_table(found: Scored, bins: int) -> pd.DataFrame:
    """Row a measure and score: measure, score, from, to (values above `from`, up to `to`), customers."""
    records = []
    for name in found.values:
        ends = np.r_[-np.inf, found.breaks[name], np.inf]
        sizes = np.bincount(found.scores[name], minlength=bins + 1)
        for position in range(bins):
            number = bins - position if name == "recency" else position + 1
            records.append((name, number, ends[position], ends[position + 1], int(sizes[number])))
    return pd.DataFrame(records, columns=["measure", "score", "from", "to", "customers"])


NAMES = {"recency": message("recency"), "frequency": message("frequency"), "monetary": message("amount")}
