"""Latent classes: groups whose answers are independent of one another within each group."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.intp]

TINY = 1e-300
STEPS, TOLERANCE, ROUGH = 5_000, 1e-10, 1e-6
"""Steps at most; relative gain in log-likelihood at which a fit ends, and at which one of a sample or a draw does."""


class LatentClasses(NamedTuple):
    """Share of each class; probability of each category, classes × categories, where items begin; log-likelihood."""

    shares: Floats
    probabilities: Floats
    edges: Whole
    log_likelihood: float

    def posterior(self, answers: Whole) -> Floats:
        """Probability of each class, rows × classes."""
        joint = self._joint(answers)
        weights = np.exp(joint - joint.max(axis=1, keepdims=True))
        posterior: Floats = weights / weights.sum(axis=1, keepdims=True)
        return posterior

    def _joint(self, answers: Whole) -> Floats:
        logs = np.log(np.maximum(self.probabilities, TINY))
        found = sum(logs[:, self.edges[item] + answers[:, item]] for item in range(answers.shape[1]))
        joint: Floats = (found + np.log(np.maximum(self.shares, TINY))[:, None]).T
        return joint

    @property
    def parameters(self) -> int:
        """Count of free parameters."""
        categories = np.diff(self.edges)
        return int(len(self.shares) * (categories - 1).sum() + len(self.shares) - 1)


def latent_classes(
    answers: Whole, classes: int, *, starts: int, rng: np.random.Generator, tolerance: float = TOLERANCE
) -> LatentClasses:
    """Fit latent classes by expectation and maximisation from several starts at once; the best is kept.

    Parameters
    ----------
    answers : array of int of shape (rows, items)
        Category of each answer, from 0.
    classes : int
        How many.
    starts : int
        Random starts.
    rng : Generator
        Source of these.
    tolerance : float
        Relative gain in log-likelihood at which the fit ends.

    Returns
    -------
    LatentClasses
        The largest class first.

    Notes
    -----
    Equal rows are fitted as one with their count, so that the time depends on patterns and not on rows.

    References
    ----------
    Linzer, D. A. & Lewis, J. B. (2011). poLCA: an R package for polytomous variable latent class analysis. Journal of
    Statistical Software 42(10). Its figures for carcinoma and gss82 are reproduced.
    """
    patterns, counts = np.unique(answers, axis=0, return_counts=True)
    categories = answers.max(axis=0) + 1
    edges = np.concatenate([[0], np.cumsum(categories)])
    hot = np.concatenate([np.eye(size)[patterns[:, item]] for item, size in enumerate(categories)], axis=1)
    posterior = rng.dirichlet(np.ones(classes), (starts, len(patterns)))
    last = np.full(starts, -np.inf)
    for _ in range(STEPS):
        weights = posterior * counts[:, None]
        sizes = weights.sum(axis=1)
        probabilities = np.matmul(weights.transpose(0, 2, 1), hot) / np.maximum(sizes, TINY)[:, :, None]
        shares = sizes / counts.sum()
        joint = np.matmul(hot, np.log(np.maximum(probabilities, TINY)).transpose(0, 2, 1))
        joint += np.log(np.maximum(shares, TINY))[:, None, :]
        highest = joint.max(axis=2, keepdims=True)
        posterior = np.exp(joint - highest)
        total = posterior.sum(axis=2, keepdims=True)
        posterior /= total
        log_likelihood = (counts * (np.log(total) + highest)[:, :, 0]).sum(axis=1)
        if np.abs(log_likelihood - last).max() < tolerance * np.abs(log_likelihood).max():
            break
        last = log_likelihood
    best = int(log_likelihood.argmax())
    order = np.argsort(-shares[best], kind="stable")
    return LatentClasses(shares[best][order], probabilities[best][order], edges, float(log_likelihood[best]))
