"""Fit of a covariance structure: chi², CFI, TLI, RMSEA with interval, SRMR and information criteria."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import chdtrc, chndtr, chndtrinc

from loyalty_kit.statistics.moments import Floats

RMSEA_CONFIDENCE = 0.90
"""Level of the RMSEA interval: by convention 90 %, so that its ends serve two one-sided 5 % tests."""

GOOD_FIT = {"cfi": 0.95, "rmsea": 0.06, "srmr": 0.08}
"""Hu & Bentler (1999)."""
FAIR_FIT = {"cfi": 0.90, "rmsea": 0.08, "srmr": 0.10}


@dataclass(frozen=True)
class ChiSquares:
    """Test statistics of a model and of its baseline of uncorrelated items."""

    chi2: float
    df: int
    baseline_chi2: float
    baseline_df: int


def fit_indices(test: ChiSquares, *, n: float, groups: int = 1) -> dict[str, float]:
    """Fit indices of a test statistic.

    Parameters
    ----------
    test : ChiSquares
        The model's and the baseline's statistics.
    n : float
        Number of respondents over all groups.
    groups : int
        Number of groups.

    Returns
    -------
    dict of str to float
        chi2, df, p_value, cfi, tli, rmsea, rmsea_low, rmsea_high, rmsea_p_close.

    Notes
    -----
    With d = chi² − df, CFI = 1 − max(d, 0) / max(d, d_baseline, 0), TLI compares chi² / df, RMSEA =
    √(max(d, 0) G / (n df)) for G groups. Its interval (90 %) holds the noncentralities under which
    chi² lies at the 95 % and the 5 % point; rmsea_p_close tests RMSEA ≤ .05.

    References
    ----------
    Steiger, J. H. (1998). A note on multiple sample extensions of the RMSEA fit index. Structural
    Equation Modeling 5(4), 411–419.

    Browne, M. W. & Cudeck, R. (1993). Alternative ways of assessing model fit. In Testing
    structural equation models, 136–162.

    Examples
    --------
    >>> fit = fit_indices(ChiSquares(85.306, 24, 918.852, 36), n=301)
    >>> round(fit["cfi"], 3), round(fit["rmsea"], 3), round(fit["rmsea_low"], 3)
    (0.931, 0.092, 0.071)
    """
    low, high = rmsea_interval(test.chi2, test.df, n=n, groups=groups)
    close = n * test.df * 0.05**2 / groups
    return {
        "chi2": test.chi2,
        "df": test.df,
        "p_value": p_value(test.chi2, test.df),
        "cfi": cfi(test),
        "tli": tli(test),
        "rmsea": rmsea(test.chi2, test.df, n=n, groups=groups),
        "rmsea_low": low,
        "rmsea_high": high,
        "rmsea_p_close": 1 - float(chndtr(test.chi2, test.df, close)) if test.df else np.nan,
    }


def leading_indices(fit: Mapping[Any, float]) -> dict[str, float]:
    """CFI, RMSEA with its interval and SRMR that a report leads with: robust, else scaled where there are such numbers.

    Examples
    --------
    >>> leading_indices({"cfi": 0.88, "cfi_scaled": 0.89, "rmsea": 0.08, "rmsea_scaled": 0.06,
    ...     "rmsea_scaled_low": 0.05, "rmsea_scaled_high": 0.07, "srmr": 0.07})
    {'cfi': 0.89, 'rmsea': 0.06, 'rmsea_low': 0.05, 'rmsea_high': 0.07, 'srmr': 0.07}
    """
    kind = next((ending for ending in ("_robust", "_scaled") if not np.isnan(fit.get(f"cfi{ending}", np.nan))), "")
    ends = {f"rmsea_{end}": float(fit[f"rmsea{kind}_{end}"]) for end in ("low", "high")}
    return {"cfi": float(fit[f"cfi{kind}"]), "rmsea": float(fit[f"rmsea{kind}"]), **ends, "srmr": float(fit["srmr"])}


def within(fit: Mapping[str, float], bounds: Mapping[str, float]) -> bool:
    """Whether CFI, RMSEA and SRMR all keep to their bounds.

    Examples
    --------
    >>> within({"cfi": 0.96, "rmsea": 0.05, "srmr": 0.09}, GOOD_FIT)
    False
    """
    return fit["cfi"] >= bounds["cfi"] and fit["rmsea"] <= bounds["rmsea"] and fit["srmr"] <= bounds["srmr"]


def p_value(chi2: float, df: float) -> float:
    """Probability of a larger chi² under the model; NaN where nothing is left to test."""
    return float(chdtrc(df, max(chi2, 0.0))) if df > 0 else np.nan


def cfi(test: ChiSquares, scaling: float = 1.0, baseline_scaling: float = 1.0) -> float:
    """CFI, the comparative fit index; robust where chi²'s scaling factors are given (Brosseau-Liard & Savalei 2014)."""
    model = max(test.chi2 - scaling * test.df, 0.0)
    worst = max(model, test.baseline_chi2 - baseline_scaling * test.baseline_df)
    return 1 - model / worst if worst != 0 else 1.0


def tli(test: ChiSquares, scaling: float = 1.0, baseline_scaling: float = 1.0) -> float:
    """Tucker–Lewis index; robust where chi²'s scaling factors are given."""
    model = (test.chi2 - scaling * test.df) * test.baseline_df
    baseline = (test.baseline_chi2 - baseline_scaling * test.baseline_df) * test.df
    return 1 - model / baseline if test.df and baseline else 1.0


def rmsea(chi2: float, df: float, *, n: float, groups: int = 1, scaling: float = 1.0) -> float:
    """Root mean square error of approximation; robust where chi²'s scaling factor is given."""
    return float(np.sqrt(max(chi2 - scaling * df, 0.0) * groups / (n * df))) if df else 0.0


def rmsea_interval(chi2: float, df: float, *, n: float, groups: int = 1, scaling: float = 1.0) -> tuple[float, float]:
    """90 % interval of the RMSEA; under scaling, chi² is the scaled one."""
    if not df or np.isnan(chi2) or np.isnan(df):
        return (np.nan, np.nan) if df else (0.0, 0.0)
    tail = (1 - RMSEA_CONFIDENCE) / 2
    ends = [float(chndtrinc(chi2, df, p)) if chndtr(chi2, df, 0.0) > p else 0.0 for p in (1 - tail, tail)]
    low, high = (float(np.sqrt(scaling * end * groups / (n * df))) for end in ends)
    return low, high


def information_criteria(loglik: float, parameters: int, n: float) -> dict[str, float]:
    """AIC, BIC and log-likelihood."""
    return {"aic": 2 * parameters - 2 * loglik, "bic": np.log(n) * parameters - 2 * loglik, "loglik": loglik}


def srmr(residuals: Sequence[tuple[Floats, Floats | None]], counts: Sequence[float]) -> float:
    """Standardized root mean square residual (Bentler): of covariances, and of means where modelled.

    Each group gives its residual covariances, divided by the items' standard deviations, and its
    residual means likewise; groups are averaged by their size.
    """
    each = []
    for covariances, means in residuals:
        parts = covariances[np.tril_indices(len(covariances))]
        each.append(np.sqrt(np.mean((parts if means is None else np.concatenate([parts, means])) ** 2)))
    return float(np.average(each, weights=counts))
