"""The lot drawn anew: rows of customers or clusters, and permutation tests of one treatment against control."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from loyalty_kit.campaigns.design.cube import Cube
from loyalty_kit.campaigns.design.declaration import Declaration
from loyalty_kit.campaigns.design.metrics import Metric, Profit
from loyalty_kit.campaigns.design.rows import SIZE, Rows, Whole
from loyalty_kit.campaigns.effects.estimates import ArmEstimates, Cell, columns_of
from loyalty_kit.campaigns.effects.estimation import cluster_rows, source_of
from loyalty_kit.campaigns.effects.permutation import Permutation, permute
from loyalty_kit.campaigns.trust.placebo import placebo_t

DRAWS = 9_999
DRAWS_ADJUSTED = 4_999
"""Where estimates are adjusted, every customer is reassigned, not only the buyers."""


@dataclass(frozen=True, eq=False)
class Part:
    """Rows whose arms (of the column `arm`) are drawn anew, with their estimates; `units` numbers their clusters."""

    rows: Rows
    arm: str
    found: Sequence[ArmEstimates]
    units: Whole | None = None


def parts_of(
    campaign: Declaration,
    cube: Cube,
    metrics: list[Metric],
    by: tuple[str, ...],
    found: Sequence[ArmEstimates],
    extra: Sequence[str] = (),
) -> list[Part]:
    """Rows whose arms are drawn anew, with their estimates; clusters once over all and once for each by-column."""
    if campaign.cluster is None:
        return [Part(source_of(campaign, metrics, by, cube.caps, extra, lazily=False), cube.arm, found)]
    parts = []
    for cut in (None, *by):
        mine = [estimate for estimate in found if estimate.cell.by == cut]
        rows = cluster_rows(campaign, metrics, () if cut is None else (cut,), cube.caps, extra)
        parts.append(Part(rows, cube.arm, mine, None if cut is None else _numbered(rows, cube.arm, campaign.cluster)))
    return parts


def _numbered(rows: Rows, arm: str, cluster: str) -> Whole:
    """Give the number of each row's cluster; one with customers in several arms counts in each."""
    arms, clusters = rows.codes(arm)[0], rows.codes(cluster)[0]
    return np.asarray(np.unique(clusters * (arms.max() + 1) + arms, return_inverse=True)[1], dtype=np.intp)


def codes_of(rows: Rows, column: str, arms: tuple[Any, ...]) -> Whole:
    """Give the number of the arm of each row."""
    codes, levels = rows.codes(column)
    return np.array([arms.index(level) for level in levels])[codes]


def cell_rows(rows: Rows, cell: Cell) -> Whole | None:
    """Rows of a cell; None for all."""
    return None if cell.by is None else np.flatnonzero(rows.where(cell.by, cell.level))


def cost_apart(estimate: ArmEstimates, rows: Rows, codes: Whole, arms: tuple[Any, ...]) -> ArmEstimates:
    """Profit with its cost column written as an amount an arm, where no customer of an arm costs more than another."""
    metric = estimate.metric
    if not isinstance(metric, Profit) or not isinstance(metric.cost, str) or len(estimate.form.weights) < 2:
        return estimate
    cost = rows.values(metric.cost) / (rows.values(SIZE) if estimate.clustered else 1.0)
    first = cost[[np.flatnonzero(codes == arm)[0] for arm in range(len(arms))]]
    weights = {name: weight for name, weight in estimate.form.weights.items() if name != metric.cost}
    alike = np.abs(cost - first[codes]) <= (1e-9 * np.abs(first[codes]) if estimate.clustered else 0.0)
    if not alike.all() or metric.cost in (metric.spend, metric.coupon):
        return estimate
    amounts = dict(zip(arms, first.tolist(), strict=True))
    return replace(estimate, metric=replace(metric, cost=amounts), form=replace(estimate.form, weights=weights))


def pair_of(codes: Whole, inside: Whole | None, arm: int) -> Whole:
    """Find the customers of control and one treatment in one cell."""
    mine = np.arange(len(codes)) if inside is None else inside
    return np.asarray(mine[(codes[mine] == 0) | (codes[mine] == arm)])


def draw_again(
    part: Part, arms: tuple[Any, ...], wanted: Sequence[tuple[Any, int, Any]], rng: np.random.Generator
) -> dict[Any, Permutation]:
    """Permutation tests of some estimates: key, number of the estimate in its part, arm."""
    codes = codes_of(part.rows, part.arm, arms)
    groups: dict[tuple[Cell, int], list[tuple[Any, int]]] = {}
    for key, j, arm in wanted:
        groups.setdefault((part.found[j].cell, arms.index(arm)), []).append((key, j))
    tests: dict[Any, Permutation] = {}
    for (cell, arm), members in groups.items():
        mine = pair_of(codes, cell_rows(part.rows, cell), arm)
        apart = [cost_apart(part.found[j], part.rows, codes, arms) for _, j in members]
        found = permutations_of(part.rows, codes == arm, apart, mine, arms[arm], rng)
        tests |= dict(zip([key for key, _ in members], found, strict=True))
    return tests


def permutations_of(
    rows: Rows,
    inside: npt.NDArray[np.bool_],
    wanted: Sequence[ArmEstimates],
    mine: Whole,
    arm: object,
    rng: np.random.Generator,
) -> list[Permutation]:
    """Permutation tests of one treatment against control over some customers, those of adjusted estimates together."""
    treated = inside[mine]
    found: dict[int, Permutation] = {}
    together: dict[int, list[int]] = {}
    for i, estimate in enumerate(wanted):
        if estimate.form.divisor is not None or estimate.covariates or estimate.clustered:
            many = not estimate.covariates or estimate.clustered
            together.setdefault(DRAWS if many else DRAWS_ADJUSTED, []).append(i)
            continue
        weights = np.array([estimate.form.weights[name] for name in estimate.form.columns])
        values = rows.matrix(estimate.form.columns)[mine] @ weights
        known = ~np.isnan(values)
        test = permute(values[known & ~treated], values[known & treated], draws=DRAWS, rng=rng)
        found[i] = replace(test, difference=test.difference - contact_of(estimate, arm))
    for draws, members in together.items():
        chosen = [wanted[i] for i in members]
        columns = dict.fromkeys(name for e in chosen for name in (*columns_of(e.form, e.clustered), *e.covariates))
        part = Rows(None, {}, {}, {name: rows.values(name)[mine] for name in columns})
        t = placebo_t(part, treated.astype(int), 2, chosen, [None] * len(chosen), {}, draws, rng)[:, :, 0, 0]
        for j, i in enumerate(members):
            difference = float(wanted[i].differences()[0][wanted[i].arms.index(arm) - 1])
            found[i] = Permutation(difference, own_error(wanted[i], arm), np.sort(np.nan_to_num(t[:, j])))
    return [found[i] for i in range(len(wanted))]


def own_error(estimate: ArmEstimates, arm: object) -> float:
    """Error of one treatment's difference by the rule that holds in the draws: residual variances, not HC2."""
    at = estimate.arms.index(arm)
    if not estimate.fits:
        return float(estimate.differences()[1][at - 1])
    return float(np.sqrt(estimate.fits[0].by_moments()[0] + estimate.fits[at].by_moments()[0]))


def contact_of(estimate: ArmEstimates, arm: object) -> float:
    """Cost of contacting a customer of one arm, beyond that of control; 0 where profit is not measured."""
    if not isinstance(estimate.metric, Profit):
        return 0.0
    arms = estimate.arms
    return estimate.metric.contact(arm, arms[0]) - estimate.metric.contact(arms[0], arms[0])
