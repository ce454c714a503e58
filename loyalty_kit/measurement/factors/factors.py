"""Exploratory factor analysis: extraction, rotation, fit and factor scores in one result."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from loyalty_kit.core.checks import check_whole
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import message
from loyalty_kit.core.results import Result
from loyalty_kit.measurement.correlations.correlation import Correlation, as_correlation, check_factorable
from loyalty_kit.measurement.correlations.items import numeric_frame
from loyalty_kit.measurement.factors.factor_fit import factor_fit
from loyalty_kit.measurement.factors.factor_scores import ScoreMethod, score_weights
from loyalty_kit.measurement.factors.fit_indices import RMSEA_CONFIDENCE
from loyalty_kit.measurement.factors.rotation import Rotation, RotationMethod, rotate
from loyalty_kit.statistics.extraction import Extraction, Method, extract
from loyalty_kit.statistics.moments import Floats
from loyalty_kit.survey.codebook import Codebook

SALIENT = 0.3
"""Loading from which an item counts as marking a factor."""

FEWEST_MARKERS = 3
"""Marking items below which a factor is called weak."""

_EMPTY = 1e-8


@dataclass(frozen=True, eq=False)
class FactorResult(Result):
    """Exploratory factor solution.

    Factors stand in order of the variance they explain, each rotated so that its loadings sum to zero
    or more; every matrix has that order and those signs.

    Attributes
    ----------
    loadings : DataFrame of shape (items, factors)
        Pattern Λ: weights of the factors in each item.
    factor_correlations : DataFrame of shape (factors, factors)
        Φ; the identity unless the rotation is oblique.
    structure : DataFrame of shape (items, factors)
        ΛΦ: correlations of items and factors.
    communalities, uniqueness : Series of shape (items,)
        diag(ΛΦΛᵀ) and 1 less it; a Heywood case can leave a uniqueness of zero or below.
    complexity : Series of shape (items,)
        Hofmann's number of factors that an item draws on.
    variance : DataFrame of shape (factors, 3)
        ss_loadings, the diagonal of ΦΛᵀΛ; proportion of the items' variance; cumulative.
    fit : Series
        chi2, df, p_value, rmsr, rmsea, rmsea_low, rmsea_high, tli, bic; NaN without n.
    residual_correlations : DataFrame of shape (items, items)
        R − ΛΦΛᵀ off the diagonal, zero on it.
    correlation : Correlation
        What was factored.
    extraction, rotation : str
        Methods.
    criterion : float
        Value of the rotation's criterion, lower being simpler; NaN where nothing was rotated.
    solutions : int
        Different solutions that the rotation's starts led to; the best is kept.
    n_used, n_dropped : int
        Respondents.
    method : str
        Extraction, rotation and correlation, for a table's note.
    confidence : float
        Level of the RMSEA's interval, 0.90.
    warnings : tuple of str
        What a reader of the solution must know.
    codebook : Codebook
        What the survey asked; an empty one where none was given.
    """

    loadings: pd.DataFrame
    factor_correlations: pd.DataFrame
    structure: pd.DataFrame
    communalities: pd.Series
    uniqueness: pd.Series
    complexity: pd.Series
    variance: pd.DataFrame
    fit: pd.Series
    residual_correlations: pd.DataFrame
    correlation: Correlation
    extraction: str
    rotation: str
    criterion: float
    solutions: int
    n_used: int
    n_dropped: int
    method: str
    confidence: float = RMSEA_CONFIDENCE
    warnings: tuple[str, ...] = ()
    codebook: Codebook = Codebook()

    def to_frame(self) -> pd.DataFrame:
        """Table of the items: item, a loading for each factor, communality, uniqueness, complexity."""
        extra = {"communality": self.communalities, "uniqueness": self.uniqueness, "complexity": self.complexity}
        return self.loadings.assign(**extra).rename_axis("item").reset_index()

    def scores(self, items: Any, *, method: ScoreMethod = "regression") -> pd.DataFrame:
        """Factor scores of respondents.

        Parameters
        ----------
        items : DataFrame of shape (respondents, items)
            Answers; more columns may be there. They are standardized by the means and standard
            deviations of the respondents that the factors come from, where those are known, so that
            the scores of two waves can be compared; otherwise by their own.
        method : {'regression', 'bartlett', 'tenberge'}
            See `loyalty_kit.measurement.factors.factor_scores.score_weights`.

        Returns
        -------
        DataFrame of shape (respondents, factors)
            NaN for respondents who leave an item out.

        Raises
        ------
        InputError
            If an item is absent or not numeric, or the method unknown.
        """
        answers = numeric_frame(items, list(self.loadings.index))
        r, phi = self.correlation.matrix.to_numpy(), self.factor_correlations.to_numpy()
        weights = score_weights(r, self.loadings.to_numpy(), phi, method)
        means, sds = self.correlation.means, self.correlation.sds
        if means is None or sds is None:
            means, sds = answers.mean(), answers.std()
        scores = ((answers - means) / sds).to_numpy() @ weights
        return pd.DataFrame(scores, index=answers.index, columns=self.loadings.columns)


def efa(
    items_or_correlation: Any,
    *,
    factors: int,
    extraction: Method = "minres",
    rotation: RotationMethod = "oblimin",
    n: float | None = None,
    weight: Any = None,
    codebook: Codebook | None = None,
    starts: int = 10,
    rng: int | np.random.Generator = 0,
) -> FactorResult:
    """Exploratory factor analysis of items.

    Parameters
    ----------
    items_or_correlation : DataFrame of shape (respondents, items), Correlation, or labelled matrix
        Items (Pearson correlations of complete respondents), the result of `correlate`, or a
        DataFrame of correlations with the same labels in rows and columns.
    factors : int
        Number of factors, fewer than items.
    extraction : {'minres', 'ml', 'pa'}
        Least squares of the residual correlations, maximum likelihood, iterated principal axes.
    rotation : {'none', 'varimax', 'promax', 'oblimin', 'geomin', 'quartimax', 'equamax', 'oblimax', 'geomin_ort'}
        'promax', 'oblimin' and 'geomin' let factors correlate, the others do not. Quartimax favours one
        general factor, equamax factors of like weight; oblimax gives the loadings of quartimax. See
        `loyalty_kit.measurement.factors.rotation.rotate`.
    n : float, optional
        Respondents behind a labelled matrix; without it there is no test of fit.
    weight : str or array-like of shape (respondents,), optional
        Survey weights, with items.
    codebook : Codebook, optional
        Names a factor by a scale where all of the scale's items load most on it and no other scale's
        item does; factors are otherwise F1, F2, …
    starts : int
        Starts of the rotation: the unrotated loadings and random rotations of them.
    rng : int or Generator
        Source of the random starts.

    Returns
    -------
    FactorResult

    Raises
    ------
    InputError
        If an item has no answer or never varies, items determine one another, there are not more
        respondents than items, or factors are not fewer than items.

    Notes
    -----
    The model is R = ΛΦΛᵀ + Ψ. See `extract` and `rotate` for how Λ and Φ are found and `factor_fit`
    for the fit. A factor marked by fewer than three items (loadings of at least 0.3) is called weak.

    References
    ----------
    Hofmann, R. J. (1978). Complexity and simplicity as objective indices descriptive of factor
    solutions. Multivariate Behavioral Research 13(2), 247–250.

    Checked against ``psych::fa(R, k, n.obs = n, fm = extraction, rotate = rotation)``, psych 2.2.9.

    Examples
    --------
    >>> pairs = [[1, 0.6, 0.1, 0.1], [0.6, 1, 0.1, 0.1], [0.1, 0.1, 1, 0.5], [0.1, 0.1, 0.5, 1]]
    >>> names = ["A1", "A2", "B1", "B2"]
    >>> found = efa(pd.DataFrame(pairs, index=names, columns=names), factors=2, n=200)
    >>> found.loadings.round(2).abs().to_numpy().tolist()
    [[0.77, 0.0], [0.77, 0.0], [0.0, 0.71], [0.0, 0.71]]
    """
    correlation = as_correlation(items_or_correlation, n=n, weight=weight)
    check_factors(factors, correlation)
    check_whole(starts, "starts", 1)
    r = correlation.matrix
    found = extract(r.to_numpy(), factors=factors, method=extraction)
    rotated = rotate(found.loadings, rotation, starts=starts, rng=rng)
    values, phi = arranged(rotated.loadings, rotated.factor_correlations)
    labels = _labels(values, list(r.columns), codebook)
    loadings = pd.DataFrame(values, index=r.columns, columns=labels)
    factor_correlations = pd.DataFrame(phi, index=labels, columns=labels)
    structure = loadings @ factor_correlations
    common = structure @ loadings.T
    communalities = pd.Series(np.diag(common), index=r.columns)
    fit = factor_fit(r.to_numpy(), common.to_numpy(), factors, correlation.n)
    return FactorResult(
        loadings=loadings,
        factor_correlations=factor_correlations,
        structure=structure,
        communalities=communalities,
        uniqueness=1 - communalities,
        complexity=(loadings**2).sum(axis=1) ** 2 / (loadings**4).sum(axis=1),
        variance=_variance((structure * loadings).sum(), len(r)),
        fit=fit,
        residual_correlations=(r - common).where(np.eye(len(r)) == 0, 0.0),
        correlation=correlation,
        extraction=extraction,
        rotation=rotation,
        criterion=rotated.criterion,
        solutions=rotated.solutions,
        n_used=correlation.n_used,
        n_dropped=correlation.n_dropped,
        method=f"{extraction}, {rotation}, {correlation.method} correlations",
        warnings=(*correlation.warnings, *_warnings(found, rotated, loadings, fit, starts)),
        codebook=codebook or Codebook(),
    )


def check_factors(factors: int, correlation: Correlation) -> None:
    """Refuse a number of factors or a matrix that no factor model fits."""
    check_whole(factors, "factors", 1)
    p = len(correlation.matrix)
    if factors >= p:
        raise InputError("'factors' must be fewer than the {count} items; got {given}.", count=p, given=str(factors))
    check_factorable(correlation)


def shared_factors(found: Extraction) -> int:
    """Count the factors that explain anything: fewer than asked for where the items hold no more."""
    return int(((found.loadings**2).sum(axis=0) > _EMPTY).sum())


def arranged(loadings: Floats, factor_correlations: Floats) -> tuple[Floats, Floats]:
    """Put loadings and Φ in order of the variance explained, each factor's loadings summing to zero or more."""
    order = np.argsort(-((loadings @ factor_correlations) * loadings).sum(axis=0), kind="stable")
    signs = np.where(loadings[:, order].sum(axis=0) < 0, -1.0, 1.0)
    return loadings[:, order] * signs, factor_correlations[np.ix_(order, order)] * np.outer(signs, signs)


