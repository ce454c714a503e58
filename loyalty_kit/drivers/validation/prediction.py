"""What a fitted model expects of a respondent, and who is likely to fall below a cut."""

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import expit

from loyalty_kit.core.checks import check_columns, check_level, check_number, check_numbers
from loyalty_kit.drivers.fits.design import Design
from loyalty_kit.drivers.fits.fits import Fit
from loyalty_kit.drivers.fits.ordinal import level_probabilities
from loyalty_kit.drivers.fits.specification import WHERE, Scores, table_of
from loyalty_kit.statistics.moments import Floats


def predict(design: Design, fitted: Fit, scores: Scores, *, confidence: float) -> pd.DataFrame:
    """Predict the outcome with an interval; see `DriverResult.predict`."""
    check_level(confidence, "confidence")
    x, table = _columns(design, scores)
    known = np.isfinite(x).all(axis=1)
    found = np.full((len(x), 3), np.nan)
    found[known] = _intervals(fitted, x[known], confidence)
    return pd.DataFrame(found, index=table.index, columns=["predicted", "ci_low", "ci_high"])


def at_risk(design: Design, fitted: Fit, scores: Scores, *, cut: float, probability: float) -> pd.DataFrame:
    """Respondents likely to fall below a cut; see `DriverResult.at_risk`."""
    check_level(probability, "probability")
    check_number(cut, "cut")
    x, table = _columns(design, scores)
    known = np.isfinite(x).all(axis=1)
    predicted, below = fitted.expected(x[known]), _below(fitted, x[known], cut)
    found = pd.DataFrame({"predicted": predicted, "p_below": below}, index=table.index[np.flatnonzero(known)])
    return found[below >= probability].sort_values("p_below", ascending=False, kind="stable")


def _columns(design: Design, scores: Scores) -> tuple[Floats, pd.DataFrame]:
    table = table_of(scores)
    check_columns(table.columns, [*design.drivers, *design.specification.controls], WHERE)
    check_numbers(table, [name for name, levels in design.coding.sources if levels is None], WHERE)
    return design.coding.matrix(table), table


def _intervals(fitted: Fit, x: Floats, confidence: float) -> Floats:
    """Mean outcome, lower and upper end, a row each."""
    mean = fitted.expected(x)
    if fitted.model == "ols":
        half = fitted.critical(confidence) * _spread(fitted, x)
        return np.column_stack([mean, mean - half, mean + half])
    if fitted.model == "logit":
        half = fitted.critical(confidence) * np.sqrt(_predictor_variance(fitted, x))
        log_odds = x @ fitted.slopes - fitted.parameters[0]
        low, high = fitted.levels
        return np.column_stack([mean, *(low + (high - low) * expit(log_odds + side * half) for side in (-1, 1))])
    cumulated = np.cumsum(level_probabilities(fitted.parameters, x, len(fitted.levels)), axis=1)
    ends = [fitted.levels[(cumulated < edge).sum(axis=1)] for edge in ((1 - confidence) / 2, (1 + confidence) / 2)]
    return np.column_stack([mean, *ends])


def _below(fitted: Fit, x: Floats, cut: float) -> Floats:
    """P(outcome < cut)."""
    if fitted.model == "ols":
        return np.asarray(stats.t.cdf((cut - fitted.expected(x)) / _spread(fitted, x), fitted.df))
    chances = level_probabilities(fitted.parameters, x, len(fitted.levels))
    return np.asarray(chances[:, fitted.levels < cut].sum(axis=1))


def _spread(fitted: Fit, x: Floats) -> Floats:
    """Spread of a new outcome about its prediction by a linear model, one standard deviation."""
    return np.asarray(np.sqrt(_predictor_variance(fitted, x) + fitted.residual_variance))


def _predictor_variance(fitted: Fit, x: Floats) -> Floats:
    columns = np.column_stack([np.ones(len(x)), x if fitted.model == "ols" else -x])
    return np.asarray(np.einsum("ij,jk,ik->i", columns, fitted.covariance, columns))
