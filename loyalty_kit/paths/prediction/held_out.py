"""Scores of respondents by models that were fitted without them."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from loyalty_kit.core.errors import InputError
from loyalty_kit.paths.model.samples import moments_of, products_of, scaled, spreads_of
from loyalty_kit.paths.model.specification import Answers, Floats, Specification
from loyalty_kit.paths.pls.partial_least_squares import Scheme, outer_weights, score_correlations

_MOST_PARTS = 2000
"""Most parts that are left out in turn where the caller does not say how many."""
_MOST_FAILED = 0.05


class HeldOut(NamedTuple):
    """Respondents as the model sees them that was fitted without them.

    Attributes
    ----------
    parts : array of shape (respondents,)
        Part of each respondent.
    z : array of shape (respondents, items)
        Answers, by mean and spread of the others; NaN where the model of the others does not settle.
    scores : array of shape (respondents, constructs)
    covariances : array of shape (parts, items, items)
        Of the others, in units of all respondents' spread.
    spreads : array of shape (parts, items)
    loadings : array of shape (parts, items)
        On their own construct.
    correlations : array of shape (parts, constructs, constructs)
    """

    parts: npt.NDArray[np.intp]
    z: Floats
    scores: Floats
    covariances: Floats
    spreads: Floats
    loadings: Floats
    correlations: Floats

    @property
    def settled(self) -> npt.NDArray[np.bool_]:
        """Whether each respondent can be predicted."""
        return np.asarray(np.isfinite(self.z).all(axis=1))


def parts_of(n: int, folds: int | None, rng: np.random.Generator) -> npt.NDArray[np.intp]:
    """Part of each respondent: each a part of its own, or so many of one size by lot."""
    if folds is not None and folds > n:
        raise InputError(
            "'folds' must be {n} or less, as many as respondents answered all items; got {given}.", n=n, given=folds
        )
    count = min(n, _MOST_PARTS) if folds is None else folds
    return np.arange(n) if count == n else rng.permutation(np.arange(n) % count)


def hold_out(answers: Answers, parts: npt.NDArray[np.intp], model: Specification, scheme: Scheme) -> HeldOut:
    """Fit the model without each part in turn, and score the part by it."""
    given, weights = answers
    counts = (parts[None, :] != np.arange(parts.max() + 1)[:, None]).astype(float)
    means, covariances = moments_of(counts, *products_of(given, weights))
    correlations, spreads = scaled(covariances), spreads_of(covariances)
    sound = np.isfinite(correlations).all(axis=(1, 2))
    found = np.full((*correlations.shape[:2], len(model.constructs)), np.nan)
    fitted = outer_weights(correlations[sound], model, scheme)
    found[sound] = np.where(fitted.converged[:, None, None], fitted.weights, np.nan)
    _check_settled(np.asarray(np.isnan(found).any(axis=(1, 2))), parts)
    z = (given - given.mean(axis=0)) / given.std(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (z - means[parts]) / spreads[parts]
    scores, loadings = np.empty((len(z), len(model.constructs))), np.empty(spreads.shape)
    for part, weight in enumerate(found):
        rows = parts == part
        scores[rows] = z[rows] @ weight
        loadings[part] = ((correlations[part] @ weight) * model.blocks).sum(axis=1)
    z[np.isnan(scores).any(axis=1)] = np.nan
    return HeldOut(parts, z, scores, covariances, spreads, loadings, score_correlations(found, correlations))


def _check_settled(failed: npt.NDArray[np.bool_], parts: npt.NDArray[np.intp]) -> None:
    """Refuse where more than 5 in 100 respondents have no model."""
    left = int(failed[parts].sum())
    if left > _MOST_FAILED * len(parts):
        raise InputError(
            "{left} of {all} respondents cannot be predicted, more than 5 in 100: the model does not settle without "
            "their part; take more folds or ask more respondents.",
            left=left,
            all=len(parts),
        )
