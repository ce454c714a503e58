"""Polychoric correlations: all pairs of ordered items at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from loyalty_kit.core.errors import InputError
from loyalty_kit.statistics.moments import Floats

MOST_CATEGORIES = 20
"""Most distinct answers that an ordered item may have."""

_BOUND = 0.9999
_EXTREME = 0.999
_FAR = 10.0
_STEPS = 50
_TOLERANCE = 1e-8
_SMALLEST = 1e-14
_ROWS = 8192
_CELLS = 1 << 16
_FEW, _MANY = np.polynomial.legendre.leggauss(16), np.polynomial.legendre.leggauss(64)


@dataclass(frozen=True, eq=False)
class Polychoric:
    """Polychoric correlations with what they rest on.

    Attributes
    ----------
    matrix : array of shape (items, items)
        Correlations; not necessarily positive definite, NaN where no respondent answers both items.
    thresholds : array of shape (items, most categories − 1)
        Normal quantiles that cut each item; NaN beyond an item's own categories.
    doubtful : tuple of (int, int)
        Pairs estimated beyond ±0.999, which their table hardly limits, or whose search did not end.
    codes : array of int, shape (respondents, items)
        Rank of each answer among its item's distinct answers, −1 where missing.
    tables : array of shape (items, categories, items, categories)
        Weighted counts of every pair of items; of an item with itself, its margin on the diagonal.
    """

    matrix: Floats
    thresholds: Floats
    doubtful: tuple[tuple[int, int], ...]
    codes: np.ndarray
    tables: Floats


def polychoric(names: Sequence[str], values: Floats, weights: Floats) -> Polychoric:
    """Two-step polychoric correlations of every pair of items.

    Parameters
    ----------
    names : sequence of str
        Items, for errors.
    values : array of shape (respondents, items)
        Ordered answers, at most 20 distinct ones an item; NaN where missing.
    weights : array of shape (respondents,)
        Positive.

    Returns
    -------
    Polychoric

    Raises
    ------
    InputError
        If an item has more than 20 distinct answers.

    Notes
    -----
    Thresholds are normal quantiles of each item's own cumulative shares. Given them, ρ maximises
    Σ n log π over the cells of the pair's table, π being bivariate normal rectangles, by Fisher
    scoring: ρ ← ρ + Σ (n/π) π′ / N Σ π′²/π. The distribution function is
    Φ(h)Φ(k) + (1/2π) ∫₀^arcsin ρ exp(−(h² + k² − 2hk sin θ) / 2cos² θ) dθ by Gauss–Legendre
    quadrature, its derivative over ρ the bivariate density. Empty cells are not corrected.

    References
    ----------
    Olsson, U. (1979). Maximum likelihood estimation of the polychoric correlation coefficient.
    Psychometrika 44(4), 443–460, equations 3, 13 and 20.

    Drezner, Z., & Wesolowsky, G. O. (1990). On the computation of the bivariate normal integral.
    Journal of Statistical Computation and Simulation 35, 101–107.

    Checked against ``psych::polychoric(items, correct = 0)``, psych 2.2.9, and
    ``lavaan::lavCor(items, ordered = TRUE)``, lavaan 0.6-14.

    Examples
    --------
    >>> answers = np.repeat([[0, 0], [0, 1], [1, 0], [1, 1]], [40, 10, 10, 40], axis=0).astype(float)
    >>> polychoric(("A", "B"), answers, np.ones(100)).matrix[0, 1].round(4)  # sin(π/2 · 0.6)
    np.float64(0.809)
    """
    codes, sizes = _codes(names, values)
    tables, margins = _tables(codes, weights, int(sizes.max()))
    thresholds = _thresholds(margins, sizes)
    first, second = np.triu_indices(len(names), 1)
    rho, ended = _estimate(tables[first, :, second, :], thresholds[first], thresholds[second])
    matrix = np.eye(len(names))
    matrix[first, second] = matrix[second, first] = rho
    beyond = np.arange(thresholds.shape[1]) >= sizes[:, None] - 1
    doubtful = np.flatnonzero(~ended | (np.abs(rho) > _EXTREME))
    return Polychoric(
        matrix=matrix,
        thresholds=np.where(beyond, np.nan, thresholds),
        doubtful=tuple((int(first[pair]), int(second[pair])) for pair in doubtful),
        codes=codes,
        tables=tables,
    )


def _codes(names: Sequence[str], values: Floats) -> tuple[np.ndarray, np.ndarray]:
    """Rank of each answer among its item's distinct answers, −1 where missing, and their number."""
    codes = np.full(values.shape, -1)
    sizes = np.empty(len(names), dtype=int)
    for i, name in enumerate(names):
        present = np.isfinite(values[:, i])
        answers, codes[present, i] = np.unique(values[present, i], return_inverse=True)
        sizes[i] = len(answers)
        if sizes[i] > MOST_CATEGORIES:
            raise InputError(
                "Item '{item}' holds {n} distinct answers; a polychoric correlation takes at most {most}.",
                item=name,
                n=sizes[i],
                most=MOST_CATEGORIES,
            )
    return codes, sizes


def _tables(codes: np.ndarray, weights: Floats, categories: int) -> tuple[Floats, Floats]:
    """Weighted tables (item, category, item, category) of all pairs and margins (item, category)."""
    items = codes.shape[1]
    width = items * categories
    tables = np.zeros((width, width))
    margins = np.zeros(width)
    for start in range(0, len(codes), _ROWS):
        block, w = codes[start : start + _ROWS], weights[start : start + _ROWS]
        answered = np.zeros((len(block), width))
        row, item = np.nonzero(block >= 0)
        answered[row, item * categories + block[row, item]] = 1.0
        weighted = answered * w[:, None]
        tables += answered.T @ weighted
        margins += weighted.sum(axis=0)
    return tables.reshape(items, categories, items, categories), margins.reshape(items, categories)


