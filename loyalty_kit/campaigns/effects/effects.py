"""Effects of a campaign: differences and lifts of each arm against control, in one tidy frame."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import special, stats

from loyalty_kit.campaigns.design.gaps import without_gaps
from loyalty_kit.campaigns.design.metrics import Mean, Profit, Rate, Ratio
from loyalty_kit.campaigns.design.rows import Floats
from loyalty_kit.campaigns.design.unit_names import units
from loyalty_kit.campaigns.effects.effects_result import ALL, COLUMNS, ORDINARY
from loyalty_kit.campaigns.effects.estimates import ArmEstimates, welch_df
from loyalty_kit.campaigns.effects.rates import FEW as SCARCE
from loyalty_kit.campaigns.effects.rates import agreeing, exact_p, score_interval
from loyalty_kit.campaigns.effects.sequential import (
    FEWEST_EVENTS,
    FEWEST_PLANNED,
    TUNED_FOR,
    UNEVEN,
    Looks,
    always_valid_limit,
    always_valid_p,
    spending_limits,
    spending_p,
)
from loyalty_kit.campaigns.effects.simultaneous import critical_value, max_t
from loyalty_kit.core.messages import joined, message
from loyalty_kit.core.results import keep_messages
from loyalty_kit.statistics.multiplicity import benjamini_hochberg, holm

Multiple = Literal["max-t", "none"]
Segments = Literal["holm", "bh"]
FEW = 100
BEFORE = "Limits over several looks do not hold yet: {events} customers above 0 must be due in the smaller arm."
PLANNED_UNEVEN = message(
    "Planned looks with arms of unequal size: of skewed outcomes, 'better' may be called in up to 4 % of campaigns "
    "without effect, where 2.5 % are due; looks='continuous' keeps what is due."
)
MAX_T = "{method}, max-t"
DISBELIEVED = message("Not to be believed by any method.")
KINDS = ["adjusted", "adjusted uncapped", "capped", "plain"]
DETAILS = [
    "n_control",
    "n_treatment",
    "n_assigned",
    "standard_error",
    "control_error",
    "df",
    "kind",
    "nonzero_control",
    "nonzero_treatment",
    "procedure",
    "together",
    "own_method",
    "bound_low",
    "bound_high",
]


@dataclass(frozen=True)
class Reading:
    """How the estimates are turned into intervals and p values."""

    confidence: float = 0.95
    multiple: Multiple = "none"
    segments: Segments = "holm"
    looks: Looks = None
    tuned_for: float = TUNED_FOR


def tabulate(found: Sequence[ArmEstimates], reading: Reading, limits: dict[str, float]) -> pd.DataFrame:
    """Rows of all estimates: metric by metric, cell by cell, arm by arm, the adjusted estimate first."""
    groups: dict[tuple[str, Any], list[ArmEstimates]] = {}
    for estimate in found:
        groups.setdefault((estimate.metric.name, estimate.cell), []).append(estimate)
    records = []
    for group in groups.values():
        group.sort(key=lambda estimate: KINDS.index(kind_of(estimate)))
        rows = [record for estimate in group for record in _records(estimate, reading, limits)]
        arms = max((estimate.arms for estimate in group), key=len)
        records += sorted(rows, key=lambda record: arms.index(record["arm"]))
    table = pd.DataFrame(records, columns=[*COLUMNS, *DETAILS])
    table = keep_messages(table, records, "method", "warning", "own_method")
    return segment_families(table.astype({"arm": object, "level": object}), reading)


def _records(estimate: ArmEstimates, reading: Reading, limits: dict[str, float]) -> list[dict[str, Any]]:
    """Rows of one estimate, a treatment each."""
    difference, error, df = estimate.differences()
    rare = estimate.rare
    known = (estimate.units[1:] > 1) & (estimate.units[0] > 1) & (error > 0) & ~np.isnan(difference)
    with np.errstate(invalid="ignore", divide="ignore"):
        statistic = np.where(known, difference / error, np.nan)
    p_value = 2 * special.stdtr(df, -np.abs(statistic))
    for i in np.flatnonzero(rare).tolist():
        p_value[i], statistic[i], known[i] = exact_p(*estimate.counts(i + 1)), np.sign(difference[i]), True
    levels, p_adjusted = _levels(estimate, p_value, statistic, reading)
    early = known & ~holds(estimate, reading.looks) if reading.looks is not None else known & False
    known, p_value, p_adjusted = known & ~early, *(np.where(early, np.nan, p) for p in (p_value, p_adjusted))
    half = np.where(known, -special.stdtrit(df, levels / 2) * error, np.nan)
    low, high = difference - half, difference + half
    for i in np.flatnonzero(rare & ~early).tolist():
        clear = p_adjusted[i] <= 1 - reading.confidence
        low[i], high[i] = agreeing(*score_interval(*estimate.counts(i + 1), levels[i]), clear=clear)
    lift, lift_low, lift_high = _lift(estimate, levels, known)
    columns = {
        "arm": estimate.arms[1:],
        "treatment": estimate.value[1:],
        "difference": difference,
        "ci_low": low,
        "ci_high": high,
        "lift": lift,
        "lift_low": lift_low,
        "lift_high": lift_high,
        "p_value": p_value,
        "p_adjusted": p_adjusted,
        "standard_error": error,
        "df": df,
        "method": [method_of(estimate, reading, limits, rare=few) for few in rare],
        "own_method": [own_method(estimate, limits, rare=few) for few in rare],
        "warning": _warnings(estimate, reading.looks, early, known, lift),
        **_sizes(estimate),
    }
    shared = _shared(estimate, reading)
    return [{**shared, **dict(zip(columns, row, strict=True))} for row in zip(*columns.values(), strict=True)]


def _sizes(estimate: ArmEstimates) -> dict[str, Any]:
    """Count the customers behind each treatment, and those of them with anything but 0."""
    assigned = estimate.n if estimate.assigned is None else estimate.assigned
    return {
        "n": (estimate.n[1:] + estimate.n[0]).astype(int),
        "n_treatment": estimate.n[1:].astype(int),
        "n_assigned": (assigned[1:] + assigned[0]).astype(int),
        "nonzero_treatment": estimate.nonzero[1:].astype(int),
    }


def _shared(estimate: ArmEstimates, reading: Reading) -> dict[str, Any]:
    """Columns that the rows of one estimate share: its cell and control."""
    return {
        "metric": estimate.metric.name,
        "by": estimate.cell.by or ALL,
        "level": ALL if estimate.cell.by is None else estimate.cell.level,
        "control": estimate.value[0],
        "procedure": ORDINARY,
        "together": reading.looks is None and reading.multiple == "max-t" and estimate.cell.by is None,
        "n_control": int(estimate.n[0]),
        "control_error": float(np.sqrt(estimate.variance[0])),
        "kind": kind_of(estimate),
        "nonzero_control": int(estimate.nonzero[0]),
    }


def _levels(estimate: ArmEstimates, p_value: Floats, statistic: Floats, reading: Reading) -> tuple[Floats, Floats]:
    """Two-sided error of each interval, and the p value that agrees with it."""
    error, k = 1 - reading.confidence, len(p_value)
    if reading.looks is not None:
        share = error * estimate.share / k if reading.multiple == "max-t" else error
        z = np.sign(statistic) * stats.norm.isf(p_value / 2)
        if reading.looks == "continuous":
            n = estimate.units[1:] + estimate.units[0]
            limit = always_valid_limit(n, 1 - share, tuned_for=reading.tuned_for)
            p = always_valid_p(z, n, 1 - share, tuned_for=reading.tuned_for)
        else:
            limit = np.full(k, spending_limits(reading.looks, 1 - share)[-1])
            p = np.array([spending_p(value, reading.looks) for value in z])
        return 2 * stats.norm.sf(limit), np.minimum(p * error / share, 1.0)
    if reading.multiple == "none" or estimate.cell.by is not None:
        return np.full(k, error), p_value
    # Treatments that are adjusted apart from others have their share of the error.
    together = critical_value(estimate.variance, 1 - error * estimate.share)
    p_adjusted = np.minimum(max_t(p_value, estimate.variance) / estimate.share, 1.0)
    return np.full(k, 2 * stats.norm.sf(together)), p_adjusted


def _lift(estimate: ArmEstimates, levels: Floats, known: Any) -> tuple[Floats, Floats, Floats]:
    """Relative difference with limits on the log scale; missing where control is not clearly above zero.

    The degrees of freedom are those of the two means' relative variances.
    """
    value, variance = estimate.value, estimate.variance
    missing = np.full(len(levels), np.nan)
    clear = value[0] > stats.norm.isf(levels / 2) * np.sqrt(variance[0])
    if not (clear & known).any():
        return missing, missing, missing
    with np.errstate(invalid="ignore", divide="ignore"):
        relative = variance / value**2
        ratio = value[1:] / value[0]
        spread = np.exp(
            -special.stdtrit(welch_df(relative, estimate.df), levels / 2) * np.sqrt(relative[1:] + relative[0])
        )
    shown = clear & known
    bounded = shown & (ratio > 0)
    return (
        np.where(shown, ratio - 1, np.nan),
        np.where(bounded, ratio / spread - 1, np.nan),
        np.where(bounded, ratio * spread - 1, np.nan),
    )


def _planned(looks: Looks) -> bool:
    """Whether looks were planned; one is no more than the end."""
    return looks is not None and looks != "continuous" and len(looks) > 1


def events_due(estimate: ArmEstimates, looks: Looks) -> int:
    """Count the customers above 0 that must be due in the smaller arm before limits over several looks hold."""
    return FEWEST_PLANNED if _planned(looks) and not isinstance(estimate.metric, Rate) else FEWEST_EVENTS


def holds(estimate: ArmEstimates, looks: Looks) -> Any:
    """Whether limits over several looks hold yet, a treatment each: by the events due in the smaller arm.

    The events of both arms are shared out by the arms' sizes, so that chance in one of them does not begin the band.
    """
    sizes = np.minimum(estimate.units[0], estimate.units[1:]) / (estimate.units[0] + estimate.units[1:])
    return (estimate.nonzero[0] + estimate.nonzero[1:]) * sizes >= events_due(estimate, looks)


def kind_of(estimate: ArmEstimates) -> str:
    """Whether an estimate is 'adjusted', 'adjusted uncapped' (where a cap is declared), 'capped' or 'plain'."""
    whole = isinstance(estimate.metric, Mean) and estimate.metric.column in estimate.form.weights
    if estimate.covariates:
        declared = isinstance(estimate.metric, Mean) and estimate.metric.cap is not None
        return "adjusted uncapped" if declared and whole else "adjusted"
    return "capped" if isinstance(estimate.metric, Mean) and not whole else "plain"


def method_of(estimate: ArmEstimates, reading: Reading, limits: dict[str, float], *, rare: bool = False) -> str:
    """Name the method of an estimate, in words; `rare` says that events are few."""
    base = own_method(estimate, limits, rare=rare)
    if reading.looks == "continuous":
        return message("{method}, always valid", method=base)
    if reading.looks is not None:
        return message("{method}, look {look} (alpha spending)", method=base, look=len(reading.looks))
    if reading.multiple == "max-t" and estimate.cell.by is None:
        return message(MAX_T, method=base)
    return base


def own_method(estimate: ArmEstimates, limits: dict[str, float], *, rare: bool = False) -> str:
    """Name the method before adjustments for several comparisons."""
    base = message("score interval, Fisher's exact p") if rare else _uncapped_method(estimate)
    if not isinstance(estimate.metric, Mean) or estimate.metric.cap is None:
        return base
    limit = next((limits[name] for name in estimate.form.weights if name in limits), None)
    if limit is None:
        return message("{method}, uncapped", method=base)
    capped = {"method": base, "limit": limit, "cap": estimate.metric.cap}
    return message("{method}, capped at {limit:.6g} (quantile {cap:g})", **capped)


def _uncapped_method(estimate: ArmEstimates) -> str:
    """Name the method before caps and adjustments for several comparisons."""
    if estimate.clustered:
        return _clustered_method(estimate)
    if estimate.covariates:
        covariates = ", ".join(without_gaps(estimate.covariates))
        if estimate.by_rows:
            return message("adjusted for {covariates} (Lin, HC2)", covariates=covariates)
        return message("adjusted for {covariates} (Lin, errors by moments)", covariates=covariates)
    if isinstance(estimate.metric, Rate) and np.isinf(estimate.df[0]):
        return message("unpooled Wald")
    kinds: dict[str, str] = {"ratio": message("delta method"), "quantile": message("Maritz–Jarrett")}
    return kinds.get(estimate.metric.kind, message("Welch"))


def _clustered_method(estimate: ArmEstimates) -> str:
    """Name the method where clusters were drawn by lot."""
    found: dict[str, Any] = {"units": units(estimate.unit), "covariates": ", ".join(without_gaps(estimate.covariates))}
    if not estimate.by_rows:
        return message("by {units} (errors by moments)", **found)
    if estimate.covariates:
        return message("adjusted for {covariates} by {units} (Lin, CR2, Satterthwaite df)", **found)
    return message("by {units} (CR2, Satterthwaite df)", **found)


def _warnings(estimate: ArmEstimates, looks: Looks, early: Any, known: Any, lift: Floats) -> list[str]:
    """Say what to know before believing each treatment's row."""
    not_yet, planned = message(BEFORE, events=events_due(estimate, looks)), _planned(looks)
    return [
        not_yet if early[i] else _warning(estimate, i, bool(known[i]), bool(np.isnan(lift[i])), planned)
        for i in range(len(known))
    ]


