"""Times to an event that some have not seen yet: Kaplan–Meier and log-rank by statsmodels, and Cox on counts."""

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats
from statsmodels.duration.survfunc import SurvfuncRight, survdiff

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
STEPS = 50
FARTHEST = 30.0
"""Log hazard ratio from which on the likelihood has no maximum."""


def curve(days: Floats, event: Floats, confidence: float) -> pd.DataFrame:
    """Kaplan–Meier's curve: day, at_risk, events, waiting (share without the event), ci_low, ci_high.

    Notes
    -----
    Greenwood's error and the band of log(−log S), which stays within 0 and 1. Days without an event have no row.

    Examples
    --------
    >>> curve(np.array([1.0, 2.0, 2.0, 3.0]), np.array([1.0, 1.0, 0.0, 0.0]), 0.95)["waiting"].round(6).tolist()
    [0.75, 0.5]
    """
    if not event.any():
        return pd.DataFrame({name: [] for name in ("day", "at_risk", "events", "waiting", "ci_low", "ci_high")})
    found = SurvfuncRight(days, event)
    waiting, error = np.asarray(found.surv_prob), np.asarray(found.surv_prob_se)
    z = stats.norm.ppf(0.5 + confidence / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        half = z * error / (waiting * np.abs(np.log(waiting)))
        low, high = waiting ** np.exp(half), waiting ** np.exp(-half)
    gone = waiting <= 0
    return pd.DataFrame(
        {
            "day": found.surv_times,
            "at_risk": np.asarray(found.n_risk).astype(np.int64),
            "events": np.asarray(found.n_events).astype(np.int64),
            "waiting": waiting,
            "ci_low": np.where(gone, 0.0, low),
            "ci_high": np.where(gone, np.nan, high),
        }
    )


def median(table: pd.DataFrame) -> tuple[float, float, float]:
    """First day on which half have seen the event, and its interval, from a curve; infinite where it is not reached.

    Notes
    -----
    The interval holds the days on which the band of the curve holds a half (Brookmeyer and Crowley 1982). Where the
    curve is a half exactly, R's convention is the middle of that stretch.

    Examples
    --------
    >>> median(curve(np.arange(1.0, 6.0), np.ones(5), 0.95))[0]
    3.0
    """
    return _crossing(table, "waiting"), _crossing(table, "ci_low"), _crossing(table, "ci_high")


def _crossing(table: pd.DataFrame, name: str) -> float:
    values, days = table[name].to_numpy(dtype=float), table["day"].to_numpy(dtype=float)
    below = np.flatnonzero(values <= 0.5 + 1e-12)
    if not len(below):
        return float("inf")
    at = below[0]
    if abs(values[at] - 0.5) < 1e-12 and at + 1 < len(days):
        return float((days[at] + days[at + 1]) / 2)
    return float(days[at])


def log_rank(days: Floats, event: Floats, group: Whole) -> tuple[float, float]:
    """Chi-square of equal curves in all groups, and its p value.

    Examples
    --------
    >>> chi2, p = log_rank(np.array([1.0, 2.0, 8.0, 9.0]), np.ones(4), np.array([0, 0, 1, 1]))
    >>> round(chi2, 4), round(p, 4)
    (2.8824, 0.0896)
    """
    chi2, p = survdiff(days, event, group)
    return float(chi2), float(p)


def cox(days: Floats, event: Floats, design: Floats, count: Floats | None = None) -> tuple[Floats, Floats]:
    """Log hazard ratios of Cox's model with Efron's ties, and their errors.

    Parameters
    ----------
    days : array of shape (rows,)
        How long the customers of a row were watched.
    event : array of shape (rows,)
        How many of them saw the event on that day.
    design : array of shape (rows, columns)
        What they have in common.
    count : array of shape (rows,), optional
        Customers of each row; one if absent.

    Returns
    -------
    array, array
        Missing where the likelihood has no maximum: all of one kind came before, or after, all others.

    Notes
    -----
    Newton's steps, halved where they would lower the likelihood. Customers of one day and kind are one row, and the m
    events of a day need only the sums of f^j / (S − f E)^k over f = 0, 1/m, …, so a step costs two passes over events
    whatever the columns.

    Examples
    --------
    >>> weights, errors = cox(np.array([1.0, 2, 3, 4]), np.ones(4), np.array([[1.0], [0], [1], [0]]))
    >>> round(float(weights[0]), 4)
    0.9406
    """
    held: Floats = np.ones(len(days)) if count is None else count
    order = np.argsort(days, kind="stable")
    days, event, held = days[order], event[order], held[order]
    x = design[order] - np.average(design, axis=0, weights=count)
    first = np.flatnonzero(np.r_[True, np.diff(days) != 0])
    deaths = np.add.reduceat(event, first).astype(np.int64)
    last = -np.inf
    weights: Floats = np.zeros(x.shape[1])
    step: Floats = np.zeros(x.shape[1])
    for _ in range(STEPS):
        ll, slope, information = _efron(x, event, held, first, deaths, weights + step)
        if ll < last - 1e-9 * (1 + abs(last)):
            step = step / 2
            continue
        weights = weights + step
        if np.ptp(x @ weights) > FARTHEST or np.linalg.cond(information) > 1e13:
            break
        step, last = np.asarray(np.linalg.solve(information, slope), dtype=float), ll
        if np.abs(step).max() < 1e-10 * (1 + np.abs(weights).max()):
            return weights, np.sqrt(np.diag(np.linalg.inv(information)))
    return np.full(x.shape[1], np.nan), np.full(x.shape[1], np.nan)


def _efron(
    x: Floats, event: Floats, held: Floats, first: Whole, deaths: Whole, weights: Floats
) -> tuple[float, Floats, Floats]:
    """Log likelihood, its slope and its information; rows in order of days, which begin at `first`."""
    odds = np.exp(x @ weights)
    pairs = np.concatenate([np.ones((len(x), 1)), x, (x[:, :, None] * x[:, None, :]).reshape(len(x), -1)], axis=1)
    today = np.flatnonzero(deaths)
    risk = np.add.reduceat(pairs * (odds * held)[:, None], first)[::-1].cumsum(axis=0)[::-1][today]
    dead = np.add.reduceat(pairs * (odds * event)[:, None], first)[today]
    begins = np.r_[0, deaths[today].cumsum()[:-1]]
    share = (np.arange(deaths.sum()) - np.repeat(begins, deaths[today])) / np.repeat(deaths[today], deaths[today])
    left = np.repeat(risk[:, 0], deaths[today]) - share * np.repeat(dead[:, 0], deaths[today])
    ll = float((event * (x @ weights)).sum() - np.log(left).sum())
    inverse = 1 / left
    one = [np.add.reduceat(inverse * part, begins) for part in (1.0, share)]
    two = [np.add.reduceat(inverse**2 * part, begins) for part in (1.0, share, share**2)]
    p = x.shape[1]
    s, e = risk[:, 1 : p + 1], dead[:, 1 : p + 1]
    slope = event @ x - one[0] @ s + one[1] @ e
    square = (one[0] @ risk[:, p + 1 :] - one[1] @ dead[:, p + 1 :]).reshape(p, p)
    cross = (s * two[1][:, None]).T @ e
    information = square - (s * two[0][:, None]).T @ s + cross + cross.T - (e * two[2][:, None]).T @ e
    return ll, slope, information
