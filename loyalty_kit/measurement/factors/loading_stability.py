"""Stability of loadings: bootstrap intervals after every resample's factors are aligned with the sample's."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from loyalty_kit.core.checks import check_level, check_whole
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import message
from loyalty_kit.core.results import Result
from loyalty_kit.measurement.correlations.correlation import Correlation, answers_behind
from loyalty_kit.measurement.correlations.items import resampled
from loyalty_kit.measurement.factors.factors import efa, shared_factors
from loyalty_kit.measurement.factors.rotation import OBLIQUE_MINIMA, RotationMethod, rotate_from
from loyalty_kit.statistics.extraction import Extraction, Method, extract
from loyalty_kit.statistics.moments import Floats
from loyalty_kit.survey.codebook import Codebook

_SINGULAR = 1e-9
_MANY_HEYWOOD = 0.1


@dataclass(frozen=True, eq=False)
class LoadingStabilityResult(Result):
    """Loadings with bootstrap intervals.

    Attributes
    ----------
    loadings : DataFrame of shape (items, factors)
        Pattern in the sample, as `efa` gives it.
    std_errors, ci_low, ci_high : DataFrame of shape (items, factors)
        Standard deviation of the resamples' loadings and limits of the interval.
    congruence : Series of shape (factors,)
        Mean of Tucker's congruence between a resample's factor and the sample's: 1 where every
        resample finds the same factor.
    bootstrap : int
        Number of resamples that were used.
    n_used, n_dropped : int
        Respondents.
    method : str
        Extraction, rotation and correlation.
    confidence : float
        Level of the intervals.
    warnings : tuple of str
        What a reader of the intervals must know.
    """

    loadings: pd.DataFrame
    std_errors: pd.DataFrame
    ci_low: pd.DataFrame
    ci_high: pd.DataFrame
    congruence: pd.Series
    bootstrap: int
    n_used: int
    n_dropped: int
    method: str
    confidence: float
    warnings: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Table of item, factor, loading, std_error, ci_low, ci_high."""
        columns = {
            "loading": self.loadings,
            "std_error": self.std_errors,
            "ci_low": self.ci_low,
            "ci_high": self.ci_high,
        }
        table = pd.DataFrame({name: frame.stack() for name, frame in columns.items()})
        return table.rename_axis(["item", "factor"]).reset_index()


