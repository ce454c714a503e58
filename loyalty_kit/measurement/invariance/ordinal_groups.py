"""One factor model of ordered answers in several groups, by diagonally weighted least squares (WLSMV)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.special import chdtrc

from loyalty_kit.core.errors import GroupsError
from loyalty_kit.core.messages import Message, message
from loyalty_kit.measurement.cfa.convergence import are_estimates, is_identified
from loyalty_kit.measurement.cfa.estimation import maximise, reflected
from loyalty_kit.measurement.cfa.model import INTERCEPT, LOADING, RESIDUAL, Released
from loyalty_kit.measurement.cfa.structure import Structure
from loyalty_kit.measurement.chance.limits import IndexDraws
from loyalty_kit.measurement.chance.normal import Scaling, indices, kept_misfit
from loyalty_kit.measurement.correlations.items import ItemTable
from loyalty_kit.measurement.correlations.polychoric import polychoric
from loyalty_kit.measurement.correlations.polychoric_errors import polychoric_covariance
from loyalty_kit.measurement.factors.fit_indices import ChiSquares, p_value
from loyalty_kit.measurement.invariance.fit import GroupFit, Loosened, ReleaseTest
from loyalty_kit.measurement.invariance.ordinal_fit import (
    Weighted,
    ordinal_indices,
    shifted_difference,
    shifted_draws,
    uncorrelated_draws,
)
from loyalty_kit.measurement.invariance.ordinal_model import THRESHOLD, OrdinalModel, ordinal_model, ordinal_start
from loyalty_kit.measurement.invariance.ordinal_moments import GroupLeastSquares, OrdinalMember, implied
from loyalty_kit.measurement.invariance.ordinal_simulation import OrdinalWorld, ordinal_chi2
from loyalty_kit.statistics.moments import Floats

_FIXED = {INTERCEPT: 0.0, RESIDUAL: 1.0}
"""Where equal elements are the same number in every group, and that number."""

_KINDS = {"thresholds": THRESHOLD, "metric": LOADING, "scalar": INTERCEPT, "strict": RESIDUAL}


def check_categories(tables: Mapping[str, ItemTable], by: str) -> None:
    """Refuse items of two answers, and answers that a group does not give: its threshold there is nowhere."""
    names = next(iter(tables.values())).names
    for j, item in enumerate(names):
        given = {
            group: set(np.unique(table.values[np.isfinite(table.values[:, j]), j])) for group, table in tables.items()
        }
        every = set[float]().union(*given.values())
        for group, own in given.items():
            if every - own:
                raise GroupsError(
                    "Nobody in group '{group}' of '{by}' gave the answer {answer} to item '{item}', as others did; "
                    "'wlsmv' needs the same answers in every group: put neighbouring answers together or use 'mlr'.",
                    group=group,
                    by=by,
                    answer=f"{min(every - own):g}",
                    item=item,
                )
        if len(every) < 3:
            raise GroupsError(
                "Item '{item}' has two answers; 'wlsmv' compares groups on items of three answers or more: "
                "leave it out or use 'mlr'.",
                item=item,
            )


def ordinal_member(table: ItemTable) -> OrdinalMember:
    """One group's thresholds and polychoric correlations, with their covariance."""
    weights = table.weights * len(table.weights) / table.weights.sum()
    found = polychoric(table.names, table.values, weights)
    gamma = polychoric_covariance(found, weights, thresholds=True)
    pairs = tuple(f"{table.names[i]} – {table.names[j]}" for i, j in found.doubtful)
    return OrdinalMember(len(table.values), found.thresholds, found.matrix, gamma, pairs)


@dataclass(frozen=True, eq=False)
class OrdinalFit(GroupFit):
    """Model of ordered answers estimated in several groups."""

    ordinal: OrdinalModel
    weighted: Weighted

    @property
    def thresholds(self) -> Floats:
        """Thresholds of the latent answers (groups × items × thresholds), NaN beyond an item's categories."""
        return np.where(self.ordinal.cuts >= 0, self.values[self.ordinal.cuts], np.nan)


