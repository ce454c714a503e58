"""Estimates of each arm's value from the cube: plain, and adjusted by what was known before."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from loyalty_kit.campaigns.design.cube import Cube
from loyalty_kit.campaigns.design.metrics import Form, Metric, Profit, Rate
from loyalty_kit.campaigns.design.rows import SIZE, Floats
from loyalty_kit.campaigns.effects.adjustment import Fit, fit_arms, seen_rows, squared_errors
from loyalty_kit.core.errors import InputError
from loyalty_kit.statistics.grouped_moments import Block


@dataclass(frozen=True)
class Cell:
    """Part of the customers: all of them, or one level of a by-column."""

    by: str | None = None
    level: object = None


@dataclass(frozen=True, eq=False)
class ArmEstimates:
    """Values of one metric in one cell, control first, with their variances and degrees of freedom."""

    metric: Metric
    form: Form
    cell: Cell
    arms: tuple[Any, ...]
    value: Floats
    variance: Floats
    df: Floats
    n: Floats
    nonzero: Floats
    units: Floats
    covariates: tuple[str, ...] = ()
    fits: tuple[Fit, ...] = ()
    by_rows: bool = True

    def differences(self) -> tuple[Floats, Floats, Floats]:
        """Difference of each treatment from control, its standard error and Welch–Satterthwaite df."""
        variance = self.variance[1:] + self.variance[0]
        return self.value[1:] - self.value[0], np.sqrt(variance), welch_df(self.variance, self.df)


def welch_df(variance: Floats, df: Floats) -> Floats:
    """Satterthwaite's degrees of freedom of each treatment against control."""
    with np.errstate(invalid="ignore", divide="ignore"):
        below = variance[1:] ** 2 / df[1:] + variance[0] ** 2 / df[0]
        return np.asarray(np.where(below > 0, (variance[1:] + variance[0]) ** 2 / below, np.inf))


def sets_of(metrics: Sequence[Metric], covariates: tuple[str, ...], clustered: bool) -> list[tuple[str, ...]]:
    """List the sets of columns whose moments the metrics need together."""
    sets = []
    for metric in metrics:
        for form in metric.forms():
            columns = columns_of(form, clustered)
            sets.append(columns)
            extra = tuple(name for name in covariates if name not in columns)
            if extra:
                sets.append((*columns, *extra))
    return list(dict.fromkeys(sets))


def columns_of(form: Form, clustered: bool) -> tuple[str, ...]:
    """Columns of a form; in clusters with their size, since a mean is then a ratio of sums."""
    return (*form.columns, SIZE) if clustered else form.columns


def estimates(
    cube: Cube,
    metrics: Sequence[Metric],
    cells: Sequence[Cell],
    arms: tuple[Any, ...],
    covariates: tuple[str, ...],
    source: Any,
) -> list[ArmEstimates]:
    """Every estimate asked for: in each cell the adjusted one first, then the plain one.

    `source` holds the rows, since HC2 errors weigh single ones; None where there is only the cube.
    """
    found: list[ArmEstimates] = []
    for metric in metrics:
        for cell in cells:
            for form in metric.forms():
                plain = _plain(cube, metric, form, cell, arms)
                adjusted = _adjusted(cube, plain, covariates) if covariates else None
                found += [estimate for estimate in (adjusted, plain) if estimate is not None]
    fits = [fit for estimate in found for fit in estimate.fits]
    rows = seen_rows(source, fits, cube)
    meat = iter(squared_errors(rows, fits, cube.arm))
    return [
        replace(e, variance=np.array([next(meat) for _ in e.fits]), by_rows=rows is not None) if e.fits else e
        for e in found
    ]


