"""Staggered enrolment with covariates: doubly robust effects, whose influence is linear in the outcome over periods."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from loyalty_kit.statistics.causal.effects import Effects, Floats, Whole
from loyalty_kit.statistics.causal.group_time import Cells, Marks
from loyalty_kit.statistics.causal.propensity import propensity_slopes, standardized

ROWS_AT_ONCE = 20_000


@dataclass(frozen=True, eq=False)
class _Pair:
    """A cohort and its controls: the fits from which the influence of each customer follows.

    With D = 1 in the cohort, X the design, odds w = e/(1 − e) of the controls and residuals r = y − X β of the
    outcome in each period, β being fitted among the controls, the estimate is E[D r]/E[D] − E[w r]/E[w].
    """

    slopes: Floats
    beta: Floats
    treated_mean: Floats
    control_mean: Floats
    treated_weight: float
    control_weight: float
    by_regression: Floats
    by_odds: Floats
    total: float

    @classmethod
    def fitted(cls, outcome: Floats, design: Floats, treated: Marks) -> "_Pair":
        """Fits of both models on the customers of the pair."""
        n, d = len(outcome), treated.astype(float)
        slopes = propensity_slopes(d, design)
        e = special.expit(design @ slopes)
        odds = np.where(treated, 0.0, e / (1 - e))
        cross = np.linalg.pinv((design * (1 - d)[:, None]).T @ design / n)
        beta = cross @ (design.T @ ((1 - d)[:, None] * outcome) / n)
        rest = outcome - design @ beta
        weights = float(d.mean()), float(odds.mean())
        means = d @ rest / n / weights[0], odds @ rest / n / weights[1]
        information = np.linalg.pinv((design * (e * (1 - e))[:, None]).T @ design / n)
        through_odds = (design * odds[:, None]).T @ (rest - means[1]) / n / weights[1]
        through_means = d @ design / n / weights[0] - odds @ design / n / weights[1]
        return cls(slopes, beta, *means, *weights, cross @ through_means, information @ through_odds, float(n))

    def influence(self, outcome: Floats, design: Floats, treated: Marks) -> Floats:
        """Influence of customers on the estimate in each period, customers × periods."""
        d = treated.astype(float)
        e = special.expit(design @ self.slopes)
        odds = np.where(treated, 0.0, e / (1 - e))
        rest = outcome - design @ self.beta
        direct = d[:, None] * (rest - self.treated_mean) / self.treated_weight
        direct -= odds[:, None] * (rest - self.control_mean) / self.control_weight
        fitted = ((1 - d) * (design @ self.by_regression))[:, None] * rest
        return np.asarray(direct - fitted - (d - e)[:, None] * (design @ self.by_odds))


def effects_of_rows(outcome: Floats, starts: Whole, covariates: Floats, cells: Cells) -> Effects:
    """Estimate cells, averaged into their targets, doubly robust against what covariates drive.

    Parameters
    ----------
    outcome : array of shape (customers, periods)
        Without gaps.
    starts : array of shape (customers,)
        First period enrolled.
    covariates : array of shape (customers, covariates)
        Known before enrolment.
    cells : Cells
        Over the cohorts in ascending order of their starts.

    Returns
    -------
    Effects

    Notes
    -----
    Both fits of a cohort and its controls serve every period, since effects are differences between two periods of
    sums that are linear in the outcome. Influences are summed in blocks of customers.

    References
    ----------
    Sant'Anna, P. H. C. & Zhao, J. (2020). Doubly robust difference-in-differences estimators. Journal of Econometrics
    219, 101–122, equation 3.1 (the traditional estimator, as in `DRDID::drdid_panel`).
    """
    cohort = np.unique(starts, return_inverse=True)[1]
    design, n, count = standardized(covariates), len(outcome), int(cells.target.max()) + 1
    keys = [(int(own), marks.tobytes()) for own, marks in zip(cells.cohort, cells.controls, strict=True)]
    pairs: dict[tuple[int, bytes], tuple[Marks, _Pair]] = {}
    estimates = np.zeros(count)
    for place, key in enumerate(keys):
        if key not in pairs:
            members = cells.controls[place].copy()
            members[key[0]] = True
            used = members[cohort]
            pairs[key] = members, _Pair.fitted(outcome[used], design[used], cohort[used] == key[0])
        pair = pairs[key][1]
        level = pair.treated_mean - pair.control_mean
        change = level[cells.period[place]] - level[cells.base[place]]
        estimates[cells.target[place]] += change * cells.share[place]
    second, within = np.zeros((count, count)), np.zeros((int(cohort.max()) + 1, count))
    for first in range(0, n, ROWS_AT_ONCE):
        part = slice(first, first + ROWS_AT_ONCE)
        influence = _influence(outcome[part], design[part], cohort[part], cells, keys, pairs, n)
        second += influence.T @ influence
        np.add.at(within, cohort[part], influence)
    sizes = np.bincount(cohort).astype(float)
    return Effects(estimates, second / n, within / sizes[:, None], sizes / n, float(n))


def _influence(
    outcome: Floats,
    design: Floats,
    cohort: Whole,
    cells: Cells,
    keys: list[tuple[int, bytes]],
    pairs: dict[tuple[int, bytes], tuple[Marks, _Pair]],
    n: int,
) -> Floats:
    """Influence of some customers on each target."""
    out = np.zeros((len(outcome), int(cells.target.max()) + 1))
    places: dict[tuple[int, bytes], list[int]] = {}
    for place, key in enumerate(keys):
        places.setdefault(key, []).append(place)
    share = cells.share
    for key, held in places.items():
        members, pair = pairs[key]
        used = np.flatnonzero(members[cohort])
        levels = pair.influence(outcome[used], design[used], cohort[used] == key[0]) * (n / pair.total)
        for place in held:
            change = levels[:, cells.period[place]] - levels[:, cells.base[place]]
            out[used, cells.target[place]] += share[place] * change
    return out
