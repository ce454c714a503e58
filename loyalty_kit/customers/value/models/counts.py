"""Functions of a count of purchases: each value is worked out once, however many histories share it."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def of_counts(function: Callable[[Floats], Floats], x: Floats, *parameters: Floats) -> Floats:
    """Apply a function to whole numbers from 0 up.

    Parameters
    ----------
    function : callable
        Counts of shape (n,) to values of shape (..., n).
    x : array of shape (histories,)
        Counts.
    parameters : floats or arrays
        What else the function depends on: where one of them differs by history, there is nothing to share.

    Examples
    --------
    >>> of_counts(lambda n: np.stack([n, n**2]), np.array([3.0, 0.0, 3.0, 1.0])).tolist()
    [[3.0, 0.0, 3.0, 1.0], [9.0, 0.0, 9.0, 1.0]]
    """
    most = int(x.max(initial=0.0))
    if most >= len(x) or any(np.ndim(one) for one in parameters):
        return function(x)
    values: Floats = function(np.arange(most + 1.0))[..., x.astype(np.intp)]
    return values
