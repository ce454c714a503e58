"""Placebo campaigns: the same customers, arms drawn anew, every estimate made again, many at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from loyalty_kit.campaigns.design.metrics import Rate
from loyalty_kit.campaigns.design.random_assignment import (
    AT_ONCE,
    LONG,
    Assigned,
    assign_randomly,
    held,
    origin,
)
from loyalty_kit.campaigns.design.rows import SIZE, Floats, Rows, Whole
from loyalty_kit.campaigns.effects.adjustment import inverse_of, unevenness
from loyalty_kit.campaigns.effects.estimates import ArmEstimates, columns_of
from loyalty_kit.statistics.resampling import block_of, run_blocks

PARTS = 32
"""Parts of `AT_ONCE` customers in one block, whose estimates are made together."""
SPARSE = 0.5
"""Share of customers with anything but 0 from which assigning them alone saves nothing."""


@dataclass(frozen=True, eq=False)
class Layout:
    """Where the sums of one estimate lie among the features that are summed by arm.

    Columns are the form's, then the covariates'; `origins` is where each is counted from; `whole` says that
    no customer lacks any of them; `size` is the place of the size where a row is a cluster of customers.
    """

    columns: tuple[str, ...]
    origins: Floats
    weights: Floats
    divisor: int | None
    size: int | None
    covariates: int
    rate: bool
    whole: bool
    count: int
    sums: list[int]
    products: list[list[int]]


def layouts(rows: Rows, found: Sequence[ArmEstimates], instead: dict[str, str]) -> tuple[list[Layout], Floats]:
    """Layout of each estimate, and the features: customers × (counts, values, products), 0 where incomplete."""
    features: dict[tuple[Any, ...], int] = {}
    held: list[Floats] = []

    def place(key: tuple[Any, ...], values: Floats) -> int:
        if key not in features:
            features[key] = len(held)
            held.append(values)
        return features[key]

    out = []
    for estimate in found:
        form = estimate.form
        own = columns_of(form, estimate.clustered)
        columns = tuple(instead.get(name, name) for name in own) + estimate.covariates
        values = rows.matrix(columns)
        present = np.asarray(~np.isnan(values).any(axis=1))
        whole = bool(present.all())
        mask = () if whole else columns
        origins = np.array([origin(column) for column in values[present].T])
        values = np.where(present[:, None], values - origins, 0.0)
        weights = np.array([form.weights.get(name, 0.0) for name in own])
        sums = [place((mask, name), values[:, i]) for i, name in enumerate(columns)]
        products = [
            [place((mask, *sorted((a, b))), values[:, i] * values[:, j]) for j, b in enumerate(columns)]
            for i, a in enumerate(columns)
        ]
        count = -1 if whole else place((mask,), present.astype(float))
        size = own.index(SIZE) if estimate.clustered else None
        divisor = size if form.divisor is None else own.index(form.divisor)
        rate = isinstance(estimate.metric, Rate) and not estimate.covariates and not estimate.clustered
        k = len(estimate.covariates)
        out.append(Layout(columns, origins, weights, divisor, size, k, rate, whole, count, sums, products))
    return out, np.column_stack(held)


@dataclass(frozen=True, eq=False)
class Sums:
    """Features of one cell that are summed by arm: those that are 0 for most customers apart from the others.

    `customers` are the cell's (None for all); each piece holds the customers with anything but 0, the
    numbers of the features, and their values.
    """

    customers: Whole | None
    pieces: list[tuple[Whole, list[int], Floats]]

    @classmethod
    def of(cls, features: Floats, customers: Whole | None, used: list[int]) -> "Sums":
        """Split the features that are used into those that are mostly 0 and the others."""
        values = features[:, used] if customers is None else features[customers][:, used]
        filled = values != 0
        dense = filled.sum(axis=0) > SPARSE * len(values)
        pieces = []
        for chosen in (np.flatnonzero(dense), np.flatnonzero(~dense)):
            active = np.flatnonzero(filled[:, chosen].any(axis=1))
            places = active if customers is None else customers[active]
            pieces.append((places, [used[i] for i in chosen], values[np.ix_(active, chosen)]))
        return cls(customers, pieces)

    def by_arm(self, assigned: Assigned, sizes: Whole, count: int) -> tuple[Floats, Floats]:
        """Count customers and sum `count` features by campaign and arm; features that are not used stay 0."""
        n = np.broadcast_to(sizes.astype(float), (len(assigned), len(sizes)))
        if self.customers is not None:
            n = held(assigned[:, self.customers], len(sizes)).astype(float)
        sums = np.zeros((len(assigned), len(sizes), count))
        for places, numbers, values in self.pieces:
            mine = assigned if len(places) == assigned.shape[1] else assigned[:, places]
            sums[:, :, numbers] = _summed(mine, len(sizes), values)
        return n, sums


def _summed(assigned: Assigned, arms: int, values: Floats) -> Floats:
    """Sum values by campaign and arm; of many customers the last arm has what the others leave of the total."""
    made = arms if len(values) < LONG else arms - 1
    sums = np.empty((len(assigned), arms, values.shape[1]))
    for a in range(made):
        sums[:, a] = (assigned == a).astype(float) @ values
    if made < arms:
        sums[:, -1] = values.sum(axis=0) - sums[:, :-1].sum(axis=1)
    return sums


def values_and_variances(layout: Layout, n: Floats, sums: Floats) -> tuple[Floats, Floats, Floats]:
    """Value, variance and df of every arm in every placebo, placebos × arms."""
    n = n if layout.whole else sums[:, :, layout.count]
    k = layout.covariates
    with np.errstate(invalid="ignore", divide="ignore"):
        away = sums[:, :, layout.sums] / n[..., None]
        means = layout.origins + away
        second = sums[:, :, np.array(layout.products)] / n[..., None, None]
        spread = (second - away[..., :, None] * away[..., None, :]) * (n / (n - 1))[..., None, None]
        own = len(layout.columns) - k
        value = means[..., :own] @ layout.weights
        weights = np.broadcast_to(layout.weights, means[..., :own].shape)
        if layout.divisor is not None:
            bottom = means[..., layout.divisor]
            value = value / bottom
            weights = weights / bottom[..., None]
            weights = weights - (value / bottom)[..., None] * np.eye(own)[layout.divisor]
        variance = np.einsum("bai,baij,baj->ba", weights, spread[..., :own, :own], weights)
        if layout.rate:
            return value, value * (1 - value) / n, np.full_like(n, np.inf)
        if k:
            return _adjusted(layout, means, spread, weights, value, variance, n)
        if layout.size is None:
            return value, np.maximum(variance, 0.0) / n, n - 1
        uneven = unevenness(n, means[..., layout.size], spread[..., layout.size, layout.size])
        return value, np.maximum(variance, 0.0) * (n - 1) / n**2 / (1 - uneven), 1 / uneven - 1


def _adjusted(
    layout: Layout, means: Floats, spread: Floats, weights: Floats, value: Floats, variance: Floats, n: Floats
) -> tuple[Floats, Floats, Floats]:
    """Adjust by covariates: Lin's estimate with errors from residual variances."""
    k, own = layout.covariates, means.shape[-1] - layout.covariates
    base = np.ones_like(n) if layout.size is None else means[..., layout.size]
    level = means[..., own:] / base[..., None]
    overall = (means[..., own:] * n[..., None]).sum(axis=1) / (base * n).sum(axis=1)[:, None]
    shift = overall[:, None] - level
    inner, cross = spread[..., own:, own:], spread[..., own:, :own]
    if layout.size is not None:
        inner, cross = _per_customer(spread, level, base, own, layout.size)
    cross = np.einsum("baij,baj->bai", cross, weights)
    good = np.asarray(np.isfinite(spread).all(axis=(-2, -1)))
    inverse = inverse_of(np.where(good[..., None, None], inner, 0.0))
    slopes = np.einsum("baij,baj->bai", inverse, cross)
    left = np.maximum(variance - np.einsum("bai,bai->ba", slopes, cross), 0.0) * (n - 1) / (n - 1 - k)
    reach = np.einsum("bai,baij,baj->ba", shift, inverse, shift) / (n - 1)
    df = n - 1 - k
    if layout.size is not None:
        uneven = unevenness(n, base, spread[..., layout.size, layout.size])
        left, df = left * (1 - 1 / n) / (1 - uneven), np.maximum(1 / uneven - 1 - k, 1.0)
    return value + np.einsum("bai,bai->ba", slopes, shift), left * (1 / n + reach), df


