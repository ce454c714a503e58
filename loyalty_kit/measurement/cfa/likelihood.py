"""Normal likelihood of a CFA model, by pattern of missing answers: value, slope and curvature."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from loyalty_kit.measurement.cfa.model import (
    FACTOR,
    LOADING,
    MEAN,
    PATH,
    Directions,
    Elements,
    Ints,
    Matrices,
    Model,
    directions,
)
from loyalty_kit.statistics.moments import Floats, Moments


@dataclass(frozen=True, eq=False)
class Sample:
    """One group's answers as far as the likelihood needs them: a pattern is a set of items answered.

    Attributes
    ----------
    counts : array of shape (patterns,)
        Weighted number of respondents.
    present : array of bool, shape (patterns, items)
        Items answered.
    means, covariances : array of shape (patterns, items), (patterns, items, items)
        Maximum-likelihood moments of the pattern's respondents; zero where not answered.
    """

    counts: Floats
    present: npt.NDArray[np.bool_]
    means: Floats
    covariances: Floats

    @property
    def n(self) -> float:
        """Weighted number of respondents."""
        return float(self.counts.sum())

    @classmethod
    def complete(cls, moments: Moments, n: float, *, centered: bool = False) -> "Sample":
        """Sample of complete rows; centred where the model leaves the means alone."""
        p = len(moments.columns)
        means = np.zeros(p) if centered else moments.means.to_numpy()
        return cls(np.array([n]), np.ones((1, p), dtype=bool), means[None], (moments.comoments / moments.weights)[None])

    @classmethod
    def by_pattern(cls, rows: Floats, weights: Floats) -> tuple["Sample", Ints]:
        """Sample of rows with gaps, none of them empty, and the pattern of each row."""
        present, pattern = np.unique(np.isfinite(rows), axis=0, return_inverse=True)
        pattern = pattern.reshape(-1)
        filled = np.nan_to_num(rows)
        counts = np.bincount(pattern, weights).astype(float)
        means = np.zeros(present.shape)
        np.add.at(means, pattern, filled * weights[:, None])
        means /= counts[:, None]
        spread = (filled - means[pattern]) * np.sqrt(weights)[:, None]
        covariances = np.stack([x.T @ x for x in (spread[pattern == g] for g in range(len(present)))])
        return cls(counts, present, means, covariances / counts[:, None, None]), pattern


def precisions(sample: Sample, covariance: Floats) -> tuple[Floats, Floats]:
    """Σ⁻¹ of each pattern's items, zero elsewhere, and log|Σ|; LinAlgError where Σ is not positive definite."""
    mask = sample.present.astype(float)
    both = mask[:, :, None] * mask[:, None, :]
    whole = covariance * both + np.eye(len(covariance)) * (1 - mask)[:, :, None]
    roots = np.linalg.cholesky(whole)
    return np.linalg.inv(whole) * both, 2 * np.log(np.diagonal(roots, axis1=1, axis2=2)).sum(axis=1)


def loglik(sample: Sample, mean: Floats, covariance: Floats) -> float:
    """Log-likelihood of a group's answers."""
    return _value(sample, _deviation(sample, mean)[1], *precisions(sample, covariance))


def _deviation(sample: Sample, mean: Floats) -> tuple[Floats, Floats]:
    """Of each pattern, x̄ − μ and the cross-products about μ."""
    d = (sample.means - mean) * sample.present
    return d, sample.covariances + d[:, :, None] * d[:, None, :]


def _value(sample: Sample, about: Floats, inverse: Floats, log_determinant: Floats) -> float:
    constant = np.log(2 * np.pi) * sample.present.sum(axis=1)
    return float(-0.5 * sample.counts @ (constant + log_determinant + (inverse * about).sum(axis=(1, 2))))


def _slopes(sample: Sample, d: Floats, about: Floats, inverse: Floats) -> tuple[Floats, Floats]:
    """Σ n (Σ⁻¹ − Σ⁻¹ A Σ⁻¹) and Σ n Σ⁻¹ (x̄ − μ) over the patterns."""
    omega = np.einsum("g,gij->ij", sample.counts, inverse - inverse @ about @ inverse)
    return omega, np.einsum("g,gij,gj->i", sample.counts, inverse, d)


def moment_slopes(sample: Sample, mean: Floats, covariance: Floats) -> tuple[Floats, Floats]:
    """Ω and y of the patterns at a mean and covariance: the log-likelihood's slopes are −½Ω and y."""
    return _slopes(sample, *_deviation(sample, mean), precisions(sample, covariance)[0])


def slope(along: Directions, omega: Floats, y: Floats) -> Floats:
    """Slope of the log-likelihood along each direction."""
    return np.asarray(y @ along.mean - (along.u * (omega @ along.v)).sum(axis=0))


