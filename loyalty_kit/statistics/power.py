"""How many customers a comparison of two rates needs."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import optimize, special

Floats = npt.NDArray[np.float64]
MOST = 1e13


def rate_power(baseline: float, effect: float, sizes: Floats, *, error: float, factor: float = 1.0) -> float:
    """Power of the unpooled Wald test of two rates.

    Parameters
    ----------
    baseline, effect : float
        Control's rate and what treatment adds to it.
    sizes : array of shape (2,)
        Customers of control and treatment.
    error : float
        Two-sided error of the test.
    factor : float
        What a customer's variance is multiplied by.

    Returns
    -------
    float

    Examples
    --------
    >>> round(rate_power(0.10, 0.01, np.full(2, 14748.5), error=0.05), 3)
    0.8
    """
    raised = min(max(baseline + effect, 0.0), 1.0)
    variances = np.array([baseline * (1 - baseline), raised * (1 - raised)])
    wrong = float(np.sqrt((variances * factor / sizes).sum()))
    limit = -float(special.ndtri(error / 2))
    return float(special.ndtr(effect / wrong - limit) + special.ndtr(-limit - effect / wrong))


def smallest_size(power_at: Callable[[float], float], *, least: float, power: float) -> int | None:
    """Fewest customers with which a test has its power; None where no workable number has.

    Parameters
    ----------
    power_at : callable
        Power with so many customers, rising.
    least : float
        Fewest that allow a test.
    power : float
        Power asked for.

    Examples
    --------
    >>> smallest_size(lambda n: 1 - 10 / n, least=1, power=0.5)
    20
    """
    if power_at(least) >= power:
        return int(np.ceil(least))
    high = 2 * least
    while power_at(high) < power:
        high *= 2
        if high > MOST:
            return None
    root = optimize.brentq(lambda size: power_at(size) - power, least, high, xtol=1e-7, rtol=1e-13)
    return int(np.ceil(root - 1e-6))


def size_of_halves(baseline: float, effect: float, *, power: float = 0.8, confidence: float = 0.95) -> int | None:
    """Count the customers, half of them control, that find a difference of two rates.

    Examples
    --------
    >>> size_of_halves(0.10, 0.01)
    29497
    """
    return smallest_size(
        lambda n: rate_power(baseline, effect, np.full(2, n / 2), error=1 - confidence), least=6, power=power
    )
