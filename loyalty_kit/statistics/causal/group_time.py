"""Staggered enrolment: the effect on each cohort in each period, from cohort moments, and its averages."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from loyalty_kit.statistics.causal.cohorts import CohortMoments
from loyalty_kit.statistics.causal.effects import Effects, Whole

Marks = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Cells:
    """Changes to compare: of a cohort from a base to a period, against the same change of its controls.

    Attributes
    ----------
    cohort, period, base : array of shape (cells,)
        Place of the cohort, and the two periods.
    controls : array of shape (cells, cohorts), bool
        Which cohorts are the controls.
    target : array of shape (cells,)
        Number of the estimate into which each is averaged, from 0 on.
    """

    cohort: Whole
    period: Whole
    base: Whole
    controls: Marks
    target: Whole

    @property
    def share(self) -> npt.NDArray[np.float64]:
        """Weight of each cell in its estimate."""
        return np.asarray(1.0 / np.bincount(self.target)[self.target])


def controls_of(starts: Whole, periods: int, cohort: int, period: int, controls: str) -> Marks:
    """Cohorts that serve as controls of a cohort in a period: those never enrolled, or those not enrolled yet."""
    if controls == "never":
        return np.asarray(starts >= periods)
    return np.asarray((starts > period) & (np.arange(len(starts)) != cohort))


def cells_of(rows: list[tuple[int, int, int, Marks, int]], cohorts: int) -> Cells:
    """Cells of their rows: cohort, period, base, controls, target."""
    cohort, period, base, _, target = np.array([(*row[:3], 0, row[4]) for row in rows], dtype=np.intp).reshape(-1, 5).T
    marks = np.array([row[3] for row in rows], dtype=bool).reshape(-1, cohorts)
    return Cells(cohort, period, base, marks, target)


def group_time_cells(starts: Whole, periods: int, treated: Marks, controls: str) -> Cells:
    """Each treated cohort in each period that has controls; before enrolment against the period before.

    References
    ----------
    Callaway & Sant'Anna (2021), equations 2.1 to 2.9; the base before enrolment is that of `did::att_gt` by default
    ('varying').
    """
    rows: list[tuple[int, int, int, Marks, int]] = []
    for cohort in np.flatnonzero(treated):
        start = int(starts[cohort])
        for period in range(1, periods):
            base = start - 1 if period >= start else period - 1
            marks = controls_of(starts, periods, int(cohort), max(period, base), controls)
            if marks.any():
                rows.append((int(cohort), period, base, marks, len(rows)))
    return cells_of(rows, len(starts))


def effects_of_moments(cohorts: CohortMoments, cells: Cells) -> Effects:
    """Estimate cells, averaged into their targets, from the moments of the cohorts.

    Notes
    -----
    A customer of cohort c influences the estimates by A_c (y − m_c) + u_c, linear in the outcome over the periods, so
    the second moment of the influence is Σ p_c (A_c S_c A_cᵀ + u_c u_cᵀ) with the covariance S_c of the cohort.
    """
    n, total = cohorts.n, cohorts.n.sum()
    count = int(cells.target.max()) + 1
    every, share = np.arange(len(cells.cohort)), cells.share
    change = cohorts.means[:, cells.period] - cohorts.means[:, cells.base]
    weights = cells.controls * n
    held = weights.sum(axis=1)
    others = (weights * change.T).sum(axis=1) / held
    each = (change[cells.cohort, every] - others) * share
    estimates = np.bincount(cells.target, each, minlength=count).astype(float)
    slopes = np.zeros((len(n), count, cohorts.periods))
    levels = np.zeros((len(n), count))
    own, theirs = total / n[cells.cohort] * share, total / held * share
    np.add.at(slopes, (cells.cohort, cells.target, cells.period), own)
    np.add.at(slopes, (cells.cohort, cells.target, cells.base), -own)
    cell, cohort = np.nonzero(cells.controls)
    np.add.at(slopes, (cohort, cells.target[cell], cells.period[cell]), -theirs[cell])
    np.add.at(slopes, (cohort, cells.target[cell], cells.base[cell]), theirs[cell])
    np.add.at(levels, (cohort, cells.target[cell]), -(change[cohort, cell] - others[cell]) * theirs[cell])
    shares = n / total
    second = np.zeros((count, count))
    for slope, level, covariance, p in zip(slopes, levels, cohorts.covariances, shares, strict=True):
        second += p * (slope @ covariance @ slope.T + np.outer(level, level))
    return Effects(estimates, second, levels, shares, float(total))


def by_event(effects: Effects, cells: Cells, starts: Whole) -> tuple[Whole, Effects]:
    """Effects by periods since enrolment."""
    since = cells.period - starts[cells.cohort]
    events = np.unique(since)
    return events, effects.by_shares(cells.cohort, [np.flatnonzero(since == event) for event in events])


def by_cohort(effects: Effects, cells: Cells, starts: Whole) -> tuple[Whole, Effects]:
    """Mean effect on each cohort over its periods enrolled."""
    enrolled = cells.period >= starts[cells.cohort]
    found = np.unique(cells.cohort[enrolled])
    weights = (enrolled & (cells.cohort == found[:, None])).astype(float)
    return found, effects.averaged(weights / weights.sum(axis=1, keepdims=True))


def over_cohorts(effects: Effects, cells: Cells, starts: Whole) -> Effects:
    """Mean over cohorts of their mean effects, by their sizes."""
    found, each = by_cohort(effects, cells, starts)
    return each.by_shares(found, [np.arange(len(found))])


def over_events(effects: Effects, cells: Cells, starts: Whole) -> Effects:
    """Plain mean over the periods since enrolment."""
    events, each = by_event(effects, cells, starts)
    after = (events >= 0).astype(float)
    return each.averaged(after[None] / after.sum())


def over_member_periods(effects: Effects, cells: Cells, starts: Whole) -> Effects:
    """Mean over members and their periods enrolled."""
    return effects.by_shares(cells.cohort, [np.flatnonzero(cells.period >= starts[cells.cohort])])
