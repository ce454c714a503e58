"""Kish's effective sample size: how many respondents of equal weight are worth as much."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def effective_n(weights: Floats) -> float:
    """Effective sample size of weighted respondents.

    Parameters
    ----------
    weights : array of shape (respondents,)
        Zero or more, not all zero.

    Returns
    -------
    float
        (Σw)² / Σw²: n where all weights are equal.

    References
    ----------
    Kish, L. (1965). Survey sampling. Wiley, section 11.7.

    Examples
    --------
    >>> effective_n(np.array([2.0, 2.0, 2.0])), effective_n(np.array([4.0, 1.0, 1.0]))
    (3.0, 2.0)
    """
    return float(effective_size(weights.sum(), (weights**2).sum()))


def effective_size(total: Floats, squares: Floats) -> Floats:
    """Effective sample sizes from Σw and Σw²; NaN where there is no weight.

    Examples
    --------
    >>> effective_size(np.array([6.0, 0.0]), np.array([18.0, 0.0])).tolist()
    [2.0, nan]
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(total**2 / squares)
