"""P values adjusted for the size of their family: Holm, Benjamini–Hochberg, Westfall–Young."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def holm(p_values: Floats) -> Floats:
    """Holm's step-down adjusted p values; missing ones count neither in the family nor in the result.

    Parameters
    ----------
    p_values : array of shape (tests,)
        NaN where a test could not be made.

    Returns
    -------
    array of shape (tests,)

    Notes
    -----
    The i-th smallest of m p values is multiplied by m − i + 1; none may be smaller than one before it.

    References
    ----------
    Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal of
    Statistics 6(2), 65–70.

    Examples
    --------
    >>> holm(np.array([0.01, 0.04, 0.03])).round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    return _stepped(p_values, lambda p: np.maximum.accumulate(p * np.arange(len(p), 0, -1)))


def benjamini_hochberg(p_values: Floats) -> Floats:
    """Benjamini and Hochberg's adjusted p values (false-discovery rate); missing ones count as in `holm`.

    Parameters
    ----------
    p_values : array of shape (tests,)
        NaN where a test could not be made.

    Returns
    -------
    array of shape (tests,)

    References
    ----------
    Benjamini, Y. & Hochberg, Y. (1995). Controlling the false discovery rate: a practical and powerful
    approach to multiple testing. Journal of the Royal Statistical Society B 57(1), 289–300.

    Examples
    --------
    >>> benjamini_hochberg(np.array([0.01, 0.04, 0.03])).round(3).tolist()
    [0.03, 0.04, 0.04]
    """
    return _stepped(p_values, lambda p: np.minimum.accumulate((p * len(p) / np.arange(1, len(p) + 1))[::-1])[::-1])


def max_t(statistics: Floats) -> Floats:
    """Westfall and Young's step-down adjusted p values, by draws under the null.

    Parameters
    ----------
    statistics : array of shape (1 + draws, tests)
        The observed statistics first, then those of each draw; large ones speak against the null.

    Returns
    -------
    array of shape (tests,)

    Notes
    -----
    With tests in falling order of their observed statistics, the i-th p value is the share of rows, the observed one
    among them, whose largest statistic over the tests from i on reaches the observed one; none may be smaller than one
    before it. Where observed and drawn rows are exchangeable, no normal approximation enters.

    References
    ----------
    Westfall, P. H. & Young, S. S. (1993). Resampling-based Multiple Testing. Wiley, algorithm 4.1.

    Examples
    --------
    >>> max_t(np.array([[9.0, 1.0], [1.0, 2.0], [3.0, 0.0], [2.0, 2.0]])).tolist()
    [0.25, 0.75]
    """
    order = np.argsort(-statistics[0], kind="stable")
    ordered = statistics[:, order]
    largest = np.maximum.accumulate(ordered[:, ::-1], axis=1)[:, ::-1]
    out = np.empty(len(order))
    out[order] = np.maximum.accumulate((largest >= ordered[0] - 1e-12).mean(axis=0))
    return out


def _stepped(p_values: Floats, adjust: Callable[[Floats], Floats]) -> Floats:
    out = np.full(len(p_values), np.nan)
    known = np.flatnonzero(~np.isnan(p_values))
    order = known[np.argsort(p_values[known], kind="stable")]
    out[order] = np.minimum(adjust(p_values[order]), 1.0)
    return out
