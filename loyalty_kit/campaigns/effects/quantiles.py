"""Quantiles of each arm, with the standard error of Maritz and Jarrett: read from rows, not from the cube."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import stats

from loyalty_kit.campaigns.design.metrics import Form, Quantile
from loyalty_kit.campaigns.design.rows import MISSING, Floats, Rows
from loyalty_kit.campaigns.effects.estimates import ArmEstimates, Cell


def quantile_error(values: Floats, at: float) -> float:
    """Give the standard error of a sample quantile.

    Parameters
    ----------
    values : array of shape (customers,)
        Sorted or not, none missing.
    at : float
        Which quantile.

    Returns
    -------
    float

    Notes
    -----
    The quantile is seen as the order statistic m = [n p + ½], a weighted mean of the sorted values with
    weights from the Beta(m − 1, n − m) distribution; the error is the standard deviation under them.

    References
    ----------
    Maritz, J. S. & Jarrett, R. G. (1978). A note on estimating the variance of the sample median. JASA 73,
    194–196. Wilcox, R. R. (2012). Introduction to robust estimation and hypothesis testing, section 3.5.3;
    scipy.stats.mstats.mjci.

    Examples
    --------
    >>> round(quantile_error(np.arange(1.0, 12.0), 0.5), 3)
    1.683
    """
    ordered = np.sort(values)
    n = len(ordered)
    m = int(n * at + 0.5)
    if m < 2 or m > n - 1:
        return float("nan")
    edges = stats.beta.cdf(np.arange(n + 1) / n, m - 1, n - m)
    weights = np.diff(edges)
    center = weights @ ordered
    return float(np.sqrt(max(weights @ (ordered - center) ** 2, 0.0)))


def quantile_estimates(
    rows: Rows, metrics: Sequence[Quantile], arm: str, arms: tuple[Any, ...], by: Sequence[str]
) -> list[ArmEstimates]:
    """Estimate of each quantile over all customers and in each cell."""
    cells = [Cell()]
    for name in by:
        levels = [MISSING if level is None else level for level in rows.codes(name)[1]]
        cells += [Cell(name, level) for level in sorted(levels, key=lambda level: (isinstance(level, str), level))]
    return [_estimate(rows, metric, arm, arms, cell) for metric in metrics for cell in cells]


def _estimate(rows: Rows, metric: Quantile, column: str, arms: tuple[Any, ...], cell: Cell) -> ArmEstimates:
    values = rows.values(metric.column)
    inside = ~np.isnan(values) if cell.by is None else ~np.isnan(values) & rows.where(cell.by, cell.level)
    parts = [values[inside & rows.where(column, arm)] for arm in arms]
    value = np.array([np.quantile(part, metric.at) if len(part) else np.nan for part in parts])
    variance = np.array([quantile_error(part, metric.at) ** 2 for part in parts])
    n = np.array([float(len(part)) for part in parts])
    nonzero = np.array([float(np.count_nonzero(part)) for part in parts])
    form = Form({metric.column: 1.0})
    return ArmEstimates(metric, form, cell, arms, value, variance, np.full(len(arms), np.inf), n, nonzero, n)
