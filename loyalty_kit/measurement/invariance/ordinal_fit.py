"""Scaled tests and fit of a model of ordered answers in several groups."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import null_space

from loyalty_kit.measurement.factors.fit_indices import (
    ChiSquares,
    cfi,
    fit_indices,
    p_value,
    rmsea,
    rmsea_interval,
    srmr,
    tli,
)
from loyalty_kit.measurement.invariance.ordinal_moments import GroupLeastSquares, OrdinalMember, implied
from loyalty_kit.statistics.moments import Floats


@dataclass(frozen=True, eq=False)
class Weighted:
    """Sums over the groups at given values, n the respondents of a group, W = diag w, Δ the moments' slopes.

    Attributes
    ----------
    slopes : array of shape (moments of all groups, parameters)
        Δ.
    slope : array of shape (parameters,)
        Σ n ΔᵀW(s − m).
    curvature, meat, twice : array of shape (parameters, parameters)
        P = Σ n ΔᵀWΔ, Σ n ΔᵀWΓWΔ and Σ n ΔᵀWΓWΓWΔ.
    trace, square : float
        Σ tr(WΓ) and Σ tr(WΓWΓ).
    residuals : list of arrays
        Each group's s − m.
    """

    slopes: Floats
    slope: Floats
    curvature: Floats
    meat: Floats
    twice: Floats
    trace: float
    square: float
    residuals: list[Floats]

    @classmethod
    def at(cls, objective: GroupLeastSquares, values: Floats) -> "Weighted":
        """Take the sums at parameter values."""
        size = objective.found.size
        slope, (curvature, meat, twice) = np.zeros(size), np.zeros((3, size, size))
        trace = square = 0.0
        each = implied(objective.found, values)
        residuals = [member.moments - own.moments for member, own in zip(objective.members, each, strict=True)]
        for member, own, off in zip(objective.members, each, residuals, strict=True):
            w = member.weights
            weighted = own.slopes * w[:, None]
            through = member.gamma @ weighted
            slope += member.size * (weighted.T @ off)
            curvature += member.size * (weighted.T @ own.slopes)
            meat += member.size * (weighted.T @ through)
            twice += member.size * (through.T @ (through * w[:, None]))
            trace += float(w @ np.diag(member.gamma))
            square += float(w @ member.gamma**2 @ w)
        stacked = np.concatenate([own.slopes for own in each])
        return cls(stacked, slope, curvature, meat, twice, trace, square, residuals)

    def moments_of_test(self) -> tuple[float, float]:
        """Trace of UΓ and of its square, U = W − WΔP⁻¹ΔᵀW: what chi² and its square are under the model."""
        inverse = np.linalg.pinv(self.curvature, hermitian=True)
        turned = inverse @ self.meat
        first = self.trace - float(np.trace(turned))
        second = self.square - 2 * float((inverse * self.twice).sum()) + float((turned * turned.T).sum())
        return first, second


def shifted_difference(raw: float, df: int, fit: Weighted, below: Weighted) -> float:
    """Chi² difference with the mean and variance of its reference distribution, after Satorra (2000).

    The tighter model is a·θ₁ = 0 of the freer one's parameters, a the orthogonal complement of Δ₁⁺Δ₀; with
    M = P⁻¹aᵀ(aP⁻¹aᵀ)⁻¹aP⁻¹ the traces are those of ΔᵀWΓWΔ M.
    """
    onto = np.linalg.solve(below.slopes.T @ below.slopes, below.slopes.T @ fit.slopes)
    restricted = null_space(onto.T)
    if restricted.shape[1] != df:
        return np.nan
    inverse = np.linalg.pinv(below.curvature, hermitian=True)
    half = inverse @ restricted
    product = below.meat @ half @ np.linalg.solve(restricted.T @ half, half.T)
    first, second = float(np.trace(product)), float((product * product.T).sum())
    factor = np.sqrt(df / second)
    return float(factor * raw + df - factor * first)


def ordinal_indices(weighted: Weighted, members: Sequence[OrdinalMember], *, chi2: float) -> dict[str, float]:
    """Fit of a model: plain, and with chi² scaled and shifted to its mean and variance under the model."""
    groups, p = len(members), len(members[0].matrix)
    pairs = p * (p - 1) // 2
    n = float(sum(member.size - 1 for member in members))
    df = len(weighted.slopes) - len(weighted.curvature)
    lowest, mean, variance = _uncorrelated(members, pairs)
    test = ChiSquares(max(chi2, 0.0), df, lowest, groups * pairs)
    first, second = weighted.moments_of_test() if df else (0.0, 0.0)
    scaled = ChiSquares(
        _shifted(test.chi2, df, first, second), df, _shifted(lowest, groups * pairs, mean, variance), groups * pairs
    )
    low, high = rmsea_interval(scaled.chi2, df, n=n, groups=groups)
    residuals: list[tuple[Floats, Floats | None]] = []
    for own in weighted.residuals:
        off = np.zeros((p, p))
        off[np.tril_indices(p, -1)] = own[-pairs:]
        residuals.append((off, None))
    return fit_indices(test, n=n, groups=groups) | {
        "srmr": srmr(residuals, [member.size for member in members]),
        "aic": np.nan,
        "bic": np.nan,
        "chi2_scaled": scaled.chi2,
        "p_value_scaled": p_value(scaled.chi2, df),
        "cfi_scaled": cfi(scaled),
        "tli_scaled": tli(scaled),
        "rmsea_scaled": rmsea(scaled.chi2, df, n=n, groups=groups),
        "rmsea_scaled_low": low,
        "rmsea_scaled_high": high,
    }


def _uncorrelated(members: Sequence[OrdinalMember], pairs: int) -> tuple[float, float, float]:
    """Chi² of uncorrelated items, and the traces of UΓ and its square under them."""
    chi2 = mean = square = 0.0
    for member in members:
        w, gamma = member.weights[-pairs:], member.gamma[-pairs:, -pairs:]
        chi2 += (member.size - 1) * float(w @ member.moments[-pairs:] ** 2)
        mean, square = mean + pairs, square + float(w @ gamma**2 @ w)
    return chi2, mean, square


def _shifted(chi2: float, df: int, first: float, second: float) -> float:
    """Chi² with the mean and variance of its reference distribution."""
    factor = np.sqrt(df / second) if df and second > 0 else 1.0
    return float(factor * chi2 + df - factor * first) if df else chi2
