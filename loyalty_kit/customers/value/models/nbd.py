"""NBD: buyers who never leave, against whom the models with dropout are held."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln, psi

from loyalty_kit.customers.value.models.counts import of_counts

Floats = npt.NDArray[np.float64]


def likelihood(theta: Floats, x: Floats, t_x: Floats, T: Floats) -> tuple[Floats, Floats]:
    """Log likelihood of each history and its gradient in the log parameters: log r, log alpha.

    Notes
    -----
    Purchases are Poisson with a rate from a gamma distribution of shape r and rate alpha:
    L = Γ(r + x) / Γ(r) · alpha^r / (alpha + T)^(r + x).
    """
    r, alpha = np.exp(theta)
    log_T = np.log(alpha + T)
    ll, by_r = of_counts(lambda n: np.stack([gammaln(r + n) - gammaln(r), psi(r + n) - psi(r)]), x, r)
    ll = ll + r * np.log(alpha) - (r + x) * log_T
    gradient = np.stack([by_r + np.log(alpha) - log_T, r / alpha - (r + x) / (alpha + T)])
    return ll, gradient * np.exp(theta).reshape(len(theta), -1)


def alive(p: Floats, x: Floats, t_x: Floats, T: Floats) -> Floats:
    """Everybody stays."""
    return np.ones(len(x))


def expected(p: Floats, t: float, x: Floats, t_x: Floats, T: Floats) -> Floats:
    """Purchases expected in the next t weeks: t (r + x) / (alpha + T)."""
    found: Floats = t * (p[0] + x) / (p[1] + T)
    return found


def futures(
    p: Floats, times: Sequence[float], there: Floats, x: Floats, t_x: Floats, T: Floats, rng: np.random.Generator
) -> Iterator[Floats]:
    """Purchases of one future of each customer, who stays, up to each of some times."""
    rate = rng.gamma(p[0] + x) / (p[1] + T)
    count = np.zeros(len(x))
    for step in np.diff([0.0, *times]):
        count = count + rng.poisson(rate * step)
        yield count
