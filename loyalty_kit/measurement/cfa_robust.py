"""Robust errors and tests of a likelihood estimate: the sandwich, and the scaling of Yuan and Bentler as in Mplus."""

from dataclasses import dataclass

import numpy as np

from loyalty_kit.measurement.cfa_likelihood import Sample, gather, observed_information, precisions
from loyalty_kit.measurement.cfa_model import Floats, Ints, Model, directions

_BLOCK = 4096


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
    information = observed_information(model, [sample], values)
    half = np.linalg.solve(information, _squared_slopes(model, sample, rows, values))
    return Sandwich(np.linalg.solve(information, half.T), float(np.trace(half)))


def _squared_slopes(model: Model, sample: Sample, rows: Rows, values: Floats) -> Floats:
    """Σ w² s sᵀ, where one respondent's slope is (uᵀy)(vᵀy) − uᵀΣ⁻¹v + μᵢᵀy with y = Σ⁻¹(x − μ)."""
    (matrices,) = model.matrices(values)
    inverse, _ = precisions(sample, matrices.covariance)
    along, ones = directions(matrices, model.elements), gather(model.elements, model.size)
    total = np.zeros((model.size, model.size))
    for pattern, present in enumerate(sample.present):
        own = np.flatnonzero(rows.pattern == pattern)
        expected = (along.u * (inverse[pattern] @ along.v)).sum(axis=0)
        for start in range(0, len(own), _BLOCK):
            block = own[start : start + _BLOCK]
            y = ((rows.values[block] - matrices.mean) * present) @ inverse[pattern]
            slopes = ((y @ along.u) * (y @ along.v) - expected + y @ along.mean) @ ones
            slopes *= rows.weights[block, None]
            total += slopes.T @ slopes
    return total
