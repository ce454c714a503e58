"""The course of a campaign: the effect on the customers so far, with a band that holds at every look."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from loyalty_kit.campaigns.design.cube import Cube
from loyalty_kit.campaigns.design.metrics import Metric
from loyalty_kit.campaigns.design.rows import MISSING
from loyalty_kit.campaigns.effects.effects import Reading, tabulate
from loyalty_kit.campaigns.effects.estimates import Cell, estimates
from loyalty_kit.campaigns.effects.sequential import FEWEST_EVENTS
from loyalty_kit.core.cells import level_of
from loyalty_kit.core.messages import Message, message
from loyalty_kit.core.results import Result
from loyalty_kit.intake.panels.periods import Periods, periods_of

COLUMNS = ["metric", "arm", "period", "n", "difference", "ci_low", "ci_high", "p_value", "method"]


@dataclass(frozen=True, eq=False)
class CourseResult(Result):
    """Cumulative effects by period, with an always-valid band.

    Attributes
    ----------
    table : DataFrame
        metric, arm, period, n, difference, ci_low, ci_high, p_value (always valid), method.
    n_used : int
        Customers.
    confidence : float
        Level that the band holds over all periods.
    method : str
        The band.
    warnings : tuple of str
        Periods that are left out.
    metrics : tuple of metrics
        What was measured.
    labels : mapping of str to str
        What readers call arms and metrics.
    trials : DataFrame
        What became of the band in placebo campaigns: metric, arm, begins (the period from which on it holds, None where
        it never does), false_better, false_worse (share of the campaigns called so at any look from then on).
    placebos : int
        How many placebo campaigns there were; 0 where the band was not tried.
    nominal : float
        False alarms that are due on each side at most.
    """

    table: pd.DataFrame
    n_used: int
    confidence: float
    method: str
    warnings: tuple[str, ...] = ()
    metrics: tuple[Metric, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    trials: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    placebos: int = 0
    nominal: float = 0.0

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame, a row a metric, arm and period."""
        return self.table.copy()


def in_time(cube: Cube, order: Sequence[Any]) -> Periods:
    """Periods of a cube's cells in the order of time, or in a given one; what is missing has none."""
    name = str(cube.period)
    column = cube.cells[name].where(cube.cells[name] != MISSING)
    if len(order):
        column = column.astype(pd.CategoricalDtype([level_of(level) for level in order], ordered=True))
    found = periods_of(column, name)
    lost = int(cube.rows[found.codes < 0].sum())
    told = message("{n} customers have no '{column}' and are left out of the course.", n=lost, column=name)
    return replace(found, notes=(*found.notes, told)) if lost else found


def follow(
    cube: Cube, metrics: Sequence[Metric], arms: tuple[Any, ...], reading: Reading, order: Sequence[Any] = ()
) -> CourseResult:
    """Effects over the customers up to each period; a period before every arm has two customers is left out."""
    tables, early = [], []
    limits = {name: limit for name, (_, limit) in cube.caps.items()}
    held = in_time(cube, order)
    for i, period in enumerate(held.labels):
        part = replace(cube, moments=cube.moments.take(np.flatnonzero((held.codes >= 0) & (held.codes <= i))))
        if min(part.customers(arm) for arm in arms) < 2:
            early.append(period)
            continue
        found = estimates(part, metrics, [Cell()], arms, (), None)
        table = tabulate(found, reading, limits).drop_duplicates(["metric", "arm"])
        tables.append(table.assign(period=period, p_value=table["p_adjusted"]))
    whole = pd.concat(tables, ignore_index=True)[COLUMNS] if tables else pd.DataFrame(columns=COLUMNS)
    told = message("Too few customers up to {periods}; these periods are left out.", periods=", ".join(map(str, early)))
    return CourseResult(
        table=whole.sort_values(["metric", "arm"], kind="stable").reset_index(drop=True),
        n_used=int(cube.rows.sum()),
        confidence=reading.confidence,
        method=message("asymptotic confidence sequence"),
        warnings=(*([told] if early else []), *held.notes, *_starts(whole)),
        metrics=tuple(metrics),
    )


def _starts(table: pd.DataFrame) -> list[Message]:
    """Say of each metric from which period on its band holds."""
    notes = []
    for metric, rows in table.groupby("metric", sort=False):
        held, periods = rows.dropna(subset=["ci_low"]), list(dict.fromkeys(rows["period"]))
        found = {"metric": str(metric), "events": FEWEST_EVENTS}
        if held.empty:
            template = "{metric}: the band has not begun; it takes {events} customers above 0 in the smaller arm."
            notes.append(message(template, **found))
        elif held["period"].iloc[0] != periods[0]:
            template = "{metric}: the band begins with {period}, with {events} customers above 0 in the smaller arm."
            notes.append(message(template, period=str(held["period"].iloc[0]), **found))
    return notes