def _plain(cube: Cube, metric: Metric, form: Form, cell: Cell, arms: tuple[Any, ...]) -> ArmEstimates:
    clustered = cube.unit != "customer"
    columns = columns_of(form, clustered)
    blocks = [cube.block(columns, arm, cell.by, cell.level) for arm in arms]
    check_values(metric, form, blocks, clustered)
    value, variance = np.empty(len(arms)), np.empty(len(arms))
    for i, (arm, block) in enumerate(zip(arms, blocks, strict=True)):
        value[i], weights = linearised(form, block, clustered)
        variance[i] = max(float(weights @ block.covariances[0] @ weights), 0.0) / block.n[0]
        if isinstance(metric, Rate) and not clustered:
            variance[i] = value[i] * (1 - value[i]) / block.n[0]
        if isinstance(metric, Profit):
            value[i] -= metric.contact(arm, arms[0])
    units = np.array([block.n[0] for block in blocks])
    n = _customers(blocks) if clustered else units
    df = np.full(len(arms), np.inf) if isinstance(metric, Rate) and not clustered else units - 1
    nonzero = np.array([block.nonzero[0, 0] for block in blocks])
    return ArmEstimates(metric, form, cell, arms, value, variance, df, n, nonzero, units)


def linearised(form: Form, block: Block, clustered: bool) -> tuple[float, Floats]:
    """Value of a form in one arm, and the weights of the columns whose mean varies as the value does."""
    means = block.means[0]
    weights = np.zeros(len(block.columns))
    for name, weight in form.weights.items():
        weights[block.columns.index(name)] = weight
    value = float(weights @ means)
    divisor = form.divisor or (SIZE if clustered else None)
    if divisor is not None:
        at = block.columns.index(divisor)
        if not means[at] > 0:
            return float("nan"), np.zeros(len(weights))
        value, weights = value / means[at], weights / means[at]
        weights[at] -= value / means[at]
    return value, weights


def _adjusted(cube: Cube, plain: ArmEstimates, covariates: tuple[str, ...]) -> ArmEstimates | None:
    """Adjust an estimate by covariates, or give None where the cell cannot carry any."""
    clustered = cube.unit != "customer"
    own = columns_of(plain.form, clustered)
    extra = tuple(name for name in covariates if name not in own)
    if not extra:
        return None
    cell = plain.cell
    blocks = [cube.block((*own, *extra), arm, cell.by, cell.level) for arm in plain.arms]
    used = tuple(name for name in extra if all(_varies(block, name) for block in blocks))
    if cell.by is None and used != extra:
        lost = next(name for name in extra if name not in used)
        raise InputError("The covariate '{name}' is the same for every customer of an arm; leave it out.", name=lost)
    if not used or min(block.n[0] for block in blocks) < len(used) + 3:
        return None
    weights = [linearised(plain.form, block, clustered) for block in blocks]
    places = [(arm, cell.by, cell.level) for arm in plain.arms]
    values, fits = fit_arms(blocks, weights, used, places, SIZE if clustered else None)
    shift = (
        np.array([plain.metric.contact(arm, plain.arms[0]) for arm in plain.arms])
        if isinstance(plain.metric, Profit)
        else 0.0
    )
    units = np.array([block.n[0] for block in blocks])
    n = _customers(blocks) if clustered else units
    df = units - 1 - len(used)
    return replace(plain, value=values - shift, df=df, n=n, units=units, covariates=used, fits=tuple(fits))


def _customers(blocks: Sequence[Block]) -> Floats:
    """Count the customers in the clusters of each arm: whole numbers, which mean times n meets but for rounding."""
    return np.rint([block.sums[0, block.columns.index(SIZE)] for block in blocks])


def _varies(block: Block, name: str) -> bool:
    at = block.columns.index(name)
    return bool(block.n[0] > 0 and block.highs[0, at] > block.lows[0, at])


def check_values(metric: Metric, form: Form, blocks: Sequence[Block], clustered: bool) -> None:
    """Refuse a rate of anything but 0 and 1, and a ratio whose denominator is not positive."""
    if isinstance(metric, Rate) and not clustered:
        low, high = min(b.lows[0, 0] for b in blocks), max(b.highs[0, 0] for b in blocks)
        if not all(b.binary(b.columns[0]) for b in blocks):
            raise InputError(
                "Rate('{column}') needs 0 and 1, or false and true; the column holds values from {low} to {high}.",
                column=metric.column,
                low=f"{low:g}",
                high=f"{high:g}",
            )
    if form.divisor is not None:
        at = blocks[0].columns.index(form.divisor)
        if any(b.lows[0, at] < 0 for b in blocks):
            raise InputError(
                "The denominator '{column}' of a ratio holds negative values; allowed are 0 or more.",
                column=form.divisor,
            )
