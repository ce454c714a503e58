"""Lee's bounds: how far unequal attrition could have moved a difference."""

import numpy as np

from loyalty_kit.campaigns.design.rows import Floats


def lee_bounds(control: Floats, treatment: Floats) -> tuple[float, float, float]:
    """Bounds of the difference among customers whose outcome would be seen in either arm.

    Parameters
    ----------
    control, treatment : array of shape (customers,)
        Outcomes, NaN where missing.

    Returns
    -------
    low, high : float
        Bounds of the difference, in outcome units.
    trimmed : float
        Share cut from the arm that lost fewer.

    Notes
    -----
    Where treatment changes whether an outcome is seen only in one direction, the arm that lost fewer
    holds the share 1 − r/R too many, r and R the smaller and larger share seen. Cutting that share from
    its bottom or its top gives the two bounds.

    References
    ----------
    Lee, D. S. (2009). Training, wages, and sample selection. Review of Economic Studies 76(3), 1071–1102,
    proposition 1a.

    Examples
    --------
    >>> lee_bounds(np.array([1.0, 2.0, np.nan, np.nan]), np.array([1.0, 2.0, 3.0, 4.0]))
    (0.0, 2.0, 0.5)
    """
    seen = [np.sort(values[~np.isnan(values)]) for values in (control, treatment)]
    shares = [len(part) / max(len(values), 1) for part, values in zip(seen, (control, treatment), strict=True)]
    if min(shares) == 0:
        return float("nan"), float("nan"), float("nan")
    fuller = int(shares[1] >= shares[0])
    trimmed = 1 - min(shares) / max(shares)
    part = seen[fuller]
    kept = max(round(len(part) * (1 - trimmed)), 1)
    lowest, highest = float(part[:kept].mean()), float(part[len(part) - kept :].mean())
    other = float(seen[1 - fuller].mean())
    low, high = (lowest - other, highest - other) if fuller else (other - highest, other - lowest)
    return low, high, float(trimmed)
