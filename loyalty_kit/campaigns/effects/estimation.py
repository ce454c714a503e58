"""From the campaign to its estimates: which rows are read, what is counted of them, in what order."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import narwhals as nw

from loyalty_kit.campaigns.design.cube import Cube
from loyalty_kit.campaigns.design.declaration import Declaration
from loyalty_kit.campaigns.design.gaps import without_gaps
from loyalty_kit.campaigns.design.metrics import Mean, Metric, Profit, Quantile, capped
from loyalty_kit.campaigns.design.missing import check_missing, lacking, own_columns
from loyalty_kit.campaigns.design.rows import SIZE, Rows, pooled_quantile
from loyalty_kit.campaigns.design.unit_names import units
from loyalty_kit.campaigns.design.units import check_levels, clusters, filled, order_arms, straddling
from loyalty_kit.campaigns.effects.estimates import ArmEstimates, Cell, estimates, sets_of
from loyalty_kit.campaigns.effects.quantiles import quantile_estimates
from loyalty_kit.core.cells import as_spelled, cell_text
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import Message, message
from loyalty_kit.intake.panels.frames import check_frame, collected, count_rows, is_lazy


def estimated(
    campaign: Declaration, metrics: list[Metric], by: tuple[str, ...]
) -> tuple[Cube, list[ArmEstimates], tuple[Any, ...]]:
    """Cube over all customers, and every estimate over all and in each cell."""
    covariates = campaign.adjusters
    parts = [(cut,) for cut in by] if campaign.cluster is not None else []
    cube, source = build_cube(campaign, metrics, () if parts else by, {})
    arms = order_arms(cube.arms, campaign.control, campaign.planned)
    _check_sizes(campaign, cube, arms)
    names = [cell_text(arm) for arm in arms]
    for metric in metrics:
        if isinstance(metric, Profit) and isinstance(metric.cost, Mapping):
            strangers = [arm for arm in metric.cost if as_spelled(arm, names) not in names]
            if strangers:
                raise InputError(
                    "'cost' names the arm '{arm}'; the arms are {arms}.", arm=strangers[0], arms=list(arms)
                )
    cells = [Cell(), *(Cell(cut, level) for cut in cube.by for level in cube.levels(cut))]
    found = estimates(cube, metrics, cells, arms, covariates, source)
    for cut in parts:
        part, rows = build_cube(campaign, metrics, cut, dict(cube.caps))
        cells = [Cell(cut[0], level) for level in part.levels(cut[0])]
        found += estimates(part, metrics, cells, arms, covariates, rows)
    quantiles = [metric for metric in metrics if isinstance(metric, Quantile)]
    if quantiles:
        found += _of_quantiles(campaign, quantiles, by, arms)
    rank = {metric.name: i for i, metric in enumerate(metrics)}
    return cube, sorted(found, key=lambda estimate: rank[estimate.metric.name]), arms


def _of_quantiles(
    campaign: Declaration, metrics: list[Quantile], by: tuple[str, ...], arms: tuple[Any, ...]
) -> list[ArmEstimates]:
    if isinstance(campaign.frame, Cube) or campaign.cluster is not None:
        what = message("a cube") if isinstance(campaign.frame, Cube) else message("clusters")
        raise InputError(
            "The quantile '{metric}' needs single customers; got {single}.", metric=metrics[0].name, single=what
        )
    source = source_of(campaign, metrics, by, {}, (), lazily=False)
    return quantile_estimates(source, metrics, campaign.arm, arms, by)


def build_cube(
    campaign: Declaration, metrics: Sequence[Metric], by: tuple[str, ...], caps: dict[str, tuple[str, float]]
) -> tuple[Cube, Any]:
    """Cube of the metrics, and the rows behind it where there are any."""
    if isinstance(campaign.frame, Cube):
        absent = [name for name in by if name not in campaign.frame.by]
        if absent:
            raise InputError("The cube has no by-column '{name}'; gather it with by=['{name}'].", name=absent[0])
        kept = replace(campaign.frame, by=by) if by != campaign.frame.by else campaign.frame
        return kept, None
    outcomes = {column for metric in metrics for column in own_columns(metric)}
    mixed = [name for name in campaign.covariates if name in outcomes]
    if mixed:
        raise InputError(
            "The covariate '{name}' is an outcome of this evaluation; covariates are known before.", name=mixed[0]
        )
    if campaign.arm in by:
        raise InputError(
            "The by-column '{name}' is the column of the arms; segments divide all arms alike.", name=campaign.arm
        )
    caps = caps or _limits(campaign, metrics)
    source = source_of(campaign, metrics, by, caps, (), lazily=True)
    check_levels(source, by)
    # A cluster is one row over all periods in which its customers entered.
    period = None if campaign.cluster is not None else campaign.period
    keys = [campaign.arm, *by, *([period] if period else [])]
    sets = sets_of(metrics, campaign.adjusters, campaign.cluster is not None)
    unit = campaign.cluster or "customer"
    if campaign.cluster is not None:
        source = clusters(source, keys, campaign.cluster, _summed(sets), caps)
    given = {} if campaign.cluster is not None else caps
    cube = Cube.of(source, arm=campaign.arm, sets=sets, by=by, period=period, caps=given, unit=unit)
    cube = replace(cube, gaps=campaign.gaps)
    if campaign.missing is None and counted(campaign, cube)[1]:
        check_missing(campaign.customers, metrics)
    return (replace(cube, caps=caps) if given != caps else cube), source


def cluster_rows(
    campaign: Declaration,
    metrics: Sequence[Metric],
    by: tuple[str, ...],
    caps: dict[str, tuple[str, float]],
    extra: Sequence[str],
) -> Rows:
    """Clusters of a campaign in memory: sums over their customers of all that the metrics read."""
    cluster, keys = str(campaign.cluster), [campaign.arm, *by]
    source = source_of(campaign, metrics, by, caps, extra, lazily=True)
    names = list(dict.fromkeys([*_summed(sets_of(metrics, campaign.adjusters, clustered=True)), *extra]))
    made = clusters(source, keys, cluster, names, caps)
    frame = made.frame if isinstance(made, Rows) else collected(made, [*keys, cluster, *names, SIZE])
    # In an order that does not depend on who gathered them, so that a seed draws the same lots everywhere.
    held = frame.to_pandas()
    order = held[[*keys, cluster]].astype(str).sort_values([*keys, cluster], kind="stable").index
    return Rows(nw.from_native(held.loc[order].reset_index(drop=True), eager_only=True))


def _summed(sets: Sequence[tuple[str, ...]]) -> list[str]:
    """Columns of the customers that are summed by cluster."""
    return list(dict.fromkeys(name for columns in sets for name in columns if name != SIZE))


def build_reached_cube(campaign: Declaration, metrics: Sequence[Metric], reached: str) -> Cube:
    """Cube of each metric's first form together with who was reached."""
    check_frame(campaign.opened, [campaign.arm], [reached])
    caps = _limits(campaign, metrics)
    source = source_of(campaign, metrics, (), caps, [reached], lazily=True)
    sets = [(*metric.forms()[0].columns, reached) for metric in metrics if metric.forms()]
    cube = Cube.of(source, arm=campaign.arm, sets=sets, caps=caps)
    if campaign.missing is None and counted(campaign, cube)[1]:
        check_missing(campaign.customers, metrics)
    return cube


