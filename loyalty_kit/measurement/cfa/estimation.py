"""Search for a CFA model's maximum likelihood: starting values, Fisher scoring, orientation of factors."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize

from loyalty_kit.measurement.cfa.convergence import Ending, Objective
from loyalty_kit.measurement.cfa.likelihood import Sample, evaluate, observed_information, scaled_least_squares
from loyalty_kit.measurement.cfa.model import FACTOR, INTERCEPT, LOADING, MEAN, PATH, RESIDUAL, Matrices, Model
from loyalty_kit.statistics.moments import Floats

_STEPS = 200
_NEAR, _SETTLED = 1.0, 1e-10
_STUCK, _ROUNDING = 1e6, 1e-14
_ESCAPES = 10


@dataclass(frozen=True, eq=False)
class Maximum:
    """Parameter values where the search ended, and whether nothing leads up from there."""

    values: Floats
    loglik: float
    converged: bool


@dataclass(frozen=True, eq=False)
class Likelihood:
    """Normal log-likelihood of a model in the groups' samples."""

    model: Model
    samples: Sequence[Sample]

    def evaluate(self, values: Floats) -> tuple[float, Floats, Floats]:
        """Log-likelihood, slope and expected information."""
        return evaluate(self.model, self.samples, values)

    def observed(self, values: Floats) -> Floats:
        """Observed information."""
        return observed_information(self.model, self.samples, values)


def maximise(objective: Objective, start: Floats) -> Maximum:
    """Maximum of an objective: a search from the start, and from beside every saddle point that it ends on.

    Where a search ends is a matter of rounding if it runs along a ridge: some processors stop on a saddle
    point, others beside it. What counts is therefore not the slope alone, but what leads up from there.
    """
    values, value, ending = _search(objective, start)
    for _ in range(_ESCAPES):
        higher = ending.ascent() if ending else None
        if higher is None:
            return Maximum(values, value, ending is not None)
        values, value, ending = _search(objective, higher)
    return Maximum(values, value, False)


def _search(objective: Objective, start: Floats) -> tuple[Floats, float, Ending | None]:
    """Search by Fisher scoring, by L-BFGS where scoring does not settle; no ending where neither does."""
    values, value, ending = _scoring(objective, start)
    if ending:
        return values, value, ending

    def descent(x: Floats) -> tuple[float, Floats]:
        try:
            height, slope, _ = objective.evaluate(x)
        except np.linalg.LinAlgError:
            return np.inf, np.zeros(len(x))
        return -height / scale, -slope / scale

    scale = max(abs(value), 1.0)
    found: Any = minimize(
        descent,
        values,
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": 500, "maxfun": 1000, "maxcor": 30, "ftol": 1e-15, "gtol": 1e-12},
    )
    return _scoring(objective, found.x)


def _scoring(objective: Objective, start: Floats) -> tuple[Floats, float, Ending | None]:
    """Fisher scoring with step halving, damped where a full step does not help, and Newton's steps near the end.

    It ends where a step promises less than 1e-10 of log-likelihood: errors then stand at 1e-5 of
    a standard error. A damped step may promise so little anywhere: the ending tells whether more is to be had.
    """
    values, damping = start, 0.0
    value, gradient, expected = objective.evaluate(values)
    for _ in range(_STEPS):
        scale = np.sqrt(np.maximum(np.diag(expected), np.finfo(float).tiny))
        step = _solved(expected / np.outer(scale, scale) + damping * np.eye(len(scale)), gradient / scale) / scale
        observed = objective.observed(values) if not damping and gradient @ step < _NEAR else None
        if observed is not None:
            newton = _solved(observed, gradient)
            step = newton if 0 < gradient @ newton < _NEAR else step
        promise = float(gradient @ step)
        moved = None if promise < _SETTLED else _improved(objective, values, value, step, promise)
        if promise < _SETTLED or (moved is None and damping > _STUCK):
            ending = Ending.at(objective, values, (value, gradient, expected), observed)
            return values, value, ending if ending.settled else None
        damping = max(10 * damping, 1e-3) if moved is None else damping / 10 if damping > 1e-6 else 0.0
        values, value, gradient, expected = moved or (values, value, gradient, expected)
    return values, value, None


def _solved(curvature: Floats, gradient: Floats) -> Floats:
    """Step to where the slope would vanish; the shortest one where the model is not identified."""
    try:
        return np.asarray(np.linalg.solve(curvature, gradient))
    except np.linalg.LinAlgError:
        return np.asarray(np.linalg.lstsq(curvature, gradient)[0])


def _improved(
    objective: Objective, values: Floats, value: float, step: Floats, promise: float
) -> tuple[Floats, float, Floats, Floats] | None:
    """First of the halved steps that gains what its length promises, but for rounding, with what holds there."""
    least = value - _ROUNDING * abs(value)
    for share in 0.5 ** np.arange(8):
        try:
            candidate = values + share * step
            value, gradient, expected = objective.evaluate(candidate)
        except np.linalg.LinAlgError:
            continue
        if value >= least + 1e-4 * share * promise:
            return candidate, value, gradient, expected
    return None


