"""Adequacy: whether the correlations of items are worth factoring."""

from dataclasses import dataclass
from typing import Any, Literal

import lazy_loader
import numpy as np
import pandas as pd
from scipy.special import chdtrc

from loyalty_kit.core.messages import message
from loyalty_kit.core.results import Result
from loyalty_kit.measurement.correlations.correlation import Correlation, as_correlation, check_factorable
from loyalty_kit.measurement.correlations.items import read_items
from loyalty_kit.statistics.moments import Floats

# With scikit-learn behind it, a quarter of a second that only those who measure adequacy wait for.
factor_analyzer = lazy_loader.load("factor_analyzer")

POOR_KMO = 0.5
"""Kaiser's limit, below which a measure of sampling adequacy is unacceptable."""
GOOD_KMO, LEAST_KMO = 0.70, 0.60
"""Kaiser & Rice (1974): middling from .70, mediocre from .60."""
UNRELATED = 0.05
"""Probability of Bartlett's test from which items count as hardly correlated."""

_REGULAR = 1e-6


@dataclass(frozen=True, eq=False)
class AdequacyResult(Result):
    """Measures of a correlation matrix that tell whether to factor it.

    Attributes
    ----------
    kmo : float
        Kaiser–Meyer–Olkin measure of sampling adequacy, 0 to 1.
    kmo_items : Series of shape (items,)
        The same for each item.
    bartlett_chi2, bartlett_df, bartlett_p : float
        Bartlett's test that no items correlate; NaN where n is unknown.
    determinant : float
        Of the correlation matrix: 1 where no items correlate, 0 where some determine others.
    correlation : Correlation
        What was measured.
    n_used, n_dropped : int
        Respondents.
    method : str
        Kind of correlations.
    warnings : tuple of str
        What a reader of the measures must know.
    """

    kmo: float
    kmo_items: pd.Series
    bartlett_chi2: float
    bartlett_df: float
    bartlett_p: float
    determinant: float
    correlation: Correlation
    n_used: int
    n_dropped: int
    method: str
    warnings: tuple[str, ...] = ()

    @property
    def verdict(self) -> Literal["good", "fair", "poor", "none"]:
        """Whether the items share enough for factors; 'none' where they hardly correlate at all."""
        if self.bartlett_p >= UNRELATED:
            return "none"
        return "good" if self.kmo >= GOOD_KMO else "fair" if self.kmo >= LEAST_KMO else "poor"

    def to_frame(self) -> pd.DataFrame:
        """Table of the measures: measure, item, value, df, p_value; item is empty for the whole matrix."""
        whole = [
            ["kmo", "", self.kmo, np.nan, np.nan],
            ["bartlett_chi2", "", self.bartlett_chi2, self.bartlett_df, self.bartlett_p],
            ["determinant", "", self.determinant, np.nan, np.nan],
        ]
        single = [["kmo", item, value, np.nan, np.nan] for item, value in self.kmo_items.items()]
        return pd.DataFrame(whole + single, columns=["measure", "item", "value", "df", "p_value"])


