"""Rotation of factor loadings to simple structure, the best of many starts.

The kit makes the rotations that researchers take most by itself: for 25 items and 5 factors one start of
factor_analyzer's ``Rotator`` takes 4 ms (oblimin) to 29 ms (geomin), of statsmodels' ``rotate_factors``
6 ms (oblimin), where ten starts take 6 ms and 20 ms here. Quartimax, equamax, oblimax and orthogonal
geomin are ``Rotator``'s; see `loyalty_kit.measurement.factors.rotator`.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from loyalty_kit.core.checks import check_choice
from loyalty_kit.measurement.factors.gradient_projection import Criterion, Minimum, geomin, minimise, oblimin, varimax
from loyalty_kit.measurement.factors.rotator import CRITERIA, RotatorMethod, rotate_by_rotator
from loyalty_kit.statistics.moments import Floats

RotationMethod = Literal["none", "varimax", "promax", "oblimin", "geomin"] | RotatorMethod

METHODS: tuple[str, ...] = ("none", "varimax", "promax", "oblimin", "geomin", *get_args(RotatorMethod))

OBLIQUE_MINIMA: dict[str, Criterion] = {"oblimin": oblimin, "geomin": geomin}
"""Rotations that end at an oblique minimum; the others end at an orthogonal one, or start from it."""

_PROMAX_POWER = 4
_EMPTY = 1e-10
_SAME = 1e-5


@dataclass(frozen=True, eq=False)
class Rotation:
    """Rotated loadings.

    Attributes
    ----------
    loadings : array of shape (items, factors)
        Rotated loadings Λ, the pattern of an oblique rotation.
    factor_correlations : array of shape (factors, factors)
        Φ, in the order of the loadings' columns; the identity for an orthogonal rotation.
    criterion : float
        Value reached, to be compared among rotations by one method: lower is simpler. Promax has
        that of its varimax step; NaN where nothing was rotated.
    solutions : int
        Number of different values that the starts led to.
    converged : bool
        Whether the best start reached its minimum.
    """

    loadings: Floats
    factor_correlations: Floats
    criterion: float
    solutions: int
    converged: bool

    @property
    def rotated(self) -> bool:
        """Whether there was anything to rotate, and a method to do it."""
        return bool(np.isfinite(self.criterion))


def rotate(
    loadings: Floats, method: RotationMethod, *, starts: int = 10, rng: int | np.random.Generator = 0
) -> Rotation:
    """Rotate loadings to simple structure; of several starts the best is kept.

    Parameters
    ----------
    loadings : array of shape (items, factors)
        Unrotated loadings A, with A Aᵀ the common part of the model.
    method : {'none', 'varimax', 'promax', 'oblimin', 'geomin', 'quartimax', 'equamax', 'oblimax', 'geomin_ort'}
        Oblique promax, oblimin (γ = 0, quartimin) and geomin (δ = 0.01); the others are orthogonal.
        Varimax and promax work on Kaiser-normalized loadings, the others on the loadings as they are.
    starts : int
        Number of starts: the unrotated loadings and random orthogonal rotations of them.
    rng : int or Generator
        Source of the random starts.

    Returns
    -------
    Rotation
        With Λ Φ Λᵀ = A Aᵀ.

    Raises
    ------
    InputError
        If the method is unknown.

    Notes
    -----
    Oblimin minimises Σⱼ≠ₖ Σᵢ λᵢⱼ² λᵢₖ² / 4 and geomin Σᵢ (Πⱼ (λᵢⱼ² + δ))^(1/k) over Λ = A (T⁻¹)ᵀ, Φ = TᵀT
    with unit columns of T. Varimax maximises the variance of the squared loadings,
    Σⱼ [Σᵢ λᵢⱼ⁴ / p − (Σᵢ λᵢⱼ² / p)²]. Promax regresses the fourth power of the varimax loadings, signs
    kept, on these. All by gradient projection to its end, where R's varimax stops at a relative gain
    of 1e-5, up to 2.5e-3 from the maximum.

    The orthogonal ones of factor_analyzer minimise over Λ = A T with TᵀT = I. Quartimax: −Σᵢⱼ λᵢⱼ⁴ / 4.
    Equamax, with κ = k / (2p): [(1 − κ) Σᵢ Σⱼ≠ₖ λᵢⱼ² λᵢₖ² + κ Σⱼ Σᵢ≠ₗ λᵢⱼ² λₗⱼ²] / 4. Oblimax:
    2 log Σᵢⱼ λᵢⱼ² − log Σᵢⱼ λᵢⱼ⁴, which gives the loadings of quartimax, since rotation leaves the first
    sum alone. Geomin as above. GPArotation's oblimax is oblique: on each of the reference data sets it
    has no minimum, factors fall together and loadings grow beyond bounds, and it is not offered.

    References
    ----------
    Bernaards, C. A., & Jennrich, R. I. (2005). Gradient projection algorithms and software for
    arbitrary rotation criteria in factor analysis. Educational and Psychological Measurement 65(5),
    676–696.

    Hendrickson, A. E., & White, P. O. (1964). Promax: a quick method for rotation to oblique simple
    structure. British Journal of Statistical Psychology 17, 65–70.

    Checked against ``stats::varimax`` of R 4.2.2, ``psych::kaiser(rotate = "Promax")`` of psych 2.2.9
    and ``GPArotation::oblimin`` and ``geominQ`` of GPArotation 2022.10-2; quartimax against Harman's
    eight physical variables in Bernaards & Jennrich, equamax against statsmodels' ``CF_objective``.

    Crawford, C. B., & Ferguson, G. A. (1970). A general rotation criterion and its use in orthogonal
    rotation. Psychometrika 35(3), 321–332.

    Examples
    --------
    >>> mixed = np.array([[0.6, 0.6], [0.5, 0.5], [0.6, -0.6], [0.5, -0.5]])
    >>> np.sort(np.abs(rotate(mixed, "varimax").loadings), axis=1).round(3).tolist()
    [[0.0, 0.849], [0.0, 0.707], [0.0, 0.849], [0.0, 0.707]]
    """
    check_choice(method, "rotation", METHODS)
    k = loadings.shape[1]
    if method == "none" or k == 1:
        return Rotation(loadings, np.eye(k), np.nan, 1, True)
    rotations = _starting_rotations(k, starts, np.random.default_rng(rng))
    found, correlations = rotate_from(np.broadcast_to(loadings, (starts, *loadings.shape)), method, rotations)
    values, converged = found.values, found.converged
    best = int(np.flatnonzero(values <= values.min() + _SAME * (1 + abs(values.min())))[0])
    ordered = np.sort(values[converged] if converged.any() else values)
    solutions = 1 + int((np.diff(ordered) > _SAME * (1 + np.abs(ordered[1:]))).sum())
    return Rotation(found.rotated[best], correlations[best], float(values[best]), solutions, bool(converged[best]))


def rotate_from(loadings: Floats, method: RotationMethod, rotations: Floats) -> tuple[Minimum, Floats]:
    """Rotate a batch of loadings, each from its own start.

    Parameters
    ----------
    loadings : array of shape (batch, items, factors)
        Unrotated loadings.
    method : str
        Rotation, as for `rotate`; 'none' leaves the loadings at their start.
    rotations : array of shape (batch, factors, factors)
        Orthogonal starts.

    Returns
    -------
    Minimum
        Rotated loadings and where each start ended.
    array of shape (batch, factors, factors)
        Factor correlations.
    """
    identity = np.broadcast_to(np.eye(loadings.shape[2]), rotations.shape)
    if method == "none":
        still = np.zeros(len(rotations))
        return Minimum(loadings @ rotations, rotations, still, still == 0), identity
    if method in OBLIQUE_MINIMA:
        found = minimise(loadings, rotations, OBLIQUE_MINIMA[method], oblique=True)
        return found, found.rotations.transpose(0, 2, 1) @ found.rotations
    if method in CRITERIA:
        return rotate_by_rotator(loadings, method, rotations), identity
    lengths = np.sqrt((loadings**2).sum(axis=2, keepdims=True))
    lengths = np.where(lengths > 0, lengths, 1.0)
    found = minimise(loadings / lengths, rotations, varimax, oblique=False)
    pattern, correlations = (found.rotated, identity) if method == "varimax" else _promax(found.rotated)
    return Minimum(pattern * lengths, found.rotations, found.values, found.converged), correlations


def _starting_rotations(k: int, starts: int, rng: np.random.Generator) -> Floats:
    """Identity and random rotations, uniform over the orthogonal matrices."""
    rotations, upper = np.linalg.qr(rng.standard_normal((starts, k, k)))
    rotations = rotations * np.sign(np.diagonal(upper, axis1=1, axis2=2))[:, None, :]
    rotations[0] = np.eye(k)
    return np.asarray(rotations)


def _promax(rotated: Floats) -> tuple[Floats, Floats]:
    """Pattern and factor correlations from varimax loadings, left as they are where a factor is empty."""
    products = rotated.transpose(0, 2, 1) @ rotated
    roots = np.linalg.eigvalsh(products)
    full = (roots[:, 0] > _EMPTY * roots[:, -1])[:, None, None]
    identity = np.eye(rotated.shape[2])
    target = rotated * np.abs(rotated) ** (_PROMAX_POWER - 1)
    transformation = np.linalg.solve(np.where(full, products, identity), rotated.transpose(0, 2, 1) @ target)
    transformation = np.where(full, transformation, identity)
    inverse = np.linalg.inv(transformation)
    scale = np.sqrt((inverse**2).sum(axis=2))
    transformation, inverse = transformation * scale[:, None, :], inverse / scale[:, :, None]
    return rotated @ transformation, inverse @ inverse.transpose(0, 2, 1)
