"""The band of a campaign's course, tried in placebo campaigns among its own customers: it begins where it holds."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from loyalty_kit.campaigns.design.cube import Cube
from loyalty_kit.campaigns.design.declaration import Declaration
from loyalty_kit.campaigns.design.metrics import Metric
from loyalty_kit.campaigns.design.rows import Floats, Rows, Whole
from loyalty_kit.campaigns.effects.course import CourseResult
from loyalty_kit.campaigns.effects.effects import Reading
from loyalty_kit.campaigns.effects.estimation import source_of
from loyalty_kit.campaigns.effects.sequential import always_valid_limit
from loyalty_kit.core.cells import level_of
from loyalty_kit.core.messages import Message, message
from loyalty_kit.intake.panels.periods import periods_of

PLACEBOS = 500
COLUMNS = ["metric", "arm", "begins", "false_better", "false_worse"]
BAND = ["ci_low", "ci_high", "p_value"]


@dataclass(frozen=True, eq=False)
class Watched:
    """Customers as the course sees them: numbers of their arm, control 0, and of their period; outcomes by metric."""

    arm: Whole
    period: Whole
    outcomes: dict[str, Floats]
    periods: int


def tried(
    course: CourseResult,
    campaign: Declaration,
    cube: Cube,
    arms: tuple[Any, ...],
    reading: Reading,
    order: Sequence[Any],
    rng: int,
) -> CourseResult:
    """Course whose band begins where it holds, as found in placebo campaigns, and says so.

    Notes
    -----
    The arms are drawn by lot anew among the customers, each of whom keeps period and outcome, so that nothing is to be
    found. A band may be called 'better', and 'worse', at any look from its beginning on, in the share of campaigns
    that is due at most; it begins with the first look from which that is so.
    """
    if isinstance(campaign.frame, Cube):
        told = message("A cube holds no customers: the band was not tried in placebo campaigns.")
        return replace(course, warnings=(*course.warnings, told))
    watched = _watched(campaign, cube, course.metrics, arms, order)
    error = (1 - reading.confidence) / (len(arms) - 1 if reading.multiple == "max-t" else 1)
    table, records, notes = course.table.copy(), [], []
    for metric in course.metrics:
        beyond = _beyond(watched, metric, len(arms), error, reading.tuned_for, np.random.default_rng(rng))
        for i, arm in enumerate(arms[1:]):
            rows = table.index[(table["metric"] == metric.name) & (table["arm"] == arm)]
            first = watched.periods - len(rows)
            shown = table.loc[rows, "ci_low"].notna().to_numpy()
            start = _start(beyond[:, i], np.flatnonzero(shown) + first, error / 2)
            records.append(_record(metric, arm, beyond[:, i], start, table.loc[rows, "period"].tolist(), first))
            table.loc[rows[: watched.periods - first if start is None else start - first], BAND] = np.nan
            notes += _moved(records[-1], shown, start, first)
    tests = pd.DataFrame(records, columns=COLUMNS).astype({"arm": object, "begins": object})
    return replace(
        course, table=table, trials=tests, placebos=PLACEBOS, nominal=error / 2, warnings=(*course.warnings, *notes)
    )


def _watched(
    campaign: Declaration, cube: Cube, metrics: Sequence[Metric], arms: tuple[Any, ...], order: Sequence[Any]
) -> Watched:
    rows: Rows = source_of(campaign, metrics, (), cube.caps, (), lazily=False)
    codes, levels = rows.codes(campaign.arm)
    column = rows.frame[campaign.period].to_pandas()
    if len(order):
        column = column.map(level_of).astype(pd.CategoricalDtype([level_of(one) for one in order], ordered=True))
    found = periods_of(column, str(campaign.period))
    kept = found.codes >= 0
    place = np.array([arms.index(level) for level in levels], dtype=np.intp)
    outcomes = {metric.name: _outcome(rows, metric)[kept] for metric in metrics}
    return Watched(place[codes][kept], found.codes[kept], outcomes, len(found.labels))


def _outcome(rows: Rows, metric: Metric) -> Floats:
    """Outcome of each customer whose mean the metric is; of a ratio its linearisation about that of all customers."""
    form = metric.forms()[0]
    values = np.sum([weight * rows.values(name) for name, weight in form.weights.items()], axis=0)
    if form.divisor is None:
        return np.asarray(values)
    below = rows.values(form.divisor)
    whole = ~np.isnan(values + below)
    total = float(below[whole].sum())
    if not total > 0:
        return np.full(len(values), np.nan)
    return np.asarray((values - values[whole].sum() / total * below) / (total / whole.sum()))


def _beyond(
    watched: Watched, metric: Metric, arms: int, error: float, tuned_for: float, rng: np.random.Generator
) -> Floats:
    """Give standard errors beyond the limit, campaigns × treatments × looks × (better, worse); below 0 within it."""
    values = watched.outcomes[metric.name]
    whole = ~np.isnan(values)
    arm, period, values = watched.arm[whole], watched.period[whole], values[whole]
    some = np.flatnonzero(values)
    held, cells = values[some], arms * watched.periods
    found = np.empty((PLACEBOS, arms - 1, watched.periods, 2))
    for i in range(PLACEBOS):
        at = rng.permutation(arm) * watched.periods + period
        sums = [np.bincount(at, minlength=cells)]
        sums += [np.bincount(at[some], weights=part, minlength=cells) for part in (held, held**2)]
        n, total, squares = (part.reshape(arms, -1).cumsum(axis=1).astype(float) for part in sums)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = total / n
            variance = (squares - n * mean**2) / (n - 1) / n
            z = (mean[1:] - mean[0]) / np.sqrt(variance[1:] + variance[0])
        limit = always_valid_limit(np.maximum(n[1:] + n[0], 1.0), 1 - error, tuned_for=tuned_for)
        z = np.nan_to_num(z) * (-1 if metric.better == "lower" else 1)
        found[i] = np.stack([z - limit, -z - limit], axis=-1)
    return found


def _start(beyond: Floats, looks: Whole, most: float) -> int | None:
    """First of some looks from which on false alarms are rare enough; none where they never are."""
    return next((int(look) for look in looks if (_alarms(beyond, int(look)) <= most).all()), None)


def _alarms(beyond: Floats, look: int) -> Floats:
    """Share of placebo campaigns called 'better' and 'worse' at this look or a later one."""
    return np.asarray((beyond[:, look:] > 0).any(axis=1).mean(axis=0))


def _record(
    metric: Metric, arm: object, beyond: Floats, start: int | None, periods: Sequence[Any], first: int
) -> dict[str, Any]:
    better, worse = (float("nan"), float("nan")) if start is None else _alarms(beyond, start).tolist()
    begins = None if start is None else periods[start - first]
    return {"metric": metric.name, "arm": arm, "begins": begins, "false_better": better, "false_worse": worse}


def _moved(record: dict[str, Any], shown: Any, start: int | None, first: int) -> list[Message]:
    """Say where a band begins later than it would by its events, or not at all."""
    named = {"metric": record["metric"], "arm": record["arm"]}
    if not shown.any():
        return []
    if start is None:
        template = "{metric}, {arm}: no band is shown, since it raised too many false alarms in placebo campaigns."
        return [message(template, **named)]
    if start - first > int(np.flatnonzero(shown)[0]):
        template = "{metric}, {arm}: the band begins with {period}; placebo campaigns before it raised false alarms."
        return [message(template, period=str(record["begins"]), **named)]
    return []
