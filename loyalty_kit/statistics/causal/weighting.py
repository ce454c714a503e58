"""Effects by weights that make others comparable: on all customers, or on the members alone."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from loyalty_kit.core.errors import TooLittleError
from loyalty_kit.statistics.causal.effects import Floats
from loyalty_kit.statistics.causal.propensity import propensity_slopes, standardized

STEPS = 200
BALANCED = 1e-8
FARTHEST = 1e4
ROUNDING = 1e-12
"""Of the function that the balancing weights make least: near its least value no smaller step is seen."""


@dataclass(frozen=True, eq=False)
class Weighted:
    """Effect with its standard error, and what it rests on.

    Attributes
    ----------
    estimate, error : float
        In outcome units.
    weights : array of shape (customers,)
        Of each customer within its group; they sum to 1 there.
    probabilities : array of shape (customers,) or None
        Of treatment, where they were estimated.
    """

    estimate: float
    error: float
    weights: Floats
    probabilities: Floats | None = None


def effect_on_all(treated: Floats, outcome: Floats, covariates: Floats) -> Weighted:
    """Difference of means weighted by 1/e and 1/(1 − e), weights summing to 1; the error knows that e is estimated.

    References
    ----------
    Lunceford, J. K. & Davidian, M. (2004). Statistics in Medicine 23, 2937–2960.
    """
    design = standardized(covariates)
    e = special.expit(design @ propensity_slopes(treated, design))
    influence, means, weights = np.zeros(len(treated)), [], np.zeros(len(treated))
    for sign, side, probability in ((1, treated, e), (-1, 1 - treated, 1 - e)):
        weight = np.divide(side, probability, out=np.zeros(len(treated)), where=side > 0)
        mean = float(weight @ outcome / weight.sum())
        influence += sign * weight * (outcome - mean) / weight.mean()
        weights += weight / weight.sum()
        means.append(mean)
    score = (treated - e)[:, None] * design
    influence -= score @ np.linalg.lstsq(score, influence, rcond=None)[0]
    error = float(influence.std(ddof=design.shape[1]) / np.sqrt(len(treated)))
    return Weighted(means[0] - means[1], error, weights, e)


def effect_on_treated(treated: Floats, outcome: Floats, covariates: Floats) -> Weighted:
    """Mean of the treated less that of the others weighted by e/(1 − e); the error knows that e is estimated.

    Notes
    -----
    M-estimation: with ψ = (1 − t) w (y − m₀), score s and information H of the logistic model, the influence is
    t (y − m₁)/p − (ψ + sᵀ H⁻¹ E[x ψ])/E[w].

    References
    ----------
    Stefanski, L. A. & Boos, D. D. (2002). The calculus of M-estimation. The American Statistician 56, 29–38.
    """
    design, n = standardized(covariates), len(treated)
    e = special.expit(design @ propensity_slopes(treated, design))
    odds = np.where(treated > 0, 0.0, e / (1 - e))
    first, second = float(outcome[treated > 0].mean()), float(odds @ outcome / odds.sum())
    apart = odds * (outcome - second)
    information = (design * (e * (1 - e))[:, None]).T @ design / n
    slope = np.linalg.solve(information, design.T @ apart / n)
    through = (treated - e) * (design @ slope)
    influence = treated * (outcome - first) / treated.mean() - (apart + through) / odds.mean()
    weights = treated / treated.sum() + odds / odds.sum()
    return Weighted(first - second, float(np.sqrt((influence**2).mean() / n)), weights, e)


def effect_by_balancing(treated: Floats, outcome: Floats, covariates: Floats) -> Weighted:
    """Mean of the treated less that of the others, weighted so that their covariates have the treated's means exactly.

    Notes
    -----
    Among all such weights those of least divergence from equal ones are taken: w ∝ exp(xᵀλ). With a and β of the
    regression of the outcome on the covariates among the others under these weights and r its residuals, the influence
    is (y − a − xᵀβ − estimate)/n₁ of a treated and −w r of another customer.

    References
    ----------
    Hainmueller, J. (2012). Entropy balancing for causal effects. Political Analysis 20, 25–46. Zhao, Q. & Percival, D.
    (2017). Entropy balancing is doubly robust. Journal of Causal Inference 5(1).
    """
    own = treated > 0
    spread = covariates[own].std(axis=0)
    apart = (covariates - covariates[own].mean(axis=0)) / np.where(spread > 0, spread, covariates.std(axis=0))
    share = balancing_weights(apart[~own])
    estimate = float(outcome[own].mean() - share @ outcome[~own])
    design = np.column_stack([np.ones(len(apart)), apart])
    root = np.sqrt(share)[:, None]
    fitted = design @ np.linalg.lstsq(design[~own] * root, outcome[~own] * root[:, 0], rcond=None)[0]
    rest = outcome - fitted
    n = own.sum()
    variance = ((rest[own] - rest[own].mean()) ** 2).sum() / n**2 + ((share * rest[~own]) ** 2).sum()
    weights = treated / n
    weights[~own] = share
    return Weighted(estimate, float(np.sqrt(variance)), weights)


def balancing_weights(apart: Floats) -> Floats:
    """Weights that sum to 1 under which every column has mean 0, as near to equal as can be.

    Raises
    ------
    TooLittleError
        If no weights do so.

    Examples
    --------
    >>> balancing_weights(np.array([[-1.0], [2.0], [2.0]])).round(3).tolist()
    [0.667, 0.167, 0.167]
    """
    slopes = np.zeros(apart.shape[1])
    share, height = _share(apart, slopes)
    for _ in range(STEPS):
        mean = share @ apart
        if np.abs(mean).max() < BALANCED:
            return share
        hessian = (apart * share[:, None]).T @ apart - np.outer(mean, mean)
        step = -np.linalg.lstsq(hessian, mean, rcond=None)[0]
        length = 1.0
        while length > 1e-10:
            tried, lower = _share(apart, slopes + length * step)
            if lower <= height + 1e-4 * length * float(mean @ step) + ROUNDING:
                break
            length /= 2
        slopes, share, height = slopes + length * step, tried, lower
        if np.abs(slopes).max() > FARTHEST or not np.isfinite(slopes).all():
            break
    raise TooLittleError(
        "No weighting of the others has the members' means of the covariates: members lie beyond everybody else."
    )


def _share(apart: Floats, slopes: Floats) -> tuple[Floats, float]:
    """Weights of given slopes, and the convex function that the right slopes make least."""
    height = apart @ slopes
    most = height.max()
    raised = np.exp(height - most)
    return np.asarray(raised / raised.sum()), float(np.log(raised.sum()) + most)


def effect_by_regression(treated: Floats, outcome: Floats, covariates: Floats) -> Weighted:
    """Coefficient of treatment beside the covariates by least squares, with the HC3 error.

    References
    ----------
    MacKinnon, J. G. & White, H. (1985). Journal of Econometrics 29, 305–325.
    """
    design = np.column_stack([treated, standardized(covariates)])
    inverse = np.linalg.pinv(design.T @ design)
    slopes = inverse @ (design.T @ outcome)
    lever = np.einsum("ij,jk,ik->i", design, inverse, design)
    rest = (outcome - design @ slopes) / np.maximum(1 - lever, 1e-12)
    error = float(np.sqrt(((design @ inverse[0]) ** 2 * rest**2).sum()))
    equal = np.where(treated > 0, 1 / treated.sum(), 1 / (1 - treated).sum())
    return Weighted(float(slopes[0]), error, equal)
