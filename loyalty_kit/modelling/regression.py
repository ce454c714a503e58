"""Drivers of an outcome: what moves it, how surely, and what follows from the fitted model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from loyalty_kit.checks import check_choice, check_columns, check_level, check_rng, InputError
from loyalty_kit.modelling.design import Design, read_design
from loyalty_kit.modelling.diagnostics import diagnose, influence, press_r_squared
from loyalty_kit.modelling.errors_in_variables import Reliability, correct
from loyalty_kit.modelling.fits import ERRORS, MODELS, Errors, Fit, Model, fit
from loyalty_kit.modelling.importance import ImportanceResult, importance
from loyalty_kit.modelling.measures import Method
from loyalty_kit.modelling.moderation import ModerationResult, moderate, wald
from loyalty_kit.modelling.prediction import at_risk, predict
from loyalty_kit.modelling.question import Scores, WHERE, ask
from loyalty_kit.modelling.robustness import RobustnessResult, StabilityResult, robustness, stability
from loyalty_kit.modelling.terms import coefficient_table, driver_warnings, suppressed
from loyalty_kit.modelling.validation import ValidationResult, validate
from loyalty_kit.results import Result
from loyalty_kit.survey.scoring import ScaleScores


@dataclass(frozen=True, eq=False)
class DriverResult(Result):
    """A fitted driver model.

    Attributes
    ----------
    terms : DataFrame, a row a coefficient
        term, kind ('intercept', 'threshold', 'driver' or 'control'), estimate, std_error, statistic,
        ci_low, ci_high, p_value, standardized, correlation (with the outcome, on its own), vif.
    r_squared, r_squared_adjusted, press_r_squared : float
        Share of the outcome's variance explained; adjusted for the number of columns; for
        respondents left out one at a time. Where levels are fitted the first is McKelvey and
        Zavoina's, of the latent outcome, and the others are NaN.
    aic, bic, log_likelihood : float
        The residual variance counts as a parameter, as in R.
    f_statistic, f_p_value : float
        Wald test that no column has any effect, with the model's kind of errors.
    residual_sd, df_residual : float
        In units of the outcome (NaN where levels are fitted); degrees of freedom of intervals.
    diagnostics : DataFrame, indexed by test
        statistic, df, df_residual, p_value of breusch_pagan, reset, normality; empty where levels
        are fitted.
    suppressed : DataFrame, a row a driver whose coefficient runs against its own correlation
        driver, correlation, estimate, ci_low, ci_high, clear (whether the interval excludes zero).
    n_influential : int
        Respondents who alone move a coefficient by over half its standard error; see `influence`.
    corrected : DataFrame, optional
        Coefficients corrected for measurement error, where reliabilities were given: driver, estimate,
        std_error, ci_low, ci_high, standardized, plain, reliability.
    moderation : ModerationResult, optional
        Coefficients by group, where a moderator was given.
    outcome, drivers, controls : str, tuple of str, tuple of str
        What was explained, by what, besides what.
    labels : mapping
        Labels of columns that have one.
    model, errors : str
        As asked for.
    weight, cluster : str, optional
        Columns of weights and clusters.
    n_used, n_dropped : int
        Respondents used; left out because an answer is missing or the weight is zero.
    confidence : float
        Level of the intervals.
    method : str
        Model and errors in words.
    warnings : tuple of str
        What a reader must know.
    design, fitted : Design, Fit
        Rows and fit that the methods work on. They hold single respondents: not for reports.
    """

    terms: pd.DataFrame
    r_squared: float
    r_squared_adjusted: float
    press_r_squared: float
    aic: float
    bic: float
    log_likelihood: float
    f_statistic: float
    f_p_value: float
    residual_sd: float
    df_residual: float
    diagnostics: pd.DataFrame
    suppressed: pd.DataFrame
    n_influential: int
    corrected: pd.DataFrame | None
    moderation: ModerationResult | None
    outcome: str
    drivers: tuple[str, ...]
    controls: tuple[str, ...]
    labels: Mapping[str, str]
    model: Model
    errors: Errors
    weight: str | None
    cluster: str | None
    n_used: int
    n_dropped: int
    confidence: float
    method: str
    warnings: tuple[str, ...] = ()
    design: Design = field(repr=False, kw_only=True)
    fitted: Fit = field(repr=False, kw_only=True)

    def to_frame(self) -> pd.DataFrame:
        """Columns driver, estimate, std_error, ci_low, ci_high, p_value, standardized, vif; a row a driver."""
        columns = ["term", "estimate", "std_error", "ci_low", "ci_high", "p_value", "standardized", "vif"]
        table = self.terms.loc[self.terms["kind"] == "driver", columns]
        return table.rename(columns={"term": "driver"}).reset_index(drop=True)