def _per_customer(spread: Floats, level: Floats, base: Floats, own: int, size: int) -> tuple[Floats, Floats]:
    """Covariances of the covariates of clusters, taken per customer, with each other and with the outcome's columns."""
    k = level.shape[-1]
    turned = np.zeros((*spread.shape[:-1], k))
    turned[..., own:, :] = np.eye(k)
    turned[..., size, :] = -level
    turned = turned / base[..., None, None]
    across = np.einsum("baik,baij->bakj", turned, spread)
    return across @ turned, across[..., :own]


def studentised(value: Floats, variance: Floats, df: Floats) -> tuple[Floats, Floats]:
    """Studentised difference of every treatment from control and its Welch df, placebos × treatments."""
    with np.errstate(invalid="ignore", divide="ignore"):
        both = variance[:, 1:] + variance[:, :1]
        t = (value[:, 1:] - value[:, :1]) / np.sqrt(both)
        below = variance[:, 1:] ** 2 / df[:, 1:] + variance[:, :1] ** 2 / df[:, :1]
        return np.where(both > 0, t, np.nan), np.where(below > 0, both**2 / below, np.inf)


@dataclass(frozen=True, eq=False)
class Table:
    """All that a placebo campaign reads: arm sizes, how many are assigned, features, cells with their estimates.

    `units` is the number of the cluster that each row belongs to, where rows of one are assigned together.
    """

    sizes: Whole
    assigned: int
    features: int
    layouts: list[Layout]
    cells: list[tuple[Sums, list[int]]]
    units: Whole | None = None


