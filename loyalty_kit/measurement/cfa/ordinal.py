"""CFA of ordered answers: diagonally weighted least squares on polychoric correlations (WLSMV)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from loyalty_kit.core.messages import message
from loyalty_kit.measurement.cfa.convergence import are_estimates, is_identified
from loyalty_kit.measurement.cfa.estimation import maximise, starting_values
from loyalty_kit.measurement.cfa.likelihood import information, scaled_least_squares, second_derivatives
from loyalty_kit.measurement.cfa.model import Directions, Elements, Model, confirmatory_model, directions
from loyalty_kit.measurement.cfa.robust import ROBUST, corrected_indices
from loyalty_kit.measurement.cfa.solution import Score, Solution
from loyalty_kit.measurement.cfa.structure import Structure, begun, second_order, turned
from loyalty_kit.measurement.correlations.items import ItemTable
from loyalty_kit.measurement.correlations.polychoric import Polychoric, polychoric
from loyalty_kit.measurement.correlations.polychoric_errors import polychoric_covariance
from loyalty_kit.measurement.factors.fit_indices import ChiSquares
from loyalty_kit.measurement.latent.general import Tied
from loyalty_kit.measurement.latent.scaled import UnderModel, discrepancy, scaled_fit, shifted
from loyalty_kit.statistics.moments import Floats

_DEFINITE = 1e-8


@dataclass(frozen=True, eq=False)
class LeastSquares:
    """−½ n Σ w (r − ρ)² over the pairs, w the inverse variances of √n r."""

    model: Model
    sample: Floats
    weights: Floats
    n: float

    def evaluate(self, values: Floats) -> tuple[float, Floats, Floats]:
        """Objective, slope and Gauss and Newton's curvature."""
        (matrices,) = self.model.matrices(values)
        off = self.sample - _lower(matrices.covariance)
        along = self.along(values, self.model.elements)
        return discrepancy(off, along, self.n * self.weights)

    def observed(self, values: Floats) -> Floats:
        """Negative second derivatives: Gauss and Newton's curvature, and that of the implied correlations."""
        (matrices,) = self.model.matrices(values)
        off = self.weights * (self.sample - _lower(matrices.covariance))
        omega = np.zeros_like(matrices.residuals)
        omega[np.tril_indices(len(omega), -1)] = -self.n * off
        bent = second_derivatives(matrices, self.model.elements, omega + omega.T, np.zeros(len(omega)))
        return self.evaluate(values)[2] + bent

    def along(self, values: Floats, elements: Elements) -> Floats:
        """Slopes of the implied correlations along elements (pairs × elements)."""
        (matrices,) = self.model.matrices(values)
        found = directions(matrices, elements)
        first, second = np.tril_indices(len(matrices.residuals), -1)
        return np.asarray(found.u[first] * found.v[second] + found.u[second] * found.v[first])


@dataclass(frozen=True, eq=False)
class CorrelationSample:
    """Correlations that a model is held against.

    `gamma` is the covariance of √n times them, lower triangle row by row, n what least squares count with.
    """

    matrix: Floats
    gamma: Floats
    n: float

    def of(self, chosen: Sequence[int]) -> "CorrelationSample":
        """Sample of some of the items, in any order."""
        place = np.zeros(self.matrix.shape, dtype=np.intp)
        first, second = np.tril_indices(len(place), -1)
        place[first, second] = place[second, first] = np.arange(len(first))
        own = np.asarray(chosen)
        below = np.tril_indices(len(own), -1)
        pairs = place[own[below[0]], own[below[1]]]
        return CorrelationSample(self.matrix[np.ix_(own, own)], self.gamma[np.ix_(pairs, pairs)], self.n)


@dataclass(frozen=True, eq=False)
class OrdinalSample:
    """Polychoric correlations of answers.

    Attributes
    ----------
    found : Polychoric
        Correlations and thresholds.
    gamma : array of shape (pairs, pairs)
        Covariance of √n times the correlations, lower triangle row by row.
    n : float
        Respondents less one, which least squares count with.
    threshold_table : DataFrame
        Normal quantiles between an item's answers, items × t1, t2, …
    doubts : tuple of str
        Pairs whose table hardly limits their correlation.
    """

    found: Polychoric
    gamma: Floats
    n: float
    threshold_table: pd.DataFrame
    doubts: tuple[str, ...]

    @property
    def correlations(self) -> CorrelationSample:
        """What a model is held against."""
        return CorrelationSample(self.found.matrix, self.gamma, self.n)


def polychoric_sample(table: ItemTable) -> OrdinalSample:
    """Polychoric correlations of a table's answers, pair by pair; InputError where an item has too many categories."""
    weights = table.weights * len(table.weights) / table.weights.sum()
    found = polychoric(table.names, table.values, weights)
    cuts = pd.DataFrame(found.thresholds, index=list(table.names))
    cuts.columns = pd.Index([f"t{i + 1}" for i in range(cuts.shape[1])])
    pairs = [f"{table.names[i]} – {table.names[j]}" for i, j in found.doubtful]
    doubt = message("Polychoric correlations that sparse tables hardly limit: {pairs}.", pairs=pairs)
    doubts = (doubt,) if pairs else ()
    return OrdinalSample(found, polychoric_covariance(found, weights), len(weights) - 1.0, cuts, doubts)


