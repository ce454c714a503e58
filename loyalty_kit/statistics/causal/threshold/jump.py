"""The jump of an outcome at a threshold: bias-corrected local lines with robust errors, and their bandwidths."""

from dataclasses import dataclass

import numpy as np

from loyalty_kit.statistics.causal.effects import Floats
from loyalty_kit.statistics.causal.threshold.local_polynomials import Side

PILOT = 2.576
"""Constant of the pilot bandwidth with triangular weights."""


@dataclass(frozen=True)
class Jump:
    """Jump at a threshold.

    Attributes
    ----------
    conventional, corrected : float
        Difference of the local lines at the threshold, and that less its estimated bias.
    conventional_error, robust_error : float
        Standard errors; the second is of the corrected jump and knows that the bias is estimated.
    n_below, n_above : int
        Customers within the bandwidth.
    """

    conventional: float
    corrected: float
    conventional_error: float
    robust_error: float
    n_below: int
    n_above: int


def jump(below: Side, above: Side, h: float, b: float) -> Jump:
    """Jump between two sides with bandwidth h for the lines and b for the curvature that corrects them.

    References
    ----------
    Calonico, S., Cattaneo, M. D. & Titiunik, R. (2014). Robust nonparametric confidence intervals for
    regression-discontinuity designs. Econometrica 82, 2295–2326.
    """
    plain, corrected, variances, counts = [], [], np.zeros(2), []
    for side in (below, above):
        line, curve = side.fit(h, 1), side.fit(b, 2)
        weights = line.weights(0)
        bias = float(weights @ side.x**2)
        robust = weights - bias * curve.weights(2)
        plain.append(float(line.coefficients[0]))
        corrected.append(float(robust @ side.y))
        variances += [float(((each * side.residuals) ** 2).sum()) for each in (weights, robust)]
        counts.append(int(line.inside.sum()))
    errors = np.sqrt(variances)
    return Jump(
        plain[1] - plain[0], corrected[1] - corrected[0], float(errors[0]), float(errors[1]), counts[0], counts[1]
    )


@dataclass(frozen=True)
class _Plug:
    """Variance, bias and regularization of a derivative at the threshold on one side, each free of the bandwidth."""

    variance: float
    bias: float
    regularization: float


def bandwidths(below: Side, above: Side) -> tuple[float, float]:
    """Bandwidths for the lines and for their correction that make the mean squared error of the jump least.

    Notes
    -----
    A pilot bandwidth, by the number of distinct scores, gives variances; a cubic fitted globally and then locally
    gives, step by step, the bias of the curvature and of the level, regularized by the variance of the bias.

    References
    ----------
    Calonico, Cattaneo & Titiunik (2014), section S.2.6; Calonico, Cattaneo, Farrell & Titiunik (2017). rdrobust. Stata
    Journal 17, 372–404.
    """
    x = np.concatenate([below.x, above.x])
    spread = min(x.std(ddof=1), (np.quantile(x, 0.75) - np.quantile(x, 0.25)) / 1.349)
    pilot = min(PILOT * spread * len(np.unique(x)) ** -0.2, float(np.abs(x).max()))
    ranges = [float(np.abs(side.x).max()) + 1e-8 for side in (below, above)]
    third = [_plug(side, pilot, own, 3, 3) for side, own in zip((below, above), ranges, strict=True)]
    d = min(_least(third, 3, regular=False), max(ranges))
    b = min(_least([_plug(side, pilot, d, 2, 2) for side in (below, above)], 2), max(ranges))
    h = min(_least([_plug(side, pilot, b, 1, 0) for side in (below, above)], 1), max(ranges))
    return h, b


def _plug(side: Side, pilot: float, wide: float, degree: int, derivative: int) -> _Plug:
    """Give what the bandwidth of a derivative's estimate by a local polynomial of a degree depends on."""
    fit = side.fit(pilot, degree)
    weights = fit.weights(derivative)
    variance = float(((weights * side.residuals) ** 2).sum())
    constant = float(weights @ side.x ** (degree + 1)) / pilot ** (degree + 1 - derivative)
    wider = side.fit(wide, degree + 1)
    slope = wider.weights(degree + 1)
    power = 2 * (degree + 1 - derivative)
    noise = float(((slope * side.residuals) ** 2).sum())
    return _Plug(
        (2 * derivative + 1) * pilot ** (2 * derivative + 1) * variance,
        np.sqrt(power) * constant * float(wider.coefficients[degree + 1]),
        power * 3 * constant**2 * noise,
    )


