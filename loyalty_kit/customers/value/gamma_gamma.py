"""Gamma-Gamma: what a customer spends on a day, around a level of their own."""

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln, psi

Floats = npt.NDArray[np.float64]
PARAMETERS = ("p", "q", "gamma")


def likelihood(theta: Floats, x: Floats, z: Floats) -> tuple[Floats, Floats]:
    """Log likelihood of the mean spend z of x repeat days and its gradient in log p, log q, log gamma.

    Notes
    -----
    Spend of a day is gamma with shape p and a customer's own rate, which is gamma with shape q and rate gamma; spend
    has nothing to do with how often somebody buys.

    References
    ----------
    Fader, P. S. & Hardie, B. G. S. (2013). The Gamma-Gamma model of monetary value.
    """
    p, q, gamma = np.exp(theta)
    log_sum, both = np.log(gamma + x * z), psi(p * x + q)
    ll = gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(gamma)
    ll = ll + (p * x - 1) * np.log(z) + p * x * np.log(x) - (p * x + q) * log_sum
    gradient = np.stack(
        [
            x * (both - psi(p * x) + np.log(z) + np.log(x) - log_sum),
            both - psi(q) + np.log(gamma) - log_sum,
            q / gamma - (p * x + q) / (gamma + x * z),
        ]
    )
    return ll, gradient * np.array([[p], [q], [gamma]])


def expected_spend(p: Floats, x: Floats, z: Floats) -> Floats:
    """Spend expected on a day of each customer; the mean of all where nothing was repeated."""
    shape, q, gamma = p
    found: Floats = shape * (gamma + x * z) / (shape * x + q - 1)
    return found


def drawn_spend(p: Floats, days: Floats, x: Floats, z: Floats, rng: np.random.Generator) -> Floats:
    """Draw what each customer spends on so many days."""
    shape, q, gamma = p
    level = rng.gamma(q + shape * x) / (gamma + x * z)
    found: Floats = np.where(days > 0, rng.gamma(shape * np.maximum(days, 1)) / level, 0.0)
    return found
