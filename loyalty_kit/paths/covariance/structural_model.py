"""A path model as a covariance structure: constructs are factors that act on one another."""

from collections.abc import Iterator

import numpy as np

from loyalty_kit.core.errors import InputError
from loyalty_kit.measurement.cfa.model import FACTOR, LOADING, PATH, RESIDUAL, Elements, Matrices, Model
from loyalty_kit.paths.model.specification import Specification


def structural_model(specification: Specification) -> Model:
    """Model of factors in the unit of their first items, as lavaan's `sem` sets it up.

    A construct of one item is that item. Constructs that nothing acts on covary, and so do what the paths leave of
    constructs that act on no other.
    """
    made = [specification.constructs[j] for j in sorted(specification.formative)]
    if made:
        raise InputError(
            "Maximum likelihood takes reflective constructs only; {constructs} are formative: take estimator "
            "\"pls\" or 'plsc', or leave them out of the paths.",
            constructs=made,
        )
    p, k = specification.blocks.shape
    first = [int(specification.block(j)[0]) for j in range(k)]
    fixed = Matrices(np.zeros((p, k)), np.zeros((k, k)), np.zeros((p, p)), np.zeros(p), np.zeros(k), np.zeros((k, k)))
    fixed.loadings[first, range(k)] = 1.0
    return Model(specification.items, specification.constructs, 1, Elements.of(list(_places(specification))), fixed)


def _places(specification: Specification) -> Iterator[tuple[int, int, int, int]]:
    for j in range(len(specification.constructs)):
        block = specification.block(j)
        yield from ((LOADING, 0, int(item), j) for item in block[1:])
        if len(block) > 1:
            yield from ((RESIDUAL, 0, int(item), int(item)) for item in block)
        yield (FACTOR, 0, j, j)
    yield from ((FACTOR, 0, second, first) for first, second in covarying(specification))
    yield from ((PATH, 0, target, source) for source, target in specification.edges)


def covarying(specification: Specification) -> list[tuple[int, int]]:
    """Pairs of constructs that covary beyond their paths: those that nothing acts on, and those that act on none."""
    acted = specification.structure.any(axis=0)
    acts = specification.structure.any(axis=1)
    ends = (np.flatnonzero(~acted), np.flatnonzero(acted & ~acts))
    return [(int(a), int(b)) for own in ends for place, a in enumerate(own) for b in own[place + 1 :]]
