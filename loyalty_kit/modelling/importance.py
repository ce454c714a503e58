"""What each driver adds to R², and how sure the ranking is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.checks import InputError, check_choice, check_rng, check_whole
from loyalty_kit.modelling.design import Design
from loyalty_kit.modelling.fits import Fit
from loyalty_kit.modelling.resampling import covariances, samples
from loyalty_kit.modelling.subsets import MOST_EXACT, dominance, draw_orders, shapley, shapley_sampled
from loyalty_kit.moments import Floats
from loyalty_kit.results import Result

Method = Literal["lmg", "relative_weights", "pratt", "last", "first"]
METHODS: tuple[str, ...] = get_args(Method)

MOST_EXACT_IN_SAMPLES = 15
"""Drivers up to which every bootstrap sample looks at all subsets."""

_PAIRS_OF_ORDERS = 2000
_PAIRS_IN_SAMPLES = 50
_NOTHING_LEFT = 1e-12
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
        P(the row's driver ranks k-th), columns 1 to the number of drivers.
    p_above : DataFrame of shape (drivers, drivers)
        P(the row's driver is above the column's).
    r_squared, r_squared_ci_low, r_squared_ci_high : float
        Share of the outcome's variance that drivers and controls explain together.
    controls_r_squared : float
        The part of it that controls explain alone; drivers share the rest.
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
    """

    table: pd.DataFrame
    rank_probabilities: pd.DataFrame
    p_above: pd.DataFrame
    r_squared: float
    r_squared_ci_low: float
    r_squared_ci_high: float
    controls_r_squared: float
    sampling_error: pd.Series | None
    method: Method
    outcome: str
    labels: Mapping[str, str]
    bootstrap: int
    confidence: float
    n_used: int
    n_dropped: int
    warnings: tuple[str, ...] = ()
    _matrix: Floats = field(default_factory=lambda: np.empty((0, 0)), repr=False)

    def to_frame(self) -> pd.DataFrame:
        """Columns driver, importance, share, ci_low, ci_high, rank, p_top3; the most important first."""
        return self.table.copy()

    @cached_property
    def dominance(self) -> pd.DataFrame:
        """A row a pair: driver, over, level ('complete', 'conditional' or 'general').

        'complete': whatever other drivers are in the model, the driver adds at least as much as the
        one it is over; 'conditional': on average at every number of other drivers; 'general': on
        average over all.
        """
        names = tuple(self.rank_probabilities.index)
        if len(names) > MOST_EXACT:
            raise InputError(f"Dominance looks at all subsets of up to {MOST_EXACT} drivers; got {len(names)}.")
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
    """Importance of the drivers of a fitted model; see `DriverResult.importance`."""
    check_choice(method, "method", METHODS)
    check_whole(bootstrap, "bootstrap", 0)
    generator = check_rng(rng)
    names = list(design.drivers)
    matrices, controls = driver_matrices(covariances(design, fitted), len(names))
    measure = Measure.of(method, matrices, generator)
    values, shares = measure.values, _shares(measure.values)
    drawn, totals = _bootstrap(design, fitted, measure, bootstrap, generator)
    ends = [(1 - confidence) / 2, (1 + confidence) / 2]
    low, high = np.quantile(_shares(drawn), ends, axis=0) if bootstrap else np.full((2, len(names)), np.nan)
    r_squared_low, r_squared_high = np.quantile(totals, ends) if bootstrap else (np.nan, np.nan)
    ranks, above = _ranks(drawn)
    columns = {
        "driver": names,
        "importance": values,
        "share": shares,
        "ci_low": low,
        "ci_high": high,
        "rank": (-values).argsort(kind="stable").argsort(kind="stable") + 1,
        "p_top3": ranks[:, :_TOP].sum(axis=1),
    }
    return ImportanceResult(
        table=pd.DataFrame(columns).sort_values("rank", ignore_index=True),
        rank_probabilities=pd.DataFrame(ranks, index=names, columns=range(1, len(names) + 1)),
        p_above=pd.DataFrame(above, index=names, columns=names),
        r_squared=fitted.r_squared,
        r_squared_ci_low=float(r_squared_low),
        r_squared_ci_high=float(r_squared_high),
        controls_r_squared=float(controls[0]),
        sampling_error=None if measure.error is None else pd.Series(measure.error, index=names),
        method=method,
        outcome=design.question.outcome,
        labels=design.labels,
        bootstrap=bootstrap,
        confidence=confidence,
        n_used=len(design.y),
        n_dropped=len(design.table) - len(design.y),
        warnings=_warnings(names, values, method, measure),
        _matrix=matrices[0],
    )


def driver_matrices(tables: Floats, drivers: int) -> tuple[Floats, Floats]:
    """Correlations of drivers and outcome after controls, and what the controls explain.

    Parameters
    ----------
    tables : array of shape (samples, columns + 1, columns + 1)
        Covariances of drivers, controls and outcome.
    drivers : int
        How many of the first columns are drivers.

    Returns
    -------
    array of shape (samples, drivers + 1, drivers + 1)
        Drivers less what controls explain of them, with unit variance; the outcome in units of its
        whole variance, so that its entry is 1 less what the controls explain.
    array of shape (samples,)
        R² of the controls alone.
    """
    rest = tables.shape[1] - 1 - drivers
    kept = [*range(drivers), tables.shape[1] - 1]
    inner = tables[:, kept][:, :, kept]
    if rest:
        at = slice(drivers, drivers + rest)
        across = tables[:, kept, at]
        inner = inner - across @ np.linalg.pinv(tables[:, at, at], hermitian=True) @ across.transpose(0, 2, 1)
    whole = np.concatenate([np.diagonal(inner, axis1=1, axis2=2)[:, :-1], tables[:, -1:, -1]], axis=1)
    before = np.diagonal(tables, axis1=1, axis2=2)[:, kept]
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = np.where(whole > _NOTHING_LEFT * before, 1 / np.sqrt(whole), 0.0)
    matrices = inner * scale[:, :, None] * scale[:, None, :]
    return matrices, 1 - matrices[:, -1, -1]


