"""The course of a campaign: the effect on the customers so far, with a band that holds at every look."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from loyalty_kit.campaigns.design.cube import Cube
from loyalty_kit.campaigns.design.metrics import Metric
from loyalty_kit.campaigns.effects.effects import Reading, tabulate
from loyalty_kit.campaigns.effects.estimates import Cell, estimates
from loyalty_kit.core.messages import message
from loyalty_kit.core.results import Result

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
    """

    table: pd.DataFrame
    n_used: int
    confidence: float
    method: str
    warnings: tuple[str, ...] = ()
    metrics: tuple[Metric, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame, a row a metric, arm and period."""
        return self.table.copy()


def follow(cube: Cube, metrics: Sequence[Metric], arms: tuple[Any, ...], reading: Reading) -> CourseResult:
    """Effects over the customers up to each period; a period before every arm has two customers is left out."""
    tables, early = [], []
    limits = {name: limit for name, (_, limit) in cube.caps.items()}
    for period in cube.levels(str(cube.period)):
        part = cube.until(period)
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
        warnings=(told,) if early else (),
        metrics=tuple(metrics),
    )
