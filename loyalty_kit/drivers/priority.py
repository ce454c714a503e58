"""Where to act first: importance against performance, and what a step on each driver goes with."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.core.checks import check_number, check_rng, check_whole
from loyalty_kit.core.errors import InputError, nearest
from loyalty_kit.core.messages import message, shown
from loyalty_kit.core.results import Result
from loyalty_kit.drivers.driver_result import DriverResult
from loyalty_kit.drivers.fits.changes import changes
from loyalty_kit.drivers.fits.design import Design, Integers, numbers
from loyalty_kit.drivers.fits.fits import Fit
from loyalty_kit.drivers.fits.resampling import covariances
from loyalty_kit.drivers.fits.specification import Scores, table_of
from loyalty_kit.drivers.importance.measures import Measure, driver_matrices
from loyalty_kit.drivers.importance.uncertainty import (
    Ranking,
    Spread,
    least_n,
    plausible,
    ranking_of,
    share_intervals,
    shares_of,
)
from loyalty_kit.drivers.validation.validation import ValidationResult
from loyalty_kit.statistics.moments import Floats
from loyalty_kit.statistics.resampling import over_samples

QUADRANTS = ("act first", "keep up", "low priority", "enough")
"""Important and low, important and high, unimportant and low, unimportant and high."""
LOOK_CLOSER = "look closer"
"""Important and low, but a higher score does not go with more of the outcome."""

LIKELY = 0.80
"""Probability of being important and low from which a driver is named as the first to act on."""


class FirstPlace(NamedTuple):
    """Driver on which to act first, and how probable it is that it is important and low."""

    driver: str
    p: float

    @property
    def likely(self) -> bool:
        """Whether a report may name it without reserve."""
        return self.p >= LIKELY


@dataclass(frozen=True, eq=False)
class PriorityResult(Result):
    """Importance and performance of each driver, where it lies on the map, and how surely.

    Attributes
    ----------
    table : DataFrame, a row a driver, the surest to act on first
        driver, share (of importance, LMG) with share_ci_low and share_ci_high, performance (mean score)
        with performance_ci_low and performance_ci_high, quadrant, p_act_first, expected_change of the
        outcome for a step on the driver with change_ci_low and change_ci_high, change_per_cost (NaN
        without a cost).
    ellipses : DataFrame, a row a driver
        driver, sd_share, sd_performance, correlation of the two over bootstrap samples.
    share_cut, performance_cut : float
        Means over the drivers, which divide the map.
    step : float
        Points that the expected change is for.
    outcome : str
        The outcome.
    labels : mapping
        Labels of columns.
    bootstrap, confidence : int, float
        Samples behind intervals and probabilities; level of the intervals.
    n_used, n_dropped : int
        Respondents behind importance and change; left out there because an answer is missing.
    method : str
        What importance, performance and the quadrants are.
    warnings : tuple of str
        What a reader must know.
    ranking : {'given', 'too_few', 'not_predicted'}
        Whether reports say where to act first: not where respondents are fewer than 15 to a driver, nor where the
        model predicts no customers whom it has not seen.
    """

    table: pd.DataFrame
    ellipses: pd.DataFrame
    share_cut: float
    performance_cut: float
    step: float
    outcome: str
    labels: Mapping[str, str]
    bootstrap: int
    confidence: float
    n_used: int
    n_dropped: int
    method: str
    warnings: tuple[str, ...] = ()
    ranking: Ranking = "given"

    @property
    def ranked(self) -> bool:
        """Whether reports say where to act first."""
        return self.ranking == "given"

    @property
    def ranked_from(self) -> int:
        """Respondents of equal weight from which so many drivers are ranked."""
        return least_n(len(self.table))

    @property
    def first_place(self) -> FirstPlace | None:
        """Driver that is likeliest to be important and low, of those with a positive coefficient."""
        places = self.table[(self.table["p_act_first"] > 0) & (self.table["expected_change"] * self.step > 0)]
        if places.empty:
            return None
        row = places.iloc[0]
        return FirstPlace(row["driver"], float(row["p_act_first"]))

    def to_frame(self) -> pd.DataFrame:
        """Table of the drivers, the surest to act on first."""
        return self.table.copy()


def priorities(
    driver_result: DriverResult,
    scores: Scores,
    *,
    step: float = 5.0,
    costs: Mapping[str, float] | None = None,
    bootstrap: int = 1000,
    validation: ValidationResult | None = None,
    rng: int | np.random.Generator = 0,
) -> PriorityResult:
    """Find the drivers on which to act first.

    Parameters
    ----------
    driver_result : DriverResult
        The fitted model.
    scores : ScaleScores or DataFrame of shape (respondents, columns)
        The scores that it was fitted to, drivers in one unit. Everybody who has a driver's score
        counts for its performance.
    step : float
        Points by which each driver is raised.
    costs : mapping of driver to number, optional
        Cost of raising the mean score by one point, positive, in any unit;
        ``{name: scale.cost for name, scale in codebook.scales.items() if scale.cost}`` from a codebook.
    bootstrap : int
        Samples of respondents, in each of which importance and performance are both worked out.
    validation : ValidationResult, optional
        What `DriverResult.validate` gave: where the model predicts no customers whom it has not seen, reports do
        not say where to act first.
    rng : int or Generator
        Seed or source of chance.

    Returns
    -------
    PriorityResult

    Raises
    ------
    InputError
        If the scores are not those of the model, or a cost is not positive or names no driver.

    Notes
    -----
    A driver is important where its share is at least the mean share and low where its mean score is
    below the mean over the drivers. To act first on it, its coefficient must be positive as well: without
    that its quadrant is 'look closer'. P(act first) is the share of samples in which all three hold: with the
    importance that `DriverResult.importance` counts ranks in, means and coefficients of the same samples. The
    expected change is step · β in a linear
    model, with its interval; where levels are fitted it is the mean over respondents of the change of the
    expected outcome, with an interval by the delta method. It says what goes with a higher score, other
    drivers being equal, not what raising it would cause.

    References
    ----------
    Martilla, J. A. & James, J. C. (1977). Importance-performance analysis. Journal of Marketing 41(1),
    77–79.

    Examples
    --------
    >>> from loyalty_kit.drivers.regression import drivers
    >>> table = pd.DataFrame({"trust": [1.0, 2, 3, 4, 5, 6], "price": [2.0, 1, 4, 3, 6, 4]})
    >>> table["loyalty"] = [1.0, 3, 4, 4, 7, 7]
    >>> found = priorities(drivers(table, drivers=["trust", "price"]), table, step=1, bootstrap=100)
    >>> found.to_frame()[["driver", "performance", "quadrant"]].round(2)
      driver  performance      quadrant
    0  trust         3.50       keep up
    1  price         3.33  low priority
    """
    check_whole(bootstrap, "bootstrap", 1)
    check_number(step, "step")
    generator = check_rng(rng)
    design, fitted, confidence = driver_result.design, driver_result.fitted, driver_result.confidence
    _check_same(table_of(scores), design)
    names = list(design.drivers)
    matrices, _ = driver_matrices(covariances(design, fitted), len(names))
    measure = Measure.of("lmg", matrices, generator)
    share, performance = shares_of(measure.values), _performance(design, np.ones((1, len(design.table))))[0]
    drawn, performances, slopes = _bootstrap(design, fitted, measure, bootstrap, generator)
    spread = Spread.of(design, confidence)
    low, high = share_intervals(measure.values, drawn, spread, confidence=confidence)
    important = plausible(measure.values, drawn, spread, generator)
    change, error = changes(design, fitted, step)
    half = fitted.critical(confidence) * error
    ends = [(1 - confidence) / 2, (1 + confidence) / 2]
    table = pd.DataFrame({"driver": names, "share": share, "share_ci_low": low, "share_ci_high": high})
    table["performance"] = performance
    table["performance_ci_low"], table["performance_ci_high"] = np.quantile(performances, ends, axis=0)
    places, positive = quadrants_of(share, performance), fitted.slopes[: len(names)] > 0
    table["quadrant"] = np.where((places == 0) & ~positive, LOOK_CLOSER, np.array(QUADRANTS)[places])
    table["p_act_first"] = ((quadrants_of(important, performances) == 0) & (slopes > 0)).mean(axis=0)
    table["expected_change"], table["change_ci_low"], table["change_ci_high"] = change, change - half, change + half
    table["change_per_cost"] = change / step / _costs(names, costs or {})
    order = np.lexsort((-share, -table["p_act_first"].to_numpy()))
    return PriorityResult(
        table=table.iloc[order].reset_index(drop=True),
        ellipses=ellipses_of(names, shares_of(drawn), performances),
        share_cut=float(share.mean()),
        performance_cut=float(performance.mean()),
        step=step,
        outcome=driver_result.outcome,
        labels=driver_result.labels,
        bootstrap=bootstrap,
        confidence=confidence,
        n_used=driver_result.n_used,
        n_dropped=driver_result.n_dropped,
        method=message("LMG shares against mean scores, divided at the means over the drivers"),
        warnings=_warnings(table, driver_result.outcome),
        ranking=ranking_of(design, predicts=validation is None or validation.predicts),
    )


def _check_same(table: pd.DataFrame, design: Design) -> None:
    same = len(table) == len(design.table) and all(
        name in table and np.array_equal(numbers(table, name)[design.rows], column)
        for name, column in zip(design.drivers, design.x.T, strict=False)
    )
    if not same:
        raise InputError("These scores are not those that the drivers were fitted to; hand over the same table.")


def _performance(design: Design, counts: Floats) -> Floats:
    """Weighted mean score of each driver over everybody who has it, samples × drivers."""
    weight = design.specification.weight
    w = np.ones(len(design.table)) if weight is None else numbers(design.table, weight)
    x = np.column_stack([numbers(design.table, name) for name in design.drivers])
    there = np.isfinite(x)
    sums = counts @ np.hstack([np.where(there, x, 0.0) * w[:, None], there * w[:, None]])
    total, held = np.split(sums, 2, axis=1)
    with np.errstate(invalid="ignore"):
        return np.asarray(total / held)


def _bootstrap(
    design: Design, fitted: Fit, measure: Measure, replicates: int, rng: np.random.Generator
) -> tuple[Floats, Floats, Floats]:
    """Draw samples of everybody in the table: importance, mean scores and coefficients in each."""
    one = partial(_of_samples, design, fitted, measure)
    found = over_samples(one, len(design.table), replicates, rng=rng, clusters=_clusters(design))
    drawn, performances, slopes = np.split(found, 3, axis=1)
    return drawn, performances, slopes


def _of_samples(design: Design, fitted: Fit, measure: Measure, counts: Floats, rng: np.random.Generator) -> Floats:
    """Find importance, then mean scores, then coefficients of the drivers in each sample."""
    tables, p = covariances(design, fitted, counts[:, design.rows]), len(design.drivers)
    slopes = (np.linalg.pinv(tables[:, :-1, :-1], hermitian=True) @ tables[:, :-1, -1:])[:, :p, 0]
    return np.hstack([measure(driver_matrices(tables, p)[0]), _performance(design, counts), slopes])


def _clusters(design: Design) -> Integers | None:
    """Clusters of the whole table; a row without one stands for itself."""
    if design.specification.cluster is None:
        return None
    places = pd.factorize(design.table[design.specification.cluster])[0]
    alone = places < 0
    places[alone] = places.max() + 1 + np.arange(alone.sum())
    return places.astype(np.intp)


def quadrants_of(importance: Floats, performances: Floats) -> npt.NDArray[np.intp]:
    """Place in `QUADRANTS` of each driver."""
    important = importance >= importance.mean(axis=-1, keepdims=True)
    low = performances < performances.mean(axis=-1, keepdims=True)
    return np.where(important, 0, 2) + np.where(low, 0, 1)


def _costs(names: list[str], costs: Mapping[str, float]) -> Floats:
    for name, cost in costs.items():
        if name not in names:
            raise InputError(
                "'costs' names '{name}', which is no driver{hint}", name=name, hint=nearest(name, names) or message(".")
            )
        if not np.isfinite(cost) or cost <= 0:
            raise InputError(
                "The cost of '{name}' must be a positive number; got {given}.", name=name, given=shown(cost)
            )
    return np.array([costs.get(name, np.nan) for name in names])


def ellipses_of(names: list[str], shares: Floats, performances: Floats) -> pd.DataFrame:
    """Spread of importance and performance of each driver over samples, and their correlation."""
    together = [np.cov(a, b, ddof=0) for a, b in zip(shares.T, performances.T, strict=True)]
    sd = np.sqrt([np.diag(table) for table in together]).reshape(-1, 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = np.array([table[0, 1] for table in together]) / sd.prod(axis=1)
    columns = {"driver": names, "sd_share": sd[:, 0], "sd_performance": sd[:, 1], "correlation": correlation}
    return pd.DataFrame(columns)


def _warnings(table: pd.DataFrame, outcome: str) -> tuple[str, ...]:
    holds_zero = (table["change_ci_low"] <= 0) & (table["change_ci_high"] >= 0)
    unclear, against = table[(table["quadrant"] == QUADRANTS[0]) & holds_zero], table[table["quadrant"] == LOOK_CLOSER]
    doubtful = [
        message(
            "'{driver}' lies in 'act first', yet its own coefficient is not clearly positive: a higher score need not "
            "go with more '{outcome}'.",
            driver=name,
            outcome=outcome,
        )
        for name in unclear["driver"]
    ]
    negative = [
        message(
            "'{driver}' is important and low, yet its own coefficient is not positive: it is no place to act first.",
            driver=name,
        )
        for name in against["driver"]
    ]
    return (*doubtful, *negative)