@dataclass(frozen=True, eq=False)
class Measure:
    """A way to measure importance, and what it finds on the data themselves.

    Where subsets are too many, `orders` are the orders that stand for all; their own error on the data is
    taken off in the samples.
    """

    method: Method
    values: Floats
    orders: npt.NDArray[np.intp] | None = None
    shift: Floats | float = 0.0
    error: Floats | None = None

    @classmethod
    def of(cls, method: Method, matrix: Floats, rng: np.random.Generator) -> "Measure":
        """Measure the importance in one matrix, and settle how samples are to be measured."""
        p = matrix.shape[1] - 1
        if method != "lmg" or p <= MOST_EXACT_IN_SAMPLES:
            return cls(method, measured(method, matrix)[0])
        if p <= MOST_EXACT:
            values, error = shapley(matrix)[0], None
        else:
            found, errors = shapley_sampled(matrix, draw_orders(p, _PAIRS_OF_ORDERS, rng))
            values, error = found[0], errors[0]
        orders = draw_orders(p, _PAIRS_IN_SAMPLES, rng)
        return cls(method, values, orders, values - shapley_sampled(matrix, orders)[0][0], error)

    def __call__(self, matrices: Floats) -> Floats:
        """Importance in each of many matrices, samples × drivers."""
        if self.orders is None:
            return measured(self.method, matrices)
        return shapley_sampled(matrices, self.orders)[0] + self.shift


def measured(method: Method, matrices: Floats) -> Floats:
    """Importance of each driver by any measure, samples × drivers.

    Notes
    -----
    With R the drivers' correlations, r those with the outcome and β = R⁻¹r:

    - lmg: Shapley value of R²; sums to R².
    - relative_weights: (R^½)² (R^(−½) r)², squares by element; sums to R².
    - pratt: β r; sums to R², negative where the two disagree in sign.
    - last: what R² loses without the driver, β² / diag(R⁻¹).
    - first: r², what the driver explains alone.

    References
    ----------
    Johnson, J. W. (2000). A heuristic method for estimating the relative weight of predictor
    variables in multiple regression. Multivariate Behavioral Research 35(1), 1–19. Pratt, J. W.
    (1987). Dividing the indivisible. In Pukkila & Puntanen (eds), University of Tampere, 245–260.
    """
    if method == "lmg":
        return shapley(matrices)
    r = matrices[:, :-1, -1]
    values, vectors = np.linalg.eigh(matrices[:, :-1, :-1])
    usable = values > _NOTHING_LEFT
    inverse = np.where(usable, 1 / np.where(usable, values, 1.0), 0.0)
    turned = np.einsum("sij,si->sj", vectors, r)
    if method == "relative_weights":
        root = (vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :]) @ vectors.transpose(0, 2, 1)
        weights = np.einsum("sij,sj->si", vectors, turned * np.sqrt(inverse))
        return np.einsum("sij,sj->si", root**2, weights**2)
    if method == "first":
        return np.asarray(r**2)
    slopes = np.einsum("sij,sj->si", vectors, turned * inverse)
    if method == "pratt":
        return np.asarray(slopes * r)
    own = np.einsum("sij,sj->si", vectors**2, inverse)
    return np.asarray(slopes**2 / np.maximum(own, _NOTHING_LEFT))


def _shares(values: Floats) -> Floats:
    """Parts of their sum; NaN where there is nothing to share."""
    total = values.sum(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(np.abs(total) > _NOTHING_LEFT, values / total, np.nan)


def _bootstrap(
    design: Design, fitted: Fit, measure: Measure, replicates: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Importance and total R² in bootstrap samples."""
    p = len(design.drivers)
    drawn, totals = [np.empty((0, p))], [np.empty(0)]
    for counts in samples(len(design.y), replicates, rng=rng, clusters=design.clusters):
        matrices, controls = driver_matrices(covariances(design, fitted, counts), p)
        drawn.append(measure(matrices))
        totals.append(controls + measured("pratt", matrices).sum(axis=1))
    return np.vstack(drawn), np.concatenate(totals)


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


def _warnings(names: list[str], values: Floats, method: Method, measure: Measure) -> tuple[str, ...]:
    found = []
    if method == "pratt" and (values < 0).any():
        negative = " and ".join(f"'{name}'" for name, value in zip(names, values, strict=True) if value < 0)
        found.append(f"Pratt's measure is negative for {negative}: coefficient and correlation disagree in sign.")
    if measure.error is not None:
        found.append(
            f"With {len(names)} drivers not all subsets could be looked at: the largest standard error of an "
            f"importance is {measure.error.max():.2g}, from {2 * _PAIRS_OF_ORDERS} orders of the drivers."
        )
    return tuple(found)
