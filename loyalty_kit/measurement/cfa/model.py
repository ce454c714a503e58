"""The CFA model: its free elements, the matrices that they fill and how each of them moves means and covariances."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from loyalty_kit.statistics.moments import Floats

Ints = npt.NDArray[np.intp]
Released = frozenset[tuple[int, int]]
"""Kind and item of elements that groups need not share."""

LOADING, FACTOR, RESIDUAL, INTERCEPT, MEAN, PATH = range(6)
"""Kinds of element: of Λ, Ψ, Θ, τ, α and B in Σ = GΨGᵀ + Θ and μ = τ + Gα with G = Λ(I − B)⁻¹; B is zero in a CFA."""


@dataclass(frozen=True, eq=False)
class Elements:
    """Elements of the model matrices, one a position.

    Attributes
    ----------
    kind, group, row, column : array of int
        Which matrix, whose and where; `column` is 0 for a vector's element, at most `row` for Ψ and Θ. Of B,
        `row` is the factor that is acted on.
    parameter : array of int
        Number of the parameter that stands there; elements held equal share one.
    """

    kind: Ints
    group: Ints
    row: Ints
    column: Ints
    parameter: Ints

    @classmethod
    def of(cls, places: Sequence[tuple[int, int, int, int]], parameters: Sequence[int] | None = None) -> "Elements":
        """Elements at (kind, group, row, column), each its own parameter unless told otherwise."""
        kind, group, row, column = np.array(places, dtype=np.intp).reshape(-1, 4).T
        numbers = np.arange(len(places)) if parameters is None else np.array(parameters, dtype=np.intp)
        return cls(kind, group, row, column, numbers)

    def __len__(self) -> int:
        """Count the elements."""
        return len(self.kind)

    def where(self, chosen: npt.NDArray[np.bool_]) -> "Elements":
        """Those of the elements that a mask chooses."""
        return Elements(*(part[chosen] for part in (self.kind, self.group, self.row, self.column, self.parameter)))


@dataclass(frozen=True, eq=False)
class Matrices:
    """Matrices of one group: Λ (items × factors), Ψ, Θ, τ, α, and B where factors act on one another."""

    loadings: Floats
    factors: Floats
    residuals: Floats
    intercepts: Floats
    means: Floats
    paths: Floats | None = None

    @cached_property
    def through(self) -> Floats:
        """How far each factor moves with what enters each factor: (I − B)⁻¹."""
        unit = np.eye(len(self.factors))
        return unit if self.paths is None else np.asarray(np.linalg.inv(unit - self.paths))

    @cached_property
    def reach(self) -> Floats:
        """How far each item moves with what enters each factor: G = Λ(I − B)⁻¹."""
        return self.loadings if self.paths is None else self.loadings @ self.through

    @cached_property
    def spread(self) -> Floats:
        """Covariance of the factors, (I − B)⁻¹Ψ(I − B)⁻ᵀ."""
        return self.factors if self.paths is None else self.through @ self.factors @ self.through.T

    @cached_property
    def covariance(self) -> Floats:
        """Implied covariance GΨGᵀ + Θ."""
        return self.reach @ self.factors @ self.reach.T + self.residuals

    @cached_property
    def mean(self) -> Floats:
        """Implied mean τ + Gα."""
        return self.intercepts + self.reach @ self.means


@dataclass(frozen=True, eq=False)
class Model:
    """Free elements on top of fixed matrices, the same in every group.

    `beyond` are the (kind, row, column) that a user adds to simple structure.
    """

    items: tuple[str, ...]
    scales: tuple[str, ...]
    groups: int
    elements: Elements
    fixed: Matrices
    beyond: tuple[tuple[int, int, int], ...] = ()

    @property
    def size(self) -> int:
        """Number of parameters."""
        return int(self.elements.parameter.max()) + 1

    @cached_property
    def membership(self) -> npt.NDArray[np.bool_]:
        """Which item belongs to which factor: loads on it, freely or by a fixed loading, without being added to it."""
        loads = np.asarray(self.fixed.loadings != 0)
        own = self.by_group[0].where(self.by_group[0].kind == LOADING)
        loads[own.row, own.column] = True
        for kind, row, column in self.beyond:
            if kind == LOADING:
                loads[row, column] = False
        return loads

    @cached_property
    def by_group(self) -> tuple[Elements, ...]:
        """Elements of each group."""
        return tuple(self.elements.where(self.elements.group == g) for g in range(self.groups))

    def matrices(self, values: Floats) -> tuple[Matrices, ...]:
        """Matrices of each group under parameter values."""
        return tuple(self._filled(elements, values) for elements in self.by_group)

    def _filled(self, elements: Elements, values: Floats) -> Matrices:
        base = self.fixed
        parts = [base.loadings, base.factors, base.residuals, base.intercepts, base.means]
        parts = [part.copy() for part in (*parts, *([] if base.paths is None else [base.paths]))]
        for kind, part in enumerate(parts):
            own = elements.kind == kind
            row, column, value = elements.row[own], elements.column[own], values[elements.parameter[own]]
            if part.ndim == 1:
                part[row] = value
            else:
                part[row, column] = value
            if kind in (FACTOR, RESIDUAL):
                part[column, row] = value
        return Matrices(*parts)


@dataclass(frozen=True, eq=False)
class Directions:
    """How a group's moments move with each element: dΣ = u vᵀ + v uᵀ and dμ, a column an element."""

    u: Floats
    v: Floats
    mean: Floats