def _limits(campaign: Declaration, metrics: Sequence[Metric]) -> dict[str, tuple[str, float]]:
    """Limits of the capped columns, from all customers pooled."""
    wanted = [(m.column, m.cap) for m in metrics if isinstance(m, Mean) and m.cap is not None]
    check_frame(campaign.opened, [], [column for column, _ in wanted])
    zero = campaign.missing == "zero"
    return {
        capped(column, cap): (column, pooled_quantile(campaign.customers, column, cap, zero)) for column, cap in wanted
    }


def source_of(
    campaign: Declaration,
    metrics: Sequence[Metric],
    by: tuple[str, ...],
    caps: dict[str, tuple[str, float]],
    extra: Sequence[str],
    *,
    lazily: bool,
) -> Any:
    """Rows of the columns that the metrics need; as a lazily held frame only where asked."""
    outcomes = list(dict.fromkeys(column for metric in metrics for column in own_columns(metric)))
    keys = [key for key in (campaign.arm, *by, campaign.period, campaign.cluster) if key is not None]
    check_frame(campaign.opened, keys, [*outcomes, *extra])
    frame = campaign.customers
    fill = campaign.gaps | (dict.fromkeys(outcomes, 0.0) if campaign.missing == "zero" else {})
    if is_lazy(frame) and lazily:
        return filled(frame, fill, tuple(campaign.gaps)) if fill else frame
    return Rows(collected(frame, [*keys, *outcomes, *campaign.covariates, *extra]), caps, fill)