def adequacy(items_or_correlation: Any, *, n: float | None = None, weight: Any = None) -> AdequacyResult:
    """Kaiser–Meyer–Olkin measure, Bartlett's test of sphericity and determinant.

    Parameters
    ----------
    items_or_correlation : DataFrame of shape (respondents, items), Correlation, or labelled matrix
        Items (Pearson correlations of complete respondents), the result of `correlate`, or a
        DataFrame of correlations with the same labels in rows and columns.
    n : float, optional
        Respondents behind a labelled matrix; without it there is no test.
    weight : str or array-like of shape (respondents,), optional
        Survey weights, with items.

    Returns
    -------
    AdequacyResult

    Raises
    ------
    InputError
        If an item has no answer or never varies, items determine one another, or there are not more
        respondents than items.

    Notes
    -----
    With q the partial correlations given all other items, kmo = Σ r² / (Σ r² + Σ q²), over all pairs or
    those of one item. Bartlett's chi2 = −(n − 1 − (2p + 5)/6) log|R| on p(p − 1)/2 degrees of freedom.
    Both are factor_analyzer's where items without weights and without gaps are given, and computed from
    the correlations otherwise; also where log|R| < log 1e-6, since factor_analyzer turns to a pseudo-inverse
    below 1.2e-7. The two agree to 1e-10.

    References
    ----------
    Kaiser, H. F., & Rice, J. (1974). Little Jiffy, Mark IV. Educational and Psychological Measurement
    34(1), 111–117.

    Bartlett, M. S. (1950). Tests of significance in factor analysis. British Journal of Psychology,
    Statistical Section 3(2), 77–85.

    Checked against ``psych::KMO`` and ``psych::cortest.bartlett``, psych 2.2.9.

    Examples
    --------
    >>> names = ["A1", "A2", "A3"]
    >>> r = pd.DataFrame([[1, 0.6, 0.5], [0.6, 1, 0.4], [0.5, 0.4, 1]], index=names, columns=names)
    >>> round(adequacy(r, n=100).kmo, 4)
    0.6578
    """
    correlation = as_correlation(items_or_correlation, n=n, weight=weight)
    check_factorable(correlation)
    r = correlation.matrix.to_numpy()
    log_determinant = float(np.linalg.slogdet(r)[1])
    regular = log_determinant > np.log(_REGULAR)
    answers = _complete_answers(items_or_correlation, correlation, weight) if regular else None
    kmo, own = kaiser_meyer_olkin(r) if answers is None else _kmo_of_answers(answers)
    kmo_items = pd.Series(own, index=correlation.matrix.columns)
    chi2, p_value = (
        _sphericity(len(r), correlation.n, log_determinant)
        if answers is None
        else factor_analyzer.calculate_bartlett_sphericity(answers)
    )
    poor = list(kmo_items.index[kmo_items < POOR_KMO])
    said = message(
        "Sampling adequacy is below {least} for {items}: little of what they share is common.",
        least=POOR_KMO,
        items=poor,
    )
    return AdequacyResult(
        kmo=kmo,
        kmo_items=kmo_items,
        bartlett_chi2=float(chi2),
        bartlett_df=_pairs(len(r)),
        bartlett_p=float(p_value),
        determinant=float(np.exp(log_determinant)),
        correlation=correlation,
        n_used=correlation.n_used,
        n_dropped=correlation.n_dropped,
        method=message("{kind} correlations", kind=correlation.method),
        warnings=(*correlation.warnings, *((said,) if poor else ())),
    )


def kaiser_meyer_olkin(r: Floats) -> tuple[float, Floats]:
    """Measure of sampling adequacy of a correlation matrix, and of each item in it."""
    inverse = np.linalg.inv(r)
    sd = np.sqrt(np.diag(inverse))
    off = ~np.eye(len(r), dtype=bool)
    shared = np.where(off, r**2, 0.0).sum(axis=0)
    unshared = np.where(off, (inverse / np.outer(sd, sd)) ** 2, 0.0).sum(axis=0)
    with np.errstate(invalid="ignore"):
        return float(shared.sum() / (shared.sum() + unshared.sum())), shared / (shared + unshared)


def _complete_answers(items: Any, correlation: Correlation, weight: Any) -> Floats | None:
    """Standardized answers behind the correlations; None unless every respondent answers all and counts alike."""
    if items is correlation or correlation.method == "given" or weight is not None or correlation.n_dropped:
        return None
    answers = read_items(items).values
    return np.asarray((answers - answers.mean(axis=0)) / answers.std(axis=0, ddof=1))


def _kmo_of_answers(answers: Floats) -> tuple[float, Floats]:
    # Items without any correlation have a KMO of 0 / 0.
    with np.errstate(invalid="ignore"):
        own, kmo = factor_analyzer.calculate_kmo(answers)
    return float(kmo), own


def _sphericity(items: int, n: float, log_determinant: float) -> tuple[float, float]:
    """Bartlett's chi2 and its p-value; NaN where n is unknown."""
    chi2 = -(n - 1 - (2 * items + 5) / 6) * log_determinant
    return chi2, float(chdtrc(_pairs(items), max(chi2, 0.0))) if np.isfinite(chi2) else np.nan


def _pairs(items: int) -> float:
    return items * (items - 1) / 2
