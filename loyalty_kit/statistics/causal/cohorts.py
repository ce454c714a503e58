"""Moments of each enrolment cohort over the periods: all that staggered enrolment needs without covariates."""

from dataclasses import dataclass

import numpy as np

from loyalty_kit.core.summaries import Summarized
from loyalty_kit.statistics.causal.effects import Floats, Whole
from loyalty_kit.statistics.grouped_moments import Block


@dataclass(frozen=True, eq=False)
class CohortMoments(Summarized):
    """Customers, mean and covariance of the outcome over the periods, by the period of enrolment.

    Attributes
    ----------
    starts : array of shape (cohorts,)
        First period enrolled, counted from 0, in ascending order; the number of periods for those never enrolled.
    n : array of shape (cohorts,)
        Customers.
    means : array of shape (cohorts, periods)
        Of the outcome.
    covariances : array of shape (cohorts, periods, periods)
        Of the outcome, divisor n.
    """

    starts: Whole
    n: Floats
    means: Floats
    covariances: Floats

    @classmethod
    def of_rows(cls, outcome: Floats, starts: Whole) -> "CohortMoments":
        """Moments of a matrix of outcomes, customers × periods, without gaps.

        Examples
        --------
        >>> CohortMoments.of_rows(np.array([[1.0, 3.0], [3.0, 5.0], [0.0, 0.0]]), np.array([1, 1, 2])).means.tolist()
        [[2.0, 4.0], [0.0, 0.0]]
        """
        found, place = np.unique(starts, return_inverse=True)
        n = np.bincount(place)
        means = np.empty((len(found), outcome.shape[1]))
        covariances = np.empty((len(found), outcome.shape[1], outcome.shape[1]))
        order = np.argsort(place, kind="stable")
        edges = np.concatenate([[0], np.cumsum(n)])
        for cohort, (first, last) in enumerate(zip(edges[:-1], edges[1:], strict=True)):
            part = outcome[order[first:last]]
            means[cohort] = part.mean(axis=0)
            apart = part - means[cohort]
            covariances[cohort] = apart.T @ apart / n[cohort]
        return cls(found.astype(np.intp), n.astype(float), means, covariances)

    @classmethod
    def of_block(cls, block: Block, starts: Whole) -> "CohortMoments":
        """Moments of a grouped pass whose columns are the periods; groups of one start are pooled."""
        full = block.n > 0
        found, place = np.unique(starts[full], return_inverse=True)
        pooled = block.take(full).pooled(place.astype(np.intp))
        return cls(found.astype(np.intp), pooled.n, pooled.means, pooled.scatter / pooled.n[:, None, None])

    @property
    def periods(self) -> int:
        """How many."""
        return int(self.means.shape[1])