def _warning(estimate: ArmEstimates, i: int, known: bool, no_lift: bool, planned: bool) -> str:
    """Say what to know before believing a row."""
    if isinstance(estimate.metric, Ratio) and np.isnan(estimate.value[[0, i + 1]]).any():
        where = message("control") if np.isnan(estimate.value[0]) else message("the arm")
        return message(
            "'{column}' is 0 throughout {where}: nothing to divide by.", column=estimate.form.divisor, where=where
        )
    if not known:
        if min(estimate.units[0], estimate.units[i + 1]) < 2:
            return message("Too few {units} for an interval.", units=units(estimate.unit))
        return message("The outcome does not vary; there is no interval.")
    notes = []
    events = min(estimate.nonzero[0], estimate.nonzero[i + 1])
    if events < FEW and isinstance(estimate.metric, Mean | Profit | Ratio) and not estimate.clustered:
        column = next(iter(estimate.form.weights))
        where = message("control") if estimate.nonzero[0] <= estimate.nonzero[i + 1] else message("the arm")
        few = {"n": events, "where": where, "column": column}
        notes.append(
            message("Only {n:.0f} in {where} have any {column}: ask trust() before believing the interval.", **few)
        )
    if estimate.few[i]:
        counts = {"n": min(estimate.units[0], estimate.units[i + 1]), "units": units(estimate.unit)}
        notes.append(message("Only {n:.0f} {units} in the smaller arm: the interval is rough.", **counts))
    elif estimate.rare[i]:
        notes.append(
            message("Few events, or few customers without: a score interval and Fisher's exact p, unadjusted.")
        )
    elif events < SCARCE and isinstance(estimate.metric, Rate):
        notes.append(message("Only {n:.0f} events in the smaller arm: the interval is rough.", n=events))
    sizes = sorted(estimate.units[[0, i + 1]])
    if planned and sizes[1] > UNEVEN * sizes[0] and not isinstance(estimate.metric, Rate):
        notes.append(PLANNED_UNEVEN)
    if no_lift:
        notes.append(message("No lift: control is not clearly above zero."))
    return joined(*notes) if notes else ""


