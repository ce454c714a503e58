"""The ordered logit model by Newton's method, weighted, with the pieces that its robust errors need.

statsmodels' OrderedModel takes no weights and differentiates its Hessian numerically; this fit equals
its coefficients and those of R's ``MASS::polr``.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from loyalty_kit.statistics.moments import Floats

LATENT_VARIANCE = np.pi**2 / 3
"""Variance of the logistic disturbance of the latent outcome."""

_MOST_STEPS = 100
_HALVINGS = 30
_CONVERGED = 1e-11
_FLAT = 1e-6


@dataclass(frozen=True, eq=False)
class OrdinalFit:
    """Maximum of the weighted likelihood.

    Attributes
    ----------
    parameters : array of shape (levels − 1 + columns,)
        Cut points, then slopes.
    information : array of shape (parameters, parameters)
        Negative second derivative of the weighted log-likelihood.
    log_likelihood : float
        Weighted.
    jacobian : array of shape (n, 2, parameters)
        Derivatives of each row's upper and lower threshold less its linear predictor.
    gradient, curvature : arrays of shape (n, 2), (n, 2, 2)
        First and negative second derivatives of a row's log-likelihood by these two, unweighted.
    alone : array of shape (n,)
        Whether a row is the only one at its level.
    finite : bool
        False where the columns separate the levels: the likelihood then rises for ever.
    """

    parameters: Floats
    information: Floats
    log_likelihood: float
    jacobian: Floats
    gradient: Floats
    curvature: Floats
    alone: npt.NDArray[np.bool_]
    finite: bool


def fit_ordinal(
    x: Floats, places: npt.NDArray[np.intp], weights: Floats, levels: int, start: Floats | None = None
) -> OrdinalFit:
    """Fit P(y ≤ k) = logistic(cut_k − x slopes).

    Parameters
    ----------
    x : array of shape (n, columns)
        On any scale; near-standardized columns converge best.
    places : array of shape (n,)
        Level of each row, from 0; every level occurs.
    weights : array of shape (n,)
        Zero or more.
    levels : int
        Two make it the binary logit.
    start : array, optional
        Parameters of a fit nearby.

    Returns
    -------
    OrdinalFit

    Notes
    -----
    The log-likelihood is concave in cut points and slopes together, so Newton steps, halved until
    they gain, reach its one maximum.

    References
    ----------
    McCullagh, P. (1980). Regression models for ordinal data. Journal of the Royal Statistical
    Society B 42(2), 109–142. Pratt, J. W. (1981). Concavity of the log likelihood. Journal of the
    American Statistical Association 76, 103–106.
    """
    jacobian = _jacobian(x, places, levels)
    parameters = _cut_points(places, weights, levels, x.shape[1]) if start is None else start
    value, gradient, curvature = _derivatives(jacobian, parameters, places, levels)
    for _ in range(_MOST_STEPS):
        slope = np.einsum("nak,na,n->k", jacobian, gradient, weights)
        information = _information(jacobian, curvature, weights)
        step = np.linalg.lstsq(information, slope)[0]
        if float(slope @ step) < _CONVERGED * max(1.0, abs(float(weights @ value))):
            break
        for _ in range(_HALVINGS):
            moved = _derivatives(jacobian, parameters + step, places, levels)
            if weights @ moved[0] >= weights @ value:
                break
            step = step / 2
        parameters = parameters + step
        value, gradient, curvature = moved
    finite = bool(np.linalg.eigvalsh(information)[0] > _FLAT)
    alone = np.bincount(places, minlength=levels)[places] == 1
    return OrdinalFit(parameters, information, float(weights @ value), jacobian, gradient, curvature, alone, finite)


def level_probabilities(parameters: Floats, x: Floats, levels: int) -> Floats:
    """Probability of each level, rows × levels."""
    cuts, slopes = np.split(parameters, [levels - 1])
    below = expit(cuts - (x @ slopes)[:, None])
    return np.diff(below, axis=1, prepend=0.0, append=1.0)


def jackknife_steps(fit: OrdinalFit, weights: Floats) -> Floats:
    """How far leaving out each row would move the parameters, to first order, rows × parameters.

    Notes
    -----
    (I − Iᵢ)⁻¹ sᵢ with I the information, Iᵢ and sᵢ a row's part of it and of the gradient; in a
    linear model this is exact and its sum of squares is HC3. A row acts through two numbers only,
    so two-by-two systems solve it. Without a row that is alone at its level two cut points become one,
    which no small step tells: such a row moves the parameters by I⁻¹sᵢ.
    """
    inverse = np.linalg.inv(fit.information)
    moved = fit.jacobian @ inverse
    part = (
        np.where(fit.alone, 0.0, weights)[:, None, None]
        * fit.curvature
        @ np.einsum("nak,nbk->nab", moved, fit.jacobian)
    )
    pull = np.linalg.solve(np.eye(2) - part, (weights[:, None] * fit.gradient)[:, :, None])
    return np.asarray(np.einsum("nak,na->nk", moved, pull[:, :, 0]))


def _jacobian(x: Floats, places: npt.NDArray[np.intp], levels: int) -> Floats:
    """Zero where a row has no upper or no lower threshold."""
    n, cuts = len(x), levels - 1
    jacobian = np.zeros((n, 2, cuts + x.shape[1]))
    for side, (exists, cut) in enumerate([(places < cuts, places), (places > 0, places - 1)]):
        rows = np.flatnonzero(exists)
        jacobian[rows, side, cut[rows]] = 1.0
        jacobian[rows, side, cuts:] = -x[rows]
    return jacobian


def _cut_points(places: npt.NDArray[np.intp], weights: Floats, levels: int, columns: int) -> Floats:
    """Parameters of the model without slopes."""
    below = np.cumsum(np.bincount(places, weights, minlength=levels))[:-1] / weights.sum()
    return np.concatenate([np.log(below / (1 - below)), np.zeros(columns)])


def _derivatives(
    jacobian: Floats, parameters: Floats, places: npt.NDArray[np.intp], levels: int
) -> tuple[Floats, Floats, Floats]:
    """Log-likelihood of each row, its gradient and negative curvature by its two thresholds."""
    upper, lower = (jacobian @ parameters).T
    upper = np.where(places == levels - 1, np.inf, upper)
    lower = np.where(places == 0, -np.inf, lower)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        chance = expit(upper) * expit(-lower) * -np.expm1(lower - upper)
        value = np.where(upper > lower, np.log(chance), -np.inf)
        density = np.stack([expit(upper) * expit(-upper), expit(lower) * expit(-lower)], axis=1)
        gradient = density * np.array([1.0, -1.0]) / chance[:, None]
        bend = density * (1 - 2 * expit(np.stack([upper, lower], axis=1))) * np.array([1.0, -1.0]) / chance[:, None]
    curvature = gradient[:, :, None] * gradient[:, None, :] - bend[:, :, None] * np.eye(2)
    return value, gradient, curvature


def _information(jacobian: Floats, curvature: Floats, weights: Floats) -> Floats:
    bent = (weights[:, None, None] * curvature) @ jacobian
    return np.tensordot(jacobian, bent, axes=([0, 1], [0, 1]))