def _thresholds(margins: Floats, sizes: np.ndarray) -> Floats:
    """Quantiles of the normal at the cumulative shares, far out where an item has no such category."""
    shares = np.cumsum(margins, axis=1)[:, :-1] / margins.sum(axis=1, keepdims=True)
    shares[np.arange(shares.shape[1]) >= sizes[:, None] - 1] = 1.0
    return np.asarray(np.clip(ndtri(shares), -_FAR, _FAR))


def _estimate(tables: Floats, h: Floats, k: Floats) -> tuple[Floats, np.ndarray]:
    """Correlation of each pair and whether its search ended, in blocks of pairs that stay in the cache."""
    size = max(1, _CELLS // (16 * h.shape[1] ** 2))
    blocks = [slice(start, start + size) for start in range(0, len(h), size)]
    parts = [_score(tables[block], h[block], k[block]) for block in blocks]
    return np.concatenate([rho for rho, _ in parts]), np.concatenate([ended for _, ended in parts])


def _score(tables: Floats, h: Floats, k: Floats) -> tuple[Floats, np.ndarray]:
    """Fisher scoring from zero over a block of pairs; a step that lowers the likelihood is halved."""
    total = tables.sum(axis=(1, 2))
    rectangles = Rectangles(h, k)
    rho, best, step, information = np.zeros((4, len(h)))
    highest = np.full(len(h), -np.inf)
    for _ in range(_STEPS):
        cells, slopes = rectangles.at(rho)
        ratios = tables / cells
        likelihood = (tables * np.log(cells)).sum(axis=(1, 2))
        higher = likelihood >= highest - 1e-12 * np.abs(likelihood)
        information = total * (slopes**2 / cells).sum(axis=(1, 2))
        scored = (ratios * slopes).sum(axis=(1, 2)) / np.where(information > 0, information, np.inf)
        highest, best = np.where(higher, likelihood, highest), np.where(higher, rho, best)
        # No step goes more than half the way to ±1, where the information explodes and would trap it.
        scored = np.clip(rho + scored, (rho - 1) / 2, (rho + 1) / 2)
        updated = np.clip(np.where(higher, scored, (rho + best) / 2), -_BOUND, _BOUND)
        step, rho = np.abs(updated - best), updated
        if not (step > _TOLERANCE).any():
            break
    # Without information the likelihood is flat: a search that ends there has found nothing.
    return np.where(total > 0, rho, np.nan), (step <= _TOLERANCE) & (information > _TOLERANCE * total)


class Rectangles:
    """Probabilities of the cells that two rows of thresholds cut out of a bivariate normal, pair by pair."""

    def __init__(self, h: Floats, k: Floats) -> None:
        """Take thresholds of the first and of the second items (pairs × thresholds)."""
        self._squares = h[:, :, None] ** 2 + k[:, None, :] ** 2
        self._products = h[:, :, None] * k[:, None, :]
        self._independent = ndtr(h)[:, :, None] * ndtr(k)[:, None, :]
        self._distribution = np.zeros((len(h), h.shape[1] + 2, k.shape[1] + 2))
        self._distribution[:, 1:, -1], self._distribution[:, -1, 1:] = _with_one(ndtr(h)), _with_one(ndtr(k))
        self._density = np.zeros_like(self._distribution)

    def at(self, rho: Floats) -> tuple[Floats, Floats]:
        """Probabilities, above zero, and their slopes over ρ (pairs × categories × categories)."""
        inner = (slice(None), slice(1, -1), slice(1, -1))
        self._distribution[inner] = self._independent + _integral(self._squares, self._products, rho)
        self._density[inner] = _density(self._squares, self._products, rho)
        return np.maximum(_rectangles(self._distribution), _SMALLEST), _rectangles(self._density)


def distribution_above_chance(h: Floats, k: Floats, rho: Floats) -> Floats:
    """Φ₂(h, k; ρ) − Φ(h)Φ(k) of every two thresholds of two rows (pairs × thresholds × thresholds)."""
    return _integral(h[:, :, None] ** 2 + k[:, None, :] ** 2, h[:, :, None] * k[:, None, :], rho)


def _integral(squares: Floats, products: Floats, rho: Floats) -> Floats:
    """Distribution function of each pair of thresholds less its value under independence."""
    nodes, weights = _FEW if np.abs(rho).max(initial=0.0) < 0.8 else _MANY
    half = np.arcsin(rho) / 2
    angles = half[:, None] * (nodes + 1)
    across = 1 / np.cos(angles) ** 2
    terms = np.stack([squares.reshape(len(rho), -1), products.reshape(len(rho), -1)], axis=2)
    exponents = terms @ np.stack([-across / 2, across * np.sin(angles)], axis=1)
    integral = np.exp(exponents, out=exponents) @ weights
    return (integral * (half / (2 * np.pi))[:, None]).reshape(squares.shape)


def _density(squares: Floats, products: Floats, rho: Floats) -> Floats:
    rest = (1 - rho**2)[:, None, None]
    return np.asarray(np.exp(-(squares - 2 * rho[:, None, None] * products) / (2 * rest)) / (2 * np.pi * np.sqrt(rest)))


def _rectangles(grid: Floats) -> Floats:
    return np.diff(np.diff(grid, axis=1), axis=2)


def _with_one(shares: Floats) -> Floats:
    return np.column_stack([shares, np.ones(len(shares))])
