"""Probabilities of treatment by logistic regression."""

import numpy as np
from scipy import special

from loyalty_kit.core.errors import TooLittleError
from loyalty_kit.statistics.causal.effects import Floats

STEPS = 50
FARTHEST = 30.0
CLOSE = 1e-10


def standardized(covariates: Floats) -> Floats:
    """Design of an intercept and standardized covariates."""
    apart = covariates - covariates.mean(axis=0)
    return np.column_stack([np.ones(len(covariates)), apart / covariates.std(axis=0)])


def propensity_slopes(treated: Floats, design: Floats) -> Floats:
    """Slopes of the logistic regression of treatment (Newton's method).

    Raises
    ------
    TooLittleError
        If the covariates tell treated and others apart without error.

    Examples
    --------
    >>> x = np.array([0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0])
    >>> t = np.array([1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0])
    >>> propensity_slopes(t, np.column_stack([np.ones(8), x])).round(3).tolist()
    [-1.099, 2.197]
    """
    slopes = np.zeros(design.shape[1])
    for _ in range(STEPS):
        e = special.expit(design @ slopes)
        information = (design * (e * (1 - e))[:, None]).T @ design
        step = np.linalg.lstsq(information, design.T @ (treated - e), rcond=None)[0]
        slopes = slopes + step
        if np.abs(slopes).max() > FARTHEST:
            break
        if np.abs(step).max() < CLOSE:
            return np.asarray(slopes)
    raise TooLittleError("The covariates tell treated and others apart without error; there is nobody to compare.")
