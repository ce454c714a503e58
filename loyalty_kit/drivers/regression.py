"""Drivers of an outcome: what moves it, how surely, and what follows from the fitted model."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from loyalty_kit.core.checks import check_choice, check_level, check_rng
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import message
from loyalty_kit.drivers.driver_result import DriverResult
from loyalty_kit.drivers.fits.coefficient_table import coefficient_table, driver_warnings, suppressed, tabled_warnings
from loyalty_kit.drivers.fits.design import Design, read_design
from loyalty_kit.drivers.fits.diagnostics import NO_DIAGNOSTICS, diagnose, influence, press_r_squared
from loyalty_kit.drivers.fits.errors_in_variables import Corrected, Reliability, correct
from loyalty_kit.drivers.fits.fits import ERRORS, MODELS, Errors, Fit, Model, fit
from loyalty_kit.drivers.fits.moderation import ModerationResult, moderate, wald
from loyalty_kit.drivers.fits.specification import Scores, read_specification
from loyalty_kit.survey.scoring import ScaleScores

_MODEL_WORDS = {
    "ols": message("linear regression"),
    "ordered": message("ordered logit (proportional odds)"),
    "logit": message("binary logit"),
}
_ERROR_WORDS = {
    "hc3": message("errors robust to unequal spread (HC3)"),
    "classical": message("classical errors"),
    "cluster": message("errors robust within clusters"),
}


def drivers(
    scores: Scores,
    *,
    outcome: str = "loyalty",
    drivers: Sequence[str] | None = None,
    controls: Sequence[str] = (),
    moderator: str | None = None,
    model: Model = "ols",
    errors: Errors = "hc3",
    cluster: str | None = None,
    weight: str | Sequence[float] | pd.Series | None = None,
    reliability: Reliability | None = None,
    confidence: float = 0.95,
    rng: int | np.random.Generator = 0,
) -> DriverResult:
    """Fit a model of an outcome by its drivers.

    Parameters
    ----------
    scores : ScaleScores or DataFrame of shape (respondents, columns)
        Scale scores, or single items. Respondents with a missing answer are left out and counted.
    outcome : str
        Column to explain.
    drivers : list of str, optional
        Columns to explain it by; the scales with the role 'driver' where not given. An option of a select-all
        question is one too, as 'Q5_1': its coefficient compares those who chose it with those who did not.
    controls : list of str
        Columns held constant: numbers, or categories (text, or a group column of the scores), whose
        first level the others are compared with.
    moderator : str, optional
        Grouping column. It becomes a control, and `moderation` holds each driver's coefficient by group.
    model : {'ols', 'ordered', 'logit'}
        Linear; proportional odds, for a single item; binary logit, for an outcome of two values.
    errors : {'hc3', 'classical', 'cluster'}
        What standard errors allow for.
    cluster : str, optional
        Column of units sampled together (stores, households), for errors='cluster'.
    weight : str or array-like of shape (respondents,), optional
        Survey weights, zero or more; those of the ScaleScores where not given.
    reliability : ReliabilityResult or mapping of column to number, optional
        Reliability of the scores: `corrected` then holds coefficients without the bias that
        measurement error brings. Linear model only.
    confidence : float
        Level of the intervals.
    rng : int or Generator
        Seed or source of chance of the intervals of `corrected`; nothing else here depends on it.

    Returns
    -------
    DriverResult

    Raises
    ------
    InputError
        If a column is absent, empty, constant or not numeric, the outcome is also a driver, columns are
        perfectly collinear or give the outcome exactly, rows are fewer than coefficients, a weight is
        negative or missing, or the levels of an outcome are told apart without fail.

    Notes
    -----
    With w weights of mean 1, β = (XᵀWX)⁻¹XᵀWy; under HC3 its covariance is
    (XᵀWX)⁻¹ Xᵀ diag(w² e² / (1 − h)²) X (XᵀWX)⁻¹, and p-values are by t(n − p). A coefficient is an
    association at given values of the other drivers, not the effect of a change.

    References
    ----------
    Long, J. S. & Ervin, L. H. (2000). Using heteroscedasticity consistent standard errors in the
    linear regression model. The American Statistician 54(3), 217–224.

    Checked against R 4.2.2 (``lm``, ``glm``), sandwich 3.0-2 (``vcovHC``), MASS (``polr``), car 3.1-1 (``vif``).

    Examples
    --------
    >>> table = pd.DataFrame({"trust": [1.0, 2, 3, 4, 5, 6], "price": [2.0, 1, 4, 3, 6, 4]})
    >>> table["loyalty"] = [1.0, 3, 4, 4, 7, 7]
    >>> drivers(table, drivers=["trust", "price"]).to_frame()[["driver", "estimate"]].round(2)
      driver  estimate
    0  trust      1.01
    1  price      0.27
    """
    check_choice(model, "model", MODELS)
    check_choice(errors, "errors", ERRORS)
    check_level(confidence, "confidence")
    generator = check_rng(rng)
    if (errors == "cluster") != (cluster is not None):
        raise InputError("'cluster' and errors='cluster' belong together; got one without the other.")
    table, specification = read_specification(
        scores,
        outcome=outcome,
        drivers=drivers,
        controls=controls,
        weight=weight,
        cluster=cluster,
        moderator=moderator,
    )
    labels = {**scores.ticks, **scores.labels} if isinstance(scores, ScaleScores) else {}
    design = read_design(table, specification, labels)
    fitted = fit(design.y, design.x, weights=design.weights, clusters=design.clusters, model=model, errors=errors)
    corrected = None
    if reliability is not None:
        corrected = correct(design, fitted, reliability, confidence=confidence, rng=generator)
    moderation = None if moderator is None else moderate(design, fitted, moderator, confidence=confidence)
    return _result(design, fitted, corrected, moderation, confidence, getattr(scores, "title", ""))


def _result(
    design: Design,
    fitted: Fit,
    corrected: Corrected | None,
    moderation: ModerationResult | None,
    confidence: float,
    title: str,
) -> DriverResult:
    """Put together everything that the fit says."""
    specification, n, count = design.specification, len(design.y), len(fitted.parameters)
    coefficients = coefficient_table(design, fitted, confidence=confidence)
    against = suppressed(coefficients, n, confidence=confidence)
    diagnostics = diagnose(design, fitted) if fitted.model == "ols" else NO_DIAGNOSTICS
    influential = int(influence(design, fitted)["influential"].sum())
    test = wald(fitted, np.eye(len(fitted.slopes)), fitted.slopes, fitted.slope_covariance)
    counted = count + (fitted.model == "ols")
    tabled = tabled_warnings(specification.outcome, against, diagnostics)
    ours = driver_warnings(design, fitted, coefficients, diagnostics, influential)
    return DriverResult(
        coefficients=coefficients,
        r_squared=fitted.r_squared,
        r_squared_adjusted=_adjusted(fitted, n),
        press_r_squared=press_r_squared(design, fitted),
        aic=2 * counted - 2 * fitted.log_likelihood,
        bic=float(np.log(n)) * counted - 2 * fitted.log_likelihood,
        log_likelihood=fitted.log_likelihood,
        f_statistic=test["statistic"],
        f_p_value=test["p_value"],
        residual_sd=float(np.sqrt(fitted.residual_variance)),
        df_residual=fitted.df,
        diagnostics=diagnostics,
        suppressed=against,
        n_influential=influential,
        corrected=corrected.table if corrected else None,
        correction_failures=corrected.failures if corrected else np.nan,
        moderation=moderation,
        drivers=specification.drivers,
        controls=specification.controls,
        labels=design.labels,
        n_used=n,
        n_dropped=len(design.table) - n,
        confidence=confidence,
        method=message("{model}, {errors}", model=_MODEL_WORDS[fitted.model], errors=_ERROR_WORDS[fitted.errors]),
        warnings=(*tabled, *ours, *_carried(corrected, moderation)),
        tabled_warnings=tabled,
        title=title,
        design=design,
        fitted=fitted,
    )


def _adjusted(fitted: Fit, n: int) -> float:
    """R² adjusted for the number of columns; NaN where levels are fitted."""
    return 1 - (1 - fitted.r_squared) * (n - 1) / (n - len(fitted.parameters)) if fitted.model == "ols" else np.nan


def _carried(corrected: Corrected | None, moderation: ModerationResult | None) -> list[str]:
    """Warnings of the parts that were asked for."""
    return [text for part in (corrected, moderation) if part for text in part.warnings]
