"""One factor model in several groups by the normal likelihood, with elements held equal over them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import numpy as np

from loyalty_kit.core.messages import Message
from loyalty_kit.measurement.cfa.convergence import are_estimates, is_identified
from loyalty_kit.measurement.cfa.estimation import Likelihood, maximise, reflected, starting_values
from loyalty_kit.measurement.cfa.likelihood import Sample, evaluate, loglik, observed_information, scores
from loyalty_kit.measurement.cfa.model import INTERCEPT, LOADING, RESIDUAL, Model, Released, confirmatory_model
from loyalty_kit.measurement.cfa.normal import unrestricted_moments
from loyalty_kit.measurement.cfa.robust import (
    Rows,
    Unrestricted,
    group_sandwich,
    robust_indices,
    squared_slopes,
)
from loyalty_kit.measurement.cfa.saturated import item_moments
from loyalty_kit.measurement.cfa.soundness import bartlett_p
from loyalty_kit.measurement.cfa.structure import Structure
from loyalty_kit.measurement.chance.limits import IndexDraws
from loyalty_kit.measurement.chance.normal import (
    NormalWorld,
    Scaling,
    indices,
    kept_misfit,
    normal_chi2,
    pairs_answered,
    saturated_chi2,
    scaled_steps,
    with_misfit,
)
from loyalty_kit.measurement.correlations.items import ItemTable
from loyalty_kit.measurement.factors.fit_indices import ChiSquares, fit_indices, information_criteria, p_value, srmr
from loyalty_kit.measurement.invariance.fit import GroupFit, Loosened, ReleaseTest
from loyalty_kit.statistics.moments import Floats
from loyalty_kit.statistics.weights import effective_n

_KINDS = {"metric": LOADING, "scalar": INTERCEPT, "strict": RESIDUAL}


@dataclass(frozen=True, eq=False)
class Member:
    """One group's answers: the sample, its rows, and the moments that no model restricts.

    n is Kish's effective size under weights or, under robust errors, which allow for them, the number of rows.
    """

    size: int
    sample: Sample
    rows: Rows
    mean: Floats
    covariance: Floats
    settled: bool

    @classmethod
    def of(cls, table: ItemTable, *, robust: bool, fiml: bool) -> "Member":
        """Take a group from its table, with gaps only where `fiml`; InputError where they tell too little."""
        n = float(len(table.weights)) if robust else effective_n(table.weights)
        weights = table.weights / table.weights.sum() * n
        if fiml:
            sample, pattern = Sample.by_pattern(table.values, weights)
            rows = Rows(np.nan_to_num(table.values), weights, pattern)
            return cls(len(table.values), sample, rows, *unrestricted_moments(sample, table))
        sample = Sample.complete(table.moments(), n)
        rows = Rows(table.values, weights, np.zeros(len(weights), dtype=np.intp))
        return cls(len(table.values), sample, rows, sample.means[0], sample.covariances[0], settled=True)


@dataclass(frozen=True, eq=False)
class Groups:
    """Answers of several groups to the items of one structure, taken as normal.

    Attributes
    ----------
    names : tuple of str
        Groups; the first is the reference.
    structure : Structure
        Scales and items.
    members : tuple of Member
        Answers of each.
    robust, complete : bool
        Whether errors and tests allow for answers that are not normal; whether no answer is missing.
    """

    names: tuple[str, ...]
    structure: Structure
    members: tuple[Member, ...]
    robust: bool = False
    complete: bool = True

    kinds = _KINDS
    doubts: ClassVar[tuple[Message, ...]] = ()

    @property
    def sizes(self) -> tuple[int, ...]:
        """Respondents of each."""
        return tuple(member.size for member in self.members)

    @cached_property
    def samples(self) -> tuple[Sample, ...]:
        """Moments of each group."""
        return tuple(member.sample for member in self.members)

    @property
    def n(self) -> float:
        """Respondents in all groups."""
        return sum(sample.n for sample in self.samples)

    @cached_property
    def highest(self) -> float:
        """Log-likelihood with every mean and covariance free."""
        return sum(loglik(member.sample, member.mean, member.covariance) for member in self.members)

    @cached_property
    def baseline(self) -> float:
        """Log-likelihood with uncorrelated items."""
        each = [(sample, *item_moments(sample)) for sample in self.samples]
        return sum(loglik(sample, mean, np.diag(variance)) for sample, mean, variance in each)

    @cached_property
    def unrestricted(self) -> list[Unrestricted]:
        """What each group tells of its moments."""
        return [Unrestricted.of(m.sample, m.rows, (m.mean, m.covariance), means=True) for m in self.members]

    @property
    def unrelated_p(self) -> float:
        """Bartlett's test over the groups."""
        return bartlett_p((member.sample.n, member.covariance) for member in self.members)

    def fit(self, equal: frozenset[int], released: Released) -> GroupFit:
        """Estimate the structure with kinds of elements held equal, but for (kind, item) released."""
        count = len(self.names)
        model = confirmatory_model(
            self.structure.scales,
            groups=count,
            means=True,
            equal=equal,
            released=released,
            beyond=self.structure.beyond,
        )
        moments = [(member.mean, member.covariance) for member in self.members]
        found = maximise(Likelihood(model, self.samples), starting_values(model, moments))
        values = reflected(model, found.values, self.structure.anchor_positions)
        p = len(model.items)
        df = count * (p * (p + 1) // 2 + p) - model.size
        chi2 = max(2 * (self.highest - found.loglik), 0.0)
        test = ChiSquares(chi2, df, 2 * (self.highest - self.baseline), count * p * (p - 1) // 2)
        fit = fit_indices(test, n=self.n, groups=count) | {"srmr": self._srmr(model, values)}
        fit |= information_criteria(found.loglik, model.size, self.n)
        fit |= self._robust(model, values, test) if self.robust and df else {}
        settled = found.converged and all(member.settled for member in self.members)
        covariances = [covariance for _, covariance in moments]
        converged = settled and are_estimates(model.matrices(values), covariances, test)
        return GroupFit(self, model, values, converged, fit)

    def _srmr(self, model: Model, values: Floats) -> float:
        residuals: list[tuple[Floats, Floats | None]] = []
        for member, matrices in zip(self.members, model.matrices(values), strict=True):
            sd = np.sqrt(np.diag(member.covariance))
            off = (member.covariance - matrices.covariance) / np.outer(sd, sd)
            residuals.append((off, (member.mean - matrices.mean) / sd))
        return srmr(residuals, [sample.n for sample in self.samples])

    def _robust(self, model: Model, values: Floats, test: ChiSquares) -> dict[str, float]:
        try:
            trace = group_sandwich(model, self.samples, [member.rows for member in self.members], values).trace
        except np.linalg.LinAlgError:
            trace = np.nan
        return robust_indices(test, trace, model, values, self.unrestricted)

    def errors(self, fit: GroupFit) -> Floats:
        """Covariance of the parameters by the expected information, the observed one where answers are missing.

        By the sandwich where errors are robust; NaN where the model is not identified.
        """
        expected = evaluate(fit.model, self.samples, fit.values)[2]
        if not is_identified(expected):
            return np.full_like(expected, np.nan)
        if self.robust:
            rows = [member.rows for member in self.members]
            return group_sandwich(fit.model, self.samples, rows, fit.values).covariance
        return np.asarray(
            np.linalg.inv(expected if self.complete else observed_information(fit.model, self.samples, fit.values))
        )

    def release_test(self, fit: GroupFit, kind: int, items: Sequence[int]) -> list[ReleaseTest]:
        """Score test of letting a kind of element free in the groups, item by item.

        Chi² with one degree of freedom for each group but the first, and for each loading of an item that has several;
        the generalized one where errors are robust.
        """
        elements = fit.model.elements
        chosen = (elements.kind == kind) & (elements.group > 0) & np.isin(elements.row, items)
        later = np.flatnonzero(chosen & ((kind != RESIDUAL) | (elements.row == elements.column)))
        rows = elements.row[later]
        if not self.robust:
            found = scores(
                fit.model, self.samples, fit.values, elements.where(np.isin(np.arange(len(elements)), later))
            )
            return [ReleaseTest(found.joint(own), len(own)) for own in (np.flatnonzero(rows == item) for item in items)]
        loose = Loosened.of(elements.parameter, later, fit.model.size)
        model, values = (
            replace(fit.model, elements=replace(elements, parameter=loose.parameter)),
            loose.values(fit.values),
        )
        slope = evaluate(model, self.samples, values)[1]
        bread = observed_information(model, self.samples, values)
        meat = squared_slopes(model, self.samples, [member.rows for member in self.members], values)
        each = [np.flatnonzero(rows == item) for item in items]
        return [ReleaseTest(loose.score(slope, bread, meat, own), len(own)) for own in each]

    def simulate(
        self,
        fits: Mapping[str, GroupFit],
        truth: GroupFit,
        structure: GroupFit,
        *,
        count: int,
        rng: np.random.Generator,
        weaker: float = 0.0,
    ) -> dict[str, IndexDraws]:
        """Refit levels to surveys in which `truth` holds, with the misfit of `structure` on top.

        Moments are drawn as normal answers would give them; where errors are robust, each step's chi² is scaled by its
        own factor. With gaps, a group counts for as many respondents as its answered pairs of items make.
        """
        factors = [fit.fit.get("scaling_factor", 1.0) for fit in fits.values()]
        kept = kept_misfit(structure.fit["chi2"] / structure.fit.get("scaling_factor", 1.0), structure.fit["df"])
        world = self._world(truth, structure, kept)
        drawn = world.drawn(count, rng, weaker)
        highest, lowest = saturated_chi2(world.sizes, drawn[1])
        own, _ = saturated_chi2(world.sizes, [covariance[None] for covariance in world.covariances])
        found = [normal_chi2(fit.model, fit.values, world, drawn) for fit in fits.values()]
        dfs = [int(fit.fit["df"]) for fit in fits.values()]
        each = scaled_steps([chi2 - highest for chi2, _ in found], [at - own[0] for _, at in found], dfs, factors)
        pairs = len(self.structure.items) * (len(self.structure.items) - 1) // 2 * len(self.names)
        baseline = sum(one.trace - one.lowest for one in self.unrestricted) / pairs if self.robust else 1.0
        # Robust indices are on the scale of complete answers.
        n = sum(world.sizes) if self.robust else self.n
        out: dict[str, IndexDraws] = {}
        for level, chi2, df, factor in zip(fits, each, dfs, factors, strict=True):
            scaling = Scaling(df, factor, pairs, baseline)
            out[level] = indices(chi2, lowest - highest, scaling, n=n, groups=len(self.names))
        return out

    def _world(self, truth: GroupFit, structure: GroupFit, kept: float) -> NormalWorld:
        matrices = truth.model.matrices(truth.values)
        own = structure.model.matrices(structure.values)
        covariances = [
            with_misfit(true.covariance, kept * (member.covariance - at.covariance))
            for member, true, at in zip(self.members, matrices, own, strict=True)
        ]
        sizes = [member.sample.n * pairs_answered(member.sample) for member in self.members]
        return NormalWorld(sizes, [true.mean for true in matrices], covariances, matrices)

    def change(self, fit: GroupFit, below: GroupFit) -> tuple[float, int, float]:
        """Chi² difference of a fit against a freer one.

        Where errors are robust, scaled after Satorra and Bentler (2001): with c the scaling factors, it is divided by
        (df₀c₀ − df₁c₁) / (df₀ − df₁); NaN where that is not positive.
        """
        own, freer = fit.fit, below.fit
        chi2, df = own["chi2"] - freer["chi2"], int(own["df"] - freer["df"])
        if self.robust and df:
            factor = (own["df"] * own["scaling_factor"] - freer["df"] * freer.get("scaling_factor", 1.0)) / df
            chi2 = chi2 / factor if factor > 0 else np.nan
        return chi2, df, p_value(chi2, df) if np.isfinite(chi2) else np.nan
