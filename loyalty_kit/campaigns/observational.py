"""Where a campaign was not randomised: difference in differences and inverse-probability weighting, weaker evidence."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import special, stats

from loyalty_kit.campaigns.design.rows import Floats, Rows
from loyalty_kit.campaigns.effects.estimates import welch_df
from loyalty_kit.core.checks import check_choice, check_level
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import Message, message
from loyalty_kit.core.results import Result
from loyalty_kit.intake.panels.frames import check_frame, collected, open_frame
from loyalty_kit.intake.panels.periods import periods_of, since
from loyalty_kit.statistics.causal.weighting import Weighted, effect_on_all, effect_on_treated
from loyalty_kit.statistics.weights import effective_n

WEAKER = message(
    "Weaker evidence: the campaign was not randomised, and what else differs between the groups is not ruled out."
)
EDGES = (0.05, 0.95)
MOST_OUTSIDE = 0.05


@dataclass(frozen=True, eq=False)
class ObservationalResult(Result):
    """Effect estimated without randomisation.

    Attributes
    ----------
    estimate, ci_low, ci_high, p_value : float
        Effect in outcome units.
    check : DataFrame
        What the estimate rests on: group, period, mean, n for difference in differences (trends before
        and after); group, low, median, high, outside, effective_n for weighting (overlap of the
        probabilities of treatment).
    check_p_value : float
        Of the pre-trend check; NaN for weighting or with a single period before.
    n_used, n_dropped : int
        Customers.
    confidence : float
        Level of the interval.
    method : str
        Which estimate.
    warnings : tuple of str
        That the evidence is weaker, first.
    """

    estimate: float
    ci_low: float
    ci_high: float
    p_value: float
    check: pd.DataFrame
    check_p_value: float
    n_used: int
    n_dropped: int
    confidence: float
    method: str
    warnings: tuple[str, ...] = (WEAKER,)

    def to_frame(self) -> pd.DataFrame:
        """One row: method, estimate, ci_low, ci_high, p_value, n_used."""
        names = ["method", "estimate", "ci_low", "ci_high", "p_value", "n_used"]
        return pd.DataFrame([[getattr(self, name) for name in names]], columns=names)


def difference_in_differences(
    frame: Any, *, customer: str, treated: str, period: str, outcome: str, start: Any, confidence: float = 0.95
) -> ObservationalResult:
    """Change of the treated customers from before to after, less that of the others.

    Parameters
    ----------
    frame : DataFrame of shape (customers × periods, columns)
        One row a customer and period.
    customer, treated, period, outcome : str
        Columns: id; 1 for those treated from `start` on; period, in the order of time as in `Campaign.course` ('W2'
        before 'W10', dates, months, an ordered category); outcome.
    start : object
        First period after treatment; among dates or numbers also one that nobody has.
    confidence : float
        Level of the interval.

    Returns
    -------
    ObservationalResult

    Raises
    ------
    InputError
        If a column is absent, a customer changes group, or a group lacks two customers with periods
        before and after.

    Notes
    -----
    Each customer is reduced to the mean after less the mean before, so that periods of one customer
    count once; the changes are compared by Welch's test. The pre-trend check compares the customers'
    slopes over the periods before, where there are two or more.

    References
    ----------
    Bertrand, M., Duflo, E. & Mullainathan, S. (2004). How much should we trust differences-in-differences
    estimates? Quarterly Journal of Economics 119(1), 249–275, section IV.C.

    Examples
    --------
    >>> panel = pd.DataFrame({"id": [1, 1, 2, 2, 3, 3, 4, 4], "treated": [1, 1, 1, 1, 0, 0, 0, 0],
    ...     "month": [1, 2] * 4, "spend": [5.0, 9.0, 6.0, 9.0, 4.0, 5.0, 7.0, 9.0]})
    >>> given = {"customer": "id", "treated": "treated", "period": "month", "outcome": "spend", "start": 2}
    >>> difference_in_differences(panel, **given).estimate
    2.0
    """
    check_level(confidence, "confidence")
    table = _panel(frame, customer, treated, period, outcome, start)
    after = pd.Series(since(table[period], period, start), index=table.index)
    periods = periods_of(table[period], period)
    step = pd.Series(periods.codes, index=table.index)
    means = table.groupby([customer, after.rename("after")])[outcome].mean().unstack()
    group = table.groupby(customer)[treated].first()
    means = means.reindex(columns=[False, True])
    change = (means[True] - means[False]).dropna()
    parts = [change[group[change.index] == side].to_numpy() for side in (0.0, 1.0)]
    if min(map(len, parts)) < 2:
        raise InputError("Each group needs two customers with periods before and after '{start}'.", start=start)
    estimate, error, df = _welch(parts)
    half = -float(special.stdtrit(df, (1 - confidence) / 2)) * error
    trend = _trend(table[~after], customer, step[~after], outcome, group)
    shown = table.groupby([table[treated], step])[outcome].agg(["mean", "size"]).reset_index()
    shown.columns = pd.Index(["group", "period", "mean", "n"])
    shown["period"] = shown["period"].map(dict(enumerate(periods.labels)))
    return ObservationalResult(
        estimate=estimate,
        ci_low=estimate - half,
        ci_high=estimate + half,
        p_value=float(2 * special.stdtr(df, -abs(estimate) / error)) if error > 0 else float("nan"),
        check=shown,
        check_p_value=trend,
        n_used=len(change),
        n_dropped=len(group) - len(change),
        confidence=confidence,
        method=message("difference in differences"),
        warnings=(WEAKER, *_trend_notes(trend), *periods.notes),
    )


def _panel(frame: Any, customer: str, treated: str, period: str, outcome: str, start: Any) -> pd.DataFrame:
    """Complete rows of a panel in which every customer stays in one group."""
    opened = open_frame(frame)
    check_frame(opened, [customer, period], [treated, outcome])
    table = pd.DataFrame(collected(opened, [customer, treated, period, outcome]).to_pandas())
    table = table.dropna().astype({treated: float, outcome: float})
    _check_group(table[treated].to_numpy(), treated)
    if (table.groupby(customer)[treated].nunique() > 1).any():
        raise InputError(
            "A customer changes group in '{column}'; it says who is treated from '{start}' on.",
            column=treated,
            start=start,
        )
    return table


def _trend_notes(trend: float) -> tuple[str, ...]:
    """Say what speaks against parallel trends before the start."""
    if np.isnan(trend):
        return (message("With a single period before, parallel trends cannot be checked."),)
    if trend < 0.05:
        template = "The groups moved apart before the start already (p = {p:.2g}): the estimate is not to be believed."
        return (message(template, p=trend),)
    return ()


def _check_group(values: Floats, name: str) -> None:
    if set(np.unique(values[~np.isnan(values)])) != {0.0, 1.0}:
        raise InputError("'{column}' must hold 0 and 1, and both: who was treated.", column=name)


def _welch(parts: Sequence[Floats]) -> tuple[float, float, float]:
    """Difference of two means, second less first, its standard error and degrees of freedom."""
    variance = np.array([part.var(ddof=1) / len(part) for part in parts])
    df = welch_df(variance, np.array([len(part) - 1.0 for part in parts]))
    return float(parts[1].mean() - parts[0].mean()), float(np.sqrt(variance.sum())), float(df[0])


def _trend(before: pd.DataFrame, customer: str, step: pd.Series, outcome: str, group: pd.Series) -> float:
    """P value that the customers' slopes before the start are equal in both groups."""
    step = step.astype(float)
    centred = step - step.groupby(before[customer]).transform("mean")
    above = (centred * before[outcome]).groupby(before[customer]).sum()
    below = (centred**2).groupby(before[customer]).sum()
    slopes = (above / below.where(below > 0)).dropna()
    parts = [slopes[group[slopes.index] == side].to_numpy() for side in (0.0, 1.0)]
    if min(map(len, parts)) < 2:
        return float("nan")
    estimate, error, df = _welch(parts)
    return float(2 * special.stdtr(df, -abs(estimate) / error)) if error > 0 else float("nan")


