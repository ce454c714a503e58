"""What some points more on a driver go with, for all customers and for groups of them."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace

import pandas as pd

from loyalty_kit.core.checks import check_columns, check_number
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.results import Result
from loyalty_kit.drivers.driver_result import DriverResult
from loyalty_kit.drivers.fits.changes import changes
from loyalty_kit.drivers.fits.design import Design, codes, read_design
from loyalty_kit.drivers.fits.fits import Fit, fit
from loyalty_kit.drivers.fits.moderation import split
from loyalty_kit.drivers.fits.specification import WHERE
from loyalty_kit.statistics.moments import Floats


@dataclass(frozen=True, eq=False)
class LiftResult(Result):
    """What a step on each driver goes with.

    Attributes
    ----------
    table : DataFrame, a row a driver and group
        group (missing for all), driver, n, change of the outcome in its units, ci_low, ci_high, clear (whether the
        interval excludes zero). All customers first, drivers by their change among these.
    by : str or None
        The grouping column.
    groups : tuple
        Groups with a model of their own.
    step : float
        Points on the driver.
    outcome : str
        The outcome.
    labels : mapping
        Labels of columns.
    confidence : float
        Level of the intervals.
    n_used, n_dropped : int
        Respondents used; left out because an answer is missing.
    warnings : tuple of str
        Groups that are too small for coefficients, by name and number.
    """

    table: pd.DataFrame
    by: str | None
    groups: tuple[Hashable, ...]
    step: float
    outcome: str
    labels: Mapping[str, str]
    confidence: float
    n_used: int
    n_dropped: int
    warnings: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Columns group, driver, n, change, ci_low, ci_high, clear."""
        return self.table.copy()


def lift(driver_result: DriverResult, *, by: str | None = None, step: float = 1.0) -> LiftResult:
    """Tell what a step on each driver goes with, the other drivers being equal.

    Parameters
    ----------
    driver_result : DriverResult
        The fitted model.
    by : str, optional
        Grouping column of its scores: the step is told for each group of ten respondents to a coefficient, too.
    step : float
        Points on the driver.

    Returns
    -------
    LiftResult

    Raises
    ------
    InputError
        If the column is absent, the outcome or a driver.
    GroupsError
        If fewer than two groups can carry the model.

    Notes
    -----
    step · β with the interval of β in a linear model; where levels are fitted, the mean over respondents of the
    change of the expected outcome, with an interval by the delta method. In a group the model is fitted to its
    respondents alone. It says what goes with a higher score, not what raising it would cause.

    Examples
    --------
    >>> from loyalty_kit.drivers.regression import drivers
    >>> table = pd.DataFrame({"trust": [1.0, 2, 3, 4, 5, 6], "price": [2.0, 1, 4, 3, 6, 4]})
    >>> table["loyalty"] = [1.0, 3, 4, 4, 7, 7]
    >>> lift(drivers(table, drivers=["trust", "price"])).to_frame()[["driver", "change"]].round(2)
      driver  change
    0  trust    1.01
    1  price    0.27
    """
    check_number(step, "step")
    design, fitted, confidence = driver_result.design, driver_result.fitted, driver_result.confidence
    whole = _rows(design, fitted, step, confidence).sort_values("change", ascending=False, kind="stable")
    parts, groups, warnings = [whole.assign(group=None)], tuple[Hashable, ...](), tuple[str, ...]()
    if by is not None:
        wide = _with_groups(design, by)
        groups, _, warnings = split(wide, by)
        places = codes(wide.table[by].iloc[wide.rows], groups)
        order = {driver: place for place, driver in enumerate(whole["driver"])}
        for i, name in enumerate(groups):
            part = wide.part(places == i)
            rows = _rows(part, _again(part, fitted), step, confidence).sort_values(
                "driver", key=lambda one: one.map(order)
            )
            parts.append(rows.assign(group=pd.Series([name] * len(rows), index=rows.index, dtype=object)))
    table = pd.concat([part.astype({"group": object}) for part in parts], ignore_index=True)
    return LiftResult(
        table=table[["group", "driver", "n", "change", "ci_low", "ci_high", "clear"]],
        by=by,
        groups=groups,
        step=step,
        outcome=driver_result.outcome,
        labels=driver_result.labels,
        confidence=confidence,
        n_used=driver_result.n_used,
        n_dropped=driver_result.n_dropped,
        warnings=warnings,
    )


def _with_groups(design: Design, by: str) -> Design:
    """Design that holds the grouping column."""
    check_columns(design.table.columns, [by], WHERE)
    given = design.specification
    if by in (given.outcome, *given.drivers):
        raise InputError("'{by}' is the outcome or a driver; 'by' needs a column that groups respondents.", by=by)
    controls = given.controls if by in given.controls else (*given.controls, by)
    return read_design(
        design.table, replace(given, controls=controls, categorical=given.categorical | {by}), design.labels
    )


def _again(design: Design, fitted: Fit) -> Fit:
    return fit(
        design.y,
        design.x,
        weights=design.weights,
        clusters=design.clusters,
        model=fitted.model,
        errors=fitted.errors,
    )


def _rows(design: Design, fitted: Fit, step: float, confidence: float) -> pd.DataFrame:
    change, error = changes(design, fitted, step)
    half: Floats = fitted.critical(confidence) * error
    table = pd.DataFrame({"driver": list(design.drivers), "n": len(design.y), "change": change})
    table["ci_low"], table["ci_high"] = change - half, change + half
    return table.assign(clear=(table["ci_low"] > 0) | (table["ci_high"] < 0))
