"""BG/BB: occasions to buy come at fixed times; at each a customer buys by a chance of their own, or leaves."""

import numpy as np
import numpy.typing as npt
from scipy.special import betaln, psi

Floats = npt.NDArray[np.float64]
PARAMETERS = ("alpha", "beta", "gamma", "delta")


def likelihood(theta: Floats, x: Floats, t_x: Floats, n: Floats) -> tuple[Floats, Floats]:
    """Log likelihood of x purchases in n occasions, the last at t_x, and its gradient in the log parameters.

    Notes
    -----
    The chance to buy is beta (alpha, beta) over customers, and that to leave before an occasion beta (gamma, delta):
    L = B(alpha + x, beta + n - x) / B(alpha, beta) · B(gamma, delta + n) / B(gamma, delta) + Σ B(alpha + x, beta + t -
    x) / B(alpha, beta) · B(gamma + 1, delta + t) / B(gamma, delta), t from t_x to n - 1.

    References
    ----------
    Fader, P. S., Hardie, B. G. S. & Shang, J. (2010). Customer-base analysis in a discrete-time noncontractual
    setting. Marketing Science 29(6), 1086–1108.
    """
    a, b, c, d = np.exp(theta)
    lasted = np.arange(int((n - t_x).max(initial=0)))
    until = np.minimum(t_x[:, None] + np.r_[lasted, 0], n[:, None])
    until[:, -1] = n
    left = np.r_[np.ones(len(lasted)), 0.0]
    terms = betaln(a + x[:, None], b + until - x[:, None]) + betaln(c + left, d + until)
    terms[:, :-1][lasted >= (n - t_x)[:, None]] = -np.inf
    top = terms.max(axis=1)
    shares = np.exp(terms - top[:, None])
    whole = shares.sum(axis=1)
    shares /= whole[:, None]
    bought, other, gone, stayed = a + x, b + until - x[:, None], c + left, d + until
    gradient = np.stack(
        [
            psi(bought) - (shares * psi(bought[:, None] + other)).sum(axis=1) - psi(a) + psi(a + b),
            (shares * (psi(other) - psi(bought[:, None] + other))).sum(axis=1) - psi(b) + psi(a + b),
            (shares * (psi(gone) - psi(gone + stayed))).sum(axis=1) - psi(c) + psi(c + d),
            (shares * (psi(stayed) - psi(gone + stayed))).sum(axis=1) - psi(d) + psi(c + d),
        ]
    )
    return top + np.log(whole) - betaln(a, b) - betaln(c, d), gradient * np.exp(theta)[:, None]


def alive(p: Floats, x: Floats, t_x: Floats, n: Floats, ahead: Floats | float = 1.0) -> Floats:
    """Chance that a customer is there at an occasion so many after the last."""
    a, b, c, d = p
    ll, _ = likelihood(np.log(p), x, t_x, n)
    there = betaln(a + x, b + n - x) - betaln(a, b) + betaln(c, d + n + ahead) - betaln(c, d)
    found: Floats = np.exp(there - ll)
    return found


def moments(p: Floats, horizon: int, x: Floats, t_x: Floats, n: Floats) -> tuple[Floats, Floats]:
    """Mean and variance of the purchases of a customer in the next occasions.

    Notes
    -----
    With q the chance to buy and K the occasions at which the customer is there, independent given the history, the
    mean is E(q) E(K) and the mean square E(K) (E(q) - E(q²)) + E(K²) E(q²).
    """
    a, b = p[:2]
    there = np.stack([alive(p, x, t_x, n, step) for step in np.arange(1.0, horizon + 1)])
    occasions, squares = there.sum(axis=0), (2 * np.arange(horizon) + 1) @ there
    chance = (a + x) / (a + b + n)
    square = chance * (a + x + 1) / (a + b + n + 1)
    mean = chance * occasions
    return mean, occasions * (chance - square) + squares * square - mean**2
