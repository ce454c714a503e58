"""Orthogonal rotations by factor_analyzer's ``Rotator``, which is loaded when first used."""

from typing import Literal

import lazy_loader
import numpy as np

from loyalty_kit.measurement.factors.gradient_projection import (
    Criterion,
    Minimum,
    equamax,
    geomin,
    minimum_at,
    quartimax,
)
from loyalty_kit.statistics.moments import Floats

# With scikit-learn behind it, a quarter of a second that only those who rotate by it wait for.
factor_analyzer = lazy_loader.load("factor_analyzer")

RotatorMethod = Literal["quartimax", "equamax", "oblimax", "geomin_ort"]

CRITERIA: dict[str, Criterion] = {
    "quartimax": quartimax,
    "equamax": equamax,
    "oblimax": quartimax,
    "geomin_ort": geomin,
}
"""What each method minimises over orthogonal rotations, where oblimax is quartimax."""

_STEPS = 2000
_SLOPE = 1e-6


def rotate_by_rotator(loadings: Floats, method: str, rotations: Floats) -> Minimum:
    """Rotate a batch of loadings by factor_analyzer's ``Rotator``, each from its own start.

    Parameters
    ----------
    loadings : array of shape (batch, items, factors)
        Unrotated loadings A.
    method : {'quartimax', 'equamax', 'oblimax', 'geomin_ort'}
        Rotation; loadings are not normalized.
    rotations : array of shape (batch, factors, factors)
        Orthogonal starts.

    Returns
    -------
    Minimum
        Rotated loadings A T, T and the criterion; converged as the kit's own gradient has it.

    Notes
    -----
    At its defaults ``Rotator`` stops after 500 steps or at a slope of 1e-5; here it goes on to 1e-6,
    and then ends where `loyalty_kit.measurement.factors.gradient_projection.minimise` does. Two of its
    defaults are none to trust:

    - equamax needs κ = k / (2p), without which it is quartimax.
    - Oblimax compares its steps by the criterion's negative, and so hardly leaves its start. Over
      orthogonal rotations Σ λ² is a constant, so the largest log Σ λ⁴ − 2 log Σ λ² lies where
      quartimax has its largest Σ λ⁴: there ``Rotator`` is sent.
    """
    p, k = loadings.shape[1:]
    name = "quartimax" if method == "oblimax" else method
    rotator = factor_analyzer.Rotator(method=name, kappa=k / (2 * p), tol=_SLOPE, max_iter=_STEPS)
    found = np.empty(rotations.shape)
    for i, (unrotated, transformation) in enumerate(zip(loadings, rotations, strict=True)):
        rotator.fit(unrotated @ transformation)
        found[i] = transformation @ rotator.rotation_
    ended = minimum_at(loadings, found, CRITERIA[method], oblique=False)
    if method != "oblimax":
        return ended
    sums = (ended.rotated**2).sum(axis=(1, 2))
    return Minimum(ended.rotated, ended.rotations, 2 * np.log(sums) - np.log(-4 * ended.values), ended.converged)
