"""Standardized figures of structural models: paths, R² and correlations of constructs, and how they move."""

import numpy as np

from loyalty_kit.measurement.cfa.model import FACTOR, PATH, Model
from loyalty_kit.measurement.cfa.solution import Solution
from loyalty_kit.paths.covariance.many import parts_of, settled_values
from loyalty_kit.paths.model.fitted import Inner
from loyalty_kit.paths.model.samples import moments_of, scaled
from loyalty_kit.paths.model.specification import Floats, Specification
from loyalty_kit.paths.pls.consistency import heterotrait_monotrait

_AT_ONCE = 250


def standardized(model: Model, values: Floats) -> Inner:
    """Paths (source, target), R² and correlations of constructs of variance 1, for values of many samples."""
    parts = parts_of(model, values)
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = np.diagonal(parts.spread, axis1=1, axis2=2)
        sd = np.sqrt(variance)
        paths = np.swapaxes(parts.paths, 1, 2) * sd[:, :, None] / sd[:, None, :]
        explained = 1 - np.diagonal(parts.factors, axis1=1, axis2=2) / variance
        correlations = parts.spread / (sd[:, :, None] * sd[:, None, :])
    acted = np.isin(np.arange(len(model.scales)), model.elements.row[model.elements.kind == PATH])
    return Inner(paths, np.where(acted, explained, np.nan), correlations)


def path_slopes(solution: Solution, specification: Specification) -> Floats:
    """Slopes of the standardized paths over the parameters, paths × parameters.

    Notes
    -----
    b = B[t, s] √(φ_s / φ_t), with φ the constructs' variances: Ψ[f, h] moves φ_j by A_jf A_jh, twice where f ≠ h, and
    B[t, s] by 2 A_jt Φ_sj, where A = (I − B)⁻¹.
    """
    model, matrices = solution.model, solution.matrices
    elements, through, spread = model.elements, matrices.through, matrices.spread
    moved = np.zeros((len(spread), model.size))
    varies, acts = elements.where(elements.kind == FACTOR), elements.where(elements.kind == PATH)
    twice = np.where(varies.row == varies.column, 1.0, 2.0)
    moved[:, varies.parameter] = through[:, varies.row] * through[:, varies.column] * twice
    moved[:, acts.parameter] = 2 * through[:, acts.row] * spread[:, acts.column]
    variance = np.diag(spread)
    relative = moved / variance[:, None] / 2
    paths = standardized(model, solution.values[None]).paths[0]
    slopes = np.zeros((len(specification.edges), model.size))
    for place, (source, target) in enumerate(specification.edges):
        slopes[place] = paths[source, target] * (relative[source] - relative[target])
        slopes[place, path_places(solution, specification)[place]] += np.sqrt(variance[source] / variance[target])
    return slopes


def path_places(solution: Solution, specification: Specification) -> list[int]:
    """Which parameter each path is."""
    source, target = (np.array(ends, dtype=np.intp) for ends in zip(*specification.edges, strict=True))
    return [int(place) for place in solution.element(PATH, target, source)]


def sampled_structures(
    products: tuple[Floats, Floats],
    sd: Floats,
    n: float,
    specification: Specification,
    solution: Solution,
    counts: Floats,
    rng: np.random.Generator,
) -> Floats:
    """Paths, R² and HTMT of each sample, a row each; NaN where it did not settle."""
    del rng
    parts = np.array_split(counts, max(len(counts) // _AT_ONCE, 1))
    return np.concatenate([_figures(part, products, sd, n, specification, solution) for part in parts])


def _figures(
    counts: Floats,
    products: tuple[Floats, Floats],
    sd: Floats,
    n: float,
    specification: Specification,
    solution: Solution,
) -> Floats:
    covariances = moments_of(counts, *products)[1] * np.outer(sd, sd)
    correlations = scaled(covariances)
    sound = np.isfinite(correlations).all(axis=(1, 2))
    values = settled_values(solution.model, covariances[sound], n, solution.values)
    inner = standardized(solution.model, values)
    source, target = (np.array(ends, dtype=int) for ends in zip(*specification.edges, strict=True))
    ratios = heterotrait_monotrait(correlations[sound], specification)
    between = [ratios[:, a, b] for a, b in specification.pairs]
    found = np.full((len(counts), len(source) + len(specification.explained) + len(between)), np.nan)
    found[sound] = np.column_stack(
        [inner.paths[:, source, target], inner.r_squared[:, specification.explained], *between]
    )
    return found
