"""One factor model in several groups, with elements held equal over them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from loyalty_kit.measurement.cfa.convergence import are_estimates, is_identified
from loyalty_kit.measurement.cfa.estimation import Likelihood, maximise, reflected, starting_values
from loyalty_kit.measurement.cfa.likelihood import Sample, evaluate, loglik, scores
from loyalty_kit.measurement.cfa.model import Elements, Model, Released, confirmatory_model
from loyalty_kit.measurement.cfa.structure import Structure
from loyalty_kit.measurement.correlations.items import ItemTable
from loyalty_kit.measurement.factors.fit_indices import ChiSquares, fit_indices, information_criteria, srmr
from loyalty_kit.statistics.moments import Floats


@dataclass(frozen=True, eq=False)
class Groups:
    """Complete answers of several groups to the items of one structure.

    Attributes
    ----------
    names : tuple of str
        Groups; the first is the reference.
    sizes : tuple of int
        Respondents of each.
    structure : Structure
        Scales and items.
    samples : tuple of Sample
        Moments of each group; n is Kish's effective size under weights.
    """

    names: tuple[str, ...]
    sizes: tuple[int, ...]
    structure: Structure
    samples: tuple[Sample, ...]

    @classmethod
    def of(cls, tables: dict[str, ItemTable], structure: Structure) -> "Groups":
        """Take groups from their tables of complete answers."""
        moments = [table.moments() for table in tables.values()]
        samples = tuple(Sample.complete(own, own.effective_n) for own in moments)
        return cls(tuple(tables), tuple(own.n_used for own in moments), structure, samples)

    @property
    def n(self) -> float:
        """Respondents in all groups."""
        return sum(sample.n for sample in self.samples)

    @cached_property
    def highest(self) -> float:
        """Log-likelihood with every mean and covariance free."""
        return sum(loglik(sample, sample.means[0], sample.covariances[0]) for sample in self.samples)

    @cached_property
    def baseline(self) -> float:
        """Log-likelihood with uncorrelated items."""
        return sum(loglik(s, s.means[0], np.diag(np.diag(s.covariances[0]))) for s in self.samples)


@dataclass(frozen=True, eq=False)
class GroupFit:
    """Model estimated in several groups."""

    groups: Groups
    model: Model
    values: Floats
    converged: bool
    fit: dict[str, float]

    def errors(self) -> Floats:
        """Covariance of the parameters by the expected information; NaN where the model is not identified."""
        expected = evaluate(self.model, self.groups.samples, self.values)[2]
        return np.asarray(np.linalg.inv(expected)) if is_identified(expected) else np.full_like(expected, np.nan)

    def release_test(self, kind: int, items: Sequence[int]) -> list[float]:
        """Score statistic of letting a kind of element free in the groups, item by item.

        Chi² with one degree of freedom for each group but the first.
        """
        elements = self.model.elements
        later = (elements.kind == kind) & (elements.group > 0) & np.isin(elements.row, items)
        tied = elements.where(later)
        found = scores(self.model, self.groups.samples, self.values, tied)
        return [found.joint(np.flatnonzero(tied.row == item)) for item in items]


def fit_groups(groups: Groups, *, equal: frozenset[int], released: Released = frozenset()) -> GroupFit:
    """Estimate the structure in all groups with kinds of elements held equal, but for (kind, item) released."""
    model = confirmatory_model(
        groups.structure.scales, groups=len(groups.names), means=True, equal=equal, released=released
    )
    moments = [(sample.means[0], sample.covariances[0]) for sample in groups.samples]
    found = maximise(Likelihood(model, groups.samples), starting_values(model, moments))
    values = reflected(model, found.values, groups.structure.anchor_positions)
    count, p = len(groups.names), len(model.items)
    df = count * (p * (p + 1) // 2 + p) - model.size
    chi2 = max(2 * (groups.highest - found.loglik), 0.0)
    test = ChiSquares(chi2, df, 2 * (groups.highest - groups.baseline), count * p * (p - 1) // 2)
    fit = fit_indices(test, n=groups.n, groups=count)
    fit |= {"srmr": _srmr(groups, model, values)} | information_criteria(found.loglik, model.size, groups.n)
    covariances = [covariance for _, covariance in moments]
    converged = found.converged and are_estimates(model.matrices(values), covariances, test)
    return GroupFit(groups, model, values, converged, fit)


def _srmr(groups: Groups, model: Model, values: Floats) -> float:
    residuals: list[tuple[Floats, Floats | None]] = []
    for sample, matrices in zip(groups.samples, model.matrices(values), strict=True):
        sd = np.sqrt(np.diag(sample.covariances[0]))
        off = (sample.covariances[0] - matrices.covariance) / np.outer(sd, sd)
        residuals.append((off, (sample.means[0] - matrices.mean) / sd))
    return srmr(residuals, [sample.n for sample in groups.samples])


def positions(model: Model, kind: int, group: int, rows: Sequence[int]) -> list[int]:
    """Parameters of one group's elements of a kind that is a vector."""
    elements: Elements = model.by_group[group].where(model.by_group[group].kind == kind)
    return [int(elements.parameter[elements.row == row][0]) for row in rows]
