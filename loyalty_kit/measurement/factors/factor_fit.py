"""Fit of an exploratory factor model to a correlation matrix, as psych reports it."""

import numpy as np
import pandas as pd

from loyalty_kit.measurement.correlations.correlation import smooth
from loyalty_kit.measurement.factors.fit_indices import p_value, rmsea_interval
from loyalty_kit.statistics.moments import Floats


def factor_fit(correlation: Floats, common: Floats, factors: int, n: float) -> pd.Series:
    """Measure the fit of a factor model.

    Parameters
    ----------
    correlation : array of shape (items, items)
        Correlations R.
    common : array of shape (items, items)
        Common part ΛΦΛᵀ of the model; the diagonal is not used.
    factors : int
        Number of factors.
    n : float
        Respondents; NaN where unknown, which leaves only df and rmsr.

    Returns
    -------
    Series
        chi2, df, p_value, rmsr, rmsea, rmsea_low, rmsea_high (90 % interval), tli, bic; NaN where
        undefined, as without degrees of freedom.

    Notes
    -----
    With Σ the model and F = tr(Σ⁻¹R) − log|Σ⁻¹R| − p, chi2 = F (n − 1 − (2p + 5)/6 − 2k/3), Bartlett's
    correction. rmsea = √max(chi2 / (df n) − 1 / (n − 1), 0), its limits √(δ / (df (n − 1))) from the
    noncentralities δ that put chi2 at the 95 % and 5 % quantile. bic = chi2 − df log n. rmsr is the
    root mean square of the residual correlations.

    References
    ----------
    Bartlett, M. S. (1951). The effect of standardization on a χ² approximation in factor analysis.
    Biometrika 38, 337–344.

    Steiger, J. H., & Lind, J. C. (1980). Statistically based tests for the number of common factors.

    Tucker, L. R., & Lewis, C. (1973). A reliability coefficient for maximum likelihood factor
    analysis. Psychometrika 38, 1–10.

    Checked against ``psych::fa.stats``, psych 2.2.9.

    Examples
    --------
    >>> r = np.array([[1, 0.5, 0.4, 0.3], [0.5, 1, 0.3, 0.4], [0.4, 0.3, 1, 0.5], [0.3, 0.4, 0.5, 1]])
    >>> factor_fit(r, np.full((4, 4), 0.4), 1, 200).round(2)[["chi2", "df", "rmsr"]].tolist()
    [23.11, 2.0, 0.08]
    """
    p = len(correlation)
    df = p * (p - 1) // 2 - p * factors + factors * (factors - 1) // 2
    off = ~np.eye(p, dtype=bool)
    fit = dict.fromkeys(["chi2", "df", "p_value", "rmsr", "rmsea", "rmsea_low", "rmsea_high", "tli", "bic"], np.nan)
    fit["df"] = float(df)
    fit["rmsr"] = float(np.sqrt(((correlation - common)[off] ** 2).mean()))
    scale = n - 1 - (2 * p + 5) / 6 - 2 * factors / 3
    if not scale > 0:
        return pd.Series(fit)
    model = np.where(off, common, 1.0)
    if np.linalg.eigvalsh(model)[0] <= 0:
        model = smooth(model)
    ratio = np.linalg.solve(model, correlation)
    discrepancy = float(np.trace(ratio) - np.linalg.slogdet(ratio)[1] - p)
    chi2 = fit["chi2"] = max(discrepancy * scale, 0.0)
    if df > 0:
        independence = -float(np.linalg.slogdet(correlation)[1]) * 2 / (p * (p - 1))
        fit["p_value"] = p_value(chi2, df)
        fit["rmsea"] = float(np.sqrt(max(chi2 / (df * n) - 1 / (n - 1), 0.0)))
        fit["rmsea_low"], fit["rmsea_high"] = rmsea_interval(chi2, df, n=n - 1)
        fit["tli"] = (independence - discrepancy / df) / (independence - 1 / scale)
        fit["bic"] = chi2 - df * float(np.log(n))
    return pd.Series(fit)
