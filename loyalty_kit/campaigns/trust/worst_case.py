"""Missing outcomes at their worst: what the effects can be, whatever the customers without an outcome did."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NoReturn

import numpy as np
import pandas as pd

from loyalty_kit.campaigns.design.metrics import Metric, Profit, Quantile, Rate
from loyalty_kit.campaigns.design.rows import Floats
from loyalty_kit.campaigns.effects.effects import KINDS, Reading, kind_of, tabulate
from loyalty_kit.campaigns.effects.effects_result import BOUNDS, EffectsResult
from loyalty_kit.campaigns.effects.estimates import ArmEstimates
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import message
from loyalty_kit.core.results import keep_messages

Limits = Mapping[str, tuple[float, float]]


def bounded(
    effects: EffectsResult, found: Sequence[ArmEstimates], reading: Reading, caps: Mapping[str, float], given: Limits
) -> EffectsResult:
    """Effects in which worst-case bounds stand for each metric that some customer lacks.

    Parameters
    ----------
    effects : EffectsResult
        Of the customers who have the outcomes.
    found : list of ArmEstimates
        The estimates behind them.
    reading : Reading
        Level, and whether arms hold together.
    caps : mapping of str to float
        Limits of capped columns.
    given : mapping of column to (float, float)
        Lowest and highest value that an outcome can have; a rate's are 0 and 1.

    Notes
    -----
    Lowest, each customer of the arm without an outcome has the lowest one and each of control the highest; highest, the
    other way round. The interval reaches from the lower limit of the lowest effect to the upper limit of the highest,
    and so holds both bounds, whatever made the outcomes go missing. Covariates do not enter.

    References
    ----------
    Horowitz, J. L. & Manski, C. F. (2000). Nonparametric analysis of randomized experiments with missing covariate and
    outcome data. JASA 95(449), 77–84. Manski, C. F. (2003). Partial identification of probability distributions,
    chapter 1.
    """
    quantiles = [metric for metric in effects.metrics if isinstance(metric, Quantile)]
    if quantiles:
        _refuse(quantiles[0])
    lacking = {one.metric.name for one in found if _lost(one).any()}
    if not lacking:
        return effects
    chosen = [one for one in _first(found) if one.metric.name in lacking]
    ends = [_ends(one, given) for one in chosen]
    lowest = [_filled(one, low, high) for one, (low, high) in zip(chosen, ends, strict=True)]
    highest = [_filled(one, high, low) for one, (low, high) in zip(chosen, ends, strict=True)]
    rows = _joined(tabulate(lowest, reading, dict(caps)), tabulate(highest, reading, dict(caps)), chosen)
    kept = effects.table[~effects.table["metric"].isin(lacking)]
    table = pd.concat([kept, rows], ignore_index=True) if len(kept) else rows
    order = [metric.name for metric in effects.metrics]
    table = table.sort_values("metric", key=lambda names: names.map(order.index), kind="stable", ignore_index=True)
    others = {
        name: part[~part["metric"].isin(lacking)]
        for name in ("interactions", "between", "returns")
        for part in [getattr(effects, name)]
    }
    tests = {key: test for key, test in effects.permutations.items() if key[0] not in lacking}
    total = effects.n_used + effects.n_dropped
    return replace(effects, table=table, permutations=tests, n_used=total, n_units=total, n_dropped=0, **others)


def _lost(estimate: ArmEstimates) -> Floats:
    """Count the customers of each arm who lack the outcome."""
    if estimate.clustered:
        raise InputError("missing = 'bounds' is read customer by customer; with clusters say 'zero' or 'drop'.")
    whole = estimate.n if estimate.assigned is None else estimate.assigned
    return np.asarray(whole - estimate.n)


def _first(found: Sequence[ArmEstimates]) -> list[ArmEstimates]:
    """Estimate of each metric and cell without covariates; the capped one where a cap is declared."""
    chosen: dict[tuple[str, Any], ArmEstimates] = {}
    for one in sorted(found, key=lambda estimate: KINDS.index(kind_of(estimate))):
        if not one.covariates:
            chosen.setdefault((one.metric.name, one.cell), one)
    return [one for one in found if chosen.get((one.metric.name, one.cell)) is one]


def _ends(estimate: ArmEstimates, given: Limits) -> tuple[float, float]:
    """Lowest and highest value of the metric for one customer."""
    metric, form = estimate.metric, estimate.form
    if isinstance(metric, Rate):
        return 0.0, 1.0
    if not form.weights or form.divisor is not None:
        _refuse(metric)
    parts = [_part(column, weight, metric, given) for column, weight in form.weights.items()]
    return sum(low for low, _ in parts), sum(high for _, high in parts)


def _refuse(metric: Metric) -> NoReturn:
    raise InputError(
        "'{metric}' has no worst case: missing = 'bounds' serves rates, means and profits; say 'zero' or 'drop'.",
        metric=metric.name,
    )


def _part(column: str, weight: float, metric: Metric, given: Limits) -> tuple[float, float]:
    own = column if column in given else getattr(metric, "column", column)
    if own not in given:
        raise InputError(
            "'{outcome}' has no natural limit, so missing = 'bounds' cannot say how far what is missing may move it; "
            "give its lowest and highest value, as limits={{'{outcome}': (0, 500)}}, or say 'zero' or 'drop'.",
            outcome=own,
        )
    ends = sorted(weight * end for end in given[own])
    return ends[0], ends[1]


def _filled(estimate: ArmEstimates, arm: float, control: float) -> ArmEstimates:
    """Estimate in which one value stands for each outcome that is missing in an arm, and another in control.

    Of n values with mean v and m that are f, all N = n + m have the sum of squares (n − 1) s² + n m (v − f)² / N about
    their mean.
    """
    fill = np.full(len(estimate.arms), arm)
    fill[0] = control
    metric = estimate.metric
    rate = isinstance(metric, Rate)
    if isinstance(metric, Profit):
        fill = fill - np.array([metric.contact(one, estimate.arms[0]) for one in estimate.arms])
    n, lost = estimate.n, _lost(estimate)
    total = n + lost
    known = np.where(n > 0, estimate.value, 0.0)
    value = (n * known + lost * fill) / total
    own = np.where(n > 1, (n - 1) * n * np.nan_to_num(estimate.variance), 0.0)
    spread = value * (1 - value) if rate else (own + n * lost / total * (known - fill) ** 2) / (total - 1)
    events = lost * fill if rate else lost * (fill != 0)
    return replace(
        estimate,
        value=value,
        variance=spread / total,
        df=estimate.df if rate else total - 1,
        n=total,
        units=total,
        assigned=total,
        nonzero=estimate.nonzero + events,
    )


def _joined(low: pd.DataFrame, high: pd.DataFrame, chosen: Sequence[ArmEstimates]) -> pd.DataFrame:
    """Rows of both ends as one each: the range of the effect, with an interval around the whole of it."""
    up, down = low["difference"] > 0, high["difference"] < 0
    found = {
        "difference": (low["difference"] + high["difference"]) / 2,
        "bound_low": low["difference"],
        "bound_high": high["difference"],
        "ci_high": high["ci_high"],
        "standard_error": np.maximum(low["standard_error"], high["standard_error"]),
        **dict.fromkeys(("control", "treatment", "lift", "lift_low", "lift_high"), np.nan),
        **{name: low[name].where(up, high[name].where(down, 1.0)) for name in ("p_value", "p_adjusted")},
        "procedure": BOUNDS,
    }
    lost = {(one.metric.name, one.cell.by or "all"): int(_lost(one).sum()) for one in chosen}
    records = [
        {
            "method": message("worst-case bounds of missing outcomes, {method}", method=row["own_method"]),
            "own_method": row["own_method"],
            "warning": message("Some customers lack the outcome; the interval holds whatever theirs was.")
            if lost[row["metric"], row["by"]]
            else row["warning"],
        }
        for row in low.to_dict("records")
    ]
    return keep_messages(low.assign(**found), records, "method", "own_method", "warning")
