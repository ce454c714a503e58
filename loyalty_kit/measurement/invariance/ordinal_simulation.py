"""Simulated surveys of ordered answers: thresholds and polychoric correlations drawn from their sampling covariance."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from loyalty_kit.measurement.cfa.estimation import maximise
from loyalty_kit.measurement.cfa.model import Matrices
from loyalty_kit.measurement.chance.normal import weaker_by_turns
from loyalty_kit.measurement.chance.refits import covariances, filled, means, refit
from loyalty_kit.measurement.invariance.ordinal_model import OrdinalModel
from loyalty_kit.measurement.invariance.ordinal_moments import GroupLeastSquares, OrdinalMember, implied
from loyalty_kit.statistics.moments import Floats


@dataclass(frozen=True, eq=False)
class OrdinalBatch:
    """Σ (n − 1) Σ w (s − m)² over the groups and their thresholds and correlations.

    Attributes
    ----------
    found : OrdinalModel
        What is fitted.
    sizes : sequence of float
        Respondents of each group, less one.
    weights : sequence of arrays of shape (moments,)
        Inverse variances of √n times the moments.
    slopes : sequence of arrays of shape (moments, parameters)
        Slopes of the implied moments at the start, which every step takes.
    moments : sequence of arrays of shape (samples, moments)
        Thresholds and correlations of each group.
    """

    found: OrdinalModel
    sizes: Sequence[float]
    weights: Sequence[Floats]
    slopes: Sequence[Floats]
    moments: Sequence[Floats]

    def evaluate(self, values: Floats, rows: np.ndarray) -> tuple[Floats, Floats]:
        """Value and half the negative slope of some of the samples."""
        total, slope = np.zeros(len(rows)), np.zeros((len(rows), self.found.size))
        for g, n in enumerate(self.sizes):
            matrices = filled(self.found.model, g, values)
            sigma, cuts = covariances(matrices), self.found.cuts[g]
            variance = np.diagonal(sigma, axis1=1, axis2=2)
            proper = (variance > 0).all(axis=1)
            sd = np.sqrt(np.where(variance > 0, variance, 1.0))
            item, _ = np.nonzero(cuts >= 0)
            first, second = np.tril_indices(sd.shape[1], -1)
            t = (values[:, cuts[cuts >= 0]] - means(matrices)[:, item]) / sd[:, item]
            rho = sigma[:, first, second] / (sd[:, first] * sd[:, second])
            off = self.moments[g][rows] - np.hstack([t, rho])
            weighted = off * (n * self.weights[g])
            total += np.where(proper, (weighted * off).sum(axis=1), np.inf)
            slope += weighted @ self.slopes[g]
        return total, slope


@dataclass(frozen=True, eq=False)
class OrdinalWorld:
    """Population of ordered answers: thresholds and correlations of every group."""

    members: Sequence[OrdinalMember]
    moments: Sequence[Floats]
    matrices: Sequence[Matrices]

    def drawn(self, count: int, rng: np.random.Generator, weaker: float) -> list[Floats]:
        """Draw moments of each group from their asymptotic covariance."""
        item, group, kept = weaker_by_turns(self.matrices, count, weaker)
        out = []
        for g, (member, moments) in enumerate(zip(self.members, self.moments, strict=True)):
            roots, vectors = np.linalg.eigh(member.gamma)
            half = vectors * np.sqrt(np.maximum(roots, 0.0) / member.size)
            own = moments + rng.standard_normal((count, len(moments))) @ half.T
            if weaker:
                own += self._weaker(g, item, np.asarray(group == g), kept[g])
            out.append(own)
        return out

    def _weaker(self, g: int, item: np.ndarray, here: np.ndarray, kept: Floats) -> Floats:
        own = self.matrices[g]
        sd = np.sqrt(np.diag(own.covariance))
        common = own.loadings @ own.factors @ own.loadings.T / np.outer(sd, sd)
        first, second = np.tril_indices(len(sd), -1)
        touched = ((first == item[:, None]) | (second == item[:, None])) & here[:, None]
        change = np.zeros((len(item), len(self.moments[g])))
        change[:, -len(first) :] = touched * (kept[item] - 1)[:, None] * common[first, second]
        return change


def ordinal_chi2(found: OrdinalModel, start: Floats, world: OrdinalWorld, drawn: list[Floats]) -> tuple[Floats, float]:
    """Chi² of each draw, and of the population itself."""
    members = [_at(member, moments) for member, moments in zip(world.members, world.moments, strict=True)]
    objective = GroupLeastSquares(found, members)
    ended = maximise(objective, start)
    slopes = [own.slopes for own in implied(found, ended.values)]
    sizes, weights = [member.size - 1.0 for member in world.members], [member.weights for member in world.members]
    batch = OrdinalBatch(found, sizes, weights, slopes, drawn)
    curvature = objective.evaluate(ended.values)[2]
    return refit(batch, ended.values, curvature, len(drawn[0])), -2 * ended.loglik


def _at(member: OrdinalMember, moments: Floats) -> OrdinalMember:
    """Give a group other moments, weighed as its own."""
    p = len(member.matrix)
    pairs = p * (p - 1) // 2
    thresholds, matrix = member.thresholds.copy(), np.eye(p)
    thresholds[np.isfinite(thresholds)] = moments[:-pairs]
    matrix[np.tril_indices(p, -1)] = moments[-pairs:]
    matrix = matrix + np.tril(matrix, -1).T
    return OrdinalMember(member.size, thresholds, matrix, member.gamma)
