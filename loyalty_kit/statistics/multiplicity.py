"""P values adjusted for the size of their family: Holm, Benjamini–Hochberg."""

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


def _stepped(p_values: Floats, adjust: Callable[[Floats], Floats]) -> Floats:
    out = np.full(len(p_values), np.nan)
    known = np.flatnonzero(~np.isnan(p_values))
    order = known[np.argsort(p_values[known], kind="stable")]
    out[order] = np.minimum(adjust(p_values[order]), 1.0)
    return out
