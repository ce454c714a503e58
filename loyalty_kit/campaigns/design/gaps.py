"""Covariates that some customers lack: their mean and an indicator stand in, and no customer leaves."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import narwhals as nw
import numpy as np

from loyalty_kit.core.messages import message
from loyalty_kit.statistics.grouped_moments import Block, Columns, GroupedMoments

_MARK = " (missing)"


def gap(covariate: str) -> str:
    """Name of the column that is 1 where a covariate is missing.

    Examples
    --------
    >>> gap("pre_spend"), gap_of(gap("pre_spend")), gap_of("pre_spend")
    ('pre_spend (missing)', 'pre_spend', '')
    """
    return covariate + _MARK


def gap_of(column: str) -> str:
    """Covariate of which a column is the indicator; empty where it is none."""
    return column.removesuffix(_MARK) if column.endswith(_MARK) else ""


def covariate_name(column: str) -> str:
    """Name of a covariate in sentences, or of its indicator."""
    return message("{covariate} missing", covariate=gap_of(column)) if gap_of(column) else column


def without_gaps(columns: Columns) -> Columns:
    """Columns but the indicators among them."""
    return tuple(name for name in columns if gap_of(name) not in columns)


def gaps_in(frame: Any, covariates: Sequence[str]) -> dict[str, float]:
    """Mean, over the customers of all arms, of each covariate that some of them lack.

    Parameters
    ----------
    frame : narwhals DataFrame or LazyFrame
        The customers.
    covariates : list of str
        Columns of numbers.

    Returns
    -------
    dict of str to float
        Empty where every customer has every covariate; 0 for one that nobody has.

    Notes
    -----
    The mean is blind to the arms. Beside the indicator it does not matter which constant stands in: the two
    span the same regressors, and the interacted adjustment stays consistent and never loses precision
    asymptotically, whatever made the values go missing, so long as that happened before the assignment.

    References
    ----------
    Zhao, A. & Ding, P. (2022). To adjust or not to adjust? Estimating the average treatment effect in
    randomized experiments with missing covariates. JASA 119(545), 450–460. Lin, W. (2013). Agnostic notes on
    regression adjustments to experimental data. Annals of Applied Statistics 7(1), 295–318.
    """
    if not covariates:
        return {}
    schema = frame.collect_schema()
    sums: list[Any] = [nw.len().alias("rows")]
    for i, name in enumerate(covariates):
        number = nw.col(name).cast(nw.Float64)
        number = nw.when(~number.is_nan()).then(number) if schema[name].is_float() else number
        sums += [number.count().alias(f"n{i}"), number.mean().alias(f"m{i}")]
    table = frame.select(*sums)
    found = (table.collect() if isinstance(table, nw.LazyFrame) else table).to_dict(as_series=False)
    n = [found[f"n{i}"][0] for i in range(len(covariates))]
    means = [found[f"m{i}"][0] for i in range(len(covariates))]
    known = [0.0 if mean is None or not np.isfinite(mean) else float(mean) for mean in means]
    return {name: known[i] for i, name in enumerate(covariates) if n[i] < found["rows"][0]}


def with_gaps(moments: GroupedMoments, held: Mapping[str, float], wanted: Mapping[str, float]) -> GroupedMoments:
    """Moments in which other values stand in for missing covariates, with an indicator of each.

    Parameters
    ----------
    moments : GroupedMoments
        Of columns with the values in `held` standing in.
    held, wanted : mapping of covariate to float
        What stands in now, and what shall; a covariate that `held` lacks is missing nowhere.
    """
    if dict(held) == dict(wanted):
        return moments
    return replace(moments, blocks=tuple(_with_gaps(block, held, wanted) for block in moments.blocks))


def _with_gaps(block: Block, held: Mapping[str, float], wanted: Mapping[str, float]) -> Block:
    """Change the columns linearly: a filled one is x + c m, with the indicator m."""
    known = without_gaps(block.columns)
    columns = (*known, *(gap(name) for name in sorted(wanted) if name in known))
    groups, n = len(block.n), block.n[:, None] > 0
    change = np.zeros((len(columns), len(block.columns)))
    lows, highs, nonzero = (np.zeros((groups, len(columns))) for _ in range(3))
    for i, name in enumerate(columns):
        if name not in block.columns:
            continue
        at = block.columns.index(name)
        change[i, at] = 1.0
        lows[:, i], highs[:, i], nonzero[:, i] = block.lows[:, at], block.highs[:, at], block.nonzero[:, at]
        if name in wanted and gap(name) in block.columns:
            change[i, block.columns.index(gap(name))] = away = wanted[name] - held[name]
            lows[:, i] += min(away, 0.0)
            highs[:, i] += max(away, 0.0)
    means = np.where(n, np.nan_to_num(block.means) @ change.T, np.nan)
    ends = np.where(n, lows, np.inf), np.where(n, highs, -np.inf)
    counts = block.n, block.weights, block.weight_squares
    return Block(columns, *counts, means, change @ block.scatter @ change.T, *ends, nonzero)
