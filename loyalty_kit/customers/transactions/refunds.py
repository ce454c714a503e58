"""Refunds and the purchases that they take back."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]

CENTS = 100


def matched(customer: Whole, time: Whole, amount: Floats) -> Truths:
    """Find the purchases that a later refund of the same customer takes back in full, and these refunds.

    Parameters
    ----------
    customer, time : array of int of shape (orders,)
        Who and when; equal times keep their order of rows.
    amount : array of shape (orders,)
        Refunds below zero.

    Returns
    -------
    array of bool of shape (orders,)

    Notes
    -----
    Within a customer and an amount (to the cent) purchases open and refunds close, as brackets do: a refund takes back
    the last purchase before it that none has taken back yet. With s the running sum of +1 for purchases and −1 for
    refunds, a refund finds none exactly where s falls to a new minimum below 0; seen from the end, the same holds
    for a purchase.

    Examples
    --------
    >>> who, when = np.array([1, 1, 1, 2]), np.array([1, 2, 3, 4])
    >>> matched(who, when, np.array([-5.0, 20.0, -20.0, -20.0])).tolist()
    [False, True, True, False]
    """
    if not len(amount):
        return np.zeros(0, dtype=bool)
    cents = np.rint(np.abs(amount) * CENTS)
    order = np.lexsort((time, cents, customer))
    sign = np.sign(amount[order]).astype(np.int64)
    starts = np.flatnonzero(np.r_[True, (np.diff(customer[order]) != 0) | (np.diff(cents[order]) != 0)])
    sizes = np.diff(np.r_[starts, len(order)])
    lone_refunds = (sign < 0) & _falls(sign, starts, sizes)
    backwards = len(order) - np.r_[starts[1:], len(order)][::-1]
    lone_purchases = ((sign > 0)[::-1] & _falls(-sign[::-1], backwards, sizes[::-1]))[::-1]
    found = np.zeros(len(order), dtype=bool)
    found[order] = (sign != 0) & ~lone_refunds & ~lone_purchases
    return found


def unpaid(customer: Whole, time: Whole, amount: Floats) -> Truths:
    """Find the refunds of customers who had bought nothing before.

    Parameters
    ----------
    customer, time : array of int of shape (orders,)
        Who and when.
    amount : array of shape (orders,)
        Refunds below zero.

    Returns
    -------
    array of bool of shape (orders,)

    Examples
    --------
    >>> unpaid(np.array([1, 1, 2]), np.array([1, 2, 1]), np.array([9.0, -4.0, -4.0])).tolist()
    [False, False, True]
    """
    order = np.lexsort((time, customer))
    bought = np.cumsum(amount[order] > 0)
    starts = np.flatnonzero(np.r_[True, np.diff(customer[order]) != 0][: len(order)])
    before: Whole = np.repeat((bought - (amount[order] > 0))[starts], np.diff(np.r_[starts, len(order)]))
    found = np.zeros(len(order), dtype=bool)
    found[order] = (amount[order] < 0) & (bought == before)
    return found


def _falls(steps: Whole, starts: Whole, sizes: Whole) -> Truths:
    """Whether the running sum of each run falls to a new minimum below 0 at a step."""
    total = np.cumsum(steps)
    before: Whole = np.repeat((total - steps)[starts], sizes)
    within = total - before
    # A drop between runs that is larger than any sum lets one pass of minima serve all runs.
    floor = np.repeat(np.arange(len(starts)), sizes) * (2 * len(steps) + 2)
    lowest = np.minimum.accumulate(np.minimum(within, 0) - floor) + floor
    previous = np.r_[0, lowest[:-1]]
    previous[starts] = 0
    falls: Truths = (within < 0) & (within < previous)
    return falls
