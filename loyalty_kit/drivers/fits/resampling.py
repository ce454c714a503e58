"""Bootstrap samples of respondents, and the covariances that importance is worked out from."""

import numpy as np

from loyalty_kit.drivers.fits.design import Design
from loyalty_kit.drivers.fits.diagnostics import weighted_covariance
from loyalty_kit.drivers.fits.fits import Fit, latent_variance
from loyalty_kit.drivers.fits.ordinal import LATENT_VARIANCE
from loyalty_kit.statistics.moments import Floats


def covariances(design: Design, fitted: Fit, counts: Floats | None = None) -> Floats:
    """Covariances of the columns and, last, the outcome, in each sample.

    Parameters
    ----------
    design : Design
        The rows.
    fitted : Fit
        Their model; where it fits levels, the outcome is the latent one behind them.
    counts : array of shape (samples, n), optional
        How often each sample holds each row; the data themselves where not given.

    Returns
    -------
    array of shape (samples, columns + 1, columns + 1)
        Divided by the sum of the weights.

    Notes
    -----
    A latent outcome xβ + e has covariances Σβ with the columns, Σ being theirs, and variance
    βᵀΣβ + π²/3. A sample moves β by the sum of the steps that its rows stand for, the infinitesimal
    jackknife's approximation; covariances are the sample's own.

    References
    ----------
    Efron, B. & Tibshirani, R. (1993). An introduction to the bootstrap. Chapman & Hall, chapters 6 and 22.
    """
    if fitted.model == "ols":
        columns = np.column_stack([design.x, design.y])
        return linear_covariances(columns, design.weights, np.ones((1, len(columns))) if counts is None else counts)
    if counts is None:
        return _latent(design.x, design.weights, fitted.slopes)[None]
    moved = fitted.slopes + (counts - 1) @ fitted.steps[:, fitted.intercepts :]
    pairs = zip(counts, moved, strict=True)
    return np.stack([_latent(design.x, design.weights * count, slopes) for count, slopes in pairs])


def linear_covariances(columns: Floats, weights: Floats, counts: Floats) -> Floats:
    """Covariances in each sample by one matrix product: counts × [w, w z, w z zᵀ]."""
    n, m = columns.shape
    z = columns - weights @ columns / weights.sum()
    i, j = np.triu_indices(m)
    sums = counts @ (np.column_stack([np.ones(n), z, z[:, i] * z[:, j]]) * weights[:, None])
    total = np.maximum(sums[:, :1], np.finfo(float).tiny)
    means = sums[:, 1 : m + 1] / total
    products = np.empty((len(counts), m, m))
    products[:, i, j] = products[:, j, i] = sums[:, m + 1 :] / total
    return np.asarray(products - means[:, :, None] * means[:, None, :])


def _latent(x: Floats, weights: Floats, slopes: Floats) -> Floats:
    m = x.shape[1]
    table = np.empty((m + 1, m + 1))
    table[:m, :m] = weighted_covariance(x, weights)
    table[:m, m] = table[m, :m] = table[:m, :m] @ slopes
    table[m, m] = latent_variance(x, weights, slopes) + LATENT_VARIANCE
    return table