def weighted_effect(
    frame: Any,
    *,
    treated: str,
    outcome: str,
    covariates: Sequence[str],
    estimand: str = "all",
    confidence: float = 0.95,
) -> ObservationalResult:
    """Effect by inverse-probability weighting, on all customers or on the treated, with the overlap that it rests on.

    Parameters
    ----------
    frame : DataFrame of shape (customers, columns)
        One row a customer.
    treated, outcome : str
        Columns: 1 for those treated; outcome.
    covariates : list of str
        Numeric columns that drove who was treated; what is left out of them is not corrected.
    estimand : str
        On whom: 'all' customers, or the 'treated', as is asked of a programme whose members are few and unlike the rest
        (see `effect_on_members`).
    confidence : float
        Level of the interval.

    Returns
    -------
    ObservationalResult

    Raises
    ------
    InputError
        If a column is absent, `treated` holds anything but 0 and 1, or the covariates tell the groups
        apart without error.

    Notes
    -----
    A logistic regression gives each customer's probability e of treatment; the groups' means are
    weighted by 1/e and 1/(1 − e), weights summing to 1 (Hájek), for the treated by 1 and e/(1 − e). The error takes the
    estimation of e into account.

    References
    ----------
    Lunceford, J. K. & Davidian, M. (2004). Stratification and weighting via the propensity score in
    estimation of causal treatment effects. Statistics in Medicine 23, 2937–2960.
    """
    check_level(confidence, "confidence")
    check_choice(estimand, "estimand", ("all", "treated"))
    opened = open_frame(frame)
    check_frame(opened, [], [treated, outcome, *covariates])
    rows = Rows(collected(opened, [treated, outcome, *covariates]))
    values = rows.matrix([treated, outcome, *covariates])
    values = values[~np.isnan(values).any(axis=1)]
    t, y, x = values[:, 0], values[:, 1], values[:, 2:]
    _check_group(t, treated)
    if len(covariates) == 0 or not x.std(axis=0).all():
        raise InputError("'covariates' must name one or more columns that vary.")
    found = (effect_on_all if estimand == "all" else effect_on_treated)(t, y, x)
    limit = float(stats.norm.isf((1 - confidence) / 2))
    overlap, poor = _overlaps(t, found, estimand)
    return ObservationalResult(
        estimate=found.estimate,
        ci_low=found.estimate - limit * found.error,
        ci_high=found.estimate + limit * found.error,
        p_value=float(2 * stats.norm.sf(abs(found.estimate) / found.error)),
        check=overlap,
        check_p_value=float("nan"),
        n_used=len(t),
        n_dropped=len(rows) - len(t),
        confidence=confidence,
        method=message("inverse-probability weighting"),
        warnings=(WEAKER, *poor),
    )


