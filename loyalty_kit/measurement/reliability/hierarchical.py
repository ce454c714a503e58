"""Omega hierarchical: how much of a sum one general factor makes, beside factors of groups of items."""

from dataclasses import dataclass

import numpy as np

from loyalty_kit.core.messages import message
from loyalty_kit.measurement.factors.factors import arranged, shared_factors
from loyalty_kit.measurement.factors.rotation import rotate
from loyalty_kit.statistics.extraction import LOWEST_UNIQUENESS, extract
from loyalty_kit.statistics.moments import Floats

GROUP_FACTORS = 3
"""Fewest factors of groups of items that tell a general factor."""

_SINGULAR = 1e-9


@dataclass(frozen=True, eq=False)
class Hierarchy:
    """Schmid and Leiman's general and group factors.

    Attributes
    ----------
    omega_hierarchical, omega_total, general_share : float
        Share of the variance of the sum of standardized items that the general factor makes, that all factors make,
        and the general factor's share of the common variance of the items; NaN where they cannot be told.
    general : array of shape (items,)
        Loadings on the general factor.
    groups : array of shape (items, factors)
        Loadings on the factors of groups of items, which correlate with nothing.
    uniqueness : array of shape (items,)
        What no factor explains of each item.
    reason : str or None
        Why there is none.
    """

    omega_hierarchical: float
    omega_total: float
    general_share: float
    general: Floats
    groups: Floats
    uniqueness: Floats
    reason: str | None = None


def hierarchy(correlation: Floats, *, factors: int = GROUP_FACTORS) -> Hierarchy:
    """Schmid and Leiman's transformation of an oblique factor analysis.

    Parameters
    ----------
    correlation : array of shape (items, items)
        Correlations of keyed items.
    factors : int
        Factors of groups of items, three or more.

    Notes
    -----
    Minres factors are rotated by oblimin to the pattern Λ with correlations Φ; one minres factor of Φ loads γ. The
    general loadings are Λγ, those of the groups Λ√(1 − γ²), and ω_h = (ΣΛγ)² / 1ᵀR1, ω_t = 1 − Σu² / 1ᵀR1.

    References
    ----------
    Schmid, J. & Leiman, J. M. (1957). The development of hierarchical factor solutions. Psychometrika 22(1), 53–61.

    Zinbarg, R. E., Revelle, W., Yovel, I. & Li, W. (2005). Cronbach's α, Revelle's β, and McDonald's ω_H: Their
    relations with each other and two alternative conceptualizations of reliability. Psychometrika 70(1), 123–133.

    Checked against the printed solution of Thurstone's nine tests by ``psych::omega``.
    """
    p = len(correlation)
    if p < 2 * factors or (p - factors) ** 2 < p + factors:
        return _untold(
            p,
            factors,
            message(
                "A general factor beside {factors} factors of groups of items takes {least} items or more.",
                factors=factors,
                least=_fewest(factors),
            ),
        )
    if np.linalg.eigvalsh(correlation)[0] < _SINGULAR:
        return _untold(p, factors, message("An item is determined by the others."))
    found = extract(correlation, factors=factors)
    if not found.converged or found.heywood:
        return _untold(p, factors, message("The factor analysis has no proper solution."))
    if shared_factors(found) < factors:
        reason = message("The items share fewer than {factors} factors.", factors=factors)
        return _untold(p, factors, reason)
    rotated = rotate(found.loadings, "oblimin")
    pattern, phi = arranged(rotated.loadings, rotated.factor_correlations)
    second = extract(phi, factors=1)
    gamma = second.loadings[:, 0]
    # A factor that the general one takes whole leaves its items no group: another general loading does as well.
    if second.heywood or not second.converged or (second.uniqueness <= LOWEST_UNIQUENESS).any():
        return _untold(p, factors, message("The factors' correlations have no proper general factor."))
    general, groups = pattern @ gamma, pattern * np.sqrt(1 - gamma**2)
    unique, total = 1 - ((pattern @ phi) * pattern).sum(axis=1), correlation.sum()
    common = float((general**2).sum() + (groups**2).sum())
    return Hierarchy(
        omega_hierarchical=float(general.sum() ** 2 / total),
        omega_total=float(1 - unique.sum() / total),
        general_share=float((general**2).sum() / common),
        general=general,
        groups=groups,
        uniqueness=unique,
    )


def _fewest(factors: int) -> int:
    """Fewest items on which so many factors are told."""
    return next(p for p in range(2 * factors, 4 * factors) if (p - factors) ** 2 >= p + factors)


def _untold(p: int, factors: int, reason: str) -> Hierarchy:
    nothing = np.full(p, np.nan)
    return Hierarchy(np.nan, np.nan, np.nan, nothing, np.full((p, factors), np.nan), nothing, reason)
