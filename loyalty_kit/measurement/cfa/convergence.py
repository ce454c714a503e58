"""Whether a search for a CFA model's estimates has ended at estimates: rules that hold on every processor."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from loyalty_kit.measurement.cfa.model import Matrices
from loyalty_kit.measurement.factors.fit_indices import ChiSquares
from loyalty_kit.statistics.moments import Floats

_LEFT, _SINGULAR = 1e-8, 1e-12
_UNIDENTIFIED = 1e-10
_GAIN, _BENT = 1e-6, 1e-6
_LENGTHS = 2.0 ** np.arange(10, -8, -1)
_EXACT, _FARTHEST = 1e-3, 100.0


class Objective(Protocol):
    """What a search climbs."""

    def evaluate(self, values: Floats) -> tuple[float, Floats, Floats]:
        """Value, slope and expected curvature; LinAlgError where the value is not defined."""

    def observed(self, values: Floats) -> Floats:
        """Negative second derivatives."""


@dataclass(frozen=True, eq=False)
class Ending:
    """Where a search ended and how the objective runs from there, along principal directions of its curvature.

    Attributes
    ----------
    objective : Objective
    values, value : array of shape (parameters,), float
        Where, and how high that is.
    slopes, roots : array of shape (parameters,)
        Slope and curvature along each direction, which runs over parameters in units of their own information;
        the direction that bends down least comes first.
    directions : array of shape (parameters, parameters)
        Each in a column.
    """

    objective: Objective
    values: Floats
    value: float
    slopes: Floats
    roots: Floats
    directions: Floats

    @classmethod
    def at(
        cls, objective: Objective, values: Floats, found: tuple[float, Floats, Floats], observed: Floats | None = None
    ) -> "Ending":
        """Take the ending at values from what was found there, and the observed curvature where it is known."""
        value, gradient, expected = found
        curvature = objective.observed(values) if observed is None else observed
        scale = np.sqrt(np.maximum(np.diag(expected), np.finfo(float).tiny))
        roots, vectors = np.linalg.eigh(curvature / np.outer(scale, scale))
        return cls(objective, values, value, vectors.T @ (gradient / scale), roots, vectors / scale[:, None])

    @property
    def settled(self) -> bool:
        """Whether Newton's step from here, undamped, promises next to nothing.

        A flat slope does not tell: along a narrow ridge it is flat far from the top. Left out are directions along
        which nothing bends (the model is not identified there) and those that bend up (`ascent` follows them).
        """
        down = self.roots > _SINGULAR
        return bool((self.slopes[down] ** 2 / self.roots[down]).sum() < _LEFT)

    def ascent(self) -> Floats | None:
        """Where the objective is higher along the direction in which it bends down least; None where it is nowhere.

        At a saddle point the slope is flat and the objective still rises to both sides along some direction.
        What decides is the height that is gained, as the sign of a curvature near zero is rounding.
        """
        if self.roots[0] > _BENT:
            return None
        best, highest = None, self.value + _GAIN
        for length in np.concatenate([_LENGTHS, -_LENGTHS]):
            candidate = self.values + length * self.directions[:, 0]
            try:
                height = self.objective.evaluate(candidate)[0]
            except np.linalg.LinAlgError:
                continue
            if height > highest:
                best, highest = candidate, height
        return best


def are_estimates(matrices: Sequence[Matrices], covariances: Sequence[Floats], test: ChiSquares) -> bool:
    """Whether the values where a search settled can be a maximum at all, from each group's matrices and covariance.

    A model with as many parameters as moments fits exactly or has no maximum: its estimates then run away, as may
    those of other models, to where residual variances and what the factors claim cancel out in ever larger numbers.
    """
    exact = test.df > 0 or test.chi2 < _EXACT
    return exact and not any(map(_runs_away, matrices, covariances))


def _runs_away(matrices: Matrices, covariance: Floats) -> bool:
    """Whether a standardized loading or a factor correlation is far beyond what the worst Heywood case has."""
    claimed = np.diag(matrices.reach @ matrices.factors @ matrices.reach.T) / np.diag(covariance)
    sd = np.sqrt(np.abs(np.diag(matrices.spread)))
    beyond = np.abs(matrices.spread) > _FARTHEST * np.outer(sd, sd)
    return bool((np.abs(claimed) > _FARTHEST**2).any() or beyond.any())


def is_identified(expected: Floats) -> bool:
    """Whether the expected information tells every parameter: its smallest root, in units of each one's own.

    Whether a matrix that is singular but for rounding can be inverted differs by processor.
    """
    scale = np.sqrt(np.diag(expected))
    if not (scale > 0).all():
        return False
    return bool(np.linalg.eigvalsh(expected / np.outer(scale, scale))[0] > _UNIDENTIFIED)
