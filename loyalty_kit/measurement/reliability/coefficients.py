"""Coefficients of reliability as functions of a covariance matrix."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from loyalty_kit.core.messages import message
from loyalty_kit.statistics.extraction import extract
from loyalty_kit.statistics.moments import Floats

_SINGULAR = 1e-9
_MOST_SPLIT = 20


def cronbach(covariance: Floats) -> float:
    """Cronbach's coefficient k / (k − 1) · (1 − tr C / 1ᵀC1); the standardized one where C holds correlations."""
    k = len(covariance)
    return float(k / (k - 1) * (1 - np.trace(covariance) / covariance.sum()))


def mean_correlation(correlation: Floats) -> float:
    """Mean of the correlations between different items."""
    k = len(correlation)
    return float((correlation.sum() - k) / (k * (k - 1)))


def feldt_interval(estimate: float, *, items: int, n: float, confidence: float) -> tuple[float, float]:
    """Feldt's interval of Cronbach's coefficient.

    Parameters
    ----------
    estimate : float
        The coefficient.
    items : int
        Number of items k.
    n : float
        Respondents, above 1; the effective number under weights.
    confidence : float
        Level of the interval.

    Returns
    -------
    tuple of float
        Lower and upper end.

    Notes
    -----
    (1 − population value) / (1 − estimate) follows F with n − 1 and (n − 1)(k − 1) degrees of freedom,
    exactly so for normal answers whose covariances are all equal.

    References
    ----------
    Feldt, L. S. (1965). The approximate sampling distribution of Kuder–Richardson reliability
    coefficient twenty. Psychometrika 30(3), 357–370.

    Checked against ``psych::alpha.ci``, psych 2.2.9.

    Examples
    --------
    >>> low, high = feldt_interval(0.8, items=5, n=100, confidence=0.95)
    >>> round(low, 3), round(high, 3)
    (0.731, 0.856)
    """
    below, above = stats.f.ppf([(1 + confidence) / 2, (1 - confidence) / 2], n - 1, (n - 1) * (items - 1))
    return float(1 - (1 - estimate) * below), float(1 - (1 - estimate) * above)


@dataclass(frozen=True, eq=False)
class OneFactor:
    """One common factor by maximum likelihood: standardized loadings, omega total, and what to know of them."""

    loadings: Floats
    omega: float
    notes: tuple[str, ...] = ()

    @property
    def told(self) -> bool:
        """Whether the model has a proper solution that the search reached."""
        return bool(np.isfinite(self.omega)) and not self.notes


def one_factor(covariance: Floats, names: Sequence[str], *, n: float = np.inf) -> OneFactor:
    """One-factor model of the items' covariances, and omega total from it.

    Parameters
    ----------
    covariance : array of shape (items, items)
        Of items that all vary.
    names : sequence of str
        Items, for the notes.
    n : float
        Respondents behind the covariances: where they are no more than the items, they are the reason.

    Returns
    -------
    OneFactor
        NaN, with a note, for two items and where one item is determined by others.

    Notes
    -----
    ω = (Σλ)² / ((Σλ)² + Σθ), λ and θ being unstandardized loadings and unique variances: the
    model's variance of the sum stands below the line, not the observed one. Fitted on the
    correlations and scaled back, which for maximum likelihood is the fit on the covariances.

    References
    ----------
    McDonald, R. P. (1999). Test theory: A unified treatment. Erlbaum, chapter 6.

    Checked against ``semTools::reliability(lavaan::cfa(…))["omega", ]``, semTools 0.5-6.
    """
    nothing = np.full(len(names), np.nan)
    if len(names) < 3:
        told = message("two items have no unique one-factor solution, so omega_total and loadings are not given")
        return OneFactor(nothing, np.nan, (told,))
    sd = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(sd, sd)
    np.fill_diagonal(correlation, 1.0)
    if n <= len(names):
        told = message(
            "{n} respondents are too few for {count} items, so omega_total and loadings are not given",
            n=f"{n:.0f}",
            count=len(names),
        )
        return OneFactor(nothing, np.nan, (told,))
    if np.linalg.eigvalsh(correlation)[0] < _SINGULAR:
        return OneFactor(nothing, np.nan, (_determined(correlation, names),))
    found = extract(correlation, factors=1, method="ml")
    notes = []
    if found.heywood:
        notes.append(
            message(
                "a Heywood case: the one-factor model leaves {items} no variance of its own; read omega with care",
                items=[names[i] for i in found.heywood],
            )
        )
    if not found.converged:
        notes.append(message("the one-factor model did not converge; read omega with care"))
    common = float((found.loadings[:, 0] * sd).sum() ** 2)
    return OneFactor(found.loadings[:, 0], common / (common + float(found.uniqueness @ sd**2)), tuple(notes))


