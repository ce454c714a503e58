"""A programme's panel: outcomes by customer and period, and who enrolled when, reduced in one grouped pass."""

from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from loyalty_kit.core.checks import check_choice
from loyalty_kit.core.errors import InputError, TooLittleError
from loyalty_kit.core.messages import Message, message
from loyalty_kit.core.summaries import Summarized
from loyalty_kit.intake.panels.frames import check_frame, is_lazy, open_frame
from loyalty_kit.intake.panels.periods import MOST_PERIODS, periods_of
from loyalty_kit.intake.panels.places import places_of
from loyalty_kit.statistics.causal.cohorts import CohortMoments
from loyalty_kit.statistics.causal.effects import Floats, Whole
from loyalty_kit.statistics.moments_by_query import moments_by_query

PANEL = message("The panel")
PARTIAL = 0.5


@dataclass(frozen=True)
class PanelColumns:
    """Names of a panel's columns, and what a missing outcome means."""

    customer: str
    period: str
    outcome: str
    enrolled: str
    covariates: tuple[str, ...] = ()
    missing: str | None = None


@dataclass(frozen=True, eq=False)
class Panel(Summarized):
    """Moments of the enrolment cohorts, and the rows where covariates need them.

    Attributes
    ----------
    moments : CohortMoments
        Of customers with an outcome in every period who did not enrol before the second.
    labels : list
        The periods, in the order of time.
    rows : (outcome, starts, covariates) or None
        The customers; None where only moments are needed.
    n_early, n_incomplete : int
        Customers left out: enrolled with no period before, and without an outcome in some period.
    notes : tuple of Message
        What was assumed.
    """

    moments: CohortMoments
    labels: list[Any]
    rows: tuple[Floats, Whole, Floats] | None
    n_early: int
    n_incomplete: int
    notes: tuple[Message, ...]


def read_panel(frame: Any, columns: PanelColumns) -> Panel:
    """Read a panel of any frame; a lazily held one is reduced to moments where it lies, if there are no covariates.

    Raises
    ------
    InputError
        If columns are absent or of a wrong kind, a customer has two rows in a period or two dates of enrolment, or
        outcomes are missing and nobody said what that means.
    """
    if columns.missing is not None:
        check_choice(columns.missing, "missing", ("zero", "drop"))
    opened = open_frame(frame)
    keys = [columns.customer, columns.period, columns.enrolled]
    check_frame(opened, keys, [columns.outcome, *columns.covariates], PANEL)
    _check_rows(opened, columns)
    if is_lazy(opened) and not columns.covariates:
        return _by_query(opened, columns)
    table = opened.select(list(dict.fromkeys([*keys, columns.outcome, *columns.covariates])))
    table = table.collect() if is_lazy(table) else table
    return _in_memory(pd.DataFrame(table.to_pandas()), columns)


def _check_rows(opened: Any, columns: PanelColumns) -> None:
    """Refuse rows without a customer or a period, and infinite outcomes."""
    number = nw.col(columns.outcome).cast(nw.Float64)
    infinite = ~number.is_null() & ~number.is_nan() & ~number.is_finite()
    gaps = [nw.col(name).is_null() for name in (columns.customer, columns.period)]
    asked = dict(zip(("customer", "period", "infinite"), (*gaps, infinite), strict=True))
    table = opened.select(*(flag.cast(nw.Int64).sum().alias(name) for name, flag in asked.items()))
    held = (table.collect() if is_lazy(table) else table).to_dict(as_series=False)
    counts = {name: int(column[0] or 0) for name, column in held.items()}
    for name, column in (("customer", columns.customer), ("period", columns.period)):
        if counts[name]:
            raise InputError(
                "Column '{column}' is missing in {n} rows of the panel; every row needs a customer and a period.",
                column=column,
                n=counts[name],
            )
    if counts["infinite"]:
        raise InputError("Column '{column}' holds infinite values; allowed are finite numbers.", column=columns.outcome)


def _labels(values: pd.Series, name: str) -> list[Any]:
    """Periods in the order of time."""
    if len(values) > MOST_PERIODS:
        raise InputError(
            "'{column}' holds {n} different periods; at most {most} can be followed. Sum the panel to weeks or months.",
            column=name,
            n=len(values),
            most=MOST_PERIODS,
        )
    labels = periods_of(values, name).labels
    if len(labels) < 2:
        raise TooLittleError("'{column}' holds a single period; an effect needs one before and one after.", column=name)
    return labels