def confirmatory_model(
    scales: Mapping[str, Sequence[str]],
    *,
    groups: int = 1,
    means: bool = False,
    marker: bool = False,
    residuals: bool = True,
    equal: frozenset[int] = frozenset(),
    released: Released = frozenset(),
    beyond: tuple[tuple[int, int, int], ...] = (),
) -> Model:
    """Simple-structure model: every item loads on its own scale's factor, factors correlate.

    Factor variances are 1, or first loadings where `marker`; residual variances are free, or follow from
    variances of 1 where not `residuals`. `equal` names kinds (loadings,
    intercepts, residuals) held equal over groups but for the (kind, item) pairs in `released`;
    equal loadings free the later groups' factor variances, equal intercepts their factor means.
    `beyond` are (kind, row, column) of cross-loadings and residual covariances on top; groups share none of the latter.
    """
    items = [item for members in scales.values() for item in members]
    factor_of = [f for f, members in enumerate(scales.values()) for _ in members]
    first = [j for j in range(len(items)) if j == 0 or factor_of[j] != factor_of[j - 1]]
    p, k = len(items), len(scales)
    fixed = Matrices(
        np.zeros((p, k)), np.zeros((k, k)) if marker else np.eye(k), np.zeros((p, p)), np.zeros(p), np.zeros(k)
    )
    if marker:
        fixed.loadings[first, range(k)] = 1.0

    def places(g: int) -> Iterator[tuple[int, int, int, int]]:
        yield from ((LOADING, g, j, f) for j, f in enumerate(factor_of) if not (marker and j in first))
        if residuals:
            yield from ((RESIDUAL, g, j, j) for j in range(p))
        yield from ((FACTOR, g, f, h) for f in range(k) for h in range(f))
        if marker or (g > 0 and LOADING in equal):
            yield from ((FACTOR, g, f, f) for f in range(k))
        if means:
            yield from ((INTERCEPT, g, j, 0) for j in range(p))
        if g > 0 and INTERCEPT in equal:
            yield from ((MEAN, g, f, 0) for f in range(k))
        yield from ((kind, g, row, column) for kind, row, column in beyond)

    def tied(kind: int, row: int, column: int) -> bool:
        return kind in equal and (kind, row) not in released and not (kind == RESIDUAL and row != column)

    every = [place for g in range(groups) for place in places(g)]
    shared = [(kind, -1 if tied(kind, row, column) else g, row, column) for kind, g, row, column in every]
    number = {key: i for i, key in enumerate(dict.fromkeys(shared))}
    return Model(
        tuple(items), tuple(scales), groups, Elements.of(every, [number[key] for key in shared]), fixed, beyond
    )


