"""Whether there are segments at all, or a cloud without any would be parted as clearly."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from loyalty_kit.core.results import Result
from loyalty_kit.customers.segments.fits import fit
from loyalty_kit.customers.segments.latent_classes import ROUGH, latent_classes

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.intp]
Draw = Callable[[np.random.Generator], Floats]

LEVEL, CLEAR = 0.05, 0.01
ROWS = 5_000
"""Rows that are parted, at most: all of them where there are fewer, so that no sample of them decides."""
STARTS, TOLERANCE = 3, 1e-3


@dataclass(frozen=True, eq=False)
class StructureResult(Result):
    """Whether there is any structure, or a cloud of the same moments would be parted as clearly.

    Attributes
    ----------
    statistic : float
        How clearly the segments are apart (simplified silhouette); for latent classes the gain in log-likelihood over
        one class.
    expected, upper : float
        Mean and 95 % point of the draws without structure.
    p_value : float
        Share of draws that reach the statistic, one counted for the data themselves.
    p_columns : float
        The same for draws that keep each column's own distribution too; NaN where these were not needed.
    verdict : {'structure', 'columns_unclear', 'columns', 'unclear', 'none'}
        'none' where the p value is above .05. 'unclear' where it is not, but the statistic lies no farther from the
        draws than one draw in a hundred would. 'columns' and 'columns_unclear' are these two words for the draws that
        keep the columns' own distributions: these explain the groups, or may.
    samples, n_used : int
        Draws; customers.
    """

    statistic: float
    expected: float
    upper: float
    p_value: float
    p_columns: float
    verdict: str
    samples: int
    n_used: int

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame of one row: statistic, expected, upper, p_value, p_columns, verdict."""
        names = ["statistic", "expected", "upper", "p_value", "p_columns", "verdict"]
        return pd.DataFrame([{name: getattr(self, name) for name in names}])


def structure_of(values: Floats, k: int, method: str, samples: int, rng: np.random.Generator) -> StructureResult:
    """Test k segments of a method against clouds without any; see `SegmentsResult.structure`."""
    rows = values[np.sort(rng.permutation(len(values))[:ROWS])]

    def against(draw: Draw) -> Floats:
        return np.array([apartness(draw(rng), k, method, rng) for _ in range(samples)])

    statistic = apartness(rows, k, method, rng)
    latent = method == "latent_class"
    draws = against(shuffled(rows) if latent else cloud(rows))
    word, by_columns = judged(draws, statistic), float("nan")
    verdict = {"clear": "structure"}.get(word, word)
    if word == "clear" and not latent:
        kept = against(same_columns(rows))
        by_columns = _reached(kept, statistic)
        verdict = {"clear": "structure", "unclear": "columns_unclear", "none": "columns"}[judged(kept, statistic)]
    return StructureResult(
        statistic=statistic,
        expected=float(draws.mean()),
        upper=float(np.quantile(draws, 0.95)),
        p_value=_reached(draws, statistic),
        p_columns=by_columns,
        verdict=verdict,
        samples=samples,
        n_used=len(values),
    )


def judged(draws: Floats, statistic: float) -> str:
    """Word for a statistic beside its draws: 'clear', 'unclear' or 'none'.

    Notes
    -----
    Up to a p value of .05 by rank, which is exact, chance explains the statistic. Beyond it, a few dozen draws cannot
    tell .05 from .01 by rank: how far the statistic lies from them, as a further draw of a normal distribution would
    (Student's t, m − 1 degrees of freedom, with an error of s sqrt(1 + 1 / m)), decides whether it is clear. So other
    draws or another seed turn 'none' into 'unclear' or 'unclear' into 'clear', but hardly ever 'none' into 'clear'.
    """
    if _reached(draws, statistic) > LEVEL:
        return "none"
    error = max(float(draws.std(ddof=1)), np.finfo(float).tiny) * np.sqrt(1 + 1 / len(draws))
    return "clear" if stats.t.sf((statistic - draws.mean()) / error, len(draws) - 1) <= CLEAR else "unclear"


def _reached(draws: Floats, statistic: float) -> float:
    return float((1 + (draws >= statistic).sum()) / (1 + len(draws)))


def apartness(values: Floats, k: int, method: str, rng: np.random.Generator) -> float:
    """How clearly k segments are apart; for latent classes the gain in log-likelihood over one class."""
    if method != "latent_class":
        return clearness(values, fit(values, k, method, rng, starts=STARTS, tolerance=TOLERANCE)[1])
    answers = values.astype(np.intp)
    fits = [latent_classes(answers, classes, starts=STARTS, rng=rng, tolerance=ROUGH) for classes in (k, 1)]
    return fits[0].log_likelihood - fits[1].log_likelihood


def clearness(values: Floats, labels: Whole) -> float:
    """Mean over rows of 1 − a / b: a the distance to the own segment's centre, b to the nearest other one.

    References
    ----------
    Vendramin, L., Campello, R. J. G. B. & Hruschka, E. R. (2010). Relative clustering validity criteria. Statistical
    Analysis and Data Mining 3(4), 209–235: the simplified silhouette, whose time grows with rows and not their square.

    Examples
    --------
    >>> clearness(np.array([[0.0], [2.0], [10.0], [10.0]]), np.array([0, 0, 1, 1])).__round__(3)
    0.944
    """
    own, sizes = np.unique(labels, return_inverse=True)[1], np.unique(labels, return_counts=True)[1]
    if len(sizes) < 2:
        return 0.0
    centres = np.column_stack([np.bincount(own, column) for column in values.T]) / sizes[:, None]
    squares = (values**2).sum(axis=1)[:, None] - 2 * values @ centres.T + (centres**2).sum(axis=1)
    distances, rows = np.sqrt(np.maximum(squares, 0.0)), np.arange(len(values))
    within = distances[rows, own]
    distances[rows, own] = np.inf
    nearest = distances.min(axis=1)
    furthest = np.maximum(np.maximum(nearest, within), np.finfo(float).tiny)
    return float(((nearest - within) / furthest).mean())


def cloud(values: Floats) -> Draw:
    """Draw clouds without segments: normal, with the means, spreads and correlations of the values."""
    mean = values.mean(axis=0)
    roots, vectors = np.linalg.eigh(np.atleast_2d(np.cov(values, rowvar=False)))
    half = vectors * np.sqrt(np.maximum(roots, 0))
    shape = (len(values), len(roots))
    return lambda rng: mean + rng.standard_normal(shape) @ half.T


def same_columns(values: Floats) -> Draw:
    """Draw rows whose every column is that of the values, joined as a normal cloud with their rank correlations."""
    scores = stats.norm.ppf((stats.rankdata(values, axis=0) - 0.5) / len(values))
    joined, columns = cloud(scores), np.sort(values, axis=0)
    return lambda rng: np.take_along_axis(columns, _order(joined(rng)), axis=0)


def shuffled(values: Floats) -> Draw:
    """Draw answers without classes: each item's own, independent of the others."""
    return lambda rng: np.column_stack([rng.permutation(column) for column in values.T])


def _order(values: Floats) -> Whole:
    """Rank of each value in its column, from 0."""
    order = np.argsort(values, axis=0)
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(len(values))[:, None], axis=0)
    return ranks
