"""Fits of a driver model: coefficients, their covariance, and what the fit says of the outcome."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
from scipy import stats
from statsmodels.regression.linear_model import WLS

from loyalty_kit.core.errors import InputError
from loyalty_kit.core.summaries import Summarized
from loyalty_kit.drivers.fits.ordinal import (
    LATENT_VARIANCE,
    OrdinalFit,
    fit_ordinal,
    jackknife_steps,
    level_probabilities,
)
from loyalty_kit.statistics.moments import Floats

Model = Literal["ols", "ordered", "logit"]
Errors = Literal["hc3", "classical", "cluster"]
MODELS: tuple[str, ...] = get_args(Model)
ERRORS: tuple[str, ...] = get_args(Errors)

MOST_LEVELS = 100
"""Different values of the outcome that an ordered model takes."""

DEPENDENT = 1e-7
"""Part of a column that must be its own."""

ALONE = 1 - 1e-9
"""Leverage at which a row settles a coefficient whatever the others say."""


@dataclass(frozen=True, eq=False)
class Fit(Summarized):
    """A fitted model.

    Attributes
    ----------
    model, errors : str
        What was fitted, and what the covariance allows for.
    parameters : array of shape (intercepts + columns,)
        Intercept or cut points, then slopes.
    covariance : array of shape (parameters, parameters)
        Of the estimates.
    df : float
        Degrees of freedom of t; infinite where the normal is used.
    levels : array of shape (levels,)
        Values of the outcome in an ordered or logit model; empty in a linear one.
    fitted : array of shape (n,)
        Expected outcome of each row.
    leverage : array of shape (n,)
        Of a linear model; NaN otherwise.
    steps : array of shape (n, parameters)
        Parameters less what they become without that row; to first order where levels are fitted.
    r_squared, log_likelihood : float
        Share of the outcome's variance explained, that of the latent outcome where levels are
        fitted (McKelvey and Zavoina); weighted log-likelihood.
    residual_variance : float
        Of a linear model; NaN otherwise.
    """

    model: Model
    errors: Errors
    parameters: Floats
    covariance: Floats
    df: float
    levels: Floats
    fitted: Floats
    leverage: Floats
    steps: Floats
    r_squared: float
    log_likelihood: float
    residual_variance: float

    @property
    def intercepts(self) -> int:
        """How many of the parameters are no slopes."""
        return max(1, len(self.levels) - 1)

    @property
    def slopes(self) -> Floats:
        """Coefficients of the columns."""
        return self.parameters[self.intercepts :]

    @property
    def slope_covariance(self) -> Floats:
        """Covariance of the slopes."""
        return self.covariance[self.intercepts :, self.intercepts :]

    @property
    def std_errors(self) -> Floats:
        """Standard error of each parameter."""
        return np.asarray(np.sqrt(np.maximum(np.diag(self.covariance), 0.0)))

    def expected(self, x: Floats) -> Floats:
        """Mean of the outcome at new rows."""
        if self.model == "ols":
            return np.asarray(self.parameters[0] + x @ self.slopes)
        return np.asarray(level_probabilities(self.parameters, x, len(self.levels)) @ self.levels)

    def critical(self, confidence: float) -> float:
        """Quantile that an interval of this level multiplies an error by."""
        return float(stats.t.ppf((1 + confidence) / 2, self.df))

    def p_values(self, ratios: Floats) -> Floats:
        """Two-sided p of estimates in units of their errors."""
        return np.asarray(2 * stats.t.sf(np.abs(ratios), self.df))


def fit(
    y: Floats,
    x: Floats,
    *,
    weights: Floats,
    clusters: npt.NDArray[np.intp] | None = None,
    model: Model = "ols",
    errors: Errors = "hc3",
) -> Fit:
    """Fit a driver model.

    Parameters
    ----------
    y, x : arrays of shape (n,), (n, columns)
        Outcome and columns, without a constant.
    weights : array of shape (n,)
        Mean 1.
    clusters : array of shape (n,), optional
        Number of each row's cluster.
    model : {'ols', 'ordered', 'logit'}
        Linear, proportional odds, or binary logit.
    errors : {'hc3', 'classical', 'cluster'}
        What the covariance allows for.

    Returns
    -------
    Fit

    Raises
    ------
    InputError
        If the outcome does not suit the model, or the columns tell its levels apart without fail.

    Notes
    -----
    The linear model is statsmodels' WLS: β = (XᵀWX)⁻¹XᵀWy, and under HC3
    (XᵀWX)⁻¹ Xᵀ diag(w² e² / (1 − h)²) X (XᵀWX)⁻¹ with h the leverages of √w x, R's
    ``sandwich::vcovHC(lm(weights = w), "HC3")``. HC3 is the jackknife to first order, and so it is
    defined for the other models: see `jackknife_steps`; for the logit it is R's ``vcovHC(glm)``.
    Errors for clusters are statsmodels' with t(clusters − 1): G / (G − 1) · (n − 1) / (n − k), the second
    factor in the linear model only.

    References
    ----------
    MacKinnon, J. G. & White, H. (1985). Some heteroskedasticity-consistent covariance matrix
    estimators with improved finite sample properties. Journal of Econometrics 29, 305–325.
    """
    if clusters is not None and errors == "cluster" and clusters.max() < 1:
        raise InputError("Errors for clusters need at least two clusters; got one.")
    if model == "ols":
        return _linear(y, x, weights, clusters, errors)
    return _levels(y, x, weights, clusters, model, errors)


def _linear(y: Floats, x: Floats, weights: Floats, clusters: npt.NDArray[np.intp] | None, errors: Errors) -> Fit:
    z, center, spread = standardize(x)
    exog = np.column_stack([np.ones(len(y)), z])
    plain = WLS(y, exog, weights=weights).fit()
    leverage = (np.linalg.qr(exog * np.sqrt(weights)[:, None])[0] ** 2).sum(axis=1)
    pulls = weights * np.asarray(plain.resid) / (1 - leverage)
    df = float(plain.df_resid)
    if errors == "cluster" and clusters is not None:
        robust = plain.get_robustcov_results("cluster", groups=clusters, use_t=True)
        df = float(clusters.max())
    else:
        robust = plain.get_robustcov_results("HC3", use_t=True) if errors == "hc3" else plain
    back = _unscaled(-center, spread, intercepts=1)
    return Fit(
        model="ols",
        errors=errors,
        parameters=back @ plain.params,
        covariance=back @ robust.cov_params() @ back.T,
        df=df,
        levels=np.empty(0),
        fitted=np.asarray(plain.fittedvalues),
        leverage=leverage,
        steps=pulls[:, None] * exog @ plain.normalized_cov_params @ back.T,
        r_squared=float(plain.rsquared),
        log_likelihood=float(plain.llf),
        residual_variance=float(plain.scale),
    )


def _levels(
    y: Floats, x: Floats, weights: Floats, clusters: npt.NDArray[np.intp] | None, model: Model, errors: Errors
) -> Fit:
    levels, places = levels_of_outcome(y)
    _check_levels(levels, model)
    z, center, spread = standardize(x)
    found = fit_ordinal(z, places, weights, len(levels))
    if not found.finite:
        raise InputError("The columns tell the outcome's levels apart without fail: this model has no finite estimate.")
    steps = jackknife_steps(found, weights)
    covariance = steps.T @ steps if errors == "hc3" else _covariance(found, weights, clusters, errors)
    cuts = len(levels) - 1
    back = _unscaled(center, spread, intercepts=cuts)
    parameters = back @ found.parameters
    explained = latent_variance(x, weights, parameters[cuts:])
    return Fit(
        model=model,
        errors=errors,
        parameters=parameters,
        covariance=back @ covariance @ back.T,
        df=np.inf if errors != "cluster" or clusters is None else float(clusters.max()),
        levels=levels,
        fitted=level_probabilities(parameters, x, len(levels)) @ levels,
        leverage=np.full(len(y), np.nan),
        steps=steps @ back.T,
        r_squared=explained / (explained + LATENT_VARIANCE),
        log_likelihood=found.log_likelihood,
        residual_variance=np.nan,
    )


def estimable(x: Floats, weights: Floats) -> bool:
    """Whether the rows settle a model of these columns: enough of them, none alone, no column from others."""
    if len(x) <= x.shape[1] + 1:
        return False
    exog = np.column_stack([np.ones(len(x)), standardize(x)[0]]) * np.sqrt(weights)[:, None]
    left, values, _ = np.linalg.svd(exog, full_matrices=False)
    return bool(values[-1] > DEPENDENT * values[0] and (left**2).sum(axis=1).max() < ALONE)


def standardize(x: Floats) -> tuple[Floats, Floats, Floats]:
    """Columns with mean 0 and variance 1, and the means and spreads taken out: units then cost no digits."""
    center, spread = x.mean(axis=0), np.maximum(x.std(axis=0), np.finfo(float).tiny)
    return (x - center) / spread, center, spread


def _unscaled(center: Floats, spread: Floats, *, intercepts: int) -> Floats:
    """Matrix that takes parameters of standardized columns to those of the columns themselves."""
    count = len(spread)
    back = np.eye(intercepts + count)
    back[intercepts:, intercepts:] = np.diag(1 / spread)
    back[:intercepts, intercepts:] = center / spread
    return back


def levels_of_outcome(y: Floats) -> tuple[Floats, npt.NDArray[np.intp]]:
    """Find the different values of an outcome, and the place of each row among them.

    Means of the same answers in another order differ in the last digit; they are one value.
    """
    width = max(float(np.ptp(y)), np.finfo(float).tiny)
    _, first, places = np.unique(np.round((y - y.min()) / width, 9), return_index=True, return_inverse=True)
    return y[first], places.astype(np.intp)


def latent_variance(x: Floats, weights: Floats, slopes: Floats) -> float:
    """Weighted variance of the linear predictor."""
    predictor = x @ slopes
    mean = weights @ predictor / weights.sum()
    return float(weights @ (predictor - mean) ** 2 / weights.sum())


def _covariance(found: OrdinalFit, weights: Floats, clusters: npt.NDArray[np.intp] | None, errors: Errors) -> Floats:
    inverse = np.linalg.inv(found.information)
    if errors == "classical" or clusters is None:
        return np.asarray(inverse)
    count = int(clusters.max()) + 1
    scores = np.einsum("nak,na,n->nk", found.jacobian, found.gradient, weights)
    sums = np.column_stack([np.bincount(clusters, column, minlength=count) for column in scores.T])
    return np.asarray(inverse @ (sums.T @ sums) @ inverse * count / (count - 1))


def _check_levels(levels: Floats, model: Model) -> None:
    if model == "logit" and len(levels) != 2:
        raise InputError("A logit model needs an outcome with two values; got {given}.", given=len(levels))
    if len(levels) > MOST_LEVELS:
        raise InputError(
            "An ordered model takes an outcome of up to {most} different values; got {given}. Cut it into "
            "bands, or use model='ols'.",
            most=MOST_LEVELS,
            given=len(levels),
        )
