"""Partial least squares on correlations: many models at a time, each at the cost of its items, whatever n is."""

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from loyalty_kit.paths.model.fitted import Inner
from loyalty_kit.paths.model.specification import Floats, Specification

Scheme = Literal["path", "centroid", "factorial"]
SCHEMES = ("path", "centroid", "factorial")
_MOST_ROUNDS = 300


class Weights(NamedTuple):
    """Outer weights, items × constructs, of each model; and whether each settled."""

    weights: Floats
    converged: npt.NDArray[np.bool_]
    rounds: npt.NDArray[np.intp]


def outer_weights(correlations: Floats, model: Specification, scheme: Scheme, tolerance: float = 1e-12) -> Weights:
    """Weights of the items in their constructs, for correlations of shape (models, items, items).

    Notes
    -----
    With scores of variance 1, each round takes from the scores' correlations the inner weights E of the scheme,
    then as weights the items' correlations with the inner proxies (mode A), or their regression (mode B, formative),
    until no weight moves by more than the tolerance (Lohmöller 1989).
    """
    count = len(correlations)
    weights = equal_weights(correlations, model)
    alive, converged, rounds = np.arange(count), np.zeros(count, bool), np.zeros(count, int)
    for number in range(1, _MOST_ROUNDS + 1):
        r, old = correlations[alive], weights[alive]
        loadings = r @ old
        inner = _inner_weights(np.swapaxes(old, 1, 2) @ loadings, model, scheme)
        new = (loadings @ inner) * model.blocks
        for j in model.formative:
            block = model.block(j)
            new[:, block, j] = _solved(r[:, block[:, None], block], new[:, block, j, None])[..., 0]
        new = _scaled(new, r)
        moved = np.abs(np.abs(new) - np.abs(old)).max(axis=(1, 2))
        weights[alive], rounds[alive] = new, number
        converged[alive[moved < tolerance]] = True
        alive = alive[~(moved < tolerance)]
        if not len(alive):
            break
    return Weights(_oriented(weights, correlations, model), converged, rounds)


def inner_model(correlations: Floats, model: Specification) -> Inner:
    """Regressions among constructs, of their correlations in shape (models, constructs, constructs)."""
    paths = np.zeros_like(correlations)
    r_squared = np.full(correlations.shape[:2], np.nan)
    for j in model.explained:
        sources = model.sources(j)
        found = _regression(correlations, sources, j)
        paths[:, sources, j] = found
        r_squared[:, j] = (found * correlations[:, sources, j]).sum(axis=1)
    return Inner(paths, r_squared, correlations)


def score_correlations(weights: Floats, correlations: Floats) -> Floats:
    """Correlations of the weighted scores."""
    found: Floats = np.swapaxes(weights, 1, 2) @ (correlations @ weights)
    return found


def _regression(correlations: Floats, sources: npt.NDArray[np.intp], target: int) -> Floats:
    among = correlations[:, sources[:, None], sources]
    found: Floats = _solved(among, correlations[:, sources, target, None])[..., 0]
    return found


def _solved(left: Floats, right: Floats) -> Floats:
    """Solve each system; NaN where one has no single solution."""
    try:
        return np.asarray(np.linalg.solve(left, right), dtype=float)
    except np.linalg.LinAlgError:
        sound = np.linalg.matrix_rank(left, hermitian=True) == left.shape[-1]
        found: Floats = np.full(right.shape, np.nan)
        found[sound] = np.linalg.solve(left[sound], right[sound])
        return found


def _inner_weights(scores: Floats, model: Specification, scheme: Scheme) -> Floats:
    neighbours = (model.structure + model.structure.T) > 0
    if scheme == "factorial":
        return scores * neighbours
    if scheme == "centroid":
        return np.sign(scores) * neighbours
    inner = scores * model.structure.T
    for j in model.explained:
        sources = model.sources(j)
        inner[:, sources, j] = _regression(scores, sources, j)
    return inner


def equal_weights(correlations: Floats, model: Specification) -> Floats:
    """Weights that are the same for all items of a construct, with which the search begins."""
    return _scaled(np.broadcast_to(model.blocks, (len(correlations), *model.blocks.shape)).copy(), correlations)


def _scaled(weights: Floats, correlations: Floats) -> Floats:
    variance = (weights * (correlations @ weights)).sum(axis=1)
    scaled: Floats = weights / np.sqrt(variance)[:, None, :]
    return scaled


def _oriented(weights: Floats, correlations: Floats, model: Specification) -> Floats:
    """Weights whose scores go up with most of their own items."""
    signs = np.sign((np.sign(correlations @ weights) * model.blocks).sum(axis=1))
    oriented: Floats = weights * np.where(signs == 0, 1, signs)[:, None, :]
    return oriented
