"""Pareto/NBD: a customer leaves at a time of their own, whether they buy or not."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln, psi

Floats = npt.NDArray[np.float64]
NODES, WEIGHTS = np.polynomial.legendre.leggauss(32)
NODES, WEIGHTS = (NODES + 1) / 2, WEIGHTS / 2
BLOCK = 500
"""Histories at a time: their nodes then stay near the processor."""
TINY = 1e-300


def likelihood(theta: Floats, x: Floats, t_x: Floats, T: Floats) -> tuple[Floats, Floats]:
    """Log likelihood of each history and its gradient in the log parameters: log r, log alpha, log s, log beta.

    Notes
    -----
    Purchases are Poisson with a rate from a gamma distribution (shape r, rate alpha), and a customer leaves at a rate
    from another (shape s, rate beta): L = Γ(r + x) alpha^r beta^s / Γ(r) · [(alpha + T)^-(r + x) (beta + T)^-s +
    s ∫ (alpha + τ)^-(r + x) (beta + τ)^-(s + 1) dτ], τ from t_x to T. The integral is taken by 32 Gauss nodes in the
    logarithm of τ plus the smaller of alpha and beta, where it is smooth, and so is its gradient; no hypergeometric
    function is needed.

    References
    ----------
    Schmittlein, D. C., Morrison, D. G. & Colombo, R. (1987). Counting your customers: who are they and what will they
    do next? Management Science 33(1), 1–24. Fader, P. S. & Hardie, B. G. S. (2005). A note on deriving the Pareto/NBD
    model and related expressions.
    """
    blocks = range(0, max(len(x), 1), BLOCK)
    parts = [_likelihood(theta, *(part[at : at + BLOCK] for part in (x, t_x, T))) for at in blocks]
    return np.concatenate([ll for ll, _ in parts]), np.concatenate([gradient for _, gradient in parts], axis=1)


def _likelihood(theta: Floats, x: Floats, t_x: Floats, T: Floats) -> tuple[Floats, Floats]:
    r, alpha, s, beta = np.exp(theta)
    shift, shape = min(alpha, beta), r + x
    # Beyond the last of these times less than e^-45 of the integral is left.
    last = np.minimum(T, (alpha + t_x) * np.exp(np.minimum(45 / shape, 600)) - alpha)
    span = np.log((shift + last) / (shift + t_x))
    log_moved = np.log(shift + t_x)[:, None] + span[:, None] * NODES
    moved = np.exp(log_moved)
    further = moved + abs(beta - alpha)
    near, far = (moved, log_moved), (further, np.log(further))
    (from_alpha, log_alpha), (from_beta, log_beta) = (near, far) if alpha <= beta else (far, near)
    stayed = -shape * np.log(alpha + T) - s * np.log(beta + T)
    # Measured against the larger end: who bought often and long ago is gone by factors beyond any number.
    top = np.maximum(stayed, -shape * np.log(alpha + t_x) - (s + 1) * np.log(beta + t_x))
    part = np.exp(-shape[:, None] * log_alpha - (s + 1) * log_beta - top[:, None])
    part *= moved * WEIGHTS * (span * s)[:, None]
    gone = part.sum(axis=1)
    there = np.exp(stayed - top)
    # At the corner of the parameters, where everybody leaves at once, the nodes miss the whole integral.
    whole = np.maximum(there + gone, TINY)
    ll = gammaln(shape) - gammaln(r) + r * np.log(alpha) + s * np.log(beta) + top + np.log(whole)
    by_alpha, by_beta = ((part / moments).sum(axis=1) for moments in (from_alpha, from_beta))
    sum_alpha, sum_beta = (np.einsum("ij,ij->i", part, logs) for logs in (log_alpha, log_beta))
    gradient = np.stack(
        [
            psi(shape) - psi(r) + np.log(alpha) - (there * np.log(alpha + T) + sum_alpha) / whole,
            r / alpha - shape * (there / (alpha + T) + by_alpha) / whole,
            np.log(beta) + (gone / s - there * np.log(beta + T) - sum_beta) / whole,
            s / beta - (there * s / (beta + T) + (s + 1) * by_beta) / whole,
        ]
    )
    return ll, gradient * np.array([[r], [alpha], [s], [beta]])


def alive(p: Floats, x: Floats, t_x: Floats, T: Floats) -> Floats:
    """Chance that a customer is still there."""
    r, alpha, s, beta = p
    ll, _ = likelihood(np.log(p), x, t_x, T)
    there = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta)
    there = there - (r + x) * np.log(alpha + T) - s * np.log(beta + T)
    found: Floats = np.exp(np.minimum(there - ll, 0.0))
    return found


def expected(p: Floats, t: float, x: Floats, t_x: Floats, T: Floats) -> Floats:
    """Purchases expected in the next t weeks."""
    r, alpha, s, beta = p
    power = s - 1 if abs(s - 1) > 1e-9 else 1e-9
    lasting = -np.expm1(power * np.log((beta + T) / (beta + T + t))) / power
    found: Floats = alive(p, x, t_x, T) * (r + x) * (beta + T) / (alpha + T) * lasting
    return found


def futures(
    p: Floats, times: Sequence[float], x: Floats, t_x: Floats, T: Floats, rng: np.random.Generator
) -> Iterator[Floats]:
    """Purchases of one future of each customer up to each of some times."""
    r, alpha, s, beta = p
    there = rng.random(len(x)) < alive(p, x, t_x, T)
    rate = np.where(there, rng.gamma(r + x) / (alpha + T), 0.0)
    leaving = np.maximum(rng.gamma(s, size=len(x)) / (beta + T), 1e-300)
    life = rng.exponential(size=len(x)) / leaving
    count, before = np.zeros(len(x)), 0.0
    for time in times:
        count = count + rng.poisson(rate * np.clip(life - before, 0.0, time - before))
        before = time
        yield count
