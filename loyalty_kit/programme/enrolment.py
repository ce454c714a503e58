"""The effect of enrolment where members enrol at different times, and whether it may be believed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from loyalty_kit.core.cells import cell_text
from loyalty_kit.core.checks import check_choice, check_level, check_rng, check_whole
from loyalty_kit.core.errors import InputError, TooLittleError
from loyalty_kit.core.messages import Message, message
from loyalty_kit.programme.enrolment_result import EnrolmentEffectResult, interval
from loyalty_kit.programme.files import told_simulated
from loyalty_kit.programme.panel import Panel, PanelColumns, read_panel
from loyalty_kit.statistics.causal.doubly_robust import effects_of_rows
from loyalty_kit.statistics.causal.effects import Effects, Floats, Whole
from loyalty_kit.statistics.causal.group_time import (
    Cells,
    Marks,
    by_cohort,
    by_event,
    effects_of_moments,
    group_time_cells,
    over_cohorts,
    over_events,
    over_member_periods,
)
from loyalty_kit.statistics.causal.placebo import mean_placebo, placebo_cells
from loyalty_kit.statistics.multiplicity import holm

LEVEL = 0.05


@dataclass(frozen=True)
class Asked:
    """What was asked for beside the panel."""

    controls: str
    outcome: str
    covariates: tuple[str, ...]
    confidence: float
    rng: np.random.Generator
    min_cohort: int
    simulated: bool


def enrolment_effect(
    panel: Any,
    *,
    customer: str,
    period: str,
    outcome: str,
    enrolled: str,
    controls: str = "not_yet",
    covariates: Sequence[str] = (),
    missing: str | None = None,
    min_cohort: int = 50,
    confidence: float = 0.95,
    rng: int | np.random.Generator = 0,
) -> EnrolmentEffectResult:
    """Effect of enrolling on those who did, where they did so at different times.

    Parameters
    ----------
    panel : DataFrame of shape (customers × periods, columns)
        One row a customer and period, of any frame that Narwhals takes; a lazily held one, as a DuckDB relation over
        Parquet, is reduced to moments where it lies.
    customer, period, outcome, enrolled : str
        Columns: id; period (months as '2026-03', dates, numbers, 'W1'); outcome, as spend; the period in which the
        customer enrolled, or a date within it, empty for those who did not.
    controls : str
        Whom members are compared with: 'not_yet' (who has not enrolled by then) or 'never' (who never did).
    covariates : list of str
        Numbers known before enrolment, the same in each row of a customer, that drive both enrolment and the course of
        the outcome; effects are then doubly robust, and the rows are fetched into memory.
    missing : str, optional
        What a customer without a row, or an outcome, in some period means: 'zero' (nothing was bought) or 'drop' (the
        customer is left out). Nothing is assumed.
    min_cohort : int
        Fewest members who enrolled in one period for an effect of theirs; smaller cohorts are controls until they
        enrol, and no more.
    confidence : float
        Level of the intervals and of the joint band.
    rng : int or Generator
        Source of chance of the joint band.

    Returns
    -------
    EnrolmentEffectResult

    Raises
    ------
    InputError
        If the panel does not hold one row a customer and period, a customer enrols twice, or outcomes are missing and
        nobody said what that means.
    TooLittleError
        If no cohort is large enough, or there is nobody to compare with.

    Notes
    -----
    The effect on cohort g in period t is the change of its mean outcome from the period before it enrolled, less the
    same change of the controls. Averages weigh cohorts by their sizes. All follow from the mean and the covariance of
    the outcome within each cohort. Before enrolment each period is compared with the one before it; the Wald test is of
    these effects by periods since enrolment. Placebo dates lie before the true ones: their mean effect is a second
    test. The answer is 'cannot_tell' where either rejects (Holm, 5 %), where neither can be made, and where the placebo
    interval is wider to one side than the estimate that it should vouch for.

    References
    ----------
    Callaway, B. & Sant'Anna, P. H. C. (2021). Difference-in-differences with multiple time periods. Journal of
    Econometrics 225, 200–230; equal to csdid 0.4.3 and R did 2.5.1. Roth, J. (2022). Pretest with caution. American
    Economic Review: Insights 4(3), 305–322.

    Examples
    --------
    >>> table = pd.DataFrame({"id": np.repeat(range(200), 4), "month": [1, 2, 3, 4] * 200})
    >>> table["joined"] = np.where(table["id"] < 80, 3.0, np.nan)
    >>> table["spend"] = table["id"] % 7 + table["month"] + 2.0 * (table["month"] >= table["joined"])
    >>> names = {"customer": "id", "period": "month", "outcome": "spend", "enrolled": "joined"}
    >>> round(enrolment_effect(table, **names).estimate, 3)
    2.0
    """
    check_choice(controls, "controls", ("not_yet", "never"))
    check_whole(min_cohort, "min_cohort", 2)
    check_level(confidence, "confidence")
    generator = check_rng(rng)
    if isinstance(covariates, str):
        raise InputError(
            "'{name}' must be a list of columns; got the single name '{value}'.", name="covariates", value=covariates
        )
    read = read_panel(panel, PanelColumns(customer, period, outcome, enrolled, tuple(covariates), missing))
    _check_covariates(read, covariates)
    starts, count = read.moments.starts, read.moments.periods
    treated = (starts < count) & (read.moments.n >= min_cohort)
    cells = _cells(read, treated, controls, min_cohort)
    effects = _estimated(read, cells)
    earlier = _earlier(read, treated, controls)
    asked = Asked(controls, outcome, tuple(covariates), confidence, generator, min_cohort, told_simulated(panel))
    return _result(read, cells, effects, earlier, asked)


def _check_covariates(read: Panel, covariates: Sequence[str]) -> None:
    if read.rows is None:
        return
    for name, spread in zip(covariates, read.rows[2].std(axis=0), strict=True):
        if not spread > 0:
            raise InputError("Covariate '{column}' is the same for every customer.", column=name)


def _cells(read: Panel, treated: Marks, controls: str, min_cohort: int) -> Cells:
    """Cells to estimate, refusing a panel in which there is nothing to compare."""
    starts, count = read.moments.starts, read.moments.periods
    if not (starts < count).any():
        raise TooLittleError("Nobody enrolled after the first period and within the panel; there is no effect to tell.")
    if not treated.any():
        raise TooLittleError(
            "No {least} members enrolled in one period (the most: {most}); sum the panel to longer periods.",
            least=min_cohort,
            most=int(read.moments.n[starts < count].max()),
        )
    cells = group_time_cells(starts, count, treated, controls)
    if not len(cells.cohort) or not (cells.period >= starts[cells.cohort]).any():
        if controls == "never" and (starts == count).sum() == 0:
            raise TooLittleError("Everybody enrolled: nobody is left to compare with; take controls = 'not_yet'.")
        raise TooLittleError("Everybody enrolled at once: nobody is left to compare with.")
    return cells


def _estimated(read: Panel, cells: Cells) -> Effects:
    return effects_of_moments(read.moments, cells) if read.rows is None else effects_of_rows(*read.rows, cells)


def _earlier(read: Panel, treated: Marks, controls: str) -> tuple[Effects, Whole] | None:
    """Effects at dates before the true ones, and the cohort of each."""
    found = placebo_cells(read.moments.starts, read.moments.periods, treated, controls)
    return None if found is None else (_estimated(read, found[0]), found[1])


def _result(
    read: Panel, cells: Cells, effects: Effects, earlier: tuple[Effects, Whole] | None, asked: Asked
) -> EnrolmentEffectResult:
    """Put the averages, the checks and the answer together."""
    starts = read.moments.starts
    events, each = by_event(effects, cells, starts)
    averages = _averages(effects, cells, starts, asked.confidence)
    main: dict[str, Any] = dict(
        zip(("estimate", "ci_low", "ci_high", "p_value"), averages.iloc[0, 1:].astype(float), strict=True)
    )
    checks = _checks(events, each, earlier, asked.confidence)
    verdict, reason = _judged(main, checks)
    own = np.unique(cells.cohort)
    naive, naive_before = _naive(read, own)
    return EnrolmentEffectResult(
        events=_event_table(events, each, _members(read, cells, events), asked),
        cohorts=_cohort_table(read, effects, cells, asked.confidence),
        averages=averages,
        **main,
        **checks,
        verdict=verdict,
        reason=reason,
        naive=naive,
        naive_before=naive_before,
        periods=tuple(map(cell_text, read.labels)),
        outcome=asked.outcome,
        controls=asked.controls,
        covariates=asked.covariates,
        n_used=int(read.moments.n.sum()),
        n_members=int(read.moments.n[own].sum()),
        n_dropped=read.n_early + read.n_incomplete,
        confidence=asked.confidence,
        simulated=asked.simulated,
        earlier=earlier,
        warnings=(*read.notes, *_small(read, asked.min_cohort)),
    )


def _averages(effects: Effects, cells: Cells, starts: Whole, confidence: float) -> pd.DataFrame:
    """Averages of the effects once enrolled, in the order of importance."""
    ways = {"cohorts": over_cohorts, "events": over_events, "member_periods": over_member_periods}
    rows = [[name, *_four(way(effects, cells, starts), confidence)] for name, way in ways.items()]
    return pd.DataFrame(rows, columns=["average", "effect", "ci_low", "ci_high", "p_value"])


def _checks(events: Whole, each: Effects, earlier: tuple[Effects, Whole] | None, confidence: float) -> dict[str, Any]:
    """Test what lies before enrolment: all events there together, and the mean over earlier dates."""
    before = np.flatnonzero(events < 0)
    chi2, df, p = each.only(before).joint_test() if len(before) else (np.nan, 0, np.nan)
    placebo = (np.nan,) * 4 if earlier is None else _four(mean_placebo(*earlier), confidence)
    names = [f"placebo_{name}" for name in ("estimate", "low", "high", "p_value")]
    return {"chi2": chi2, "df": df, "before_p_value": p} | dict(zip(names, placebo, strict=True))


def _members(read: Panel, cells: Cells, events: Whole) -> Whole:
    """Members behind each event."""
    since = cells.period - read.moments.starts[cells.cohort]
    counts = [read.moments.n[np.unique(cells.cohort[since == event])].sum() for event in events]
    return np.array(counts, dtype=np.intp)


def _cohort_table(read: Panel, effects: Effects, cells: Cells, confidence: float) -> pd.DataFrame:
    own, each = by_cohort(effects, cells, read.moments.starts)
    low, high, _ = interval(each, confidence)
    return pd.DataFrame(
        {
            "cohort": [cell_text(read.labels[place]) for place in read.moments.starts[own]],
            "effect": each.estimates,
            "ci_low": low,
            "ci_high": high,
            "n_members": read.moments.n[own].astype(int),
        }
    )


def _four(average: Effects, confidence: float) -> tuple[float, float, float, float]:
    """Estimate, ends and p value of a single average."""
    low, high, p = interval(average, confidence)
    return float(average.estimates[0]), float(low[0]), float(high[0]), float(p[0])


def _judged(main: Mapping[str, float], checks: Mapping[str, float]) -> tuple[str, str]:
    """Answer, and why where there is none."""
    p = np.array([checks["before_p_value"], checks["placebo_p_value"]])
    if np.isnan(p).all():
        return "cannot_tell", "unchecked"
    if np.nanmin(holm(p)) < LEVEL:
        return "cannot_tell", "before"
    estimate = main["estimate"]
    if main["ci_low"] <= 0 <= main["ci_high"]:
        return "none", ""
    farthest = max(abs(checks["placebo_low"]), abs(checks["placebo_high"]))
    if not farthest <= abs(estimate):
        return "cannot_tell", "weak"
    return ("gain" if estimate > 0 else "loss"), ""


def _event_table(events: Whole, each: Effects, members: Whole, asked: Asked) -> pd.DataFrame:
    low, high, _ = interval(each, asked.confidence)
    half = each.critical_value(asked.confidence, asked.rng) * each.errors
    return pd.DataFrame(
        {
            "event": events,
            "effect": each.estimates,
            "ci_low": low,
            "ci_high": high,
            "band_low": each.estimates - half,
            "band_high": each.estimates + half,
            "n_members": members,
        }
    )


def _naive(read: Panel, own: Whole) -> tuple[float, float]:
    """Mean of members once enrolled, and before, less the mean of those never enrolled in the same periods."""
    moments = read.moments
    periods = np.arange(moments.periods)
    others = moments.starts == moments.periods
    if not others.any():
        return float("nan"), float("nan")
    apart: Floats = moments.means[own] - moments.means[others][0]
    after = periods >= moments.starts[own][:, None]
    weight = moments.n[own][:, None]
    sides = (np.average(apart, weights=weight * side) for side in (after, ~after))
    first, second = sides
    return float(first), float(second)


def _small(read: Panel, min_cohort: int) -> tuple[Message, ...]:
    """Say how many members belong to cohorts too small for an effect of their own."""
    moments = read.moments
    small = (moments.starts < moments.periods) & (moments.n < min_cohort)
    if not small.any():
        return ()
    return (
        message(
            "{n} members enrolled in periods with fewer than {least}: they are controls until they enrol, and no more.",
            n=int(moments.n[small].sum()),
            least=min_cohort,
        ),
    )
