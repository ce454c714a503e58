"""Robust errors and tests of a likelihood estimate: the sandwich, and the scaling of Yuan and Bentler as in Mplus."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from loyalty_kit.measurement.cfa.likelihood import Sample, element_indicators, observed_information, precisions
from loyalty_kit.measurement.cfa.model import Ints, Model, directions, unrestricted_model
from loyalty_kit.measurement.cfa.saturated import item_moments, saturated_information
from loyalty_kit.measurement.factors.fit_indices import ChiSquares, cfi, p_value, rmsea, rmsea_interval, tli
from loyalty_kit.statistics.moments import Floats

_BLOCK = 1024


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


def group_sandwich(model: Model, samples: Sequence[Sample], rows: Sequence[Rows], values: Floats) -> Sandwich:
    """Sandwich of a model of several groups."""
    information = observed_information(model, samples, values)
    half = np.linalg.solve(information, squared_slopes(model, samples, rows, values))
    return Sandwich(np.linalg.solve(information, half.T), float(np.trace(half)))


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


def robust_fit(
    test: ChiSquares, own: Sandwich, sample: Sample, rows: Rows, moments: tuple[Floats, Floats], *, means: bool
) -> dict[str, float]:
    """Scale chi² as Yuan and Bentler do in Mplus, with the indices on it, of one group.

    The 'robust' indices, which estimate what the plain ones would be under normality, are given for complete rows,
    where no means are modelled.
    """
    if not test.df:
        return {}
    traces = reference_traces(sample, rows, moments, means=means)
    return robust_indices(test, own.trace, traces, n=sample.n, complete=not means)


def robust_indices(
    test: ChiSquares, trace: float, references: tuple[float, float], *, n: float, groups: int = 1, complete: bool
) -> dict[str, float]:
    """Scaled chi² with the indices on it, and on complete rows the robust ones.

    The factor is (tr A₁⁻¹B₁ − tr A₀⁻¹B₀) / df, the saturated model's trace at the unrestricted moments
    less the model's; `references` are the saturated model's and the baseline's traces. The RMSEA's interval is
    that of the plain chi² with degrees of freedom times the factor, as lavaan has it.
    """
    chi2, df = test.chi2, test.df
    highest, lowest = references
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
    return fit | corrected_indices(test, scaling, baseline, n=n, groups=groups) if complete else fit


def corrected_indices(test: ChiSquares, scaling: float, baseline: float, *, n: float, groups: int) -> dict[str, float]:
    """CFI, TLI and RMSEA as they would be under normality, from the factors of the model and of the baseline."""
    low, high = rmsea_interval(test.chi2 / scaling, test.df, n=n, groups=groups, scaling=scaling)
    return {
        "cfi_robust": cfi(test, scaling, baseline),
        "tli_robust": tli(test, scaling, baseline),
        "rmsea_robust": rmsea(test.chi2, test.df, n=n, groups=groups, scaling=scaling),
        "rmsea_robust_low": low,
        "rmsea_robust_high": high,
    }


def _positive(scaling: float) -> float:
    """Scaling factor, NaN where too few respondents leave it at or below zero."""
    return scaling if scaling > 0 else np.nan


def reference_traces(sample: Sample, rows: Rows, moments: tuple[Floats, Floats], *, means: bool) -> tuple[float, float]:
    """Traces of the saturated and of the independence model in one group."""
    (mean, covariance), (own_mean, variance) = moments, item_moments(sample)
    names = [str(j) for j in range(len(mean))]
    values = np.concatenate([covariance[np.tril_indices(len(mean))], mean[: len(mean) * means]])
    squares = squared_slopes(unrestricted_model(names, means=means), [sample], [rows], values)
    curvature = saturated_information(sample, mean, covariance)[: len(values), : len(values)]
    independent = unrestricted_model(names, means=means, covariances=False)
    lowest = sandwich(independent, sample, rows, np.concatenate([variance, own_mean[: len(mean) * means]]))
    return float(np.trace(np.linalg.solve(curvature, squares))), lowest.trace
