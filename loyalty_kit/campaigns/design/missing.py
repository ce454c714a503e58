"""Missing outcomes: who lacks one, and whether that stands for nothing bought."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw

from loyalty_kit.campaigns.design.metrics import Mean, Metric, Quantile, Rate
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import Message, message

MOST_MISSING = 0.02
"""Share of customers without an outcome up to which they may be left out unasked."""
BY_CHANCE = 0.01
MOST_BUYERS = 0.05


@dataclass(frozen=True)
class Lacking:
    """Customers who lack an outcome.

    Attributes
    ----------
    rows : int
        Customers.
    outcomes : dict of str to int
        How many lack each.
    indicators : dict of str to (int, int)
        How many have 0 and 1 in each column of a rate.
    within : dict of (outcome, indicator) to (int, int)
        How many of those who have 0, and of those who have 1, lack the outcome.
    """

    rows: int
    outcomes: dict[str, int]
    indicators: dict[str, tuple[int, int]]
    within: dict[tuple[str, str], tuple[int, int]]


def own_columns(metric: Metric) -> list[str]:
    """List the table's own columns that a metric reads."""
    if isinstance(metric, Mean | Quantile):
        return [metric.column]
    return [column for form in metric.forms() for column in form.columns]


def lacking(frame: Any, metrics: Sequence[Metric]) -> Lacking:
    """Count who lacks the outcomes of some metrics, in one pass.

    Parameters
    ----------
    frame : narwhals DataFrame or LazyFrame
        The customers.
    metrics : list of metrics
        What is measured; the columns of rates tell who bought.
    """
    outcomes = list(dict.fromkeys(column for metric in metrics for column in own_columns(metric)))
    rates = list(dict.fromkeys(metric.column for metric in metrics if isinstance(metric, Rate)))
    schema = frame.collect_schema()
    lost = {}
    for name in outcomes:
        is_float = schema[name].is_float()
        lost[name] = nw.col(name).is_null() | nw.col(name).is_nan() if is_float else nw.col(name).is_null()
    asked: dict[tuple[Any, ...], Any] = {(name,): flag for name, flag in lost.items()}
    for rate in rates:
        for value in (0, 1):
            has = ~lost[rate] & (nw.col(rate).cast(nw.Float64) == value)
            asked |= {("has", rate, value): has}
            asked |= {(name, rate, value): has & flag for name, flag in lost.items() if name != rate}
    counts = [flag.cast(nw.Int64).sum().alias(f"c{i}") for i, flag in enumerate(asked.values())]
    table = frame.select(nw.len().alias("rows"), *counts)
    row = (table.collect() if isinstance(table, nw.LazyFrame) else table).to_dict(as_series=False)
    n = {key: int(row[f"c{i}"][0] or 0) for i, key in enumerate(asked)}
    return Lacking(
        rows=int(row["rows"][0]),
        outcomes={name: n[name,] for name in outcomes},
        indicators={rate: (n["has", rate, 0], n["has", rate, 1]) for rate in rates},
        within={(a, r): (n[a, r, 0], n[a, r, 1]) for a in outcomes for r in rates if a != r},
    )


def nothing_bought(found: Lacking) -> Message | None:
    """Say which outcome is missing because nothing was bought, as the table of customers has it; none where none is.

    Notes
    -----
    An outcome counts as such where nobody with 1 lacks it and this would be chance in one table of a hundred at
    most, or where at least half of those with 0 lack it and hardly anybody with 1; a rate, where it is 1 or missing.
    """
    for rate, (zeros, ones) in found.indicators.items():
        n = found.outcomes[rate]
        if n and ones and not zeros:
            what = message("'{outcome}' is 1 or missing, never 0", outcome=rate)
            return message("{what} (missing for {n} of {total} customers)", what=what, n=n, total=found.rows)
    for (name, rate), (empty, lost) in found.within.items():
        zeros, ones = found.indicators[rate]
        n = found.outcomes[name]
        alone = lost == 0 and empty > 0 and (zeros / (zeros + ones)) ** empty <= BY_CHANCE
        mostly = empty > 0 and 2 * empty >= zeros and lost <= MOST_BUYERS * ones
        if alone or mostly:
            values = {"outcome": name, "n": n, "total": found.rows, "indicator": rate}
            if lost:
                template = "'{outcome}' is missing for {n} of {total} customers, nearly only where {indicator} is 0"
                return message(template, **values)
            return message("'{outcome}' is missing for {n} of {total} customers, only where {indicator} is 0", **values)
    return None


def check_missing(frame: Any, metrics: Sequence[Metric]) -> None:
    """Refuse outcomes that are missing where nothing was bought, so long as nobody has said what that means."""
    what = nothing_bought(lacking(frame, metrics))
    if what is not None:
        raise InputError(
            '{what}; say what that means: missing = "zero" (it is 0), "drop" (these customers are left out) or '
            '"bounds" (intervals hold whatever it was).',
            what=what,
        )


def check_limits(limits: object) -> dict[str, tuple[float, float]]:
    """Lowest and highest value of each outcome, refusing what is no pair of numbers in order."""
    if limits is None:
        return {}
    given = limits if isinstance(limits, Mapping) else {}
    pairs = {str(name): tuple(ends) for name, ends in given.items() if isinstance(ends, list | tuple)}
    good = [len(ends) == 2 and all(isinstance(end, int | float) for end in ends) for ends in pairs.values()]
    if not isinstance(limits, Mapping) or len(pairs) < len(given) or not all(good):
        good = [False]
    if not all(good) or not all(ends[0] < ends[-1] for ends in pairs.values()):
        raise InputError(
            "'limits' must name the lowest and highest value of an outcome, as {{'spend': (0, 500)}}; got {given}.",
            given=repr(limits),
        )
    return {name: (float(ends[0]), float(ends[-1])) for name, ends in pairs.items()}
