"""How often two scales share a factor when the open search is made again on resampled answers."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.measurement.factors.rotation import rotate_from
from loyalty_kit.statistics.moments import Floats


def sharing(drawn: Floats, factors: npt.NDArray[np.int_], scales: Mapping[str, Sequence[int]]) -> pd.DataFrame:
    """Share of resamples in which two scales share a factor.

    Parameters
    ----------
    drawn : array of shape (resamples, items, items)
        Correlations of the items in each resample.
    factors : array of int, shape (resamples,)
        Number of factors that each resample holds.
    scales : dict of str to sequence of int
        Where each scale's items stand.

    Returns
    -------
    DataFrame of shape (scales, scales)
        1 on the diagonal where a scale always keeps together.

    Notes
    -----
    Principal factors, squared multiple correlations on the diagonal, turned by promax. A scale belongs to
    a factor on which more than half of its items load most, signs aside; a resample without a factor
    counts as one in which nothing is shared.

    Examples
    --------
    >>> one = np.full((4, 4), 0.5) + np.eye(4) / 2
    >>> two = np.kron(np.eye(2), np.full((2, 2), 0.5)) + np.eye(4) / 2
    >>> float(sharing(np.stack([one, two]), np.array([1, 2]), {"a": [0, 1], "b": [2, 3]}).loc["a", "b"])
    0.5
    """
    places = np.full((len(drawn), len(scales)), -1)
    for k in np.unique(factors[factors > 0]):
        chosen = np.flatnonzero(factors == k)
        home = np.abs(_rotated(drawn[chosen], int(k))).argmax(axis=2)
        for column, items in enumerate(scales.values()):
            counts = (home[:, list(items), None] == np.arange(k)).sum(axis=1)
            places[chosen, column] = np.where(counts.max(axis=1) > len(items) / 2, counts.argmax(axis=1), -1)
    together = (places[:, :, None] == places[:, None, :]) & (places[:, :, None] >= 0)
    return pd.DataFrame(together.mean(axis=0), index=list(scales), columns=list(scales))


def _rotated(matrices: Floats, k: int) -> Floats:
    """Extract principal factors, turned by promax where there are two or more."""
    reduced = matrices.copy()
    own = np.arange(matrices.shape[1])
    reduced[:, own, own] = 1 - 1 / np.diagonal(np.linalg.pinv(matrices, hermitian=True), axis1=1, axis2=2)
    roots, vectors = np.linalg.eigh(reduced)
    loadings = vectors[:, :, -k:] * np.sqrt(np.maximum(roots[:, None, -k:], 0.0))
    if k == 1:
        return np.asarray(loadings)
    # Upright principal factors can be a saddle point of the rotation: two like scales load alike on both.
    start = np.linalg.qr(np.random.default_rng(0).normal(size=(k, k)))[0]
    starts = np.broadcast_to(start, (len(matrices), k, k))
    return np.asarray(rotate_from(loadings, "promax", starts)[0].rotated)
