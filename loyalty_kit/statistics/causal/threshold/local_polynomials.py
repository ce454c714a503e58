"""Local polynomials on one side of a threshold: what their fit, bias and variance at it are made of."""

from dataclasses import dataclass

import numpy as np

from loyalty_kit.statistics.causal.effects import Floats

MATCHES = 3


@dataclass(frozen=True, eq=False)
class Side:
    """Customers on one side of a threshold, in ascending order of their distance from it.

    Attributes
    ----------
    x, y : array of shape (customers,)
        Score less the threshold, and outcome.
    residuals : array of shape (customers,)
        Of each outcome from the mean of its nearest neighbours, scaled to the variance of one.
    """

    x: Floats
    y: Floats
    residuals: Floats

    @classmethod
    def of(cls, x: Floats, y: Floats) -> "Side":
        """Side of some customers, with residuals from their nearest neighbours."""
        order = np.argsort(x, kind="stable")
        return cls(x[order], y[order], neighbour_residuals(x[order], y[order]))

    def fit(self, h: float, degree: int) -> "LocalFit":
        """Polynomial of a degree within a bandwidth, by triangular weights."""
        weight = np.maximum(1 - np.abs(self.x) / h, 0.0) / h
        inside = weight > 0
        design = np.vander(self.x[inside], degree + 1, increasing=True)
        scale = h ** np.arange(degree + 1)
        scaled = design / scale
        cross = (scaled * weight[inside][:, None]).T @ scaled
        lines = np.linalg.solve(cross, (scaled * weight[inside][:, None]).T) / scale[:, None]
        return LocalFit(inside, lines, lines @ self.y[inside])


@dataclass(frozen=True, eq=False)
class LocalFit:
    """Coefficients of a local polynomial as weighted sums of outcomes.

    Attributes
    ----------
    inside : array of shape (customers,), bool
        Who lies within the bandwidth.
    lines : array of shape (coefficients, customers within)
        Weight of each outcome in each coefficient.
    coefficients : array of shape (coefficients,)
        The fit at the threshold: value, slope, half the curvature, …
    """

    inside: np.ndarray[tuple[int], np.dtype[np.bool_]]
    lines: Floats
    coefficients: Floats

    def weights(self, place: int) -> Floats:
        """Weight of every customer in a coefficient."""
        out = np.zeros(len(self.inside))
        out[self.inside] = self.lines[place]
        return out


def neighbour_residuals(x: Floats, y: Floats) -> Floats:
    """Residuals from the mean of the three nearest neighbours by score, ties kept, times √(J/(J + 1)).

    References
    ----------
    Abadie, A. & Imbens, G. W. (2006). Large sample properties of matching estimators. Econometrica 74, 235–267;
    Calonico, Cattaneo & Titiunik (2014), section 5.

    Examples
    --------
    >>> neighbour_residuals(np.arange(4.0), np.array([1.0, 2.0, 3.0, 4.0])).round(3).tolist()
    [-1.732, -0.577, 0.577, 1.732]
    """
    values, first, count = np.unique(x, return_index=True, return_counts=True)
    last = first + count - 1
    sums = np.concatenate([[0.0], np.cumsum(y)])
    out = np.empty(len(x))
    need = min(MATCHES, len(x) - 1)
    for block in range(len(values)):
        low = high = block
        while last[high] - first[low] < need:
            left = values[block] - values[low - 1] if low > 0 else np.inf
            right = values[high + 1] - values[block] if high + 1 < len(values) else np.inf
            low, high = low - (left <= right), high + (right <= left)
        at = slice(first[block], last[block] + 1)
        others = last[high] - first[low]
        mean = (sums[last[high] + 1] - sums[first[low]] - y[at]) / max(others, 1)
        out[at] = np.sqrt(others / (others + 1)) * (y[at] - mean)
    return out
