"""Reliability of ordered answers: alpha of the latent answers, and omega of the sum that is really scored."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import message
from loyalty_kit.measurement.cfa.ordinal import ordinal_solution, polychoric_sample
from loyalty_kit.measurement.cfa.structure import structure_of
from loyalty_kit.measurement.correlations.items import ItemTable
from loyalty_kit.measurement.correlations.polychoric import distribution_above_chance
from loyalty_kit.measurement.reliability.coefficients import cronbach
from loyalty_kit.statistics.moments import Floats

_FAR = 10.0


@dataclass(frozen=True)
class OrdinalCoefficients:
    """Ordinal alpha and omega of one scale, and why there is none."""

    alpha: float = np.nan
    omega: float = np.nan
    reason: str | None = None


def ordinal_coefficients(table: ItemTable) -> OrdinalCoefficients:
    """Ordinal alpha and omega of the respondents who answer every item.

    Parameters
    ----------
    table : ItemTable
        Keyed answers of at most 20 categories an item.

    Notes
    -----
    Ordinal alpha is Cronbach's coefficient of the polychoric correlations: of the latent answers, not of the sum that
    is scored. Ordinal omega is of that sum: with thresholds τ, gaps d between neighbouring answers and loadings λ of
    one factor by diagonally weighted least squares, Σᵢⱼ cov(λᵢλⱼ) / Σᵢⱼ cov(ρᵢⱼ) where
    cov(r) = Σ dᵢdⱼ [Φ₂(τᵢ, τⱼ; r) − Φ(τᵢ)Φ(τⱼ)] and ρ are the polychoric correlations.

    References
    ----------
    Zumbo, B. D., Gadermann, A. M. & Zeisser, C. (2007). Ordinal versions of coefficients alpha and theta for Likert
    rating scales. Journal of Modern Applied Statistical Methods 6(1), 21–29.

    Green, S. B. & Yang, Y. (2009). Reliability of summed item scores using structural equation modeling: An
    alternative to coefficient alpha. Psychometrika 74(1), 155–167, equation 21.

    Checked against ``semTools::reliability`` (alpha.ord, omega3) and ``compRelSEM(ord.scale = TRUE)``, semTools 0.5-6.
    """
    complete = table.complete()
    try:
        with np.errstate(divide="ignore", invalid="ignore"):
            sample = polychoric_sample(complete)
    except InputError as error:
        return OrdinalCoefficients(reason=error.said)
    if sample.doubts:
        return OrdinalCoefficients(reason=sample.doubts[0])
    if not np.isfinite(sample.gamma).all():
        return OrdinalCoefficients(reason=message("The answers are too few for polychoric correlations."))
    alpha = cronbach(sample.found.matrix)
    if len(table.names) < 3:
        return OrdinalCoefficients(alpha, reason=message("Two items have no unique one-factor solution."))
    structure = structure_of({"scale": list(table.names)})
    solution = ordinal_solution(structure, sample.correlations, marker=False)
    (matrices,) = solution.model.matrices(solution.values)
    loadings, correlations = matrices.loadings[:, 0], sample.found.matrix
    if not (solution.converged and (np.abs(loadings) < 1).all()):
        return OrdinalCoefficients(alpha, reason=message("The one-factor model has no proper solution."))
    gaps = _gaps(complete, sample.found.thresholds)
    below = np.where(np.isfinite(sample.found.thresholds), sample.found.thresholds, _FAR)
    common = _covariances(below, gaps, np.outer(loadings, loadings))
    whole = _covariances(below, gaps, correlations)
    np.fill_diagonal(whole, _variances(below, gaps))
    return OrdinalCoefficients(alpha, float(common.sum() / whole.sum()))


def _gaps(table: ItemTable, thresholds: Floats) -> Floats:
    """Distance between neighbouring answers of each item, zero beyond its categories."""
    gaps = np.zeros(thresholds.shape)
    for own, answers in zip(gaps, table.values.T, strict=True):
        steps = np.diff(np.unique(answers))
        own[: len(steps)] = steps
    return gaps


def _covariances(below: Floats, gaps: Floats, correlations: Floats) -> Floats:
    """Covariances of answers whose latent answers correlate so (items × items)."""
    p = len(below)
    first, second = (index.ravel() for index in np.indices((p, p)))
    joint = distribution_above_chance(below[first], below[second], correlations[first, second])
    return np.asarray(np.einsum("na,nab,nb->n", gaps[first], joint, gaps[second]).reshape(p, p))


def _variances(below: Floats, gaps: Floats) -> Floats:
    """Variances of answers: Σ d d′ [Φ(min τ, τ′) − Φ(τ)Φ(τ′)]."""
    shares = ndtr(below)
    joint = np.minimum(shares[:, :, None], shares[:, None, :]) - shares[:, :, None] * shares[:, None, :]
    return np.asarray(np.einsum("ia,iab,ib->i", gaps, joint, gaps))