def starting_values(model: Model, moments: Sequence[tuple[Floats, Floats]]) -> Floats:
    """Take starting values from each group's mean and covariance; what groups share starts from the first of them."""
    values = np.zeros(model.size)
    for elements, (mean, covariance) in reversed(list(zip(model.by_group, moments, strict=True))):
        start = _start(model, mean, covariance)
        parts = (start.loadings, start.factors, start.residuals, start.intercepts, start.means, start.paths)
        for kind, part in enumerate(parts):
            if part is None:
                continue
            own = elements.where(elements.kind == kind)
            values[own.parameter] = part[own.row] if part.ndim == 1 else part[own.row, own.column]
    return values


def _start(model: Model, mean: Floats, covariance: Floats) -> Matrices:
    """Take loadings from each scale's principal component, factor correlations from weighted sums, disattenuated."""
    sd = np.sqrt(np.diag(covariance))
    r = covariance / np.outer(sd, sd)
    loadings = np.zeros_like(model.fixed.loadings)
    for f, members in enumerate(model.membership.T):
        own = np.flatnonzero(members)
        roots, vectors = np.linalg.eigh(r[np.ix_(own, own)])
        common = np.sqrt(max(roots[-1] - (roots[:-1].mean() if len(own) > 1 else 0.0), 0.1)) * vectors[:, -1]
        loadings[own, f] = np.clip(common * np.where(common[0] < 0, -1.0, 1.0), -0.95, 0.95)
    unique = 1 - (loadings**2).sum(axis=1)
    weights = loadings / unique[:, None]
    factors = weights.T @ r @ weights / np.outer(*[(weights * loadings).sum(axis=0)] * 2)
    factors = np.clip(factors, -0.9, 0.9)
    np.fill_diagonal(factors, 1.0)
    loadings *= sd[:, None]
    unit = np.where(
        np.diag(model.fixed.factors) > 0, 1.0, loadings[model.membership.argmax(axis=0), range(len(factors))]
    )
    factors, paths = _regressed(model, factors * np.outer(unit, unit))
    return Matrices(loadings / unit, factors, np.diag(unique * sd**2), mean, np.zeros(len(factors)), paths)


def _regressed(model: Model, factors: Floats) -> tuple[Floats, Floats | None]:
    """Split the factors' covariance into paths and what these leave, where factors act on one another."""
    if model.fixed.paths is None:
        return factors, None
    own = model.elements.where(model.elements.kind == PATH)
    paths, rest = np.zeros_like(factors), factors.copy()
    for target in np.unique(own.row):
        sources = np.unique(own.column[own.row == target])
        paths[target, sources] = scaled_least_squares(
            factors[np.ix_(sources, sources)], factors[sources, target, None]
        )[:, 0]
        explained = paths[target, sources] @ factors[sources, target]
        rest[target, :] = rest[:, target] = 0.0
        rest[target, target] = max(factors[target, target] - explained, 0.1 * factors[target, target])
    return rest, paths


def bifactor_start(model: Model, simple: Model, values: Floats) -> Floats:
    """Start of a bifactor model where each scale's loadings are split by what the scales share (Schmid and Leiman)."""
    (matrices,) = simple.matrices(values)
    k = len(simple.scales)
    shared = np.clip((matrices.factors.sum(axis=0) - 1) / max(k - 1, 1), 0.1, 0.9)
    loadings = np.hstack(
        [matrices.loadings * np.sqrt(1 - shared), (matrices.loadings * np.sqrt(shared)).sum(axis=1)[:, None]]
    )
    out = np.zeros(model.size)
    for kind, part in ((LOADING, loadings), (RESIDUAL, matrices.residuals)):
        own = model.elements.where(model.elements.kind == kind)
        out[own.parameter] = part[own.row, own.column]
    own = model.elements.where(model.elements.kind == INTERCEPT)
    out[own.parameter] = matrices.intercepts[own.row]
    return out


def reflected(model: Model, values: Floats, anchors: Sequence[int]) -> Floats:
    """Turn each factor so that its anchor item loads positively, in the first group where groups share parameters."""
    signs = np.stack([np.sign(m.loadings[anchors, range(len(anchors))]) for m in model.matrices(values)])
    signs[signs == 0] = 1.0
    if model.size < len(model.elements):
        signs[:] = signs[0]
    out = values.copy()
    for kind in (LOADING, FACTOR, MEAN):
        own = model.elements.where(model.elements.kind == kind)
        sign = signs[own.group, own.row if kind == MEAN else own.column]
        out[own.parameter] = values[own.parameter] * sign * (signs[own.group, own.row] if kind == FACTOR else 1.0)
    return out
