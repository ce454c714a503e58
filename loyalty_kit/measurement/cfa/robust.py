"""Robust errors and tests of a likelihood estimate: the sandwich, and the scaling of Yuan and Bentler as in Mplus."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import block_diag

from loyalty_kit.measurement.cfa.likelihood import Sample, element_indicators, loglik, observed_information, precisions
from loyalty_kit.measurement.cfa.model import Elements, Ints, Matrices, Model, directions, unrestricted_model
from loyalty_kit.measurement.cfa.saturated import item_moments, saturated_information
from loyalty_kit.measurement.factors.fit_indices import ChiSquares, cfi, p_value, rmsea, rmsea_interval, tli
from loyalty_kit.statistics.moments import Floats

_BLOCK = 1024
ROBUST = ("cfi_robust", "tli_robust", "rmsea_robust", "rmsea_robust_low", "rmsea_robust_high")
"""Indices as they would be for normal, complete answers."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Answers of single respondents beside the sample that sums them.

    Attributes
    ----------
    values : array of shape (respondents, items)
        Answers, zero where missing; centred where the sample is.
    weights : array of shape (respondents,)
        Weights that sum to the number of respondents.
    pattern : array of int, shape (respondents,)
        Each respondent's pattern in the sample.
    """

    values: Floats
    weights: Floats
    pattern: Ints


@dataclass(frozen=True, eq=False)
class Sandwich:
    """Robust covariance of the parameters and tr(A⁻¹B): the number of parameters where the model is true."""

    covariance: Floats
    trace: float


def sandwich(model: Model, sample: Sample, rows: Rows, values: Floats) -> Sandwich:
    """A⁻¹BA⁻¹ with A the observed information and B the sum of squared slopes of single respondents.

    Raises LinAlgError where A is singular.
    """
    return group_sandwich(model, [sample], [rows], values)


def sandwich_of(information: Floats, squares: Floats) -> Sandwich:
    """Sandwich of A and B."""
    half = np.linalg.solve(information, squares)
    return Sandwich(np.linalg.solve(information, half.T), float(np.trace(half)))


def group_sandwich(model: Model, samples: Sequence[Sample], rows: Sequence[Rows], values: Floats) -> Sandwich:
    """Sandwich of a model of several groups."""
    information = observed_information(model, samples, values)
    return sandwich_of(information, squared_slopes(model, samples, rows, values))


def squared_slopes(model: Model, samples: Sequence[Sample], rows: Sequence[Rows], values: Floats) -> Floats:
    """Σ w² s sᵀ, where one respondent's slope is (uᵀy)(vᵀy) − uᵀΣ⁻¹v + μᵢᵀy with y = Σ⁻¹(x − μ)."""
    total = np.zeros((model.size, model.size))
    for sample, own, matrices, elements in zip(samples, rows, model.matrices(values), model.by_group, strict=True):
        inverse, _ = precisions(sample, matrices.covariance)
        along, ones = directions(matrices, elements), element_indicators(elements, model.size)
        expected = np.stack([(along.u * (m @ along.v)).sum(axis=0) for m in inverse])
        for start in range(0, len(own.values), _BLOCK):
            block = slice(start, start + _BLOCK)
            pattern = own.pattern[block]
            off = (own.values[block] - matrices.mean) * sample.present[pattern]
            y = np.einsum("ni,nij->nj", off, inverse[pattern])
            slopes = ((y @ along.u) * (y @ along.v) - expected[pattern] + y @ along.mean) @ ones
            slopes *= own.weights[block, None]
            total += slopes.T @ slopes
    return total


@dataclass(frozen=True, eq=False)
class Unrestricted:
    """What one group's answers tell of its means and covariances, which no model restricts.

    Attributes
    ----------
    n : float
        Respondents.
    mean, covariance : array of shape (items,), (items, items)
        Maximum-likelihood moments.
    information, squares : array of shape (moments, moments)
        Observed information of the covariances (lower triangle, row by row), and of the means where modelled; sum of
        squared slopes.
    lowest : float
        tr(A⁻¹B) of uncorrelated items.
    alone : tuple of arrays
        Variances and means of the items, each over those who answered it.
    plain : bool
        Whether no answer is missing.
    """

    n: float
    mean: Floats
    covariance: Floats
    information: Floats
    squares: Floats
    lowest: float
    alone: tuple[Floats, Floats]
    plain: bool

    @classmethod
    def of(cls, sample: Sample, rows: Rows, moments: tuple[Floats, Floats], *, means: bool) -> "Unrestricted":
        """Take a group's answers and their moments."""
        (mean, covariance), (own_mean, variance) = moments, item_moments(sample)
        names = [str(j) for j in range(len(mean))]
        values = np.concatenate([covariance[np.tril_indices(len(mean))], mean[: len(mean) * means]])
        squares = squared_slopes(unrestricted_model(names, means=means), [sample], [rows], values)
        curvature = saturated_information(sample, mean, covariance)[: len(values), : len(values)]
        independent = unrestricted_model(names, means=means, covariances=False)
        start = np.concatenate([variance, own_mean[: len(mean) * means]])
        lowest = sandwich(independent, sample, rows, start).trace
        plain = bool(sample.present.all())
        return cls(sample.n, mean, covariance, curvature, squares, lowest, (variance, own_mean), plain)

    @cached_property
    def trace(self) -> float:
        """tr(A⁻¹B) of the model that restricts nothing."""
        return float(np.trace(np.linalg.solve(self.information, self.squares)))

    @cached_property
    def complete(self) -> Floats:
        """Information that complete answers with these moments would have given."""
        return saturated_information(self._as_complete, self.mean, self.covariance)

    @property
    def _as_complete(self) -> Sample:
        one = np.ones((1, len(self.mean)), dtype=bool)
        return Sample(np.array([self.n]), one, self.mean[None], self.covariance[None])

    def chi2(self, mean: Floats, covariance: Floats) -> float:
        """Chi² that complete answers with these moments would have given a model."""
        whole = self._as_complete
        return 2 * (loglik(whole, self.mean, self.covariance) - loglik(whole, mean, covariance))