def _overlaps(t: Floats, found: Weighted, estimand: str) -> tuple[pd.DataFrame, tuple[Message, ...]]:
    """Where both groups' probabilities lie, and a word on those who have hardly a counterpart.

    For the effect on the treated only they need one.
    """
    e = np.asarray(found.probabilities)
    sides = (("treated", 1.0), ("others", 0.0))
    table = pd.DataFrame([_overlap(name, e[t == side], found.weights[t == side]) for name, side in sides])
    if estimand == "treated":
        outside = float((e[t == 1] > EDGES[1]).mean())
        template = (
            "{share:.0%} of the treated have hardly any counterpart among the others: the estimate leans on a few."
        )
        return table, (message(template, share=outside),) if outside > MOST_OUTSIDE else ()
    outside = float(((e < EDGES[0]) | (e > EDGES[1])).mean())
    template = "{share:.0%} of customers have hardly any counterpart in the other group: the estimate leans on a few."
    return table, (message(template, share=outside),) if outside > MOST_OUTSIDE else ()


def _overlap(name: str, e: Floats, weight: Floats) -> dict[str, Any]:
    """Where one group's probabilities lie, and how many customers its weights amount to."""
    return {
        "group": name,
        "low": float(e.min()),
        "median": float(np.median(e)),
        "high": float(e.max()),
        "outside": float(((e < EDGES[0]) | (e > EDGES[1])).mean()),
        "effective_n": effective_n(weight),
    }