def with_general(base: Model, name: str) -> Model:
    """Bifactor model: a factor on every item of a model of one group, and no factor correlates with another."""
    old, (p, k) = base.elements, base.fixed.loadings.shape
    kept = old.where(old.kind != FACTOR)
    general = [(LOADING, 0, j, k) for j in range(p)]
    places = [*zip(kept.kind, kept.group, kept.row, kept.column, strict=True), *general]
    fixed = replace(base.fixed, loadings=np.zeros((p, k + 1)), factors=np.eye(k + 1), means=np.zeros(k + 1))
    beyond = (*base.beyond, *((kind, row, column) for kind, _, row, column in general))
    return Model(base.items, (*base.scales, name), 1, Elements.of(places), fixed, beyond)


def unrestricted_model(
    items: Sequence[str], *, groups: int = 1, means: bool = False, covariances: bool = True
) -> Model:
    """Free variances, covariances where asked and means where asked: the saturated or the independence model."""
    p = len(items)
    places = [
        place
        for g in range(groups)
        for place in (
            *((RESIDUAL, g, i, j) for i in range(p) for j in range(i + 1) if covariances or i == j),
            *((INTERCEPT, g, j, 0) for j in range(p) if means),
        )
    ]
    fixed = Matrices(np.zeros((p, 0)), np.zeros((0, 0)), np.zeros((p, p)), np.zeros(p), np.zeros(0))
    return Model(tuple(items), (), groups, Elements.of(places), fixed)


def directions(matrices: Matrices, elements: Elements) -> Directions:
    """Directions of one group's elements, free or fixed.

    With G = Λ(I − B)⁻¹ and the factors' covariance Φ, Λ[j, f] moves Σ by eⱼ(ΛΦ)fᵀ + its transpose; Ψ[f, h] moves Σ by
    GfGhᵀ + its transpose (once where f = h); Θ[i, j] by eᵢeⱼᵀ + its transpose; B[t, s] by Gt(ΛΦ)sᵀ + its transpose.
    μ moves by eⱼ times the mean of factor f, by eⱼ with τ[j], by Gf with α[f], by Gt times the mean of s.
    """
    p = len(matrices.residuals)
    unit, product, reach = np.eye(p), matrices.loadings @ matrices.spread, matrices.reach
    means = matrices.through @ matrices.means
    u, v, mean = (np.zeros((p, len(elements))) for _ in range(3))
    at = [elements.kind == kind for kind in range(6)]
    row, column = elements.row, elements.column
    half = np.where(row == column, 0.5, 1.0)
    u[:, at[LOADING]], v[:, at[LOADING]] = unit[:, row[at[LOADING]]], product[:, column[at[LOADING]]]
    mean[:, at[LOADING]] = unit[:, row[at[LOADING]]] * means[column[at[LOADING]]]
    u[:, at[FACTOR]] = reach[:, row[at[FACTOR]]]
    v[:, at[FACTOR]] = reach[:, column[at[FACTOR]]] * half[at[FACTOR]]
    u[:, at[RESIDUAL]], v[:, at[RESIDUAL]] = (
        unit[:, row[at[RESIDUAL]]],
        unit[:, column[at[RESIDUAL]]] * half[at[RESIDUAL]],
    )
    mean[:, at[INTERCEPT]] = unit[:, row[at[INTERCEPT]]]
    mean[:, at[MEAN]] = reach[:, row[at[MEAN]]]
    u[:, at[PATH]], v[:, at[PATH]] = reach[:, row[at[PATH]]], product[:, column[at[PATH]]]
    mean[:, at[PATH]] = reach[:, row[at[PATH]]] * means[column[at[PATH]]]
    return Directions(u, v, mean)