def factors_by_scale(loadings: pd.DataFrame, codebook: Codebook) -> dict[str, set[Any]]:
    """Factors on which the items of each reflective scale load most; scales with an item left out are not there."""
    home = loadings.abs().idxmax(axis=1)
    return {
        name: set(home[list(scale.items)])
        for name, scale in codebook.reflective().items()
        if set(scale.items) <= set(home.index)
    }


def recovered_scales(found: Mapping[str, set[Any]]) -> dict[str, Any]:
    """Scales whose items share one factor on which no other scale's item loads most, with that factor."""
    return {
        name: next(iter(places))
        for name, places in found.items()
        if len(places) == 1 and sum(bool(places & others) for others in found.values()) == 1
    }


def _labels(loadings: Floats, names: Sequence[str], codebook: Codebook | None) -> list[str]:
    """Scale that each factor brings back whole and alone, else a number."""
    labels = [f"F{j + 1}" for j in range(loadings.shape[1])]
    if codebook is not None:
        homes = factors_by_scale(pd.DataFrame(loadings, index=list(names)), codebook)
        for name, place in recovered_scales(homes).items():
            labels[place] = name
    return labels


def _variance(explained: pd.Series, items: int) -> pd.DataFrame:
    share = explained / items
    return pd.DataFrame({"ss_loadings": explained, "proportion": share, "cumulative": share.cumsum()})


