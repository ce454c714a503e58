"""What samples say of the population's importance: intervals that cover, and ranks with calibrated probabilities."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import stats

from loyalty_kit.drivers.fits.design import Design
from loyalty_kit.statistics.moments import Floats
from loyalty_kit.statistics.weights import effective_n

Ranking = Literal["given", "too_few", "not_predicted"]
"""Whether reports rank the drivers; where not, whether respondents are too few or nothing is predicted."""

A_DRIVER = 15
"""Respondents to a driver below which no ranking is given: there its probabilities were off by over 0.05."""

NOTHING_LEFT = 1e-12

_BIAS = 1.5
_TYPICAL = 0.5
_FAR = 4.0
_PARTS = 200


def least_n(drivers: int) -> int:
    """Respondents from which drivers are ranked.

    Examples
    --------
    >>> least_n(6)
    90
    """
    return A_DRIVER * drivers


def ranking_of(design: Design, predicts: bool) -> Ranking:
    """Whether the drivers of a design may be ranked; weights count by the respondents that they are worth."""
    if not predicts:
        return "not_predicted"
    few = len(design.drivers) > 1 and effective_n(design.weights) < least_n(len(design.drivers))
    return "too_few" if few else "given"


@dataclass(frozen=True, eq=False)
class Spread:
    """Factors by which bootstrap samples are too near the data.

    Attributes
    ----------
    samples : float
        Ratio of standard errors: of new samples over bootstrap samples.
    interval : float
        The same, with Student's quantile in place of the normal one.
    """

    samples: float
    interval: float

    @classmethod
    def of(cls, design: Design, confidence: float) -> "Spread":
        """Spread of a design: √((n − 1) / (n − k − 1)), or √(G / (G − 1)) for G clusters."""
        if design.clusters is None:
            return cls.of_units(effective_n(design.weights), design.x.shape[1], confidence)
        return cls.of_units(float(design.clusters.max() + 1), 0, confidence)

    @classmethod
    def of_units(cls, n: float, columns: int, confidence: float) -> "Spread":
        """Spread of n units drawn one by one, about a regression on so many columns; on none, about a mean."""
        df = max(n - columns - 1, 1.0)
        samples = float(np.sqrt(max((n - min(columns, 1)) / df, 1.0)))
        level = (1 + confidence) / 2
        return cls(samples, samples * float(stats.t.ppf(level, df) / stats.norm.ppf(level)))


def shares_of(values: Floats) -> Floats:
    """Parts of their sum; NaN where there is nothing to share."""
    total = values.sum(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(np.abs(total) > NOTHING_LEFT, values / total, np.nan)


def share_intervals(
    values: Floats, drawn: Floats, spread: Spread, *, confidence: float, signed: bool = False
) -> tuple[Floats, Floats]:
    """Intervals of the shares in the population.

    Parameters
    ----------
    values : array of shape (drivers,)
        Importance in the data.
    drawn : array of shape (samples, drivers)
        Importance in bootstrap samples.
    spread : Spread
        By how much the samples are too near.
    confidence : float
        Level.
    signed : bool
        Whether shares may lie beyond 0 and 1, as Pratt's do.

    Returns
    -------
    tuple of two arrays of shape (drivers,)
        Lower and upper ends; each interval holds the share in the data.

    Notes
    -----
    Chance adds to what every driver explains, so that shares in a sample are pulled toward equality, and in
    bootstrap samples twice. What it adds is b, the mean of the samples less the data. The samples are spread
    from their mean by Student's quantile over the normal one and moved by −1.5 b, between −b, which is the
    right place for equal drivers, and −2 b, which is that for one that stands alone; they are not cut at
    zero before they are divided by their sum. The interval goes between percentiles, cut at 0 and 1.

    References
    ----------
    Efron, B. & Tibshirani, R. (1993). An introduction to the bootstrap. Chapman & Hall, chapter 10.
    Hesterberg, T. C. (2015). What teachers should know about the bootstrap. The American Statistician
    69(4), 371–386.
    """
    centre = drawn.mean(axis=0)
    moved = centre - _BIAS * (centre - values) + spread.interval * (drawn - centre)
    ends = np.nanquantile(shares_of(moved), [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
    low, high = ends if signed else np.clip(ends, 0.0, 1.0)
    share = shares_of(values)
    return np.fmin(low, share), np.fmax(high, share)


def plausible(values: Floats, drawn: Floats, spread: Spread, rng: np.random.Generator) -> Floats:
    """Draw the importance that the drivers may have in the population: what ranks are counted in.

    Parameters
    ----------
    values, drawn, spread
        As in `share_intervals`.
    rng : Generator
        Source of chance.

    Returns
    -------
    array of shape (samples, drivers)

    Notes
    -----
    Who ranks first in a sample was lucky, too: ranks counted in bootstrap samples are too sure. Taken as drawn
    from a normal population of drivers with mean m and spread τ, importance c with error v has the posterior
    m + k (c − m) with variance k v, k = τ² / (τ² + v); each sample is shrunk so, with τ drawn from its own
    posterior under a half-Cauchy prior whose scale is half the mean importance. A driver that stands over four
    spreads of the others above them is not of their population, and only the others are shrunk.

    References
    ----------
    Gelman, A. (2006). Prior distributions for variance parameters in hierarchical models. Bayesian Analysis
    1(3), 515–534. Louis, T. A. (1984). Estimating a population of parameter values using Bayes and empirical
    Bayes methods. Journal of the American Statistical Association 79(386), 393–398.
    """
    away = spread.samples * (drawn - drawn.mean(axis=0))
    typical = _TYPICAL * max(float((2 * values - drawn.mean(axis=0)).mean()), 1e-3)
    alike, found = _alike(values, away), np.asarray(values + away)
    if alike.sum() > 1:
        found[:, alike] = _shrunken(values[alike], away[:, alike], typical, rng)
    return found


def _alike(values: Floats, away: Floats) -> npt.NDArray[np.bool_]:
    """Drivers that may be of one population: all, or all but the first where it stands far above."""
    others = np.arange(len(values)) != values.argmax()
    if len(values) < 4:
        return np.ones(len(values), dtype=bool)
    rest = values[others]
    between = max(float(rest.var(ddof=1)), _error(away[:, others]))
    stands_out = (values.max() - rest.mean()) ** 2 > _FAR**2 * between
    return others if stands_out else np.ones(len(values), dtype=np.bool_)


def _error(away: Floats) -> float:
    """Mean variance of the differences from the drivers' mean."""
    apart = away - away.mean(axis=1, keepdims=True)
    return float((apart**2).mean() * away.shape[1] / (away.shape[1] - 1))


def _shrunken(values: Floats, away: Floats, typical: float, rng: np.random.Generator) -> Floats:
    p, error = len(values), max(_error(away), NOTHING_LEFT)
    kept = (np.arange(_PARTS) + 0.5) / _PARTS
    squares = float(((values - values.mean()) ** 2).sum())
    between = error * kept / (1 - kept)
    log_density = (
        (p - 1) / 2 * np.log(1 - kept)
        - squares * (1 - kept) / (2 * error)
        - np.log(kept) / 2
        - 1.5 * np.log(1 - kept)
        - np.log1p(between / typical**2)
    )
    density = np.exp(log_density - log_density.max())
    share = rng.choice(kept, size=(len(away), 1), p=density / density.sum())
    return np.asarray(values.mean() + share * (values - values.mean()) + np.sqrt(share) * away)
