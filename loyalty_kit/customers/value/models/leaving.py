"""The integral over the time at which a customer of the Pareto/NBD left: by itself, or shared by equal counts."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]

NODES, WEIGHTS = np.polynomial.legendre.leggauss(32)
NODES, WEIGHTS = (NODES + 1) / 2, WEIGHTS / 2
DAY_NODES, DAY_WEIGHTS = np.polynomial.legendre.leggauss(6)
DAY_NODES, DAY_WEIGHTS = (DAY_NODES + 1) / 2, DAY_WEIGHTS / 2
BLOCK = 500
"""Histories at a time: their nodes then stay near the processor."""
DAYS, WHOLE = 7, 1e-6
"""Days of a week, and how near to a whole day a time must lie to share."""
SHARED = 20
"""Days of a table that cost as much as one history by itself."""
STEEP, DEEP = 2.0, 600.0
"""Exponents of a day, and of all days, up to which a table is exact."""
SUMS = 5


def sums_of(theta: Floats, x: Floats, t_x: Floats, T: Floats, start: Floats, sums: int = SUMS) -> Floats:
    """Integrals from t_x to T of f, f log(alpha + τ), f / (alpha + τ), f log(beta + τ), f / (beta + τ): (5, histories).

    Parameters
    ----------
    theta : array of shape (4,) or (4, histories)
        Log parameters.
    x, t_x, T : arrays of shape (histories,)
        Histories.
    start : array of shape (histories,)
        What `start_of` gives.
    sums : int
        How many of these integrals are needed, from the first.

    Notes
    -----
    f(τ) = s (alpha + τ)^-(r + x) (beta + τ)^-(s + 1), over (alpha + t_x)^-(r + x) (beta + t_x)^-(s + 1). A history by
    itself takes 32 Gauss nodes in the logarithm of τ plus the smaller of alpha and beta, where f is smooth. Histories
    of the same count on whole days differ in the ends alone: each day is taken once, by 6 nodes, and days are added up
    from the last one backwards, so that the difference of two of these sums holds all its digits.
    """
    found = np.empty((sums, len(x)))
    alone = np.ones(len(x), dtype=bool)
    if theta.ndim == 1:
        shared = _shared(np.exp(theta), x, t_x, T)
        if shared.any():
            found[:, shared] = _by_days(np.exp(theta), x[shared], t_x[shared], T[shared], start[shared], sums)
        alone = ~shared
    places = np.flatnonzero(alone)
    for at in range(0, len(places), BLOCK):
        some = places[at : at + BLOCK]
        own = theta if theta.ndim == 1 else theta[:, some]
        found[:, some] = _by_nodes(np.exp(own), x[some], t_x[some], T[some])[:sums]
    return found


def start_of(p: Floats, x: Floats, t_x: Floats) -> Floats:
    """Logarithm of what the integrals are measured by."""
    r, alpha, s, beta = p
    found: Floats = -(r + x) * np.log(alpha + t_x) - (s + 1) * np.log(beta + t_x)
    return found


def _by_nodes(p: Floats, x: Floats, t_x: Floats, T: Floats) -> Floats:
    """Integrals of each history by itself."""
    r, alpha, s, beta = (np.reshape(one, (-1, 1)) for one in p)
    x, t_x, T = x[:, None], t_x[:, None], T[:, None]
    shift, shape = np.minimum(alpha, beta), r + x
    # Beyond the last of these times less than e^-45 of the integral is left.
    last = np.minimum(T, (alpha + t_x) * np.exp(np.minimum(45 / shape, 600)) - alpha)
    span = np.log((shift + last) / (shift + t_x))
    near = np.exp(np.log(shift + t_x) + span * NODES)
    from_alpha, from_beta = near + (alpha - shift), near + (beta - shift)
    log_alpha, log_beta = np.log(from_alpha), np.log(from_beta)
    start = -shape * np.log(alpha + t_x) - (s + 1) * np.log(beta + t_x)
    part = np.exp(-shape * log_alpha - (s + 1) * log_beta - start) * near * WEIGHTS * (span * s)
    moments = (part, part * log_alpha, part / from_alpha, part * log_beta, part / from_beta)
    return np.stack([one.sum(axis=1) for one in moments])


def _shared(p: Floats, x: Floats, t_x: Floats, T: Floats) -> Truths:
    """Which histories have a count that so many have, on whole days, that a table of the days is cheaper, and exact."""
    r, alpha, s, beta = p
    most, end = int(x.max(initial=0.0)), float(T.max(initial=0.0))
    if most >= len(x) or len(x) * SHARED <= end * DAYS:
        return np.zeros(len(x), dtype=bool)
    whole = np.abs(DAYS * t_x - np.rint(DAYS * t_x)) + np.abs(DAYS * T - np.rint(DAYS * T)) < WHOLE
    place, counts = x.astype(np.intp), np.arange(most + 1.0)
    held = np.bincount(place[whole], minlength=most + 1)
    earliest = np.full(most + 1, np.inf)
    np.minimum.at(earliest, place, t_x)
    near = min(alpha, beta) + earliest
    power = r + counts + s + 1
    exact = (power * np.log1p(1 / (DAYS * near)) <= STEEP) & (power * np.log1p(end / min(alpha, beta)) <= DEEP)
    found: Truths = (exact & (held * SHARED > end * DAYS))[place] & whole
    return found


def _by_days(p: Floats, x: Floats, t_x: Floats, T: Floats, start: Floats, sums: int = SUMS) -> Floats:
    """Integrals of histories on whole days, by a table of days for each count."""
    r, alpha, s, beta = p
    first, last = np.rint(DAYS * t_x).astype(np.intp), np.rint(DAYS * T).astype(np.intp)
    begins = np.arange(int(last.max()))[:, None] / DAYS
    shift = min(alpha, beta)
    span = np.log1p(1 / (DAYS * (shift + begins)))
    near = np.exp(np.log(shift + begins) + span * DAY_NODES)
    from_alpha, from_beta = near + (alpha - shift), near + (beta - shift)
    # Each power over the one at the start, where it is the largest.
    log_alpha, log_beta = np.log(from_alpha), np.log(from_beta)
    fixed = near * DAY_WEIGHTS * span * s * np.exp(-(s + 1) * (log_beta - np.log(beta)))
    moments = np.stack([fixed, fixed * log_alpha, fixed / from_alpha, fixed * log_beta, fixed / from_beta][:sums])
    whole = x.astype(np.intp)
    counts = np.flatnonzero(np.bincount(whole))
    row = np.searchsorted(counts, np.arange(whole.max() + 1))[whole]
    table = np.zeros((len(counts), sums, len(begins) + 1))
    for place, shape in enumerate(r + counts):
        each = np.einsum("qdk,dk->qd", moments, np.exp(-shape * (log_alpha - np.log(alpha))))
        table[place, :, :-1] = np.cumsum(each[:, ::-1], axis=1)[:, ::-1]
    scale = -(r + x) * np.log(alpha) - (s + 1) * np.log(beta) - start
    found: Floats = (table[row, :, first] - table[row, :, last]).T * np.exp(scale)
    return found
