"""Estimates of each arm's value from the cube: plain, and adjusted by what was known before."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from loyalty_kit.campaigns.design.cube import Cube
from loyalty_kit.campaigns.design.metrics import Form, Metric, Profit, Rate
from loyalty_kit.campaigns.design.rows import SIZE, Floats
from loyalty_kit.campaigns.effects.adjustment import Fit, fit_arms, seen_rows, squared_errors
from loyalty_kit.campaigns.effects.rates import FEW
from loyalty_kit.core.errors import InputError
from loyalty_kit.statistics.grouped_moments import Block

FEW_UNITS = 20
"""Clusters of an arm below which the lot itself is drawn anew (randomisation inference)."""


@dataclass(frozen=True)
class Cell:
    """Part of the customers: all of them, or one level of a by-column."""

    by: str | None = None
    level: object = None


@dataclass(frozen=True, eq=False)
class ArmEstimates:
    """Values of one metric in one cell, control first, with their variances and degrees of freedom.

    `assigned` are the customers of each arm, those included that lack the outcome; `family` is how many treatments
    the campaign has, where not all of them are here; `unused` are, for each treatment, the covariates that its
    estimate cannot be adjusted by.
    """

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
    assigned: Floats | None = None
    family: int = 0
    unused: tuple[tuple[str, ...], ...] = ()
    unit: str | None = None
    working: Floats | None = None

    @property
    def clustered(self) -> bool:
        """Whether clusters were drawn by lot; `unit` is then their column."""
        return self.unit is not None

    @property
    def few(self) -> Any:
        """Whether control or the treatment has too few clusters for a t interval, a treatment each."""
        return np.minimum(self.units[0], self.units[1:]) < FEW_UNITS if self.clustered else self.units[1:] < 0

    @property
    def share(self) -> float:
        """Share of the campaign's treatments that are here: of some, the adjusted estimates are apart."""
        return (len(self.arms) - 1) / self.family if self.family else 1.0

    @property
    def rare(self) -> npt.NDArray[np.bool_]:
        """Whether control or the treatment has too few events, or too few without, for a normal interval of a rate."""
        if not isinstance(self.metric, Rate) or self.clustered or self.covariates:
            return np.zeros(len(self.arms) - 1, dtype=bool)
        fewest = np.minimum(self.nonzero, self.n - self.nonzero)
        return np.asarray((np.minimum(fewest[1:], fewest[0]) < FEW) & (self.n[1:] > 0) & (self.n[0] > 0))

    def counts(self, arm: int, other: int = 0) -> tuple[int, int, int, int]:
        """Events and customers of one arm and of another, by their numbers."""
        return int(self.nonzero[other]), int(self.n[other]), int(self.nonzero[arm]), int(self.n[arm])

    def differences(self) -> tuple[Floats, Floats, Floats]:
        """Difference of each treatment from control, its standard error and Satterthwaite's df.

        These weigh the arms by their variances, estimated (Welch), or of clusters the expected ones (Bell &
        McCaffrey).
        """
        variance = self.variance[1:] + self.variance[0]
        weighing = self.variance if self.working is None else self.working
        return self.value[1:] - self.value[0], np.sqrt(variance), welch_df(weighing, self.df)


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
                adjusted = _adjusted(cube, plain, covariates) if covariates else []
                used = {arm: estimate.covariates for estimate in adjusted for arm in estimate.arms[1:]}
                lost = [
                    () if rare else tuple(name for name in covariates if name not in used.get(arm, ()))
                    for arm, rare in zip(arms[1:], plain.rare, strict=True)
                ]
                found += [*adjusted, replace(plain, unused=tuple(lost))]
    fits = [fit for estimate in found for fit in estimate.fits]
    rows = seen_rows(source, fits, cube)
    meat = iter(squared_errors(rows, fits, cube.arm))
    return [_with_errors(e, [next(meat) for _ in e.fits], rows is not None) for e in found]


def _with_errors(estimate: ArmEstimates, meat: Sequence[tuple[float, float, float]], by_rows: bool) -> ArmEstimates:
    """Put the errors of its fits into an estimate that has any; of clusters with their df."""
    if not meat:
        return estimate
    variance, df, expected = np.array(meat).T
    if not estimate.clustered:
        return replace(estimate, variance=variance, by_rows=by_rows)
    return replace(estimate, variance=variance, df=df, working=expected, by_rows=by_rows)


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
    assigned = None if clustered else np.array([cube.customers(arm, cell.by, cell.level) for arm in arms])
    unit = cube.unit if clustered else None
    plain = ArmEstimates(metric, form, cell, arms, value, variance, df, n, nonzero, units, unit=unit)
    plain = replace(plain, assigned=assigned)
    return replace(plain, fits=_fits_of_means(plain, blocks)) if clustered and units.min() > 1 else plain


def _fits_of_means(plain: ArmEstimates, blocks: Sequence[Block]) -> tuple[Fit, ...]:
    """Fits without covariates, for the errors of clusters."""
    places = [(arm, plain.cell.by, plain.cell.level) for arm in plain.arms]
    weights = [linearised(plain.form, block, clustered=True) for block in blocks]
    return tuple(fit_arms(blocks, weights, (), places, SIZE)[1])


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


def _adjusted(cube: Cube, plain: ArmEstimates, covariates: tuple[str, ...]) -> list[ArmEstimates]:
    """Adjust an estimate by covariates: the treatments together that can be adjusted by the same ones.

    A covariate that is the same for every customer of control or of a treatment says nothing about these; more
    covariates than customers say nothing either.
    """
    own = columns_of(plain.form, cube.unit != "customer")
    extra = tuple(name for name in covariates if name not in own)
    if not extra:
        return []
    cell = plain.cell
    blocks = [cube.block((*own, *extra), arm, cell.by, cell.level) for arm in plain.arms]
    together: dict[tuple[str, ...], list[int]] = {}
    for i, block in enumerate(blocks[1:], start=1):
        used = tuple(name for name in extra if _varies(blocks[0], name) and _varies(block, name))
        if used and min(blocks[0].n[0], block.n[0]) >= len(used) + 3 and not plain.rare[i - 1]:
            together.setdefault(used, [0]).append(i)
    return [_fitted(cube, plain, blocks, used, at) for used, at in together.items()]


def _fitted(
    cube: Cube, plain: ArmEstimates, blocks: Sequence[Block], used: tuple[str, ...], at: Sequence[int]
) -> ArmEstimates:
    """Adjust some arms, control first, by covariates that vary in each of them."""
    clustered = cube.unit != "customer"
    cell, arms, mine = plain.cell, tuple(plain.arms[i] for i in at), [blocks[i] for i in at]
    weights = [linearised(plain.form, block, clustered) for block in mine]
    places = [(arm, cell.by, cell.level) for arm in arms]
    values, fits = fit_arms(mine, weights, used, places, SIZE if clustered else None)
    if isinstance(plain.metric, Profit):
        values = values - np.array([plain.metric.contact(arm, plain.arms[0]) for arm in arms])
    units = np.array([block.n[0] for block in mine])
    return replace(
        plain,
        arms=arms,
        value=values,
        df=units - 1 - len(used),
        n=_customers(mine) if clustered else units,
        nonzero=plain.nonzero[list(at)],
        units=units,
        assigned=None if plain.assigned is None else plain.assigned[list(at)],
        covariates=used,
        fits=tuple(fits),
        family=len(plain.arms) - 1,
    )


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