def _least(sides: list[_Plug], degree: int, *, regular: bool = True) -> float:
    """Bandwidth at which squared bias and variance of the difference of both sides add to least."""
    below, above = sides
    bias = (above.bias - below.bias) ** 2 + (above.regularization + below.regularization) * regular
    return float(((above.variance + below.variance) / bias) ** (1 / (2 * degree + 3)))


def density_difference(below: Floats, above: Floats, bandwidth: float | None = None) -> tuple[float, float, float]:
    """Logarithm of the density above a threshold over that below, its standard error, and the bandwidth.

    Parameters
    ----------
    below, above : array
        Scores less the threshold, negative and from 0 on.
    bandwidth : float, optional
        Of the local lines through the histogram; half of McCrary's rule where not given.

    Notes
    -----
    Bins of width 2 s n^(−1/2) are counted on each side; a local line through them with triangular weights gives the
    density at the threshold. The error is √(24/5 (1/f₊ + 1/f₋) / (n h)).

    References
    ----------
    McCrary, J. (2008). Manipulation of the running variable in the regression discontinuity design: a density test.
    Journal of Econometrics 142, 698–714, sections 3.1 and 3.2.
    """
    x = np.concatenate([below, above])
    n = len(x)
    width = _width(x)
    bins = [_histogram(np.ceil(-below / width) - 1, width, n), _histogram(np.floor(above / width), width, n)]
    h = bandwidth if bandwidth is not None else 0.25 * sum(_rule(*side) for side in bins)
    densities = [_at_zero(middle, height, max(h, 3 * width)) for middle, height in bins]
    if min(densities) <= 0:
        return (float("inf") if densities[0] <= 0 else float("-inf")), float("nan"), float(h)
    error = np.sqrt(24 / 5 * sum(1 / each for each in densities) / (n * h))
    return float(np.log(densities[1] / densities[0])), float(error), float(h)


def _width(x: Floats) -> float:
    """Width of the bins; a multiple of the step between scores where these are whole steps shared by many."""
    width = float(2 * x.std(ddof=1) / np.sqrt(len(x)))
    values = np.unique(x)
    if 2 * len(values) > len(x) or len(values) < 2:
        return width
    step = float(np.diff(values).min())
    whole = np.abs(values / step - np.round(values / step)).max() < 1e-6
    return float(np.ceil(width / step) * step) if whole else width


def _histogram(places: Floats, width: float, n: int) -> tuple[Floats, Floats]:
    """Middles of bins from the threshold on, and the density in each."""
    counts = np.bincount(places.astype(int))
    return (np.arange(len(counts), dtype=float) + 0.5) * width, np.asarray(counts / (n * width), dtype=float)


def _rule(middle: Floats, height: Floats) -> float:
    """McCrary's automatic bandwidth of one side, from a quartic through the histogram."""
    if len(middle) < 6:
        return float(middle[-1])
    fit = np.polynomial.Polynomial.fit(middle, height, 4)
    noise = ((height - fit(middle)) ** 2).sum() / (len(middle) - 5)
    curvature = (fit.deriv(2)(middle) ** 2).sum()
    span = float(middle[-1])
    return float(min(3.348 * (noise * span / curvature) ** 0.2, span)) if curvature > 0 else span


def _at_zero(middle: Floats, height: Floats, h: float) -> float:
    """Value at 0 of the local line through bins, triangular weights."""
    weight = np.maximum(1 - middle / h, 0.0)
    design = np.column_stack([np.ones(len(middle)), middle])
    cross = (design * weight[:, None]).T @ design
    return float(np.linalg.lstsq(cross, (design * weight[:, None]).T @ height, rcond=None)[0][0])
