"""What the answers alone tell: questions that run against the others, and those that go together."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.cluster import hierarchy
from scipy.spatial.distance import squareform

from loyalty_kit.statistics.moments import Floats

MOST_ROWS = 20_000
FEWEST_ROWS = 50
_AGAINST = -0.15
_TOGETHER = 0.3
_DRAWS = 20
_SEED = 20261130


def correlations(values: Sequence[Floats]) -> tuple[Floats, int]:
    """Pairwise correlations of columns of answers, at most of `MOST_ROWS` evenly spread rows, and how many of these."""
    table = np.column_stack(values)
    rows = np.unique(np.linspace(0, len(table) - 1, min(len(table), MOST_ROWS)).astype(int))
    held = pd.DataFrame(table[rows])
    return np.nan_to_num(held.corr().to_numpy()), len(rows)


def against(values: Sequence[Floats]) -> dict[int, float]:
    """Columns that clearly run against the others of a scale, with their correlation to the mean of the rest.

    Notes
    -----
    The signs of the first principal component part the columns in two; the fewer ones are asked about. A correlation
    must be below −0.15 and two standard errors of 1/√n below zero.

    Examples
    --------
    >>> rising = np.arange(60.0)
    >>> against([rising, rising + 1, -rising])
    {2: -1.0}
    """
    r, n = correlations(values)
    first = np.linalg.eigh(r)[1][:, -1]
    fewer = first < 0 if (first < 0).sum() <= len(first) / 2 else first > 0
    rest = ~fewer
    if not fewer.any() or not rest.any():
        return {}
    spread = np.sqrt(r[np.ix_(rest, rest)].sum())
    found = {int(place): float(r[place, rest].sum() / spread) for place in np.flatnonzero(fewer)}
    limit = min(_AGAINST, -2 / np.sqrt(n))
    return {place: round(value, 2) for place, value in found.items() if value < limit}


def together(values: Sequence[Floats]) -> list[list[int]]:
    """Columns that go together, two or more, by their correlations.

    Notes
    -----
    As many clusters of two or more (average linkage on 1 − |r|) as eigenvalues that lie above the 95th percentile of
    those of independent columns (parallel analysis, 20 draws from a fixed seed). A cluster needs a mean |r| of 0.3.
    """
    r, n = correlations(values)
    if n < FEWEST_ROWS or len(r) < 2:
        return []
    count = max(_factors(r, n), 1)
    distance = 1 - np.abs(r)
    np.fill_diagonal(distance, 0)
    tree = hierarchy.linkage(squareform(distance, checks=False), "average")
    found: list[list[int]] = []
    # A column that goes with none is a cluster of its own, and must not take the place of one.
    for clusters in range(count, len(r)):
        found = max(_clusters(tree, clusters, r), found, key=len)
        if len(found) >= count:
            break
    return found


def _clusters(tree: Floats, count: int, r: Floats) -> list[list[int]]:
    """Members of the clusters of two or more that hold together, where the tree is cut into so many."""
    cluster = hierarchy.fcluster(tree, count, "maxclust")
    members = [np.flatnonzero(cluster == label) for label in dict.fromkeys(cluster.tolist())]
    return [part.tolist() for part in members if len(part) > 1 and _mean_r(r, part) >= _TOGETHER]


def _mean_r(r: Floats, part: np.ndarray) -> float:
    inner = np.abs(r[np.ix_(part, part)])
    return float((inner.sum() - len(part)) / (len(part) * (len(part) - 1)))


def _factors(r: Floats, n: int) -> int:
    rng = np.random.default_rng(_SEED)
    drawn = [np.linalg.eigvalsh(np.corrcoef(rng.normal(size=(n, len(r))), rowvar=False))[::-1] for _ in range(_DRAWS)]
    larger = np.linalg.eigvalsh(r)[::-1] > np.quantile(drawn, 0.95, axis=0)
    return int(len(r) if larger.all() else np.argmin(larger))
