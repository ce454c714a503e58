"""Two groups of respondents against the same respondents with their groups drawn by lot."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from loyalty_kit.paths.model.fitted import Sampler
from loyalty_kit.paths.model.samples import moments_of, products_of, scaled
from loyalty_kit.paths.model.specification import Answers, Floats, Specification
from loyalty_kit.paths.pls.figures import inner_of
from loyalty_kit.paths.pls.partial_least_squares import Scheme, outer_weights
from loyalty_kit.statistics.resampling import block_of, run_blocks

_TOLERANCE = 1e-9
Statistics = Callable[[Floats, np.random.Generator], Floats]
"""Figures of a pair of groups, a row each, of which respondents are in the first."""


class Lots(NamedTuple):
    """Figures of the two groups as they are, and under groups that were drawn by lot (draws × figures)."""

    found: Floats
    drawn: Floats

    def two_sided(self, columns: slice) -> Floats:
        """Probability that groups drawn by lot differ at least as much, in either direction."""
        return self._shares(np.abs(self.drawn[:, columns]) >= np.abs(self.found[columns]) - _TOLERANCE, columns)

    def lower(self, columns: slice) -> Floats:
        """Probability that groups drawn by lot lie at least as low."""
        return self._shares(self.drawn[:, columns] <= self.found[columns] + _TOLERANCE, columns)

    def _shares(self, beyond: np.ndarray, columns: slice) -> Floats:
        there = np.isfinite(self.drawn[:, columns])
        return np.asarray((1 + (beyond & there).sum(axis=0)) / (1 + there.sum(axis=0)), dtype=float)


def draw_lots(statistics: Statistics, first: int, n: int, permutations: int, rng: np.random.Generator) -> Lots:
    """Figures of the first so many respondents against the rest, and of as many drawn by lot.

    Notes
    -----
    Where the groups are alike, every draw of them is as probable as the one that was found, so that the probability
    (1 + draws at least as far) / (1 + draws) keeps its level at any size of the groups.
    """
    member = (np.arange(n) < first).astype(float)
    drawn = partial(_some, statistics, member)
    lots = run_blocks(drawn, replicates=permutations, rng=rng, block=block_of(n))
    return Lots(statistics(member[None], rng)[0], lots)


def _some(statistics: Statistics, member: Floats, count: int, rng: np.random.Generator) -> Floats:
    return statistics(rng.permuted(np.repeat(member[None], count, axis=0), axis=1), rng)


def path_differences(sampler: Sampler, paths: int, counts: Floats, rng: np.random.Generator) -> Floats:
    """Paths of the first group less those of the second."""
    difference: Floats = sampler(counts, rng)[:, :paths] - sampler(1 - counts, rng)[:, :paths]
    return difference


def composite_statistics(answers: Answers, model: Specification, scheme: Scheme, estimator: str) -> Statistics:
    """Path differences, then of each construct a correlation, a difference of means and a ratio of variances.

    The correlation is that of the scores of all respondents by the one group's weights and by the other's; means and
    the logarithm of the ratio are of scores by the weights of all respondents.
    """
    products = products_of(answers.given, answers.weights)
    pooled = scaled(moments_of(np.ones((1, len(answers.given))), *products)[1])
    weights = outer_weights(pooled, model, scheme).weights[0]
    return partial(_composites, products, model, scheme, estimator, pooled[0], weights)


def _composites(
    products: tuple[Floats, Floats],
    model: Specification,
    scheme: Scheme,
    estimator: str,
    pooled: Floats,
    weights: Floats,
    counts: Floats,
    rng: np.random.Generator,
) -> Floats:
    del rng
    first, second = (_half(part, products, model, scheme, estimator, weights) for part in (counts, 1 - counts))
    across = (first.weights * (pooled @ second.weights)).sum(axis=1)
    sizes = [np.sqrt((half.weights * (pooled @ half.weights)).sum(axis=1)) for half in (first, second)]
    ratio = np.log(first.variances / second.variances)
    return np.hstack([first.paths - second.paths, across / (sizes[0] * sizes[1]), first.means - second.means, ratio])


class _Half(NamedTuple):
    paths: Floats
    weights: Floats
    means: Floats
    variances: Floats


def _half(
    counts: Floats,
    products: tuple[Floats, Floats],
    model: Specification,
    scheme: Scheme,
    estimator: str,
    weights: Floats,
) -> _Half:
    means, covariances = moments_of(counts, *products)
    correlations = scaled(covariances)
    sound = np.asarray(np.isfinite(correlations).all(axis=(1, 2)))
    correlations[~sound] = np.eye(len(weights))
    fitted = outer_weights(correlations, model, scheme, 1e-7)
    inner = inner_of(fitted.weights, correlations, model, estimator)
    source, target = (np.array(ends, dtype=int) for ends in zip(*model.edges, strict=True))
    unsettled, own, paths = ~(sound & fitted.converged), fitted.weights.copy(), inner.paths[:, source, target]
    own[unsettled], paths[unsettled] = np.nan, np.nan
    variances = (weights * (covariances @ weights)).sum(axis=1)
    return _Half(paths, own, means @ weights, variances)