def robust_fit(
    test: ChiSquares, own: Sandwich, model: Model, values: Floats, found: Unrestricted, tied: Floats | None = None
) -> dict[str, float]:
    """Scale chi² as Yuan and Bentler do in Mplus, with the indices on it, of one group."""
    return robust_indices(test, own.trace, model, values, [found], tied) if test.df else {}


def robust_indices(
    test: ChiSquares,
    trace: float,
    model: Model,
    values: Floats,
    found: Sequence[Unrestricted],
    tied: Floats | None = None,
) -> dict[str, float]:
    """Scaled chi² with the indices on it, and the robust ones: what they would be for normal, complete answers.

    The factor is (tr A₁⁻¹B₁ − tr A₀⁻¹B₀) / df, the saturated model's trace at the unrestricted moments
    less the model's. The scaled RMSEA's interval is that of the plain chi² with degrees of freedom times the factor,
    as lavaan has it. `tied` are slopes of the model's parameters over fewer that they are tied to.
    """
    chi2, df = test.chi2, test.df
    n, groups = sum(one.n for one in found), len(found)
    highest, lowest = sum(one.trace for one in found), sum(one.lowest for one in found)
    scaling, baseline = _positive((highest - trace) / df), _positive((highest - lowest) / test.baseline_df)
    scaled = ChiSquares(chi2 / scaling, df, test.baseline_chi2 / baseline, test.baseline_df)
    low, high = rmsea_interval(chi2, scaling * df, n=n, groups=groups)
    fit = {
        "scaling_factor": scaling,
        "chi2_scaled": scaled.chi2,
        "p_value_scaled": p_value(scaled.chi2, df),
        "cfi_scaled": cfi(scaled),
        "tli_scaled": tli(scaled),
        "rmsea_scaled": rmsea(chi2, scaling * df, n=n, groups=groups),
        "rmsea_scaled_low": low,
        "rmsea_scaled_high": high,
    }
    if not all(one.plain for one in found):
        test, scaling, baseline = completed(test, model, values, found, tied)
    return fit | corrected_indices(test, scaling, baseline, n=n, groups=groups)


def completed(
    test: ChiSquares, model: Model, values: Floats, found: Sequence[Unrestricted], tied: Floats | None
) -> tuple[ChiSquares, float, float]:
    """Chi² that complete answers with the groups' moments would have given, and its scaling factors (Zhang & Savalei).

    With W the unrestricted information, C that of complete answers, Γ = W⁻¹BW⁻¹ and Q = I − WΔ(ΔᵀWΔ)⁻¹Δᵀ the factor is
    tr(QCQᵀΓ) / df.
    """
    names = [str(j) for j in range(len(model.items))]
    apart = unrestricted_model(names, groups=len(found), means=True, covariances=False)
    lowest = np.concatenate([np.concatenate(one.alone) for one in found])
    chi2, factors = [], []
    for own, at, df in ((model, values, test.df), (apart, lowest, test.baseline_df)):
        each = list(zip(own.matrices(at), own.by_group, found, strict=True))
        chi2.append(sum(one.chi2(matrices.mean, matrices.covariance) for matrices, _, one in each))
        slopes = [
            moment_directions(matrices, elements) @ element_indicators(elements, own.size)
            for matrices, elements, _ in each
        ]
        slopes = [part if tied is None or own is apart else part @ tied for part in slopes]
        factors.append(_positive(_correction(slopes, found) / df))
    return ChiSquares(chi2[0], test.df, chi2[1], test.baseline_df), factors[0], factors[1]


def _correction(slopes: Sequence[Floats], found: Sequence[Unrestricted]) -> float:
    """tr(QCQᵀΓ) of the groups together."""
    along = np.concatenate(slopes)
    information = block_diag(*(one.information for one in found))
    through = information @ along
    left = np.eye(len(along)) - through @ np.linalg.pinv(along.T @ through, hermitian=True) @ along.T
    turned = np.linalg.solve(information, left)
    squares, complete = (block_diag(*(getattr(one, name) for one in found)) for name in ("squares", "complete"))
    return float(((turned.T @ squares @ turned) * complete).sum())


def moment_directions(matrices: Matrices, elements: Elements) -> Floats:
    """Slopes of the covariances (lower triangle, row by row) and of the means along a group's elements."""
    along = directions(matrices, elements)
    first, second = np.tril_indices(len(matrices.residuals))
    moved = along.u[first] * along.v[second] + along.u[second] * along.v[first]
    return np.concatenate([moved, along.mean])


def corrected_indices(test: ChiSquares, scaling: float, baseline: float, *, n: float, groups: int) -> dict[str, float]:
    """CFI, TLI and RMSEA as they would be under normality, from the factors of the model and of the baseline."""
    low, high = rmsea_interval(test.chi2 / scaling, test.df, n=n, groups=groups, scaling=scaling)
    close = rmsea(test.chi2, test.df, n=n, groups=groups, scaling=scaling)
    found = (cfi(test, scaling, baseline), tli(test, scaling, baseline), close, low, high)
    return dict(zip(ROBUST, found, strict=True))


def _positive(scaling: float) -> float:
    """Scaling factor, NaN where too few respondents leave it at or below zero."""
    return scaling if scaling > 0 else np.nan
