"""A path model by maximum likelihood, and when its figures are no estimates."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from loyalty_kit.core.errors import InputError
from loyalty_kit.measurement.cfa.normal import model_solution
from loyalty_kit.measurement.cfa.solution import Solution
from loyalty_kit.measurement.cfa.soundness import is_proper
from loyalty_kit.measurement.correlations.items import ItemTable
from loyalty_kit.paths.covariance.figures import path_places, path_slopes, sampled_structures, standardized
from loyalty_kit.paths.covariance.many import parts_of
from loyalty_kit.paths.covariance.structural_model import structural_model
from loyalty_kit.paths.model.fitted import Fitted, Inner
from loyalty_kit.paths.model.samples import products_of
from loyalty_kit.paths.model.specification import Floats, Specification
from loyalty_kit.paths.pls.partial_least_squares import inner_model

_COLLINEAR = 0.95
"""R² of a construct on others from which on their paths cannot be told apart."""


@dataclass(frozen=True, eq=False)
class Structure:
    """Estimated covariance structure of a path model.

    Attributes
    ----------
    specification : Specification
    solution : Solution
        Estimates in the unit of each construct's first item, with their errors.
    """

    specification: Specification
    solution: Solution

    @property
    def path_errors(self) -> tuple[Floats, Floats]:
        """Covariance of the paths as they are, and standardized."""
        places = path_places(self.solution, self.specification)
        errors = self.solution.errors
        slopes = path_slopes(self.solution, self.specification)
        return errors[np.ix_(places, places)], slopes @ errors @ slopes.T

    @property
    def standardized(self) -> Floats:
        """Paths (source, target) between constructs of variance 1."""
        found: Floats = standardized(self.solution.model, self.solution.values[None]).paths[0]
        return found

    @property
    def paths(self) -> Floats:
        """Paths (source, target) in the units of the constructs' first items."""
        found = parts_of(self.solution.model, self.solution.values[None]).paths[0]
        return np.asarray(found.T)


def by_likelihood(
    answers: Floats, weights: Floats, specification: Specification, *, robust: bool
) -> tuple[Fitted, Structure]:
    """Fit a path model by maximum likelihood.

    Raises InputError where the search does not converge, constructs are collinear, or a variance is negative.
    """
    model = structural_model(specification)
    solution = model_solution(model, ItemTable(specification.items, answers, weights), robust=robust)
    _check_converged(solution)
    inner = Inner(*(part[0] for part in standardized(model, solution.values[None])))
    _check_proper(solution)
    _check_apart(inner, solution, specification)
    matrices, sd = solution.matrices, np.sqrt(np.diag(solution.matrices.covariance))
    loadings = matrices.loadings * np.sqrt(np.diag(matrices.spread)) / sd[:, None]
    products, spread = products_of(answers, weights), answers.std(axis=0)
    fitted = Fitted(
        weights=_weights(loadings, solution, specification),
        loadings=loadings,
        inner=inner,
        f2=_f_squared(inner, specification),
        sampler=partial(sampled_structures, products, spread, len(answers), specification, solution),
    )
    return fitted, Structure(specification, solution)


def _weights(loadings: Floats, solution: Solution, specification: Specification) -> Floats:
    """Weights of the items in Bartlett's scores of each construct by its own items, of variance 1."""
    own = loadings.sum(axis=1)
    alone = specification.blocks.sum(axis=0)[specification.blocks.argmax(axis=1)] == 1
    weights = specification.blocks * np.where(alone, 1.0, own / np.maximum(1 - own**2, 1e-6))[:, None]
    sd = np.sqrt(np.diag(solution.covariance))
    variance = (weights * (solution.covariance / np.outer(sd, sd) @ weights)).sum(axis=0)
    return np.asarray(weights / np.sqrt(variance))


def _f_squared(inner: Inner, specification: Specification) -> Floats:
    """By how much R² falls without a path, by what stays unexplained; correlations of constructs stay as they are."""
    found = []
    for source, target in specification.edges:
        left = inner_model(inner.correlations[None], specification.without(source, target)).r_squared[0, target]
        whole = float(inner.r_squared[target])
        found.append((whole - np.nan_to_num(left)) / (1 - whole))
    return np.array(found)


def _check_converged(solution: Solution) -> None:
    if not solution.converged:
        raise InputError(
            "Maximum likelihood does not settle on these answers: the model asks for more than they tell. Take the "
            'construct with the weakest items out, or estimator "pls".'
        )
    if np.isnan(solution.errors).any():
        raise InputError(
            "Maximum likelihood has no single answer here: the items do not tell all of the paths. Take the construct "
            'with the fewest items out, or estimator "pls".'
        )


def _check_proper(solution: Solution) -> None:
    """Refuse variances below zero."""
    matrices = solution.matrices
    below = np.flatnonzero(np.diag(matrices.residuals) < 0)
    if len(below):
        item = int(below[0])
        raise InputError(
            "Item '{item}' gets a residual variance below zero ({value}): construct '{construct}' claims more than the "
            'whole item. Leave the item out of the scale, or take estimator "pls".',
            item=solution.model.items[item],
            construct=solution.model.scales[int(solution.factor_of[item])],
            value=f"{matrices.residuals[item, item]:.2f}",
        )
    if not is_proper(matrices):
        lost = int(np.diag(matrices.factors).argmin())
        raise InputError(
            "Construct '{construct}' gets a variance below zero ({value}): its sources claim more than all of it. Join "
            'it with one of them, leave it out of the paths, or take estimator "pls".',
            construct=solution.model.scales[lost],
            value=f"{matrices.factors[lost, lost]:.2f}",
        )


def _check_apart(inner: Inner, solution: Solution, specification: Specification) -> None:
    """Refuse constructs of which one all but follows from others."""
    errors = np.sqrt(np.diag(Structure(specification, solution).path_errors[0]))
    worst = max(_followings(inner, specification), key=lambda found: found[0])
    if worst[0] >= _COLLINEAR:
        share, construct, others = worst
        raise InputError(
            "Constructs are collinear: '{construct}' follows from {others} (R² = {share}), so that maximum likelihood "
            "cannot tell their paths apart (standard errors up to {error}). Join two of the scales, leave one out of "
            'the paths, or take estimator "pls".',
            construct=specification.constructs[construct],
            others=[specification.constructs[j] for j in others],
            share=f"{share:.2f}",
            error=f"{errors.max():.1f}",
        )


def _followings(inner: Inner, specification: Specification) -> list[tuple[float, int, list[int]]]:
    """R² of each construct on its sources, and of each source on the others of the same target."""
    found = []
    for target in specification.explained:
        sources = [int(j) for j in specification.sources(target)]
        found.append((float(inner.r_squared[target]), target, sources))
        if len(sources) > 1:
            inflation = np.diag(np.linalg.inv(inner.correlations[np.ix_(sources, sources)]))
            found += [
                (1 - 1 / float(vif), j, [other for other in sources if other != j])
                for j, vif in zip(sources, inflation, strict=True)
            ]
    return found
