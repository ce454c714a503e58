"""Figures of path models by partial least squares, of the answers and of many samples of them."""

import numpy as np

from loyalty_kit.paths.model.fitted import Inner
from loyalty_kit.paths.model.samples import correlations_of
from loyalty_kit.paths.model.specification import Floats, Specification
from loyalty_kit.paths.pls.consistency import disattenuated, heterotrait_monotrait, rho_a
from loyalty_kit.paths.pls.partial_least_squares import Scheme, inner_model, outer_weights, score_correlations

_SAMPLE_TOLERANCE = 1e-7
_AT_ONCE = 250
"""Samples that are fitted at a time, few enough to stay in the memory next to the processor."""


def sampled_figures(
    products: tuple[Floats, Floats],
    model: Specification,
    scheme: Scheme,
    estimator: str,
    counts: Floats,
    rng: np.random.Generator,
) -> Floats:
    """Paths, R² and HTMT of each sample, a row each; NaN where it did not settle."""
    del rng
    parts = np.array_split(counts, max(len(counts) // _AT_ONCE, 1))
    return np.concatenate([_figures(part, products, model, scheme, estimator) for part in parts])


def _figures(
    counts: Floats, products: tuple[Floats, Floats], model: Specification, scheme: Scheme, estimator: str
) -> Floats:
    correlations = correlations_of(counts, *products)
    sound = np.isfinite(correlations).all(axis=(1, 2))
    fitted = outer_weights(correlations[sound], model, scheme, _SAMPLE_TOLERANCE)
    inner = inner_of(fitted.weights, correlations[sound], model, estimator)
    first, second = (np.array(places, dtype=int) for places in zip(*model.edges, strict=True))
    ratios = heterotrait_monotrait(correlations[sound], model)
    between = [ratios[:, a, b] for a, b in model.pairs]
    figures = np.column_stack([inner.paths[:, first, second], inner.r_squared[:, model.explained], *between])
    figures[~fitted.converged] = np.nan
    found = np.full((len(counts), figures.shape[1]), np.nan)
    found[sound] = figures
    return found


def inner_of(weights: Floats, correlations: Floats, model: Specification, estimator: str) -> Inner:
    """Regress the constructs on one another, with correlations corrected for reliability where the estimator does."""
    scores = score_correlations(weights, correlations)
    if estimator == "plsc":
        scores = disattenuated(scores, rho_a(weights, correlations, model))
    return inner_model(scores, model)


def loadings_of(weights: Floats, correlations: Floats, model: Specification, estimator: str) -> Floats:
    """Load the items on their own construct."""
    plain: Floats = (correlations @ weights) * model.blocks
    if estimator == "pls":
        return plain
    factor = np.sqrt(np.maximum(rho_a(weights, correlations, model), 0)) / (weights**2).sum(axis=1)
    corrected: Floats = weights * factor[:, None, :]
    corrected[:, :, list(model.formative)] = plain[:, :, list(model.formative)]
    return corrected


def f_squared(correlations: Floats, model: Specification, scheme: Scheme, estimator: str, inner: Inner) -> Floats:
    """Size of each path: by how much R² falls where the model is fitted without it, by what stays unexplained."""
    found = []
    for source, target in model.edges:
        without = model.without(source, target)
        left = 0.0
        if len(without.sources(target)):
            linked = bool((without.structure[source] + without.structure[:, source]).any())
            weights = outer_weights(correlations, without if linked else model, scheme).weights
            left = float(inner_of(weights, correlations, without, estimator).r_squared[0, target])
        whole = float(inner.r_squared[0, target])
        found.append((whole - left) / (1 - whole))
    return np.array(found)
