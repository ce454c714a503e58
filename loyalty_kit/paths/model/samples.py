"""Correlations of samples as weighted products: how often each holds each respondent, times what each adds."""

import numpy as np

from loyalty_kit.paths.model.specification import Floats

_PARTS = 200
"""Most parts that are left out in turn for the acceleration of the BCa intervals."""


def products_of(answers: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Give what each respondent adds, weight, weighted answers and their products, and the columns of the products."""
    centred = (answers - answers.mean(axis=0)) / answers.std(axis=0)
    upper = np.triu_indices(answers.shape[1])
    products = np.hstack([np.ones((len(answers), 1)), centred, centred[:, upper[0]] * centred[:, upper[1]]])
    return products * weights[:, None], np.array(upper, dtype=float)


def moments_of(counts: Floats, products: Floats, upper: Floats) -> tuple[Floats, Floats]:
    """Give means and covariances of each sample, of answers that have mean 0 and variance 1 in all."""
    first, second = upper.astype(int)
    items = int(second.max()) + 1
    sums = counts @ products
    means = sums[:, 1 : items + 1] / sums[:, :1]
    found = np.empty((len(counts), items, items))
    found[:, first, second] = sums[:, items + 1 :] / sums[:, :1]
    found[:, second, first] = found[:, first, second]
    found -= means[:, :, None] * means[:, None, :]
    return means, found


def spreads_of(covariances: Floats) -> Floats:
    """Give the standard deviations of each sample."""
    spread: Floats = np.sqrt(np.maximum(np.diagonal(covariances, axis1=1, axis2=2), 0))
    return spread


def correlations_of(counts: Floats, products: Floats, upper: Floats) -> Floats:
    """Correlations of each sample, samples × items × items, of how often it holds each respondent."""
    return scaled(moments_of(counts, products, upper)[1])


def scaled(covariances: Floats) -> Floats:
    """Correlations of covariances; NaN where an item has no spread."""
    spread = spreads_of(covariances)
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Floats = covariances / (spread[:, :, None] * spread[:, None, :])
    found[(spread < 1e-7).any(axis=1)] = np.nan
    return found


def leaving_out(n: int) -> Floats:
    """Count so as to leave out each respondent in turn, or each of many equal parts of them."""
    parts = np.arange(n) % min(n, _PARTS)
    counts: Floats = (parts[None, :] != np.arange(parts.max() + 1)[:, None]).astype(float)
    return counts
