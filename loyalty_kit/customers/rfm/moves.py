"""Moves between segments, beside those that chance makes when nobody changes."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from loyalty_kit.core.selection import FEWEST
from loyalty_kit.customers.rfm.scoring import SEGMENTS, quantiles, score, segment
from loyalty_kit.customers.transactions.ledger import Ledger
from loyalty_kit.statistics.multiplicity import max_t

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
LEVEL = 0.05


class Visits(NamedTuple):
    """Purchase days in order of customers, where each customer begins, each row's first day, orders of the day."""

    day: Whole
    starts: Whole
    first: Whole
    orders: Floats


def visits_of(purchases: Ledger) -> Visits:
    """Purchase days of a ledger."""
    starts = purchases.starts
    sizes = np.diff(np.r_[starts, len(purchases.day)])
    return Visits(purchases.day, starts, np.repeat(purchases.day[starts], sizes), purchases.orders)


def moves_by_chance(visits: Visits, ends: tuple[int, int], bins: int, samples: int, rng: np.random.Generator) -> Floats:
    """Draw moves, samples × segments × segments, as they were if every customer bought at a steady pace.

    Notes
    -----
    Given a customer's first day and the count of purchases after it, the days of a steady (Poisson) buyer are uniform
    on what follows; they are drawn anew, and both dates are scored with their own borders.
    """
    counts = np.empty((samples, len(SEGMENTS), len(SEGMENTS)))
    for sample in range(samples):
        counts[sample] = count_moves(redrawn(visits, ends[1], rng), ends, bins)
    return counts


def redrawn(visits: Visits, end: int, rng: np.random.Generator) -> Visits:
    """Days of steady buyers: each customer's first day as it is, the others uniform after it until the end."""
    repeat = visits.day > visits.first
    span = (end - visits.first[repeat]).astype(float)
    day = visits.first.copy()
    day[repeat] += np.ceil(rng.random(len(span)) * span).astype(np.int64)
    return visits._replace(day=day)


def count_moves(visits: Visits, ends: tuple[int, int], bins: int) -> Floats:
    """Count customers by segment at the first and at the second date; those who came between the two do not count."""
    known = visits.first[visits.starts] <= ends[0]
    before, after = (segments_at(visits, end, bins) for end in ends)
    cells = before[known] * len(SEGMENTS) + after[known]
    return np.bincount(cells, minlength=len(SEGMENTS) ** 2).reshape(len(SEGMENTS), -1).astype(float)


def segments_at(visits: Visits, end: int, bins: int) -> Whole:
    """Segment of each customer at the end of a day; of those who came later it means nothing."""
    reached = visits.day <= end
    last = np.maximum.reduceat(np.where(reached, visits.day, visits.first), visits.starts)
    frequency = np.add.reduceat(np.where(reached, visits.orders, 0.0), visits.starts)
    known = visits.first[visits.starts] <= end
    recency = (end - last).astype(float)
    late = score(recency, quantiles(recency[known], bins), turned=True)
    return segment(late, score(frequency, quantiles(frequency[known], bins), turned=False), bins)


def origins(visits: Visits, end: int, after: Whole, money: Floats, bins: int) -> pd.DataFrame:
    """Say where the customers of each segment stood at the end of a day, and what share of revenue they bring."""
    before = segments_at(visits, end, bins)
    known = visits.first[visits.starts] <= end
    origin = np.select([~known, before == after, after < before], ["new", "stayed", "rose"], default="fell")
    rows = pd.DataFrame({"to": np.array(SEGMENTS)[after], "origin": origin, "money": money})
    sums = rows.groupby(["to", "origin"])["money"].agg(["size", "sum"]).reset_index()
    found = sums.set_axis(["to", "origin", "customers", "revenue_share"], axis=1)
    share = found["revenue_share"] / money.sum()
    return found.assign(revenue_share=share)


def move_table(
    observed: Floats, drawn: Floats, confidence: float, names: Sequence[str] = tuple(SEGMENTS)
) -> pd.DataFrame:
    """Row a move: from, to, customers, share, ci_low, ci_high, expected_by_chance, p_value, verdict.

    Notes
    -----
    The share is of those who were in `from`, with Wilson's interval. The log and the draws are worlds of one kind where
    nobody changes: in each the distance of a move's share (by arcsine) from the mean of all worlds is measured by their
    standard deviation, and the p values are those of the largest distances (Westfall and Young), without a normal
    approximation, which rare moves would break. Moves that fewer than five make in every world, or that
    have one share in all, are not tested. A
    verdict is 'more', 'fewer' or 'as_chance'.
    """
    worlds = np.concatenate([observed[None], drawn])
    sizes = worlds.sum(axis=2, keepdims=True)
    shares = worlds / np.maximum(sizes, 1)
    mean = shares[1:].sum(axis=0) / np.maximum((sizes[1:] > 0).sum(axis=0), 1)
    varies = np.ptp(np.where(sizes > 0, shares, shares[:1]), axis=0) > 0
    there = (sizes[0] > 0) & ((observed > 0) | (mean > 0))
    tested = there & varies & (worlds.max(axis=0) >= FEWEST)
    distance = np.arcsin(np.sqrt((worlds + 3 / 8) / (sizes + 3 / 4)))[:, tested]
    distance = (distance - distance.mean(axis=0)) / np.maximum(distance.std(axis=0), np.finfo(float).tiny)
    p = np.where(there, 1.0, np.nan)
    p[tested] = max_t(np.abs(distance))
    more = np.zeros(there.shape, dtype=bool)
    more[tested] = distance[0] > 0
    sizes, shares = sizes[0], shares[0]
    rows, columns = np.nonzero(there)
    low, high = proportion_confint(observed[there], np.broadcast_to(sizes, p.shape)[there], 1 - confidence, "wilson")
    clear = p[there] < LEVEL
    return pd.DataFrame(
        {
            "from": [names[int(row)] for row in rows],
            "to": [names[int(column)] for column in columns],
            "customers": observed[there].astype(int),
            "share": shares[there],
            "ci_low": low,
            "ci_high": high,
            "expected_by_chance": mean[there],
            "p_value": p[there],
            "verdict": np.where(clear & more[there], "more", np.where(clear, "fewer", "as_chance")),
        }
    )
