"""Pareto/NBD: a customer leaves at a time of their own, whether they buy or not."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln, psi

from loyalty_kit.customers.value.models.counts import of_counts
from loyalty_kit.customers.value.models.leaving import start_of, sums_of

Floats = npt.NDArray[np.float64]
TINY = 1e-300


def likelihood(theta: Floats, x: Floats, t_x: Floats, T: Floats) -> tuple[Floats, Floats]:
    """Log likelihood of each history and its gradient in the log parameters: log r, log alpha, log s, log beta.

    Notes
    -----
    Purchases are Poisson with a rate from a gamma distribution (shape r, rate alpha), and a customer leaves at a rate
    from another (shape s, rate beta): L = Γ(r + x) alpha^r beta^s / Γ(r) · [(alpha + T)^-(r + x) (beta + T)^-s +
    s ∫ (alpha + τ)^-(r + x) (beta + τ)^-(s + 1) dτ], τ from t_x to T. The integral and its gradient are taken by Gauss
    nodes, as `leaving` has it; no hypergeometric function is needed.

    References
    ----------
    Schmittlein, D. C., Morrison, D. G. & Colombo, R. (1987). Counting your customers: who are they and what will they
    do next? Management Science 33(1), 1–24. Fader, P. S. & Hardie, B. G. S. (2005). A note on deriving the Pareto/NBD
    model and related expressions.
    """
    r, alpha, s, beta = np.exp(theta)
    log_alpha, log_beta = np.log(alpha + T), np.log(beta + T)
    start = start_of(np.exp(theta), x, t_x)
    there, gone = np.exp(-(r + x) * log_alpha - s * log_beta - start), sums_of(theta, x, t_x, T, start)
    # At the corner of the parameters, where everybody leaves at once, the nodes miss the whole integral.
    whole = np.maximum(there + gone[0], TINY)
    there = there / whole
    gone = gone / whole
    ll, by_r = of_counts(lambda n: np.stack([gammaln(r + n) - gammaln(r), psi(r + n) - psi(r)]), x, r)
    ll = ll + r * np.log(alpha) + s * np.log(beta) + start + np.log(whole)
    gradient = np.stack(
        [
            by_r + np.log(alpha) - there * log_alpha - gone[1],
            r / alpha - (r + x) * (there / (alpha + T) + gone[2]),
            np.log(beta) + gone[0] / s - there * log_beta - gone[3],
            s / beta - there * s / (beta + T) - (s + 1) * gone[4],
        ]
    )
    return ll, gradient * np.exp(theta).reshape(len(theta), -1)


def alive(p: Floats, x: Floats, t_x: Floats, T: Floats) -> Floats:
    """Chance that a customer is still there."""
    r, alpha, s, beta = p
    start = start_of(p, x, t_x)
    there = np.exp(-(r + x) * np.log(alpha + T) - s * np.log(beta + T) - start)
    found: Floats = there / np.maximum(there + sums_of(np.log(p), x, t_x, T, start, sums=1)[0], TINY)
    return found


def expected(p: Floats, t: float, x: Floats, t_x: Floats, T: Floats) -> Floats:
    """Purchases expected in the next t weeks."""
    r, alpha, s, beta = p
    power = np.where(np.abs(s - 1) > 1e-9, s - 1, 1e-9)
    lasting = -np.expm1(power * np.log((beta + T) / (beta + T + t))) / power
    found: Floats = alive(p, x, t_x, T) * (r + x) * (beta + T) / (alpha + T) * lasting
    return found


def futures(
    p: Floats, times: Sequence[float], there: Floats, x: Floats, t_x: Floats, T: Floats, rng: np.random.Generator
) -> Iterator[Floats]:
    """Purchases of one future of each customer, there with some chance, up to each of some times."""
    r, alpha, s, beta = p
    here = rng.random(len(x)) < there
    rate = np.where(here, rng.gamma(r + x) / (alpha + T), 0.0)
    leaving = np.maximum(rng.gamma(s, size=len(x)) / (beta + T), 1e-300)
    life = rng.exponential(size=len(x)) / leaving
    count, before = np.zeros(len(x)), 0.0
    for time in times:
        count = count + rng.poisson(rate * np.clip(life - before, 0.0, time - before))
        before = time
        yield count
