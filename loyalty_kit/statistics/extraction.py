"""Factor extraction: unrotated loadings of a correlation matrix by minres, maximum likelihood or principal axes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from loyalty_kit.core.checks import check_choice, check_whole
from loyalty_kit.core.errors import InputError

Floats = npt.NDArray[np.float64]
Method = Literal["minres", "ml", "pa"]

LOWEST_UNIQUENESS = 0.005
"""Bound below which no uniqueness goes: that of R's factanal and psych."""

_SINGULAR = 1e-9
_FLAT = 1e-5
_PRINCIPAL_AXIS_STEPS = 10_000


@dataclass(frozen=True, eq=False)
class Extraction:
    """Unrotated common factors of a correlation matrix.

    Attributes
    ----------
    loadings : array of shape (items, factors)
        Columns from the most to the least variance explained, each with a sum of zero or more.
    uniqueness : array of shape (items,)
        Share of each item's variance outside the common factors, at least 0.005.
    objective : float
        Least value reached: half the sum of squared residual correlations ('minres', 'pa') or the
        likelihood's discrepancy log|Σ| − log|R| + tr(RΣ⁻¹) − items ('ml').
    converged : bool
        Whether the minimum was reached; an estimate that did not converge is still returned.
    heywood : tuple of int
        Positions of items whose uniqueness stopped at its bound.
    method : str
        'minres', 'ml' or 'pa'.
    """

    loadings: Floats
    uniqueness: Floats
    objective: float
    converged: bool
    heywood: tuple[int, ...]
    method: Method


def extract(correlation: npt.ArrayLike, *, factors: int, method: Method = "minres") -> Extraction:
    """Extract common factors from a correlation matrix.

    Parameters
    ----------
    correlation : array of shape (items, items)
        Correlations; for 'ml' positive definite.
    factors : int
        Number of factors, fewer than items.
    method : {'minres', 'ml', 'pa'}
        Least squares of the residual correlations, maximum likelihood, iterated principal axes.

    Returns
    -------
    Extraction

    Raises
    ------
    InputError
        If the matrix is not a finite correlation matrix, the number of factors does not fit it, or
        'ml' meets a singular matrix.

    Notes
    -----
    Given the uniquenesses Ψ, the best loadings are known, so only Ψ is searched, by its analytic
    gradient. With γ and u the eigenvalues and vectors of R − Ψ, minres minimises ½ Σ γ² over those
    beyond the factors. With those of Ψ^(−½) R Ψ^(−½), ml minimises Σ (γ − 1 − log γ), over log Ψ.
    Principal axes repeats Ψ = 1 − diag(ΛΛᵀ) until no uniqueness moves by more than 1e-6; its fixed
    point is the minres solution, which minres reaches sooner.

    References
    ----------
    Jöreskog, K. G. (1967). Some contributions to maximum likelihood factor analysis.
    Psychometrika 32(4), 443–482.

    Harman, H. H., & Jones, W. H. (1966). Factor analysis by minimizing residuals (minres).
    Psychometrika 31(3), 351–368.

    Checked against ``psych::fa(R, factors, fm = method, rotate = "none")``, psych 2.2.9.

    Examples
    --------
    >>> one = extract([[1, 0.48, 0.42], [0.48, 1, 0.56], [0.42, 0.56, 1]], factors=1)
    >>> one.loadings.round(2).ravel().tolist()
    [0.6, 0.8, 0.7]
    """
    r = np.asarray(correlation, dtype=float)
    check_choice(method, "method", ("minres", "ml", "pa"))
    _check_correlation(r)
    check_whole(factors, "factors", 1)
    if factors >= len(r):
        raise InputError(
            "'factors' must be fewer than the {count} items; got {given}.", count=len(r), given=str(factors)
        )
    smallest = float(np.linalg.eigvalsh(r)[0])
    if method == "ml" and smallest < _SINGULAR:
        raise InputError(
            "Maximum likelihood needs a positive definite correlation matrix; its smallest eigenvalue is "
            "{smallest}. Leave out an item that others determine, or use 'minres'.",
            smallest=f"{smallest:.2g}",
        )
    start = _start(r, smallest)
    if method == "pa":
        psi, converged = _principal_axes(r, factors, start)
    else:
        psi, converged = _search(_minres if method == "minres" else _likelihood, r, factors, start)
    objective, _, loadings = (_likelihood if method == "ml" else _minres)(psi, r, factors)
    order = np.argsort(-(loadings**2).sum(axis=0), kind="stable")
    loadings = loadings[:, order] * np.where(loadings[:, order].sum(axis=0) < 0, -1.0, 1.0)
    at_bound = np.flatnonzero(psi <= LOWEST_UNIQUENESS * (1 + 1e-6))
    return Extraction(loadings, psi, objective, converged, tuple(int(i) for i in at_bound), method)


