"""What enrolment is found to have done: by periods since, over all, by cohort, and whether it may be believed."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import stats

from loyalty_kit.core.checks import check_rng, check_whole
from loyalty_kit.core.estimates import Estimate
from loyalty_kit.core.results import Result
from loyalty_kit.statistics.causal.effects import Effects, Floats, Whole
from loyalty_kit.statistics.causal.placebo import drawn_placebos


@dataclass(frozen=True, eq=False)
class PlaceboResult(Result):
    """Dates before the true ones, at which nobody had enrolled: what is found there is a false alarm.

    Attributes
    ----------
    share : float
        Of the drawn sets of dates at which an effect would have been reported.
    estimate, ci_low, ci_high : float
        Mean effect over all earlier dates.
    p_value : float
        That it is nil.
    n_sets : int
        Sets of dates drawn.
    confidence : float
        Level of the intervals.
    """

    share: float
    estimate: float
    ci_low: float
    ci_high: float
    p_value: float
    n_sets: int
    confidence: float

    def to_frame(self) -> pd.DataFrame:
        """One row: share, estimate, ci_low, ci_high, p_value, n_sets."""
        names = ["share", "estimate", "ci_low", "ci_high", "p_value", "n_sets"]
        return pd.DataFrame([[getattr(self, name) for name in names]], columns=names)


@dataclass(frozen=True, eq=False)
class EnrolmentEffectResult(Result):
    """Effect of enrolment on the members, by periods since they enrolled.

    Attributes
    ----------
    events : DataFrame
        event (periods since enrolment, below 0 before it), effect, ci_low, ci_high, band_low, band_high (of all events
        together), n_members.
    cohorts : DataFrame
        cohort (period enrolled), effect, ci_low, ci_high, n_members.
    averages : DataFrame
        average ('cohorts', 'events', 'member_periods'), effect, ci_low, ci_high, p_value.
    estimate, ci_low, ci_high, p_value : float
        Mean effect a period over cohorts, by their sizes.
    chi2, df, before_p_value : float, int, float
        Joint test that there is no effect before enrolment; NaN where no period allows one.
    placebo_estimate, placebo_low, placebo_high, placebo_p_value : float
        Mean effect over all dates before the true ones; NaN where there is none.
    verdict : str
        'gain', 'loss', 'none' (no effect seen) or 'cannot_tell'.
    reason : str
        Why it cannot be told: 'before' (effects before enrolment), 'unchecked' (no period to check), 'weak' (the check
        could not have seen a difference as large as the estimate); else empty.
    naive, naive_before : float
        Mean outcome of members once enrolled less that of the others, and the same before they enrolled.
    periods : tuple of str
        The periods of the panel, in the order of time.
    outcome : str
        Column of the outcome.
    controls : str
        'not_yet' or 'never'.
    covariates : tuple of str
        What was adjusted for.
    n_used, n_members, n_dropped : int
        Customers, those among them with an effect, and those left out.
    confidence : float
        Level of the intervals.
    simulated : bool
        Whether the file says so.
    warnings : tuple of str
        What was assumed and left out.
    """

    events: pd.DataFrame
    cohorts: pd.DataFrame
    averages: pd.DataFrame
    estimate: float
    ci_low: float
    ci_high: float
    p_value: float
    chi2: float
    df: int
    before_p_value: float
    placebo_estimate: float
    placebo_low: float
    placebo_high: float
    placebo_p_value: float
    verdict: str
    reason: str
    naive: float
    naive_before: float
    periods: tuple[str, ...]
    outcome: str
    controls: str
    covariates: tuple[str, ...]
    n_used: int
    n_members: int
    n_dropped: int
    confidence: float
    simulated: bool
    earlier: tuple[Effects, Whole] | None = field(repr=False)
    warnings: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame of the events: event, effect, ci_low, ci_high, band_low, band_high, n_members."""
        return self.events.copy()

    def overall(self) -> pd.DataFrame:
        """Averages of the effects once enrolled: average, effect, ci_low, ci_high, p_value.

        'cohorts' is the mean over cohorts, by their sizes, of their mean effects a period; 'events' the plain mean over
        the periods since enrolment; 'member_periods' the mean over members and their periods enrolled, which times
        their number is all that the programme brought.
        """
        return self.averages.copy()

    def by_cohort(self) -> pd.DataFrame:
        """Mean effect on each cohort: cohort, effect, ci_low, ci_high, n_members."""
        return self.cohorts.copy()

    def before(self) -> pd.DataFrame:
        """Joint test that there is no effect before enrolment: chi2, df, p_value."""
        return pd.DataFrame([[self.chi2, self.df, self.before_p_value]], columns=["chi2", "df", "p_value"])

    def placebo(self, *, dates: int = 1000, rng: int | np.random.Generator = 0) -> PlaceboResult | None:
        """How often an effect would have been reported at dates before the true ones.

        Parameters
        ----------
        dates : int
            Sets of dates: in each, every cohort gets one of its periods before enrolment.
        rng : int or Generator
            Source of chance.

        Returns
        -------
        PlaceboResult or None
            None where no cohort has two periods before it enrolled.
        """
        check_whole(dates, "dates", 1)
        generator = check_rng(rng)
        if self.earlier is None:
            return None
        limit = float(stats.norm.isf((1 - self.confidence) / 2))
        estimates, errors = drawn_placebos(*self.earlier, dates, generator)
        return PlaceboResult(
            share=float((np.abs(estimates) > limit * errors).mean()),
            estimate=self.placebo_estimate,
            ci_low=self.placebo_low,
            ci_high=self.placebo_high,
            p_value=self.placebo_p_value,
            n_sets=dates,
            confidence=self.confidence,
        )

    def estimates(self) -> tuple[Estimate, ...]:
        """Mean effect of enrolment a member and period."""
        return (Estimate("enrolment_effect", self.estimate, self.ci_low, self.ci_high, self.n_members),)


def interval(effects: Effects, confidence: float) -> tuple[Floats, Floats, Floats]:
    """Give the ends of the intervals of effects, and their p values."""
    limit = float(stats.norm.isf((1 - confidence) / 2))
    errors = effects.errors
    with np.errstate(invalid="ignore", divide="ignore"):
        p = 2 * stats.norm.sf(np.abs(effects.estimates) / errors)
    return effects.estimates - limit * errors, effects.estimates + limit * errors, np.where(errors > 0, p, np.nan)
