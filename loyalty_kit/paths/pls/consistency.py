"""Reliability of composites (rho_A), the correction of their correlations, and how distinct constructs are (HTMT)."""

import numpy as np

from loyalty_kit.paths.model.specification import Floats, Specification


def rho_a(weights: Floats, correlations: Floats, model: Specification) -> Floats:
    """Reliability of each construct in shape (models, constructs); 1 for a single item and a formative construct.

    Notes
    -----
    ρA = (w′w)² · w′(S − diag S)w / w′(ww′ − diag ww′)w (Dijkstra & Henseler 2015, equation 3).
    """
    square = (weights**2).sum(axis=1)
    fourth = (weights**4).sum(axis=1)
    within = (weights * (correlations @ weights)).sum(axis=1) - square
    single = (model.blocks.sum(axis=0) == 1) | np.isin(np.arange(len(model.constructs)), list(model.formative))
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Floats = np.where(single, 1.0, square**2 * within / (square**2 - fourth))
    return found


def disattenuated(scores: Floats, reliability: Floats) -> Floats:
    """Correlations of constructs, those of their scores divided by the root of both reliabilities."""
    root = np.sqrt(np.where(reliability > 0, reliability, np.nan))
    found: Floats = scores / (root[:, :, None] * root[:, None, :])
    places = np.arange(found.shape[-1])
    found[:, places, places] = 1.0
    return found


def heterotrait_monotrait(correlations: Floats, model: Specification) -> Floats:
    """HTMT of each pair, in shape (models, constructs, constructs); NaN where a construct is formative.

    Notes
    -----
    The mean absolute correlation between the items of two constructs, by the geometric mean of those within each
    (Henseler, Ringle & Sarstedt 2015; absolute after Ringle et al. 2023). A single item has 1 within.
    """
    sizes = model.blocks.sum(axis=0)
    sums = model.blocks.T @ np.abs(correlations) @ model.blocks
    own = np.diagonal(sums, axis1=1, axis2=2)
    with np.errstate(divide="ignore", invalid="ignore"):
        within = np.where(sizes == 1, 1.0, (own - sizes) / (sizes * (sizes - 1)))
    within = np.where(within > 0, within, np.nan)
    within[:, list(model.formative)] = np.nan
    found: Floats = sums / np.outer(sizes, sizes) / np.sqrt(within[:, :, None] * within[:, None, :])
    return found
