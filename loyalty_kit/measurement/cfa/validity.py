"""Validity of a factor model's scales: whether their items belong together, and whether they differ from each other."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.core.checks import check_rng, check_whole
from loyalty_kit.core.messages import message
from loyalty_kit.core.results import Result
from loyalty_kit.measurement.cfa.solution import Solution
from loyalty_kit.measurement.cfa.soundness import Standing, sample_correlation, scale_independence, standing
from loyalty_kit.measurement.correlations.items import ItemTable, resampled
from loyalty_kit.measurement.factors.adequacy import UNRELATED
from loyalty_kit.statistics.moments import Floats
from loyalty_kit.survey.codebook import Codebook

_NOTHING = 1e-12

Convergence = Literal["together", "acceptable", "weak", "unrelated", "not converged", "improper"]
"""AVE at least .5; below it, but composite reliability at least .6; neither; items that hardly correlate with one
another; a model that did not converge; one that has no proper solution."""

Distinctness = Literal["distinct", "overlapping", "not settled", "untold", "below", "not below"]
"""The interval of HTMT lies wholly below .90; wholly at or above; holds .90; the items of a scale hardly correlate;
without an interval, the ratio lies below .85 or not."""

STRICT, LIBERAL = 0.85, 0.90
"""Customary bounds of HTMT; a verdict is by the second, which the whole interval must keep to."""

SHARED, RELIABLE = 0.5, 0.6
"""AVE from which items belong together, and composite reliability from which they do acceptably."""


@dataclass(frozen=True, eq=False)
class ValidityResult(Result):
    """Convergent and discriminant validity.

    Attributes
    ----------
    scales : DataFrame
        scale, items, composite_reliability, ave, smallest_loading (standardized, without its sign),
        independence_p (of Bartlett's test that the scale's items do not correlate), verdict ('together',
        'acceptable', 'weak', or why there is none: 'unrelated', 'not converged', 'improper'); a scale a row.
    pairs : DataFrame
        first, second, correlation of the factors, htmt with its interval ci_low to ci_high, htmt2,
        p_below_85 and p_below_90 (bootstrap probabilities that HTMT lies below), fornell_larcker
        (whether both AVE exceed the squared correlation), verdict ('distinct', 'overlapping',
        'not settled', 'untold', or without an interval 'below' and 'not below'); a pair of scales a row.
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
        Level of the interval of HTMT, by which a pair is judged.
    warnings : tuple of str
    codebook : Codebook
        What the survey asked; an empty one where the structure came as a dict.
    standing : str
        Whether the figures of the factor model are estimates, as that of `CfaResult`.
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
    codebook: Codebook = Codebook()
    standing: Standing = "proper"

    @property
    def composite_reliability(self) -> pd.Series:
        """Composite reliability of each scale."""
        return self.scales.set_index("scale")["composite_reliability"]

    @property
    def ave(self) -> pd.Series:
        """Average variance extracted of each scale."""
        return self.scales.set_index("scale")["ave"]

    def to_frame(self) -> pd.DataFrame:
        """Scales, one a row; pairs of them stand in `pairs`. Figures are missing where they are no estimates."""
        return self.told.scales.copy()

    @property
    def told(self) -> "ValidityResult":
        """The result as it may be read: what rests on a model without estimates missing, HTMT left."""
        if self.standing not in {"not converged", "improper"}:
            return self
        rest = ["composite_reliability", "ave", "smallest_loading"]
        judged = self.pairs.astype({"fornell_larcker": object})
        return replace(
            self,
            scales=self.scales.assign(**dict.fromkeys(rest, np.nan)),
            pairs=judged.assign(correlation=np.nan, fornell_larcker=None),
            fornell_larcker=self.fornell_larcker * np.nan,
        )


