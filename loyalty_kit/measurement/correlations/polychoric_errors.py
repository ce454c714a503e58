"""Sampling covariance of polychoric correlations, which two-step estimates need for errors and tests."""

import numpy as np
from scipy.special import ndtr

from loyalty_kit.measurement.correlations.polychoric import Polychoric, Rectangles
from loyalty_kit.statistics.moments import Floats

_FAR = 10.0
_BLOCK = 2048


def polychoric_covariance(found: Polychoric, weights: Floats, *, thresholds: bool = False) -> Floats:
    """Covariance of polychoric correlations, times the number of respondents.

    Parameters
    ----------
    found : Polychoric
        Correlations and what they rest on. Who answered one item of a pair tells its threshold alone.
    weights : array of shape (respondents,)
        Weights that sum to the number of respondents, and that `found` was estimated with.
    thresholds : bool
        Whether the thresholds come along, item by item, before the correlations.

    Returns
    -------
    array of shape (pairs, pairs)
        Pairs in the order of the lower triangle, row by row.

    Notes
    -----
    One respondent moves the correlation of items i and j by (s − aᵢᵀBᵢ⁻¹tᵢ − aⱼᵀBⱼ⁻¹tⱼ) / Σs²: s is the
    slope of the log probability of the pair's cell over ρ, tᵢ the slopes of that of the item's
    category over its thresholds, Bᵢ = Σ tᵢtᵢᵀ over all who answered it, and aᵢ the sum of s times the cell's own
    slopes over those thresholds. It depends on the pair's cell only; of an item that was not answered s and t are 0.
    The covariance is the sum of squared moves.

    References
    ----------
    Muthén, B. (1984). A general structural equation model with dichotomous, ordered categorical,
    and continuous latent variable indicators. Psychometrika 49(1), 115–132, equations 18 to 24.

    Checked against ``lavaan::lavInspect(fit, "gamma")``, lavaan 0.6-14.
    """
    second, first = np.tril_indices(found.codes.shape[1], -1)
    moves = _moves(found, first, second)
    pairs = np.arange(len(first))
    item, cut = np.nonzero(np.isfinite(found.thresholds)) if thresholds else np.zeros((2, 0), dtype=np.intp)
    filled = np.where(np.isnan(found.thresholds), _FAR, found.thresholds)
    steps = _unanswered(_threshold_steps(found, filled)) if thresholds else None
    total = np.zeros((len(item) + len(first),) * 2)
    for start in range(0, len(found.codes), _BLOCK):
        codes = found.codes[start : start + _BLOCK]
        own = moves[pairs, codes[:, first], codes[:, second]]
        if steps is not None:
            own = np.hstack([steps[item, cut, codes[:, item]], own])
        own *= weights[start : start + _BLOCK, None]
        total += own.T @ own
    return total * len(found.codes)


def _moves(found: Polychoric, first: np.ndarray, second: np.ndarray) -> Floats:
    """Move of each pair's correlation by one respondent of each cell (pairs × categories × categories).

    The last category of each item is no answer.
    """
    thresholds = np.where(np.isnan(found.thresholds), _FAR, found.thresholds)
    h, k, rho = thresholds[first], thresholds[second], found.matrix[first, second]
    cells, slopes = Rectangles(h, k).at(rho)
    tables = found.tables[first, :, second, :]
    slopes = slopes / cells
    steps = _threshold_steps(found, thresholds)
    of_first = _explained(tables, cells, slopes, _cut_slopes(h, k, rho), steps[first])
    across = (0, 2, 1)
    of_second = _explained(
        tables.transpose(across),
        cells.transpose(across),
        slopes.transpose(across),
        _cut_slopes(k, h, rho),
        steps[second],
    )
    curvature = (tables * slopes**2).sum(axis=(1, 2))
    padded = _unanswered(_unanswered(slopes).transpose(across)).transpose(across)
    moves = padded - _unanswered(of_first)[:, :, None] - _unanswered(of_second)[:, None, :]
    return np.asarray(moves / curvature[:, None, None])


def _unanswered(parts: Floats) -> Floats:
    """Append to the categories, which come last, that of no answer: zeros, found at code −1."""
    return np.concatenate([parts, np.zeros((*parts.shape[:-1], 1))], axis=-1)


def _threshold_steps(found: Polychoric, thresholds: Floats) -> Floats:
    """B⁻¹t of each item: how far one respondent of each category moves its thresholds.

    Items × thresholds × categories.
    """
    items, cuts = thresholds.shape
    margins = np.stack([np.diag(found.tables[i, :, i, :]) for i in range(items)])
    shares = margins / margins.sum(axis=1, keepdims=True)
    steps = np.zeros((items, cuts, cuts + 1))
    height = np.exp(-(thresholds**2) / 2) / np.sqrt(2 * np.pi)
    for i, (own, share, margin) in enumerate(zip(height, shares, margins, strict=True)):
        used = int(np.count_nonzero(margin))
        slope = np.zeros((used - 1, used))
        cut = np.arange(used - 1)
        slope[cut, cut], slope[cut, cut + 1] = own[: used - 1] / share[: used - 1], -own[: used - 1] / share[1:used]
        steps[i, : used - 1, :used] = np.linalg.solve((slope * margin[:used]) @ slope.T, slope)
    return steps


def _cut_slopes(h: Floats, k: Floats, rho: Floats) -> Floats:
    """Probability that flows from a category of the first item to the one below as the threshold between them rises.

    By category of the second item, φ(h) times the probability of its interval given h (pairs ×
    thresholds × categories).
    """
    scale = np.sqrt(1 - rho**2)[:, None, None]
    below = ndtr((k[:, None, :] - rho[:, None, None] * h[:, :, None]) / scale)
    edges = np.concatenate([np.zeros_like(below[:, :, :1]), below, np.ones_like(below[:, :, :1])], axis=2)
    height = np.exp(-(h**2) / 2) / np.sqrt(2 * np.pi)
    return np.asarray(height[:, :, None] * np.diff(edges, axis=2))


def _explained(tables: Floats, cells: Floats, slopes: Floats, flow: Floats, steps: Floats) -> Floats:
    """AᵢᵀBᵢ⁻¹tᵢ by category of the item whose thresholds move (pairs × categories)."""
    weight = tables * slopes / cells
    cross = (flow * (weight[:, :-1] - weight[:, 1:])).sum(axis=2)
    return np.asarray(np.einsum("pt,ptc->pc", cross, steps))