def _starts(values: pd.Series, columns: PanelColumns, labels: list[Any]) -> Whole:
    """First period enrolled of each value of the column of enrolment."""
    places = places_of(values, columns.enrolled, labels, columns.period)
    numbers = pd.to_numeric(values, errors="coerce")
    if ((numbers == 0) & (places == -1)).any():
        raise InputError(
            "Column '{column}' holds 0, which is no period of '{period}'; leave it empty for those who did not enrol.",
            column=columns.enrolled,
            period=columns.period,
        )
    return places


def _in_memory(table: pd.DataFrame, columns: PanelColumns) -> Panel:
    """Panel of rows in memory."""
    customer, ids = pd.factorize(table[columns.customer])
    period, found = pd.factorize(table[columns.period])
    labels = _labels(pd.Series(found), columns.period)
    order = {label: place for place, label in enumerate(labels)}
    place = np.array([order[value] for value in found], dtype=np.intp)[period]
    count = len(labels)
    cell = customer * count + place
    if len(np.unique(cell)) < len(cell):
        _refuse_twice(len(cell) - len(np.unique(cell)))
    outcome = np.full(len(ids) * count, np.nan)
    outcome[cell] = table[columns.outcome].to_numpy(dtype=float, na_value=np.nan)
    starts = _enrolments(table[columns.enrolled], customer, len(ids), columns, labels)
    covariates = _constants(table, customer, len(ids), columns)
    return _assembled(outcome.reshape(len(ids), count), starts, covariates, columns, labels)


def _enrolments(column: pd.Series, customer: Whole, n: int, columns: PanelColumns, labels: list[Any]) -> Whole:
    """First period enrolled of each customer; rows without a date say nothing."""
    codes, values = pd.factorize(column)
    starts = _starts(pd.Series(values), columns, labels)
    told = codes >= 0
    last = np.full(n, -1, dtype=np.intp)
    first = np.full(n, len(values), dtype=np.intp)
    np.maximum.at(last, customer[told], codes[told])
    np.minimum.at(first, customer[told], codes[told])
    known = last >= 0
    if (first[known] != last[known]).any():
        _refuse_moves(int((first[known] != last[known]).sum()), columns.enrolled)
    out = np.full(n, len(labels), dtype=np.intp)
    out[known] = starts[last[known]]
    return out


def _constants(table: pd.DataFrame, customer: Whole, n: int, columns: PanelColumns) -> Floats:
    """Covariates of each customer, which may not change from period to period."""
    out = np.full((n, len(columns.covariates)), np.nan)
    for place, name in enumerate(columns.covariates):
        values = table[name].to_numpy(dtype=float, na_value=np.nan)
        out[customer, place] = values
        moved = int((values != out[customer, place])[~np.isnan(values)].sum())
        if moved:
            raise InputError(
                "Covariate '{column}' changes within customers (in {n} rows); give each customer the value from before "
                "enrolment in every row.",
                column=name,
                n=moved,
            )
    return out


def _assembled(outcome: Floats, starts: Whole, covariates: Floats, columns: PanelColumns, labels: list[Any]) -> Panel:
    """Panel of a matrix of outcomes: what is missing and who enrolled too early is left out and counted."""
    gaps = np.isnan(outcome)
    lacking = int(gaps.any(axis=1).sum())
    _check_missing(lacking, len(outcome), columns)
    if columns.missing == "zero":
        outcome = np.where(gaps, 0.0, outcome)
    complete = ~np.isnan(outcome).any(axis=1) & ~np.isnan(covariates).any(axis=1)
    early = starts <= 0
    used = complete & ~early
    _check_some(int(used.sum()))
    rows = outcome[used], starts[used], covariates[used]
    moments = CohortMoments.of_rows(*rows[:2])
    n_incomplete = int((~complete & ~early).sum())
    kept = rows if columns.covariates else None
    notes = _notes(moments, labels, int(early.sum()), n_incomplete, lacking, columns)
    return Panel(moments, labels, kept, int(early.sum()), n_incomplete, notes)


