"""One fit of segments, whatever the method: labels, probabilities, and what new customers would be."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.cluster.hierarchy import fcluster, linkage
from threadpoolctl import ThreadpoolController

from loyalty_kit.core.errors import InputError
from loyalty_kit.customers import segments as room
from loyalty_kit.customers.segments.latent_classes import ROUGH as ROUGH_CLASSES
from loyalty_kit.customers.segments.latent_classes import LatentClasses, latent_classes

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.intp]

METHODS = ("kmeans", "gmm", "ward", "latent_class")
STARTS = 20
MOST_WARD = 20_000
SAMPLE = 20_000
"""Rows of a bootstrap sample, at most: the fit to more than these hardly differs, and its time would grow."""
ROUGH = 1e-3
"""k-means' tolerance in bootstrap samples."""


@dataclass(frozen=True, eq=False)
class Fit(ABC):
    """Segments of a fit, the largest first.

    Attributes
    ----------
    k : int
        How many.
    """

    k: int

    @abstractmethod
    def probabilities(self, values: Floats) -> Floats:
        """Probability of each segment, rows × segments."""

    def labels(self, values: Floats) -> Whole:
        """Most probable segment of each row."""
        found: Whole = self.probabilities(values).argmax(axis=1)
        return found

    @property
    def criterion(self) -> float:
        """BIC, smaller is better; NaN where the method has no likelihood."""
        return float("nan")


@dataclass(frozen=True, eq=False)
class Centres(Fit):
    """Segments by their nearest centre (k-means, Ward): a probability is that of equal round normal clouds."""

    centres: Floats
    variance: float
    within: float

    def labels(self, values: Floats) -> Whole:
        """Nearest centre of each row."""
        found: Whole = self._distances(values).argmin(axis=1)
        return found

    def probabilities(self, values: Floats) -> Floats:
        """Probability of each segment, rows × segments."""
        distances = self._distances(values)
        weights = np.exp(-(distances - distances.min(axis=1, keepdims=True)) / (2 * self.variance))
        found: Floats = weights / weights.sum(axis=1, keepdims=True)
        return found

    def _distances(self, values: Floats) -> Floats:
        found: Floats = (
            (values**2).sum(axis=1)[:, None] - 2 * values @ self.centres.T + (self.centres**2).sum(axis=1)[None, :]
        )
        return found


@dataclass(frozen=True, eq=False)
class Mixture(Fit):
    """Segments of a mixture of normal distributions with one covariance matrix."""

    model: Any
    order: Whole
    bic: float

    def probabilities(self, values: Floats) -> Floats:
        """Probability of each segment, rows × segments."""
        found: Floats = self.model.predict_proba(values)[:, self.order]
        return found

    @property
    def criterion(self) -> float:
        """BIC, smaller is better."""
        return self.bic


@dataclass(frozen=True, eq=False)
class Classes(Fit):
    """Segments of a latent class model."""

    model: LatentClasses
    bic: float

    def probabilities(self, values: Floats) -> Floats:
        """Probability of each segment, rows × segments."""
        return self.model.posterior(values.astype(np.intp))

    @property
    def criterion(self) -> float:
        """BIC, smaller is better."""
        return self.bic


def fit(
    values: Floats, k: int, method: str, rng: np.random.Generator, *, starts: int = STARTS, tolerance: float = 0.0
) -> tuple[Fit, Whole]:
    """Fit k segments to standardized values, or to categories where classes are latent; and the rows' segments.

    Ward's segments are those of its tree, which may differ from the nearest centre's. With a `tolerance` of
    more than 0, k-means' own, a fit stops short of the last steps, which a sample or a draw can do without.
    """
    if method == "ward":
        return _ward(values, k)
    fitted: Fit = _fitted(values, k, method, rng, starts, tolerance)
    return fitted, fitted.labels(values)


def _fitted(values: Floats, k: int, method: str, rng: np.random.Generator, starts: int, tolerance: float) -> Fit:
    if method == "kmeans":
        return _kmeans(values, k, rng, starts, None, tolerance)
    if method == "gmm":
        return _mixture(values, k, rng, starts)
    rough = {"tolerance": ROUGH_CLASSES} if tolerance else {}
    model = latent_classes(values.astype(np.intp), k, starts=starts, rng=rng, **rough)
    bic = -2 * model.log_likelihood + model.parameters * np.log(len(values))
    return Classes(k, model, float(bic))


def refit(values: Floats, k: int, method: str, rng: np.random.Generator) -> Fit:
    """Fit of a bootstrap sample."""
    n = min(len(values), SAMPLE)
    counts = np.bincount(rng.integers(len(values), size=n), minlength=len(values))
    drawn = np.flatnonzero(counts)
    if method == "kmeans":
        return _kmeans(values[drawn], k, rng, 1, counts[drawn].astype(float), ROUGH)
    return fit(np.repeat(values[drawn], counts[drawn], axis=0), k, method, rng, starts=2, tolerance=ROUGH)[0]


def _kmeans(
    values: Floats, k: int, rng: np.random.Generator, starts: int, weights: Floats | None, tolerance: float
) -> Centres:
    model = room.learners.KMeans(k, n_init=starts, random_state=_seed(rng), tol=tolerance)
    with _pools().limit(limits=1, user_api="openmp"):
        model.fit(values, sample_weight=weights)
    return _centres(values, model.labels_, weights)[0]


@cache
def _pools() -> ThreadpoolController:
    """Give the thread pools that are loaded; threads that wait for each other on few rows take ten times as long."""
    return ThreadpoolController()


def _ward(values: Floats, k: int) -> tuple[Centres, Whole]:
    if len(values) > MOST_WARD:
        raise InputError(
            "Ward's method holds every distance in memory, so it takes {most} rows at most; got {n}; use 'kmeans'.",
            most=MOST_WARD,
            n=len(values),
        )
    return _centres(values, fcluster(linkage(values, "ward"), k, "maxclust") - 1, None)


def _centres(values: Floats, labels: Any, weights: Floats | None) -> tuple[Centres, Whole]:
    """Give the centres of labelled rows, the largest segment first, and the labels in that order."""
    w = np.ones(len(values)) if weights is None else weights
    k = int(labels.max()) + 1
    sizes = np.bincount(labels, w, minlength=k)
    sums = np.column_stack([np.bincount(labels, w * column, minlength=k) for column in values.T])
    order = np.argsort(-sizes, kind="stable")
    centres = sums / sizes[:, None]
    within = float((w * ((values - centres[labels]) ** 2).sum(axis=1)).sum())
    variance = max(within / (w.sum() * values.shape[1]), np.finfo(float).tiny)
    return Centres(k, centres[order], variance, within), np.argsort(order)[labels]


def _mixture(values: Floats, k: int, rng: np.random.Generator, starts: int) -> Mixture:
    """Mixture with one covariance: free ones collapse where many customers are alike, as all with one order are."""
    model = room.learners.GaussianMixture(
        k, covariance_type="tied", n_init=starts, random_state=_seed(rng), max_iter=1_000, tol=1e-6
    )
    model.fit(values)
    return Mixture(k, model, np.argsort(-model.weights_, kind="stable"), float(model.bic(values)))


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(2**31))
