"""Coefficients corrected for the measurement error of the drivers, from the reliabilities of their scales."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from loyalty_kit.core.checks import check_columns
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import message
from loyalty_kit.core.results import Result
from loyalty_kit.drivers.fits.design import Design
from loyalty_kit.drivers.fits.fits import Fit
from loyalty_kit.drivers.fits.resampling import covariances
from loyalty_kit.statistics.moments import Floats
from loyalty_kit.statistics.resampling import over_samples
from loyalty_kit.statistics.weights import effective_n

Reliability = Result | Mapping[str, float]

_REPLICATES = 2000
OFTEN = 0.05
"""Share of bootstrap samples without variance in some direction from which no corrected coefficient is settled."""
_NOTHING_LEFT = 1e-12


@dataclass(frozen=True, eq=False)
class Corrected:
    """Coefficients of true scores.

    Attributes
    ----------
    table : DataFrame, a row a driver
        driver, estimate, std_error, ci_low, ci_high, standardized (by the true scores' spread), plain
        (the coefficient of the observed score), reliability (NaN where none is known and none was
        corrected for).
    failures : float
        Share of bootstrap samples in which the drivers cannot be told apart once error is taken out.
    warnings : tuple of str
        What a reader must know.
    """

    table: pd.DataFrame
    failures: float
    warnings: tuple[str, ...]


def correct(
    design: Design, fitted: Fit, reliability: Reliability, *, confidence: float, rng: np.random.Generator
) -> Corrected:
    """Correct a linear model's coefficients for measurement error.

    Parameters
    ----------
    design, fitted : Design, Fit
        Rows and their linear model.
    reliability : ReliabilityResult or mapping of column to number
        Reliability of the drivers' scores, above 0 and up to 1. Those of a result count as estimates,
        with its numbers of items and respondents, and one that is not positive as not known; those
        of a mapping count as known.
    confidence : float
        Level of the intervals.
    rng : Generator
        Source of chance of the bootstrap.

    Returns
    -------
    Corrected

    Raises
    ------
    InputError
        If a reliability lies outside its range, or the model is not linear.

    Notes
    -----
    With M the covariances of the columns, m those with the outcome and S the error variances,
    (1 − reliability) · variance for a driver and 0 for a control, the estimate is
    β = (M − (c − a / (n − 1)) S)⁻¹ m. Here c = 1, or f − 1 / (n − 1) where the smallest root f of
    |M − m mᵀ / s² − f S| = 0 lies below 1 + 1 / (n − 1), that is where the sample leaves the true scores no
    variance in some direction. a = 0 gives the method-of-moments estimator, which has no finite
    moments: near-collinear true scores throw it anywhere. a > 0 gives Fuller's modified estimator, which
    has. a = 2 (k + 4) with k columns measured with error: twice the usual, for S is estimated
    as well; chosen by simulation, where it left the least bias.

    Intervals are percentiles of 2,000 bootstrap samples of respondents. In each, an error variance from
    Cronbach's alpha of k items and n respondents is drawn as well, S χ²(d) / d with
    d = (n − 1) (k − 1): under normality it is independent of the scores' covariances.

    References
    ----------
    Fuller, W. A. (1987). Measurement error models. Wiley, sections 2.2 (an error in the equation) and
    2.5 (modifications to improve moment properties). Fuller, W. A. (1980). Properties of some
    estimators for the errors-in-variables model. Annals of Statistics 8(2), 407–422.
    """
    if fitted.model != "ols":
        raise InputError("Measurement error is corrected for in the linear model only; use model='ols'.")
    known, df = _known(reliability, design)
    p, names = len(design.drivers), list(design.drivers)
    lambdas = pd.Series(known, dtype=float).reindex(names)
    noise, degrees = np.zeros(design.x.shape[1]), np.full(design.x.shape[1], np.inf)
    noise[:p] = 1 - lambdas.fillna(1.0)
    degrees[:p] = pd.Series(df, dtype=float).reindex(names).fillna(np.inf)
    n = effective_n(design.weights)
    whole = covariances(design, fitted)
    spread = np.sqrt(np.diag(whole[0]))
    errors = noise * spread[:-1] ** 2
    estimate = _estimates(whole, errors[None], n)[0][0, :p]
    slopes, unstable = _bootstrap(design, fitted, noise, errors, degrees, n, rng)
    low, high = np.quantile(slopes[:, :p], [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
    true_spread = spread[:p] * np.sqrt(lambdas.fillna(1.0).to_numpy())
    columns = {
        "driver": names,
        "estimate": estimate,
        "std_error": slopes[:, :p].std(axis=0, ddof=1),
        "ci_low": low,
        "ci_high": high,
        "standardized": estimate * true_spread / (spread[-1] * np.sqrt(known.get(design.specification.outcome, 1.0))),
        "plain": fitted.slopes[:p],
        "reliability": lambdas.to_numpy(),
    }
    return Corrected(pd.DataFrame(columns), unstable, _warnings(lambdas, unstable))


def _bootstrap(
    design: Design, fitted: Fit, noise: Floats, errors: Floats, degrees: Floats, n: float, rng: np.random.Generator
) -> tuple[Floats, float]:
    """Draw estimates, samples × columns, and tell the share of samples without variance in some direction."""
    one = partial(_of_samples, design, fitted, (noise, errors, degrees), n)
    found = over_samples(one, len(design.y), _REPLICATES, rng=rng, clusters=design.clusters)
    return found[:, :-1], float((found[:, -1] < 1 + 1 / (n - 1)).mean())


def _of_samples(
    design: Design,
    fitted: Fit,
    known: tuple[Floats, Floats, Floats],
    n: float,
    counts: Floats,
    rng: np.random.Generator,
) -> Floats:
    """Estimates and, last, the smallest root in each sample."""
    noise, errors, degrees = known
    estimated = np.isfinite(degrees)
    tables = covariances(design, fitted, counts)
    certain = noise * np.maximum(np.diagonal(tables, axis1=1, axis2=2)[:, :-1], 0.0)
    chances = rng.chisquare(np.where(estimated, degrees, 1.0), size=certain.shape) / degrees
    slopes, roots = _estimates(tables, np.where(estimated, errors * chances, certain), n)
    return np.column_stack([slopes, roots])


def _known(reliability: Reliability, design: Design) -> tuple[dict[str, float], dict[str, float]]:
    """Reliability of each column that has one, and the degrees of freedom behind it where it is an estimate."""
    df: dict[str, float] = {}
    if isinstance(reliability, Result):
        table = reliability.to_frame()
        check_columns(
            table.columns, ["scale", "cronbach_alpha", "items", "n_used"], message("The table of reliabilities")
        )
        table = table[table["cronbach_alpha"] > 0].set_index("scale")
        known = {str(name): float(value) for name, value in table["cronbach_alpha"].items()}
        df = {str(name): float(value) for name, value in ((table["n_used"] - 1) * (table["items"] - 1)).items()}
    else:
        known = {name: float(value) for name, value in reliability.items() if not np.isnan(value)}
    for name in (*design.drivers, design.specification.outcome):
        if not 0 < known.get(name, 1.0) <= 1:
            raise InputError(
                "The reliability of '{name}' must be above 0 and up to 1; got {given}.",
                name=name,
                given=f"{known[name]:.3g}",
            )
    return known, df


def _estimates(tables: Floats, errors: Floats, n: float) -> tuple[Floats, Floats]:
    """Fuller's modified estimates, samples × columns, and the smallest roots f, infinite without any error."""
    m, r = tables[:, :-1, :-1], tables[:, :-1, -1]
    s = np.maximum(tables[:, -1, -1], _NOTHING_LEFT * tables[:, -1, -1].max())
    root = np.sqrt(errors)
    unexplained = np.linalg.pinv(m - r[:, :, None] * r[:, None, :] / s[:, None, None], hermitian=True)
    largest = np.linalg.eigvalsh(root[:, :, None] * unexplained * root[:, None, :])[:, -1]
    with np.errstate(divide="ignore"):
        smallest = np.where(largest > 0, 1 / largest, np.inf)
    c = np.where(smallest < 1 + 1 / (n - 1), smallest - 1 / (n - 1), 1.0)
    a = 2 * (np.count_nonzero(errors, axis=1) + 4)
    share = (c - a / (n - 1))[:, None] * errors
    clean = m - share[:, :, None] * np.eye(m.shape[1])
    return (np.linalg.pinv(clean, hermitian=True) @ r[:, :, None])[:, :, 0], smallest


def _warnings(reliability: pd.Series, unstable: float) -> tuple[str, ...]:
    found = []
    if reliability.isna().any():
        names = list(reliability.index[reliability.isna()])
        found.append(
            message(
                "No positive reliability is known for {scales}: no measurement error was corrected for there.",
                scales=names,
            )
        )
    if unstable > OFTEN:
        found.append(
            message(
                "Correction for measurement error is not possible here: corrected, the drivers cannot be told apart "
                "(in {share:.0f} % of bootstrap samples).",
                share=100 * unstable,
            )
        )
    return tuple(found)
