"""What each driver adds to R², and how sure the ranking is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial

import numpy as np
import pandas as pd

from loyalty_kit.core.checks import check_choice, check_rng, check_whole
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.estimates import Estimate
from loyalty_kit.core.messages import message
from loyalty_kit.core.results import Result
from loyalty_kit.drivers.fits.design import Design
from loyalty_kit.drivers.fits.diagnostics import has_opposite_sign, weighted_covariance
from loyalty_kit.drivers.fits.fits import Fit
from loyalty_kit.drivers.fits.resampling import covariances
from loyalty_kit.drivers.importance.measures import (
    METHODS,
    PAIRS_OF_ORDERINGS,
    Measure,
    Method,
    driver_matrices,
    measured,
)
from loyalty_kit.drivers.importance.subsets import MOST_EXACT, dominance
from loyalty_kit.drivers.importance.uncertainty import (
    Ranking,
    Spread,
    least_n,
    plausible,
    ranking_of,
    share_intervals,
    shares_of,
)
from loyalty_kit.statistics.moments import Floats
from loyalty_kit.statistics.resampling import over_samples

_TOP = 3


@dataclass(frozen=True, eq=False)
class ImportanceResult(Result):
    """Importance of drivers, with the uncertainty of their ranking.

    Attributes
    ----------
    table : DataFrame, a row a driver, the most important first
        driver, importance (units of R²), share (of their sum), ci_low and ci_high of the share, rank,
        p_top3. Without a bootstrap the last and the intervals are NaN.
    rank_probabilities : DataFrame of shape (drivers, drivers)
        P(the row's driver ranks k-th among customers at large), columns 1 to the number of drivers.
    p_above : DataFrame of shape (drivers, drivers)
        P(the row's driver is above the column's).
    r_squared, r_squared_ci_low, r_squared_ci_high : float
        Share of the outcome's variance that drivers and controls explain together; the interval
        allows for overfitting.
    controls_r_squared : float
        The part of it that controls explain alone; drivers share the rest.
    suppressed : tuple of str
        Drivers whose coefficient runs against their own correlation with the outcome: what they
        explain, they explain through the others.
    sampling_error : Series, optional
        Standard error of each importance where not all subsets could be looked at.
    method : {'lmg', 'relative_weights', 'pratt', 'last', 'first'}
        What importance means.
    outcome : str
        The outcome.
    labels : mapping
        Labels of columns.
    bootstrap, confidence : int, float
        Samples behind intervals and probabilities; level of the intervals.
    n_used, n_dropped : int
        Respondents used; left out because an answer is missing.
    warnings : tuple of str
        What a reader must know.
    ranking : {'given', 'too_few', 'not_predicted'}
        Whether reports rank the drivers: not where respondents are fewer than 15 to a driver, nor where the model
        predicts no customers whom it has not seen.
    """

    table: pd.DataFrame
    rank_probabilities: pd.DataFrame
    p_above: pd.DataFrame
    r_squared: float
    r_squared_ci_low: float
    r_squared_ci_high: float
    controls_r_squared: float
    suppressed: tuple[str, ...]
    sampling_error: pd.Series | None
    method: Method
    outcome: str
    labels: Mapping[str, str]
    bootstrap: int
    confidence: float
    n_used: int
    n_dropped: int
    warnings: tuple[str, ...] = ()
    ranking: Ranking = "given"
    _matrix: Floats = field(default_factory=lambda: np.empty((0, 0)), repr=False)

    @property
    def ranked(self) -> bool:
        """Whether reports rank the drivers."""
        return self.ranking == "given"

    @property
    def ranked_from(self) -> int:
        """Respondents of equal weight from which so many drivers are ranked."""
        return least_n(len(self.table))

    def to_frame(self) -> pd.DataFrame:
        """Columns driver, importance, share, ci_low, ci_high, rank, p_top3; the most important first."""
        return self.table.copy()

    def estimates(self) -> tuple[Estimate, ...]:
        """R² with its interval, by the name that the model gives it, and each driver's share of what they explain."""
        explained = Estimate(
            f"drivers/{self.outcome}/r_squared",
            self.r_squared,
            self.r_squared_ci_low,
            self.r_squared_ci_high,
            self.n_used,
            message("R² of {outcome}", outcome=self.labels.get(self.outcome, self.outcome)),
        )
        shares = (
            Estimate(
                f"importance/{self.outcome}/{self.method}/{row['driver']}",
                row["share"],
                row["ci_low"],
                row["ci_high"],
                self.n_used,
                message("Importance of {driver}", driver=self.labels.get(str(row["driver"]), row["driver"])),
            )
            for row in self.table.to_dict("records")
        )
        return (explained, *shares)

    @cached_property
    def dominance(self) -> pd.DataFrame:
        """A row a pair: driver, over, level ('complete', 'conditional' or 'general').

        'complete': whatever other drivers are in the model, the driver adds at least as much as the
        one it is over; 'conditional': on average at every number of other drivers; 'general': on
        average over all.
        """
        names = tuple(self.rank_probabilities.index)
        if len(names) > MOST_EXACT:
            raise InputError(
                "Dominance looks at all subsets of up to {most} drivers; got {given}.",
                most=MOST_EXACT,
                given=len(names),
            )
        return dominance(self._matrix, names)


def importance(
    design: Design,
    fitted: Fit,
    *,
    method: Method = "lmg",
    bootstrap: int = 1000,
    rng: int | np.random.Generator = 0,
    confidence: float = 0.95,
) -> ImportanceResult:
    """Rank the drivers of a fitted model; see `DriverResult.importance`."""
    check_choice(method, "method", METHODS)
    check_whole(bootstrap, "bootstrap", 0)
    generator = check_rng(rng)
    names = list(design.drivers)
    matrices, controls = driver_matrices(covariances(design, fitted), len(names))
    measure = Measure.of(method, matrices, generator)
    values = measure.values
    drawn, totals = _bootstrap(design, fitted, measure, bootstrap, generator)
    ends = [(1 - confidence) / 2, (1 + confidence) / 2]
    r_squared_low, r_squared_high = np.quantile(totals, ends) if bootstrap else (np.nan, np.nan)
    interval, ranked = _uncertainty(values, drawn, Spread.of(design, confidence), method, confidence, generator)
    ranks, above = _ranks(ranked)
    against = _suppressed(design, fitted, confidence)
    return ImportanceResult(
        table=_table(names, values, interval, ranks),
        rank_probabilities=pd.DataFrame(ranks, index=names, columns=range(1, len(names) + 1)),
        p_above=pd.DataFrame(above, index=names, columns=names),
        r_squared=fitted.r_squared,
        r_squared_ci_low=float(r_squared_low),
        r_squared_ci_high=float(r_squared_high),
        controls_r_squared=float(controls[0]),
        suppressed=against,
        sampling_error=None if measure.error is None else pd.Series(measure.error, index=names),
        method=method,
        outcome=design.specification.outcome,
        labels=design.labels,
        bootstrap=bootstrap,
        confidence=confidence,
        n_used=len(design.y),
        n_dropped=len(design.table) - len(design.y),
        warnings=_warnings(names, values, against, method, measure),
        ranking=ranking_of(design, predicts=True),
        _matrix=matrices[0],
    )


def _table(names: list[str], values: Floats, ends: tuple[Floats, Floats], ranks: Floats) -> pd.DataFrame:
    """Row a driver, the most important first; `ends` are those of the shares' intervals."""
    columns = {
        "driver": names,
        "importance": values,
        "share": shares_of(values),
        "ci_low": ends[0],
        "ci_high": ends[1],
        "rank": (-values).argsort(kind="stable").argsort(kind="stable") + 1,
        "p_top3": ranks[:, :_TOP].sum(axis=1),
    }
    return pd.DataFrame(columns).sort_values("rank", ignore_index=True)


def _uncertainty(
    values: Floats, drawn: Floats, spread: Spread, method: Method, confidence: float, rng: np.random.Generator
) -> tuple[tuple[Floats, Floats], Floats]:
    """Intervals of the shares, NaN without samples, and the importance that ranks are counted in."""
    if not len(drawn):
        return (np.full(len(values), np.nan), np.full(len(values), np.nan)), drawn
    signed = method == "pratt"
    interval = share_intervals(values, drawn, spread, confidence=confidence, signed=signed)
    return interval, plausible(values, drawn, spread, rng)


def _bootstrap(
    design: Design, fitted: Fit, measure: Measure, replicates: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Draw bootstrap samples: the importance of each driver in each, and the R² that the population may have."""
    if not replicates:
        return np.empty((0, len(design.drivers))), np.empty(0)
    one = partial(_of_samples, design, fitted, measure)
    found = over_samples(one, len(design.y), replicates, rng=rng, clusters=design.clusters)
    n, k = design.x.shape
    # A sample overfits the data as these overfit the population: adjusted twice.
    overfit = ((n - 1) / (n - k - 1)) ** 2 if fitted.model == "ols" else 1.0
    return found[:, :-1], 1 - (1 - found[:, -1]) * overfit


def _of_samples(design: Design, fitted: Fit, measure: Measure, counts: Floats, rng: np.random.Generator) -> Floats:
    """Find the importance of each driver and, last, R² in each sample."""
    matrices, controls = driver_matrices(covariances(design, fitted, counts), len(design.drivers))
    return np.column_stack([measure(matrices), controls + measured("pratt", matrices).sum(axis=1)])


def _ranks(drawn: Floats) -> tuple[Floats, Floats]:
    """P(driver ranks k-th) and P(row above column), NaN without samples."""
    count, p = drawn.shape
    if not count:
        return np.full((p, p), np.nan), np.full((p, p), np.nan)
    places = (-drawn).argsort(axis=1, kind="stable").argsort(axis=1, kind="stable")
    ranks = np.stack([(places == k).mean(axis=0) for k in range(p)], axis=1)
    above = np.array([(drawn[:, [j]] > drawn).mean(axis=0) for j in range(p)])
    np.fill_diagonal(above, np.nan)
    return ranks, above


def _suppressed(design: Design, fitted: Fit, confidence: float) -> tuple[str, ...]:
    p = len(design.drivers)
    table = weighted_covariance(np.column_stack([design.x[:, :p], design.y]), design.weights)
    correlations = table[:-1, -1] / np.sqrt(np.diag(table)[:-1] * table[-1, -1])
    against = has_opposite_sign(fitted.slopes[:p], correlations, n=len(design.y), confidence=confidence)
    return tuple(name for name, is_against in zip(design.drivers, against, strict=True) if is_against)


def _warnings(
    names: list[str], values: Floats, against: tuple[str, ...], method: Method, measure: Measure
) -> tuple[str, ...]:
    found = [
        message(
            "The share of '{driver}' says how much it explains, not which way: "
            "its coefficient runs against its correlation.",
            driver=name,
        )
        for name in against
    ]
    if method == "pratt" and (values < 0).any():
        negative = [name for name, value in zip(names, values, strict=True) if value < 0]
        found.append(
            message(
                "Pratt's measure is negative for {drivers}: coefficient and correlation disagree in sign.",
                drivers=negative,
            )
        )
    if measure.error is not None:
        found.append(
            message(
                "With {count} drivers not all subsets could be looked at: the largest standard error of an "
                "importance is {error:.2g}, from {orders} orders of the drivers.",
                count=len(names),
                error=measure.error.max(),
                orders=2 * PAIRS_OF_ORDERINGS,
            )
        )
    return tuple(found)