def information(a: Directions, b: Directions, inverse: Floats) -> Floats:
    """One respondent's expected information, ½ tr(Σ⁻¹Σᵢ Σ⁻¹Σⱼ) + μᵢᵀΣ⁻¹μⱼ, directions a × b."""
    u, v = inverse @ b.u, inverse @ b.v
    return np.asarray((a.v.T @ u) * (a.u.T @ v) + (a.v.T @ v) * (a.u.T @ u) + a.mean.T @ inverse @ b.mean)


def information_diagonal(along: Directions, inverse: Floats) -> Floats:
    """One respondent's expected information along each direction by itself."""
    u, v = inverse @ along.u, inverse @ along.v
    both = (along.u * v).sum(axis=0) ** 2 + (along.u * u).sum(axis=0) * (along.v * v).sum(axis=0)
    return np.asarray(both + (along.mean * (inverse @ along.mean)).sum(axis=0))


def element_indicators(elements: Elements, size: int) -> Floats:
    """Matrix of zeros and ones, elements × parameters, that sums elements into parameters."""
    ones = np.zeros((len(elements), size))
    ones[np.arange(len(elements)), elements.parameter] = 1.0
    return ones


def evaluate(model: Model, samples: Sequence[Sample], values: Floats) -> tuple[float, Floats, Floats]:
    """Log-likelihood, slope and expected information; LinAlgError where Σ is not positive definite."""
    total, gradient, expected = 0.0, np.zeros(model.size), np.zeros((model.size, model.size))
    for sample, matrices, elements in zip(samples, model.matrices(values), model.by_group, strict=True):
        inverse, log_determinant = precisions(sample, matrices.covariance)
        d, about = _deviation(sample, matrices.mean)
        total += _value(sample, about, inverse, log_determinant)
        along, ones = directions(matrices, elements), element_indicators(elements, model.size)
        gradient += ones.T @ slope(along, *_slopes(sample, d, about, inverse))
        own = sum(n * information(along, along, m) for n, m in zip(sample.counts, inverse, strict=True))
        expected += ones.T @ own @ ones
    return total, gradient, expected


def scaled_least_squares(among: Floats, between: Floats) -> Floats:
    """Least solution of among · x = between, whatever the units of the parameters."""
    scale = np.sqrt(np.maximum(np.diag(among), np.finfo(float).tiny))[:, None]
    return np.asarray(np.linalg.lstsq(among / (scale * scale.T), between / scale)[0] / scale)


@dataclass(frozen=True, eq=False)
class Scores:
    """Slopes along elements that a model does not free, with what tells their variance.

    Attributes
    ----------
    slopes, own : array of shape (elements,)
        Slopes of the log-likelihood and expected information of each element by itself; elements of
        different groups share none.
    between, among : array of shape (parameters, elements), (parameters, parameters)
        Expected information of parameters with elements, and of parameters.
    """

    slopes: Floats
    own: Floats
    between: Floats
    among: Floats

    def variance(self) -> Floats:
        """Variance of each slope, once the parameters have adapted."""
        return np.asarray(self.own - (self.between * scaled_least_squares(self.among, self.between)).sum(axis=0))

    def joint(self, chosen: Ints) -> float:
        """Score statistic of some elements of different groups together, chi² with as many degrees of freedom."""
        between = self.between[:, chosen]
        variance = np.diag(self.own[chosen]) - between.T @ scaled_least_squares(self.among, between)
        return float(self.slopes[chosen] @ scaled_least_squares(variance, self.slopes[chosen, None])[:, 0])


def scores(model: Model, samples: Sequence[Sample], values: Floats, elements: Elements) -> Scores:
    """Score tests of elements that the model fixes, or that it ties to those of other groups."""
    slopes, own = np.zeros((2, len(elements)))
    between, among = np.zeros((model.size, len(elements))), np.zeros((model.size, model.size))
    for g, (sample, matrices) in enumerate(zip(samples, model.matrices(values), strict=True)):
        inverse, _ = precisions(sample, matrices.covariance)
        here = elements.group == g
        free, ones = directions(matrices, model.by_group[g]), element_indicators(model.by_group[g], model.size)
        fixed = directions(matrices, elements.where(here))
        slopes[here] = slope(fixed, *moment_slopes(sample, matrices.mean, matrices.covariance))
        for n, m in zip(sample.counts, inverse, strict=True):
            own[here] += n * information_diagonal(fixed, m)
            between[:, here] += n * ones.T @ information(free, fixed, m)
            among += n * ones.T @ information(free, free, m) @ ones
    return Scores(slopes, own, between, among)


