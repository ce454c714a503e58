"""Intervals of bootstrap samples: percentile, and bias-corrected and accelerated (BCa)."""

import numpy as np
from scipy.stats import norm

from loyalty_kit.paths.model.specification import Floats


def percentile(samples: Floats, confidence: float) -> Floats:
    """Lower and upper end of each column, in shape (2, figures)."""
    tail = (1 - confidence) / 2
    found: Floats = np.quantile(samples, [tail, 1 - tail], axis=0)
    return found


def bias_corrected(samples: Floats, estimate: Floats, left_out: Floats, confidence: float) -> Floats:
    """Lower and upper end (BCa) of each column, in shape (2, figures).

    Parameters
    ----------
    samples : array of shape (samples, figures)
        Bootstrap samples.
    estimate : array of shape (figures,)
        What the answers give.
    left_out : array of shape (parts, figures)
        The same without each of some equal parts of the respondents.
    confidence : float
        Level.

    References
    ----------
    Efron, B. & Tibshirani, R. (1993). An introduction to the bootstrap. Chapman & Hall, equations 14.9 to 14.15.
    """
    below = (samples < estimate).mean(axis=0) + (samples == estimate).mean(axis=0) / 2
    shift = norm.ppf(np.clip(below, 1 / (2 * len(samples)), 1 - 1 / (2 * len(samples))))
    apart = left_out.mean(axis=0) - left_out
    spread = (apart**2).sum(axis=0) ** 1.5
    skew = np.divide((apart**3).sum(axis=0), 6 * spread, out=np.zeros_like(spread), where=spread > 0)
    tail = norm.ppf((1 - confidence) / 2)
    ends = []
    for z in (tail, -tail):
        level = norm.cdf(shift + (shift + z) / (1 - skew * (shift + z)))
        ends.append([np.quantile(column, share) for column, share in zip(samples.T, level, strict=True)])
    return np.array(ends)
