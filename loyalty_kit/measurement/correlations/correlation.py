"""Correlation matrices of items: Pearson, Spearman or polychoric, weighted, the input of factor analysis."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from loyalty_kit.core.checks import check_choice
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import message, shown
from loyalty_kit.core.results import Result
from loyalty_kit.measurement.correlations.items import ItemTable, check_varied, correlations, read_items
from loyalty_kit.measurement.correlations.polychoric import Polychoric, polychoric
from loyalty_kit.statistics.moments import Floats, Missing

CorrelationMethod = Literal["pearson", "spearman", "polychoric"]

_SINGULAR = 1e-10
_SMOOTHED = 1e-10


@dataclass(frozen=True, eq=False)
class Correlation(Result):
    """Correlations of items, with what they rest on.

    Attributes
    ----------
    matrix : DataFrame of shape (items, items)
        Correlations, positive definite after smoothing unless items determine one another.
    n : float
        Respondents for tests of fit: Kish's effective number under weights, that of the smallest
        pair under pairwise deletion; NaN for a matrix given without it.
    n_used, n_dropped : int
        Respondents with (listwise) every or (pairwise) any answer, and the rest.
    method : str
        'pearson', 'spearman', 'polychoric' or, for a matrix that was handed over, 'given'.
    missing : str
        'listwise' or 'pairwise'.
    counts : DataFrame of shape (items, items), or None
        Respondents who answer both items; None for a matrix that was handed over.
    means, sds : Series of shape (items,), or None
        Weighted means and standard deviations of the answers.
    thresholds : DataFrame of shape (items, most answers − 1), or None
        Polychoric only: normal quantiles that cut each item into its answers.
    smoothed : bool
        Whether the matrix was not positive definite and was smoothed.
    warnings : tuple of str
        What a reader of the matrix must know.
    """

    matrix: pd.DataFrame
    n: float
    n_used: int
    n_dropped: int
    method: str
    missing: str
    counts: pd.DataFrame | None = None
    means: pd.Series | None = None
    sds: pd.Series | None = None
    thresholds: pd.DataFrame | None = None
    smoothed: bool = False
    warnings: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Table of the pairs: first, second, correlation, n."""
        i, j = np.triu_indices(len(self.matrix), 1)
        items = self.matrix.columns
        n = np.full(len(i), self.n) if self.counts is None else self.counts.to_numpy()[i, j]
        pairs = {"first": items[i], "second": items[j], "correlation": self.matrix.to_numpy()[i, j], "n": n}
        return pd.DataFrame(pairs)


def correlate(
    items: Any, *, method: CorrelationMethod = "pearson", missing: Missing = "listwise", weight: Any = None
) -> Correlation:
    """Correlation matrix of items.

    Parameters
    ----------
    items : DataFrame of shape (respondents, items)
        Numeric answers; anything that Narwhals takes.
    method : {'pearson', 'spearman', 'polychoric'}
        Of the answers, of their ranks, or of the normal variables that ordered answers cut into
        steps (at most 20 distinct answers an item).
    missing : {'listwise', 'pairwise'}
        Use respondents who answer every item, or for each pair those who answer both.
    weight : str or array-like of shape (respondents,), optional
        Survey weights: a column, then no item, or one number a row.

    Returns
    -------
    Correlation

    Raises
    ------
    InputError
        If an item has no answer, never varies or is not numeric, if two items share no respondents,
        or a polychoric item has too many distinct answers.

    Notes
    -----
    Spearman correlates midranks; under pairwise deletion those among the pair's respondents. A rank
    counts the weight below plus half the weight at the answer. Polychoric thresholds come from every
    answer to an item, under listwise deletion from complete respondents. A matrix with a negative
    eigenvalue is smoothed as by ``psych::cor.smooth``: eigenvalues below zero become 1e-10, all are
    rescaled to sum to the number of items, and the result to ones on the diagonal.

    References
    ----------
    Checked against ``cor`` of R 4.2.2, ``psych::polychoric(items, correct = 0)`` and
    ``psych::cor.smooth`` of psych 2.2.9; see `loyalty_kit.measurement.correlations.polychoric` for the method.

    Examples
    --------
    >>> answers = pd.DataFrame({"A1": [1, 2, 3, 4], "A2": [1, 3, 2, 4]})
    >>> correlate(answers, method="spearman").matrix.loc["A1", "A2"].round(6)
    np.float64(0.8)
    """
    check_choice(method, "method", ("pearson", "spearman", "polychoric"))
    check_choice(missing, "missing", ("listwise", "pairwise"))
    table = read_items(items, weight=weight)
    moments = table.moments(missing)
    if missing == "listwise":
        table = table.complete()
        check_varied(table.names, table.values)
    notes: list[str] = []
    thresholds = None
    if method == "polychoric":
        found = polychoric(table.names, table.values, table.weights)
        values, thresholds = found.matrix, _threshold_table(table.names, found.thresholds)
        notes += _pair_warnings(table.names, found)
    elif method == "spearman":
        values = _spearman(table)
    else:
        values = moments.correlation.to_numpy()
    _check_pairs(table.names, values)
    values, smoothed, warnings = _smoothed_if_needed(table.names, values)
    labels = list(table.names)
    return Correlation(
        matrix=pd.DataFrame(values, index=labels, columns=labels),
        n=moments.effective_n,
        n_used=moments.n_used,
        n_dropped=moments.n_dropped,
        method=method,
        missing=missing,
        counts=pd.DataFrame(moments.counts.astype(int), index=labels, columns=labels),
        means=moments.means,
        sds=pd.Series(np.sqrt(np.diag(moments.covariance)), index=labels),
        thresholds=thresholds,
        smoothed=smoothed,
        warnings=(*notes, *warnings),
    )


