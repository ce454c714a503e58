"""Effects with the second moments of their influence functions: averages, errors, joint tests and joint bands."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.intp]
DRAWS = 20_000
NOTHING = 1e-9


@dataclass(frozen=True, eq=False)
class Effects:
    """Estimates whose influence functions are known by their moments alone.

    Attributes
    ----------
    estimates : array of shape (effects,)
        In outcome units.
    second : array of shape (effects, effects)
        Mean over customers of ψ ψᵀ, ψ a customer's influence on each estimate.
    within : array of shape (cohorts, effects)
        Mean of ψ among the customers of each cohort.
    shares : array of shape (cohorts,)
        Share of customers in each cohort.
    n : float
        Customers.
    """

    estimates: Floats
    second: Floats
    within: Floats
    shares: Floats
    n: float

    @property
    def covariance(self) -> Floats:
        """Covariance of the estimates."""
        return self.second / self.n

    @property
    def errors(self) -> Floats:
        """Standard errors."""
        return np.sqrt(np.maximum(np.diag(self.covariance), 0.0))

    def averaged(self, weights: Floats, between: Floats | None = None) -> "Effects":
        """Linear combinations of the effects.

        Parameters
        ----------
        weights : array of shape (averages, effects)
            Weights.
        between : array of shape (cohorts, averages), optional
            What else a customer of each cohort adds to the influence, as where weights are estimated shares.

        Returns
        -------
        Effects
        """
        second = weights @ self.second @ weights.T
        within = self.within @ weights.T
        if between is not None:
            crossed = weights @ self.within.T @ (self.shares[:, None] * between)
            second = second + crossed + crossed.T + between.T @ (self.shares[:, None] * between)
            within = within + between
        return Effects(weights @ self.estimates, second, within, self.shares, self.n)

    def by_shares(self, cohort: Whole, chosen: Sequence[Whole]) -> "Effects":
        """Averages of chosen effects, weighted by the shares of their cohorts, which are estimates themselves.

        Parameters
        ----------
        cohort : array of shape (effects,)
            Cohort of each effect.
        chosen : sequence of array
            Places of the effects in each average.

        Returns
        -------
        Effects
            One estimate an average.

        References
        ----------
        Callaway, B. & Sant'Anna, P. H. C. (2021). Difference-in-differences with multiple time periods. Journal of
        Econometrics 225, 200–230, section 3.
        """
        weights = np.zeros((len(chosen), len(self.estimates)))
        between = np.zeros((len(self.shares), len(chosen)))
        for row, places in enumerate(chosen):
            share = self.shares[cohort[places]]
            total = share.sum()
            weights[row, places] = share / total
            apart = (cohort[places] == np.arange(len(self.shares))[:, None]) - share
            influence = apart / total - apart.sum(axis=1, keepdims=True) * share / total**2
            between[:, row] = influence @ self.estimates[places]
        return self.averaged(weights, between)

    def only(self, places: Whole) -> "Effects":
        """Keep some of the effects."""
        return Effects(
            self.estimates[places], self.second[np.ix_(places, places)], self.within[:, places], self.shares, self.n
        )

    def joint_test(self) -> tuple[float, int, float]:
        """Wald test that every effect is nil: chi², degrees of freedom (the rank of the covariance), p value."""
        errors = self.errors
        told = errors > 0
        if not told.any():
            return float("nan"), 0, float("nan")
        z = self.estimates[told] / errors[told]
        values, vectors = np.linalg.eigh(self.covariance[np.ix_(told, told)] / np.outer(errors[told], errors[told]))
        kept = values > NOTHING * values.max()
        chi2 = float((((vectors[:, kept].T @ z) ** 2) / values[kept]).sum())
        return chi2, int(kept.sum()), float(stats.chi2.sf(chi2, kept.sum()))

    def critical_value(self, confidence: float, rng: np.random.Generator) -> float:
        """Limit in standard errors that all effects keep together, by draws of their joint normal distribution.

        References
        ----------
        Montiel Olea, J. L. & Plagborg-Møller, M. (2019). Simultaneous confidence bands: theory, implementation, and
        an application to SVARs. Journal of Applied Econometrics 34, 1–17.
        """
        errors = self.errors
        told = errors > 0
        single = float(stats.norm.isf((1 - confidence) / 2))
        if told.sum() < 2:
            return single
        correlation = self.covariance[np.ix_(told, told)] / np.outer(errors[told], errors[told])
        values, vectors = np.linalg.eigh(correlation)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        draws = rng.standard_normal((DRAWS, len(values))) @ root.T
        return max(float(np.quantile(np.abs(draws).max(axis=1), confidence)), single)
