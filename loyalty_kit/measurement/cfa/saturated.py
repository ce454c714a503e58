"""The saturated model, every mean and covariance free: its maximum by EM, and its curvature there."""

import numpy as np

from loyalty_kit.measurement.cfa.likelihood import Sample, moment_slopes, precisions
from loyalty_kit.statistics.moments import Floats

_STEPS = 5000
_SETTLED = 1e-8


def item_moments(sample: Sample) -> tuple[Floats, Floats]:
    """Mean and variance of each item over those who answer it: what maximises the likelihood of uncorrelated items."""
    answered = sample.counts @ sample.present
    mean = sample.counts @ sample.means / answered
    off = (sample.means - mean) * sample.present
    return mean, sample.counts @ (np.diagonal(sample.covariances, axis1=1, axis2=2) + off**2) / answered


def saturated(sample: Sample) -> tuple[Floats, Floats, bool]:
    """Mean and covariance that maximise the likelihood with no model, by EM over the patterns, and whether it settled.

    With Ω = Σ n (Σ⁻¹ − Σ⁻¹AΣ⁻¹) and y = Σ n Σ⁻¹(x̄ − μ), both embedded, a step is δ = Σy / n, μ + δ and
    Σ − ΣΩΣ / n − δδᵀ: for complete rows it lands at once.
    """
    n = sample.n
    mean, variance = item_moments(sample)
    covariance = np.diag(variance)
    for _ in range(_STEPS):
        omega, y = moment_slopes(sample, mean, covariance)
        delta = covariance @ y / n
        updated = covariance - covariance @ omega @ covariance / n - np.outer(delta, delta)
        moved = np.abs(updated - covariance) / np.sqrt(np.outer(variance, variance))
        mean, covariance = mean + delta, updated
        if moved.max() < _SETTLED and np.abs(delta / np.sqrt(variance)).max() < _SETTLED:
            return mean, covariance, True
    return mean, covariance, False


def saturated_information(sample: Sample, mean: Floats, covariance: Floats) -> Floats:
    """Observed information of the covariances (lower triangle, row by row, with the diagonal), then of the means.

    The same as of a model that frees them all, with sums over the patterns taken first: of products
    of elements of Σ⁻¹, of N = Σ⁻¹AΣ⁻¹ and of y = Σ⁻¹(x̄ − μ).
    """
    p = len(mean)
    m, _ = precisions(sample, covariance)
    d = (sample.means - mean) * sample.present
    n = m @ (sample.covariances + d[:, :, None] * d[:, None, :]) @ m
    flat, counted = m.reshape(len(m), -1), (m * sample.counts[:, None, None]).reshape(len(m), -1)
    mm, mn = counted.T @ flat, counted.T @ n.reshape(len(m), -1)
    my = (counted.T @ np.einsum("gij,gj->gi", m, d)).reshape(p, p, p)
    r, c = np.tril_indices(p)
    half = np.where(r == c, 0.5, 1.0)
    rr, rc, cr, cc = (first[:, None] * p + second for first, second in ((r, r), (r, c), (c, r), (c, c)))
    own = mn[rr, cc] + mn[cc, rr] + mn[rc, cr] + mn[cr, rc] - mm[rc, cr] - mm[rr, cc]
    own *= np.outer(half, half)
    between = (my[:, r, c] + my[:, c, r]) * half
    return np.block([[own, between.T], [between, counted.sum(axis=0).reshape(p, p)]])
