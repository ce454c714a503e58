"""Times to an event that some have not seen yet: Kaplan–Meier, log-rank and Cox, by statsmodels."""

import warnings

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats
from statsmodels.duration.hazard_regression import PHReg
from statsmodels.duration.survfunc import SurvfuncRight, survdiff

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


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


def cox(days: Floats, event: Floats, design: Floats) -> tuple[Floats, Floats]:
    """Log hazard ratios of Cox's model with Efron's ties, and their errors.

    Examples
    --------
    >>> weights, errors = cox(np.array([1.0, 2, 3, 4]), np.ones(4), np.array([[1.0], [0], [1], [0]]))
    >>> round(float(weights[0]), 4)
    0.9406
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = PHReg(days, design, event, ties="efron").fit(disp=0)
    return np.asarray(found.params, dtype=float), np.asarray(found.bse, dtype=float)
