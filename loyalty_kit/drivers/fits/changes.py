"""Change of the expected outcome for a step on each driver, and its error."""

from dataclasses import replace

import numpy as np

from loyalty_kit.drivers.fits.design import Design
from loyalty_kit.drivers.fits.fits import Fit
from loyalty_kit.statistics.moments import Floats

_STEP = 1e-3


def changes(design: Design, fitted: Fit, step: float) -> tuple[Floats, Floats]:
    """Mean change of the expected outcome for a step on each driver, and its standard error."""
    p = len(design.drivers)
    if fitted.model == "ols":
        return step * fitted.slopes[:p], abs(step) * fitted.std_errors[fitted.intercepts :][:p]
    moves = _STEP * fitted.std_errors

    def at(move: Floats) -> Floats:
        return _mean_changes(design, replace(fitted, parameters=fitted.parameters + move), step)

    ahead, behind = (np.array([at(side * move) for move in np.diag(moves)]) for side in (1, -1))
    gradient = (ahead - behind) / (2 * moves[:, None])
    variance = np.einsum("ij,ik,kj->j", gradient, fitted.covariance, gradient)
    return _mean_changes(design, fitted, step), np.sqrt(variance)


def _mean_changes(design: Design, fitted: Fit, step: float) -> Floats:
    moved = [fitted.expected(design.x + step * unit) for unit in np.eye(design.x.shape[1])[: len(design.drivers)]]
    return np.asarray((np.array(moved) - fitted.expected(design.x)) @ design.weights / design.weights.sum())
