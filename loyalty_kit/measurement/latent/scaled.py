"""Diagonally weighted least squares: the discrepancy, and chi² scaled to what it is under the model."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

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
from loyalty_kit.statistics.moments import Floats


def discrepancy(off: Floats, slopes: Floats, counted: Floats) -> tuple[float, Floats, Floats]:
    """−½ Σ w (s − m)², its slope and Gauss and Newton's curvature; `off` is s − m, `counted` w with the respondents."""
    weighted = slopes * counted[:, None]
    return -0.5 * float(counted @ off**2), weighted.T @ off, weighted.T @ slopes


@dataclass(frozen=True, eq=False)
class UnderModel:
    """What tells errors and the distribution of chi², W = diag w, Δ the moments' slopes, n the respondents of a group.

    Attributes
    ----------
    curvature, meat, twice : array of shape (parameters, parameters)
        P = Σ n ΔᵀWΔ, Σ n ΔᵀWΓWΔ and Σ n ΔᵀWΓWΓWΔ over the groups.
    trace, square : float
        Σ tr(WΓ) and Σ tr(WΓWΓ).
    """

    curvature: Floats
    meat: Floats
    twice: Floats
    trace: float
    square: float

    @classmethod
    def of(cls, slopes: Floats, weights: Floats, gamma: Floats, n: float = 1.0) -> "UnderModel":
        """Take one group."""
        weighted = slopes * weights[:, None]
        through = gamma @ weighted
        return cls(
            curvature=n * (weighted.T @ slopes),
            meat=n * (weighted.T @ through),
            twice=n * (through.T @ (through * weights[:, None])),
            trace=float(weights @ np.diag(gamma)),
            square=float(weights @ gamma**2 @ weights),
        )

    @classmethod
    def together(cls, groups: Iterable["UnderModel"]) -> "UnderModel":
        """Add up groups."""
        every = [(one.curvature, one.meat, one.twice, one.trace, one.square) for one in groups]
        curvature, meat, twice, trace, square = (sum(parts[1:], start=parts[0]) for parts in zip(*every, strict=True))
        return cls(curvature, meat, twice, float(trace), float(square))

    def moments(self, inverse: Floats) -> tuple[float, float]:
        """Trace of UΓ and of its square, U = W − WΔP⁻¹ΔᵀW: the mean of chi², and half its variance, under the model."""
        turned = inverse @ self.meat
        first = self.trace - float(np.trace(turned))
        return first, self.square - 2 * float((inverse * self.twice).sum()) + float((turned * turned.T).sum())


def shifted(chi2: float, df: int, first: float, second: float) -> float:
    """Chi² a·T + df − a·tr(UΓ), a = √(df / tr(UΓUΓ)): the mean and variance of its reference distribution.

    Examples
    --------
    >>> shifted(30.0, 10, first=12.0, second=16.0)
    24.23...
    """
    if not df:
        return chi2
    factor = np.sqrt(df / second) if second > 0 else np.nan
    return float(factor * chi2 + df - factor * first)


def scaled_fit(
    test: ChiSquares,
    scaled: ChiSquares,
    residuals: Sequence[Floats],
    sizes: Sequence[float],
    *,
    n: float,
) -> dict[str, float]:
    """Plain and scaled indices of a model; `residuals` are each group's lower triangle without the diagonal.

    n is what chi² counts with, `sizes` the respondents of each group.
    """
    groups, offs = len(sizes), []
    for own in residuals:
        p = int((1 + np.sqrt(1 + 8 * len(own))) / 2)
        off = np.zeros((p, p))
        off[np.tril_indices(p, -1)] = own
        offs.append((off, None))
    low, high = rmsea_interval(scaled.chi2, scaled.df, n=n, groups=groups)
    return fit_indices(test, n=n, groups=groups) | {
        "srmr": srmr(offs, sizes),
        **dict.fromkeys(["aic", "bic", "loglik"], np.nan),
        "baseline_chi2": test.baseline_chi2,
        "baseline_df": test.baseline_df,
        "chi2_scaled": scaled.chi2,
        "df_scaled": scaled.df,
        "p_value_scaled": p_value(scaled.chi2, scaled.df),
        "cfi_scaled": cfi(scaled),
        "tli_scaled": tli(scaled),
        "rmsea_scaled": rmsea(scaled.chi2, scaled.df, n=n, groups=groups),
        "rmsea_scaled_low": low,
        "rmsea_scaled_high": high,
    }
