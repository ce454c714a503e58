"""Bootstrap intervals of Cronbach's coefficient for many scales in one pass over resampled respondents."""

from collections.abc import Mapping
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.measurement.correlations.items import ItemTable
from loyalty_kit.measurement.reliability.item_analysis import complete_rows
from loyalty_kit.statistics.moments import Floats
from loyalty_kit.statistics.resampling import over_samples

_ROUNDING = 1e-12


def alpha_intervals(
    tables: Mapping[str, ItemTable], *, replicates: int, confidence: float, rng: np.random.Generator
) -> pd.DataFrame:
    """Percentile intervals of Cronbach's coefficient, one a scale.

    Parameters
    ----------
    tables : mapping of str to ItemTable
        Keyed answers to each scale, by the same respondents in the same order.
    replicates : int
        Samples of respondents, each as large as the number who are complete on any scale.
    confidence : float
        Level of the intervals.
    rng : Generator
        Source of chance.

    Returns
    -------
    DataFrame of shape (scales, 2)
        Columns low and high; NaN where no sample has variance.

    Notes
    -----
    A sample is a vector of counts, so the weighted sums of all samples are one matrix product:
    counts × [w, w x, w Σx², w (Σx)²] over the complete rows of each scale. The coefficient needs
    nothing else. Samples without variance are left out.

    References
    ----------
    Efron, B. & Tibshirani, R. (1993). An introduction to the bootstrap. Chapman & Hall, chapter 13.
    """
    intervals = pd.DataFrame(np.nan, index=list(tables), columns=["low", "high"])
    if not tables:
        return intervals
    complete = {name: complete_rows(table) for name, table in tables.items()}
    drawn = np.logical_or.reduce(list(complete.values()))
    blocks = [_columns(table, complete[name])[drawn] for name, table in tables.items()]
    columns = np.hstack(blocks)
    sums = over_samples(partial(_sums, columns), len(columns), replicates, rng=rng)
    ends = np.cumsum([block.shape[1] for block in blocks])[:-1]
    for name, block in zip(tables, np.split(sums, ends, axis=1), strict=True):
        estimates = _coefficients(block)
        estimates = estimates[np.isfinite(estimates)]
        if len(estimates):
            intervals.loc[name] = np.quantile(estimates, [(1 - confidence) / 2, (1 + confidence) / 2])
    return intervals


def _columns(table: ItemTable, complete: npt.NDArray[np.bool_]) -> Floats:
    """Columns to be summed: w, w x for each item, w Σx² and w (Σx)², all zero in incomplete rows."""
    w = np.where(complete, table.weights, 0.0)
    x = np.where(complete[:, None], table.values, 0.0)
    x = np.where(complete[:, None], x - w @ x / w.sum(), 0.0)
    parts = [np.ones((len(w), 1)), x, (x**2).sum(axis=1, keepdims=True), x.sum(axis=1, keepdims=True) ** 2]
    return np.hstack(parts) * w[:, None]


def _sums(columns: Floats, counts: Floats, _: np.random.Generator) -> Floats:
    """Column sums of some bootstrap samples, samples × columns."""
    return np.asarray(counts @ columns)


def _coefficients(sums: Floats) -> Floats:
    """Cronbach's coefficient of each sample; NaN where it has no variance."""
    with np.errstate(invalid="ignore", divide="ignore"):
        means, squares, total = np.split(sums[:, 1:] / sums[:, :1], [-2, -1], axis=1)
        items = means.shape[1]
        of_items = squares[:, 0] - (means**2).sum(axis=1)
        of_total = total[:, 0] - means.sum(axis=1) ** 2
        of_total = np.where(of_total > _ROUNDING * total[:, 0], of_total, np.nan)
        return np.asarray(items / (items - 1) * (1 - of_items / of_total))
