"""An estimated CFA model of one group, and the tables that are read off it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from loyalty_kit.measurement.cfa.model import (
    FACTOR,
    INTERCEPT,
    LOADING,
    RESIDUAL,
    Elements,
    Ints,
    Matrices,
    Model,
    directions,
)
from loyalty_kit.measurement.correlations.items import ItemTable
from loyalty_kit.measurement.latent.general import GENERAL, SecondOrder
from loyalty_kit.measurement.latent.respondent_scores import Measured
from loyalty_kit.statistics.moments import Floats


@dataclass(frozen=True, eq=False)
class Score:
    """Slopes of the fit along elements that the model fixes, and their variances once the free ones have adapted."""

    slopes: Floats
    variances: Floats


@dataclass(frozen=True, eq=False)
class Solution:
    """Estimated model of one group, whatever the estimator.

    Attributes
    ----------
    model : Model
        What was estimated; every element is a parameter of its own.
    values, errors : array of shape (parameters,), (parameters, parameters)
        Estimates and their covariance, NaN where the model is not identified.
    converged : bool
        Whether the search ended at a maximum.
    fit : dict of str to float
        Fit indices.
    covariance : array of shape (items, items)
        What the model is held against: the covariance of the rows or by EM, or polychoric correlations.
    score : callable
        Score of elements that the model fixes.
    sampling : array of shape (pairs, pairs) or None
        Covariance of polychoric correlations (lower triangle, row by row), where they are used.
    scaling : float
        Mean that chi² has under the model, by its degrees of freedom; 1 where answers are taken as normal.
    second_order : SecondOrder or None
        Estimates of a factor above those of the scales, which ties the model's correlations.
    """

    model: Model
    values: Floats
    errors: Floats
    converged: bool
    fit: dict[str, float]
    covariance: Floats
    score: Callable[[Elements], Score]
    sampling: Floats | None = None
    scaling: float = 1.0
    second_order: SecondOrder | None = None

    @property
    def ordinal(self) -> bool:
        """Whether the items are ordered answers: residual variances are then what loadings leave of 1."""
        return self.sampling is not None

    @property
    def means_modelled(self) -> bool:
        """Whether means are parameters."""
        return bool((self.model.elements.kind == INTERCEPT).any())

    @cached_property
    def matrices(self) -> Matrices:
        """Matrices at the estimates."""
        (found,) = self.model.matrices(self.values)
        if not self.ordinal:
            return found
        residuals = found.residuals + np.diag(1 - np.diag(found.covariance))
        return replace(found, residuals=residuals)

    def measured(self, answers: ItemTable) -> Measured:
        """Take what scores of the answers need."""
        matrices = self.matrices
        average = np.average(np.nan_to_num(answers.values), axis=0, weights=answers.weights)
        mean = matrices.mean if self.means_modelled else average
        names, loadings, factors = self.model.scales, matrices.loadings, matrices.factors
        if self.second_order:
            above = self.second_order.loadings[:, None]
            names, loadings = (*names, GENERAL), np.hstack([loadings, np.zeros((len(loadings), 1))])
            factors = np.block([[factors, above], [above.T, np.ones((1, 1))]])
        return Measured(names, loadings, factors, matrices.covariance, mean)

    @cached_property
    def factor_of(self) -> Ints:
        """Factor of each item."""
        return np.asarray(self.model.membership.argmax(axis=1))

    @cached_property
    def correlations(self) -> Floats:
        """Correlations of the factors."""
        with np.errstate(invalid="ignore"):
            sd = np.sqrt(np.diag(self.matrices.spread))
        return np.asarray(self.matrices.spread / np.outer(sd, sd))

    @cached_property
    def standardized(self) -> Floats:
        """Standardized loading of each item."""
        own, f = np.arange(len(self.factor_of)), self.factor_of
        matrices = self.matrices
        return np.asarray(
            matrices.loadings[own, f] * np.sqrt(np.diag(matrices.spread)[f] / np.diag(matrices.covariance))
        )

    def element(self, kind: int, row: Ints, column: Ints) -> Ints:
        """Positions among the parameters, −1 where the model fixes the element."""
        elements = self.model.elements
        known = {key: i for i, key in enumerate(zip(elements.kind, elements.row, elements.column, strict=True))}
        return np.array([known.get((kind, i, j), -1) for i, j in zip(row, column, strict=True)], dtype=np.intp)

    def deviations(self, slopes: Floats) -> Floats:
        """Derive standard errors of functions of the parameters with these slopes (functions × parameters)."""
        with np.errstate(invalid="ignore"):
            return np.asarray(np.sqrt(((slopes @ self.errors) * slopes).sum(axis=1)))


def loading_table(solution: Solution, confidence: float) -> pd.DataFrame:
    """Tabulate loadings with errors; the interval is that of the standardized loading."""
    own, f = np.arange(len(solution.factor_of)), solution.factor_of
    place = solution.element(LOADING, own, f)
    variances = np.where(place >= 0, np.diag(solution.errors)[place], np.nan)
    estimate, error = solution.matrices.loadings[own, f], np.sqrt(variances)
    spread = solution.deviations(_standardized_slopes(solution, place))
    half = ndtri((1 + confidence) / 2) * spread
    return pd.DataFrame(
        {
            "scale": [solution.model.scales[j] for j in f],
            "item": list(solution.model.items),
            "estimate": estimate,
            "std_error": error,
            "z": estimate / error,
            "p_value": 2 * ndtr(-np.abs(estimate / error)),
            "standardized": solution.standardized,
            "standardized_error": spread,
            "ci_low": solution.standardized - half,
            "ci_high": solution.standardized + half,
        }
    )


def _standardized_slopes(solution: Solution, place: Ints) -> Floats:
    """Slopes of λ √ψ / √σ over the parameters, items × parameters."""
    matrices, f = solution.matrices, solution.factor_of
    own = np.arange(len(f))
    psi, sigma = np.diag(matrices.factors)[f], np.diag(matrices.covariance)
    slopes = np.zeros((len(f), solution.model.size))
    free = place >= 0
    slopes[own[free], place[free]] = np.sqrt(psi / sigma)[free]
    variance = solution.element(FACTOR, f, f)
    scaled = variance >= 0
    slopes[own[scaled], variance[scaled]] += (solution.standardized / (2 * psi))[scaled]
    if not solution.ordinal:
        slopes -= (solution.standardized / (2 * sigma))[:, None] * spread_slopes(solution)
    return slopes


def spread_slopes(solution: Solution) -> Floats:
    """Slopes of the implied variances over the parameters, items × parameters."""
    along = directions(solution.matrices, solution.model.elements)
    return 2 * along.u * along.v


def added_table(solution: Solution, confidence: float) -> pd.DataFrame:
    """Tabulate what a user adds: kind, first, second, and the figures of the table of loadings."""
    return _beyond_table(
        solution, [part for part in solution.model.beyond if not _of_general(solution, part)], confidence
    )


def general_table(solution: Solution, confidence: float) -> pd.DataFrame:
    """Tabulate loadings on a general factor: of the scales, or in a bifactor model of the items."""
    if solution.second_order:
        return solution.second_order.table(solution.model.scales, confidence)
    own = [part for part in solution.model.beyond if _of_general(solution, part)]
    return _beyond_table(solution, own, confidence).drop(columns=["kind", "first"]).rename(columns={"second": "name"})


def _of_general(solution: Solution, part: tuple[int, int, int]) -> bool:
    """Whether an element is a loading on a factor that no item belongs to."""
    return part[0] == LOADING and not solution.model.membership[:, part[2]].any()


def _beyond_table(solution: Solution, parts: Sequence[tuple[int, int, int]], confidence: float) -> pd.DataFrame:
    kinds, rows, columns = np.array(parts, dtype=np.intp).reshape(-1, 3).T
    loads = kinds == LOADING
    place = np.array([solution.element(k, np.array([i]), np.array([j]))[0] for k, i, j in parts], dtype=np.intp)
    estimate = solution.values[place]
    standardized, slopes = _standardized_beyond(solution, place, rows, columns, loads)
    error, spread = np.sqrt(np.diag(solution.errors)[place]), solution.deviations(slopes)
    half = ndtri((1 + confidence) / 2) * spread
    items, scales = np.array(solution.model.items, dtype=object), np.array([*solution.model.scales, ""], dtype=object)
    return pd.DataFrame(
        {
            "kind": np.where(loads, "loading", "residual covariance"),
            "first": np.where(loads, scales[np.where(loads, columns, -1)], items[columns]),
            "second": items[rows],
            "estimate": estimate,
            "std_error": error,
            "z": estimate / error,
            "p_value": 2 * ndtr(-np.abs(estimate / error)),
            "standardized": standardized,
            "standardized_error": spread,
            "ci_low": standardized - half,
            "ci_high": standardized + half,
        }
    )


def _standardized_beyond(
    solution: Solution, place: Ints, rows: Ints, columns: Ints, loads: np.ndarray
) -> tuple[Floats, Floats]:
    """λ √ψ / √σ of cross-loadings, θᵢⱼ / √(θᵢθⱼ) of residual covariances, and their slopes over the parameters."""
    matrices, count = solution.matrices, np.arange(len(place))
    of_items = spread_slopes(solution)
    of_residuals = -of_items if solution.ordinal else _residual_slopes(solution)
    sigma, theta = np.diag(matrices.covariance), np.diag(matrices.residuals)
    factor, other = np.where(loads, columns, 0), np.where(loads, 0, columns)
    psi = np.diag(matrices.factors)[factor]
    with np.errstate(invalid="ignore"):
        unit = np.where(loads, np.sqrt(psi / sigma[rows]), 1 / np.sqrt(theta[rows] * theta[other]))
    standardized = solution.values[place] * unit
    slopes = np.zeros((len(place), solution.model.size))
    slopes[count, place] = unit
    variance = solution.element(FACTOR, factor, factor)
    scaled = loads & (variance >= 0)
    slopes[count[scaled], variance[scaled]] += (standardized / (2 * psi))[scaled]
    half = (standardized / 2)[:, None]
    if not solution.ordinal:
        slopes[loads] -= (half * of_items[rows] / sigma[rows][:, None])[loads]
    shrunk = half * (of_residuals[rows] / theta[rows][:, None] + of_residuals[other] / theta[other][:, None])
    slopes[~loads] -= shrunk[~loads]
    return standardized, slopes


def _residual_slopes(solution: Solution) -> Floats:
    """Slopes of the residual variances over the parameters where these are parameters."""
    own = np.arange(len(solution.model.items))
    slopes = np.zeros((len(own), solution.model.size))
    slopes[own, solution.element(RESIDUAL, own, own)] = 1.0
    return slopes


def residual_table(solution: Solution) -> pd.DataFrame:
    """Residual variances with errors, and their share of the implied variance."""
    matrices, own = solution.matrices, np.arange(len(solution.factor_of))
    estimate = np.diag(matrices.residuals)
    if solution.ordinal:
        error = solution.deviations(-spread_slopes(solution))
    else:
        error = np.sqrt(np.diag(solution.errors)[solution.element(RESIDUAL, own, own)])
    return pd.DataFrame(
        {
            "scale": [solution.model.scales[j] for j in solution.factor_of],
            "item": list(solution.model.items),
            "estimate": estimate,
            "std_error": error,
            "standardized": estimate / np.diag(matrices.covariance),
        }
    )


def correlation_errors(solution: Solution) -> Floats:
    """Derive standard errors of the factor correlations, zero on the diagonal."""
    k = len(solution.model.scales)
    f, h = np.tril_indices(k, -1)
    psi, r = np.diag(solution.matrices.factors), solution.correlations[f, h]
    slopes = np.zeros((len(f), solution.model.size))
    pairs = np.arange(len(f))
    place = solution.element(FACTOR, f, h)
    free = place >= 0
    slopes[pairs[free], place[free]] = (1 / np.sqrt(psi[f] * psi[h]))[free]
    for end in (f, h):
        place = solution.element(FACTOR, end, end)
        scaled = place >= 0
        slopes[pairs[scaled], place[scaled]] -= (r / (2 * psi[end]))[scaled]
    errors = np.zeros((k, k))
    errors[f, h] = errors[h, f] = solution.deviations(slopes)
    return errors


def residual_correlations(solution: Solution) -> Floats:
    """Sample correlations less implied ones, each matrix by its own standard deviations."""
    sample, implied = solution.covariance, solution.matrices.covariance
    return np.asarray(_correlation(sample) - _correlation(implied))


def _correlation(covariance: Floats) -> Floats:
    sd = np.sqrt(np.diag(covariance))
    return np.asarray(covariance / np.outer(sd, sd))


def modification_table(solution: Solution) -> pd.DataFrame:
    """Score test of every cross-loading and residual covariance that the model leaves out, largest first."""
    left = ~solution.model.membership
    pair = np.tril(np.ones((len(left), len(left)), dtype=bool), -1)
    for kind, row, column in solution.model.beyond:
        (left if kind == LOADING else pair)[row, column] = False
    item, factor = np.nonzero(left)
    first, second = np.nonzero(pair)
    places = [(LOADING, 0, int(j), int(f)) for j, f in zip(item, factor, strict=True)]
    places += [(RESIDUAL, 0, int(i), int(j)) for i, j in zip(first, second, strict=True)]
    score = solution.score(Elements.of(places))
    with np.errstate(invalid="ignore", divide="ignore"):
        variances = np.where(score.variances > 0, score.variances, np.nan)
        change = score.slopes / variances
        index = score.slopes * change
    matrices = solution.matrices
    sd, residual = np.sqrt(np.diag(matrices.covariance)), np.sqrt(np.abs(np.diag(matrices.residuals)))
    scale = np.concatenate(
        [np.sqrt(np.diag(matrices.factors))[factor] / sd[item], 1 / (residual[first] * residual[second])]
    )
    items, scales = np.array(solution.model.items), np.array(solution.model.scales)
    table = pd.DataFrame(
        {
            "kind": ["loading"] * len(item) + ["residual covariance"] * len(first),
            "first": [*scales[factor], *items[second]],
            "second": [*items[item], *items[first]],
            "modification_index": index,
            "expected_change": change,
            "standardized_change": change * scale,
        }
    )
    return table.sort_values("modification_index", ascending=False, ignore_index=True)
