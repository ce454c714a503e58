"""Sorting of many whole numbers, with where each stood."""

import numpy as np
import numpy.typing as npt

Whole = npt.NDArray[np.int64]

WORD = 63
"""Bits of a whole number that is not negative."""


def in_order(key: Whole) -> tuple[Whole, Whole]:
    """Give whole numbers from 0 up in order, and where each stood; equal ones keep their order.

    Parameters
    ----------
    key : array of shape (rows,)
        Whole numbers from 0 up; they may be changed.

    Notes
    -----
    The place stands behind the number in one word: numpy sorts plain words ten times as fast as it finds their order.
    Numbers too large for that are sorted by their last bits first, then by those before them.

    Examples
    --------
    >>> key, order = in_order(np.array([3, 1, 3, 0]))
    >>> key.tolist(), order.tolist()
    ([0, 1, 3, 3], [3, 1, 0, 2])
    """
    bits = len(key).bit_length()
    wide, taken = int(key.max(initial=0)).bit_length(), WORD - bits
    if wide > taken:
        order = np.arange(len(key))
        for shift in range(0, wide, taken):
            order = order[in_order((key[order] >> shift) & ((1 << taken) - 1))[1]]
        return key[order], order
    key <<= bits
    key |= np.arange(len(key))
    key.sort()
    order = key & ((1 << bits) - 1)
    key >>= bits
    return key, order
