"""Validity of a factor model's scales: whether their items belong together, and whether they differ from each other."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from loyalty_kit.checks import check_rng, check_whole
from loyalty_kit.measurement.cfa_solution import Solution
from loyalty_kit.measurement.items import ItemTable, resampled
from loyalty_kit.moments import Floats
from loyalty_kit.notes import note
from loyalty_kit.results import Result

_NOTHING = 1e-12

STRICT, LIBERAL = 0.85, 0.90
"""Values of HTMT below which two scales count as distinct."""


@dataclass(frozen=True, eq=False)
class ValidityResult(Result):
    """Convergent and discriminant validity.

    Attributes
    ----------
    scales : DataFrame
        scale, items, composite_reliability, ave, smallest_loading (standardized, without its sign),
        verdict; a scale a row.
    pairs : DataFrame
        first, second, correlation of the factors, htmt with its interval ci_low to ci_high, htmt2,
        p_below_85 and p_below_90 (bootstrap probabilities that HTMT lies below), fornell_larcker
        (whether both AVE exceed the squared correlation), verdict; a pair of scales a row.
    htmt, htmt2, fornell_larcker : DataFrame of shape (scales, scales)
        Ratios by arithmetic and by geometric means, 1 on the diagonal; √AVE on the diagonal with
        factor correlations beside it.
    n_used : int
        Respondents.
    replicates : int
        Bootstrap replicates that had correlations.
    method : str
        Where the replicates come from.
    confidence : float
        Level of the interval of HTMT, and probability asked of a verdict.
    warnings : tuple of str
    """

    scales: pd.DataFrame
    pairs: pd.DataFrame
    htmt: pd.DataFrame
    htmt2: pd.DataFrame
    fornell_larcker: pd.DataFrame
    n_used: int
    replicates: int
    method: str
    confidence: float
    warnings: tuple[str, ...] = ()

    @property
    def composite_reliability(self) -> pd.Series:
        """Composite reliability of each scale."""
        return self.scales.set_index("scale")["composite_reliability"]

    @property
    def ave(self) -> pd.Series:
        """Average variance extracted of each scale."""
        return self.scales.set_index("scale")["ave"]

    def to_frame(self) -> pd.DataFrame:
        """Scales, one a row; pairs of them stand in `pairs`."""
        return self.scales.copy()


def assess_validity(
    solution: Solution,
    answers: ItemTable,
    *,
    bootstrap: int = 1000,
    rng: int | np.random.Generator = 0,
    confidence: float = 0.95,
    warnings: Sequence[str] = (),
) -> ValidityResult:
    """Assess the scales of an estimated factor model.

    Parameters
    ----------
    solution : Solution
        Estimated model.
    answers : ItemTable
        Answers that it was estimated from.
    bootstrap : int
        Replicates behind the probabilities and intervals of HTMT; 0 for none.
    rng : int or Generator
        Source of chance.
    confidence : float
        Level of the interval of HTMT, and probability asked of a verdict.
    warnings : sequence of str
        Warnings of the factor model, which hold here too.

    Returns
    -------
    ValidityResult

    Raises
    ------
    InputError
        If `bootstrap` is no whole number of zero or more.

    Notes
    -----
    With loadings λ, factor variance ψ and residual variances θ, composite reliability is
    (Σ|λ|)²ψ / ((Σ|λ|)²ψ + Σθ): items are keyed by the sign of their loading first. AVE is
    Σλ²ψ / (Σλ²ψ + Σθ). HTMT is the mean |correlation| between items of two scales over the root of
    the product of their mean |correlations| within; HTMT2 takes geometric means, which suits
    unequal loadings. Replicates resample complete respondents; under 'wlsmv' they are drawn from
    the normal distribution of the polychoric correlations.

    References
    ----------
    Fornell, C. & Larcker, D. F. (1981). Evaluating structural equation models with unobservable
    variables and measurement error. Journal of Marketing Research 18(1), 39–50.

    Henseler, J., Ringle, C. M. & Sarstedt, M. (2015). A new criterion for assessing discriminant
    validity. Journal of the Academy of Marketing Science 43, 115–135, equation 6.

    Roemer, E., Schuberth, F. & Henseler, J. (2021). HTMT2: an improved criterion. Industrial
    Management & Data Systems 121(12), 2637–2650.

    Checked against ``semTools::reliability`` and ``semTools::htmt``, semTools 0.5-6.
    """
    check_whole(bootstrap, "bootstrap", 0)
    names = list(solution.model.scales)
    member = solution.model.membership.astype(float)
    sd = np.sqrt(np.diag(solution.covariance))
    sample = solution.covariance / np.outer(sd, sd)
    scales = _scale_table(solution, member)
    generator, notes = check_rng(rng), list(warnings)
    complete = int(np.isfinite(answers.values).all(axis=1).sum())
    if bootstrap and complete <= len(sample):
        bootstrap = 0
        notes.append(
            note("HTMT has no interval: {n} respondents with every answer are too few to resample.", n=complete)
        )
    replicates = _replicates(solution, sample, answers, bootstrap, generator)
    arithmetic, geometric = _htmt(sample[None], member)[0], _htmt(sample[None], member, geometric=True)[0]
    draws = _htmt(replicates, member)
    larcker = solution.correlations.copy()
    np.fill_diagonal(larcker, np.sqrt(scales["ave"]))

    def table(values: Floats) -> pd.DataFrame:
        return pd.DataFrame(values, index=names, columns=names)

    return ValidityResult(
        scales=scales,
        pairs=_pair_table(names, larcker, arithmetic, geometric, draws, confidence),
        htmt=table(arithmetic),
        htmt2=table(geometric),
        fornell_larcker=table(larcker),
        n_used=len(answers.values),
        replicates=len(draws),
        method=note("draws from the polychoric correlations' errors")
        if solution.ordinal
        else note("bootstrap of respondents"),
        confidence=confidence,
        warnings=tuple(notes),
    )


def _scale_table(solution: Solution, member: Floats) -> pd.DataFrame:
    """Composite reliability and AVE, from unstandardized figures or, under 'wlsmv', standardized ones."""
    matrices = solution.matrices
    psi, theta = np.diag(matrices.factors), np.diag(matrices.residuals) @ member
    total = np.abs(matrices.loadings).sum(axis=0) ** 2 * psi
    common = (matrices.loadings**2).sum(axis=0) * psi
    reliability, ave = total / (total + theta), common / (common + theta)
    size = np.abs(solution.standardized)
    return pd.DataFrame(
        {
            "scale": list(solution.model.scales),
            "items": member.sum(axis=0).astype(int),
            "composite_reliability": reliability,
            "ave": ave,
            "smallest_loading": [size[own > 0].min() for own in member.T],
            "verdict": [_convergent(a, r) for a, r in zip(ave, reliability, strict=True)],
        }
    )


def _convergent(ave: float, reliability: float) -> str:
    if ave >= 0.5:
        return note("items belong together")
    if reliability >= 0.6:
        return note("acceptable: AVE below .5, but composite reliability at least .6")
    return note("weak: more error than common ground in these items")


def _htmt(correlations: Floats, member: Floats, *, geometric: bool = False) -> Floats:
    """Heterotrait–monotrait ratios (replicates × scales × scales) of correlation matrices."""
    size = member.sum(axis=0)
    parts = np.abs(correlations)
    if geometric:
        parts = np.log(np.maximum(parts, np.finfo(float).tiny))
    pairs = np.outer(size, size)
    np.fill_diagonal(pairs, size * (size - 1))
    # The diagonal of ones is no correlation between items: it counts 0 in logarithms and leaves the sums otherwise.
    own = np.zeros_like(pairs) if geometric else np.diag(size)
    means = (member.T @ parts @ member - own) / pairs
    within = np.diagonal(means, axis1=1, axis2=2)
    within = within if geometric else np.maximum(within, _NOTHING)
    if geometric:
        return np.asarray(np.exp(means - (within[:, :, None] + within[:, None, :]) / 2))
    return np.asarray(means / np.sqrt(within[:, :, None] * within[:, None, :]))


def _replicates(solution: Solution, sample: Floats, answers: ItemTable, count: int, rng: np.random.Generator) -> Floats:
    """Correlation matrices as other samples would have given them."""
    if not count:
        return np.empty((0, *sample.shape))
    if solution.sampling is None:
        return resampled(answers.complete(), count, rng)
    lower = np.tril_indices(len(sample), -1)
    roots, vectors = np.linalg.eigh(solution.sampling)
    noise = rng.standard_normal((count, len(roots))) * np.sqrt(np.maximum(roots, 0.0)) @ vectors.T
    matrices = np.tile(np.eye(len(sample)), (count, 1, 1))
    matrices[:, lower[0], lower[1]] = matrices[:, lower[1], lower[0]] = np.clip(sample[lower] + noise, -1.0, 1.0)
    return matrices


def _pair_table(
    names: list[str], larcker: Floats, htmt: Floats, htmt2: Floats, draws: Floats, confidence: float
) -> pd.DataFrame:
    first, second = np.triu_indices(len(names), 1)
    own = draws[:, first, second]
    known = len(own) > 0
    tails = [(1 - confidence) / 2, (1 + confidence) / 2]
    low, high = np.quantile(own, tails, axis=0) if known else np.full((2, len(first)), np.nan)
    strict, liberal = (
        (own < limit).mean(axis=0) if known else np.full(len(first), np.nan) for limit in (STRICT, LIBERAL)
    )
    ratios = htmt[first, second]
    return pd.DataFrame(
        {
            "first": [names[i] for i in first],
            "second": [names[i] for i in second],
            "correlation": larcker[first, second],
            "htmt": ratios,
            "ci_low": low,
            "ci_high": high,
            "htmt2": htmt2[first, second],
            "p_below_85": strict,
            "p_below_90": liberal,
            "fornell_larcker": np.minimum(np.diag(larcker)[first], np.diag(larcker)[second])
            > np.abs(larcker[first, second]),
            "verdict": [_distinct(*pair, confidence) for pair in zip(ratios, strict, liberal, strict=True)],
        }
    )


def _distinct(ratio: float, strict: float, liberal: float, confidence: float) -> str:
    if strict >= confidence:
        return note("distinct: HTMT is below .85 with probability {p}", p=_chance(strict))
    if liberal >= confidence:
        return note("distinct by the liberal bound: HTMT is below .90 with probability {p}", p=_chance(liberal))
    if np.isnan(strict):
        below, above = note("below .85, without an interval"), note("not below .85, without an interval")
        return below if ratio < STRICT else above
    if ratio < LIBERAL:
        return note("not certain: HTMT is below .90 with probability {p} only", p=_chance(liberal))
    return note("not distinct: the two hardly differ from one scale")


def _chance(probability: float) -> str:
    return note("above .99") if probability > 0.99 else f"{probability:.2f}".lstrip("0")
