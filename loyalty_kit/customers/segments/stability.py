"""Whether segments come back in other samples, and how clearly they are apart."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from loyalty_kit.customers.segments.fits import refit

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.intp]

SILHOUETTE_ROWS = 1_000
BLOCK = 125


class Recovery(NamedTuple):
    """Jaccard similarity of each segment by sample, samples × segments; share of samples a customer is in it again."""

    jaccard: Floats
    again: Floats


def recovery(values: Floats, labels: Whole, k: int, method: str, samples: int, rng: np.random.Generator) -> Recovery:
    """How far segments come back in bootstrap samples.

    References
    ----------
    Hennig, C. (2007). Cluster-wise assessment of cluster stability. Computational Statistics & Data Analysis 52(1),
    258–271.
    """
    jaccard, again = np.empty((samples, k)), np.zeros(len(labels))
    for sample in range(samples):
        other = refit(values, k, method, rng).labels(values)
        crossed = np.bincount(labels * k + other, minlength=k * k).reshape(k, k).astype(float)
        matched = linear_sum_assignment(-crossed)[1]
        shared = crossed[np.arange(k), matched]
        jaccard[sample] = shared / (crossed.sum(axis=1) + crossed.sum(axis=0)[matched] - shared)
        again += matched[labels] == other
    return Recovery(jaccard, again / samples)


def silhouette(values: Floats, labels: Whole, rng: np.random.Generator) -> float:
    """Mean silhouette width, of a sample where there are many rows; NaN where there is one segment."""
    if len(np.unique(labels)) < 2:
        return float("nan")
    drawn = rng.permutation(len(values))[:SILHOUETTE_ROWS]
    if len(np.unique(labels[drawn])) < 2:
        return float("nan")
    return _silhouette(values[drawn], labels[drawn])


def _silhouette(values: Floats, labels: Whole) -> float:
    """Mean over rows of (b − a) / max(a, b): a the mean distance within its segment, b to the nearest other one."""
    squares, rows = (values**2).sum(axis=1), np.arange(len(values))
    numbers, own = np.unique(labels, return_inverse=True)
    sizes, marks = np.bincount(own), np.eye(len(numbers))[own]
    sums = np.empty((len(values), len(numbers)))
    # Blocks stay in the processor's cache.
    for block in np.array_split(rows, max(len(rows) // BLOCK, 1)):
        distances = (-2 * values[block]) @ values.T
        distances += squares
        distances += squares[block, None]
        distances[np.arange(len(block)), block] = 0.0
        np.sqrt(np.maximum(distances, 0.0, out=distances), out=distances)
        sums[block] = distances @ marks
    within = sums[rows, own] / np.maximum(sizes[own] - 1, 1)
    others = sums / sizes
    others[rows, own] = np.inf
    nearest = others.min(axis=1)
    widths = (nearest - within) / np.maximum(np.maximum(nearest, within), np.finfo(float).tiny)
    return float(np.where(sizes[own] > 1, widths, 0.0).mean())
