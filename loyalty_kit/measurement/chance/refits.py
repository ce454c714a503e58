"""Many refits of one model at once: simulated moments of all groups, searched from the same start."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from loyalty_kit.measurement.cfa.likelihood import element_indicators
from loyalty_kit.measurement.cfa.model import FACTOR, INTERCEPT, LOADING, MEAN, RESIDUAL, Elements, Matrices, Model
from loyalty_kit.statistics.moments import Floats

_STEPS = 25
_SETTLED = 2e-3
_SHORTEST = 1e-2


class Batch(Protocol):
    """Objective of many samples: chi² but for a constant, and how it falls, twice over, along each parameter."""

    def evaluate(self, values: Floats, rows: np.ndarray) -> tuple[Floats, Floats]:
        """Value and half the negative slope (rows × parameters) of some of the samples."""


def refit(batch: Batch, start: Floats, curvature: Floats, count: int) -> Floats:
    """Least value of each sample, by steps that all share the curvature at the start, halved where they lead up.

    Parameters
    ----------
    batch : Batch
        Objective.
    start : array of shape (parameters,)
        Estimates in the population that the samples are drawn from.
    curvature : array of shape (parameters, parameters)
        Half the second derivatives of the expected objective there.
    count : int
        Samples.

    Returns
    -------
    array of shape (count,)
    """
    inverse = np.linalg.pinv(curvature, hermitian=True)
    values, length = np.tile(start, (count, 1)), np.ones(count)
    least, slope = batch.evaluate(values, np.arange(count))
    rows = np.arange(count)
    for _ in range(_STEPS):
        step = slope[rows] @ inverse
        going = ((slope[rows] * step).sum(axis=1) > _SETTLED) & (length[rows] > _SHORTEST)
        rows, step = rows[going], step[going]
        if not len(rows):
            break
        tried = values[rows] + length[rows, None] * step
        value, falls = batch.evaluate(tried, rows)
        better = value < least[rows]
        taken = rows[better]
        values[taken], least[taken], slope[taken] = tried[better], value[better], falls[better]
        length[taken] = np.minimum(1.0, 2 * length[taken])
        length[rows[~better]] /= 4
    return least


def filled(model: Model, group: int, values: Floats) -> Matrices:
    """Matrices of one group for many rows of parameter values: each part has the rows as its first axis."""
    base, elements = model.fixed, model.by_group[group]
    parts = [base.loadings, base.factors, base.residuals, base.intercepts, base.means]
    parts = [np.repeat(part[None], len(values), axis=0) for part in parts]
    for kind, part in enumerate(parts):
        own = elements.where(elements.kind == kind)
        if part.ndim == 2:
            part[:, own.row] = values[:, own.parameter]
        else:
            part[:, own.row, own.column] = values[:, own.parameter]
        if kind in (FACTOR, RESIDUAL):
            part[:, own.column, own.row] = values[:, own.parameter]
    return Matrices(*parts)


def covariances(matrices: Matrices) -> Floats:
    """Implied covariances of many rows."""
    loadings = matrices.loadings
    return np.asarray(loadings @ matrices.factors @ loadings.transpose(0, 2, 1) + matrices.residuals)


def means(matrices: Matrices) -> Floats:
    """Implied means of many rows."""
    return np.asarray(matrices.intercepts + np.einsum("dpk,dk->dp", matrices.loadings, matrices.means))


@dataclass(frozen=True, eq=False)
class NormalBatch:
    """Σ n (log|Σ| + tr Σ⁻¹T) over the groups, T the cross-products about μ: −2 log-likelihood but for a constant.

    Attributes
    ----------
    model : Model
        What is fitted.
    sizes : sequence of float
        Respondents of each group.
    means, covariances : sequence of arrays, (samples × items) and (samples × items × items)
        Moments of each group.
    """

    model: Model
    sizes: Sequence[float]
    means: Sequence[Floats]
    covariances: Sequence[Floats]

    def evaluate(self, values: Floats, rows: np.ndarray) -> tuple[Floats, Floats]:
        """Value and half the negative slope of some of the samples."""
        total, slope = np.zeros(len(rows)), np.zeros((len(rows), self.model.size))
        for g, n in enumerate(self.sizes):
            matrices = filled(self.model, g, values)
            d = self.means[g][rows] - means(matrices)
            about = self.covariances[g][rows] + d[:, :, None] * d[:, None, :]
            sigma = covariances(matrices)
            sign, log_determinant = np.linalg.slogdet(sigma)
            whole = np.where((sign > 0)[:, None, None], sigma, np.eye(sigma.shape[1]))
            inverse = np.linalg.inv(whole)
            total += n * np.where(sign > 0, log_determinant + (inverse * about).sum(axis=(1, 2)), np.inf)
            omega = inverse @ about @ inverse - inverse
            y = np.einsum("dpq,dq->dp", inverse, d)
            elements = self.model.by_group[g]
            slope += n * (_slopes(elements, matrices, omega, y) @ element_indicators(elements, self.model.size))
        return total, slope


def _slopes(elements: Elements, matrices: Matrices, omega: Floats, y: Floats) -> Floats:
    """Slope of one respondent's log-likelihood along each element, rows × elements."""
    loaded = omega @ matrices.loadings
    parts = {
        LOADING: loaded @ matrices.factors + y[:, :, None] * matrices.means[:, None, :],
        FACTOR: matrices.loadings.transpose(0, 2, 1) @ loaded,
        RESIDUAL: omega,
        INTERCEPT: y[:, :, None],
        MEAN: np.einsum("dpk,dp->dk", matrices.loadings, y)[:, :, None],
    }
    out = np.zeros((len(y), len(elements)))
    for kind, part in parts.items():
        own = elements.kind == kind
        row, column = elements.row[own], elements.column[own]
        once = np.where((row == column) & (kind in (FACTOR, RESIDUAL)), 0.5, 1.0)
        out[:, own] = part[:, row, column] * once
    return out
