"""Whether an estimated CFA model may be judged: a proper solution, and items that have something in common."""

from collections.abc import Iterable
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import chdtrc

from loyalty_kit.core.messages import message
from loyalty_kit.measurement.cfa.model import Matrices
from loyalty_kit.measurement.cfa.solution import Solution
from loyalty_kit.measurement.correlations.correlation import smooth
from loyalty_kit.measurement.correlations.items import ItemTable
from loyalty_kit.measurement.factors.adequacy import kaiser_meyer_olkin
from loyalty_kit.statistics.moments import Floats
from loyalty_kit.statistics.weights import effective_n

Standing = Literal["proper", "not converged", "not identified", "improper"]

_ROUNDING = 1e-9
_FEW = 100


def standing(solution: Solution) -> Standing:
    """Say whether a solution's figures are estimates that a model of factors and errors can have."""
    if not solution.converged:
        return "not converged"
    above = solution.second_order
    if not is_proper(solution.matrices) or (above and (np.abs(above.loadings) > 1).any()):
        return "improper"
    return "not identified" if np.isnan(solution.errors).any() else "proper"


def without_figures(table: pd.DataFrame) -> pd.DataFrame:
    """Empty the columns of numbers of a table whose figures are no estimates."""
    numbers = table.select_dtypes("float").columns
    return table.assign(**{str(name): np.nan for name in numbers})


def is_proper(matrices: Matrices) -> bool:
    """Whether no variance is negative and no two factors or residuals correlate beyond 1.

    Factors that overlap by sampling error until their matrix is just not positive definite are warned of and judged.
    """
    factors = np.diag(matrices.factors)
    if (np.diag(matrices.residuals) < 0).any() or (factors <= 0).any():
        return False
    sd = np.sqrt(np.diag(matrices.spread))
    within = (np.abs(matrices.spread / np.outer(sd, sd)) <= 1 + _ROUNDING).all()
    return bool(within and not _beyond_variance(matrices.residuals).any())


def _beyond_variance(residuals: Floats) -> npt.NDArray[np.bool_]:
    """Which residuals covary by more than their variances allow."""
    sd = np.sqrt(np.maximum(np.diag(residuals), 0.0))
    return np.asarray(np.tril(np.abs(residuals) > np.outer(sd, sd) * (1 + _ROUNDING), -1))


def impropriety(solution: Solution) -> list[str]:
    """Name negative variances, and factors that overlap beyond what correlations allow."""
    doubts: list[str] = []
    share = np.diag(solution.matrices.residuals) / np.diag(solution.matrices.covariance)
    negative = [item for item, value in zip(solution.model.items, share, strict=True) if value < 0]
    if negative:
        doubts.append(
            message(
                "Negative residual variance (a Heywood case) of {items}: "
                "the factor claims more than the whole item; do not interpret its loading.",
                items=negative,
            )
        )
    above = solution.second_order
    if above and (np.abs(above.loadings) > 1).any():
        beyond = [s for s, v in zip(solution.model.scales, above.loadings, strict=True) if abs(v) > 1]
        doubts.append(
            message("The general factor claims more than the whole of {scales}: do not interpret it.", scales=beyond)
        )
    first, second = np.nonzero(_beyond_variance(solution.matrices.residuals))
    if len(first) and not negative:
        names = solution.model.items
        doubts.append(
            message(
                "The residuals of {pairs} covary by more than their variances: do not interpret what was added.",
                pairs=[f"{names[j]} ~~ {names[i]}" for i, j in zip(first, second, strict=True)],
            )
        )
    if (np.diag(solution.matrices.factors) <= 0).any():
        factors = [s for s, v in zip(solution.model.scales, np.diag(solution.matrices.factors), strict=True) if v <= 0]
        lost = message("Negative variance of the factor of {factors}: do not interpret its figures.", factors=factors)
        return [*doubts, lost]
    roots, vectors = np.linalg.eigh(solution.correlations)
    if roots[0] < 0:
        part = np.abs(vectors[:, 0])
        involved = [s for s, value in zip(solution.model.scales, part, strict=True) if value > 0.3 * part.max()]
        doubts.append(
            message(
                "The factors' covariance matrix is not positive definite (smallest eigenvalue {root:.3f}): "
                "{scales} overlap too far to be told apart; read their correlations and errors with caution.",
                root=roots[0],
                scales=involved,
            )
        )
    return doubts