def as_correlation(data: Any, *, n: float | None = None, weight: Any = None) -> Correlation:
    """Correlation of whatever an analysis was given: items, a Correlation, or a labelled matrix.

    Parameters
    ----------
    data : DataFrame of shape (respondents, items), Correlation, or DataFrame of shape (items, items)
        A frame with the same labels in rows and columns is taken as a correlation matrix.
    n : float, optional
        Respondents behind a matrix; only with a matrix.
    weight : str or array-like, optional
        Survey weights; only with items.

    Returns
    -------
    Correlation

    Raises
    ------
    InputError
        If a matrix is no correlation matrix, or `n` or `weight` comes with what cannot use it.

    Examples
    --------
    >>> as_correlation(pd.DataFrame([[1, 0.5], [0.5, 1]], index=["A1", "A2"], columns=["A1", "A2"]), n=90).n
    90.0
    """
    given = isinstance(data, pd.DataFrame) and data.shape[0] == data.shape[1] and list(data.index) == list(data.columns)
    if weight is not None and (given or isinstance(data, Correlation)):
        raise InputError("'weight' goes with items; a correlation matrix already carries its weights.")
    if n is not None and not given:
        raise InputError("'n' goes with a labelled correlation matrix; items and a Correlation bring their own.")
    if isinstance(data, Correlation):
        return data
    if not given:
        return correlate(data, weight=weight)
    names = [str(name) for name in data.columns]
    values = data.to_numpy(dtype=float)
    _check_pairs(names, values)
    if np.abs(values - values.T).max() > 1e-8 or np.abs(np.diag(values) - 1).max() > 1e-8 or np.abs(values).max() > 1:
        raise InputError("A correlation matrix must be symmetric, within −1 to 1 and with ones on the diagonal.")
    if n is not None and not (np.isfinite(n) and n > 1):
        raise InputError("'n' must be a number of respondents above 1; got {given}.", given=shown(n))
    values, smoothed, warnings = _smoothed_if_needed(names, values)
    return Correlation(
        matrix=pd.DataFrame(values, index=names, columns=names),
        n=np.nan if n is None else float(n),
        n_used=0 if n is None else int(n),
        n_dropped=0,
        method="given",
        missing="listwise",
        smoothed=smoothed,
        warnings=warnings,
    )


def answers_behind(data: Any, correlation: Correlation, *, weight: Any = None) -> ItemTable:
    """Complete respondents behind a correlation made of `data`; refused where that was a matrix already."""
    if correlation is data or correlation.method == "given":
        raise InputError("Shuffling and resampling need the items; got a correlation matrix.")
    return read_items(data, weight=weight).complete()


