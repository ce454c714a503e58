"""Maximum likelihood of the models of value: exact gradients, errors, and whether a fit sits at the edge."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

Floats = npt.NDArray[np.float64]
Likelihood = Callable[..., tuple[Floats, Floats]]

BOUND = 14.0
EDGE = 9.0
"""Log parameters beyond which a fit counts as run away: 8,000 weeks, or a shape of one in 8,000."""
UNSURE = 3.0
"""Standard error of a log parameter from which on nothing is known about it."""
MANY = 3_000
"""Histories beyond which a part of them gives the start."""
STEP = 1e-4
STEPS, CLOSE = 8, 1e-5
"""Most steps from near the maximum, and the change of the log parameters from which on one more step is exact."""


class Fit(NamedTuple):
    """Log parameters at the maximum, their covariance, the log likelihood, and the parameter at its edge, if any."""

    theta: Floats
    covariance: Floats
    ll: float
    edge: str

    @property
    def parameters(self) -> Floats:
        """Parameters."""
        found: Floats = np.exp(self.theta)
        return found

    @property
    def std_errors(self) -> Floats:
        """Standard errors of the parameters, from those of their logarithms."""
        found: Floats = np.sqrt(np.diag(self.covariance)) * self.parameters
        return found


def fit(
    likelihood: Likelihood, names: Sequence[str], data: tuple[Floats, ...], count: Floats, start: Sequence[float]
) -> Fit:
    """Maximum likelihood of a model on histories, each with its count.

    Parameters
    ----------
    likelihood : callable
        Log parameters and data to log likelihoods and their gradient, (parameters × histories).
    names : list of str
        Names of the parameters.
    data, count : arrays of shape (histories,)
        What the likelihood takes, and how many customers share it.
    start : list of float
        Parameters to begin with.
    """
    theta: Floats = np.log(np.asarray(start, dtype=float))
    whole: Floats | None = None
    if len(count) > 2 * MANY:
        some = slice(None, None, len(count) // MANY)
        part = tuple(one[some] for one in data)
        theta = _maximum(likelihood, part, count[some], theta, 1e-6)
        scale = count.sum() / count[some].sum()
        whole = _climbed(likelihood, data, count, theta, scale * _hessian(likelihood, part, count[some], theta))
    theta = _maximum(likelihood, data, count, theta, 1e-9) if whole is None else whole
    hessian = _hessian(likelihood, data, count, theta)
    covariance: Floats = np.asarray(np.linalg.pinv(hessian), dtype=np.float64)
    if np.linalg.eigvalsh(hessian).min() > 0:
        move = covariance @ _slope(likelihood, data, count, theta)[1]
        # The last digits of directions in which the likelihood is nearly flat.
        theta = np.asarray(theta - move) if np.abs(move).max() < 0.05 else theta
    ll = -_slope(likelihood, data, count, theta)[0]
    edge = _edge(theta, hessian, covariance)
    return Fit(theta, covariance, float(ll), "" if edge is None else names[edge])


def _slope(likelihood: Likelihood, data: tuple[Floats, ...], count: Floats, theta: Floats) -> tuple[float, Floats]:
    ll, gradient = likelihood(theta, *data)
    return -float(count @ ll), -(gradient @ count)


def _maximum(
    likelihood: Likelihood, data: tuple[Floats, ...], count: Floats, first: Floats, tolerance: float
) -> Floats:
    n = count.sum()

    def mean(theta: Floats) -> tuple[float, Floats]:
        value, slope = _slope(likelihood, data, count, theta)
        return value / n, slope / n

    limits = [(-BOUND, BOUND)] * len(first)
    options = {"maxiter": 500, "ftol": 1e-14, "gtol": tolerance}
    found: Floats = minimize(mean, first, jac=True, method="L-BFGS-B", bounds=limits, options=options).x
    return found


def _climbed(
    likelihood: Likelihood, data: tuple[Floats, ...], count: Floats, theta: Floats, hessian: Floats
) -> Floats | None:
    """Climb from near the maximum by the curvature of a part of the data; None where that leads nowhere.

    Notes
    -----
    After each step the curvature is mended by what the slope has changed by, as Broyden, Fletcher, Goldfarb and Shanno
    have it. Only a few looks at all of the data are needed.
    """
    if np.linalg.eigvalsh(hessian).min() <= 0:
        return None
    last, slope = _slope(likelihood, data, count, theta)
    for _ in range(STEPS):
        move = -np.linalg.solve(hessian, slope)
        value, after = _slope(likelihood, data, count, theta + move)
        if not np.isfinite(value) or value > last + 1e-9 * abs(last) or np.abs(theta + move).max() > EDGE:
            return None
        theta = theta + move
        if np.abs(move).max() < CLOSE:
            return theta
        turned = after - slope
        if turned @ move > 0:
            pushed = hessian @ move
            hessian = hessian + np.outer(turned, turned) / (turned @ move)
            hessian = hessian - np.outer(pushed, pushed) / (move @ pushed)
        last, slope = value, after
    return None


def _hessian(likelihood: Likelihood, data: tuple[Floats, ...], count: Floats, theta: Floats) -> Floats:
    """Curvature from differences of the exact gradient."""
    steps = STEP * np.eye(len(theta))
    rows = [
        (_slope(likelihood, data, count, theta + step)[1] - _slope(likelihood, data, count, theta - step)[1])
        / (2 * STEP)
        for step in steps
    ]
    square = np.array(rows)
    found: Floats = (square + square.T) / 2
    return found


def _edge(theta: Floats, hessian: Floats, covariance: Floats) -> int | None:
    """Place of the parameter that has run away or of which nothing is known."""
    far = np.abs(theta) > EDGE
    if far.any():
        return int(np.abs(theta).argmax())
    values, vectors = np.linalg.eigh(hessian)
    if values[0] <= 0:
        return int(np.abs(vectors[:, 0]).argmax())
    errors = np.sqrt(np.diag(covariance))
    return int(errors.argmax()) if errors.max() > UNSURE else None