def _check_sizes(campaign: Declaration, cube: Cube, arms: tuple[Any, ...]) -> None:
    for arm in arms:
        if cube.customers(arm) < 2:
            if cube.unit == "customer":
                raise InputError(
                    "The arm '{arm}' holds 1 customer; at least 2 are needed to estimate an effect.",
                    arm=arm,
                    anonymous=message("An arm holds 1 customer; at least 2 are needed to estimate an effect."),
                )
            template = "The arm '{arm}' holds fewer than 2 {units}; at least 2 are needed to estimate an effect."
            raise InputError(template, arm=arm, units=units(cube.unit))


def warnings_of(campaign: Declaration, cube: Cube, found: Sequence[ArmEstimates]) -> tuple[str, ...]:
    """Say what the reader of all rows should know."""
    notes = campaign.arm_notes
    assigned, lost = counted(campaign, cube)
    if lost:
        left = {"n": lost, "total": assigned}
        template = "{n} of {total} customers lack an outcome and are left out where it is needed."
        if campaign.missing == "bounds":
            template = "{n} of {total} customers lack an outcome; intervals of what they lack hold whatever it was."
        notes.append(message(template, **left))
    if campaign.missing == "zero" and not isinstance(campaign.frame, Cube):
        notes += _on_zeros(campaign, [estimate.metric for estimate in found])
    notes += _on_covariates(campaign, found)
    if campaign.cluster is not None and not isinstance(campaign.frame, Cube):
        held = campaign.customers
        source = held if is_lazy(held) else Rows(collected(held, [campaign.arm, campaign.cluster]))
        split = straddling(source, campaign.arm, campaign.cluster)
        if split:
            told = {"n": split, "units": units(campaign.cluster)}
            template = "{n} {units} have customers in several arms and count in each; errors are then cautious."
            notes.append(message(template, **told))
    if not all(estimate.by_rows for estimate in found):
        cube_only = isinstance(campaign.frame, Cube)
        why = message("a cube holds no rows") if cube_only else message("the table is too large to fetch")
        notes.append(
            message("Errors of adjusted estimates come from residual variances and not from HC2, since {why}.", why=why)
        )
    return tuple(notes)


def _on_covariates(campaign: Declaration, found: Sequence[ArmEstimates]) -> list[Message]:
    """Say which covariates some customers lack, and which arms cannot be adjusted by one."""
    notes: list[Message] = []
    if campaign.gaps:
        notes.append(
            message(
                "Some customers lack {covariates}: the mean over all arms and an indicator stand in, and nobody is "
                "left out for it.",
                covariates=sorted(campaign.gaps),
            )
        )
    lost: dict[tuple[str, ...], dict[Any, None]] = {}
    for estimate in found:
        if estimate.cell.by is None:
            for arm, names in zip(estimate.arms[1:], estimate.unused, strict=False):
                if bare := without_gaps(names):
                    lost.setdefault(bare, {})[arm] = None
    for names, arms in lost.items():
        adjusted = message(
            "{arms}: not adjusted by {covariates}, which is the same for every customer of the arm or of control, or "
            "has too few customers.",
            arms=list(arms),
            covariates=list(names),
        )
        notes.append(adjusted)
    return notes


def _on_zeros(campaign: Declaration, metrics: Sequence[Metric]) -> list[Message]:
    """Say how many missing outcomes count as 0, and of how many who bought."""
    found = lacking(campaign.customers, list(dict.fromkeys(metrics)))
    notes = []
    for name, n in found.outcomes.items():
        if not n:
            continue
        notes.append(
            message(
                "{n} of {total} customers lack '{outcome}'; it counts as 0, as missing = \"zero\" says.",
                n=n,
                total=found.rows,
                outcome=name,
            )
        )
        buyers = max((lost for (outcome, _), (_, lost) in found.within.items() if outcome == name), default=0)
        if buyers:
            notes.append(message("Of these, {n} have 1 in a rate and may have bought for more.", n=buyers))
    return notes


def counted(campaign: Declaration, cube: Cube) -> tuple[int, int]:
    """Count the customers who were assigned, and those who lack a column of the metric that lacks most."""
    if cube.unit == "customer":
        assigned = int(cube.rows.sum())
        return assigned, int(assigned - min((block.n.sum() for block in cube.blocks), default=assigned))
    sizes = [block.sums[:, block.columns.index(SIZE)].sum() for block in cube.blocks]
    used = round(min(sizes, default=0.0))
    assigned = used if isinstance(campaign.frame, Cube) else count_rows(campaign.customers)
    return assigned, assigned - used
