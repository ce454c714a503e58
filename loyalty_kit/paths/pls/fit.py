"""A path model by partial least squares, and when its figures are no estimates."""

from functools import partial

import numpy as np

from loyalty_kit.core.errors import InputError
from loyalty_kit.paths.model.fitted import Fitted, Inner
from loyalty_kit.paths.model.samples import correlations_of, products_of
from loyalty_kit.paths.model.specification import Floats, Specification
from loyalty_kit.paths.pls.figures import f_squared, inner_of, loadings_of, sampled_figures
from loyalty_kit.paths.pls.partial_least_squares import Scheme, equal_weights, outer_weights, score_correlations


def by_pls(answers: Floats, weights: Floats, model: Specification, scheme: Scheme, estimator: str) -> Fitted:
    """Fit a path model by partial least squares, consistent where the estimator is 'plsc'.

    Raises InputError where weights do not settle, or constructs or a formative construct's items are one and the same.
    """
    products = products_of(answers, weights)
    correlations = correlations_of(np.ones((1, len(answers))), *products)
    _check_formative(correlations[0], model)
    _check_below_one(score_correlations(equal_weights(correlations, model), correlations)[0], model)
    found = outer_weights(correlations, model, scheme)
    inner = inner_of(found.weights, correlations, model, estimator)
    _check_below_one(inner.correlations[0], model)
    if not found.converged[0]:
        raise InputError("The weights of the items do not settle; take the construct with the weakest paths out.")
    return Fitted(
        weights=found.weights[0],
        loadings=loadings_of(found.weights, correlations, model, estimator)[0],
        inner=Inner(*(part[0] for part in inner)),
        f2=f_squared(correlations, model, scheme, estimator, inner),
        sampler=partial(sampled_figures, products, model, scheme, estimator),
    )


def _check_below_one(correlations: Floats, model: Specification) -> None:
    """Refuse constructs that are one and the same, or whose correction goes beyond what a correlation can be."""
    apart = np.abs(np.where(np.isfinite(correlations), correlations, np.inf)) * ~np.eye(len(correlations), dtype=bool)
    apart = np.where(np.isnan(apart), 0, apart)
    first, second = np.unravel_index(int(apart.argmax()), apart.shape)
    if apart[first, second] >= 1 - 1e-9:
        raise InputError(
            "Constructs '{first}' and '{second}' correlate to {r}, 1 or more: their items measure one thing; join "
            "the two scales or leave one out of the paths.",
            first=model.constructs[first],
            second=model.constructs[second],
            r=f"{correlations[first, second]:.2f}",
        )


def _check_formative(correlations: Floats, model: Specification) -> None:
    """Refuse a formative construct of which an item follows from the others."""
    for j in model.formative:
        block = model.block(j)
        for place in block[1:]:
            before = block[block <= place]
            if np.linalg.matrix_rank(correlations[np.ix_(before, before)], tol=1e-9, hermitian=True) < len(before):
                raise InputError(
                    "Item '{item}' of the formative construct '{construct}' follows from its other items; leave it "
                    "out of the scale.",
                    item=model.items[place],
                    construct=model.constructs[j],
                )
