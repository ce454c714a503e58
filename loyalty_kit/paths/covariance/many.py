"""Structural models of many samples at a time: each settles near the estimates of the answers themselves."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from loyalty_kit.measurement.cfa.estimation import Likelihood, maximise
from loyalty_kit.measurement.cfa.likelihood import Sample, evaluate
from loyalty_kit.measurement.cfa.model import FACTOR, LOADING, PATH, RESIDUAL, Model
from loyalty_kit.paths.model.specification import Floats

_MOST_ROUNDS = 40
_SETTLED = 1e-8
"""What a step may still promise in log-likelihood: a ten-thousandth of a standard error."""
_ASTRAY = 1e5
"""What a step promises only where no maximum is near."""


class Parts(NamedTuple):
    """Matrices of each sample: Λ, B, Ψ, Θ, (I − B)⁻¹, Λ(I − B)⁻¹ and the covariance of the factors."""

    loadings: Floats
    paths: Floats
    factors: Floats
    residuals: Floats
    through: Floats
    reach: Floats
    spread: Floats


def parts_of(model: Model, values: Floats) -> Parts:
    """Fill the matrices with values of shape (samples, parameters)."""
    base, filled = model.fixed, []
    paths = np.zeros_like(base.factors) if base.paths is None else base.paths
    for kind, part in ((LOADING, base.loadings), (PATH, paths), (FACTOR, base.factors), (RESIDUAL, base.residuals)):
        own = model.elements.where(model.elements.kind == kind)
        whole = np.repeat(part[None], len(values), axis=0)
        whole[:, own.row, own.column] = values[:, own.parameter]
        if kind in (FACTOR, RESIDUAL):
            whole[:, own.column, own.row] = values[:, own.parameter]
        filled.append(whole)
    through = np.asarray(np.linalg.inv(np.eye(len(paths)) - filled[1]), dtype=float)
    spread = through @ filled[2] @ np.swapaxes(through, 1, 2)
    loadings, acts, factors, residuals = filled
    return Parts(loadings, acts, factors, residuals, through, loadings @ through, spread)


def settled_values(model: Model, covariances: Floats, n: float, start: Floats) -> Floats:
    """Estimates for each covariance, samples × parameters; NaN where the search does not converge.

    Notes
    -----
    The search is that of the answers themselves (`maximise`). As it takes thousands of times as long, samples first
    step together from the start, by the curvature there and by what each learns of its own on the way (BFGS); those
    that have not settled after 40 steps, or have where no covariance is, are searched one by one.
    """
    sample = _sample(covariances.mean(axis=0), n)
    turned = np.asarray(np.linalg.inv(evaluate(model, [sample], start)[2] / n), dtype=float)
    values, alive = np.repeat(start[None], len(covariances), axis=0), np.arange(len(covariances))
    inverse, slopes = np.repeat(turned[None], len(alive), axis=0), _slopes(model, values, covariances)
    for _ in range(_MOST_ROUNDS):
        step = _turned(inverse, slopes)
        promise = n * (slopes * step).sum(axis=1)
        moving = (promise >= _SETTLED) & (promise < _ASTRAY)
        alive, step, inverse, slopes = alive[moving], step[moving], inverse[moving], slopes[moving]
        if not len(alive):
            break
        values[alive] += step
        before, slopes = slopes, _slopes(model, values[alive], covariances[alive])
        inverse = _learned(inverse, step, before - slopes)
    for place in np.flatnonzero(~_settled(model, values, covariances, n, turned)):
        values[place] = _searched(model, covariances[place], n, start)
    return values


def _turned(inverse: Floats, slopes: Floats) -> Floats:
    return np.asarray((inverse @ slopes[:, :, None])[:, :, 0])


def _learned(inverse: Floats, step: Floats, change: Floats) -> Floats:
    """Inverse curvatures after steps that changed the slopes (Nocedal & Wright 2006, equation 6.17)."""
    along = (step * change).sum(axis=1)
    told = along > 0
    moved = _turned(inverse, change)
    with np.errstate(divide="ignore", invalid="ignore"):
        length = (1 + (change * moved).sum(axis=1) / along) / along
        both = (moved[:, :, None] * step[:, None, :] + step[:, :, None] * moved[:, None, :]) / along[:, None, None]
        added = length[:, None, None] * (step[:, :, None] * step[:, None, :]) - both
    return np.asarray(np.where(told[:, None, None], inverse + added, inverse))


def _slopes(model: Model, values: Floats, covariances: Floats) -> Floats:
    """Slope of one respondent's log-likelihood along each parameter, in each sample."""
    parts = parts_of(model, values)
    with np.errstate(all="ignore"):
        inverse = _inverted(parts.reach @ parts.factors @ np.swapaxes(parts.reach, 1, 2) + parts.residuals)
        omega = inverse - inverse @ covariances @ inverse
        product, turned = parts.loadings @ parts.spread, np.swapaxes(parts.reach, 1, 2)
        left = turned @ omega
    along = {LOADING: omega @ product, FACTOR: left @ parts.reach, RESIDUAL: omega, PATH: left @ product}
    found = np.zeros_like(values)
    for kind, slopes in along.items():
        own = model.elements.where(model.elements.kind == kind)
        half = np.where((own.row == own.column) & (kind != LOADING), 0.5, 1.0)
        found[:, own.parameter] = -slopes[:, own.row, own.column] * half
    return found


def _inverted(covariances: Floats) -> Floats:
    try:
        return np.asarray(np.linalg.inv(covariances))
    except np.linalg.LinAlgError:
        sound = np.abs(np.linalg.det(covariances)) > 0
        found = np.full_like(covariances, np.nan)
        found[sound] = np.linalg.inv(covariances[sound])
        return found


def _settled(model: Model, values: Floats, covariances: Floats, n: float, turned: Floats) -> npt.NDArray[np.bool_]:
    """Whether values imply a covariance, and a step by the curvature of the start promises next to nothing."""
    parts = parts_of(model, values)
    implied = parts.reach @ parts.factors @ np.swapaxes(parts.reach, 1, 2) + parts.residuals
    sound = np.flatnonzero(np.isfinite(implied).all(axis=(1, 2)))
    sound = sound[np.linalg.eigvalsh(implied[sound])[:, 0] > 0]
    slopes = _slopes(model, values[sound], covariances[sound])
    settled = np.zeros(len(values), dtype=bool)
    settled[sound] = n * (slopes @ turned * slopes).sum(axis=1) < 100 * _SETTLED
    return settled


def _searched(model: Model, covariance: Floats, n: float, start: Floats) -> Floats:
    try:
        found = maximise(Likelihood(model, [_sample(covariance, n)]), start)
    except np.linalg.LinAlgError:
        return np.full(model.size, np.nan)
    return found.values if found.converged else np.full(model.size, np.nan)


def _sample(covariance: Floats, n: float) -> Sample:
    p = len(covariance)
    return Sample(np.array([n]), np.ones((1, p), dtype=bool), np.zeros((1, p)), covariance[None])
