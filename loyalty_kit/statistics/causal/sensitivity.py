"""How strong something that was not measured would have to be to explain an effect away."""

import numpy as np

D_TO_LOG_RISK = 0.91


def e_value(risk_ratio: float) -> float:
    """Least risk ratio that something unmeasured must have with membership and with the outcome, to explain one away.

    References
    ----------
    VanderWeele, T. J. & Ding, P. (2017). Sensitivity analysis in observational research: introducing the E-value.
    Annals of Internal Medicine 167, 268–274.

    Examples
    --------
    >>> round(e_value(3.9), 2), round(e_value(1 / 3.9), 2), e_value(1.0)
    (7.26, 7.26, 1.0)
    """
    ratio = max(risk_ratio, 1 / risk_ratio)
    return float(ratio + np.sqrt(ratio * (ratio - 1)))


def e_values(estimate: float, low: float, high: float, spread: float) -> tuple[float, float]:
    """Give the E-values of a difference of means and of the nearer end of its interval; 1 where that crosses 0.

    Parameters
    ----------
    estimate, low, high : float
        Difference and the ends of its interval.
    spread : float
        Standard deviation of the outcome.

    Notes
    -----
    A difference of d standard deviations stands for a risk ratio of exp(0.91 d) (Chinn 2000).
    """
    nearer = low if estimate > 0 else high
    crossed = low <= 0 <= high
    ratios = [float(np.exp(D_TO_LOG_RISK * value / spread)) for value in (estimate, nearer)]
    return e_value(ratios[0]), 1.0 if crossed else e_value(ratios[1])
