"""How many factors: parallel analysis, minimum average partial, empirical Kaiser criterion, and their vote."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.core.checks import check_choice, check_level, check_whole
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import message
from loyalty_kit.core.results import Result
from loyalty_kit.measurement.correlations.correlation import (
    Correlation,
    answers_behind,
    as_correlation,
    check_factorable,
)
from loyalty_kit.measurement.correlations.items import ItemTable, resampled
from loyalty_kit.measurement.factors.eigenvalues import (
    average_partials,
    common_factors,
    components,
    independent,
    kaiser_references,
    permuted,
)
from loyalty_kit.measurement.factors.factor_sharing import sharing
from loyalty_kit.statistics.moments import Floats
from loyalty_kit.survey.codebook import Codebook

Null = Literal["normal", "permutation"]
Curves = tuple[Floats, Floats, Floats]
Counts = npt.NDArray[np.int_]

METHODS = ("parallel_components", "parallel_factors", "map", "empirical_kaiser")
"""Methods that vote, in the order of every table."""

EIGENVALUES = ("components", "components_null", "factors", "factors_null", "kaiser")
"""Columns of the table of eigenvalues."""

_SEARCHES = 200
"""Bootstrap samples that are searched for factors again: a share of a half is then known to .035."""


@dataclass(frozen=True, eq=False)
class RetentionResult(Result):
    """Number of factors by several methods, with what they compare.

    Attributes
    ----------
    vote : int
        Answer that most methods give; of answers given equally often that of parallel analysis of
        common factors, if it is among them, else the smallest.
    answers : Series of shape (methods,)
        Number of factors by each method.
    eigenvalues : DataFrame of shape (items, 5)
        A row for each position from 1: components (of the correlation matrix), components_null (its
        quantile where nothing correlates), factors (with one common factor's communalities on the
        diagonal), factors_null, kaiser (reference of the empirical Kaiser criterion).
    partials : Series of shape (items − 1,)
        Mean squared partial correlation after removing 0, 1, 2, … components: MAP's curve.
    null_components, null_factors : DataFrame of shape (simulations, items)
        Simulated eigenvalues behind the null columns.
    shares : DataFrame of shape (numbers, methods + 1) or None
        Share of bootstrap samples in which each method, and the vote, gives each number.
    quantile : float
        Of the simulated eigenvalues, that an observed one must exceed.
    null : str
        'normal' or 'permutation'.
    simulations, bootstrap : int
        Numbers of null data sets and of bootstrap samples.
    n : float
        Respondents, Kish's effective number under weights.
    n_used, n_dropped : int
        Respondents.
    method : str
        Kind of correlations.
    warnings : tuple of str
        What a reader of the answers must know.
    claimed : int or None
        Number of factors that the codebook claims: its reflective scales of two items or more.
    together : DataFrame of shape (scales, scales) or None
        Share of bootstrap samples in which two such scales share a factor of the open search, each sample
        with as many factors as its vote says: of the first 200.
    """

    vote: int
    answers: pd.Series
    eigenvalues: pd.DataFrame
    partials: pd.Series
    null_components: pd.DataFrame
    null_factors: pd.DataFrame
    shares: pd.DataFrame | None
    quantile: float
    null: str
    simulations: int
    bootstrap: int
    n: float
    n_used: int
    n_dropped: int
    method: str
    warnings: tuple[str, ...] = ()
    claimed: int | None = None
    together: pd.DataFrame | None = None

    def to_frame(self) -> pd.DataFrame:
        """Table of the answers: method, factors, share (of bootstrap samples with that answer), n, quantile, null."""
        answers = pd.concat([self.answers, pd.Series({"vote": self.vote})])
        simulated = answers.index.str.startswith("parallel")
        shares = [np.nan if self.shares is None else self.shares.loc[k, name] for name, k in answers.items()]
        return pd.DataFrame(
            {
                "method": answers.index,
                "factors": answers.to_numpy(),
                "share": shares,
                "n": self.n,
                "quantile": np.where(simulated, self.quantile, np.nan),
                "null": np.where(simulated, self.null, ""),
            }
        )


def retain(
    items_or_correlation: Any,
    *,
    quantile: float = 0.95,
    null: Null = "normal",
    simulations: int = 500,
    bootstrap: int = 0,
    n: float | None = None,
    weight: Any = None,
    codebook: Codebook | None = None,
    rng: int | np.random.Generator = 0,
) -> RetentionResult:
    """Find the number of factors to retain.

    Parameters
    ----------
    items_or_correlation : DataFrame of shape (respondents, items), Correlation, or labelled matrix
        Items (Pearson correlations of complete respondents), the result of `correlate`, or a
        DataFrame of correlations with the same labels in rows and columns.
    quantile : float
        Quantile of the null eigenvalues that an observed one must exceed.
    null : {'normal', 'permutation'}
        Data in which nothing correlates: independent normal answers, or the answers of each item
        shuffled, which keeps their distributions and needs items.
    simulations : int
        Number of null data sets, at least 20.
    bootstrap : int
        Number of resamples of the respondents, for the share of each answer; needs items.
    n : float, optional
        Respondents behind a labelled matrix, and needed with it.
    weight : str or array-like of shape (respondents,), optional
        Survey weights, with items.
    codebook : Codebook, optional
        What the survey claims, which a report sets beside the answers.
    rng : int or Generator
        Source of chance.

    Returns
    -------
    RetentionResult

    Raises
    ------
    InputError
        If an item has no answer or never varies, items determine one another, there are not more
        respondents than items, or shuffling or resampling is asked of a correlation matrix.

    Notes
    -----
    Parallel analysis retains the leading eigenvalues that exceed the quantile of those of null data,
    position by position: of the correlation matrix (components), and with the communalities of one
    common factor on its diagonal (factors). MAP retains as many components as leave the least mean
    squared partial correlation. The empirical Kaiser criterion retains the leading λⱼ above
    max((1 + √(p/n))² (p − Σᵢ<ⱼ λᵢ) / (p − j + 1), 1). Resampling spreads eigenvalues apart a second
    time, so the bootstrap's curves are first moved, position by position, to have the sample's mean.

    References
    ----------
    Horn, J. L. (1965). A rationale and test for the number of factors in factor analysis.
    Psychometrika 30(2), 179–185.

    Velicer, W. F. (1976). Determining the number of components from the matrix of partial
    correlations. Psychometrika 41(3), 321–327.

    Braeken, J., & van Assen, M. A. L. M. (2017). An empirical Kaiser criterion. Psychological Methods
    22(3), 450–466, equation 2.

    Checked against ``psych::fa.parallel`` and ``psych::VSS``, psych 2.2.9.

    Examples
    --------
    >>> pairs = [[1, 0.6, 0.1, 0.1], [0.6, 1, 0.1, 0.1], [0.1, 0.1, 1, 0.5], [0.1, 0.1, 0.5, 1]]
    >>> names = ["A1", "A2", "B1", "B2"]
    >>> retain(pd.DataFrame(pairs, index=names, columns=names), n=200).answers.to_dict()
    {'parallel_components': 2, 'parallel_factors': 2, 'map': 0, 'empirical_kaiser': 2}
    """
    check_level(quantile, "quantile")
    check_choice(null, "null", ("normal", "permutation"))
    check_whole(simulations, "simulations", 20)
    check_whole(bootstrap, "bootstrap", 0)
    correlation = _sized_correlation(items_or_correlation, n, weight)
    table = None
    if null == "permutation" or bootstrap:
        table = answers_behind(items_or_correlation, correlation, weight=weight)
    chance = np.random.default_rng(rng)
    simulated = _null_eigenvalues(correlation, table if null == "permutation" else None, simulations, chance)
    limits = np.quantile(simulated[0], quantile, axis=0), np.quantile(simulated[1], quantile, axis=0)
    curves = _curves(correlation.matrix.to_numpy()[None])
    found = _answers(curves, limits, correlation.n)[0]
    claimed = _claimed(codebook, [str(name) for name in correlation.matrix]) if codebook is not None else None
    shares, together, lost = None, None, 0
    if table is not None and bootstrap:
        drawn = resampled(table, bootstrap, chance)
        answers = _answers(_centred(_curves(drawn), curves), limits, correlation.n)
        shares, lost = _shares(answers, found.max()), bootstrap - len(drawn)
        together = sharing(drawn[:_SEARCHES], answers[:_SEARCHES, -1], claimed) if claimed and len(drawn) else None
    places = pd.RangeIndex(1, len(correlation.matrix) + 1)
    return RetentionResult(
        vote=int(found[-1]),
        answers=pd.Series(found[:-1], index=list(METHODS)),
        eigenvalues=_eigenvalues(curves, limits, correlation.n).set_index(places),
        partials=pd.Series(curves[2][0]),
        null_components=pd.DataFrame(simulated[0], columns=places),
        null_factors=pd.DataFrame(simulated[1], columns=places),
        shares=shares,
        quantile=quantile,
        null=null,
        simulations=simulations,
        bootstrap=bootstrap,
        n=correlation.n,
        n_used=correlation.n_used,
        n_dropped=correlation.n_dropped,
        method=message("{kind} correlations", kind=correlation.method),
        warnings=(*correlation.warnings, *_warnings(found, correlation.method, null, lost)),
        claimed=None if claimed is None else len(claimed),
        together=together,
    )


def _claimed(codebook: Codebook, items: list[str]) -> dict[str, list[int]]:
    """Where the items of each reflective scale of two items or more stand, those left out aside."""
    scales = {name: scale.items for name, scale in codebook.reflective().items() if len(scale.items) > 1}
    return {name: [items.index(item) for item in own if item in items] for name, own in scales.items()}


def _sized_correlation(items_or_correlation: Any, n: float | None, weight: Any) -> Correlation:
    """Correlation that can be factored, with the number of respondents behind it."""
    correlation = as_correlation(items_or_correlation, n=n, weight=weight)
    check_factorable(correlation)
    if not np.isfinite(correlation.n):
        raise InputError("'n' is needed beside a correlation matrix: how many factors stand out depends on it.")
    return correlation


def _null_eigenvalues(
    correlation: Correlation, shuffled: ItemTable | None, simulations: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Eigenvalues, of components and of common factors, of data in which nothing correlates."""
    if shuffled is not None:
        matrices = permuted(shuffled, simulations, rng)
    else:
        matrices = independent(correlation.n, len(correlation.matrix), simulations, rng)
    return components(matrices), common_factors(matrices)


