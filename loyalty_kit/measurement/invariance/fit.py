"""A factor model estimated in several groups, whatever the estimator."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from loyalty_kit.core.messages import Message
from loyalty_kit.measurement.cfa.model import Elements, Model, Released
from loyalty_kit.measurement.cfa.structure import Structure
from loyalty_kit.measurement.chance.limits import IndexDraws
from loyalty_kit.measurement.factors.fit_indices import leading_indices
from loyalty_kit.statistics.moments import Floats


class GroupData(Protocol):
    """Answers of several groups to the items of one structure, as an estimator needs them.

    `kinds` names what each level above 'configural' holds equal on top of the levels below; `unrelated_p` is the
    probability value of the test that no items correlate in any group.
    """

    @property
    def names(self) -> tuple[str, ...]:
        """Groups; the first is the reference."""

    @property
    def sizes(self) -> tuple[int, ...]:
        """Respondents of each."""

    @property
    def structure(self) -> Structure:
        """Scales and items."""

    @property
    def kinds(self) -> Mapping[str, int]:
        """Level to kind of element."""

    @property
    def doubts(self) -> tuple[Message, ...]:
        """What questions the moments."""

    @property
    def unrelated_p(self) -> float:
        """Bartlett's test over the groups."""

    def fit(self, equal: frozenset[int], released: Released) -> "GroupFit":
        """Estimate the structure with kinds of elements held equal, but for (kind, item) released."""

    def errors(self, fit: "GroupFit") -> Floats:
        """Covariance of the parameters; NaN where the model is not identified."""

    def release_test(self, fit: "GroupFit", kind: int, items: Sequence[int]) -> list["ReleaseTest"]:
        """Score test of letting a kind of element free in the groups, item by item."""

    def simulate(
        self,
        fits: Mapping[str, "GroupFit"],
        truth: "GroupFit",
        structure: "GroupFit",
        *,
        count: int,
        rng: np.random.Generator,
        weaker: float = 0.0,
    ) -> dict[str, IndexDraws]:
        """Refit levels to simulated surveys in which `truth` holds, with the misfit of `structure` on top."""

    def change(self, fit: "GroupFit", below: "GroupFit") -> tuple[float, int, float]:
        """Chi² difference of a fit against a freer one, its degrees of freedom and probability value."""


@dataclass(frozen=True)
class ReleaseTest:
    """Chi² of letting an item's elements free."""

    score: float
    df: int


@dataclass(frozen=True, eq=False)
class GroupFit:
    """Model estimated in several groups."""

    groups: GroupData
    model: Model
    values: Floats
    converged: bool
    fit: dict[str, float]

    @cached_property
    def leading(self) -> dict[str, float]:
        """CFI, RMSEA and SRMR that a level is judged by: robust, else scaled where the estimator has such."""
        return leading_indices(self.fit)

    @property
    def thresholds(self) -> Floats:
        """Thresholds of latent answers (groups × items × thresholds); of no group where answers are numbers."""
        return np.zeros((0, 0, 0))

    def errors(self) -> Floats:
        """Covariance of the parameters; NaN where the model is not identified."""
        return self.groups.errors(self)

    def release_test(self, kind: int, items: Sequence[int]) -> list[ReleaseTest]:
        """Score test of letting a kind of element free in the groups, item by item."""
        return self.groups.release_test(self, kind, items)

    def change(self, below: "GroupFit") -> tuple[float, int, float]:
        """Chi² difference against a freer fit, its degrees of freedom and probability value."""
        return self.groups.change(self, below)


def positions(model: Model, kind: int, group: int, rows: Sequence[int]) -> list[int]:
    """Parameters of one group's elements of a kind that is a vector."""
    elements: Elements = model.by_group[group].where(model.by_group[group].kind == kind)
    return [int(elements.parameter[elements.row == row][0]) for row in rows]


@dataclass(frozen=True, eq=False)
class Loosened:
    """A model in which groups share less, at the estimates under which they share more.

    Attributes
    ----------
    size : int
        Parameters of the tighter model.
    parameter : array of int, shape (elements,)
        Parameter of each element once those chosen have one of their own.
    back : array of shape (parameters of the looser model, size + chosen)
        From the tighter model's parameters and the chosen elements' differences to the looser model's parameters.
    fixed : float
        Value at which the tighter model fixes the chosen elements; 0 where it ties them to others.
    """

    size: int
    parameter: np.ndarray
    back: Floats
    fixed: float = 0.0

    @classmethod
    def of(cls, parameter: np.ndarray, chosen: np.ndarray, size: int) -> "Loosened":
        """Give the chosen elements (positions) parameters of their own."""
        own = size + np.arange(len(chosen))
        back = np.eye(size + len(chosen))
        back[own, parameter[chosen]] = 1.0
        loose = parameter.copy()
        loose[chosen] = own
        return cls(size, loose, back)

    @classmethod
    def adding(cls, parameter: np.ndarray, size: int, count: int, fixed: float) -> "Loosened":
        """Free elements that the tighter model fixes; `parameter` has them already."""
        return cls(size, parameter, np.eye(size + count), fixed)

    def values(self, values: Floats) -> Floats:
        """Values of the looser model that are those of the tighter one."""
        return np.asarray(self.back @ np.concatenate([values, np.full(len(self.back) - self.size, self.fixed)]))

    def score(self, slope: Floats, bread: Floats, meat: Floats, own: np.ndarray) -> float:
        """Generalized score statistic of the differences `own`, from the looser model's slope, curvature and its own.

        With A the curvature and B the slope's covariance, S = g₂ − A₂₁A₁₁⁻¹g₁ has the covariance CBCᵀ,
        C = (−A₂₁A₁₁⁻¹, I); where the elements are not all told apart, only what is told counts.
        """
        slope, bread, meat = self.back.T @ slope, self.back.T @ bread @ self.back, self.back.T @ meat @ self.back
        free, tied = np.arange(self.size), self.size + own
        adapt = -bread[np.ix_(tied, free)] @ np.linalg.pinv(bread[np.ix_(free, free)], hermitian=True)
        through = np.zeros((len(own), len(slope)))
        through[:, free], through[np.arange(len(own)), tied] = adapt, 1.0
        moved, spread = through @ slope, through @ meat @ through.T
        return float(moved @ np.linalg.pinv(spread, rcond=1e-9, hermitian=True) @ moved)
