"""A factor model estimated again, on the same answers, with other scales."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from loyalty_kit.measurement.cfa.confirmatory import CfaResult
from loyalty_kit.measurement.cfa.normal import normal_solution
from loyalty_kit.measurement.cfa.ordinal import CorrelationSample, ordinal_solution
from loyalty_kit.measurement.cfa.solution import Solution, loading_table, modification_table
from loyalty_kit.measurement.cfa.soundness import Standing, standing
from loyalty_kit.measurement.cfa.structure import Structure
from loyalty_kit.measurement.cfa.validity import scale_table
from loyalty_kit.measurement.correlations.items import ItemTable
from loyalty_kit.measurement.factors.fit_indices import leading_indices, p_value
from loyalty_kit.measurement.latent.also import Added, carried
from loyalty_kit.measurement.reliability.coefficients import cronbach, feldt_interval
from loyalty_kit.statistics.moments import Moments
from loyalty_kit.statistics.multiplicity import holm

Scales = dict[str, tuple[str, ...]]


@dataclass(frozen=True, eq=False)
class Fitted:
    """A model with certain scales, estimated as the claimed one was."""

    scales: Scales
    solution: Solution
    answers: ItemTable
    confidence: float

    @classmethod
    def of(cls, model: CfaResult) -> "Fitted":
        """Take the claimed model as it is."""
        scales: Scales = {str(name): tuple(own["item"]) for name, own in model.loadings.groupby("scale", sort=False)}
        return cls(scales, model.solution, model.answers, model.confidence)

    @property
    def standing(self) -> Standing:
        """Whether the figures are estimates."""
        return standing(self.solution)

    @property
    def has_estimates(self) -> bool:
        """Whether the search converged to a proper solution."""
        return self.standing not in {"not converged", "improper"}

    @cached_property
    def fit(self) -> dict[str, float]:
        """Chi², degrees of freedom and the leading indices."""
        found = self.solution.fit
        return {"chi2": found["chi2"], "df": found["df"], **leading_indices(found)}

    @cached_property
    def loadings(self) -> pd.DataFrame:
        """Loadings by item: scale, standardized, ci_low, ci_high."""
        return loading_table(self.solution, self.confidence).set_index("item")

    @cached_property
    def by_scale(self) -> pd.DataFrame:
        """Figures of each scale: alpha with its interval, omega (composite reliability), ave, independence_p."""
        table = scale_table(self.solution, self.answers, self.solution.model.membership.astype(float))
        alphas = [self._alpha(items) for items in self.scales.values()]
        named = table.set_index("scale").rename(columns={"composite_reliability": "omega"})
        columns = pd.DataFrame(alphas, index=named.index, columns=["alpha", "alpha_low", "alpha_high"])
        return columns.join(named[["omega", "ave", "independence_p"]])

    def _alpha(self, items: Sequence[str]) -> tuple[float, float, float]:
        """Cronbach's alpha of those who answered a whole scale, keyed by its loadings, with Feldt's interval."""
        own = [self.answers.names.index(item) for item in items]
        values = self.answers.values[:, own]
        whole = np.isfinite(values).all(axis=1)
        keyed = values[whole] * np.where(self.loadings.loc[list(items), "estimate"] < 0, -1.0, 1.0)
        moments = Moments.of(pd.DataFrame(keyed, columns=list(items)), weight=self.answers.weights[whole])
        estimate = cronbach(moments.covariance.to_numpy())
        ends = feldt_interval(estimate, items=len(own), n=moments.effective_n, confidence=self.confidence)
        return estimate, *ends

    @cached_property
    def misfits(self) -> pd.DataFrame:
        """Modification indices with Holm's p over all of them, scaled where chi² is."""
        table = modification_table(self.solution)
        scaled = table["modification_index"] / self.solution.scaling
        chance = np.array([p_value(value, 1) if value == value else np.nan for value in scaled])
        return table.assign(p_value=holm(chance))


def refit(model: CfaResult, scales: Mapping[str, Sequence[str]]) -> Fitted | None:
    """Estimate other scales of the same items as a claimed model; None where these leave nothing to estimate.

    Parameters
    ----------
    model : CfaResult
        What `cfa` gave: its answers, estimator and confidence are used again.
    scales : dict of str to sequence of str
        Items of each scale, two or more.
    """
    given: Scales = {name: tuple(items) for name, items in scales.items()}
    names = [item for items in given.values() for item in items]
    if len(names) < 3:
        return None
    turned = set(model.codebook.reversed)
    anchors = tuple(next((i for i in items if i not in turned), items[0]) for items in given.values())
    claimed = Fitted.of(model).scales
    rows = model.also[["kind", "first", "second"]].itertuples(index=False)
    also = carried([Added(*row) for row in rows], claimed, given)
    structure = Structure(given, anchors, also=also)
    chosen = [model.answers.names.index(name) for name in names]
    answers = _chosen(model.answers, chosen)
    solution = model.solution
    if solution.sampling is not None:
        n = len(model.answers.values) - 1.0
        sample = CorrelationSample(solution.covariance, solution.sampling * n, n).of(chosen)
        found = ordinal_solution(structure, sample, marker=False)
    else:
        robust, fiml = model.estimator == "mlr", solution.means_modelled
        found = normal_solution(structure, answers, robust=robust, fiml=fiml, marker=False)
    return Fitted(given, found, answers, model.confidence)


def _chosen(answers: ItemTable, chosen: list[int]) -> ItemTable:
    """Answers to some of the items, by those who answered any of them."""
    values = answers.values[:, chosen]
    rows = np.isfinite(values).any(axis=1)
    return ItemTable(tuple(answers.names[j] for j in chosen), values[rows], answers.weights[rows])
