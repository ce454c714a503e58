"""Covariates in models of purchases: what is known of a customer moves the rates of buying and of leaving."""

from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
PARTS = Literal["purchases", "leaving"]
ALIKE = 50
"""Histories a set of covariates, from which on each set is worked out by itself, sharing what equal counts share."""


class Shift(NamedTuple):
    """Which rate covariates move: by the factor e^(effect · value), on the parameter at a place, up or down."""

    part: PARTS
    place: int
    sign: float


def own_parameters(theta: Floats, values: Floats, shifts: Sequence[Shift]) -> Floats:
    """Log parameters of each history, from those of everybody followed by the effects of each shift.

    Examples
    --------
    >>> own_parameters(np.array([0.0, 1.0, 0.5]), np.array([[0.0, 2.0]]), [Shift("purchases", 1, -1.0)]).tolist()
    [[0.0, 0.0], [1.0, 0.0]]
    """
    count = len(theta) - len(shifts) * len(values)
    effects = theta[count:].reshape(len(shifts), len(values))
    found: Floats = np.repeat(theta[:count, None], values.shape[1], axis=1)
    for shift, effect in zip(shifts, effects, strict=True):
        found[shift.place] += shift.sign * (effect @ values)
    return found


def shifted(
    likelihood: Callable[..., tuple[Floats, Floats]], shifts: Sequence[Shift]
) -> Callable[..., tuple[Floats, Floats]]:
    """Likelihood that takes covariates after the history: one array each."""

    def found(theta: Floats, x: Floats, t_x: Floats, T: Floats, *covariates: Floats) -> tuple[Floats, Floats]:
        if not covariates:
            return likelihood(theta, x, t_x, T)
        values = np.stack(covariates)
        parts = [likelihood(own, x[some], t_x[some], T[some]) for own, some in _sets(theta, values, shifts)]
        ll = np.concatenate([part for part, _ in parts])
        slopes = np.concatenate([part for _, part in parts], axis=1)
        return ll, np.concatenate([slopes, *(shift.sign * values * slopes[shift.place] for shift in shifts)])

    return found


def _sets(theta: Floats, values: Floats, shifts: Sequence[Shift]) -> Iterator[tuple[Floats, slice]]:
    """Log parameters of each run of equal covariates, or of each history where runs are short."""
    count = values.shape[1]
    begins = np.r_[0, np.flatnonzero((values[:, 1:] != values[:, :-1]).any(axis=0)) + 1]
    if len(begins) * ALIKE > count:
        yield own_parameters(theta, values, shifts), slice(None)
        return
    own = own_parameters(theta, values[:, begins], shifts)
    for place, (low, high) in enumerate(zip(begins, [*begins[1:], count], strict=True)):
        yield own[:, place], slice(low, high)


def shifted_alive(alive: Callable[..., Floats], shifts: Sequence[Shift]) -> Callable[..., Floats]:
    """Chance to be there, with covariates after the history."""

    def found(p: Floats, x: Floats, t_x: Floats, T: Floats, *covariates: Floats) -> Floats:
        return alive(_own(p, covariates, shifts), x, t_x, T)

    return found


def shifted_expected(expected: Callable[..., Floats], shifts: Sequence[Shift]) -> Callable[..., Floats]:
    """Purchases expected, with covariates after the history."""

    def found(p: Floats, t: float, x: Floats, t_x: Floats, T: Floats, *covariates: Floats) -> Floats:
        return expected(_own(p, covariates, shifts), t, x, t_x, T)

    return found


def shifted_futures(
    futures: Callable[..., Iterator[Floats]], shifts: Sequence[Shift]
) -> Callable[..., Iterator[Floats]]:
    """Futures of each customer, with covariates after the history and the source of chance last."""

    def found(
        p: Floats, times: Sequence[float], there: Floats, x: Floats, t_x: Floats, T: Floats, *rest: object
    ) -> Iterator[Floats]:
        *covariates, rng = rest
        return futures(_own(p, covariates, shifts), times, there, x, t_x, T, rng)

    return found


def _own(p: Floats, covariates: Sequence[object], shifts: Sequence[Shift]) -> Floats:
    if not covariates:
        return p
    found: Floats = np.exp(own_parameters(np.log(p), np.array(covariates, dtype=float), shifts))
    return found