def loading_stability(
    items: Any,
    *,
    factors: int,
    extraction: Method = "minres",
    rotation: RotationMethod = "oblimin",
    weight: Any = None,
    codebook: Codebook | None = None,
    bootstrap: int = 500,
    confidence: float = 0.95,
    starts: int = 10,
    rng: int | np.random.Generator = 0,
) -> LoadingStabilityResult:
    """Bootstrap intervals of loadings.

    Parameters
    ----------
    items : DataFrame of shape (respondents, items)
        Numeric answers; respondents who leave one out are dropped and counted.
    factors, extraction, rotation, weight, codebook, starts
        As for `efa`.
    bootstrap : int
        Number of resamples of the respondents, at least 20.
    confidence : float
        Level of the intervals.
    rng : int or Generator
        Source of the resamples and of the sample's random starts.

    Returns
    -------
    LoadingStabilityResult

    Raises
    ------
    InputError
        As `efa`; also if hardly a resample can be factored because respondents are too few.

    Notes
    -----
    The unrotated loadings of each resample are turned towards the sample's by orthogonal Procrustes,
    rotated to the criterion from where the sample's rotation ended, and their columns put in the
    order and signs with the largest congruence. Limits are percentiles. A resample keeps the weights
    of the respondents that it draws.

    References
    ----------
    Zhang, G., Preacher, K. J., & Luo, S. (2010). Bootstrap confidence intervals for ordinary least
    squares factor loadings and correlations in exploratory factor analysis. Multivariate Behavioral
    Research 45(1), 104–134.

    Examples
    --------
    >>> chance = np.random.default_rng(1)
    >>> answers = chance.normal(size=(200, 1)) + chance.normal(size=(200, 4))
    >>> items = pd.DataFrame(answers, columns=["A1", "A2", "A3", "A4"])
    >>> stable = loading_stability(items, factors=1, bootstrap=100)
    >>> bool((stable.ci_low < stable.loadings).all(axis=None))
    True
    """
    check_whole(bootstrap, "bootstrap", 20)
    check_level(confidence, "confidence")
    chance = np.random.default_rng(rng)
    fitted = efa(
        items,
        factors=factors,
        extraction=extraction,
        rotation=rotation,
        weight=weight,
        codebook=codebook,
        starts=starts,
        rng=chance,
    )
    drawn = resampled(answers_behind(items, fitted.correlation, weight=weight), bootstrap, chance)
    drawn = _factorable(drawn, bootstrap, fitted.n_used)
    extracted = [extract(r, factors=factors, method=extraction) for r in drawn]
    found = _aligned(extracted, fitted.correlation, fitted.loadings.to_numpy(), rotation)
    low, high = np.quantile(found, [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
    items_named, factors_named = fitted.loadings.index, fitted.loadings.columns
    congruence = _congruence(found, fitted.loadings.to_numpy()).mean(axis=0)
    return LoadingStabilityResult(
        loadings=fitted.loadings,
        std_errors=pd.DataFrame(found.std(axis=0, ddof=1), index=items_named, columns=factors_named),
        ci_low=pd.DataFrame(low, index=items_named, columns=factors_named),
        ci_high=pd.DataFrame(high, index=items_named, columns=factors_named),
        congruence=pd.Series(congruence, index=factors_named),
        bootstrap=len(drawn),
        n_used=fitted.n_used,
        n_dropped=fitted.n_dropped,
        method=fitted.method,
        confidence=confidence,
        warnings=(*fitted.warnings, *_warnings(extracted, bootstrap)),
    )


def _factorable(drawn: Floats, bootstrap: int, respondents: int) -> Floats:
    """Correlations of the resamples that can be factored, at least half of them."""
    drawn = drawn[np.linalg.eigvalsh(drawn)[:, 0] > _SINGULAR]
    if len(drawn) < bootstrap / 2:
        raise InputError(
            "Only {n} of {count} resamples can be factored: {respondents} respondents are too few for {items} items.",
            n=len(drawn),
            count=bootstrap,
            respondents=respondents,
            items=drawn.shape[1],
        )
    return drawn


def _aligned(extracted: list[Extraction], sample: Correlation, target: Floats, rotation: RotationMethod) -> Floats:
    """Rotated loadings of resamples, columns in the order and signs of the target's."""
    whole = extract(sample.matrix.to_numpy(), factors=target.shape[1], method=extracted[0].method)
    if shared_factors(whole) < target.shape[1]:
        raise InputError(
            "The items share fewer than {count} factors; empty factors have no stability.", count=target.shape[1]
        )
    unrotated = whole.loadings
    transformation = np.asarray(np.linalg.inv((np.linalg.pinv(unrotated) @ target).T), dtype=float)
    if rotation not in OBLIQUE_MINIMA:
        transformation = _nearest_orthogonal(transformation)
    loadings: Floats = np.stack([each.loadings for each in extracted])
    loadings = loadings @ _nearest_orthogonal(loadings.transpose(0, 2, 1) @ unrotated)
    found, _ = rotate_from(loadings, rotation, np.broadcast_to(transformation, (len(loadings), *transformation.shape)))
    return np.stack([_matched(each, target) for each in found.rotated])


def _nearest_orthogonal(matrices: Floats) -> Floats:
    left, _, right = np.linalg.svd(matrices)
    return np.asarray(left @ right)


def _matched(loadings: Floats, target: Floats) -> Floats:
    """Put columns in the order and signs that agree best with the target's."""
    lengths = np.outer(np.sqrt((loadings**2).sum(axis=0)), np.sqrt((target**2).sum(axis=0)))
    congruence = loadings.T @ target / np.maximum(lengths, np.finfo(float).tiny)
    column, place = linear_sum_assignment(-np.abs(congruence))
    order = column[np.argsort(place)]
    signs = np.where(congruence[order, np.arange(len(order))] < 0, -1.0, 1.0)
    return np.asarray(loadings[:, order] * signs)


def _congruence(loadings: Floats, target: Floats) -> Floats:
    lengths = np.sqrt((loadings**2).sum(axis=1) * (target**2).sum(axis=0))
    return np.asarray((loadings * target).sum(axis=1) / np.maximum(lengths, np.finfo(float).tiny))


def _warnings(extracted: list[Extraction], bootstrap: int) -> list[str]:
    """Sentences on resamples that were lost or went to the edge."""
    warnings: list[str] = []
    if len(extracted) < bootstrap:
        lost = bootstrap - len(extracted)
        warnings.append(message("{lost} resamples could not be factored and were left out.", lost=lost))
    share = float(np.mean([bool(each.heywood) for each in extracted]))
    if share > _MANY_HEYWOOD:
        warnings.append(
            message("{share:.0%} of the resamples are Heywood cases; the model may have too many factors.", share=share)
        )
    return warnings