def _warnings(found: Extraction, rotated: Rotation, loadings: pd.DataFrame, fit: pd.Series, starts: int) -> list[str]:
    """Sentences on what went wrong, or might be taken for more than it is."""
    warnings: list[str] = []
    if not found.converged:
        warnings.append(message("The extraction did not converge; its estimates are not final."))
    if found.heywood:
        items = [loadings.index[i] for i in found.heywood]
        warnings.append(message("Heywood case: the factors leave no variance of its own to {items}.", items=items))
    factors, shared = loadings.shape[1], shared_factors(found)
    if shared < factors:
        counts = {"shared": shared, "factors": factors}
        warnings.append(
            message("The items share only {shared} of the {factors} factors asked for; the rest are empty.", **counts)
        )
    if not rotated.converged:
        warnings.append(message("The rotation did not converge; its loadings are not final."))
    if rotated.solutions > 1:
        counts = {"solutions": rotated.solutions, "starts": starts}
        warnings.append(
            message(
                "The rotation met {solutions} different solutions from {starts} starts; the best is shown.", **counts
            )
        )
    markers = (loadings.abs() >= SALIENT).sum()
    weak = list(markers.index[markers < FEWEST_MARKERS]) if rotated.rotated or len(markers) == 1 else []
    if weak:
        bounds = {"factors": weak, "least": FEWEST_MARKERS, "salient": SALIENT}
        warnings.append(
            message("{factors} is a weak factor: fewer than {least} items load {salient} or more.", **bounds)
            if len(weak) == 1
            else message("{factors} are weak factors: fewer than {least} items load {salient} or more.", **bounds)
        )
    if fit["df"] <= 0:
        warnings.append(message("The model has no degrees of freedom; whether it fits cannot be tested."))
    return warnings
