"""The whole shop before any model: whether it grows, whether the horizon is a season, and how large one customer is."""

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats

from loyalty_kit.customers.transactions.ledger import Ledger
from loyalty_kit.customers.value.limits import last_day, weeks_of
from loyalty_kit.customers.value.models.histories import WEEK

Floats = npt.NDArray[np.float64]
YEAR, QUARTER = 52, 13
STEPS = 50
SEASON = 0.1
"""Share by which the same weeks a year ago stood off the year around them from which they count as a season."""
NEW = 0.05
"""Share of customers new in the later half below which a log is that of one cohort, whose purchases must fall."""


class Season(NamedTuple):
    """What a look at the whole shop says of the horizon."""

    verdict: Literal["season", "none", "unknown"]
    off: float
    """Purchases a week in the same weeks a year ago, over those of the year around them, less 1."""
    trend: Literal["grows", "shrinks", "unclear", "cohort"]
    change: float
    """Change of the shop's purchases in a quarter, with its interval."""
    ci_low: float
    ci_high: float
    weeks: float
    largest: float
    """Share of the revenue so far that the largest customer brought."""


def season_of(ledger: Ledger, horizon: int) -> Season:
    """Look at the season and the trend of all purchases.

    Notes
    -----
    Trend: Poisson regression of whole weeks' purchases on time, errors widened by Pearson's dispersion. The year around
    the same weeks a year before is taken, so that a shop that grows steadily is not taken for a season.
    """
    weeks, bought = weeks_of(ledger), ledger.purchases
    verdict: Literal["season", "none", "unknown"] = "unknown"
    off = float("nan")
    if weeks >= 2 * YEAR and horizon < YEAR:
        away = (last_day(ledger) - bought.day) / WEEK - (YEAR - horizon / 2)
        same, year = (np.abs(away) < horizon / 2).sum(), (np.abs(away) < YEAR / 2).sum()
        off = float(same / max(year, 1) * YEAR / horizon - 1)
        verdict = "season" if abs(off) >= SEASON else "none"
    elif weeks >= 2 * YEAR:
        verdict, off = "none", 0.0
    spent = np.add.reduceat(bought.spend, bought.starts)
    return Season(verdict, off, *_trend(ledger), weeks, float(spent.max() / spent.sum()))


def _trend(ledger: Ledger) -> tuple[Literal["grows", "shrinks", "unclear", "cohort"], float, float, float]:
    bought = ledger.purchases
    ago = (last_day(ledger) - bought.day) // WEEK
    counts = np.bincount(ago)[:-1][::-1].astype(float)
    later = (ago[bought.starts] < len(counts) / 2).mean()
    if later < NEW or len(counts) < 3:
        return "cohort", float("nan"), float("nan"), float("nan")
    time = (np.arange(len(counts)) - len(counts) / 2) / QUARTER
    slope, error = poisson_slope(counts, time)
    half = float(stats.norm.ppf(0.975)) * error
    change, low, high = (float(np.expm1(end)) for end in (slope, slope - half, slope + half))
    trend: Literal["grows", "shrinks", "unclear"] = "grows" if low > 0 else "shrinks" if high < 0 else "unclear"
    return trend, change, low, high


def poisson_slope(counts: Floats, time: Floats) -> tuple[float, float]:
    """Slope of a Poisson regression on time, and its error widened by Pearson's dispersion; by Newton's steps."""
    design = np.column_stack([np.ones(len(time)), time])
    found = np.array([np.log(counts.mean()), 0.0])
    for _ in range(STEPS):
        mean = np.exp(design @ found)
        move = np.linalg.solve(design.T @ (mean[:, None] * design), design.T @ (counts - mean))
        found = found + move
        if np.abs(move).max() < 1e-12:
            break
    mean = np.exp(design @ found)
    dispersion = ((counts - mean) ** 2 / mean).sum() / (len(counts) - 2)
    covariance = dispersion * np.linalg.inv(design.T @ (mean[:, None] * design))
    return float(found[1]), float(np.sqrt(covariance[1, 1]))