def _determined(correlation: Floats, names: Sequence[str]) -> str:
    """Note on a singular correlation matrix, naming the pair that makes it so where there is one."""
    beyond = np.abs(np.triu(correlation, 1))
    i, j = divmod(int(np.argmax(beyond)), len(names))
    why = message("an item is determined by the others")
    if beyond[i, j] > 1 - _SINGULAR:
        why = message("'{first}' and '{second}' are perfectly correlated", first=names[i], second=names[j])
    return message("{why}, so omega_total and loadings are not given", why=why)


def best_split(covariance: Floats) -> tuple[float, bool]:
    """Guttman's lambda 4 of the best split of the items into two parts, and whether it is surely the best.

    Parameters
    ----------
    covariance : array of shape (items, items)

    Returns
    -------
    tuple of float and bool
        Exact up to 20 items; beyond, the best that a local search finds, the same at every call.

    Notes
    -----
    λ₄ = 4 cov(a, b) / var(a + b) over all splits into parts a and b, unequal ones included, since an
    odd number of items has no equal ones. With s holding 1 for one part and −1 for the other,
    λ₄ = 1 − sᵀCs / 1ᵀC1. It is at least Cronbach's coefficient for an even number of items,
    and at least (1 − 1/k²) of a positive one for an odd number k. Being the best of many, it lies
    above the reliability in small samples.

    References
    ----------
    Guttman, L. (1945). A basis for analyzing test-retest reliability. Psychometrika 10(4), 255–282.

    Examples
    --------
    >>> best_split(np.array([[1.0, 0.5], [0.5, 1.0]]))
    (0.6666666666666667, True)
    """
    exact = len(covariance) <= _MOST_SPLIT
    least = _least_of_all(covariance) if exact else _least_found(covariance)
    return float(1 - least / covariance.sum()), exact


def _least_of_all(c: Floats) -> float:
    """Least sᵀCs over all signs s that are not all equal; item 1 keeps its sign."""
    middle = (len(c) + 1) // 2
    first, second = _signs(middle)[: 2 ** (middle - 1)], _signs(len(c) - middle)
    values = 2 * first @ c[:middle, middle:] @ second.T
    values += np.einsum("si,ij,sj->s", first, c[:middle, :middle], first, optimize=True)[:, None]
    values += np.einsum("si,ij,sj->s", second, c[middle:, middle:], second, optimize=True)
    values[0, 0] = np.inf
    return float(values.min())


def _signs(items: int) -> Floats:
    """All patterns of 1 and −1, the first of them all 1."""
    bits = np.arange(2**items)[:, None] >> np.arange(items - 1, -1, -1) & 1
    return np.asarray(1.0 - 2.0 * bits)


def _least_found(c: Floats) -> float:
    """Least sᵀCs that turning one or two items at a time reaches from each eigenvector's signs."""
    return min(_descend(c, np.where(start < 0, -1.0, 1.0)) for start in np.linalg.eigh(c)[1].T)


def _descend(c: Floats, s: Floats) -> float:
    """Value where no turn of one or two items lowers sᵀCs any more."""
    s, least = s.copy(), float(s @ c @ s)
    while True:
        one = 4 * (np.diag(c) - s * (c @ s))
        change = one[:, None] + one + 8 * np.outer(s, s) * c
        np.fill_diagonal(change, one)
        i, j = divmod(int(np.argmin(change)), len(c))
        value = least + float(change[i, j])
        if value >= least * (1 - 1e-12):
            return least
        s[[i, j]] *= -1
        least = value


def scale_coefficients(
    covariance: Floats, correlation: Floats, n: float, confidence: float
) -> tuple[dict[str, float], list[str]]:
    """Coefficients of one scale that need no factor model, and notes on them."""
    k, estimate = len(covariance), cronbach(covariance)
    low, high = feldt_interval(estimate, items=k, n=n, confidence=confidence)
    lambda4, exact = best_split(covariance)
    untried = message("with {k} items not every split was tried; a better one than that behind lambda4 may exist", k=k)
    coefficients = {
        "cronbach_alpha": estimate,
        "ci_low": low,
        "ci_high": high,
        "standardized_alpha": cronbach(correlation),
        "mean_inter_item_r": mean_correlation(correlation),
        "lambda4": lambda4,
        "sem": float(np.sqrt(covariance.sum() * (1 - estimate)) / k),
    }
    return coefficients, [] if exact else [untried]