def _curves(matrices: Floats) -> Curves:
    return components(matrices), common_factors(matrices), average_partials(matrices)


def _eigenvalues(curves: Curves, limits: tuple[Floats, Floats], n: float) -> pd.DataFrame:
    """Observed eigenvalues beside what they must exceed."""
    kaiser = kaiser_references(curves[0], n)[0]
    columns = (curves[0][0], limits[0], curves[1][0], limits[1], kaiser)
    return pd.DataFrame(dict(zip(EIGENVALUES, columns, strict=True)))


def _centred(drawn: Curves, observed: Curves) -> Curves:
    """Curves of resamples moved, as a whole, onto the sample's: resampling stretches them a second time."""
    roots, factors, partials = (d - d.mean(axis=0) + o for d, o in zip(drawn, observed, strict=True))
    return roots, factors, partials


def _answers(curves: Curves, limits: tuple[Floats, Floats], n: float) -> Counts:
    """Answers of each method, and of their vote, to each matrix."""
    roots, factors, partials = curves
    by_kaiser = _leading(roots > kaiser_references(roots, n))
    parallel = _leading(roots > limits[0]), _leading(factors > limits[1])
    answers = np.column_stack([*parallel, partials.argmin(axis=1), by_kaiser])
    return np.column_stack([answers, [_vote(row) for row in answers]])


