"""Interval of omega total, whatever the distribution of the answers."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit, ndtri

from loyalty_kit.measurement.cfa.likelihood import Sample, observed_information
from loyalty_kit.measurement.cfa.model import LOADING, confirmatory_model, directions
from loyalty_kit.measurement.correlations.items import ItemTable
from loyalty_kit.measurement.reliability.coefficients import OneFactor
from loyalty_kit.statistics.moments import Floats


@dataclass(frozen=True)
class OmegaInterval:
    """Standard error and ends; NaN where there is no omega, or an item has no variance of its own."""

    std_error: float
    low: float
    high: float


_NONE = OmegaInterval(np.nan, np.nan, np.nan)


def omega_interval(table: ItemTable, factor: OneFactor, *, confidence: float) -> OmegaInterval:
    """Interval of omega total by the delta method.

    Parameters
    ----------
    table : ItemTable
        Keyed answers; rows with a gap are left out.
    factor : OneFactor
        The one-factor model of the complete rows.
    confidence : float
        Level of the interval.

    Notes
    -----
    With a = A⁻¹g, A the observed information of one respondent about λ and θ and g the slopes of ω, a respondent moves
    ω by xᵀMx − tr(MΣ), M = ½ Σ⁻¹ (Σₖ aₖ ∂Σ/∂k) Σ⁻¹, x being the answers less their means: the variance of ω is the
    sum of squared moves, that is the sandwich's, which supposes no distribution of the answers. The interval is
    made on the scale of log ω/(1 − ω) and so stays between 0 and 1.

    References
    ----------
    Kelley, K. & Pornprasertmanit, S. (2016). Confidence intervals for population reliability coefficients: Evaluation
    of methods, recommendations, and software for composite measures. Psychological Methods 21(1), 69–92.

    Checked against ``lavaan::cfa(…, estimator = "MLR")`` with omega as a defined parameter, lavaan 0.6-14.
    """
    if not factor.told or not 0 < factor.omega < 1:
        return _NONE
    own = table.complete()
    w = own.weights * len(own.weights) / own.weights.sum()
    x = own.values - w @ own.values / len(w)
    p = x.shape[1]
    covariance = (x * w[:, None]).T @ x / len(w)
    sample = Sample(np.array([float(len(w))]), np.ones((1, p), dtype=bool), np.zeros((1, p)), covariance[None])
    move = _move(sample, factor)
    if move is None:
        return _NONE
    moved = w * (((x @ move) * x).sum(axis=1) - float((move * sample.covariances[0]).sum()))
    error = float(np.sqrt(moved @ moved)) / len(w)
    omega = factor.omega
    half = float(ndtri((1 + confidence) / 2)) * error / (omega * (1 - omega))
    return OmegaInterval(error, float(expit(logit(omega) - half)), float(expit(logit(omega) + half)))


def _move(sample: Sample, factor: OneFactor) -> Floats | None:
    """Matrix M by which a respondent moves omega; None where the model is not identified."""
    covariance = sample.covariances[0]
    names = [str(j) for j in range(len(covariance))]
    model = confirmatory_model({"scale": names})
    variance = np.diag(covariance)
    loads = model.elements.kind == LOADING
    values = np.zeros(model.size)
    loadings, unique = factor.loadings * np.sqrt(variance), (1 - factor.loadings**2) * variance
    values[model.elements.parameter[loads]], values[model.elements.parameter[~loads]] = loadings, unique
    common, rest = loadings.sum(), unique.sum()
    total = common**2 + rest
    slopes = np.where(loads, 2 * common * rest, -(common**2)) / total**2
    (matrices,) = model.matrices(values)
    try:
        steps = np.linalg.solve(observed_information(model, [sample], values) / sample.n, slopes)
        inverse = np.linalg.inv(matrices.covariance)
    except np.linalg.LinAlgError:
        return None
    along = directions(matrices, model.elements)
    half = (along.u * steps) @ along.v.T
    return np.asarray(0.5 * inverse @ (half + half.T) @ inverse)
