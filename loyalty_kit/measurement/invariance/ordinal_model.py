"""The factor model of ordered answers in several groups: thresholds beside loadings, intercepts and residuals."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from loyalty_kit.measurement.cfa.estimation import starting_values
from loyalty_kit.measurement.cfa.model import (
    FACTOR,
    INTERCEPT,
    LOADING,
    MEAN,
    RESIDUAL,
    Elements,
    Ints,
    Matrices,
    Model,
    Released,
)
from loyalty_kit.statistics.moments import Floats

THRESHOLD = 5
"""Kind of element that only ordered answers have: where the latent answer passes from one category to the next."""


@dataclass(frozen=True, eq=False)
class OrdinalModel:
    """Model of latent answers, and the parameter of every threshold.

    Attributes
    ----------
    model : Model
        Latent answers: in the first group intercepts are 0 and residual variances 1.
    cuts : array of int, shape (groups, items, most thresholds)
        Parameter of each threshold, after the model's own; −1 beyond an item's categories.
    size : int
        Parameters in all.
    """

    model: Model
    cuts: Ints
    size: int

    @property
    def parameter(self) -> Ints:
        """Parameter of each of the model's elements, then of each threshold, group by group, item by item."""
        return np.concatenate([self.model.elements.parameter, self.cuts[self.cuts >= 0]])

    def renumbered(self, parameter: Ints, size: int) -> "OrdinalModel":
        """Give elements and thresholds other parameters."""
        own = len(self.model.elements)
        cuts = self.cuts.copy()
        cuts[cuts >= 0] = parameter[own:]
        elements = replace(self.model.elements, parameter=parameter[:own])
        return OrdinalModel(replace(self.model, elements=elements), cuts, size)

    def with_elements(self, kind: int, items: Sequence[int]) -> tuple["OrdinalModel", Ints]:
        """Free the later groups' intercepts or residual variances, and the item of each; they come last."""
        old, later = self.model.elements, [(g, j) for g in range(1, self.model.groups) for j in items]
        own = Elements.of(
            [(kind, g, j, j if kind == RESIDUAL else 0) for g, j in later], range(self.size, self.size + len(later))
        )
        parts = ("kind", "group", "row", "column", "parameter")
        elements = Elements(*(np.concatenate([getattr(old, part), getattr(own, part)]) for part in parts))
        return OrdinalModel(replace(self.model, elements=elements), self.cuts, self.size + len(later)), own.row

    def positions(self, kind: int, items: Sequence[int]) -> tuple[Ints, Ints]:
        """Where in `parameter` the later groups' loadings or thresholds stand, and the item of each."""
        elements = self.model.elements
        if kind != THRESHOLD:
            chosen = np.flatnonzero((elements.kind == kind) & (elements.group > 0) & np.isin(elements.row, items))
            return chosen, elements.row[chosen]
        group, item, _ = np.nonzero(self.cuts >= 0)
        chosen = np.flatnonzero((group > 0) & np.isin(item, items))
        return len(elements) + chosen, item[chosen]


def ordinal_model(
    scales: Mapping[str, Sequence[str]],
    thresholds: Sequence[Floats],
    *,
    equal: frozenset[int],
    released: Released,
    beyond: tuple[tuple[int, int, int], ...] = (),
) -> OrdinalModel:
    """Model with kinds of elements held equal, but for (kind, item) released, identified after Wu and Estabrook.

    Equal thresholds free the later groups' intercepts and residual variances, equal loadings their factor variances,
    equal intercepts their factor means; an item whose thresholds are released has all else of its own.
    `beyond` are (kind, row, column) of cross-loadings and residual covariances on top; groups share none of the latter.
    """
    items = [item for members in scales.values() for item in members]
    factor_of = [f for f, members in enumerate(scales.values()) for _ in members]
    p, k, groups = len(items), len(scales), len(thresholds)
    fixed = Matrices(np.zeros((p, k)), np.eye(k), np.eye(p), np.zeros(p), np.zeros(k))
    anchored = [THRESHOLD in equal and (THRESHOLD, j) not in released for j in range(p)]

    def tied(kind: int, j: int) -> bool:
        return anchored[j] and kind in equal and (kind, j) not in released

    def places(g: int) -> Iterator[tuple[int, int, int, int]]:
        yield from ((LOADING, g, j, f) for j, f in enumerate(factor_of))
        yield from ((kind, g, row, column) for kind, row, column in beyond)
        yield from ((FACTOR, g, f, h) for f in range(k) for h in range(f))
        if g > 0:
            yield from ((RESIDUAL, g, j, j) for j in range(p) if anchored[j] and not tied(RESIDUAL, j))
            yield from ((INTERCEPT, g, j, 0) for j in range(p) if anchored[j] and not tied(INTERCEPT, j))
            yield from ((FACTOR, g, f, f) for f in range(k) if LOADING in equal)
            yield from ((MEAN, g, f, 0) for f in range(k) if INTERCEPT in equal)

    every = [place for g in range(groups) for place in places(g)]
    keys = [(kind, -1 if kind == LOADING and tied(LOADING, row) else g, row, at) for kind, g, row, at in every]
    present = [
        (g, j, c) for g, own in enumerate(thresholds) for j, c in zip(*np.nonzero(np.isfinite(own)), strict=True)
    ]
    keys += [(THRESHOLD, -1 if anchored[j] else g, int(j), int(c)) for g, j, c in present]
    number = {key: i for i, key in enumerate(dict.fromkeys(keys))}
    parameter = [number[key] for key in keys]
    cuts = np.full((groups, *thresholds[0].shape), -1)
    cuts[tuple(np.array(present).T)] = parameter[len(every) :]
    model = Model(tuple(items), tuple(scales), groups, Elements.of(every, parameter[: len(every)]), fixed, beyond)
    return OrdinalModel(model, cuts, len(number))


def ordinal_start(found: OrdinalModel, correlations: Sequence[Floats], thresholds: Sequence[Floats]) -> Floats:
    """Start where latent answers have a residual variance of 1; what groups share starts from the first of them."""
    model, values = found.model, np.zeros(found.size)
    values[: model.size] = starting_values(model, [(np.zeros(len(model.items)), r) for r in correlations])
    elements = model.elements
    values[elements.where(elements.kind == INTERCEPT).parameter] = 0.0
    values[elements.where((elements.kind == RESIDUAL) & (elements.row == elements.column)).parameter] = 1.0
    loadings = model.elements.where(model.elements.kind == LOADING)
    numbers = np.unique(loadings.parameter)
    values[numbers] /= np.sqrt(1 - values[numbers] ** 2)
    for cuts, own, matrices in reversed(list(zip(found.cuts, thresholds, model.matrices(values), strict=True))):
        at = np.nonzero(cuts >= 0)
        values[cuts[at]] = own[at] * np.sqrt(np.diag(matrices.covariance))[at[0]]
    return values