def segment_families(table: pd.DataFrame, reading: Reading) -> pd.DataFrame:
    """Adjust the p values of cells over the arms and levels of their by-column."""
    if reading.looks is not None:
        return table
    adjust = holm if reading.segments == "holm" else benjamini_hochberg
    cells = table[table["by"] != ALL]
    if cells.empty:
        return table
    for _, rows in cells.groupby(["metric", "by", "kind"], sort=False):
        table.loc[rows.index, "p_adjusted"] = adjust(rows["p_value"].to_numpy(dtype=float))
    return table


def families_of(reading: Reading, arms: int, by: Sequence[str]) -> tuple[str, ...]:
    """Say what each adjusted p value was adjusted over, a sentence each."""
    found = []
    if reading.multiple == "max-t":
        found.append(
            message(
                "Over all customers, intervals and adjusted p values hold for the {arms} arms of a metric together.",
                arms=arms,
            )
        )
    if by and reading.looks is None:
        name = "Holm" if reading.segments == "holm" else "Benjamini–Hochberg"
        found.append(
            message(
                "In segments, adjusted p values are {name}'s over the arms and levels of one by-column and metric; "
                "intervals are for one cell at a time.",
                name=name,
            )
        )
    if arms > 1:
        found.append(message("Between treatments, adjusted p values are Holm's over the pairs of one metric."))
    return tuple(found)
