"""Thresholds and correlations that a model of ordered answers implies, and how far the groups' own are from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from loyalty_kit.measurement.cfa.likelihood import element_indicators, second_derivatives
from loyalty_kit.measurement.cfa.model import Directions, Matrices, directions
from loyalty_kit.measurement.invariance.ordinal_model import OrdinalModel
from loyalty_kit.measurement.latent.scaled import discrepancy
from loyalty_kit.statistics.moments import Floats


@dataclass(frozen=True, eq=False)
class OrdinalMember:
    """One group's thresholds and polychoric correlations.

    Attributes
    ----------
    size : int
        Respondents.
    thresholds : array of shape (items, most thresholds)
        NaN beyond an item's categories.
    matrix : array of shape (items, items)
        Polychoric correlations.
    gamma : array of shape (moments, moments)
        Covariance of √n times the thresholds, item by item, then the correlations, lower triangle row by row.
    doubtful : tuple of str
        Pairs of items whose table hardly limits their correlation.
    """

    size: int
    thresholds: Floats
    matrix: Floats
    gamma: Floats
    doubtful: tuple[str, ...] = ()

    @cached_property
    def moments(self) -> Floats:
        """Thresholds, then correlations."""
        lower = np.tril_indices(len(self.matrix), -1)
        return np.concatenate([self.thresholds[np.isfinite(self.thresholds)], self.matrix[lower]])

    @cached_property
    def weights(self) -> Floats:
        """Inverse variances of √n times the moments."""
        return np.asarray(1 / np.diag(self.gamma))


@dataclass(frozen=True, eq=False)
class Implied:
    """One group's moments under a model, with their slopes over all parameters."""

    moments: Floats
    slopes: Floats
    matrices: Matrices
    along: Directions
    sd: Floats
    cut_item: np.ndarray
    spread: Floats
    ones: Floats


def implied(found: OrdinalModel, values: Floats) -> list[Implied]:
    """Moments of every group: t = (τ − μ) / σ and ρ = σᵢⱼ / σᵢσⱼ of the latent answers."""
    each = zip(found.model.matrices(values), found.model.by_group, found.cuts, strict=True)
    out: list[Implied] = []
    for matrices, elements, cuts in each:
        covariance, along = matrices.covariance, directions(matrices, elements)
        if not (np.diag(covariance) > 0).all():
            raise np.linalg.LinAlgError
        sd = np.sqrt(np.diag(covariance))
        item, _ = np.nonzero(cuts >= 0)
        numbers = cuts[cuts >= 0]
        first, second = np.tril_indices(len(sd), -1)
        t = (values[numbers] - matrices.mean[item]) / sd[item]
        rho = covariance[first, second] / (sd[first] * sd[second])
        spread = 2 * along.u * along.v / (sd**2)[:, None]
        moved = along.u[first] * along.v[second] + along.u[second] * along.v[first]
        moved = moved / (sd[first] * sd[second])[:, None]
        ones = element_indicators(elements, found.size)
        of_cuts = -along.mean[item] / sd[item, None] - 0.5 * t[:, None] * spread[item]
        of_pairs = moved - 0.5 * rho[:, None] * (spread[first] + spread[second])
        slopes = np.concatenate([of_cuts, of_pairs]) @ ones
        np.add.at(slopes, (np.arange(len(item)), numbers), 1 / sd[item])
        out.append(Implied(np.concatenate([t, rho]), slopes, matrices, along, sd, item, spread, ones))
    return out


@dataclass(frozen=True, eq=False)
class GroupLeastSquares:
    """−½ Σ (n − 1) Σ w (s − m)² over the groups and their moments."""

    found: OrdinalModel
    members: Sequence[OrdinalMember]

    def evaluate(self, values: Floats) -> tuple[float, Floats, Floats]:
        """Objective, slope and Gauss and Newton's curvature."""
        total, slope, curvature = 0.0, np.zeros(self.found.size), np.zeros((self.found.size,) * 2)
        for member, own in zip(self.members, implied(self.found, values), strict=True):
            counted = (member.size - 1) * member.weights
            value, down, bend = discrepancy(member.moments - own.moments, own.slopes, counted)
            total, slope, curvature = total + value, slope + down, curvature + bend
        return total, slope, curvature

    def observed(self, values: Floats) -> Floats:
        """Negative second derivatives: Gauss and Newton's curvature less that of the implied moments."""
        curvature = self.evaluate(values)[2]
        each = zip(self.members, implied(self.found, values), self.found.model.by_group, self.found.cuts, strict=True)
        for member, own, elements, cuts in each:
            q = (member.size - 1) * member.weights * (member.moments - own.moments)
            count = len(own.cut_item)
            of_cuts, of_pairs = q[:count], _square(q[count:], len(own.sd))
            rho, item = _square(own.moments[count:], len(own.sd)), own.cut_item
            on_items, on_cuts = np.zeros((2, len(own.sd)))
            np.add.at(on_items, item, of_cuts)
            np.add.at(on_cuts, item, of_cuts * own.moments[:count])
            pull = of_pairs / np.outer(own.sd, own.sd)
            omega = -pull
            np.fill_diagonal(omega, (on_cuts + (of_pairs * rho).sum(axis=1)) / own.sd**2)
            bent = -second_derivatives(own.matrices, elements, omega, -on_items / own.sd)
            bent += _curved(own, pull, of_pairs * rho, on_items, on_cuts)
            curvature -= own.ones.T @ bent @ own.ones
            crossed = -0.5 * (of_cuts / own.sd[item])[:, None] * (own.spread[item] @ own.ones)
            np.add.at(curvature, cuts[cuts >= 0], -crossed)
            np.add.at(curvature.T, cuts[cuts >= 0], -crossed)
        return curvature


def _square(lower: Floats, p: int) -> Floats:
    """Symmetric matrix of a lower triangle, zero on its diagonal."""
    out = np.zeros((p, p))
    out[np.tril_indices(p, -1)] = lower
    return out + out.T


def _curved(own: Implied, pull: Floats, turned: Floats, on_items: Floats, on_cuts: Floats) -> Floats:
    """Σ q ∂²m over the elements, from the curvature of t and ρ in σᵢⱼ, variances and means.

    With x = dσ²/σ²: ∂²ρ = −½ (dσᵢⱼ/σᵢσⱼ)(xᵢ + xⱼ) and its transpose, + ρ(¾(xᵢxᵢ + xⱼxⱼ) + ¼(xᵢxⱼ + xⱼxᵢ)); ∂²t =
    ½ (dμ/σ) x and its transpose, + ¾ t x x.
    """
    u, v, x = own.along.u, own.along.v, own.spread
    paired = u * (pull @ v) + v * (pull @ u)
    crossed = -0.5 * (paired.T @ x)
    crossed += 0.5 * ((own.along.mean * (on_items / own.sd)[:, None]).T @ x)
    square = 0.25 * turned + np.diag(0.75 * (turned.sum(axis=1) + on_cuts))
    return np.asarray(crossed + crossed.T + x.T @ square @ x)