def _by_query(opened: Any, columns: PanelColumns) -> Panel:
    """Panel of a lazily held frame: customers side by side, then moments by date of enrolment, all in the query."""
    found = opened.select(columns.period).unique().collect().to_pandas()[columns.period]
    labels = _labels(pd.Series(found), columns.period)
    number = nw.col(columns.outcome).cast(nw.Float64)
    number = nw.when(~number.is_nan()).then(number)
    names = tuple(f"p{place}" for place in range(len(labels)))
    made = {
        name: nw.when(nw.col(columns.period) == nw.lit(label)).then(number)
        for name, label in zip(names, labels, strict=True)
    }
    staged = opened.select(nw.col(columns.customer).alias("who"), nw.col(columns.enrolled).alias("date"), **made)
    said = nw.sum_horizontal(*((~nw.col(name).is_null()).cast(nw.Int64) for name in names))
    wide = (
        staged.with_columns(said=said)
        .group_by("who")
        .agg(
            nw.col("date").min().alias("first"),
            nw.col("date").max().alias("last"),
            nw.col("said").sum().alias("said"),
            *(nw.col(name).max() for name in names),
        )
        .with_columns(
            twice=(nw.col("said") - said).cast(nw.Float64),
            moves=nw.when(nw.col("first") != nw.col("last")).then(nw.lit(1.0)).otherwise(nw.lit(0.0)),
            gap=nw.when(said < len(names)).then(nw.lit(1.0)).otherwise(nw.lit(0.0)),
        )
    )
    if columns.missing == "zero":
        wide = wide.with_columns(*(nw.col(name).fill_null(0.0) for name in names))
    grouped = moments_by_query(wide, ["first"], [names, ("twice", "moves", "gap")])
    block, checks = grouped.blocks
    twice, moves, lacking = (round(float(total)) for total in checks.sums.sum(axis=0))
    if twice:
        _refuse_twice(twice)
    if moves:
        _refuse_moves(moves, columns.enrolled)
    _check_missing(lacking, int(checks.n.sum()), columns)
    starts = _starts(grouped.groups["first"], columns, labels)
    early = starts <= 0
    _check_some(int(block.n[~early].sum()))
    moments = CohortMoments.of_block(block.take(~early), starts[~early])
    counts = int(checks.n[early].sum()), int((checks.n - block.n)[~early].sum())
    return Panel(moments, labels, None, *counts, _notes(moments, labels, *counts, lacking, columns))


def _check_missing(lacking: int, customers: int, columns: PanelColumns) -> None:
    """Refuse customers without an outcome in some period, so long as nobody has said what that means."""
    if lacking and columns.missing is None:
        raise InputError(
            "{n} of {total} customers have no '{outcome}' in some period; say what that means: missing = 'zero' (they "
            "bought nothing, it is 0) or 'drop' (these customers are left out).",
            n=lacking,
            total=customers,
            outcome=columns.outcome,
        )


def _check_some(used: int) -> None:
    if not used:
        raise TooLittleError("No customer of the panel has an outcome in every period and a period before enrolment.")


def _refuse_twice(n: int) -> None:
    raise InputError("The panel holds {n} rows too many: one a customer and period is needed; sum them first.", n=n)


def _refuse_moves(n: int, name: str) -> None:
    raise InputError("{n} customers have more than one date in '{column}'; each enrols once.", n=n, column=name)


def _notes(
    moments: CohortMoments, labels: list[Any], early: int, incomplete: int, lacking: int, columns: PanelColumns
) -> tuple[Message, ...]:
    """Say who was left out, what was assumed, and whether the last period looks partial."""
    told = []
    if early:
        told.append(
            message(
                "{n} customers enrolled in the first period or before it; with nothing to compare with they are left "
                "out, also as controls.",
                n=early,
            )
        )
    if lacking and columns.missing == "zero":
        told.append(
            message(
                "{n} customers without '{outcome}' in some period count as 0 there.", n=lacking, outcome=columns.outcome
            )
        )
    if incomplete:
        told.append(message("{n} customers with a value missing are left out.", n=incomplete))
    means = moments.n @ moments.means / moments.n.sum()
    if 0 <= means[-1] < PARTIAL * means[:-1].min():
        told.append(
            message(
                "The last period, '{period}', looks partial: its mean is {mean:.3g}, in no period before below "
                "{least:.3g}; leave it out if it had not ended.",
                period=str(labels[-1]),
                mean=float(means[-1]),
                least=float(means[:-1].min()),
            )
        )
    return tuple(told)
