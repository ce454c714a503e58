"""Factor scores: weights that turn standardized answers into estimates of the factors."""

from typing import Literal, get_args

import numpy as np

from loyalty_kit.core.checks import check_choice
from loyalty_kit.statistics.extraction import LOWEST_UNIQUENESS
from loyalty_kit.statistics.moments import Floats

ScoreMethod = Literal["regression", "bartlett", "tenberge"]


def score_weights(correlation: Floats, loadings: Floats, factor_correlations: Floats, method: ScoreMethod) -> Floats:
    """Weights of standardized items in factor scores.

    Parameters
    ----------
    correlation : array of shape (items, items)
        Correlations R, regular.
    loadings : array of shape (items, factors)
        Pattern Λ.
    factor_correlations : array of shape (factors, factors)
        Φ.
    method : {'regression', 'bartlett', 'tenberge'}
        Least squares of the factors (Thurstone), conditionally unbiased (Bartlett), or correlated
        exactly as Φ (ten Berge).

    Returns
    -------
    array of shape (items, factors)

    Raises
    ------
    InputError
        If the method is unknown.

    Notes
    -----
    Regression: R⁻¹ΛΦ. Bartlett: Ψ⁻¹Λ(ΛᵀΨ⁻¹Λ)⁻¹, Ψ at least 0.005. Ten Berge: R^(−½) C Φ^½ with
    L = ΛΦ^½ and C = R^(−½) L (LᵀR⁻¹L)^(−½).

    References
    ----------
    Ten Berge, J. M. F., Krijnen, W. P., Wansbeek, T., & Shapiro, A. (1999). Some new results on
    correlation-preserving factor scores prediction methods. Linear Algebra and its Applications 289,
    311–318.

    Checked against ``psych::factor.scores``, psych 2.2.9.

    Examples
    --------
    >>> r = np.array([[1, 0.48, 0.42], [0.48, 1, 0.56], [0.42, 0.56, 1]])
    >>> score_weights(r, np.array([[0.6], [0.8], [0.7]]), np.eye(1), "regression").round(3).ravel().tolist()
    [0.218, 0.517, 0.319]
    """
    check_choice(method, "method", get_args(ScoreMethod))
    if method == "regression":
        return np.asarray(np.linalg.solve(correlation, loadings @ factor_correlations))
    if method == "bartlett":
        unique = np.maximum(1 - ((loadings @ factor_correlations) * loadings).sum(axis=1), LOWEST_UNIQUENESS)
        weighted = loadings / unique[:, None]
        return np.asarray(np.linalg.solve(loadings.T @ weighted, weighted.T).T)
    half = _power(factor_correlations, 0.5)
    sphered = _power(correlation, -0.5)
    turned = sphered @ loadings @ half
    return np.asarray(sphered @ turned @ _power(turned.T @ turned, -0.5) @ half)


def _power(matrix: Floats, exponent: float) -> Floats:
    """Symmetric power of a symmetric positive definite matrix."""
    roots, vectors = np.linalg.eigh(matrix)
    return np.asarray(vectors * roots**exponent @ vectors.T)
