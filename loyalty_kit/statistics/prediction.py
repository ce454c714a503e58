"""How well risks told what came: ranking, accuracy, calibration and lift."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special, stats
from statsmodels.stats.proportion import proportion_confint

from loyalty_kit.core.errors import InputError, TooLittleError

Floats = npt.NDArray[np.float64]
TENTHS = 10
STEPS = 50
FARTHEST = 30.0
"""Log odds from which on a logistic regression separates the outcomes and has no estimates."""


class Auc(NamedTuple):
    """Area under the curve with its interval."""

    auc: float
    ci_low: float
    ci_high: float


class Calibration(NamedTuple):
    """Slope of the outcome on the log odds of the risk (1 is right), and what has to be added to these (0 is right)."""

    slope: float
    slope_low: float
    slope_high: float
    intercept: float
    intercept_low: float
    intercept_high: float


class Logistic(NamedTuple):
    """Coefficients of a logistic regression, their covariances and −2 log likelihood."""

    coefficients: Floats
    covariance: Floats
    deviance: float


def auc(outcome: Floats, risk: Floats, *, confidence: float = 0.95) -> Auc:
    """Area under the ROC curve: how often one whom it befell had the higher risk than one whom it did not.

    Parameters
    ----------
    outcome : array of 0 and 1
        Whom it befell.
    risk : array
        What was said before; equal risks count half.
    confidence : float
        Level of the interval.

    Returns
    -------
    Auc

    Raises
    ------
    TooLittleError
        If fewer than two have either outcome.

    Notes
    -----
    With the midranks R of all and r within the outcome, a customer's part is (R − r) / m; the variance is the sum of
    the parts' variances over their counts, with the normal interval cut off at 0 and 1. One sort serves all.

    References
    ----------
    DeLong, E. R., DeLong, D. M. & Clarke-Pearson, D. L. (1988). Comparing the areas under two or more correlated
    receiver operating characteristic curves. Biometrics 44, 837–845. Sun, X. & Xu, W. (2014). Fast implementation of
    DeLong's algorithm. IEEE Signal Processing Letters 21, 1389–1393. Checked against pROC 1.18.0.

    Examples
    --------
    >>> auc(np.array([0.0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8])).auc
    0.75
    """
    event, risk = _checked(outcome, risk)
    counts = int((~event).sum()), int(event.sum())
    if min(counts) < 2:
        raise TooLittleError(
            "Of {n} outcomes {events} are events; to judge risks needs two or more of both kinds.",
            n=len(event),
            events=counts[1],
        )
    ranks = stats.rankdata(risk)
    above = (ranks[event] - stats.rankdata(risk[event])) / counts[0]
    below = 1 - (ranks[~event] - stats.rankdata(risk[~event])) / counts[1]
    error = float(np.sqrt(above.var(ddof=1) / counts[1] + below.var(ddof=1) / counts[0]))
    half = float(stats.norm.ppf(0.5 + confidence / 2)) * error
    area = float(above.mean())
    return Auc(area, max(area - half, 0.0), min(area + half, 1.0))


def brier(outcome: Floats, risk: Floats) -> float:
    """Mean squared distance of risk and outcome: 0 is perfect; the base rate alone gives what a risk must stay below.

    Examples
    --------
    >>> round(brier(np.array([0.0, 1.0]), np.array([0.2, 0.8])), 3)
    0.04
    """
    event, risk = _checked(outcome, risk)
    return float(np.mean((risk - event) ** 2))


def calibration(outcome: Floats, risk: Floats, *, confidence: float = 0.95) -> Calibration:
    """Slope and intercept of calibration, with their intervals.

    Parameters
    ----------
    outcome, risk : array
        Whom it befell, and what was said before, between 0 and 1.
    confidence : float
        Level of the intervals.

    Returns
    -------
    Calibration
        NaN where all risks are equal (slope).

    Notes
    -----
    The slope is that of a logistic regression of the outcome on the log odds of the risk: below 1 the risks are too
    extreme. The intercept is that of one in which the slope is held at 1: above 0 they are too low ('calibration in
    the large').

    References
    ----------
    Cox, D. R. (1958). Two further applications of a model for binary regression. Biometrika 45, 562–565. Van Calster,
    B. et al. (2019). Calibration: the Achilles heel of predictive analytics. BMC Medicine 17, 230.

    Examples
    --------
    >>> told = calibration(np.tile([0.0, 0, 0, 1, 0, 1, 1, 1], 5), np.tile([0.25] * 4 + [0.75] * 4, 5))
    >>> round(told.slope, 6), round(abs(told.intercept), 6)
    (1.0, 0.0)
    """
    event, risk = _checked(outcome, risk)
    odds = special.logit(np.clip(risk, 1e-12, 1 - 1e-12))
    ones = np.ones((len(odds), 1))
    z = float(stats.norm.ppf(0.5 + confidence / 2))
    slope = error = float("nan")
    if np.ptp(odds) > 0:
        fitted = logistic(np.column_stack([ones, odds]), event.astype(float))
        slope, error = float(fitted.coefficients[1]), float(np.sqrt(fitted.covariance[1, 1]))
    shift = logistic(ones, event.astype(float), offset=odds)
    added, wrong = float(shift.coefficients[0]), float(np.sqrt(shift.covariance[0, 0]))
    return Calibration(slope, slope - z * error, slope + z * error, added, added - z * wrong, added + z * wrong)


def by_tenths(outcome: Floats, risk: Floats, *, confidence: float = 0.95) -> pd.DataFrame:
    """Calibration and lift by tenths of the risk, the lowest first.

    Parameters
    ----------
    outcome, risk : array
        Whom it befell, and what was said before.
    confidence : float
        Level of the intervals.

    Returns
    -------
    DataFrame
        tenth, n, predicted, observed, ci_low, ci_high (Wilson, of observed) and lift (observed over all).

    Notes
    -----
    Equal risks on both sides of a border are shared out evenly: the figures do not hang on the order of rows.

    Examples
    --------
    >>> table = by_tenths(np.repeat([0.0, 1.0], 10), np.linspace(0.05, 0.95, 20))
    >>> table["lift"].tolist()
    [0.0, 0.0, 0.0, 0.0, 0.0, 2.0, 2.0, 2.0, 2.0, 2.0]
    """
    event, risk = _checked(outcome, risk)
    order = np.argsort(risk, kind="stable")
    ordered = risk[order]
    _, tie = np.unique(ordered, return_inverse=True)
    shared = (np.bincount(tie, event[order]) / np.bincount(tie))[tie]
    place = np.arange(len(risk)) * TENTHS // len(risk)
    n = np.bincount(place, minlength=TENTHS)
    count = np.bincount(place, shared, minlength=TENTHS)
    filled = np.maximum(n, 1)
    low, high = proportion_confint(np.minimum(count, filled), filled, 1 - confidence, "wilson")
    observed = count / filled
    table = pd.DataFrame(
        {
            "tenth": np.arange(1, TENTHS + 1),
            "n": n,
            "predicted": np.bincount(place, ordered, minlength=TENTHS) / filled,
            "observed": observed,
            "ci_low": low,
            "ci_high": high,
            "lift": observed / event.mean() if event.any() else np.nan,
        }
    )
    return table[table["n"] > 0].reset_index(drop=True)


def top_lift(outcome: Floats, risk: Floats, *, share: float = 0.1) -> float:
    """Rate among those of highest risk over that of all; a border within equal risks shares them out evenly.

    Examples
    --------
    >>> top_lift(np.array([0.0, 0, 1, 1]), np.array([0.1, 0.2, 0.3, 0.4]), share=0.25)
    2.0
    """
    event, risk = _checked(outcome, risk)
    held = int(np.ceil(share * len(risk) - 1e-9))
    border = np.sort(risk)[-held]
    above, at = risk > border, risk == border
    caught = event[above].sum() + (held - above.sum()) * event[at].mean()
    return float(caught / held / event.mean()) if event.any() else float("nan")


def logistic(design: Floats, outcome: Floats, *, offset: Floats | float = 0.0) -> Logistic:
    """Logistic regression by maximum likelihood.

    Parameters
    ----------
    design : array of shape (rows, columns)
        With a column of ones.
    outcome : array of shape (rows,)
        0 and 1.
    offset : array of shape (rows,), optional
        Log odds that are given.

    Returns
    -------
    Logistic

    Raises
    ------
    TooLittleError
        If the columns separate the outcomes or determine one another: there are no estimates.

    Notes
    -----
    Newton's steps on the log likelihood, halved where they would lower it.

    Examples
    --------
    >>> found = logistic(np.ones((4, 1)), np.array([0.0, 1, 1, 1]))
    >>> round(float(found.coefficients[0]), 6) == round(float(np.log(3)), 6)
    True
    """
    weights, last = np.zeros(design.shape[1]), np.inf
    step = np.zeros_like(weights)
    for _ in range(STEPS):
        odds = design @ (weights + step) + offset
        deviance = 2 * float((np.logaddexp(0, odds) - outcome * odds).sum())
        if deviance > last + 1e-9:
            step = step / 2
            continue
        weights, risk = weights + step, special.expit(odds)
        information = (design * (risk * (1 - risk))[:, None]).T @ design
        if np.linalg.cond(information) > 1e13 or deviance < 1e-6 or np.abs(design @ weights).max() > FARTHEST:
            break
        step = np.linalg.solve(information, design.T @ (outcome - risk))
        if last - deviance < 1e-12 * (1 + abs(deviance)) and np.abs(step).max() < 1e-8 * (1 + np.abs(weights).max()):
            return Logistic(weights, np.linalg.inv(information), deviance)
        last = deviance
    raise TooLittleError(
        "The logistic regression has no estimates: its columns tell the outcome without error, or one of them follows "
        "from the others; leave such a column out."
    )


def _checked(outcome: Floats, risk: Floats) -> tuple[npt.NDArray[np.bool_], Floats]:
    """Outcomes as truths, risks as numbers, refused where they are not of one length or not of 0 and 1."""
    event, said = np.asarray(outcome, dtype=float), np.asarray(risk, dtype=float)
    if event.shape != said.shape or event.ndim != 1 or not len(event):
        raise InputError(
            "'outcome' and 'risk' must be of one length; got shapes {first} and {second}.",
            first=str(event.shape),
            second=str(said.shape),
        )
    if not np.isin(event, (0, 1)).all() or not np.isfinite(said).all():
        raise InputError("'outcome' must hold 0 and 1, and 'risk' numbers; neither may miss any.")
    return event == 1, said