def check_factorable(correlation: Correlation) -> None:
    """Refuse a matrix that no factor model fits: too few respondents, or items that determine one another."""
    p = len(correlation.matrix)
    if correlation.n <= p:
        raise InputError(
            "{n} respondents are too few for {count} items; there must be more respondents than items.",
            n=f"{correlation.n:.0f}",
            count=p,
        )
    together = _dependent(correlation.matrix.columns, correlation.matrix.to_numpy())
    if together:
        raise InputError("Items {items} determine one another exactly; leave out one of them.", items=list(together))


def smooth(values: Floats) -> Floats:
    """Nearby correlation matrix without negative eigenvalues: that of ``psych::cor.smooth``."""
    roots, vectors = np.linalg.eigh(values)
    raised = np.where(roots < _SMOOTHED, _SMOOTHED, roots)
    near = vectors * (raised * len(raised) / raised.sum()) @ vectors.T
    sd = np.sqrt(np.diag(near))
    near = near / np.outer(sd, sd)
    np.fill_diagonal(near, 1.0)
    return np.asarray((near + near.T) / 2)


def _spearman(table: ItemTable) -> Floats:
    present = np.isfinite(table.values)
    if present.all():
        return correlations(_midranks(table.values, table.weights), table.weights)
    p = len(table.names)
    matrix = np.eye(p)
    for i, j in zip(*np.triu_indices(p, 1), strict=True):
        rows = present[:, i] & present[:, j]
        pair, weights = table.values[rows][:, [i, j]], table.weights[rows]
        both = correlations(_midranks(pair, weights), weights)[0, 1] if rows.any() else np.nan
        matrix[i, j] = matrix[j, i] = both
    return matrix


def _midranks(values: Floats, weights: Floats) -> Floats:
    """Weight below each answer plus half the weight at it, column by column."""
    ranks = np.empty_like(values)
    for j in range(values.shape[1]):
        _, place = np.unique(values[:, j], return_inverse=True)
        share = np.bincount(place, weights)
        ranks[:, j] = (np.cumsum(share) - share / 2)[place]
    return ranks


def _check_pairs(names: Iterable[str], values: Floats) -> None:
    """Refuse pairs without a correlation."""
    labels = list(names)
    first, second = np.nonzero(np.triu(~np.isfinite(values)))
    if len(first):
        more = message(", nor have {n} other pairs", n=len(first) - 1) if len(first) > 1 else ""
        raise InputError(
            "Items '{first}' and '{second}' have no correlation{others}: too few respondents answer both, or "
            "one of them never varies among those.",
            first=labels[first[0]],
            second=labels[second[0]],
            others=more,
        )


def _smoothed_if_needed(names: Iterable[str], values: Floats) -> tuple[Floats, bool, tuple[str, ...]]:
    """Matrix, smoothed where it has a negative eigenvalue; whether it was; and what to say of it."""
    lowest = float(np.linalg.eigvalsh(values)[0])
    if lowest >= -_SINGULAR:
        together = _dependent(names, values)
        said = message("Items {items} determine one another exactly; the matrix is singular.", items=together)
        return values, False, (said,) if together else ()
    smoothed = message(
        "The correlation matrix was not positive definite (smallest eigenvalue {lowest:.3f}) and was smoothed; "
        "adequacy and fit computed from it are rough.",
        lowest=lowest,
    )
    return smooth(values), True, (smoothed,)


def _dependent(names: Iterable[str], values: Floats) -> list[str]:
    """Items of an exact linear dependence, none where the matrix is regular or was smoothed."""
    roots, vectors = np.linalg.eigh(values)
    if roots[0] > _SMOOTHED / 2:
        return []
    part = np.abs(vectors[:, 0])
    return [name for name, share in zip(names, part, strict=True) if share > 0.1 * part.max()]


def _threshold_table(names: Iterable[str], thresholds: Floats) -> pd.DataFrame:
    return pd.DataFrame(thresholds, index=list(names), columns=[f"t{i + 1}" for i in range(thresholds.shape[1])])


def _pair_warnings(names: tuple[str, ...], found: Polychoric) -> list[str]:
    if not found.doubtful:
        return []
    return [
        message(
            "Polychoric correlations beyond ±0.999, or not settled: {pairs}; sparse tables hardly limit them.",
            pairs=[f"{names[i]} – {names[j]}" for i, j in found.doubtful],
        )
    ]
