"""BG/NBD and MBG/NBD: after each purchase a customer leaves with a chance of their own."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
from scipy.special import expit, gammaln, hyp2f1, psi

from loyalty_kit.customers.value.models.counts import of_counts

Floats = npt.NDArray[np.float64]


def likelihood(theta: Floats, x: Floats, t_x: Floats, T: Floats, *, modified: bool = False) -> tuple[Floats, Floats]:
    """Log likelihood of each history and its gradient in the log parameters: log r, log alpha, log a, log b.

    Notes
    -----
    Purchases are Poisson with a rate from a gamma distribution (shape r, rate alpha); after each a customer leaves with
    a chance from a beta distribution (a, b): after the first purchase too in the modified model. With m = 1 in that
    and 0 else, L = Γ(r + x) alpha^r / Γ(r) · B(a, b + x + m) / B(a, b) · [(alpha + T)^-(r + x) + 1(x + m > 0) ·
    a / (b + x + m - 1) · (alpha + t_x)^-(r + x)].

    References
    ----------
    Fader, P. S., Hardie, B. G. S. & Lee, K. L. (2005). "Counting your customers" the easy way. Marketing Science
    24(2), 275–284. Batislam, E. P., Denizel, M. & Filiztekin, A. (2007). Empirical validation and comparison of models
    for customer base analysis. International Journal of Research in Marketing 24(3), 201–209.
    """
    r, alpha, a, b = np.exp(theta)
    m = float(modified)
    may = x + m > 0
    kept = np.where(may, b + x + m - 1, 1.0)
    log_T, log_t = np.log(alpha + T), np.log(alpha + t_x)
    gap = np.where(may, np.log(a) - np.log(kept) + (r + x) * (log_T - log_t), -np.inf)
    gone = expit(gap)

    def of(n: Floats) -> Floats:
        """Part of the likelihood that depends on the count alone, and its slopes in r, a and b."""
        ll = gammaln(r + n) - gammaln(r) + gammaln(b + n + m) - gammaln(b) + gammaln(a + b) - gammaln(a + b + n + m)
        leaving = psi(a + b) - psi(a + b + n + m)
        return np.stack([ll, psi(r + n) - psi(r), leaving, psi(b + n + m) - psi(b) + leaving])

    ll, by_r, by_a, by_b = of_counts(of, x, r, a, b)
    # The logarithm of 1 + e^gap, where that cannot overflow.
    ll = ll + r * np.log(alpha) - (r + x) * log_T + np.maximum(gap, 0.0) + np.log1p(np.exp(-np.abs(gap)))
    gradient = np.stack(
        [
            by_r + np.log(alpha) - log_T + gone * (log_T - log_t),
            r / alpha - (r + x) * ((1 - gone) / (alpha + T) + gone / (alpha + t_x)),
            by_a + gone / a,
            by_b - gone / kept,
        ]
    )
    return ll, gradient * np.exp(theta).reshape(len(theta), -1)


def alive(p: Floats, x: Floats, t_x: Floats, T: Floats, *, modified: bool = False) -> Floats:
    """Chance that a customer is still there; 1 for who bought once, unless the model is modified."""
    r, alpha, a, b = p
    may = x + modified > 0
    log_odds = np.log(a) - np.log(np.where(may, b + x + modified - 1, 1.0))
    log_odds = log_odds + (r + x) * np.log((alpha + T) / (alpha + t_x))
    found: Floats = np.where(may, expit(-log_odds), 1.0)
    return found


def expected(p: Floats, t: float, x: Floats, t_x: Floats, T: Floats, *, modified: bool = False) -> Floats:
    """Purchases expected in the next t weeks, by Gauss's hypergeometric function in the form that never overflows."""
    r, alpha, a, b = p
    stayed = b + x + modified
    # The formula has a hole at a = 1.
    a = np.where(np.abs(a - 1) > 1e-7, a, 1 + 1e-7)
    z = t / (alpha + T + t)
    curve = hyp2f1(a - 1 + b + modified - r, a - 1, a + stayed - 1, z)
    bought = (a + stayed - 1) / (a - 1) * (1 - (1 - z) ** (a - 1) * curve)
    found: Floats = alive(p, x, t_x, T, modified=modified) * bought
    return found


def futures(
    p: Floats,
    times: Sequence[float],
    there: Floats,
    x: Floats,
    t_x: Floats,
    T: Floats,
    rng: np.random.Generator,
    *,
    modified: bool = False,
) -> Iterator[Floats]:
    """Purchases of one future of each customer, there with some chance, up to each of some times."""
    r, alpha, a, b = p
    here = rng.random(len(x)) < there
    rate = np.where(here, rng.gamma(r + x) / (alpha + T), 0.0)
    leaves = np.clip(rng.beta(a, b + x + modified), 1e-12, 1.0)
    most = rng.geometric(leaves).astype(float)
    count = np.zeros(len(x))
    for step in np.diff([0.0, *times]):
        count = count + rng.poisson(rate * step)
        yield np.minimum(count, most)
