"""Placebo enrolment dates: members are said to have enrolled earlier than they did, and an effect is looked for."""

import numpy as np

from loyalty_kit.statistics.causal.effects import Effects, Floats, Whole
from loyalty_kit.statistics.causal.group_time import Cells, Marks, cells_of, controls_of


def placebo_cells(starts: Whole, periods: int, treated: Marks, controls: str) -> tuple[Cells, Whole] | None:
    """Each cohort with each earlier date, averaged over the periods from that date until it enrolled.

    Returns
    -------
    (Cells, array of shape (estimates,)) or None
        The cells, and the cohort of each estimate; None where no cohort has two periods before it enrolled.
    """
    rows: list[tuple[int, int, int, Marks, int]] = []
    owners: list[int] = []
    for cohort in np.flatnonzero(treated):
        start = int(starts[cohort])
        for date in range(1, start):
            marks = [controls_of(starts, periods, int(cohort), period, controls) for period in range(date, start)]
            found = [(int(cohort), date + i, date - 1, each, len(owners)) for i, each in enumerate(marks) if each.any()]
            rows += found
            owners += [int(cohort)] * bool(found)
    return (cells_of(rows, len(starts)), np.array(owners, dtype=np.intp)) if rows else None


def mean_placebo(effects: Effects, owners: Whole) -> Effects:
    """Mean effect over all earlier dates: of each cohort first, then over cohorts by their sizes."""
    found = np.unique(owners)
    weights = (owners == found[:, None]).astype(float)
    return effects.averaged(weights / weights.sum(axis=1, keepdims=True)).by_shares(found, [np.arange(len(found))])


def drawn_placebos(effects: Effects, owners: Whole, draws: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Effect and standard error of members with dates drawn anew for each cohort, for each draw.

    Notes
    -----
    Cohorts are weighted by their sizes, which are taken as given here.
    """
    found, first, count = np.unique(owners, return_index=True, return_counts=True)
    picked = first + (rng.random((draws, len(found))) * count).astype(np.intp)
    share = effects.shares[found] / effects.shares[found].sum()
    estimates = effects.estimates[picked] @ share
    variance = np.einsum("dij,i,j->d", effects.covariance[picked[:, :, None], picked[:, None, :]], share, share)
    return np.asarray(estimates), np.sqrt(np.maximum(variance, 0.0))
