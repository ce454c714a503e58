"""Eigenvalues behind the number of factors: observed ones, and those they must exceed."""

import numpy as np

from loyalty_kit.measurement.correlations.items import ItemTable, correlations
from loyalty_kit.statistics.extraction import LOWEST_UNIQUENESS
from loyalty_kit.statistics.moments import Floats

_CYCLES = 50
_TOLERANCE = 1e-4
_FURTHEST = 50.0
_EXHAUSTED = 1e-12
_LIMIT = float(np.sqrt(1 - LOWEST_UNIQUENESS))


def independent(n: float, items: int, simulations: int, rng: np.random.Generator) -> Floats:
    """Draw correlation matrices of independent normal items.

    Parameters
    ----------
    n : float
        Respondents, more than items.
    items, simulations : int
        Size and number of the matrices.
    rng : Generator
        Source of chance.

    Returns
    -------
    array of shape (simulations, items, items)

    Notes
    -----
    By Bartlett's decomposition the cross-products of n independent normal rows about their means are
    LLᵀ with L lower triangular, χ² with n − 1, n − 2, … degrees of freedom squared on its diagonal and
    standard normals below: no rows need be drawn.

    References
    ----------
    Bartlett, M. S. (1933). On the theory of statistical regression. Proceedings of the Royal Society
    of Edinburgh 53, 260–283.
    """
    lower = np.zeros((simulations, items, items))
    row, column = np.tril_indices(items, -1)
    at = np.arange(items)
    lower[:, row, column] = rng.standard_normal((simulations, len(row)))
    lower[:, at, at] = np.sqrt(rng.chisquare(n - 1 - at, (simulations, items)))
    lower /= np.sqrt((lower**2).sum(axis=2, keepdims=True))
    return np.asarray(lower @ lower.transpose(0, 2, 1))


def permuted(table: ItemTable, simulations: int, rng: np.random.Generator) -> Floats:
    """Correlation matrices of complete respondents after shuffling each item's answers."""
    centred = table.values - table.values.mean(axis=0)
    return np.stack([correlations(rng.permuted(centred, axis=0), table.weights) for _ in range(simulations)])


def components(matrices: Floats) -> Floats:
    """Eigenvalues of correlation matrices, the largest first."""
    return np.asarray(np.linalg.eigvalsh(matrices)[:, ::-1], dtype=float)


def common_factors(matrices: Floats) -> Floats:
    """Eigenvalues with the communalities of one common factor on the diagonal, the largest first.

    The factor is minres', found for all matrices together by least squares of each loading given the
    others, extrapolated by SQUAREM until a step moves none by 1e-4.

    References
    ----------
    Varadhan, R., & Roland, C. (2008). Simple and globally convergent methods for accelerating the
    convergence of any EM algorithm. Scandinavian Journal of Statistics 35(2), 335–353, scheme S3.

    As ``psych::fa.parallel(fa = "fa")``, psych 2.2.9.
    """
    roots, vectors = np.linalg.eigh(matrices)
    loadings = vectors[:, :, -1] * np.sqrt(np.maximum(roots[:, -1:] - 1, 0.1))
    active, off = np.arange(len(matrices)), matrices - np.eye(matrices.shape[1])
    for _ in range(_CYCLES):
        start = loadings[active]
        once = _half_step(off, start)
        first = once - start
        bend = _half_step(off, once) - once - first
        stretch = (first**2).sum(axis=1) / np.maximum((bend**2).sum(axis=1), np.finfo(float).tiny)
        stretch = np.sqrt(np.clip(stretch, 1, _FURTHEST**2))[:, None]
        beyond = np.clip(start + 2 * stretch * first + stretch**2 * bend, -_LIMIT, _LIMIT)
        loadings[active] = _half_step(off, beyond)
        far = np.abs(first).max(axis=1) > _TOLERANCE
        if not far.any():
            break
        active, off = active[far], off[far] if not far.all() else off
    reduced = matrices.copy()
    at = np.arange(matrices.shape[1])
    reduced[:, at, at] = loadings**2
    return components(reduced)


def _half_step(off: Floats, loadings: Floats) -> Floats:
    """Move loadings half-way to least squares given the others, Σ rᵢⱼ λⱼ / Σ λⱼ² over j ≠ i, within their limits."""
    others = np.maximum((loadings**2).sum(axis=1, keepdims=True) - loadings**2, 1e-6)
    best = np.clip((off @ loadings[:, :, None])[:, :, 0] / others, -_LIMIT, _LIMIT)
    return np.asarray((loadings + best) / 2)


def average_partials(matrices: Floats) -> Floats:
    """Mean squared partial correlations after removing 0 to items − 2 components, (batch, items − 1)."""
    count, p, _ = matrices.shape
    roots, vectors = np.linalg.eigh(matrices)
    rest, means = matrices.copy(), np.empty((count, p - 1))
    at = np.arange(p)
    for removed in range(p - 1):
        sd = np.sqrt(np.maximum(rest[:, at, at], _EXHAUSTED))
        squares = (rest / sd[:, :, None] / sd[:, None, :]) ** 2
        means[:, removed] = (squares.sum(axis=(1, 2)) - squares[:, at, at].sum(axis=1)) / (p * (p - 1))
        vector = vectors[:, :, p - 1 - removed]
        rest -= roots[:, None, None, p - 1 - removed] * vector[:, :, None] * vector[:, None, :]
    return means


def kaiser_references(roots: Floats, n: float) -> Floats:
    """Find the reference eigenvalues of the empirical Kaiser criterion beside observed ones, (batch, items)."""
    p = roots.shape[1]
    before = np.cumsum(roots, axis=1) - roots
    return np.asarray(np.maximum((1 + np.sqrt(p / n)) ** 2 * (p - before) / (p - np.arange(p)), 1.0))
