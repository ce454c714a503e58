"""Scaled tests and fit of a model of ordered answers in several groups."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import null_space

from loyalty_kit.measurement.factors.fit_indices import ChiSquares
from loyalty_kit.measurement.invariance.ordinal_moments import GroupLeastSquares, OrdinalMember, implied
from loyalty_kit.measurement.latent.scaled import UnderModel, scaled_fit, shifted
from loyalty_kit.statistics.moments import Floats


@dataclass(frozen=True, eq=False)
class Weighted(UnderModel):
    """What tells errors and the distribution of chi² at given values, with what a score test needs.

    Attributes
    ----------
    slopes : array of shape (moments of all groups, parameters)
        Δ.
    slope : array of shape (parameters,)
        Σ n ΔᵀW(s − m).
    residuals : list of arrays
        Each group's s − m.
    """

    slopes: Floats
    slope: Floats
    residuals: list[Floats]

    @classmethod
    def at(cls, objective: GroupLeastSquares, values: Floats) -> "Weighted":
        """Take the sums at parameter values."""
        each = list(zip(objective.members, implied(objective.found, values), strict=True))
        residuals = [member.moments - own.moments for member, own in each]
        slope = sum(
            member.size * (own.slopes.T @ (member.weights * off))
            for (member, own), off in zip(each, residuals, strict=True)
        )
        groups = (UnderModel.of(own.slopes, member.weights, member.gamma, member.size) for member, own in each)
        together = UnderModel.together(groups)
        stacked = np.concatenate([own.slopes for _, own in each])
        return cls(**vars(together), slopes=stacked, slope=np.asarray(slope), residuals=residuals)

    def moments_of_test(self) -> tuple[float, float]:
        """Trace of UΓ and of its square."""
        return self.moments(np.asarray(np.linalg.pinv(self.curvature, hermitian=True)))


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
    return shifted(raw, df, first, second)


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
        shifted(test.chi2, df, first, second), df, shifted(lowest, groups * pairs, mean, variance), groups * pairs
    )
    sizes = [float(member.size) for member in members]
    return scaled_fit(test, scaled, [own[-pairs:] for own in weighted.residuals], sizes, n=n)


def _uncorrelated(members: Sequence[OrdinalMember], pairs: int) -> tuple[float, float, float]:
    """Chi² of uncorrelated items, and the traces of UΓ and its square under them."""
    chi2 = mean = square = 0.0
    for member in members:
        w, gamma = member.weights[-pairs:], member.gamma[-pairs:, -pairs:]
        chi2 += (member.size - 1) * float(w @ member.moments[-pairs:] ** 2)
        mean, square = mean + pairs, square + float(w @ gamma**2 @ w)
    return chi2, mean, square


def uncorrelated_draws(members: Sequence[OrdinalMember], moments: Sequence[Floats]) -> tuple[Floats, int]:
    """Scaled chi² of uncorrelated items under many rows of moments of each group, and its degrees of freedom."""
    p = len(members[0].matrix)
    pairs = p * (p - 1) // 2
    _, mean, square = _uncorrelated(members, pairs)
    each = [(m.size - 1) * (own[:, -pairs:] ** 2 @ m.weights[-pairs:]) for m, own in zip(members, moments, strict=True)]
    df = len(members) * pairs
    return shifted_draws(np.asarray(sum(each)), df, mean, square), df


def shifted_draws(chi2: Floats, df: int, first: float, second: float) -> Floats:
    """Many chi², each with the mean and variance of their reference distribution."""
    return np.array([shifted(float(value), df, first, second) for value in chi2])