def _check_correlation(r: Floats) -> None:
    if r.ndim != 2 or r.shape[0] != r.shape[1]:
        raise InputError("A correlation matrix must be square; got shape {shape}.", shape=str(r.shape))
    if not np.isfinite(r).all():
        raise InputError("A correlation matrix must be finite; an item without variance has no correlations.")
    if np.abs(r - r.T).max() > 1e-8 or np.abs(np.diag(r) - 1).max() > 1e-8 or np.abs(r).max() > 1 + 1e-8:
        raise InputError("A correlation matrix must be symmetric, with ones on the diagonal and none beyond.")


def _start(r: Floats, smallest: float) -> Floats:
    """Uniquenesses by squared multiple correlations, or by the largest correlation where R is singular."""
    if smallest >= _SINGULAR:
        psi = 1 / np.diag(np.linalg.inv(r))
    else:
        psi = 1 - np.abs(r - np.eye(len(r))).max(axis=1)
    return np.clip(psi, LOWEST_UNIQUENESS, 1.0)


def _minres(psi: Floats, r: Floats, factors: int) -> tuple[float, Floats, Floats]:
    """Objective, gradient over the uniquenesses, loadings."""
    values, vectors = np.linalg.eigh(r - np.diag(psi))
    common = np.maximum(values[-factors:], 0.0)
    rest = values.copy()
    rest[-factors:] -= common
    gradient = -(vectors**2) @ rest
    return float(rest @ rest / 2), gradient, vectors[:, -factors:] * np.sqrt(common)


def _likelihood(psi: Floats, r: Floats, factors: int) -> tuple[float, Floats, Floats]:
    """Objective, gradient over the uniquenesses, loadings."""
    root = np.sqrt(psi)
    values, vectors = np.linalg.eigh(r / np.outer(root, root))
    values = np.maximum(values, np.finfo(float).tiny)
    common = np.maximum(values[-factors:] - 1, 0.0)
    rest = values.copy()
    rest[-factors:] -= common
    gradient = -((vectors**2) @ (rest - 1)) / psi
    return float((rest - 1 - np.log(rest)).sum()), gradient, root[:, None] * vectors[:, -factors:] * np.sqrt(common)


def _search(
    function: Callable[[Floats, Floats, int], tuple[float, Floats, Floats]], r: Floats, factors: int, start: Floats
) -> tuple[Floats, bool]:
    """Uniquenesses at the minimum, searched on the log scale, and whether it was reached."""

    def objective(log_psi: Floats) -> tuple[float, Floats]:
        psi = np.exp(log_psi)
        value, gradient, _ = function(psi, r, factors)
        return value, gradient * psi

    lowest = np.log(LOWEST_UNIQUENESS)
    found: Any = minimize(
        objective,
        np.log(start),
        jac=True,
        method="L-BFGS-B",
        bounds=[(lowest, 0.0)] * len(r),
        options={"maxiter": 2000, "maxfun": 4000, "maxcor": 20, "ftol": 1e-15, "gtol": 1e-8},
    )
    # At the limit of precision the line search gives up on points that are minima: the slope decides.
    _, slope = objective(found.x)
    inward = np.clip(found.x - slope, lowest, 0.0) - found.x
    return np.exp(found.x), bool(np.abs(inward).max() < _FLAT)


def _principal_axes(r: Floats, factors: int, start: Floats, tolerance: float = 1e-6) -> tuple[Floats, bool]:
    """Uniquenesses at the fixed point of principal axes, and whether it was reached."""
    psi = start
    for _ in range(_PRINCIPAL_AXIS_STEPS):
        _, _, loadings = _minres(psi, r, factors)
        following = np.clip(1 - (loadings**2).sum(axis=1), LOWEST_UNIQUENESS, 1.0)
        moved = float(np.abs(following - psi).max())
        psi = following
        if moved <= tolerance:
            return psi, True
    return psi, False