def placebo_t(
    rows: Rows,
    codes: Whole,
    arms: int,
    found: Sequence[ArmEstimates],
    inside: Sequence[Whole | None],
    instead: dict[str, str],
    times: int,
    rng: np.random.Generator,
    units: Whole | None = None,
) -> Floats:
    """T and df of every estimate and treatment in every placebo campaign: campaigns × estimates × treatments × 2.

    Rows of one cluster, by the numbers in `units`, get the same arm.
    """
    laid, features = layouts(rows, found, instead)
    active = np.flatnonzero((features != 0).any(axis=1))
    whole = units is None and all(part is None for part in inside) and all(layout.whole for layout in laid)
    if whole and len(active) < SPARSE * len(codes):
        features = features[active]
    members: dict[int, list[int]] = {}
    for i, part in enumerate(inside):
        members.setdefault(id(part), []).append(i)
    cells = [
        (Sums.of(features, inside[own[0]], sorted({f for i in own for f in _features(laid[i])})), own)
        for own in members.values()
    ]
    drawn = codes if units is None else codes[np.unique(units, return_index=True)[1]]
    assigned = len(features) if units is None else len(drawn)
    table = Table(np.bincount(drawn, minlength=arms), assigned, features.shape[1], laid, cells, units)
    one = partial(_campaigns, table)
    return run_blocks(one, replicates=times, rng=rng, block=block_of(len(features), draws=PARTS * AT_ONCE))


def _campaigns(table: Table, count: int, rng: np.random.Generator) -> Floats:
    """Make some placebo campaigns: arms and sums a few at a time, estimates all together."""
    part = block_of(table.assigned if table.units is None else len(table.units), draws=AT_ONCE)
    by_part: list[list[tuple[Floats, Floats]]] = []
    for first in range(0, count, part):
        assigned = assign_randomly(table.sizes, table.assigned, min(part, count - first), rng)
        assigned = assigned if table.units is None else assigned[:, table.units]
        by_part.append([cell.by_arm(assigned, table.sizes, table.features) for cell, _ in table.cells])
    found = np.empty((count, len(table.layouts), len(table.sizes) - 1, 2))
    for (_, members), parts in zip(table.cells, zip(*by_part, strict=True), strict=True):
        n, sums = (np.concatenate(made) for made in zip(*parts, strict=True))
        for i in members:
            found[:, i] = np.stack(studentised(*values_and_variances(table.layouts[i], n, sums)), axis=-1)
    return found


def _features(layout: Layout) -> list[int]:
    """Numbers of the features that an estimate reads."""
    return [*layout.sums, *(f for row in layout.products for f in row), *([] if layout.whole else [layout.count])]