def ordinal_solution(structure: Structure, sample: CorrelationSample, *, marker: bool) -> Solution:
    """CFA of polychoric correlations by WLSMV."""
    matrix, n = sample.matrix, sample.n
    simple = confirmatory_model(structure.scales, marker=marker, residuals=False, beyond=structure.beyond)
    model, tie, start = begun(structure, simple, starting_values(simple, [(np.zeros(len(matrix)), matrix)]))
    objective = LeastSquares(model, _lower(matrix), 1 / np.diag(sample.gamma), n)
    estimate = maximise(Tied(objective, tie) if tie else objective, start)
    own = estimate.values if marker else turned(model, tie, estimate.values, structure.anchor_positions)
    values, moved = (tie.free(own), tie.slopes(own)) if tie else (own, np.eye(len(own)))
    test, errors, fit, scaling = _robust(objective, values, moved, sample.gamma, n)
    return Solution(
        model=model,
        values=values,
        errors=moved @ errors @ moved.T if tie else errors,
        converged=estimate.converged and are_estimates(model.matrices(values), [matrix], test),
        fit=fit,
        covariance=matrix,
        score=lambda elements: _score(objective, values, moved, elements),
        sampling=sample.gamma / n,
        scaling=scaling,
        second_order=second_order(tie, own, errors) if tie else None,
    )


def _robust(
    objective: LeastSquares, values: Floats, moved: Floats, gamma: Floats, n: float
) -> tuple[ChiSquares, Floats, dict[str, float], float]:
    """Chi², sandwich errors, chi² scaled and shifted to its mean and variance under the model, that mean by df.

    With U = W − WΔ(ΔᵀWΔ)⁻¹ΔᵀW the statistic T becomes aT + df − a tr(UΓ), a = √(df / tr(UΓUΓ)).
    """
    weights, pairs = objective.weights, len(objective.weights)
    along = objective.along(values, objective.model.elements) @ moved
    df = pairs - moved.shape[1]
    own = UnderModel.of(along, weights, gamma)
    known = is_identified(own.curvature)
    inverse: Floats = np.asarray(np.linalg.inv(own.curvature)) if known else np.full_like(own.curvature, np.nan)
    first, second = own.moments(inverse)
    test = ChiSquares(-2 * objective.evaluate(values)[0], df, n * float(weights @ objective.sample**2), pairs)
    scaled = ChiSquares(
        shifted(test.chi2, df, first, second), df, shifted(test.baseline_chi2, pairs, own.trace, own.square), pairs
    )
    (matrices,) = objective.model.matrices(values)
    fit = scaled_fit(test, scaled, [objective.sample - _lower(matrices.covariance)], [1.0], n=n)
    fit |= {"parameters": moved.shape[1]}
    if df:
        left = np.eye(pairs) - along @ inverse @ (along * weights[:, None]).T
        fit |= _as_continuous(objective, values, df, left, gamma)
    return test, inverse @ own.meat @ inverse / n, fit, first / df if df else 1.0


def _as_continuous(
    objective: LeastSquares, values: Floats, df: int, residual: Floats, gamma: Floats
) -> dict[str, float]:
    """CFI, TLI and RMSEA as normal answers would have given them, after Savalei (2021); NaN where R is not definite.

    Chi² is that of the normal likelihood on the polychoric correlations at the estimates; with V the information of
    the correlations and Q = I − Δ(ΔᵀWΔ)⁻¹ΔᵀW its factor is tr(QᵀVQΓ) / df, and tr(Γ) / df of uncorrelated items.
    """
    (matrices,) = objective.model.matrices(values)
    p, pairs = len(matrices.residuals), len(objective.sample)
    r, first, second = np.eye(p), *np.tril_indices(p, -1)
    r[first, second] = r[second, first] = objective.sample
    implied = matrices.covariance + np.diag(1 - np.diag(matrices.covariance))
    if min(np.linalg.eigvalsh(r)[0], np.linalg.eigvalsh(implied)[0]) < _DEFINITE:
        return dict.fromkeys(ROBUST, np.nan)
    n = objective.n + 1
    whole, inverse = np.linalg.slogdet(r)[1], np.asarray(np.linalg.inv(implied))
    chi2 = n * (np.linalg.slogdet(implied)[1] + float((inverse * r).sum()) - whole - p)
    unit = np.eye(p)
    along = Directions(unit[:, first], unit[:, second], np.zeros((p, pairs)))
    through: Floats = np.asarray(residual.T @ information(along, along, inverse) @ residual)
    test = ChiSquares(chi2, df, -n * whole, pairs)
    return corrected_indices(
        test, float((through * gamma).sum()) / df, float(np.trace(gamma)) / pairs, n=objective.n, groups=1
    )


def _score(objective: LeastSquares, values: Floats, moved: Floats, elements: Elements) -> Score:
    """Slopes of the objective along fixed elements and their variances given the free ones."""
    (matrices,) = objective.model.matrices(values)
    off = objective.sample - _lower(matrices.covariance)
    fixed, free = objective.along(values, elements), objective.along(values, objective.model.elements) @ moved
    weighted = fixed * objective.weights[:, None] * objective.n
    between = free.T @ weighted
    explained = (between * scaled_least_squares(moved.T @ objective.evaluate(values)[2] @ moved, between)).sum(axis=0)
    return Score(weighted.T @ off, (weighted * fixed).sum(axis=0) - explained)


def _lower(matrix: Floats) -> Floats:
    """Lower triangle without the diagonal, row by row."""
    return np.asarray(matrix[np.tril_indices(len(matrix), -1)])
