"""Is the model a fair picture: unequal spread, bent relations, odd residuals, single respondents, collinearity."""

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from loyalty_kit.drivers.fits.design import Design
from loyalty_kit.drivers.fits.fits import Fit, estimable, fit, standardize
from loyalty_kit.statistics.moments import Floats

LARGE_SHIFT = 0.5
"""Standard errors by which a respondent must move a coefficient to be called influential."""

LARGE_VIF = 10.0

NO_DIAGNOSTICS = pd.DataFrame(columns=["statistic", "df", "df_residual", "p_value"], dtype=float).rename_axis("test")
"""What a model of levels has."""


def diagnose(design: Design, fitted: Fit) -> pd.DataFrame:
    """Test a linear model's assumptions.

    Parameters
    ----------
    design : Design
        The rows.
    fitted : Fit
        Their linear model.

    Returns
    -------
    DataFrame of shape (3, 4), indexed by test
        statistic, df, df_residual, p_value of breusch_pagan, reset and normality.

    Notes
    -----
    - breusch_pagan: n R² of the regression of squared residuals on the columns (Koenker's studentized
      form), χ²; both regressions are weighted where the model is.
    - reset: Wald F of the squares and cubes of the fitted values added to the model, with the
      model's own kind of errors; NaN where the rows do not carry two more columns.
    - normality: Jarque and Bera's n/6 (S² + K²/4) with S and K the residuals' skewness and excess
      kurtosis, χ²(2).

    References
    ----------
    Koenker, R. (1981). A note on studentizing a test for heteroscedasticity. Journal of
    Econometrics 17, 107–112. Ramsey, J. B. (1969). Tests for specification errors in classical
    linear least squares regression analysis. Journal of the Royal Statistical Society B 31, 350–371.
    Jarque, C. M. & Bera, A. K. (1987). A test for normality of observations and regression
    residuals. International Statistical Review 55, 163–172.

    Checked against lmtest 0.9-40 (``bptest``, ``resettest``).
    """
    n, columns = design.x.shape
    residuals = design.y - fitted.fitted
    breusch_pagan = n * _explained(residuals**2, design.x, design.weights)
    bent, df = _reset(design, fitted)
    skewness, kurtosis = residual_shape(design, fitted)
    jarque_bera = n / 6 * (skewness**2 + kurtosis**2 / 4)
    rows = {
        "breusch_pagan": (breusch_pagan, columns, np.nan, stats.chi2.sf(breusch_pagan, columns)),
        "reset": (bent, 2, df, stats.f.sf(bent, 2, df)),
        "normality": (jarque_bera, 2, np.nan, stats.chi2.sf(jarque_bera, 2)),
    }
    names = list(NO_DIAGNOSTICS.columns)
    return pd.DataFrame.from_dict(rows, orient="index", columns=names, dtype=float).rename_axis("test")


def _explained(y: Floats, x: Floats, weights: Floats) -> float:
    """R² of a weighted regression."""
    root = np.sqrt(weights)
    exog = np.column_stack([np.ones(len(y)), standardize(x)[0]]) * root[:, None]
    rest = y * root - exog @ np.linalg.lstsq(exog, y * root)[0]
    away = (y - weights @ y / weights.sum()) * root
    return float(1 - rest @ rest / (away @ away)) if away @ away > 0 else 0.0


def _reset(design: Design, fitted: Fit) -> tuple[float, float]:
    z = standardize(fitted.fitted)[0]
    wider = np.column_stack([design.x, z**2, z**3])
    if not estimable(wider, design.weights):
        return np.nan, np.nan
    again = fit(design.y, wider, weights=design.weights, clusters=design.clusters, errors=fitted.errors)
    added, covariance = again.slopes[-2:], again.slope_covariance[-2:, -2:]
    return float(added @ np.linalg.pinv(covariance) @ added / 2), again.df


def residual_shape(design: Design, fitted: Fit) -> tuple[float, float]:
    """Weighted skewness and excess kurtosis of the residuals."""
    residuals = design.y - fitted.fitted
    squares = design.weights @ residuals**2 / design.weights.sum()
    z = residuals / np.sqrt(squares) if squares > 0 else residuals
    mean = design.weights / design.weights.sum()
    return float(mean @ z**3), float(mean @ z**4 - 3)


def influence(design: Design, fitted: Fit) -> pd.DataFrame:
    """How much each respondent moves the result.

    Parameters
    ----------
    design : Design
        The rows.
    fitted : Fit
        Their model.

    Returns
    -------
    DataFrame, a row a respondent used, indexed as the table of scores
        largest_shift: the most, over the drivers, that leaving the respondent out moves a coefficient,
        in its standard errors; driver: which one; leverage and cooks_distance of a linear model;
        influential: whether the shift passes 0.5.

    References
    ----------
    Belsley, D. A., Kuh, E. & Welsch, R. E. (1980). Regression diagnostics. Wiley, chapter 2.
    """
    names = np.array(design.drivers)
    at = slice(fitted.intercepts, fitted.intercepts + len(names))
    shifts = np.abs(fitted.steps[:, at]) / np.maximum(fitted.std_errors[at], np.finfo(float).tiny)
    most = shifts.argmax(axis=1)
    largest = shifts[np.arange(len(shifts)), most]
    residuals, h = design.y - fitted.fitted, fitted.leverage
    scale = fitted.residual_variance * len(fitted.parameters)
    cooks = design.weights * residuals**2 * h / (scale * (1 - h) ** 2)
    columns = {
        "largest_shift": largest,
        "driver": names[most],
        "leverage": h,
        "cooks_distance": cooks,
        "influential": largest > LARGE_SHIFT,
    }
    return pd.DataFrame(columns, index=design.table.index[design.rows])


def weighted_covariance(values: Floats, weights: Floats) -> Floats:
    """Covariances of columns, Σw x xᵀ / Σw about the weighted means."""
    share = weights / weights.sum()
    centred = values - share @ values
    return np.asarray((centred * share[:, None]).T @ centred)


def variance_inflation(x: Floats, weights: Floats) -> Floats:
    """Variance inflation factor of each column: the diagonal of the inverse of their correlations."""
    covariance = weighted_covariance(x, weights)
    return np.asarray(np.diag(np.linalg.inv(covariance)) * np.diag(covariance))


def has_opposite_sign(slopes: Floats, correlations: Floats, *, n: int, confidence: float) -> npt.NDArray[np.bool_]:
    """Whether each coefficient has the other sign than its column's clear correlation with the outcome."""
    ratios = np.abs(correlations) * np.sqrt((n - 2) / np.maximum(1 - correlations**2, np.finfo(float).tiny))
    clear = ratios > stats.t.ppf((1 + confidence) / 2, n - 2)
    return np.asarray(clear & (np.sign(slopes) != np.sign(correlations)))


def press_r_squared(design: Design, fitted: Fit) -> float:
    """R² of leave-one-out predictions of a linear model, 1 − Σw(e / (1 − h))² / Σw(y − ȳ)²."""
    left_out = (design.y - fitted.fitted) / (1 - fitted.leverage)
    mean = design.weights @ design.y / design.weights.sum()
    return float(1 - design.weights @ left_out**2 / (design.weights @ (design.y - mean) ** 2))
