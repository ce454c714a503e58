"""Simulated surveys of the groups' own sizes and design, refitted at several levels of the ladder."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from loyalty_kit.measurement.cfa.estimation import Likelihood, maximise
from loyalty_kit.measurement.cfa.likelihood import Sample, evaluate
from loyalty_kit.measurement.cfa.model import Matrices, Model
from loyalty_kit.measurement.chance.limits import IndexDraws
from loyalty_kit.measurement.chance.refits import NormalBatch, refit
from loyalty_kit.statistics.moments import Floats

_TINY = 1e-12


@dataclass(frozen=True)
class Scaling:
    """How chi² of a level becomes CFI and RMSEA: factors of the model and the baseline, and degrees of freedom."""

    df: int
    factor: float
    baseline_df: int
    baseline_factor: float


def kept_misfit(chi2: float, df: float) -> float:
    """Share of the residuals that is misfit of the structure, the rest being what chance adds to a chi²."""
    return float(np.sqrt(max(chi2 - df, 0.0) / chi2)) if chi2 > 0 else 0.0


def indices(chi2: Floats, baseline: Floats, scaling: Scaling, *, n: float, groups: int) -> IndexDraws:
    """CFI and RMSEA of many chi²."""
    excess = np.maximum(chi2 - scaling.factor * scaling.df, 0.0)
    worst = np.maximum(baseline - scaling.baseline_factor * scaling.baseline_df, 0.0)
    worst = np.maximum(np.maximum(worst, excess), _TINY)
    return IndexDraws(1 - excess / worst, np.sqrt(excess * groups / (n * scaling.df)) if scaling.df else 0 * excess)


def weaker_by_turns(
    matrices: Sequence[Matrices], count: int, difference: float
) -> tuple[np.ndarray, np.ndarray, list[Floats]]:
    """Item and group of each draw in which it loads weaker, and by group the share that each item's loading keeps.

    Items take turns within groups, and groups but the first over rounds of items.
    """
    p = len(matrices[0].loadings)
    item, group = np.arange(count) % p, 1 + np.arange(count) // p % (len(matrices) - 1)
    kept = []
    for own in matrices:
        common = np.sqrt(np.diag(own.loadings @ own.factors @ own.loadings.T))
        standardized = common / np.sqrt(np.diag(own.covariance))
        kept.append(1 - difference / np.maximum(standardized, _TINY))
    return item, group, kept


@dataclass(frozen=True, eq=False)
class NormalWorld:
    """Population of normal answers: moments of every group, and by turns an item that loads weaker."""

    sizes: Sequence[float]
    means: Sequence[Floats]
    covariances: Sequence[Floats]
    matrices: Sequence[Matrices]

    def drawn(self, count: int, rng: np.random.Generator, weaker: float) -> tuple[list[Floats], list[Floats]]:
        """Draw means and covariances of each group: normal and Wishart."""
        item, group, kept = weaker_by_turns(self.matrices, count, weaker)
        means, covariances = [], []
        for g, (n, mean, covariance) in enumerate(zip(self.sizes, self.means, self.covariances, strict=True)):
            p = len(mean)
            factors = _wishart_factors(p, n, count, rng)
            shift = rng.standard_normal((count, p)) / np.sqrt(n)
            roots = np.repeat(np.linalg.cholesky(covariance)[None], count, axis=0)
            if weaker:
                own = {j: np.linalg.cholesky(_weakened(covariance, self.matrices[g], j, kept[g][j])) for j in range(p)}
                roots = np.stack([own[j] if at == g else root for j, at, root in zip(item, group, roots, strict=True)])
            half = roots @ factors
            covariances.append(half @ half.transpose(0, 2, 1) / n)
            means.append(mean + np.einsum("dpq,dq->dp", roots, shift))
        return means, covariances


def _wishart_factors(p: int, n: float, count: int, rng: np.random.Generator) -> Floats:
    """Lower triangles whose squares are Wishart with n − 1 degrees of freedom (Bartlett)."""
    lower = np.tril(rng.standard_normal((count, p, p)), -1)
    lower[:, np.arange(p), np.arange(p)] = np.sqrt(rng.chisquare(np.maximum(n - 1 - np.arange(p), 0.5), (count, p)))
    return np.asarray(lower)


def _weakened(covariance: Floats, own: Matrices, item: int, kept: float) -> Floats:
    """Covariance where one item's loading keeps a share and its variance stays."""
    common = own.loadings @ own.factors @ own.loadings.T
    out = covariance.copy()
    change = (kept - 1) * common[item]
    change[item] = 0.0
    out[item] += change
    out[:, item] += change
    return out