@dataclass(frozen=True, eq=False)
class OrdinalGroups:
    """Ordered answers of several groups to the items of one structure.

    Attributes
    ----------
    names : tuple of str
        Groups; the first is the reference.
    structure : Structure
        Scales and items.
    members : tuple of OrdinalMember
        Thresholds and correlations of each.
    """

    names: tuple[str, ...]
    structure: Structure
    members: tuple[OrdinalMember, ...]
    _changes: dict[tuple[GroupFit, GroupFit], tuple[float, int, float]] = field(default_factory=dict, repr=False)

    kinds = _KINDS

    @property
    def sizes(self) -> tuple[int, ...]:
        """Respondents of each."""
        return tuple(member.size for member in self.members)

    @property
    def doubts(self) -> tuple[Message, ...]:
        """Sentences on pairs of items whose tables hardly limit their correlation."""
        template = "Polychoric correlations of group '{group}' that sparse tables hardly limit: {pairs}."
        each = zip(self.names, self.members, strict=True)
        return tuple(message(template, group=name, pairs=list(own.doubtful)) for name, own in each if own.doubtful)

    @property
    def unrelated_p(self) -> float:
        """Test that no items correlate in any group: squared correlations over their variances."""
        pairs = len(self.structure.items) * (len(self.structure.items) - 1) // 2
        each = [m.size * float(m.weights[-pairs:] @ m.moments[-pairs:] ** 2) for m in self.members]
        return float(chdtrc(pairs * len(each), sum(each)))

    def fit(self, equal: frozenset[int], released: Released) -> OrdinalFit:
        """Estimate the structure with kinds of elements held equal, but for (kind, item) released."""
        thresholds = [member.thresholds for member in self.members]
        found = ordinal_model(
            self.structure.scales, thresholds, equal=equal, released=released, beyond=self.structure.beyond
        )
        objective = GroupLeastSquares(found, self.members)
        ended = maximise(objective, ordinal_start(found, [member.matrix for member in self.members], thresholds))
        values = reflected(found.model, ended.values, self.structure.anchor_positions)
        weighted = Weighted.at(objective, values)
        fit = ordinal_indices(weighted, self.members, chi2=-2 * ended.loglik)
        units = [np.eye(len(found.model.items))] * len(self.members)
        test = ChiSquares(fit["chi2"], int(fit["df"]), 0.0, 0)
        converged = ended.converged and are_estimates(found.model.matrices(values), units, test)
        return OrdinalFit(self, found.model, values, converged, fit, found, weighted)

    def errors(self, fit: GroupFit) -> Floats:
        """Sandwich covariance of the parameters; NaN where the model is not identified."""
        weighted = _ordinal(fit).weighted
        if not is_identified(weighted.curvature):
            return np.full_like(weighted.curvature, np.nan)
        inverse, n = np.linalg.inv(weighted.curvature), sum(self.sizes)
        return np.asarray(inverse @ weighted.meat @ inverse) * n / (n - len(self.names))

    def release_test(self, fit: GroupFit, kind: int, items: Sequence[int]) -> list[ReleaseTest]:
        """Generalized score test of letting a kind of element free in the groups, item by item.

        Thresholds that go free take the item's intercept and residual variance with them, two degrees of freedom.
        """
        tight = _ordinal(fit).ordinal
        if kind in _FIXED:
            found, rows = tight.with_elements(kind, items)
            loose = Loosened.adding(found.parameter, tight.size, len(rows), _FIXED[kind])
        else:
            later, rows = tight.positions(kind, items)
            loose = Loosened.of(tight.parameter, later, tight.size)
            found = tight.renumbered(loose.parameter, len(loose.back))
        objective = GroupLeastSquares(found, self.members)
        weighted = Weighted.at(objective, loose.values(fit.values))
        tests: list[ReleaseTest] = []
        for item in items:
            own = np.flatnonzero(rows == item)
            df = len(own) - 2 * (len(self.names) - 1) * (kind == THRESHOLD)
            tests.append(ReleaseTest(loose.score(weighted.slope, weighted.curvature, weighted.meat, own), df))
        return tests

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

        Thresholds and correlations are drawn from their own covariance, chi² scaled and shifted as that of each level.
        """
        kept = kept_misfit(structure.fit["chi2_scaled"], structure.fit["df"])
        of_truth = implied(_ordinal(truth).ordinal, truth.values)
        residuals = _ordinal(structure).weighted.residuals
        moments = [own.moments + kept * off for own, off in zip(of_truth, residuals, strict=True)]
        world = OrdinalWorld(self.members, moments, truth.model.matrices(truth.values))
        drawn = world.drawn(count, rng, weaker)
        baseline, pairs = uncorrelated_draws(self.members, drawn)
        found = [ordinal_chi2(_ordinal(fit).ordinal, fit.values, world, drawn) for fit in fits.values()]
        first, out = found[0][1], dict[str, IndexDraws]()
        n = float(sum(self.sizes) - len(self.names))
        for (level, fit), (chi2, own) in zip(fits.items(), found, strict=True):
            df = int(fit.fit["df"])
            scaled = (
                shifted_draws(chi2 - (own - first), df, *_ordinal(fit).weighted.moments_of_test()) if df else 0 * chi2
            )
            out[level] = indices(scaled, baseline, Scaling(df, 1.0, pairs, 1.0), n=n, groups=len(self.names))
        return out

    def change(self, fit: GroupFit, below: GroupFit) -> tuple[float, int, float]:
        """Chi² difference against a freer fit, scaled and shifted after Satorra (2000)."""
        if (fit, below) not in self._changes:
            df, raw = int(fit.fit["df"] - below.fit["df"]), fit.fit["chi2"] - below.fit["chi2"]
            chi2 = shifted_difference(raw, df, _ordinal(fit).weighted, _ordinal(below).weighted) if df else raw
            self._changes[fit, below] = chi2, df, p_value(chi2, df) if np.isfinite(chi2) else np.nan
        return self._changes[fit, below]


def _ordinal(fit: GroupFit) -> OrdinalFit:
    if not isinstance(fit, OrdinalFit):
        raise TypeError(type(fit).__name__)
    return fit