def _vote(answers: Counts) -> int:
    """Most frequent answer; of tied ones that of parallel analysis of common factors, else the smallest."""
    counts = np.bincount(answers)
    tied = np.flatnonzero(counts == counts.max())
    by_factors = int(answers[METHODS.index("parallel_factors")])
    return by_factors if by_factors in tied else int(tied[0])


def _leading(above: npt.NDArray[np.bool_]) -> Counts:
    """Length of each row's unbroken run of True from its start."""
    return np.asarray(np.cumprod(above, axis=1).sum(axis=1))


def _shares(answers: Counts, most: int) -> pd.DataFrame:
    """Share of each number among the answers of each method."""
    numbers = np.arange(max(int(answers.max()), most) + 1)
    shares = (answers[:, :, None] == numbers).mean(axis=0).T
    return pd.DataFrame(shares, index=pd.Index(numbers, name="factors"), columns=[*METHODS, "vote"])


def _warnings(answers: Counts, method: str, null: str, lost: int) -> list[str]:
    """Sentences on what makes the answers less certain than they look."""
    warnings: list[str] = []
    low, high = int(answers.min()), int(answers.max())
    if low < high:
        warnings.append(message("The methods disagree: {low} to {high} factors.", low=low, high=high))
    if method in ("spearman", "polychoric") and null == "normal":
        warnings.append(
            message("The null eigenvalues are those of Pearson correlations; {kind} ones scatter more.", kind=method)
        )
    if lost:
        warnings.append(message("{lost} bootstrap samples in which an item never varies were left out.", lost=lost))
    return warnings