def assess_validity(
    solution: Solution,
    answers: ItemTable,
    *,
    bootstrap: int = 1000,
    rng: int | np.random.Generator = 0,
    confidence: float = 0.95,
    warnings: Sequence[str] = (),
    codebook: Codebook,
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
        Level of the interval of HTMT, by which a pair is judged.
    warnings : sequence of str
        Warnings of the factor model, which hold here too.
    codebook : Codebook
        What the survey asked.

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
    Σλ²ψ / (Σλ²ψ + Σθ). Cross-loadings and residual covariances that the user adds count among what is not the
    scale's own: the sums below are then the implied variances of the keyed sum and of the items.

    HTMT is the mean |correlation| between items of two scales over the root of
    the product of their mean |correlations| within; HTMT2 takes geometric means, which suits
    unequal loadings. Replicates resample complete respondents; under 'wlsmv' they are drawn from
    the normal distribution of the polychoric correlations.

    Two scales are distinct where the whole interval of HTMT lies below .90, overlapping where it lies
    at or above, else not settled. Where the items of a scale hardly correlate (Bartlett's test, 5 %)
    HTMT is nothing over nothing and says nothing. Scales of a model without a proper solution are not judged.

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
    sample = sample_correlation(solution)
    scales = scale_table(solution, answers, member)
    generator, notes = check_rng(rng), list(warnings)
    complete = int(np.isfinite(answers.values).all(axis=1).sum())
    if bootstrap and complete <= len(sample) and not solution.ordinal:
        bootstrap = 0
        notes.append(
            message("HTMT has no interval: {n} respondents with every answer are too few to resample.", n=complete)
        )
    replicates = _replicates(solution, sample, answers, bootstrap, generator)
    arithmetic, geometric = _htmt(sample[None], member)[0], _htmt(sample[None], member, geometric=True)[0]
    draws = _htmt(replicates, member)
    related = scales["independence_p"].to_numpy() < UNRELATED
    larcker = solution.correlations.copy()
    np.fill_diagonal(larcker, np.sqrt(scales["ave"]))

    def table(values: Floats) -> pd.DataFrame:
        return pd.DataFrame(values, index=names, columns=names)

    return ValidityResult(
        scales=scales,
        pairs=_pair_table(names, larcker, arithmetic, geometric, draws, confidence, related),
        htmt=table(arithmetic),
        htmt2=table(geometric),
        fornell_larcker=table(larcker),
        n_used=len(answers.values),
        replicates=len(draws),
        method=message("draws from the polychoric correlations' errors")
        if solution.ordinal
        else message("bootstrap of respondents"),
        confidence=confidence,
        warnings=tuple(notes),
        codebook=codebook,
        standing=standing(solution),
    )


def scale_table(solution: Solution, answers: ItemTable, member: Floats) -> pd.DataFrame:
    """Composite reliability and AVE, from unstandardized figures or, under 'wlsmv', standardized ones."""
    matrices = solution.matrices
    psi, own = np.diag(matrices.factors), matrices.loadings * member
    keyed = member * np.where(own < 0, -1.0, 1.0)
    reliability = np.abs(own).sum(axis=0) ** 2 * psi / ((matrices.covariance @ keyed) * keyed).sum(axis=0)
    ave = (own**2).sum(axis=0) * psi / (np.diag(matrices.covariance) @ member)
    size, chance, how = np.abs(solution.standardized), scale_independence(solution, answers), standing(solution)
    return pd.DataFrame(
        {
            "scale": list(solution.model.scales),
            "items": member.sum(axis=0).astype(int),
            "composite_reliability": reliability,
            "ave": ave,
            "smallest_loading": [size[own > 0].min() for own in member.T],
            "independence_p": chance,
            "verdict": [_convergent(*row, how) for row in zip(ave, reliability, chance, strict=True)],
        }
    )


def _convergent(ave: float, reliability: float, chance: float, how: Standing) -> Convergence:
    """Judge whether a scale's items belong together, or say why that is not judged."""
    if chance >= UNRELATED:
        return "unrelated"
    if how == "not converged":
        return "not converged"
    if how != "proper":
        return "improper"
    if ave >= SHARED:
        return "together"
    return "acceptable" if reliability >= RELIABLE else "weak"


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
    names: list[str],
    larcker: Floats,
    htmt: Floats,
    htmt2: Floats,
    draws: Floats,
    confidence: float,
    related: npt.NDArray[np.bool_],
) -> pd.DataFrame:
    first, second = np.triu_indices(len(names), 1)
    own = draws[:, first, second]
    known = len(own) > 0
    tails = [(1 - confidence) / 2, (1 + confidence) / 2]
    low, high = np.quantile(own, tails, axis=0) if known else np.full((2, len(first)), np.nan)
    strict, liberal = (
        (own < limit).mean(axis=0) if known else np.full(len(first), np.nan) for limit in (STRICT, LIBERAL)
    )
    ratios, related_pair = htmt[first, second], related[first] & related[second]
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
            "verdict": [_distinct(*pair) for pair in zip(ratios, low, high, related_pair, strict=True)],
        }
    )


def _distinct(ratio: float, low: float, high: float, related: bool) -> Distinctness:
    """Judge a pair by where the interval lies, an end on the bound counting as above it."""
    if not related:
        return "untold"
    if np.isnan(low):
        return "below" if ratio < STRICT else "not below"
    if high < LIBERAL:
        return "distinct"
    return "overlapping" if low >= LIBERAL else "not settled"