def sample_correlation(solution: Solution) -> Floats:
    """Correlations of the items that a model is held against."""
    sd = np.sqrt(np.diag(solution.covariance))
    return np.asarray(solution.covariance / np.outer(sd, sd))


def sampling_adequacy(solution: Solution) -> float:
    """Kaiser–Meyer–Olkin measure of the items of a model."""
    r = sample_correlation(solution)
    return kaiser_meyer_olkin(r if np.linalg.eigvalsh(r)[0] > 0 else smooth(r))[0]


def independence(solution: Solution, answers: ItemTable) -> float:
    """Bartlett's test that no items of a model correlate: its probability value.

    Notes
    -----
    The statistic is the baseline model's chi², with Bartlett's correction for samples that are not large:
    (n − 1 − (2p + 5)/6) / n of it. Under weights n is Kish's effective size. Under 'wlsmv' the
    weighted sum of squared correlations is taken as it is.
    """
    chi2, df = solution.fit["baseline_chi2"], solution.fit["baseline_df"]
    if not solution.ordinal:
        effective = effective_n(answers.weights)
        counted = len(answers.weights) if "scaling_factor" in solution.fit else effective
        chi2 *= _bartlett(effective, len(solution.model.items)) / counted
    return float(chdtrc(df, max(chi2, 0.0)))


def scale_independence(solution: Solution, answers: ItemTable) -> Floats:
    """Bartlett's test that the items of a scale do not correlate, scale by scale: probability values."""
    r = sample_correlation(solution)
    return np.array(
        [_within(solution, answers, r, np.flatnonzero(own)) for own in solution.model.membership.T if own.any()]
    )


def _within(solution: Solution, answers: ItemTable, r: Floats, own: np.ndarray) -> float:
    own_r = r[np.ix_(own, own)]
    if solution.sampling is None:
        weights = answers.weights[np.isfinite(answers.values[:, own]).all(axis=1)]
        return bartlett_p([(effective_n(weights) if len(weights) else 0.0, own_r)])
    variances = np.zeros_like(r)
    variances[np.tril_indices(len(r), -1)] = np.diag(solution.sampling)
    lower = np.tril_indices(len(own), -1)
    chi2 = float((own_r[lower] ** 2 / variances[np.ix_(own, own)][lower]).sum())
    return float(chdtrc(len(lower[0]), chi2))


def bartlett_p(samples: Iterable[tuple[float, Floats]]) -> float:
    """Bartlett's test that no items correlate in any sample of n and a covariance matrix: its probability value."""
    chi2, df = 0.0, 0.0
    for n, covariance in samples:
        m = len(covariance)
        log_determinant = np.linalg.slogdet(covariance)[1] - np.log(np.diag(covariance)).sum()
        chi2, df = chi2 - _bartlett(n, m) * float(log_determinant), df + m * (m - 1) / 2
    return float(chdtrc(df, max(chi2, 0.0)))


def _bartlett(n: float, items: int) -> float:
    return n - 1 - (2 * items + 5) / 6


def fit_warnings(solution: Solution, n: int) -> list[str]:
    """Say what keeps the estimates from being taken at face value."""
    doubts: list[str] = []
    # Where the search stopped short, what the place is like is no finding.
    if not solution.converged:
        doubts.append(message("The search did not converge: the figures are where it stopped and no estimates."))
    elif np.isnan(solution.errors).any():
        doubts.append(message("The model is not identified by these answers: there are no standard errors."))
    doubts += impropriety(solution) if solution.converged else []
    if solution.converged and solution.fit["df"] == 0:
        doubts.append(message("The model has as many parameters as the data have moments: it fits by construction."))
    if n < max(_FEW, 2 * solution.model.size):
        doubts.append(
            message(
                "{n} respondents for {parameters} parameters are few: "
                "chi² and errors hold in large samples and are rough here.",
                n=n,
                parameters=solution.model.size,
            )
        )
    return doubts