def normal_chi2(
    model: Model, start: Floats, world: NormalWorld, drawn: tuple[list[Floats], list[Floats]]
) -> tuple[Floats, float]:
    """−2 log-likelihood of each draw, but for a constant, and of the population itself."""
    samples = [
        Sample(np.array([float(n)]), np.ones((1, len(mean)), dtype=bool), mean[None], covariance[None])
        for n, mean, covariance in zip(world.sizes, world.means, world.covariances, strict=True)
    ]
    found = maximise(Likelihood(model, samples), start)
    curvature = evaluate(model, samples, found.values)[2]
    count = len(drawn[0][0])
    batch = NormalBatch(model, world.sizes, *drawn)
    whole = NormalBatch(model, world.sizes, [m[None] for m in world.means], [c[None] for c in world.covariances])
    own = whole.evaluate(found.values[None], np.zeros(1, dtype=int))[0]
    return refit(batch, found.values, curvature, count), float(own[0])


def saturated_chi2(sizes: Sequence[float], covariances: Sequence[Floats]) -> tuple[Floats, Floats]:
    """−2 log-likelihood with all moments free and with uncorrelated items, but for the same constant."""
    p = covariances[0].shape[1]
    highest = sum(n * (np.linalg.slogdet(c)[1] + p) for n, c in zip(sizes, covariances, strict=True))
    variances = [np.diagonal(c, axis1=1, axis2=2) for c in covariances]
    lowest = sum(n * (np.log(v).sum(axis=1) + p) for n, v in zip(sizes, variances, strict=True))
    return np.asarray(highest), np.asarray(lowest)


def scaled_steps(
    chi2: Sequence[Floats], population: Sequence[float], dfs: Sequence[int], factors: Sequence[float]
) -> list[Floats]:
    """Chi² of normal draws as answers that are not normal would make them.

    What the first level fits worse by than the population itself, and each step on top of it, is stretched by the
    factor of its degrees of freedom; a step that the population's misfit alone makes is none.
    """
    out = [population[0] + _factor(factors[0], 1.0) * (chi2[0] - population[0])]
    for i in range(1, len(chi2)):
        df = dfs[i] - dfs[i - 1]
        factor = (dfs[i] * factors[i] - dfs[i - 1] * factors[i - 1]) / df if df else 1.0
        step = chi2[i] - chi2[i - 1] - (population[i] - population[i - 1])
        out.append(out[-1] + _factor(factor, _factor(factors[i], 1.0)) * np.maximum(step, 0.0))
    return out


def _factor(found: float, other: float) -> float:
    return found if np.isfinite(found) and found > 0 else other


def with_misfit(covariance: Floats, misfit: Floats) -> Floats:
    """Covariance with as much of a misfit as leaves it a covariance."""
    least = np.linalg.eigvalsh(covariance)[0]
    for _ in range(20):
        if np.linalg.eigvalsh(covariance + misfit)[0] > 0.1 * least:
            break
        misfit = misfit / 2
    return np.asarray(covariance + misfit)


def pairs_answered(sample: Sample) -> float:
    """Share of pairs of items that are answered, over respondents."""
    shares = (sample.present * sample.counts[:, None]).T @ sample.present / sample.n
    return float(shares.mean())