def observed_information(model: Model, samples: Sequence[Sample], values: Floats) -> Floats:
    """Negative second derivatives of the log-likelihood.

    Of one pattern, −½ tr(Σ⁻¹ΣᵢΣ⁻¹Σⱼ) + tr(Σ⁻¹ΣᵢNΣⱼ) + ½ tr(ΩΣᵢⱼ) + μᵢᵀΣ⁻¹μⱼ + μᵢᵀΣ⁻¹Σⱼy + μⱼᵀΣ⁻¹Σᵢy − μᵢⱼᵀy,
    where N = Σ⁻¹AΣ⁻¹, Ω = Σ⁻¹ − N, y = Σ⁻¹(x̄ − μ).
    """
    total = np.zeros((model.size, model.size))
    for sample, matrices, elements in zip(samples, model.matrices(values), model.by_group, strict=True):
        inverse, _ = precisions(sample, matrices.covariance)
        d, about = _deviation(sample, matrices.mean)
        along = directions(matrices, elements)
        own = second_derivatives(matrices, elements, *_slopes(sample, d, about, inverse))
        for n, m, a, deviation in zip(sample.counts, inverse, about, d, strict=True):
            own += n * _pattern_curvature(along, m, m @ a @ m, m @ deviation)
        ones = element_indicators(elements, model.size)
        total += ones.T @ own @ ones
    return total


def _pattern_curvature(along: Directions, m: Floats, n: Floats, y: Floats) -> Floats:
    """Terms of the observed information in first derivatives, for one respondent of a pattern."""
    u, v, mean = along.u, along.v, along.mean
    mu, mv, nu, nv = m @ u, m @ v, n @ u, n @ v
    uu, uv, vv = u.T @ mu, u.T @ mv, v.T @ mv
    crossed = (uu * (v.T @ nv)) + (vv * (u.T @ nu)) + (uv * (v.T @ nu)) + (uv.T * (u.T @ nv))
    bent = (mean.T @ mu) * (v.T @ y) + (mean.T @ mv) * (u.T @ y)
    return np.asarray(crossed - (uv * uv.T + uu * vv) + mean.T @ m @ mean + bent + bent.T)


def second_derivatives(matrices: Matrices, elements: Elements, omega: Floats, y: Floats) -> Floats:
    """Terms in second derivatives: xᵀΩy − μᵢⱼᵀy of each pair of elements that moves Σ by xyᵀ + yxᵀ beyond the first.

    They are of loadings, factor covariances, factor means and paths with one another; paths with means are left out,
    as no model here has both.
    """
    out = np.zeros((len(elements), len(elements)))
    at = {kind: np.flatnonzero(elements.kind == kind) for kind in (LOADING, FACTOR, MEAN, PATH)}
    item, factor = elements.row[at[LOADING]], elements.column[at[LOADING]]
    f, h = elements.row[at[FACTOR]], elements.column[at[FACTOR]]
    reach, through = omega @ matrices.reach, matrices.through
    mixed = reach[np.ix_(item, f)] * through[np.ix_(factor, h)] + reach[np.ix_(item, h)] * through[np.ix_(factor, f)]
    out[np.ix_(at[LOADING], at[FACTOR])] = mixed * np.where(f == h, 0.5, 1.0)
    out[np.ix_(at[LOADING], at[MEAN])] = -y[item, None] * through[np.ix_(factor, elements.row[at[MEAN]])]
    if len(at[PATH]):
        _bend_by_paths(out, matrices, elements, omega, at)
    out += out.T
    out[np.ix_(at[LOADING], at[LOADING])] = matrices.spread[np.ix_(factor, factor)] * omega[np.ix_(item, item)]
    return out


def _bend_by_paths(out: Floats, matrices: Matrices, elements: Elements, omega: Floats, at: Mapping[int, Ints]) -> None:
    """Write the terms of paths with loadings and factor covariances, and half of those with one another."""
    item, factor = elements.row[at[LOADING]], elements.column[at[LOADING]]
    f, h = elements.row[at[FACTOR]], elements.column[at[FACTOR]]
    to, by = elements.row[at[PATH]], elements.column[at[PATH]]
    through, spread, product = matrices.through, matrices.spread, matrices.loadings @ matrices.spread
    reach = omega @ matrices.reach
    among, across = matrices.reach.T @ reach, reach.T @ product
    loads = reach[np.ix_(item, to)] * spread[np.ix_(factor, by)]
    loads += (omega @ product)[np.ix_(item, by)] * through[np.ix_(factor, to)]
    out[np.ix_(at[LOADING], at[PATH])] = loads
    varies = through[np.ix_(by, f)].T * among[np.ix_(h, to)] + through[np.ix_(by, h)].T * among[np.ix_(f, to)]
    out[np.ix_(at[FACTOR], at[PATH])] = varies * np.where(f == h, 0.5, 1.0)[:, None]
    own = through[np.ix_(by, to)] * across[np.ix_(to, by)]
    out[np.ix_(at[PATH], at[PATH])] = own + spread[np.ix_(by, by)] * among[np.ix_(to, to)] / 2
